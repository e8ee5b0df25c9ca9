"""An update keeps the rules of the model before it while they are eligible, then their number, and else starts over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from northstar_explain.contract.columns import Columns
from northstar_explain.contract.load import parse
from northstar_explain.learn import fit_segments
from northstar_explain.learn.fit_segments import LearnedSegments, Previous
from northstar_explain.learn.segment_options import SegmentOptions
from northstar_explain.model.rules import assign

CONTRACT = parse("""
[table]
id = "id"
label = "y"
[features.visits]
kind = "count"
words = "visits"
[features.basket]
kind = "amount"
words = "basket"
[features.mails]
kind = "count"
words = "mails"
""")
OPTIONS = SegmentOptions(draws=3, tries=1)
# Each kind of customer stands out in one thing, so that shuffled columns have other groups.
CENTRES = np.array([[3.0, 2.0, 2.0], [40.0, 2.0, 2.0], [3.0, 5.0, 2.0], [3.0, 2.0, 30.0]])


def month(seed: int, centres: np.ndarray = CENTRES, rows: int = 800) -> Columns:
    """Customers about some places: in visits, the logarithm of the basket, and mails."""
    rng = np.random.default_rng(seed)
    place = centres[rng.integers(0, len(centres), rows)]
    return {
        "visits": rng.poisson(place[:, 0]).astype(np.float64),
        "basket": rng.lognormal(place[:, 1], 0.4),
        "mails": rng.poisson(place[:, 2]).astype(np.float64),
    }


def learn(
    columns: Columns, before: LearnedSegments | None = None, options: SegmentOptions = OPTIONS
) -> LearnedSegments:
    previous = None if before is None else Previous(before.segmentation, "2026-03-01")
    return fit_segments.learn(columns, CONTRACT, options, 1, lambda stage: None, previous)


@pytest.fixture(scope="module")
def first() -> LearnedSegments:
    return learn(month(0), options=replace(OPTIONS, k=4))


def test_rules_that_are_still_eligible_are_kept_to_the_letter(first: LearnedSegments) -> None:
    again = learn(month(1), first)
    assert again.segmentation.tree == first.segmentation.tree
    assert "their rules, which are still eligible" in again.evidence.chosen.reason
    assert again.evidence.chosen.eligible and not again.segmentation.retired
    # The facts are of the new customers.
    assert [one.customers for one in again.segmentation.segments] != [
        one.customers for one in first.segmentation.segments
    ]
    ids = assign(again.segmentation.tree, month(1))
    assert {one.id: one.customers for one in again.segmentation.segments} == dict(
        zip(*np.unique(ids, return_counts=True), strict=True)
    )


def test_where_a_segment_is_too_small_new_rules_for_as_many_are_taken(first: LearnedSegments) -> None:
    # The same four kinds of customer, who now come ten times as often: nobody has few visits.
    moved = CENTRES * np.array([10.0, 1.0, 1.0])
    again = learn(month(2, moved), first)
    assert again.segmentation.tree != first.segmentation.tree
    assert len(again.segmentation.segments) == 4
    assert "as in the model that is updated" in again.evidence.chosen.reason


def test_another_number_that_is_asked_for_is_given(first: LearnedSegments) -> None:
    again = learn(month(1), first, replace(OPTIONS, k=3))
    assert len(again.segmentation.segments) == 3
    assert again.evidence.chosen.reason == "3 segments, as asked for."


def test_rules_longer_than_asked_for_are_not_kept(first: LearnedSegments) -> None:
    again = learn(month(1), first, replace(OPTIONS, k=4, rules=1, conditions=3))
    assert again.segmentation.tree == first.segmentation.tree  # three conditions at most: short enough
    with pytest.raises(Exception, match="at most 1 conditions"):
        learn(month(1), first, replace(OPTIONS, k=4, conditions=1))
