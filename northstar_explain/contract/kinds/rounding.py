"""Round numbers and transforms that several kinds share."""

from __future__ import annotations

import numpy as np

# Leading digits that people round to.
_LEADING = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 8.0)
SHARE_STEP = 0.05  # what a share moves by: one e-mail of twenty
SHARES = (0.01, 0.02, 0.03, *(step / 20 for step in range(1, 20)), 0.98, 0.99, 1.0)


def round_numbers(low: float, high: float) -> np.ndarray:
    """Numbers of one and a half digits that cover values from `low` to `high`, six powers of ten deep.

    With negative values the grid is symmetric and holds zero, which separates gains from losses.
    """
    # A column of zeros has no size of its own.
    size = max(abs(low), abs(high), 1e-6)
    top = int(np.ceil(np.log10(size)))
    steps = sorted({float(f"{lead}e{power}") for power in range(top - 5, top + 1) for lead in _LEADING})
    numbers = np.array(steps)
    return np.concatenate([-numbers[::-1], [0.0], numbers]) if low < 0 else numbers


def tenth(size: float) -> float:
    """A tenth of a size, to two digits."""
    return float(f"{abs(size) / 10:.2g}")


def signed_log(values: np.ndarray, unit: float = 1.0) -> np.ndarray:
    """The logarithm of 1 plus the size, in units, with the value's sign."""
    logs: np.ndarray = np.sign(values) * np.log1p(np.abs(values) / unit)
    return logs


# On a log scale, zero lies as far below a typical amount as the amount is above a fiftieth of itself: that nothing was
# spent is a larger difference than twice as much, and a little more than nothing is a smaller one.
_UNITS_IN_MEDIAN = 150


def log_unit(values: np.ndarray) -> float:
    """The unit in which amounts are put on a log scale, so that the choice of a currency changes nothing."""
    return median_size(values) / _UNITS_IN_MEDIAN


def median_size(values: np.ndarray) -> float:
    """The median size of the values that are neither missing nor zero; 1 where there are none."""
    size = np.abs(values[~np.isnan(values) & (values != 0)])
    return float(np.median(size)) if len(size) else 1.0
