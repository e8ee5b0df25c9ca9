"""Borderline customers: close to a threshold, and on the way into another segment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract import parse
from northstar_explain.contract.conditions import MissingCondition, NumberCondition
from northstar_explain.learn.round_numbers import border
from northstar_explain.model import Model, borders
from northstar_explain.model.borders import borderline, within_reach
from northstar_explain.model.rules import Leaf, Node, Rule, Split, assign, merged_rules

NEAR = {"orders": {3.0: (2.0, 4.0), 4.0: (3.0, 4.5)}, "visits": {10.0: (9.0, 11.0)}}
HIGH, LOW = Rule((NumberCondition("orders", 3.0),), "S1"), Rule((NumberCondition("orders", None, 3.0, True),), "S2")


def orders(*values: float) -> dict[str, np.ndarray]:
    return {"orders": np.array(values)}


def test_who_is_beside_the_threshold_is_borderline() -> None:
    found = borderline([HIGH, LOW], NEAR, orders(1, 2, 3, 3.9, 4, 5, np.nan))
    assert found.tolist() == [False, True, True, True, False, False, False]


def test_a_second_condition_keeps_a_segment_out_of_reach() -> None:
    """Two orders and 9 visits are two steps from three orders and 10 visits: one step is a border, two are not."""
    rules = [Rule((*HIGH.conditions, NumberCondition("visits", 10.0)), "S1"), LOW]
    columns = {"orders": np.array([3.0, 2.0, 2.0, 2.0]), "visits": np.array([50.0, 1.0, 9.0, 10.0])}
    assert borderline(rules, NEAR, columns).tolist() == [True, False, False, True]


def test_two_rules_of_one_segment_are_no_border() -> None:
    rules = [HIGH, Rule(LOW.conditions, "S1"), Rule((MissingCondition("orders"),), "S2")]
    assert not borderline(rules, NEAR, orders(2, 3)).any()


def test_no_row_goes_through_a_gap_that_no_value_has() -> None:
    """Close to both thresholds of one feature: the segment in the middle is reached, and those on both sides."""
    rules = [
        Rule((NumberCondition("orders", None, 3.0),), "S1"),
        Rule((NumberCondition("orders", 3.0, 4.0),), "S2"),
        Rule((NumberCondition("orders", 4.0),), "S3"),
    ]
    reached = within_reach(rules, NEAR, orders(2.0, 3.0, 4.2))
    assert {id: mask.tolist() for id, mask in reached.items()} == {
        "S1": [True, True, False],
        "S2": [True, True, True],
        "S3": [False, True, True],
    }


@given(
    st.floats(-5, 5, allow_nan=False),
    st.lists(st.floats(-10, 10) | st.just(float("nan")), min_size=1, max_size=20),
    st.floats(0, 3),
)
def test_everybody_is_within_reach_of_their_own_segment(cut: float, values: list[float], step: float) -> None:
    tree = Split(NumberCondition("orders", None, cut), Leaf("S1"), Leaf("S2"))
    rules = [
        Rule((NumberCondition("orders", None, cut),), "S1"),
        Rule((NumberCondition("orders", cut, None, True),), "S2"),
    ]
    near = {"orders": {cut: (cut - step, cut + step)}}
    columns = orders(*values)
    reached, ids = within_reach(rules, near, columns), assign(tree, columns)
    assert all(reached[id][row] for row, id in enumerate(ids))
    close = [cut - step <= value < cut + step for value in values]
    assert borderline(rules, near, columns).tolist() == close


STEPS = """
[table]
id = "id"
label = "y"
[features.orders]
kind = "count"
words = "orders"
[features.idle]
kind = "days"
words = "days since the last order"
[features.visit]
kind = "duration"
words = "length of a visit"
[features.call]
kind = "duration"
words = "length of a call"
unit = "minutes"
[features.returned]
kind = "rate"
words = "share returned"
[features.spend]
kind = "amount"
words = "spend"
[features.margin]
kind = "ratio"
words = "margin"
[features.club]
kind = "count"
words = "club membership"
"""


@pytest.mark.parametrize(
    ("name", "threshold", "ends"),
    [
        ("orders", 1.0, (0.0, 2.0)),
        ("orders", 12.0, (11.0, 13.0)),
        ("idle", 14.0, (7.0, 21.0)),
        ("idle", 3.0, (-4.0, 10.0)),
        ("visit", 300.0, (240.0, 360.0)),
        ("visit", 45.0, (40.5, 49.5)),
        ("call", 20.0, (18.0, 22.0)),
        ("returned", 0.2, (0.15, 0.25)),
        ("spend", 75.0, (67.5, 82.5)),
        ("spend", -120.0, (-132.0, -108.0)),
        ("spend", 0.0, (-20.0, 20.0)),  # a tenth of the median size, as there is no tenth of nothing
        ("margin", 0.0, (-0.05, 0.05)),
        ("margin", 30.0, (27.0, 33.0)),
    ],
)
def test_a_border_is_one_ordinary_step_wide_in_both_directions(
    name: str, threshold: float, ends: tuple[float, float]
) -> None:
    values = np.array([0.0, 0.5, 200.0, 300.0, np.nan])
    if name == "margin" and threshold == 0:
        values = values / 1000
    assert border(parse(STEPS)[name], values, threshold) == ends


def test_what_is_marked_by_0_and_1_has_no_border() -> None:
    club = parse(STEPS)["club"]
    assert border(club, np.array([0.0, 1.0, np.nan]), 1.0) is None
    assert border(club, np.array([0.0, 1.0, 2.0]), 1.0) == (0.0, 2.0)


@st.composite
def trees(draw: st.DrawFn, most: int = 3) -> Node:
    if not most or draw(st.booleans()):
        return Leaf(draw(st.sampled_from(["S1", "S2", "S3"])))
    name = draw(st.sampled_from(["orders", "idle", "spend"]))
    cut = float(draw(st.integers(1, 12)) * (7 if name == "idle" else 10 if name == "spend" else 1))
    return Split(NumberCondition(name, None, cut), draw(trees(most - 1)), draw(trees(most - 1)))


@given(
    trees(), st.lists(st.tuples(st.integers(0, 13), st.integers(0, 90), st.integers(0, 130)), min_size=1, max_size=30)
)
def test_borderline_are_those_whom_one_step_moves(tree: Node, rows: list[tuple[int, int, int]]) -> None:
    """Said without rules: one feature of a row is changed by up to one step, and the tree assigns it again."""
    contract = parse(STEPS)
    columns = dict(zip(("orders", "idle", "spend"), np.array(rows, dtype=np.float64).T, strict=True))
    near: dict[str, dict[float, tuple[float, float]]] = {}
    for name, cut in borders.thresholds(tree):
        # One width for all thresholds of a feature, so that "up to one step" is the same from either side.
        near.setdefault(name, {})[cut] = (cut - STEP[name], cut + STEP[name])
        assert name == "spend" or border(contract[name], np.array([2.0]), cut) == near[name][cut]
    ids, moved = assign(tree, columns), np.zeros(len(rows), dtype=bool)
    for name, step in STEP.items():
        for change in np.arange(-step, step + 1):
            moved |= assign(tree, columns | {name: columns[name] + change}) != ids
    found = borderline(merged_rules(tree, lambda _: False), near, columns)
    np.testing.assert_array_equal(found, moved)


STEP = {"orders": 1, "idle": 7, "spend": 10}


def test_a_model_keeps_the_border_of_every_threshold(model: Model) -> None:
    segmentation = model.segmentation
    asked = set(borders.thresholds(segmentation.tree))
    assert asked == {(name, at) for name, found in segmentation.borders.items() for at in found}
    assert all(low < at < high for found in segmentation.borders.values() for at, (low, high) in found.items())
    assert borders.from_json(borders.to_json(segmentation.borders)) == segmentation.borders


def test_the_facts_count_what_scoring_flags(model: Model, customers, contract) -> None:  # type: ignore[no-untyped-def]
    from northstar_explain.contract import check
    from northstar_explain.score import Scorer

    scores = Scorer(model)(check(customers, contract).accepted)
    ids, close = scores["segment_id"].to_numpy(zero_copy_only=False), scores["borderline"].to_numpy()
    assert 0 < close.mean() < 0.9
    for id, facts in model.evaluation.segments.borderline.items():
        assert facts.share == pytest.approx(close[ids == id].mean())
        assert facts.share <= sum(facts.toward.values()) + 1e-12
        assert all(0 < share <= facts.share for share in facts.toward.values())
