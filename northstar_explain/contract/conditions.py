"""Conditions on one feature: the range of a number, the values of a category, or whether it is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from northstar_explain.contract.categories import Category


@dataclass(frozen=True)
class NumberCondition:
    """``lower <= value < upper``; with `missing`, a missing value matches too.

    Without bounds, every known value matches; such a condition may also be on a category.
    """

    feature: str
    lower: float | None = None
    upper: float | None = None
    missing: bool = False

    def matches(self, column: np.ndarray | Category) -> np.ndarray:
        """Rows that match, as a mask; comparisons in float64."""
        if isinstance(column, Category):
            assert self.lower is None and self.upper is None
            return (column.codes >= 0) | self.missing
        matches = np.ones(len(column), dtype=bool)
        if self.lower is not None:
            matches &= column >= self.lower
        if self.upper is not None:
            matches &= column < self.upper
        # Comparisons with NaN are False, which is wrong where missing values match, so they are set explicitly.
        absent = np.isnan(column)
        matched: np.ndarray = matches | absent if self.missing else matches & ~absent
        return matched

    def opposite(self, may_miss: bool) -> Condition:
        """The condition that matches the other rows; only for one bound or none."""
        if self.lower is None and self.upper is None:
            return MissingCondition(self.feature)
        return NumberCondition(self.feature, self.upper, self.lower, may_miss and not self.missing)

    def __and__(self, other: Condition) -> Condition | None:
        if not isinstance(other, NumberCondition):
            return other & self
        lower = max((x for x in (self.lower, other.lower) if x is not None), default=None)
        upper = min((x for x in (self.upper, other.upper) if x is not None), default=None)
        missing = self.missing and other.missing
        if lower is not None and upper is not None and lower >= upper:
            return MissingCondition(self.feature) if missing else None
        return NumberCondition(self.feature, lower, upper, missing)


@dataclass(frozen=True)
class CategoryCondition:
    """The value is one of `values` (or, where not `inside`, none of them); with `missing`, a missing one too."""

    feature: str
    values: tuple[str, ...]
    inside: bool = True
    missing: bool = False

    def matches(self, column: Category) -> np.ndarray:
        """Rows that match, as a mask."""
        table = dict.fromkeys(self.values, int(self.inside))
        return column.lookup(table, int(self.missing), int(not self.inside)).astype(bool)

    def opposite(self, may_miss: bool) -> Condition:
        """The condition that matches the other rows."""
        return CategoryCondition(self.feature, self.values, not self.inside, may_miss and not self.missing)

    def __and__(self, other: Condition) -> Condition | None:
        if isinstance(other, NumberCondition):  # that the value is known
            return replace(self, missing=self.missing and other.missing)
        if isinstance(other, MissingCondition):
            return other & self
        missing = self.missing and other.missing
        # With a list of allowed values on either side, the result is a list of allowed values.
        if self.inside or other.inside:
            first, second = (self, other) if self.inside else (other, self)
            values = tuple(v for v in first.values if (v in second.values) == second.inside)
            if not values:
                return MissingCondition(self.feature) if missing else None
            return CategoryCondition(self.feature, values, True, missing)
        values = (*self.values, *(v for v in other.values if v not in self.values))
        return CategoryCondition(self.feature, values, False, missing)


@dataclass(frozen=True)
class MissingCondition:
    """The value is missing."""

    feature: str

    def matches(self, column: np.ndarray | Category) -> np.ndarray:
        """Rows that match, as a mask."""
        return column.codes < 0 if isinstance(column, Category) else np.isnan(column)

    def opposite(self, may_miss: bool) -> Condition:
        """The value is known."""
        return NumberCondition(self.feature)

    def __and__(self, other: Condition) -> Condition | None:
        return self if isinstance(other, MissingCondition) or other.missing else None


Condition = NumberCondition | CategoryCondition | MissingCondition


def union(one: Condition, other: Condition) -> Condition | None:
    """The condition that matches the rows that either matches; None where no single one does.

    Without bounds and with missing values it matches every row.
    """
    if isinstance(other, MissingCondition):
        one, other = other, one
    if isinstance(one, MissingCondition):
        return other if isinstance(other, MissingCondition) else replace(other, missing=True)
    assert not isinstance(other, MissingCondition)
    missing = one.missing or other.missing
    if isinstance(one, NumberCondition) and isinstance(other, NumberCondition):
        return _joined_ranges(one, other, missing)
    anything = NumberCondition(one.feature, missing=missing)
    if isinstance(one, NumberCondition) or isinstance(other, NumberCondition):  # that the value is known
        return anything
    if one.inside and other.inside:
        return replace(one, values=tuple(dict.fromkeys(one.values + other.values)), missing=missing)
    if one.inside:
        one, other = other, one
    left = tuple(value for value in one.values if (value in other.values) != other.inside)
    return replace(one, values=left, missing=missing) if left else anything


def _joined_ranges(one: NumberCondition, other: NumberCondition, missing: bool) -> NumberCondition | None:
    low, high = sorted((one, other), key=lambda condition: (condition.lower is not None, condition.lower or 0.0))
    # A gap between the ranges: no single range covers both and nothing else.
    if high.lower is not None and low.upper is not None and low.upper < high.lower:
        return None
    upper = None if low.upper is None or high.upper is None else max(low.upper, high.upper)
    return NumberCondition(one.feature, low.lower, upper, missing)


def matches(conditions: Sequence[Condition], columns: Mapping[str, np.ndarray | Category]) -> np.ndarray:
    """Rows that meet every condition.

    Parameters
    ----------
    conditions : sequence of Condition
        At least one.
    columns : mapping
        Name to float64 array or `Category`, each of length n.

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    first, *others = (condition.matches(columns[condition.feature]) for condition in conditions)  # type: ignore[arg-type]
    met: np.ndarray = first
    for other in others:
        met = met & other
    return met


def simplify(conditions: Iterable[Condition]) -> tuple[Condition, ...] | None:
    """Merge the conditions on each feature into one, in the order in which features first appear.

    Conditions that no row can match together, such as a value both missing and known, give None.
    """
    merged: dict[str, Condition] = {}
    for condition in conditions:
        before = merged.get(condition.feature)
        both = condition if before is None else before & condition
        if both is None:
            return None
        merged[condition.feature] = both
    return tuple(merged.values())


def to_json(condition: Condition) -> dict[str, Any]:
    """The condition as JSON data."""
    if isinstance(condition, MissingCondition):
        return {"feature": condition.feature, "is": "missing"}
    if isinstance(condition, NumberCondition):
        data: dict[str, Any] = {"feature": condition.feature, "is": "number"}
        data |= {"at_least": condition.lower, "below": condition.upper, "or_missing": condition.missing}
        return data
    key = "in" if condition.inside else "not_in"
    return {
        "feature": condition.feature,
        "is": "category",
        key: list(condition.values),
        "or_missing": condition.missing,
    }


def from_json(data: dict[str, Any]) -> Condition:
    """The condition that `to_json` wrote."""
    if data["is"] == "missing":
        return MissingCondition(data["feature"])
    if data["is"] == "number":
        return NumberCondition(data["feature"], data["at_least"], data["below"], data["or_missing"])
    inside = "in" in data
    return CategoryCondition(data["feature"], tuple(data["in" if inside else "not_in"]), inside, data["or_missing"])
