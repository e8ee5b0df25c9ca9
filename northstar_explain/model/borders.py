"""Borderline customers: close to a threshold, within half a step to the next round number.

A threshold was rounded, so a customer next to it could as well be on its other side. Each rule is widened by half a
rounding step at each threshold; a customer who matches the widened rules of two segments is borderline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from northstar_explain.contract.columns import Columns
from northstar_explain.contract.conditions import Condition, NumberCondition
from northstar_explain.model.rules import Leaf, Node, Rule

# Feature to threshold to (lowest, highest): values from the lowest up to, but not including, the highest are close.
Borders = Mapping[str, Mapping[float, tuple[float, float]]]


def thresholds(tree: Node) -> Iterator[tuple[str, float]]:
    """Every feature and threshold in a tree."""
    if isinstance(tree, Leaf):
        return
    if isinstance(tree.test, NumberCondition):
        yield from ((tree.test.feature, bound) for bound in (tree.test.lower, tree.test.upper) if bound is not None)
    yield from thresholds(tree.yes)
    yield from thresholds(tree.no)


def widen(rule: Rule, borders: Borders) -> Rule:
    """The rule with each bound moved outwards to the end of its border."""
    return replace(rule, conditions=tuple(_widen(condition, borders) for condition in rule.conditions))


def _widen(condition: Condition, borders: Borders) -> Condition:
    if not isinstance(condition, NumberCondition) or condition.feature not in borders:
        return condition
    ends = borders[condition.feature]
    lower, upper = condition.lower, condition.upper
    if lower is not None:
        lower = ends.get(lower, (lower, lower))[0]
    if upper is not None:
        upper = ends.get(upper, (upper, upper))[1]
    return replace(condition, lower=lower, upper=upper)


def within_reach(rules: Sequence[Rule], borders: Borders, columns: Columns) -> dict[str, np.ndarray]:
    """Customers in each segment, or so close to its border that a rounding step would assign them to it.

    Parameters
    ----------
    rules : sequence of Rule
        All rules of all segments.
    borders : mapping
    columns : mapping
        Name to float64 array or `Category`, for every feature in the rules.

    Returns
    -------
    dict
        Segment id to ndarray of bool, shape (n,).
    """
    reached: dict[str, np.ndarray] = {}
    for rule in rules:
        matches = widen(rule, borders).matches(columns)
        reached[rule.segment] = reached[rule.segment] | matches if rule.segment in reached else matches
    return reached


def borderline(rules: Sequence[Rule], borders: Borders, columns: Columns) -> np.ndarray:
    """Customers within reach of more than one segment.

    Parameters
    ----------
    rules, borders, columns
        As for `within_reach`.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    reached = list(within_reach(rules, borders, columns).values())
    # Every row is in one segment already, so a second one means a border is near.
    near: np.ndarray = np.add.reduce(reached, dtype=np.int8) > 1
    return near


def to_json(borders: Borders) -> dict[str, list[dict[str, float]]]:
    """Borders as JSON data."""
    return {
        feature: [{"threshold": at, "from": ends[0], "below": ends[1]} for at, ends in sorted(by_threshold.items())]
        for feature, by_threshold in borders.items()
    }


def from_json(data: Mapping[str, Sequence[Mapping[str, float]]]) -> Borders:
    """The borders that `to_json` wrote."""
    return {
        feature: {item["threshold"]: (item["from"], item["below"]) for item in items} for feature, items in data.items()
    }
