"""Intervals of shapes: they hold the truth, know what moves together, and leave points and scores as they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from northstar_explain.learn import fit_additive as module
from northstar_explain.learn.effect_intervals import MOST_GROUPS, Z95, with_intervals
from northstar_explain.learn.fit_additive import Groups, fit_additive
from northstar_explain.model import Model
from northstar_explain.model.scorecard import MISSING, NumberBins, Scorecard, Term, sigmoid

GROUPS = 20


def _groups(rows: np.ndarray, count: int = GROUPS, unknown: bool = False, ordered: bool = True) -> Groups:
    return Groups(rows, np.bincount(rows, minlength=count), unknown, ordered)


def _fitted(features: list[Groups], label: np.ndarray, together: np.ndarray | None = None) -> list[np.ndarray]:
    """Effects, then errors, of each feature: shape (2, groups)."""
    level = np.full(len(label), np.log(label.mean() / (1 - label.mean())))
    effects, covariances = fit_additive(features, label, level, level, together)
    return [np.array([e, np.sqrt(c.diagonal())]) for e, c in zip(effects, covariances, strict=True)]


def test_intervals_hold_the_truth_of_a_curve_of_steps_and_of_nothing() -> None:
    rng = np.random.default_rng(1)
    curve, steps = np.sin(np.arange(GROUPS) / 4), np.where(np.arange(GROUPS) < 12, 0.0, 0.7)
    truths = [curve - curve.mean(), steps - steps.mean(), np.zeros(GROUPS)]
    held, errors, found = [], [], []
    for _ in range(40):
        rows = rng.integers(0, GROUPS, (3, 4_000))
        logit = -1.5 + sum(truth[row] for truth, row in zip(truths, rows, strict=True))
        label = (rng.random(4_000) < sigmoid(logit)).astype(int)
        fits = _fitted([_groups(row) for row in rows], label)
        held.append([np.abs(f[0] - truth) <= Z95 * f[1] for f, truth in zip(fits, truths, strict=True)])
        errors.append([f[1] for f in fits])
        found.append([f[0] for f in fits])
    covered = np.mean(held, axis=(0, 2))
    # The curve and the steps; an effect that is not there is held more often, as it is drawn to where it is.
    assert np.all(covered > 0.90) and np.all(covered[:2] < 0.995)
    assert 0.92 < covered.mean() < 0.99
    assert np.mean(errors) < 1.25 * np.std(found, axis=0, ddof=1).mean()


def test_features_that_move_together_widen_each_other() -> None:
    rng = np.random.default_rng(2)
    rows, other = rng.integers(0, GROUPS, (2, 6_000))
    label = (rng.random(6_000) < sigmoid(-1.0 + 0.1 * (rows - 9.5))).astype(int)
    near = np.where(rng.random(6_000) < 0.97, rows, other)
    alone = _fitted([_groups(rows), _groups(other)], label)
    beside = _fitted([_groups(rows), _groups(near)], label)
    assert beside[0][1].mean() > 1.5 * alone[0][1].mean()
    # What no row can tell apart: neither is certain, and both together have the effect of one.
    twins = _fitted([_groups(rows), _groups(rows)], label)
    assert min(twins[0][1].mean(), twins[1][1].mean()) > 1.2 * alone[0][1].mean()
    np.testing.assert_allclose(twins[0][0] + twins[1][0], alone[0][0], atol=0.25)


def test_rows_that_belong_together_count_once() -> None:
    rng = np.random.default_rng(3)
    rows = rng.integers(0, GROUPS, 3_000)
    label = (rng.random(3_000) < sigmoid(-1.0 + 0.1 * (rows - 9.5))).astype(int)
    four = (_groups(np.tile(rows, 4)), np.tile(label, 4))
    one = _fitted([_groups(rows)], label)[0][1].mean()
    independent = _fitted([four[0]], four[1])[0][1].mean()
    member = np.tile(np.arange(3_000), 4)
    together = _fitted([four[0]], four[1], together=member)[0][1].mean()
    assert independent < 0.75 * one
    assert together == pytest.approx(one, rel=0.35)
    assert together > 1.4 * independent


def test_missing_values_have_an_effect_of_their_own() -> None:
    rng = np.random.default_rng(4)
    rows = rng.integers(0, 5, 4_000)
    label = (rng.random(4_000) < np.where(rows == 0, 0.6, 0.2)).astype(int)
    for ordered in (True, False):
        (effect, error), *_ = _fitted([_groups(rows, 5, unknown=True, ordered=ordered)], label)
        assert effect[0] - 3 * error[0] > effect[1:].max()


@pytest.mark.parametrize("rows", [2, 30])
def test_rows_whose_outcome_is_certain_do_not_stop_the_fit(rows: int) -> None:
    label = np.arange(rows) % 2
    logit = np.where(label == 1, 30.0, -30.0)
    effects, covariances = fit_additive([_groups(label, 2)], label, logit, logit)
    assert np.isfinite(effects[0]).all() and np.isfinite(covariances[0]).all()


def test_a_training_run_stores_an_interval_for_each_bin_with_customers(model: Model) -> None:
    for term in model.scorecard.terms:
        if len(term.axes) == 2:
            assert term.interval is None
            continue
        assert term.interval is not None and term.interval.shape == (2, len(term.points))
        low, high = term.interval
        assert (np.isnan(low) == (term.customers == 0)).all() and (np.isnan(high) == np.isnan(low)).all()
        assert (low <= high)[term.customers > 0].all()


def _card(bins: int) -> tuple[Scorecard, dict[str, np.ndarray], np.ndarray]:
    rng = np.random.default_rng(5)
    values = rng.random(3_000) * bins
    values[:100] = np.nan
    label = (rng.random(3_000) < sigmoid(-1.0 + values / bins - 0.5)).astype(int)
    label[:100] = np.arange(100) % 2
    axis = NumberBins("orders_90d", np.arange(1.0, bins))
    counts = np.bincount(axis.index(values), minlength=axis.count).astype(float)
    points = rng.normal(0, 0.1, axis.count)
    return Scorecard(-1.0, (Term((axis,), points, points * 0, counts),)), {"orders_90d": values}, label


@pytest.mark.parametrize("bins", [1, 2, MOST_GROUPS, 3 * MOST_GROUPS])
def test_every_bin_with_customers_has_an_interval_at_the_level_of_the_points(model: Model, bins: int) -> None:
    card, columns, label = _card(bins)
    ours = with_intervals(card, model.contract, columns, label)
    assert ours.probability(columns).tobytes() == card.probability(columns).tobytes()
    (term,) = ours.terms
    assert term.interval is not None
    has = term.customers > 0
    assert has[MISSING] and not has[-1]
    assert (np.isnan(term.interval).all(axis=0) == ~has).all()
    middle, customers = term.interval[:, has].mean(axis=0), term.customers[has]
    assert customers @ middle == pytest.approx(customers @ term.points[has], abs=1e-3)
    # Points moved as a whole move their intervals with them.
    moved = replace(term, points=term.points + 0.5)
    again = with_intervals(Scorecard(-1.5, (moved,)), model.contract, columns, label).terms[0].interval
    assert again is not None
    np.testing.assert_allclose(again, np.add(term.interval, 0.5), atol=1e-6)


def test_the_same_rows_give_the_same_bytes_and_their_order_does_not_matter(model: Model) -> None:
    card, columns, label = _card(60)
    first, second = (with_intervals(card, model.contract, columns, label).terms[0].interval for _ in range(2))
    assert first is not None and second is not None and first.tobytes() == second.tobytes()
    order: np.ndarray = np.random.default_rng(6).permutation(len(label))
    shuffled = with_intervals(card, model.contract, {"orders_90d": columns["orders_90d"][order]}, label[order])
    again = shuffled.terms[0].interval
    assert again is not None
    np.testing.assert_allclose(again, first, atol=1e-7)


def test_penalties_borrow_from_all_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two like features, the one that is drawn to zero is not certain to be zero."""
    rng = np.random.default_rng(7)
    rows, other = rng.integers(0, GROUPS, (2, 6_000))
    near = np.where(rng.random(6_000) < 0.97, rows, other)
    label = (rng.random(6_000) < sigmoid(-1.0 + 0.1 * (rows - 9.5))).astype(int)
    borrowed = _fitted([_groups(rows), _groups(near)], label)[1][1].mean()
    monkeypatch.setattr(module, "BORROWED", 0.0)
    assert _fitted([_groups(rows), _groups(near)], label)[1][1].mean() < 0.7 * borrowed
