"""Facts of the playbook's pages: customers left by each condition, shares of spend, and trends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from northstar_explain.contract import Contract, columns_of
from northstar_explain.evaluate.segment_context import detectable_facts, funnel_facts, spend_facts, trend_facts
from northstar_explain.metrics import sample_size
from northstar_explain.model import Model
from northstar_explain.model.evaluation.segment_facts import Outcome
from northstar_explain.model.evaluation.together_facts import ControlSize
from northstar_explain.model.evaluation.update_facts import SegmentTrend


def test_each_funnel_ends_at_its_segment(model: Model) -> None:
    for segment in model.segmentation.segments:
        funnel = model.evaluation.segments.funnel[segment.id]
        assert [len(left) for left in funnel] == [len(rule.conditions) for rule in segment.rules]
        assert sum(left[-1] for left in funnel) == segment.customers
        assert all(list(left) == sorted(left, reverse=True) for left in funnel)


def test_a_funnel_by_hand(model: Model, customers: pa.Table, contract: Contract) -> None:
    segment = model.segmentation.segments[0]
    columns = columns_of(customers.slice(0, 500), contract.features)
    first = segment.rules[0].conditions[0]
    funnel = funnel_facts([segment], columns)[segment.id]
    column: Any = columns[first.feature]
    assert funnel[0][0] == int(first.matches(column).sum())


def test_spend_adds_up(model: Model, customers: pa.Table) -> None:
    spend = model.evaluation.segments.spend
    assert spend is not None
    assert spend.feature == "spend_365d"
    assert sum(one.share for one in spend.segments.values()) == pytest.approx(1)
    for segment in model.segmentation.segments:
        one = spend.segments[segment.id]
        assert one.index is not None
        assert one.share == pytest.approx(segment.share * one.index / 100)


def test_without_an_amount_of_value_there_is_no_spend(model: Model, contract: Contract) -> None:
    features = tuple(replace(f, role="") if f.role == "value" else f for f in contract.features)
    assert spend_facts(replace(contract, features=features), model.segmentation.segments) is None
    zero = [
        replace(s, profile=tuple(replace(p, mean=0.0, base=0.0, index=None) for p in s.profile))
        for s in model.segmentation.segments
    ]
    assert spend_facts(contract, zero) is None


def test_a_trend_needs_an_earlier_model(model: Model) -> None:
    assert model.evaluation.segments.trend is None
    segments = model.segmentation.segments
    grown = [replace(segments[0], customers=segments[0].customers * 2), replace(segments[1], id="S99")]
    trend = trend_facts(grown, 7_200, model)
    assert trend is not None
    assert trend.since_date == "2026-03-01"
    assert trend.customers_before == 6_000
    assert trend.change == pytest.approx(0.2)
    assert list(trend.segments) == [segments[0].id]
    assert trend.segments[segments[0].id] == SegmentTrend(segments[0].customers, segments[0].share, 1.0)


def test_the_uplift_that_a_segments_control_group_can_detect() -> None:
    rates = {"S1": 0.2, "S2": 0.97, "S3": 0.0}
    sizes = detectable_facts({id: Outcome(100, rate, 100.0, rate, 0.3) for id, rate in rates.items()})
    assert sizes["S1"][2] == ControlSize(0.02, sample_size(0.2, 0.02))
    assert [one.uplift for one in sizes["S2"]] == [0.005, 0.01, 0.02]
    assert sizes["S3"] == ()
