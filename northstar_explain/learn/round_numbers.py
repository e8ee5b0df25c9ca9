"""Round numbers, as people say them: the only thresholds that a rule may use."""

from __future__ import annotations

import numpy as np

from northstar_explain.contract.features import Feature


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
        In ascending order; of several that split the customers alike, the first.
    """
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return np.empty(0)
    grid = feature.kind.threshold_grid(float(known[0]), float(known[-1]), feature.unit)
    below = np.searchsorted(known, grid, side="left")
    least = max(1, int(np.ceil(least_share * len(known))))
    keep = (below >= least) & (below <= len(known) - least)
    keep &= np.concatenate([[True], np.diff(below) > 0])
    return grid[keep]


def border(feature: Feature, values: np.ndarray, threshold: float) -> tuple[float, float]:
    """The values that are closer to a threshold than to the round numbers beside it.

    Parameters
    ----------
    feature : Feature
    values : ndarray of float, shape (n,)
        NaN where missing.
    threshold : float

    Returns
    -------
    lowest, highest : float
        Values from the lowest up to, but not including, the highest are close: half a step to either side.
    """
    known = values[~np.isnan(values)]
    grid = feature.kind.threshold_grid(float(known.min()), float(known.max()), feature.unit)
    below, above = grid[grid < threshold], grid[grid > threshold]
    down = (threshold - below[-1]) / 2 if len(below) else abs(threshold) / 2
    up = (above[0] - threshold) / 2 if len(above) else down
    return float(threshold - down), float(threshold + up)
