"""How much of what customers do their segments explain: variance between segments over all variance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from northstar_explain.learn.themes import Theme, theme_scores


@dataclass(frozen=True)
class Behavior:
    """Shares of variance between groups, each 0 to 1.

    Attributes
    ----------
    mean : float
        Over the features.
    themes_mean : float
        Over the themes.
    by_theme : mapping of str to float
        The mean over the features of each theme.
    by_feature : mapping of str to float
    """

    mean: float
    themes_mean: float
    by_theme: Mapping[str, float]
    by_feature: Mapping[str, float]


def explained(values: np.ndarray, owner: Sequence[str], themes: Sequence[Theme], groups: np.ndarray) -> Behavior:
    """Measure the groups on rows; for an honest figure, on others than they were learned from.

    Parameters
    ----------
    values : ndarray of float, shape (n, axes)
        As of `Space.values`: NaN where a value is missing or not applicable; such rows do not count for the feature.
    owner : sequence of str
        The feature of each axis.
    themes : sequence of Theme
    groups : ndarray of int, shape (n,)

    Returns
    -------
    Behavior
        Eta squared (Fisher 1925) of each feature; of a category, over all its indicators.
    """
    codes = np.unique(groups, return_inverse=True)[1]
    between, total = np.array([_sums_of_squares(column, codes) for column in values.T]).T
    by_feature = {}
    for name, mine in _places(owner).items():
        whole = float(total[mine].sum())
        by_feature[name] = min(1.0, float(between[mine].sum()) / whole) if whole > 0 else 0.0
    by_theme = {theme.name: float(np.mean([by_feature[name] for name in theme.features])) for theme in themes}
    return Behavior(float(np.mean(list(by_feature.values()))), float(np.mean(list(by_theme.values()))), by_theme,
                    by_feature)  # fmt: skip


def _places(owner: Sequence[str]) -> dict[str, list[int]]:
    """The axes of each feature."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(owner):
        places.setdefault(name, []).append(place)
    return places


def _sums_of_squares(column: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """The sum of squares between groups, and that of all known values."""
    known = ~np.isnan(column)
    x, group = column[known], codes[known]
    if not len(x):
        return 0.0, 0.0
    x = x - x.mean()
    counts, sums = np.bincount(group), np.bincount(group, x)
    return float((np.square(sums) / np.maximum(counts, 1)).sum()), float(x @ x)


def least_difference(values: np.ndarray, owner: Sequence[str], themes: Sequence[Theme], groups: np.ndarray) -> float:
    """How far the two groups that are most alike differ in the theme in which they differ most.

    Returns
    -------
    float
        In standard deviations of all customers; 0 where two groups differ in no theme that applies to both.
    """
    codes = np.unique(groups, return_inverse=True)[1]
    count = int(codes.max()) + 1
    largest = np.zeros((count, count))
    for scores in theme_scores(values, owner, themes).values():
        for column in scores.T:
            known = ~np.isnan(column)
            sizes = np.bincount(codes[known], minlength=count)
            means = np.bincount(codes[known], column[known], count) / np.maximum(sizes, 1)
            apart = np.abs(means[:, None] - means[None, :])
            # A theme that applies to nobody in a group cannot tell it from another.
            apart[sizes == 0] = 0.0
            apart[:, sizes == 0] = 0.0
            largest = np.maximum(largest, apart)
    if count < 2:
        return 0.0
    return float(largest[~np.eye(count, dtype=bool)].min())
