"""The leak report warns of what is known only afterwards though it ranks well below certainty, and of little else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest
from helpers import TINY, learn

from northstar_explain.contract import check, draft, parse
from northstar_explain.evaluate.customers import customers_of
from northstar_explain.evaluate.leak_report import FeatureRanking, leak_report, report_lines

ROWS = 3_000


def shop(seed: int = 1, **more: Callable[[np.random.Generator, np.ndarray], np.ndarray]) -> pa.Table:
    """Customers whose orders and visits say something of who buys; columns beside, made from the label."""
    rng = np.random.default_rng(seed)
    orders, visits = rng.poisson(3, ROWS), rng.poisson(8, ROWS)
    app = rng.random(ROWS) < 0.5
    logit = -3 + 0.35 * orders + 1.2 * app + 0.08 * visits
    bought = (rng.random(ROWS) < 1 / (1 + np.exp(-logit))).astype(int)
    columns = {"id": [f"c{i}" for i in range(ROWS)], "orders": orders, "visits": visits, "app": app, "bought": bought}
    return pa.table(columns | {name: values(rng, bought) for name, values in more.items()})


def call_seconds(rng: np.random.Generator, bought: np.ndarray) -> np.ndarray:
    """Who buys talks longer: about 0.8 alone."""
    return np.round(rng.gamma(2, 100, len(bought)) * (1 + 1.6 * bought))


def rankings(table: pa.Table, extra: str = "") -> tuple[FeatureRanking, ...]:
    contract = parse(draft(table, "id", "bought") + extra)
    customers = customers_of(check(table, contract, label=True).accepted, contract)
    return leak_report(contract, customers.columns, customers.label, seed=0)


def test_a_call_duration_is_warned_of_with_both_figures_and_the_question() -> None:
    (first, *others) = rankings(shop(call_seconds=call_seconds))
    assert first.feature == "call_seconds" and first.carries_much
    assert 0.75 < first.alone < 0.88  # far below what is refused
    assert first.whole is not None and first.without is not None and first.whole - first.without > 0.06
    assert not any(one.carries_much for one in others)
    for words in (
        f"{first.alone:.2f} alone",
        f"{first.without:.2f} without",
        "known before the outcome?",
        "known_after",
    ):
        assert words in first.warning()
    assert report_lines([first, *others])[1:] == [first.warning()]


def test_a_leak_that_is_told_twice_is_found_too() -> None:
    table = shop(call_seconds=call_seconds)
    minutes = pa.array(np.asarray(table["call_seconds"]) / 60)
    first = rankings(table.append_column("call_minutes", minutes))[0]
    assert first.carries_much and first.copies
    assert "rank alike" in first.warning()


def test_columns_that_are_mostly_zero_are_no_copies() -> None:
    def rare(rng: np.random.Generator, bought: np.ndarray) -> np.ndarray:
        return (rng.random(len(bought)) < 0.02) * 3.5

    first = rankings(shop(call_seconds=call_seconds, one=rare, two=rare))[0]
    assert first.feature == "call_seconds" and first.copies == ()


@pytest.mark.parametrize("seed", range(3))
def test_habits_are_no_leak(seed: int) -> None:
    found = rankings(shop(seed))
    assert [one.feature for one in found if one.carries_much] == []
    assert [one.alone for one in found] == sorted((one.alone for one in found), reverse=True)
    assert len(report_lines(found)) == 1


def test_few_rows_of_either_label_warn_of_nothing() -> None:
    table = shop(call_seconds=call_seconds)
    bought = np.asarray(table["bought"])
    few = np.concatenate([np.flatnonzero(bought == 0), np.flatnonzero(bought == 1)[:40]])
    assert not any(one.carries_much for one in rankings(table.take(pa.array(np.sort(few)))))


def test_what_somebody_has_looked_into_is_not_warned_of() -> None:
    assert not FeatureRanking("x", 0.85, 0.9, 0.7, (), accepted=True).carries_much
    assert FeatureRanking("x", 0.85, 0.9, 0.7).carries_much
    assert not FeatureRanking("x", 0.85, 0.9, 0.89).carries_much


@pytest.mark.slow
def test_training_reports_before_it_fits_and_known_after_excludes() -> None:
    table = shop(call_seconds=call_seconds)
    contract = parse(draft(table, "id", "bought"))
    trained = learn(table, contract, TINY)
    assert [one.feature for one in trained.rankings if one.carries_much] == ["call_seconds"]
    text = contract.text.replace("[features.call_seconds]", "[features.call_seconds]\nknown_after = true")
    trained = learn(table, parse(text), TINY)
    assert "call_seconds" not in {one.feature for one in trained.rankings}
    assert "call_seconds" not in trained.model.scorecard.features
