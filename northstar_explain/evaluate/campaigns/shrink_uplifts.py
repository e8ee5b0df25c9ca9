"""Measured uplifts of many small cells, pulled towards their mean as far as they are noise (empirical Bayes)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from northstar_explain.evaluate.campaigns.uplift_intervals import Counts

_ROUNDS = 60


class Shrunk(NamedTuple):
    """Uplifts after shrinking.

    Attributes
    ----------
    uplifts : ndarray of float, shape (n,)
        Between the measured one and the mean; the mean for a cell without customers in both groups.
    spread : float
        Standard deviation of the true uplifts between cells; 0 where they differ no more than by chance.
    """

    uplifts: np.ndarray
    spread: float


def shrink(cells: Sequence[Counts], overall: float) -> Shrunk:
    """Shrink uplifts towards their mean.

    True uplifts of cells are taken as normal around a mean, measured ones as normal around the true ones; what is
    returned is the mean of the true one given the measured one (Efron and Morris 1975, JASA 70:311-319). The variance
    between cells is that of Paule and Mandel (1982, J. Res. NBS 87:377-385): with it, squared deviations in units of
    their standard errors sum to what chance alone gives.

    Parameters
    ----------
    cells : sequence of Counts
    overall : float
        The uplift of all cells together, used where fewer than two can be compared.

    Returns
    -------
    Shrunk
    """
    compared = np.array([cell.compared for cell in cells], dtype=bool)
    if compared.sum() < 2:
        return Shrunk(np.full(len(cells), overall), 0.0)
    kept = [cell for cell in cells if cell.compared]
    uplift, noise = np.array([cell.uplift for cell in kept]), np.array([_noise(cell) for cell in kept])
    between = _between(uplift, noise)
    mean = _mean(uplift, noise, between)
    shrunk = np.full(len(cells), mean)
    shrunk[compared] = mean + between / (between + noise) * (uplift - mean)
    return Shrunk(shrunk, float(np.sqrt(between)))


def _noise(cell: Counts) -> float:
    """Variance of a measured uplift, from the rate of both groups together: with it, noise and uplift are unrelated."""
    # Half a buyer more each way, so that a cell in which nobody bought is not taken as certain.
    rate = (cell.treated_bought + cell.control_bought + 0.5) / (cell.treated + cell.control + 1.0)
    return rate * (1.0 - rate) * (1.0 / cell.treated + 1.0 / cell.control)


def _mean(uplift: np.ndarray, noise: np.ndarray, between: float) -> float:
    weights = 1.0 / (noise + between)
    return float((weights * uplift).sum() / weights.sum())


def _excess(uplift: np.ndarray, noise: np.ndarray, between: float) -> float:
    """Squared deviations beyond those that chance gives; it falls as the variance between cells rises."""
    mean = _mean(uplift, noise, between)
    return float(((uplift - mean) ** 2 / (noise + between)).sum()) - (len(uplift) - 1)


def _between(uplift: np.ndarray, noise: np.ndarray) -> float:
    if _excess(uplift, noise, 0.0) <= 0:
        return 0.0
    low, high = 0.0, 1.0  # rates differ by less than 1, so does the standard deviation of their differences
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if _excess(uplift, noise, middle) > 0 else (low, middle)
    return (low + high) / 2
