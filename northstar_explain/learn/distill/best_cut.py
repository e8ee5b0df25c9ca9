"""The best cut of a set of rows into two clusters: its exact cost, feature by feature."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy import sparse

from .running_sums import running_sums

# What one evaluation takes beside its sums.
EVALUATION_WORK = 15_000
# Up to so many numbers a row, a step of Python takes longer than additions that wait for each other.
NARROW = 90


class BestCut:
    """Costs of the best cut, for any rows of one data set.

    Parameters
    ----------
    codes : ndarray of int of shape (p, n)
        Of each feature, ascending from 0; a cut is between two codes.
    positions : ndarray of shape (n, d)
        Where each row lies, about the mean of all.
    """

    def __init__(self, codes: np.ndarray, positions: np.ndarray) -> None:
        self.codes = np.ascontiguousarray(codes, dtype=np.int32)
        self.sizes = codes.max(axis=1) + 1
        self.positions = positions
        self.work = 0.0
        self._squares = np.einsum("nd,nd->n", positions, positions)
        self._order = np.argsort(self.codes, axis=1, kind="stable")
        # Written over by each evaluation: new memory costs more than what is computed in it.
        self._sums = np.empty(0)

    def exact(self, rows: np.ndarray, features: np.ndarray) -> np.ndarray:
        """The cost of the best cut of each feature.

        Parameters
        ----------
        rows : ndarray of int of shape (m,)
            Two or more.
        features : ndarray of int of shape (f,)

        Returns
        -------
        ndarray of shape (f,)
            Infinite for a feature that does not divide the rows.
        """
        held = np.zeros(len(self.positions))
        held[rows] = 1.0
        mean = held @ self.positions / len(rows)
        positions = self.positions - mean
        total = float(held @ self._squares) - len(rows) * float(mean @ mean)
        # Whichever are fewer: the rows in the order of each feature, or its codes.
        few = len(rows) * len(features) < self.sizes[features].sum()
        costs = (self._by_row if few else self._by_code)(rows, features, positions, total)
        least: np.ndarray = np.maximum(costs, 0.0)
        return least

    def _by_row(self, rows: np.ndarray, features: np.ndarray, positions: np.ndarray, total: float) -> np.ndarray:
        within = np.zeros(len(positions), dtype=bool)
        within[rows] = True
        order = self._order[features]
        order = order[within[order]].reshape(len(features), len(rows))
        shape = len(rows), len(features), positions.shape[1]
        self.work += 1.5 * order.size * shape[2] + EVALUATION_WORK
        if self._sums.size < order.size * shape[2]:
            self._sums = np.empty(order.size * shape[2])
        sums = self._sums[: order.size * shape[2]].reshape(shape)
        np.take(positions, order.T, axis=0, out=sums, mode="clip")
        if sums[0].size <= NARROW:
            np.cumsum(sums, axis=0, out=sums)
        else:
            # Row by row over all features: numpy's own running sum waits for each addition before the next.
            for before, row in pairwise(sums):
                row += before
        held = np.arange(1.0, len(rows))[:, None]
        lengths = np.einsum("nfd,nfd->nf", sums[:-1], sums[:-1])
        costs = _divided(total, lengths, held, len(rows))
        codes = np.take_along_axis(self.codes[features], order, axis=1)
        costs[(codes[:, 1:] == codes[:, :-1]).T] = np.inf
        least: np.ndarray = costs.min(axis=0)
        return least

    def _by_code(self, rows: np.ndarray, features: np.ndarray, positions: np.ndarray, total: float) -> np.ndarray:
        offsets = np.concatenate([[0], np.cumsum(self.sizes[features])]).astype(np.intp)
        cells = self.codes[features].take(rows, axis=1) + offsets[:-1, None].astype(np.int32)
        self.work += (0.5 * cells.size + offsets[-1]) * positions.shape[1] + EVALUATION_WORK
        ends = np.arange(0, cells.size + 1, len(features))
        member = sparse.csc_array((np.ones(cells.size), cells.T.ravel(), ends), shape=(int(offsets[-1]), len(rows)))
        # One running sum over all features: those before have summed all rows, which are 0 about their mean.
        sums = running_sums(member @ positions[rows])
        counts = np.cumsum(np.bincount(cells.ravel(), minlength=int(offsets[-1]))).astype(float)
        held = counts - np.repeat(np.arange(len(features)), np.diff(offsets)) * len(rows)
        costs = _divided(total, np.einsum("nd,nd->n", sums, sums), held, len(rows))
        costs[(held < 0.5) | (held > len(rows) - 0.5)] = np.inf
        least: np.ndarray = np.minimum.reduceat(costs, offsets[:-1])
        return least

    def undivided(self, rows: np.ndarray) -> float:
        """What rows cost as one leaf."""
        positions = self.positions[rows]
        return float(np.square(positions - positions.mean(axis=0)).sum())


def _divided(total: float, lengths: np.ndarray, held: np.ndarray, rows: int) -> np.ndarray:
    """What two sides cost, from the squared length of what one sums to: about the mean the other lacks as much."""
    costs: np.ndarray = total - lengths * (1.0 / np.maximum(held, 1.0) + 1.0 / np.maximum(rows - held, 1.0))
    return costs
