"""A direction is proposed where the free shape all but has one, with what it costs; never where it has none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from northstar_explain.contract import Contract
from northstar_explain.learn.propose_directions import direction_lines, propose_directions
from northstar_explain.model.evaluation.rival_facts import ProposedDirection
from northstar_explain.model.scorecard import NumberBins, Scorecard, Term, sigmoid

FEATURE = "sessions_30d"


def _card(shape: np.ndarray) -> Scorecard:
    points = np.concatenate([[0.0], shape, [0.0]])
    customers = np.concatenate([[0.0], np.full(len(shape), 100.0), [0.0]])
    axis = NumberBins(FEATURE, np.arange(1.0, len(shape)))
    return Scorecard(-1.0, (Term((axis,), points, np.zeros_like(points), customers),))


def _rows(card: Scorecard, n: int = 4000) -> tuple[dict[str, np.ndarray], np.ndarray]:
    rng = np.random.default_rng(0)
    columns = {FEATURE: rng.uniform(0, len(card.terms[0].points) - 2, n)}
    return columns, (rng.random(n) < card.probability(columns)).astype(int)


def _free(contract: Contract, monotone: str | None = None) -> Contract:
    features = [replace(one, monotone=monotone) if one.name == FEATURE else one for one in contract.features]
    return replace(contract, features=tuple(features))


@pytest.mark.parametrize(("sign", "direction"), [(1, "up"), (-1, "down")])
def test_a_curve_with_small_dips_has_a_direction(contract: Contract, sign: int, direction: str) -> None:
    truth = sign * np.linspace(-1, 1, 20)
    shape = truth.copy()
    shape[[5, 12]] -= sign * 0.15
    (one,) = propose_directions(_card(shape), _free(contract), *_rows(_card(truth)))
    assert (one.feature, one.direction) == (FEATURE, direction)
    assert 0 < one.lost < 0.02 and one.log_loss <= one.log_loss_error
    assert f'monotone = "{direction}"' in direction_lines([one])[1]


def test_a_curve_that_turns_has_none(contract: Contract) -> None:
    card = _card(np.abs(np.linspace(-2, 2, 20)))
    assert propose_directions(card, _free(contract), *_rows(card)) == ()
    assert direction_lines(()) == []


def test_nor_one_whose_direction_the_contract_gives_or_that_is_flat(contract: Contract) -> None:
    card = _card(np.linspace(-1, 1, 20))
    assert propose_directions(card, _free(contract, "up"), *_rows(card)) == ()
    for height, proposed in ((0.0, 0), (0.08, 0), (0.1, 1)):  # a line of height h has a standard deviation of 0.61 h
        flat = _card(np.linspace(-height, height, 20))
        assert len(propose_directions(flat, _free(contract), *_rows(flat))) == proposed


def test_no_cost_is_said_in_words() -> None:
    said = [str(ProposedDirection("orders", "up", 0.0, cost, 1e-5)) for cost in (-2e-7, -2e-5, 0.001)]
    assert said == [
        'orders: monotone = "up" (at no cost)',
        'orders: monotone = "up" (log loss −0.00002 ± 0.00001)',
        'orders: monotone = "up" (log loss +0.00100 ± 0.00001)',
    ]


def test_a_direction_that_costs_log_loss_is_not_proposed(contract: Contract) -> None:
    shape = np.linspace(-3, 3, 20)
    shape[-1] = 1.0
    card = _card(shape)
    rng = np.random.default_rng(1)
    columns = {FEATURE: np.concatenate([rng.uniform(0, 20, 500), np.full(5000, 19.5)])}
    label = (rng.random(5500) < sigmoid(card.logit(card.contributions(columns)[1]))).astype(int)
    assert propose_directions(card, _free(contract), columns, label) == ()
