"""The space in which KMeans measures: customers are near where they behave alike, whatever a rule may ask about.

The kind of a feature decides its transform (see `contract.kinds`): counts and days are taken on a log scale; amounts
and durations too, in units that their own median sets; rates and ratios as they are; ordered categories by rank. Values
in the outer half percent on either side are moved to its edge, so that a few outliers neither set the scale nor make a
cluster of their own. Each feature is scaled to unit variance over the customers for whom it has a meaning, and the
categories of one feature together count as one column.

What is missing or not applicable lies at the mean of the others: it says nothing about who is alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns
from northstar_explain.contract.definedness import defined
from northstar_explain.contract.features import Feature

# Of the known values on either side.
TAIL = 0.005
# With more values, most indicators show a few customers each, and together they show nobody's behavior.
MOST_CATEGORIES = 8


@dataclass(frozen=True)
class Axis:
    """One column of the space.

    Attributes
    ----------
    feature : Feature
    value : str or None
        The category whose presence the column shows, for unordered categories.
    unit : float
        What an amount or duration is divided by before its logarithm; 1 elsewhere.
    low, high : float
        The range that transformed values are moved into.
    centre, scale : float
        What is subtracted, and what it is then multiplied with.
    """

    feature: Feature
    value: str | None
    unit: float
    low: float = -np.inf
    high: float = np.inf
    centre: float = 0.0
    scale: float = 1.0

    def values(self, columns: Columns) -> np.ndarray:
        """The coordinate of each row, shape (n,); NaN where the value is missing or not applicable."""
        values: np.ndarray = (np.clip(self.transformed(columns), self.low, self.high) - self.centre) * self.scale
        return values

    def transformed(self, columns: Columns) -> np.ndarray:
        """The values of each row before they are moved and scaled, shape (n,); NaN as in `values`."""
        kind, column = self.feature.kind, columns[self.feature.name]
        if isinstance(column, Category):
            values = kind.transform_categories(column, self.value, self.feature.order)
        else:
            values = kind.transform(column, self.unit)
        applicable = defined(self.feature, columns)
        return values if applicable is None else np.where(applicable, values, np.nan)


@dataclass(frozen=True)
class Space:
    """Maps customers to points.

    Attributes
    ----------
    axes : tuple of Axis
    weights : mapping
        Feature to what its columns are multiplied with in `place`; 1 where it is not named.
    """

    axes: tuple[Axis, ...]
    weights: Mapping[str, float]

    def values(self, columns: Columns) -> np.ndarray:
        """Standardized values of shape (n, axes), without weights; NaN where missing or not applicable."""
        return np.column_stack([axis.values(columns) for axis in self.axes])

    def place(self, columns: Columns) -> np.ndarray:
        """Points of shape (n, axes): weighted values, and 0 where there is none."""
        return self.points(self.values(columns))

    def points(self, values: np.ndarray) -> np.ndarray:
        """The points of rows whose values are known already: shape (n, axes)."""
        weights = np.array([self.weights.get(axis.feature.name, 1.0) for axis in self.axes])
        points: np.ndarray = np.nan_to_num(values * weights, nan=0.0)
        return points

    @property
    def owner(self) -> tuple[str, ...]:
        """The feature of each column."""
        return tuple(axis.feature.name for axis in self.axes)


def learn_space(columns: Columns, features: Sequence[Feature]) -> Space:
    """Choose range, center and scale of each column.

    Parameters
    ----------
    columns : mapping
        The rows to learn from, with the features that others are defined by.
    features : sequence of Feature
        Those that likeness is measured by.

    Returns
    -------
    Space
        Without weights. Features that do not vary are left out, and unordered categories of more than
        `MOST_CATEGORIES` values.
    """
    return Space(tuple(axis for feature in features for axis in _axes(columns, feature)), {})


def _axes(columns: Columns, feature: Feature) -> list[Axis]:
    column = columns[feature.name]
    indicators: Sequence[str | None] = (None,)
    unit = 1.0
    if isinstance(column, Category):
        indicators = feature.kind.indicators(column)
        if len(indicators) > MOST_CATEGORIES:
            return []
    else:
        applicable = defined(feature, columns)
        unit = feature.kind.transform_unit(column if applicable is None else column[applicable])
    axes = [_axis(Axis(feature, value, unit), columns, feature.kind.numeric) for value in indicators]
    # Together, the indicators of a category count as one column.
    share = 1 / np.sqrt(max(1, len(indicators)))
    return [Axis(a.feature, a.value, a.unit, a.low, a.high, a.centre, a.scale * share) for a in axes if a is not None]


def _axis(raw: Axis, columns: Columns, numeric: bool) -> Axis | None:
    known = raw.transformed(columns)
    known = known[~np.isnan(known)]
    if not len(known):
        return None
    # An indicator has no tail: where few customers have a category, they are no outliers.
    low, high = np.quantile(known, (TAIL, 1 - TAIL)) if numeric else (-np.inf, np.inf)
    known = np.clip(known, low, high)
    spread = float(known.std())
    if spread <= 1e-9 * max(1.0, float(np.abs(known).max())):
        return None
    return Axis(raw.feature, raw.value, raw.unit, float(low), float(high), float(known.mean()), 1 / spread)
