"""What the distiller reads and returns: the bins of each feature, the limits on a tree, and the tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

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
class Leaf:
    """An end of the tree: every row that arrives belongs to ``group``."""

    group: int


@dataclass(frozen=True)
class Split:
    """A question on one feature.

    Of an ordered feature, a row goes left when its code is below ``cut``; a missing value goes left when
    ``missing_left`` is true, whatever the cut. Of a categorical feature, a row goes left when its code is in
    ``left_codes``; ``cut`` is then 0, and ``missing_left`` says whether the missing code is among them.
    """

    feature: int
    cut: int
    missing_left: bool
    left_codes: tuple[int, ...] | None
    left: Tree
    right: Tree


Tree = Split | Leaf


@dataclass(frozen=True)
class Distilled:
    """A distilled clustering.

    Attributes
    ----------
    tree : Split or Leaf
        The tree of splits.
    cost : float
        Sum of squared distances of all rows to the mean of their group, in the space of ``Z``.
    groups : ndarray of shape (n,)
        Group of each row.
    leaves : ndarray of shape (n,)
        Leaf of each row, counted from left to right.
    """

    tree: Tree
    cost: float
    groups: np.ndarray
    leaves: np.ndarray


def leaves_of(tree: Tree) -> Iterator[Leaf]:
    """Walk the leaves from left to right."""
    if isinstance(tree, Leaf):
        yield tree
    else:
        yield from leaves_of(tree.left)
        yield from leaves_of(tree.right)


def depth_of(tree: Tree) -> int:
    """Count the conditions on the longest path."""
    return 0 if isinstance(tree, Leaf) else 1 + max(depth_of(tree.left), depth_of(tree.right))


def features_of(tree: Tree) -> set[int]:
    """Name the features that the tree asks about."""
    if isinstance(tree, Leaf):
        return set()
    return {tree.feature} | features_of(tree.left) | features_of(tree.right)


def goes_left(split: Split, codes: np.ndarray, bins: FeatureBins) -> np.ndarray:
    """Answer a split for a column of codes.

    Parameters
    ----------
    split : Split
    codes : ndarray of shape (n,)
        The codes of ``split.feature``.
    bins : FeatureBins
        How they are read.

    Returns
    -------
    ndarray of bool of shape (n,)
    """
    if split.left_codes is not None:
        return np.isin(codes, split.left_codes)
    below = codes < split.cut
    if bins.missing:
        below = np.where(codes == MISSING_CODE, split.missing_left, below)
    return below


def assign(tree: Tree, codes: np.ndarray, bins: list[FeatureBins]) -> tuple[np.ndarray, np.ndarray]:
    """Send rows down the tree.

    Parameters
    ----------
    tree : Split or Leaf
    codes : ndarray of int of shape (n, p)
    bins : list of FeatureBins
        One for each column of ``codes``.

    Returns
    -------
    leaves, groups : ndarray of int of shape (n,)
        The leaf of each row, counted from left to right, and the group of that leaf.
    """
    leaves = np.zeros(len(codes), dtype=np.intp)

    def walk(node: Tree, rows: np.ndarray, first: int) -> int:
        if isinstance(node, Leaf):
            leaves[rows] = first
            return first + 1
        left = goes_left(node, codes[rows, node.feature], bins[node.feature])
        return walk(node.right, rows[~left], walk(node.left, rows[left], first))

    walk(tree, np.arange(len(codes)), 0)
    groups = np.array([leaf.group for leaf in leaves_of(tree)], dtype=np.intp)
    return leaves, groups[leaves]
