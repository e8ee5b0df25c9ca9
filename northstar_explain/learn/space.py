"""The space in which KMeans measures: what is near in it is what a segment treats as alike.

The kind of a feature decides its transform (see `contract.kinds`): counts and days are taken on a log scale;
amounts and durations too, in units of their own median; rates and ratios as they are; ordered categories by rank.
Each is scaled to unit variance, and the categories of one feature together count as one column. A missing value lies
at the average: it says nothing about similarity.

A space of many columns that move together measures one thing many times, and any noise as often as it has columns.
So only a few features are taken: the principal variables (McCabe 1984), chosen one by one, each the one that explains
most of what all allowed features still vary by. A feature that explains little more than itself is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Feature

FEWEST, MOST = 2, 4
# A feature that carries nothing but itself explains 1 feature's worth of variance.
_WORTH = 1.2


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
    centre, scale : float
        What is subtracted, and what it is then multiplied with.
    """

    feature: Feature
    value: str | None
    unit: float
    centre: float
    scale: float


@dataclass(frozen=True)
class Space:
    """Maps customers to points."""

    axes: tuple[Axis, ...]

    def place(self, columns: Columns) -> np.ndarray:
        """Points of shape (n, axes), in float64."""
        placed = [(_transformed(columns[axis.feature.name], axis) - axis.centre) * axis.scale for axis in self.axes]
        return np.nan_to_num(np.column_stack(placed), nan=0.0)


def learn_space(columns: Columns, features: Sequence[Feature]) -> Space:
    """Choose centre and scale of each column.

    Parameters
    ----------
    columns : mapping
        The rows to learn from.
    features : sequence of Feature
        Those that similarity is measured by.

    Returns
    -------
    Space
        Features that do not vary are left out.
    """
    return Space(tuple(axis for feature in features for axis in _axes(columns[feature.name], feature)))


def principal(columns: Columns, features: Sequence[Feature]) -> tuple[tuple[Feature, float], ...]:
    """Choose the few features that carry most of what all of them vary by.

    Parameters
    ----------
    columns : mapping
        The rows to learn from.
    features : sequence of Feature
        Those to choose from; each must vary.

    Returns
    -------
    tuple of (Feature, float)
        From two to four, in the order of choice, each with the variance it explains that those before it did not:
        1 is one feature's worth.
    """
    placed = [Space(tuple(_axes(columns[feature.name], feature))).place(columns) for feature in features]
    spaces = np.concatenate(placed, axis=1)
    owner = np.repeat(np.arange(len(features)), [points.shape[1] for points in placed])
    left = np.cov(spaces, rowvar=False)
    chosen: list[tuple[Feature, float]] = []
    for _ in range(min(MOST, len(features))):
        gains = np.array([_explained(left, owner == i) for i in range(len(features))])
        best = int(gains.argmax())
        if len(chosen) >= FEWEST and gains[best] < _WORTH:
            break
        chosen.append((features[best], float(gains[best])))
        mine = owner == best
        # What is left of all columns once they are regressed on this feature; the indicator columns of a category are
        # collinear, hence the pseudo-inverse.
        left = left - left[:, mine] @ np.linalg.pinv(left[np.ix_(mine, mine)], rcond=1e-9) @ left[mine]
    return tuple(chosen)


def _explained(covariance: np.ndarray, mine: np.ndarray) -> float:
    """Variance of all columns that a regression on some of them explains."""
    own, cross = covariance[np.ix_(mine, mine)], covariance[mine]
    if np.trace(own) < 1e-6:
        return 0.0
    return float(np.trace(cross.T @ np.linalg.pinv(own, rcond=1e-9) @ cross))


def _axes(column: np.ndarray | Category, feature: Feature) -> list[Axis]:
    values = _values(column, feature)
    axes = []
    for value in values:
        raw = Axis(feature, value, _unit(column, feature), 0.0, 1.0)
        known = _transformed(column, raw)
        known = known[~np.isnan(known)]
        if len(known) and known.std() > 0:
            scale = 1 / (float(known.std()) * np.sqrt(len(values)))
            axes.append(Axis(feature, value, raw.unit, float(known.mean()), float(scale)))
    return axes


def _unit(column: np.ndarray | Category, feature: Feature) -> float:
    return 1.0 if isinstance(column, Category) else feature.kind.transform_unit(column)


def _values(column: np.ndarray | Category, feature: Feature) -> Sequence[str | None]:
    return feature.kind.indicators(column) if isinstance(column, Category) else (None,)


def _transformed(column: np.ndarray | Category, axis: Axis) -> np.ndarray:
    kind = axis.feature.kind
    if isinstance(column, Category):
        return kind.transform_categories(column, axis.value, axis.feature.order)
    return kind.transform(column, axis.unit)
