"""From a matrix to bins, and from a tree over bins to thresholds and rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .tree import FeatureBins, Leaf, Tree

Condition = tuple[int, str, float]


@dataclass(frozen=True)
class Rule:
    """One rule: rows that meet all ``conditions`` belong to ``group``.

    Attributes
    ----------
    conditions : tuple of (int, str, float)
        Feature index, ``"<"`` or ``">="``, and threshold; at most one of each kind per feature.
    group : int
        Index of the KMeans cluster that the rule stands for.
    """

    conditions: tuple[Condition, ...]
    group: int


@dataclass(frozen=True)
class ThresholdLeaf:
    """An end of the tree: every row that arrives belongs to ``group``."""

    group: int


@dataclass(frozen=True)
class ThresholdSplit:
    """A split of a numeric tree: a row whose value is below ``threshold`` goes left, any other goes right."""

    feature: int
    threshold: float
    left: ThresholdTree
    right: ThresholdTree


ThresholdTree = ThresholdSplit | ThresholdLeaf


def thresholds_of(values: np.ndarray, most: int) -> np.ndarray:
    """Choose where a column may be cut.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Finite numbers.
    most : int
        Most thresholds to return.

    Returns
    -------
    ndarray of shape (m,)
        Ascending. Between all neighbouring values where these are few, else between values at even shares of the
        rows.
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) - 1 <= most:
        return midpoints(distinct[:-1], distinct[1:])
    reached = np.cumsum(counts)
    places = np.searchsorted(reached, np.arange(1, most + 1) * (len(values) / (most + 1)))
    places = np.unique(np.clip(places, 0, len(distinct) - 2))
    return midpoints(distinct[places], distinct[places + 1])


def midpoints(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Find a number above ``lower`` and not above ``upper``, halfway where float64 has room for that."""
    middle = lower + (upper - lower) / 2.0
    return np.where((middle > lower) & (middle <= upper), middle, upper)


def encode(X: np.ndarray, thresholds: list[np.ndarray]) -> tuple[np.ndarray, list[FeatureBins]]:
    """Turn values into codes: how many thresholds of its feature each value reaches."""
    columns = [np.searchsorted(cuts, values, side="right") for values, cuts in zip(X.T, thresholds, strict=True)]
    widest = max(len(cuts) for cuts in thresholds)
    codes = np.stack(columns, axis=1).astype(np.uint8 if widest < 256 else np.int16)
    return codes, [FeatureBins(len(cuts) + 1) for cuts in thresholds]


def with_thresholds(tree: Tree, thresholds: list[np.ndarray]) -> ThresholdTree:
    """Replace the cuts of a tree over bins by numbers."""
    if isinstance(tree, Leaf):
        return ThresholdLeaf(tree.group)
    left, right = with_thresholds(tree.left, thresholds), with_thresholds(tree.right, thresholds)
    return ThresholdSplit(tree.feature, float(thresholds[tree.feature][tree.cut - 1]), left, right)


def predict_tree(tree: ThresholdTree, X: np.ndarray) -> np.ndarray:
    """Find the group of each row."""
    out = np.empty(len(X), dtype=np.intp)

    def walk(node: ThresholdTree, rows: np.ndarray) -> None:
        if isinstance(node, ThresholdLeaf):
            out[rows] = node.group
            return
        left = X[rows, node.feature] < node.threshold
        walk(node.left, rows[left])
        walk(node.right, rows[~left])

    walk(tree, np.arange(len(X)))
    return out


def rules_of(tree: ThresholdTree) -> tuple[Rule, ...]:
    """Write the tree as rules, from left to right, without conditions that another implies."""
    return tuple(_rules(tree, ()))


def _rules(tree: ThresholdTree, path: tuple[Condition, ...]) -> Iterator[Rule]:
    if isinstance(tree, ThresholdLeaf):
        yield Rule(path, tree.group)
        return
    yield from _rules(tree.left, _tighten(path, (tree.feature, "<", tree.threshold)))
    yield from _rules(tree.right, _tighten(path, (tree.feature, ">=", tree.threshold)))


def _tighten(path: tuple[Condition, ...], new: Condition) -> tuple[Condition, ...]:
    """Add a condition in place of one on the same feature and side, which it implies."""
    kept = tuple(old for old in path if old[:2] != new[:2])
    return (*kept, new)
