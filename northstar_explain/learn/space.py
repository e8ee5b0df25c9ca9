"""The space in which KMeans measures: what is near in it is what a segment treats as alike.

Counts, amounts, days and durations are taken on a log scale, since the step from 1 order to 2 means more than the one
from 21 to 22; rates as they are; ordered categories by rank. Each is scaled to unit variance. Then each group of
features is weighted by one over the square root of its number of columns, so that a group that happens to have many
columns does not drown one that has few. A missing value lies at the average: it says nothing about likeness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from northstar_explain.contract import Category, Columns, Contract, Feature, Kind

_LOGGED = (Kind.COUNT, Kind.AMOUNT, Kind.DAYS, Kind.DURATION)


@dataclass(frozen=True)
class Axis:
    """One column of the space.

    Attributes
    ----------
    feature : Feature
    value : str or None
        The category whose presence the column shows, for unordered categories.
    centre, scale : float
        What is subtracted, and what it is then multiplied with.
    """

    feature: Feature
    value: str | None
    centre: float
    scale: float


@dataclass(frozen=True)
class Space:
    """Maps customers to points."""

    axes: tuple[Axis, ...]

    def place(self, columns: Columns) -> np.ndarray:
        """Points of shape (n, axes), in float64."""
        placed = [
            (_transformed(columns[axis.feature.name], axis.feature, axis.value) - axis.centre) * axis.scale
            for axis in self.axes
        ]
        return np.nan_to_num(np.column_stack(placed), nan=0.0)


def learn_space(columns: Columns, features: Sequence[Feature], contract: Contract) -> Space:
    """Choose centre and scale of each column.

    Parameters
    ----------
    columns : mapping
        The rows to learn from.
    features : sequence of Feature
        Those that shall measure likeness.
    contract : Contract
        Its groups are balanced against each other.

    Returns
    -------
    Space
        Features that do not vary are left out.
    """
    found: list[tuple[Feature, str | None, float, float]] = []
    for feature in features:
        for value in _values(columns[feature.name], feature):
            known = _transformed(columns[feature.name], feature, value)
            known = known[~np.isnan(known)]
            if len(known) and known.std() > 0:
                found.append((feature, value, float(known.mean()), float(known.std())))
    sizes = {group: sum(item[0].group == group for item in found) for group in contract.groups}
    return Space(
        tuple(
            Axis(feature, value, centre, 1 / (spread * np.sqrt(max(1, sizes.get(feature.group, 1)))))
            for feature, value, centre, spread in found
        )
    )


def _values(column: np.ndarray | Category, feature: Feature) -> Sequence[str | None]:
    if feature.kind is Kind.CATEGORY and isinstance(column, Category):
        return sorted(column.values)
    return (None,)


def _transformed(column: np.ndarray | Category, feature: Feature, value: str | None) -> np.ndarray:
    if isinstance(column, Category):
        table = {value: 1} if value is not None else {v: i for i, v in enumerate(feature.order)}
        codes = column.lookup(table, -1, 0 if value is not None else -1).astype(np.float64)
        codes[codes < 0] = np.nan
        return codes
    if feature.kind in _LOGGED:
        return np.sign(column) * np.log1p(np.abs(column))
    return column
