"""Where a probability stands among those of the training population."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def percentile(probability: np.ndarray, quantiles: Sequence[float] | np.ndarray) -> np.ndarray:
    """The share of training customers, in percent and to 0.1, whose probability is not higher.

    Parameters
    ----------
    probability : ndarray of float, shape (n,)
    quantiles : sequence of float
        1,001 quantiles of the training population, lowest first.

    Returns
    -------
    ndarray of float, shape (n,)
        0 to 100.
    """
    steps = np.searchsorted(np.asarray(quantiles), probability, side="right") - 1
    return np.clip(steps, 0, 1000) / 10


def decile(percentile: np.ndarray) -> np.ndarray:
    """1 to 10, 10 the highest, as int8."""
    return np.minimum(percentile // 10, 9).astype(np.int8) + np.int8(1)
