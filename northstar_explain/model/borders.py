"""Borderline customers: one ordinary step of behavior away from another segment.

One order more or less, one week, five points of a share: what the kind of each feature calls a step, in either
direction. A customer who would match a rule of another segment after one such step, in one feature, is borderline.
What is marked yes or no, by a category or by 0 and 1, has no border.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from northstar_explain.contract.columns import Columns, count_rows
from northstar_explain.contract.conditions import Condition, NumberCondition
from northstar_explain.model.rules import Leaf, Node, Rule

# Feature to threshold to (lowest, highest): values from the lowest up to, but not including, the highest are a step
# away from its other side.
Borders = Mapping[str, Mapping[float, tuple[float, float]]]


def thresholds(tree: Node) -> Iterator[tuple[str, float]]:
    """Every feature and threshold in a tree."""
    if isinstance(tree, Leaf):
        return
    if isinstance(tree.test, NumberCondition):
        yield from ((tree.test.feature, bound) for bound in (tree.test.lower, tree.test.upper) if bound is not None)
    yield from thresholds(tree.yes)
    yield from thresholds(tree.no)


def widened(condition: Condition, borders: Borders) -> Condition:
    """The condition with each bound moved outwards to the end of its border."""
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
    """Customers in each segment, or one ordinary step away from it.

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
    # Rules share conditions: each is matched once.
    masks: dict[Condition, np.ndarray] = {}
    for rule in rules:
        matches = _within_reach(rule, borders, columns, masks)
        # Several rules may define one segment: a customer is near it by any of them.
        reached[rule.segment] = reached[rule.segment] | matches if rule.segment in reached else matches
    return reached


def _within_reach(rule: Rule, borders: Borders, columns: Columns, masks: dict[Condition, np.ndarray]) -> np.ndarray:
    """Rows that match a rule, or would after a step in the one feature whose condition they do not match."""
    if not rule.conditions:
        return rule.matches(columns)
    exact = np.ones(count_rows(columns), dtype=bool)
    close = exact
    for condition in rule.conditions:
        fits = _matches(condition, columns, masks)
        wide = _matches(widened(condition, borders), columns, masks)
        # Either an earlier condition took the step, or this one may.
        close, exact = close & fits | exact & wide, exact & fits
    return close


def _matches(condition: Condition, columns: Columns, masks: dict[Condition, np.ndarray]) -> np.ndarray:
    if condition not in masks:
        masks[condition] = condition.matches(columns[condition.feature])  # type: ignore[arg-type]
    return masks[condition]


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
    # Every row is in one segment already, so a second one is a step away.
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
