"""What the engine reads and returns: the bins of each feature, the limits on a tree, and a tree of tests on bins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from northstar_explain.model.tree import Leaf, Tree, leaves

# First, so that the code of a known value is the number of cuts that it reaches, plus one.
MISSING_CODE = 0


@dataclass(frozen=True)
class FeatureBins:
    """How one column of codes is to be read.

    Parameters
    ----------
    n_bins : int
        Number of codes, so that every code lies in ``0 .. n_bins - 1``; the missing code counts as one.
    missing : bool, default False
        Whether code 0 stands for a missing value, which a split may send to either side.
    categorical : bool, default False
        Whether the codes have no order. A split then names the codes that go left.
    """

    n_bins: int
    missing: bool = False
    categorical: bool = False


@dataclass(frozen=True)
class Limits:
    """What a tree may look like.

    Parameters
    ----------
    max_leaves : int
        Most leaves the tree may have; at least the number of groups.
    max_depth : int or None, default None
        Most conditions on a path from the root to a leaf.
    min_leaf_share : float, default 0.0
        Smallest share of the rows in any leaf. A leaf always holds at least one row.
    min_group_share : float, default 0.0
        Smallest share of the rows in any group. A group always holds at least one row.
    max_group_leaves : int or None, default None
        Most leaves that may belong to one group.
    max_features : int or None, default None
        Most distinct features the tree may split on.
    """

    max_leaves: int
    max_depth: int | None = None
    min_leaf_share: float = 0.0
    min_group_share: float = 0.0
    max_group_leaves: int | None = None
    max_features: int | None = None


@dataclass(frozen=True)
class BinTest:
    """A question on the codes of one feature.

    Of an ordered feature, a row fits when its code is below ``cut``; a missing value fits when ``missing`` is true,
    whatever the cut. Of a categorical feature, a row fits when its code is among ``codes``; ``cut`` is then 0, and
    ``missing`` says whether the missing code is among them.
    """

    feature: int
    cut: int
    missing: bool
    codes: tuple[int, ...] | None = None

    def matches(self, column: np.ndarray, bins: FeatureBins) -> np.ndarray:
        """Rows that fit, as a mask.

        Parameters
        ----------
        column : ndarray of int of shape (n,)
            The codes of the test's feature.
        bins : FeatureBins
            How they are read.

        Returns
        -------
        ndarray of bool of shape (n,)
        """
        if self.codes is not None:
            return np.isin(column, self.codes)
        below = column < self.cut
        return np.where(column == MISSING_CODE, self.missing, below) if bins.missing else below


BinTree = Tree[BinTest, int]


@dataclass(frozen=True)
class Distilled:
    """A distilled clustering.

    Attributes
    ----------
    tree : Split or Leaf
        Its segments are the numbers of groups.
    cost : float
        Sum of squared distances of all rows to the mean of their group, in the space of ``Z``.
    groups : ndarray of shape (n,)
        Group of each row.
    leaves : ndarray of shape (n,)
        Leaf of each row, counted from left to right.
    """

    tree: BinTree
    cost: float
    groups: np.ndarray
    leaves: np.ndarray


def assign(tree: BinTree, codes: np.ndarray, bins: Sequence[FeatureBins]) -> tuple[np.ndarray, np.ndarray]:
    """Send rows down the tree.

    Parameters
    ----------
    tree : Split or Leaf
    codes : ndarray of int of shape (n, p)
    bins : sequence of FeatureBins
        One for each column of ``codes``.

    Returns
    -------
    leaves, groups : ndarray of int of shape (n,)
        The leaf of each row, counted from left to right, and the group of that leaf.
    """
    reached = np.zeros(len(codes), dtype=np.intp)

    def walk(node: BinTree, rows: np.ndarray, first: int) -> int:
        if isinstance(node, Leaf):
            reached[rows] = first
            return first + 1
        fits = node.test.matches(codes[rows, node.test.feature], bins[node.test.feature])
        return walk(node.no, rows[~fits], walk(node.yes, rows[fits], first))

    walk(tree, np.arange(len(codes)), 0)
    # Several leaves may belong to one group.
    groups = np.array([leaf.segment for leaf in leaves(tree)], dtype=np.intp)
    return reached, groups[reached]
