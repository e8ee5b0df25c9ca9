"""Rules partition customers: whatever the tree, each row fits exactly one rule, and it is the one of its path."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import CONTRACT, conditions, may_miss, tables, trees

from northstar_explain.contract import Category, Contract
from northstar_explain.contract.columns import Columns
from northstar_explain.contract.conditions import (
    CategoryCondition,
    Condition,
    MissingCondition,
    NumberCondition,
    from_json,
    simplify,
    to_json,
    union,
)
from northstar_explain.model import Model
from northstar_explain.model.rules import (
    Leaf,
    Node,
    Rule,
    Split,
    assign,
    leaves,
    rename,
    rules,
    tree_from_json,
    tree_to_json,
)
from northstar_explain.model.segments import from_json as segments_from_json
from northstar_explain.model.segments import to_json as segments_to_json


@given(trees(), tables())
def test_each_row_fits_exactly_one_rule_and_it_is_the_one_of_its_path(tree: Node, columns: Columns) -> None:
    found = rules(tree, CONTRACT)
    matches = np.array([rule.matches(columns) for rule in found])
    np.testing.assert_array_equal(matches.sum(axis=0), 1)
    by_rule = np.array([rule.segment for rule in found])[matches.argmax(axis=0)]
    np.testing.assert_array_equal(by_rule, assign(tree, columns))


@given(trees(), tables())
def test_a_row_is_assigned_alike_alone_and_among_others(tree: Node, columns: Columns) -> None:
    together = assign(tree, columns)
    for row in range(len(together)):
        one = np.array([row])
        alone = {name: c.take(one) if isinstance(c, Category) else c[one] for name, c in columns.items()}
        assert assign(tree, alone).tolist() == [together[row]]


@given(conditions(), tables())
def test_an_opposite_fits_exactly_the_other_rows(condition: Condition, columns: Columns) -> None:
    column: Any = columns[condition.feature]
    opposite = condition.opposite(may_miss(condition.feature))
    np.testing.assert_array_equal(opposite.matches(column), ~condition.matches(column))
    again = opposite.opposite(may_miss(condition.feature))
    np.testing.assert_array_equal(again.matches(column), condition.matches(column))


@given(st.sampled_from("nmcd").flatmap(lambda f: st.lists(conditions(f), min_size=1, max_size=5)), tables())
def test_conditions_merged_into_one_fit_what_all_of_them_fit(several: list[Condition], columns: Columns) -> None:
    column: Any = columns[several[0].feature]
    expected = np.logical_and.reduce([condition.matches(column) for condition in several])
    merged = simplify(several)
    if merged is None:
        assert not expected.any()
    else:
        assert len(merged) == 1
        np.testing.assert_array_equal(merged[0].matches(column), expected)


@given(st.lists(conditions(), max_size=8))
def test_merging_asks_once_about_each_feature_in_the_order_of_the_path(several: list[Condition]) -> None:
    merged = simplify(several)
    if merged is not None:
        assert [c.feature for c in merged] == list(dict.fromkeys(c.feature for c in several))


@given(conditions())
def test_a_condition_is_the_same_after_json(condition: Condition) -> None:
    assert from_json(json.loads(json.dumps(to_json(condition)))) == condition


@given(trees())
def test_a_tree_is_the_same_after_json_and_renaming_back(tree: Node) -> None:
    assert tree_from_json(json.loads(json.dumps(tree_to_json(tree)))) == tree
    there = {leaf.segment: leaf.segment[::-1] for leaf in leaves(tree)}
    back = {new: old for old, new in there.items()}
    assert rename(rename(tree, there), back) == tree


def test_a_value_on_a_threshold_belongs_above_it() -> None:
    tree = Split(NumberCondition("m", 3.0, None), Leaf("above"), Leaf("below"))
    values = np.array([np.nextafter(3.0, 0), 3.0, np.nextafter(3.0, 9)])
    assert assign(tree, {"m": values}).tolist() == ["below", "above", "above"]
    assert rules(tree, CONTRACT) == (
        Rule((NumberCondition("m", 3.0, None),), "above"),
        Rule((NumberCondition("m", None, 3.0),), "below"),
    )


def test_where_a_value_may_be_missing_one_rule_says_that_it_takes_them() -> None:
    tree = Split(NumberCondition("n", 3.0, None), Leaf("above"), Leaf("below"))
    assert rules(tree, CONTRACT)[1] == Rule((NumberCondition("n", None, 3.0, missing=True),), "below")
    assert assign(tree, {"n": np.array([math.nan])}).tolist() == ["below"]


def test_a_leaf_that_no_row_can_reach_is_no_rule() -> None:
    impossible = Split(NumberCondition("n", 5.0), Leaf("never"), Leaf("lower"))
    tree = Split(NumberCondition("n", None, 3.0), impossible, Leaf("high or unknown"))
    assert [rule.segment for rule in rules(tree, CONTRACT)] == ["lower", "high or unknown"]


def test_a_tree_of_one_leaf_takes_everybody() -> None:
    (rule,) = rules(Leaf("all"), CONTRACT)
    assert rule.conditions == ()
    assert rule.matches({"n": np.array([1.0, math.nan])}).tolist() == [True, True]


@pytest.mark.parametrize("name", ["n", "c"])
def test_missing_and_known_part_categories_as_they_do_numbers(name: str) -> None:
    columns: Columns = {"n": np.array([math.nan, 0.0]), "c": Category(np.array([-1, 0], dtype=np.int32), ("red",))}
    test: Condition
    for test, expected in ((MissingCondition(name), ["yes", "no"]), (NumberCondition(name), ["no", "yes"])):
        tree = Split(test, Leaf("yes"), Leaf("no"))
        assert assign(tree, columns).tolist() == expected
        for rule in rules(tree, CONTRACT):
            assert Counter(rule.matches(columns).tolist()) == {True: 1, False: 1}


def test_the_learnt_segments_are_the_same_after_json_and_partition_the_golden_rows(model: Model) -> None:
    data = json.loads(json.dumps(segments_to_json(model.segmentation, model.contract)))
    assert segments_from_json(data, model.contract) == model.segmentation
    found = [rule for segment in model.segmentation.segments for rule in segment.rules]
    assert set(found) == set(rules(model.segmentation.tree, model.contract))


def test_learnt_segments_hold_every_customer_once(model: Model, contract: Contract) -> None:
    segments = model.segmentation.segments
    assert sum(segment.customers for segment in segments) == 6_000
    assert math.isclose(sum(segment.share for segment in segments), 1)
    assert [segment.id for segment in segments] == [f"S{i + 1}" for i in range(len(segments))]
    sizes = [segment.customers for segment in segments]
    assert sizes == sorted(sizes, reverse=True)
    assert len({segment.name for segment in segments}) == len(segments)
    assert len({segment.definition for segment in segments}) == len(segments)
    allowed = {feature.name for feature in contract.segment_features}
    assert {c.feature for segment in segments for rule in segment.rules for c in rule.conditions} <= allowed
    with pytest.raises(KeyError, match="S99"):
        model.segmentation["S99"]


def test_leaves_of_one_segment_that_differ_in_one_condition_share_a_rule() -> None:
    low = Split(NumberCondition("m", None, 1.0), Leaf("S1"), Leaf("S1"))
    tree = Split(NumberCondition("n", None, 3.0), Split(NumberCondition("m", None, 3.0), low, Leaf("S2")), Leaf("S2"))
    assert rules(tree, CONTRACT) == (
        Rule((NumberCondition("n", None, 3.0), NumberCondition("m", None, 3.0)), "S1"),
        Rule((NumberCondition("n", None, 3.0), NumberCondition("m", 3.0)), "S2"),
        Rule((NumberCondition("n", 3.0, None, missing=True),), "S2"),
    )
    everybody = Split(CategoryCondition("c", ("red",), missing=True), Leaf("S1"), Leaf("S1"))
    assert rules(everybody, CONTRACT) == (Rule((), "S1"),)
    known: Node = Split(
        MissingCondition("c"), Leaf("S2"), Split(CategoryCondition("c", ("red",)), Leaf("S1"), Leaf("S1"))
    )
    assert rules(known, CONTRACT) == (Rule((MissingCondition("c"),), "S2"), Rule((NumberCondition("c"),), "S1"))


@given(st.sampled_from("nmcd").flatmap(lambda f: st.tuples(conditions(f), conditions(f))), tables())
def test_a_union_fits_what_either_fits(pair: tuple[Condition, Condition], columns: Columns) -> None:
    one, other = pair
    column: Any = columns[one.feature]
    both = union(one, other)
    if both is None:
        assert isinstance(one, NumberCondition) and isinstance(other, NumberCondition)
        assert not (one.matches(column) & other.matches(column) & ~_missing(column)).any()
    else:
        np.testing.assert_array_equal(both.matches(column), one.matches(column) | other.matches(column))
        assert union(other, one) is not None


def _missing(column: np.ndarray | Category) -> np.ndarray:
    return column.codes < 0 if isinstance(column, Category) else np.isnan(column)


@given(trees())
def test_no_two_rules_of_a_segment_could_be_one(tree: Node) -> None:
    found = rules(tree, CONTRACT)
    assert len({rule.segment for rule in found}) <= len(found) <= len(list(leaves(tree)))
    for i, one in enumerate(found):
        for other in found[:i]:
            first, second = ({c.feature: c for c in rule.conditions} for rule in (one, other))
            if one.segment == other.segment and set(first) == set(second):
                differ = [name for name in first if first[name] != second[name]]
                assert len(differ) > 1 or union(first[differ[0]], second[differ[0]]) is None
