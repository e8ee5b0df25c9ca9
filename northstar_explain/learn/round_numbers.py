"""Round numbers, as people say them: the only thresholds that a rule may use."""

from __future__ import annotations

import numpy as np

from northstar_explain.contract import Feature, Kind

_COUNTS = (*range(1, 11), 12, 15, 20, 25, 30, 40, 50, 60, 75, 100, 120, 150, 200, 250, 300, 400, 500, 750)
_DAYS = (2, 3, 5, 7, 10, 14, 21, 28, 30, 45, 60, 75, 90, 120, 150, 180, 240, 270, 300, 330, 365, 540, 730, 1095, 1460,
         1825, 2555, 3650)  # fmt: skip
_RATES = (0.01, 0.02, 0.03, *(step / 20 for step in range(1, 20)), 0.98, 0.99, 1.0)
_SECONDS = (
    10,
    15,
    20,
    30,
    45,
    60,
    90,
    120,
    150,
    180,
    240,
    300,
    360,
    420,
    480,
    600,
    900,
    1200,
    1800,
    2700,
    3600,
    7200,
)
_LEADING = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 8.0)


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
    grid = _grid(feature, float(known[0]), float(known[-1]))
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
    grid = _grid(feature, float(known.min()), float(known.max()))
    below, above = grid[grid < threshold], grid[grid > threshold]
    down = (threshold - below[-1]) / 2 if len(below) else abs(threshold) / 2
    up = (above[0] - threshold) / 2 if len(above) else down
    return float(threshold - down), float(threshold + up)


def _grid(feature: Feature, low: float, high: float) -> np.ndarray:
    grids = {Kind.DAYS: _DAYS, Kind.RATE: _RATES, Kind.COUNT: _COUNTS}
    if feature.kind is Kind.DURATION and feature.unit == "seconds":
        return np.array(_SECONDS, dtype=np.float64)
    grid = np.array(grids.get(feature.kind, ()), dtype=np.float64)
    if not len(grid) or high > grid[-1] or low < 0:
        # Beyond a kind's own list, and for amounts, one and a half digits; zero parts gains from losses.
        grid = np.union1d(grid, _round_numbers(low, high))
        grid = np.round(grid) if feature.kind.whole else grid
    return np.unique(grid)


def _round_numbers(low: float, high: float) -> np.ndarray:
    size = max(abs(low), abs(high), 1e-6)
    top = int(np.ceil(np.log10(size)))
    steps = sorted({float(f"{lead}e{power}") for power in range(top - 5, top + 1) for lead in _LEADING})
    numbers = np.array(steps)
    return np.concatenate([-numbers[::-1], [0.0], numbers]) if low < 0 else numbers
