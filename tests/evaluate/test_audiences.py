"""Audiences: all customers are counted, as a campaign would select them; stages of life say what they mean."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract import Contract, columns_of, parse
from northstar_explain.contract.definedness import defined
from northstar_explain.contract.kinds.registry import kind_named
from northstar_explain.contract.time_units import days_in_one
from northstar_explain.evaluate.lifecycle import lifecycle_facts, quietness
from northstar_explain.learn.profiles import mid_ranks
from northstar_explain.model import Model, ranks
from northstar_explain.model.evaluation.audience_facts import STAGES
from northstar_explain.model.evaluation.limits import CONTACT_BANDS, LAPSING_FROM, LOST_FROM
from northstar_explain.model.rules import assign

CONTRACT = """
[table]
id = "id"
label = "label"
[features.orders]
kind = "count"
words = "orders in the last 12 months"
role = "frequency"
[features.last]
kind = "days"
words = "days since the last order"
role = "recency"
defined_when = "orders > 0"
[features.age]
kind = "days"
words = "days since the account was opened"
role = "tenure"
missing = "guest"
"""


def stages(*customers: tuple[float, float, float], contract: str = CONTRACT) -> list[str]:
    """The stage of each customer: orders, days since the last, days since the account was opened."""
    columns = dict(zip(("orders", "last", "age"), np.array(customers, dtype=float).T, strict=True))
    ids = np.array([f"S{place}" for place in range(len(customers))])
    facts = lifecycle_facts(parse(contract), columns, ids, list(ids))
    assert facts is not None
    return [next(stage for stage, count in facts.segments[id].items() if count) for id in ids]


def test_all_customers_are_counted_by_segment_and_decile(model: Model, customers: pa.Table) -> None:
    columns = columns_of(customers, model.contract.features)
    ids = assign(model.segmentation.tree, columns)
    decile = ranks.decile(ranks.Percentiles(model.purchase.percentiles)(model.scorecard.probability(columns)))
    facts = model.evaluation.audiences
    assert facts.customers == customers.num_rows
    for segment in model.segmentation.segments:
        one, cells = facts.segments[segment.id], model.evaluation.together.matrix[segment.id]
        assert one.deciles == tuple(((ids == segment.id) & (decile == step)).sum() for step in range(1, 11))
        assert sum(one.deciles) == segment.customers == sum(band.customers for band in one.bands.values())
        for key, steps in CONTACT_BANDS.items():
            assert one.bands[key].customers == sum(one.deciles[step - 1] for step in steps)
            n = sum(cells[step - 1].n for step in steps)
            buyers = sum(cells[step - 1].actual_buyers for step in steps)
            assert (one.bands[key].holdout_n, one.bands[key].purchase_rate) == (n, buyers / n if n else None)


def test_audiences_by_place_channel_and_device(model: Model, customers: pa.Table) -> None:
    columns = columns_of(customers, model.contract.features)
    ids = assign(model.segmentation.tree, columns)
    breakdowns = model.evaluation.audiences.breakdowns
    assert [(one.role, one.feature) for one in breakdowns] == [
        ("place", "country"), ("channel", "acquisition_channel"), ("device", "device_type"),
    ]  # fmt: skip
    for one in breakdowns:
        values = np.array(customers[one.feature].to_pylist(), dtype=object)
        for segment in model.segmentation.segments:
            inside = values[ids == segment.id]
            assert one.unknown[segment.id] == sum(value is None for value in inside)
            for value, count in one.segments[segment.id].items():
                assert count == sum(inside == value)
            known = sum(one.segments[segment.id].values()) + one.others[segment.id]
            assert known + one.unknown[segment.id] == segment.customers
        totals = [sum(each[value] for each in one.segments.values()) for value in one.segments["S1"]]
        assert totals == sorted(totals, reverse=True)


def test_everybody_is_in_one_stage(model: Model, contract: Contract) -> None:
    facts = model.evaluation.audiences.lifecycle
    assert facts is not None
    assert (facts.frequency, facts.recency, facts.tenure) == (
        "orders_365d", "days_since_last_order", "account_age_days",
    )  # fmt: skip
    assert facts.window_days == 365
    for segment in model.segmentation.segments:
        assert sum(facts.segments[segment.id].values()) == segment.customers
        assert facts.segments[segment.id]["no_order"] == round(
            next(item.zero for item in segment.profile if item.feature == "orders_365d") * segment.customers
        )
    assert set(facts.segments["S1"]) == {*STAGES, "unknown"}


def test_stages_are_what_they_say() -> None:
    assert stages((0, np.nan, 20), (0, 366, 900)) == ["no_order", "no_order"]
    assert stages((1, 10, 20), (4, 2, 30)) == ["new", "new"]  # whatever they ordered
    assert stages((1, 20, 900), (2, 20, 900), (12, 20, 900)) == ["one_order", "growing", "loyal"]
    # Twelve orders in the 245 days before the last are 20 days apart: 120 days are 5.9 times that, 150 days 8.4 times.
    assert stages((12, 120, 900), (12, 150, 900), (1, 120, 900)) == ["lapsing", "lost", "one_order"]
    assert stages((np.nan, 3, 3)) == ["unknown"]
    # Without an account, the day it was opened is not known.
    assert stages((1, 10, np.nan)) == ["one_order"]


def test_a_tenure_in_months_is_not_one_in_days() -> None:
    """Who has had an account for 20 months is not new because 20 days are few."""
    in_months = re.sub(
        r'kind = "days"\nwords = "days since the account', 'kind = "ratio"\nwords = "months since the account', CONTRACT
    )
    assert in_months != CONTRACT
    assert stages((2, 20, 20), (2, 20, 4), (2, 20, 3), contract=in_months) == ["growing", "growing", "new"]
    # Two orders in the 32 of 122 days before the last: 90 days without one are long, as they are not in a year.
    assert stages((2, 90, 4), contract=in_months) == ["lapsing"] == stages((2, 90, 122))
    assert stages((2, 90, 40), contract=in_months) == ["growing"]
    # Without a unit nobody can tell, so that nobody is new.
    unsaid = in_months.replace("months since the account was opened", "tenure")
    facts = lifecycle_facts(
        parse(unsaid), {"orders": np.ones(1), "last": np.ones(1), "age": np.ones(1)}, np.array(["S1"]), ["S1"]
    )
    assert facts and facts.tenure is None and facts.segments["S1"]["one_order"] == 1


@pytest.mark.parametrize(
    ("kind", "unit", "words", "days"),
    [("days", "", "age", 1), ("ratio", "", "months as client", 365 / 12), ("count", "weeks", "tenure", 7),
     ("ratio", "", "tenure", None), ("ratio", "", "account age (years)", 365)],
)  # fmt: skip
def test_the_days_in_one_are_what_kind_unit_or_words_say(kind: str, unit: str, words: str, days: float | None) -> None:
    feature = parse(CONTRACT)["age"]
    assert days_in_one(replace(feature, kind=kind_named(kind), unit=unit, words=words)) == days


@given(
    orders=st.integers(1, 400),
    last=st.integers(0, 364),
    age=st.one_of(st.just(float("nan")), st.integers(0, 4_000)),
)
def test_more_time_without_an_order_never_makes_less_quiet(orders: int, last: int, age: float) -> None:
    def quiet(days: int) -> float:
        one = [np.array([float(value)]) for value in (orders, days, age)]
        return float(quietness(one[0], one[1], one[2], 365.0)[0])

    # Where the account is younger than the last order, one of the two is wrong, and the account is not used.
    if not (last < age <= last + 1):
        assert quiet(last) <= quiet(last + 1)
    assert LAPSING_FROM < LOST_FROM


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40))
def test_mid_ranks_count_ties_half(values: list[int]) -> None:
    array = np.array(values, dtype=float)
    expected = [(np.sum(array < one) + np.sum(array == one) / 2) / len(array) for one in array]
    assert mid_ranks(array) == pytest.approx(expected)
    assert mid_ranks(array).mean() == pytest.approx(0.5)


def test_ranks_leave_out_those_for_whom_a_feature_has_no_meaning(model: Model, customers: pa.Table) -> None:
    columns = columns_of(customers, model.contract.features)
    ids = assign(model.segmentation.tree, columns)
    feature = model.contract["discount_usage_rate"]
    applies, values = defined(feature, columns), columns[feature.name]
    assert applies is not None and isinstance(values, np.ndarray)
    rank = np.full(len(ids), np.nan)
    rank[applies] = mid_ranks(values[applies])
    for segment in model.segmentation.segments:
        item = next(one for one in segment.profile if one.feature == feature.name)
        inside = applies & (ids == segment.id)
        if not inside.any():
            assert (item.known, item.rank) == (0, 0.5)
            continue
        assert item.rank == pytest.approx(rank[inside].mean())
        assert item.median == np.median(values[inside]) and item.zero == (values[inside] == 0).mean()
        assert item.base_median == np.median(values[applies]) and item.base_zero == (values[applies] == 0).mean()
