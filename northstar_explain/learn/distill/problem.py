"""One distilling problem: the rows, where they lie, and how they may be split."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from .bin_tree import Limits
from .layout import Layout

# Up to here a dense product is quicker than setting up a sparse one; a long thin one crawls in BLAS.
_DENSE_ROWS = 10_000


@dataclass(frozen=True)
class Problem:
    """Rows to be grouped by a tree.

    Attributes
    ----------
    moments : ndarray of shape (n, 1 + d)
        A one, then the position of each row, so that a sum of rows is a count and a sum of positions.
    columns : ndarray of int of shape (p, n)
        Codes, one feature after another: what routing reads.
    cells : ndarray of int of shape (n, p)
        Codes shifted by the offset of their feature: what histograms read.
    layout : Layout
    limits : Limits
    n_groups : int
    min_leaf, min_group : int
        Fewest rows in a leaf and in a group.
    """

    moments: np.ndarray
    columns: np.ndarray
    cells: np.ndarray
    layout: Layout
    limits: Limits
    n_groups: int
    min_leaf: int
    min_group: int

    def within(self, limits: Limits) -> Problem:
        """The same rows, and other limits."""
        min_leaf, min_group = (least_rows(one, self.n_rows) for one in (limits.min_leaf_share, limits.min_group_share))
        return replace(self, limits=limits, min_leaf=min_leaf, min_group=min_group)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.moments)

    def histogram(self, rows: np.ndarray) -> np.ndarray:
        """Count the rows in each bin and sum their positions.

        Returns
        -------
        ndarray of shape (n_bins, 1 + d)
        """
        return self._sum_cells(self.cells[rows], np.ones(1), self.moments[rows], self.layout.n_bins)

    def transfer(self, rows: np.ndarray, to_left: np.ndarray, to_right: np.ndarray, n_slots: int) -> np.ndarray:
        """Sum, per bin, what each group gains when that bin turns from right to left.

        Parameters
        ----------
        rows : ndarray of int of shape (m,)
        to_left, to_right : ndarray of int of shape (m,)
            Slot of the group each row reaches when sent left and right.
        n_slots : int
            Number of groups that any of the rows can reach.

        Returns
        -------
        ndarray of shape (n_slots, n_bins, 1 + d)
        """
        n_bins = self.layout.n_bins
        cells = self.cells[rows]
        both = np.concatenate([cells + (to_left * n_bins)[:, None], cells + (to_right * n_bins)[:, None]], axis=1)
        sign = np.concatenate([np.ones(cells.shape[1]), -np.ones(cells.shape[1])])
        sums = self._sum_cells(both, sign, self.moments[rows], n_slots * n_bins)
        return sums.reshape(n_slots, n_bins, -1)

    @staticmethod
    def _sum_cells(cells: np.ndarray, sign: np.ndarray, values: np.ndarray, n_cells: int) -> np.ndarray:
        # A sparse product adds whole rows of values at a time: several times faster than a bincount per column.
        n_rows, width = cells.shape
        data = np.ones(n_rows * width) if len(sign) == 1 else np.tile(sign, n_rows)
        ends = np.arange(0, n_rows * width + 1, width)
        sums: np.ndarray = sparse.csc_array((data, cells.ravel(), ends), shape=(n_cells, n_rows)) @ values
        return sums

    def group_sums(self, rows: np.ndarray, groups: np.ndarray) -> np.ndarray:
        """Count the rows of each group and sum their positions.

        Returns
        -------
        ndarray of shape (n_groups, 1 + d)
        """
        return self._sum_groups(self.moments.take(rows, axis=0), groups)

    def moved_sums(self, rows: np.ndarray, before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What `group_sums` gives for two groupings of the same rows, which are copied once."""
        moments = self.moments.take(rows, axis=0)
        return self._sum_groups(moments, before), self._sum_groups(moments, after)

    def _sum_groups(self, moments: np.ndarray, groups: np.ndarray) -> np.ndarray:
        held = len(groups)
        if held > _DENSE_ROWS:
            member = sparse.csc_array((np.ones(held), groups, np.arange(held + 1)), shape=(self.n_groups, held))
            sums: np.ndarray = member @ moments
            return sums
        member = np.zeros((self.n_groups, held))
        member[groups, np.arange(held)] = 1.0
        sums = member @ moments
        return sums


def explained(sums: np.ndarray) -> np.ndarray:
    """Squared length of the sums over the count, per group: what grouping takes off the total cost.

    The k-means cost of a grouping is the total of squared positions less this, added up over the groups.

    Parameters
    ----------
    sums : ndarray of shape (..., 1 + d)

    Returns
    -------
    ndarray of shape (...)
    """
    counts = sums[..., 0]
    squares = np.einsum("...j,...j->...", sums[..., 1:], sums[..., 1:])
    # An empty group explains nothing: the limit only avoids a division by 0.
    ratios: np.ndarray = squares / np.maximum(counts, 1e-9)
    return ratios


def build_problem(Z: np.ndarray, codes: np.ndarray, layout: Layout, limits: Limits, n_groups: int) -> Problem:
    """Bring the rows into the shapes that the search reads."""
    n_rows = len(Z)
    return Problem(
        moments=np.concatenate([np.ones((n_rows, 1)), Z], axis=1),
        columns=np.ascontiguousarray(codes.T),
        cells=codes.astype(np.int32) + layout.offsets[:-1].astype(np.int32),
        layout=layout,
        limits=limits,
        n_groups=n_groups,
        min_leaf=least_rows(limits.min_leaf_share, n_rows),
        min_group=least_rows(limits.min_group_share, n_rows),
    )


def least_rows(share: float, rows: int) -> int:
    """So many rows are a share of them at least; one where the share is zero."""
    return max(1, int(np.ceil(share * rows)))
