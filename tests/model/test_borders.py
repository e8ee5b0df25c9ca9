"""Borderline customers: close to a threshold, and on the way into another segment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract import Contract
from northstar_explain.contract.conditions import MissingCondition, NumberCondition
from northstar_explain.learn.round_numbers import border
from northstar_explain.model import Model, borders
from northstar_explain.model.borders import borderline, within_reach
from northstar_explain.model.rules import Leaf, Rule, Split, assign

NEAR = {"orders": {3.0: (2.0, 4.0), 4.0: (3.0, 4.5)}, "visits": {10.0: (9.0, 11.0)}}
HIGH, LOW = Rule((NumberCondition("orders", 3.0),), "S1"), Rule((NumberCondition("orders", None, 3.0, True),), "S2")


def orders(*values: float) -> dict[str, np.ndarray]:
    return {"orders": np.array(values)}


def test_who_is_beside_the_threshold_is_borderline() -> None:
    found = borderline([HIGH, LOW], NEAR, orders(1, 2, 3, 3.9, 4, 5, np.nan))
    assert found.tolist() == [False, True, True, True, False, False, False]


def test_a_second_condition_keeps_a_segment_out_of_reach() -> None:
    rules = [Rule((*HIGH.conditions, NumberCondition("visits", 10.0)), "S1"), LOW]
    columns = {"orders": np.array([3.0, 2.0, 2.0]), "visits": np.array([50.0, 1.0, 9.0])}
    assert borderline(rules, NEAR, columns).tolist() == [True, False, True]


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


@pytest.mark.parametrize(
    ("name", "threshold", "ends"),
    [
        ("orders_90d", 1.0, (0.5, 1.5)),
        ("orders_90d", 3.0, (2.5, 3.5)),
        ("orders_90d", 12.0, (11.0, 13.5)),
        ("days_since_last_visit", 14.0, (12.0, 17.5)),
        ("return_rate", 0.2, (0.175, 0.225)),
        ("avg_order_value", 100.0, (90.0, 110.0)),
    ],
)
def test_a_border_ends_where_the_next_sayable_number_is_as_near(
    contract: Contract, name: str, threshold: float, ends: tuple[float, float]
) -> None:
    values = np.array([0.0, 0.5, 300.0, np.nan])
    assert border(contract[name], values, threshold) == pytest.approx(ends)


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
