"""Who lies close to a threshold: within the step to the next number that people say.

A threshold was rounded, so a customer just beside it could as well be on its other side. Each rule is widened to where
its thresholds begin to be nearer than their neighbours; who fits the widened rules of two segments is borderline.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from northstar_explain.contract import Columns
from northstar_explain.model.conditions import Condition, NumberCondition
from northstar_explain.model.rules import Leaf, Node, Rule

# Feature to threshold to (lowest, highest): values from the lowest up to, but not including, the highest are close.
Borders = Mapping[str, Mapping[float, tuple[float, float]]]


def thresholds(tree: Node) -> Iterator[tuple[str, float]]:
    """Every feature and threshold that a tree asks about."""
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
    """Who is in each segment, or so close to its border that a rounding step would put them there.

    Parameters
    ----------
    rules : sequence of Rule
        All rules of all segments.
    borders : mapping
    columns : mapping
        Name to float64 array or `Category`, for every feature that the rules ask about.

    Returns
    -------
    dict
        Segment id to ndarray of bool, shape (n,).
    """
    found: dict[str, np.ndarray] = {}
    for rule in rules:
        fits = widen(rule, borders).matches(columns)
        found[rule.segment] = found[rule.segment] | fits if rule.segment in found else fits
    return found


def borderline(rules: Sequence[Rule], borders: Borders, columns: Columns) -> np.ndarray:
    """Who is within reach of more than one segment.

    Parameters
    ----------
    rules, borders, columns
        As for `within_reach`.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    reached = list(within_reach(rules, borders, columns).values())
    return np.add.reduce(reached, dtype=np.int8) > 1


def to_json(borders: Borders) -> dict[str, list[dict[str, float]]]:
    """Borders as plain data."""
    return {
        feature: [{"threshold": at, "from": ends[0], "below": ends[1]} for at, ends in sorted(found.items())]
        for feature, found in borders.items()
    }


def from_json(data: Mapping[str, Sequence[Mapping[str, float]]]) -> Borders:
    """The borders that `to_json` wrote."""
    return {
        feature: {item["threshold"]: (item["from"], item["below"]) for item in items} for feature, items in data.items()
    }
