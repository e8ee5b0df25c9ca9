"""Percentile and decile of a probability among those of the training population."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from northstar_explain.model.grid import Grid, distinct


class Percentiles:
    """Percentiles against the training population, to 0.1.

    Parameters
    ----------
    quantiles : sequence of float
        1,001 quantiles of its probabilities, ascending.
    """

    def __init__(self, quantiles: Sequence[float] | np.ndarray):
        quantiles = np.asarray(quantiles)
        steps = distinct(quantiles)
        # Many customers may share a probability; the highest of their ranks counts them all as "not higher".
        lower = np.searchsorted(quantiles, steps, side="right") - 1
        self._below = np.concatenate([[0], np.clip(lower, 0, 1000) / 10])
        self._grid = Grid(steps)

    def __call__(self, probability: np.ndarray) -> np.ndarray:
        """The percentage of training customers whose probability is not higher.

        Parameters
        ----------
        probability : ndarray of float, shape (n,)

        Returns
        -------
        ndarray of float, shape (n,)
            0 to 100.
        """
        return self._below.take(self._grid(probability))


def decile(percentile: np.ndarray) -> np.ndarray:
    """1 to 10, 10 the highest, as int8."""
    # Percentile 100 belongs to the highest decile, not to an eleventh.
    deciles: np.ndarray = np.minimum(percentile // 10, 9).astype(np.int8) + np.int8(1)
    return deciles
