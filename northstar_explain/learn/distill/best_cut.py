"""The best cut of a set of rows into two clusters: quick bounds on it, feature by feature, and its exact cost.

A quick bound looks at few principal directions and merged bins. Two clusters explain of the directions that are left
out at most the scatter along the first of them, and of a merged bin that a cut divides at most all that it costs.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

# Bins that quick bounds merge codes to, and the share of the cost that they may miss along one direction.
QUICK_BINS, MISSED = 24, 0.03


class BestCut:
    """Bounds and exact costs of the best cut, for any rows of one data set.

    Parameters
    ----------
    codes : ndarray of int of shape (p, n)
        Of each feature, ascending from 0; a cut is between two codes.
    positions : ndarray of shape (n, d)
        Where each row lies, about the mean of all.
    cost : float
        What bounds are to tell from: how many directions a quick one needs depends on it.
    """

    def __init__(self, codes: np.ndarray, positions: np.ndarray, cost: float) -> None:
        self.codes = np.ascontiguousarray(codes, dtype=np.int32)
        self.sizes = codes.max(axis=1) + 1
        self.positions = positions
        scatter, turned = np.linalg.eigh(positions.T @ positions)
        directions = int((scatter > MISSED * cost).sum())
        # Ascending: the last ones hold most.
        self._main = np.ascontiguousarray(turned[:, len(scatter) - directions :])
        left_out = scatter[: len(scatter) - directions][::-1]
        self._missed = float(left_out[:1].sum()), float(left_out[:2].sum())
        merges = [_merged(one, size) for one, size in zip(self.codes, self.sizes, strict=True)]
        self._bins = np.stack([merge[one] for merge, one in zip(merges, self.codes, strict=True)]).astype(np.int32)
        self._bin_counts = np.array([merge[-1] + 1 for merge in merges])
        self._divisible = [np.bincount(merge) > 1 for merge in merges]
        self.work = 0.0

    def bounds(self, rows: np.ndarray, features: np.ndarray, need: float) -> np.ndarray:
        """Lower bounds on the cost of the best cut of each feature, exact where they decide about ``need``.

        Parameters
        ----------
        rows : ndarray of int of shape (m,)
        features : ndarray of int of shape (f,)
        need : float
            Cuts that cost as much or more need not be told apart.
        """
        low, high = self._quick(rows, features)
        unsure = low < need
        if unsure.any() and high >= need:
            low[unsure] = self.exact(rows, features[unsure])
        return low

    def exact(self, rows: np.ndarray, features: np.ndarray) -> np.ndarray:
        """The cost of the best cut of each feature; infinite where it does not divide the rows."""
        offsets = _offsets(self.sizes[features])
        positions = self.positions[rows]
        positions = positions - positions.mean(axis=0)
        squares = np.einsum("nd,nd->n", positions, positions)
        held, sums = self._left(self.codes[features], rows, offsets, positions)
        # About the mean, what one side sums to is what the other lacks.
        ratio = 1.0 / np.maximum(held, 1.0) + 1.0 / np.maximum(len(rows) - held, 1.0)
        costs = squares.sum() - np.einsum("nd,nd->n", sums, sums) * ratio
        costs[(held < 0.5) | (held > len(rows) - 0.5)] = np.inf
        return np.maximum(np.minimum.reduceat(costs, offsets[:-1]), 0.0)

    def undivided(self, rows: np.ndarray) -> float:
        """What rows cost as one leaf."""
        positions = self.positions[rows]
        return float(np.square(positions - positions.mean(axis=0)).sum())

    def _left(
        self, codes: np.ndarray, rows: np.ndarray, offsets: np.ndarray, values: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows up to each code of each feature, and the sums of their values."""
        cells = codes.take(rows, axis=1) + offsets[:-1, None].astype(np.int32)
        features, held = cells.shape
        self.work += (0.5 * cells.size + offsets[-1]) * values.shape[1] + EVALUATION_WORK
        ends = np.arange(0, cells.size + 1, features)
        member = sparse.csc_array((np.ones(cells.size), cells.T.ravel(), ends), shape=(int(offsets[-1]), held))
        sums = np.cumsum(member @ values, axis=0)
        counts = np.cumsum(np.bincount(cells.ravel(), minlength=int(offsets[-1]))).astype(float)
        before = np.repeat(np.arange(features), np.diff(offsets))
        # One running sum over all features: those before have summed all rows.
        return counts - before * held, sums - before[:, None] * values.sum(axis=0)

    def _quick(self, rows: np.ndarray, features: np.ndarray) -> tuple[np.ndarray, float]:
        """Lower bounds by feature, and an upper bound on the best of all."""
        offsets = _offsets(self._bin_counts[features])
        positions = self.positions.take(rows, axis=0)
        positions = positions - positions.mean(axis=0)
        squares = np.einsum("nd,nd->n", positions, positions)
        values = np.concatenate([squares[:, None], positions @ self._main], axis=1)
        held, sums = self._left(self._bins[features], rows, offsets, values)
        total = float(squares.sum())
        lengths = np.einsum("nd,nd->n", sums[:, 1:], sums[:, 1:])
        left = sums[:, 0] - lengths / np.maximum(held, 1.0)
        right = total - sums[:, 0] - lengths / np.maximum(len(rows) - held, 1.0)
        last = offsets[1:] - 1
        cuts = left + right
        cuts[last] = total
        high = float(cuts.min(initial=np.inf))
        # Cuts within a bin: its own rows may cost nothing.
        before = np.concatenate([[0.0], left[:-1]])
        before[offsets[:-1]] = 0.0
        right[last] = 0.0
        divisible = np.concatenate([self._divisible[feature] for feature in features])
        low = np.minimum(cuts - self._missed[0], np.where(divisible, before + right - self._missed[1], np.inf))
        return np.maximum(np.minimum.reduceat(low, offsets[:-1]), 0.0), high


# What one evaluation takes beside its sums.
EVALUATION_WORK = 15_000


def _merged(codes: np.ndarray, size: int) -> np.ndarray:
    """The bin of each code: codes in order, with about as many rows in each bin."""
    if size <= QUICK_BINS:
        return np.arange(size)
    counts = np.bincount(codes, minlength=size)
    shares = (np.cumsum(counts) - counts / 2) * (QUICK_BINS / len(codes))
    merged: np.ndarray = np.unique(shares.astype(np.intp), return_inverse=True)[1]
    return merged


def _offsets(sizes: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
