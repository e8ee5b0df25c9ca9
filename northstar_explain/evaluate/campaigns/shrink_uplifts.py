"""Measured uplifts of many small cells, pulled towards that of all as far as they are noise (empirical Bayes)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from northstar_explain.evaluate.campaigns.uplift_intervals import Counts

# Halvings of an interval: more than a float has digits for.
_ROUNDS = 60


class Shrunk(NamedTuple):
    """Uplifts after shrinking.

    Attributes
    ----------
    uplifts : ndarray of float, shape (n,)
        Between the measured one and that of all cells; the latter for a cell without customers in both groups.
    spread : float
        Standard deviation of the true uplifts between cells; 0 where they differ no more than by chance.
    """

    uplifts: np.ndarray
    spread: float


def shrink(cells: Sequence[Counts], overall: float) -> Shrunk:
    """Shrink uplifts towards that of all cells together.

    True uplifts of cells are taken as normal around the overall one, measured ones as normal around the true ones; what
    is returned is the mean of the true one given the measured one (Efron and Morris 1975, JASA 70:311-319). The
    variance between cells is that of Paule and Mandel (1982, J. Res. NBS 87:377-385): with it, squared deviations in
    units of their standard errors sum to what chance alone gives.

    Parameters
    ----------
    cells : sequence of Counts
    overall : float
        The uplift of all cells together. It counts each customer once, where a mean weighted by precision would count
        the cells in which few buy most.

    Returns
    -------
    Shrunk
    """
    compared = np.array([cell.compared for cell in cells], dtype=bool)
    kept = [cell for cell in cells if cell.compared]
    shrunk = np.full(len(cells), overall)
    # A single cell does not show how far cells are apart.
    if len(kept) < 2:
        return Shrunk(shrunk, 0.0)
    deviation, noise = np.array([cell.uplift for cell in kept]) - overall, np.array([_noise(cell) for cell in kept])
    between = _between(deviation, noise)
    shrunk[compared] += between / (between + noise) * deviation
    return Shrunk(shrunk, float(np.sqrt(between)))


def _noise(cell: Counts) -> float:
    """Variance of a measured uplift, from the rate of both groups together: with it, noise and uplift are unrelated."""
    # Half a buyer more each way, so that a cell in which nobody bought is not taken as certain.
    rate = (cell.treated_bought + cell.control_bought + 0.5) / (cell.treated + cell.control + 1.0)
    return rate * (1.0 - rate) * (1.0 / cell.treated + 1.0 / cell.control)


def _between(deviation: np.ndarray, noise: np.ndarray) -> float:
    """The variance between cells with which deviations are as large as chance makes them."""

    def excess(between: float) -> float:
        # One less than there are cells, as their mean is estimated; it falls as the variance between them rises.
        return float((deviation**2 / (noise + between)).sum()) - (len(deviation) - 1)

    if excess(0.0) <= 0:
        return 0.0
    low, high = 0.0, 4.0  # uplifts lie within -1 and 1
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2
