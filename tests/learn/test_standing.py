"""Levels of features: the same cuts for every segment, from the customers for whom the feature has a value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract import northstar
from northstar_explain.learn.standing import ANY, HIGH, LOW, MARKED, MIDDLE, ZERO, Cuts, cut, standings

CONTRACT = northstar()
ORDERS, RATE, DAYS = CONTRACT["orders_365d"], CONTRACT["return_rate"], CONTRACT["days_since_last_visit"]


def levels(cuts: Cuts, *values: float) -> list[list[str]]:
    """The levels of each value."""
    found = cuts.levels(np.array(values))
    return [[level for level, mask in found.items() if mask[place]] for place in range(len(values))]


def test_many_and_few_are_told_apart_among_those_who_have_some() -> None:
    orders = np.repeat([0.0, 1.0, 2.0, 3.0, 9.0], [90, 4, 3, 1, 2])
    cuts = cut(ORDERS, orders)
    assert levels(cuts, 0, 1, 2, 3, 9) == [[ZERO, LOW], [LOW, ANY], [HIGH, ANY], [HIGH, ANY], [HIGH, ANY]]


def test_a_rate_of_zero_is_low_and_all_else_high_where_most_are_zero() -> None:
    assert levels(cut(RATE, np.repeat([0.0, 0.1, 0.5], [80, 10, 10])), 0, 0.1, 0.5) == [[LOW], [HIGH], [HIGH]]
    assert levels(cut(RATE, np.repeat([0.0, 0.5, 1.0], [10, 10, 80])), 0, 0.5, 1) == [[LOW], [LOW], [HIGH]]
    assert levels(cut(RATE, np.repeat([0.0, 0.5, 1.0], [10, 80, 10])), 0, 0.5, 1) == [[LOW], [MIDDLE], [HIGH]]
    assert levels(cut(RATE, np.full(5, 0.3)), 0.3) == [[LOW]]


def test_terciles_where_values_spread() -> None:
    assert levels(cut(DAYS, np.arange(1.0, 100.0)), 1, 33, 34, 65, 66, 99) == [
        [LOW], [LOW], [MIDDLE], [MIDDLE], [HIGH], [HIGH],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("thresholds", "low", "high"),
    [
        ((30.0, 70.0), 30.0, 70.0),
        ((50.0,), 50.0, 50.0),
        ((10.0, 90.0), 33.0, 66.0),  # too few on their outer side, and too many on their inner
        ((20.0, 40.0, 80.0), 40.0, 80.0),
    ],
)
def test_a_threshold_of_the_rules_close_to_a_tercile_is_the_cut(
    thresholds: tuple[float, ...], low: float, high: float
) -> None:
    cuts = cut(DAYS, np.arange(0.0, 100.0), thresholds)
    assert (round(cuts.low), round(cuts.high)) == (low, high)


def test_0_and_1_are_no_levels_of_each_other() -> None:
    assert levels(cut(ORDERS, np.array([0.0, 1.0, 1.0])), 0, 1) == [[ZERO], [MARKED]]


@given(
    st.lists(st.sampled_from([0.0, 0.0, 0.0, 1.0, 2.0, 2.5, 7.0, -1.0]), min_size=1, max_size=40),
    st.lists(st.sampled_from([0.5, 1.0, 2.0, 5.0]), max_size=3),
    st.sampled_from([ORDERS, RATE, DAYS, CONTRACT["spend_365d"]]),
)
def test_every_value_is_low_in_the_middle_or_high_and_larger_ones_no_lower(values, thresholds, feature) -> None:  # type: ignore[no-untyped-def]
    found = cut(feature, np.array(values), thresholds)
    rank = {LOW: 0, MIDDLE: 1, HIGH: 2, ZERO: 0, MARKED: 2}
    ranks: list[int] = []
    for each in levels(found, *sorted(values)):
        most = {rank[level] for level in each if level != ANY}
        assert len(most) == 1
        ranks += most
    assert ranks == sorted(ranks)


def test_who_has_no_value_counts_in_no_level() -> None:
    columns = {"orders_365d": np.array([0.0, 5.0, np.nan, 0.0, 1.0, 9.0])}
    ids = np.array(["S1", "S1", "S1", "S2", "S2", "S2"])
    first, second = standings(columns, ids, ["S1", "S2"], [ORDERS])
    one = first["orders_365d"]
    assert (one.customers, one.known, one.defined, one.share(ZERO)) == (3, 2, 2 / 3, 0.5)
    assert second["orders_365d"].share(ANY) == 2 / 3
    applies = {"orders_365d": columns["orders_365d"] > 0}
    first, second = standings(columns, ids, ["S1", "S2"], [ORDERS], applicable=applies)
    assert (first["orders_365d"].known, first["orders_365d"].share(ZERO)) == (1, 0.0)
    assert (second["orders_365d"].known, second["orders_365d"].defined) == (2, 2 / 3)
    same = {"orders_365d": np.array([2.0, np.nan, 2.0])}
    assert standings(same, np.array(["S1", "S1", "S2"]), ["S1", "S2"], [ORDERS]) == ({}, {})
    nobody = {"orders_365d": np.zeros(6, dtype=bool)}
    assert standings(columns, ids, ["S1", "S2"], [ORDERS], applicable=nobody) == ({}, {})
