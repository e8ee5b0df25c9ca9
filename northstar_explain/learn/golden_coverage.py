"""Golden rows that reach what no customer in particular would: every populated bin and cell, every rule and border.

A bin that no golden row falls into could get other points, and every program would still agree on all golden rows.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from northstar_explain.contract.conditions import CategoryCondition, Condition, MissingCondition, NumberCondition
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.model.rules import Node
from northstar_explain.model.scorecard import MISSING, Bins, NumberBins, Scorecard, Term
from northstar_explain.model.tree import Leaf

Row = dict[str, Any]
Value = float | str | None
UNSEEN = "(a category never seen)"


class Coverage:
    """The populated bins and cells that no row has reached yet.

    Parameters
    ----------
    contract : Contract
    scorecard : Scorecard
    """

    def __init__(self, contract: Contract, scorecard: Scorecard):
        self._features = {feature.name: feature for feature in contract.features}
        self._singles = {term.features[0]: term for term in scorecard.terms if len(term.axes) == 1}
        self._pairs = [term for term in scorecard.terms if len(term.axes) == 2]
        self._terms = scorecard.terms
        # Dictionaries and not sets: in order, so that the same model has the same rows.
        self._left = {term.name: dict.fromkeys(_populated(term)) for term in scorecard.terms}

    def reach(self, row: Mapping[str, Any]) -> None:
        """Take out what a row reaches."""
        for term in self._terms:
            self._left[term.name].pop(tuple(_bin(axis, row[axis.feature]) for axis in term.axes), None)

    def rows(self, bases: Sequence[Row]) -> Iterator[Row]:
        """Rows until all is reached that a row can reach; each has many values changed of one of the bases."""
        place = 0
        while goal := self._next():
            row = self._row(dict(bases[place % len(bases)]), *goal)
            before = self._size()
            if row is not None:
                self.reach(row)
            if row is None or self._size() == before:
                # No value of this feature falls there: a bin between two whole numbers, say.
                del self._left[goal[0].name][goal[1]]
                continue
            place += 1
            yield row

    def _size(self) -> int:
        return sum(map(len, self._left.values()))

    def _next(self) -> tuple[Term, tuple[int, ...]] | None:
        """The term that lacks most, and the first of its bins or cells that is not reached."""
        term = max(self._terms, key=lambda one: len(self._left[one.name]), default=None)
        left = self._left[term.name] if term else {}
        return (term, next(iter(left))) if term and left else None

    def _row(self, row: Row, term: Term, goal: tuple[int, ...]) -> Row | None:
        """A row that reaches the goal, and as many others on the way as its other features allow."""
        chosen: dict[str, Value] = {}
        for axis, bin in zip(term.axes, goal, strict=True):
            value, found = self._value(axis, bin)
            if not found:
                return None
            chosen[axis.feature] = value
        for pair in self._pairs:
            self._add_cell(pair, chosen)
        for name, single in self._singles.items():
            if name not in chosen and (left := self._left[single.name]):
                value, found = self._value(single.axes[0], next(iter(left))[0])
                if found:
                    chosen[name] = value
        return {**row, **chosen}

    def _add_cell(self, pair: Term, chosen: dict[str, Value]) -> None:
        """Choose values for a pair of which at least one feature is still free, if a cell is left for them."""
        fixed = [_bin(axis, chosen[axis.feature]) if axis.feature in chosen else None for axis in pair.axes]
        if None not in fixed:
            return
        for cell in self._left[pair.name]:
            if all(bin in (None, at) for bin, at in zip(fixed, cell, strict=True)):
                for axis, bin, at in zip(pair.axes, fixed, cell, strict=True):
                    if bin is None:
                        value, found = self._value(axis, at)
                        if not found:
                            return
                        chosen[axis.feature] = value
                return

    def _value(self, axis: Bins, bin: int) -> tuple[Value, bool]:
        """A value in a bin, and whether there is one: where possible, it is in a bin of the feature's own term as well
        that is not reached."""
        feature = self._features[axis.feature]
        if bin == MISSING:
            return None, feature.missing is not None
        if not isinstance(axis, NumberBins):
            members = axis.members(bin)
            return (members[0], True) if members else (UNSEEN, not feature.kind.lists_values)
        if bin == axis.count - 1:  # no number is unseen
            return None, False
        lower, upper = axis.bounds(bin)
        single = self._singles.get(axis.feature)
        if single is not None and isinstance(own := single.axes[0], NumberBins):
            first = 1 if lower is None else _bin(own, lower)
            last = own.count - 2 if upper is None else _bin(own, upper)
            for inner in range(first, last + 1):
                if (inner,) in self._left[single.name]:
                    low, high = own.bounds(inner)
                    value = number_between(feature, _larger(lower, low), _smaller(upper, high))
                    if value is not None:
                        return value, True
        value = number_between(feature, lower, upper)
        return value, value is not None


def _populated(term: Term) -> list[tuple[int, ...]]:
    return [tuple(map(int, place)) for place in np.argwhere(term.customers > 0)]


def _bin(axis: Bins, value: Any) -> int:
    if value is None:
        return MISSING
    if isinstance(axis, NumberBins):
        return bisect_right(axis.cuts, value) + 1
    return axis.values.get(value, axis.count - 1)


def _larger(one: float | None, other: float | None) -> float | None:
    return max((x for x in (one, other) if x is not None), default=None)


def _smaller(one: float | None, other: float | None) -> float | None:
    return min((x for x in (one, other) if x is not None), default=None)


def number_between(feature: Feature, lower: float | None, upper: float | None) -> float | None:
    """The shortest number from `lower` up to below `upper` that the contract allows; None if there is none."""
    lower, top = _larger(lower, feature.minimum), feature.maximum
    if lower is None:
        lower = 0.0 if upper is None else upper - max(1.0, abs(upper))
    if upper is None:
        upper = math.inf
    if feature.kind.whole or feature.kind.dated:
        value: float | None = float(math.ceil(lower))
    else:
        middle = lower if math.isinf(upper) else lower + (upper - lower) / 2
        shorter = (float(f"{middle:.{digits}g}") for digits in range(1, 18))
        value = next((one for one in shorter if lower <= one < upper), lower)
    assert value is not None
    return value if lower <= value < upper and (top is None or value <= top) else None


def path_rows(bases: Sequence[Row], contract: Contract, tree: Node) -> Iterator[Row]:
    """Rows that reach every rule of the segments, and every border from both sides with the rest of its rule met."""
    for place, (path, test) in enumerate(_paths(tree, contract, {})):
        row = dict(bases[place % len(bases)])
        for condition in path.values():
            row[condition.feature] = _fitting(condition, row[condition.feature], contract, bases)
        if test is None:
            yield row
            continue
        yield from ({**row, test.feature: value} for value in _borders(test, contract[test.feature]))


def _paths(
    tree: Node, contract: Contract, path: Mapping[str, Condition]
) -> Iterator[tuple[Mapping[str, Condition], Condition | None]]:
    """The conditions on the way to each split with its test, and on the way to each leaf with None."""
    yield path, None if isinstance(tree, Leaf) else tree.test
    if isinstance(tree, Leaf):
        return
    may_miss = contract[tree.test.feature].missing is not None
    for test, below in ((tree.test, tree.yes), (tree.test.opposite(may_miss), tree.no)):
        known = path.get(test.feature)
        both = test if known is None else known & test
        if both is not None:  # otherwise no row can go there
            yield from _paths(below, contract, {**path, test.feature: both})


def _borders(test: Condition, feature: Feature) -> list[Value]:
    """Values on either side of a test's borders."""
    values: list[Value] = [None] if feature.missing is not None else []
    if isinstance(test, NumberCondition):
        for edge in (test.lower, test.upper):
            if edge is not None:
                near = math.floor(edge) - 1.0 if feature.kind.dated else float(np.nextafter(edge, -np.inf))
                values += [near, float(math.ceil(edge)) if feature.kind.dated else edge]
    elif isinstance(test, CategoryCondition):
        values += test.values
    return values


def _fitting(condition: Condition, value: Value, contract: Contract, bases: Sequence[Row]) -> Value:
    """A value that meets a condition: the one at hand, if it does."""
    feature = contract[condition.feature]
    if isinstance(condition, MissingCondition):
        return None
    if isinstance(condition, CategoryCondition):
        if (value in condition.values) == condition.inside and value is not None:
            return value
        if condition.inside:
            return condition.values[0]
        known: list[Value] = [*feature.order, *(row[feature.name] for row in bases), UNSEEN]
        return next(one for one in known if one is not None and one not in condition.values)
    if condition.lower is None and condition.upper is None:
        return next((row[feature.name] for row in bases if row[feature.name] is not None), value)
    if isinstance(value, float | int) and _inside(condition, value):
        return value
    return number_between(feature, condition.lower, condition.upper)


def _inside(condition: NumberCondition, value: float) -> bool:
    return (condition.lower is None or value >= condition.lower) and (
        condition.upper is None or value < condition.upper
    )
