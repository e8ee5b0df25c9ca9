"""Round numbers, as people say them: the only thresholds that a rule may use."""

from __future__ import annotations

import numpy as np

from northstar_explain.contract.features import Feature
from northstar_explain.contract.kinds.rounding import median_size


def thresholds(feature: Feature, values: np.ndarray, least_share: float) -> np.ndarray:
    """The round thresholds that separate customers.

    Parameters
    ----------
    feature : Feature
        A numeric one; its kind decides which numbers are round.
    values : ndarray of float, shape (n,)
        NaN where missing.
    least_share : float
        Smallest share of the known values that must lie on each side.

    Returns
    -------
    ndarray of float
        In ascending order; of several that split the customers alike, the first whole one, or else the first: of
        levels from 1 to 5, "below 2" and not "below 1.2".
    """
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return np.empty(0)
    grid = feature.kind.threshold_grid(float(known[0]), float(known[-1]), feature.unit)
    below = np.searchsorted(known, grid, side="left")
    least = max(1, int(np.ceil(least_share * len(known))))
    # Stable: within those that split alike, whole numbers come first, each in ascending order.
    best = np.lexsort((grid, grid != np.floor(grid), below))
    best = best[np.concatenate([[True], np.diff(below[best]) > 0])]
    taken = below[best]
    chosen: np.ndarray = grid[best[(taken >= least) & (taken <= len(known) - least)]]
    return chosen


def border(feature: Feature, values: np.ndarray, threshold: float) -> tuple[float, float] | None:
    """The values that one ordinary step of behavior separates from the other side of a threshold.

    Parameters
    ----------
    feature : Feature
        Its kind decides what a step is: one order, one week, a tenth of an amount.
    values : ndarray of float, shape (n,)
        NaN where missing.
    threshold : float

    Returns
    -------
    lowest, highest : float
        Values from the lowest up to, but not including, the highest are close: of a count and a threshold of 3, 2 and
        3 are. None where the values are 0 and 1 only: what is marked yes or no has no border.
    """
    known = values[~np.isnan(values)]
    if np.isin(known, (0.0, 1.0)).all():
        return None
    # A tenth of nothing is no step: about zero, that of an ordinary value.
    step = feature.kind.ordinary_step(threshold or median_size(known), feature.unit)
    # Twelve digits: 0.2 - 0.05 must not be more than 0.15.
    return float(f"{threshold - step:.12g}"), float(f"{threshold + step:.12g}")
