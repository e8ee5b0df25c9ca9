"""Fewer bins for the search: neighbours merged where a feature has more cuts than the search needs to see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .bin_tree import FeatureBins
from .search_node import SearchNode


def coarsen(codes: np.ndarray, bins: Sequence[FeatureBins], most: int) -> list[np.ndarray]:
    """Merge neighbouring bins of ordered features so that each keeps about as many rows.

    Parameters
    ----------
    codes : ndarray of int of shape (n, p)
    bins : sequence of FeatureBins
    most : int
        Most bins to leave to a feature.

    Returns
    -------
    list of ndarray of int
        For each feature, the coarse code of each code. A missing code and categories stay as they are.
    """
    return [_merge(column, one, most) for column, one in zip(codes.T, bins, strict=True)]


def _merge(column: np.ndarray, one: FeatureBins, most: int) -> np.ndarray:
    if one.categorical or one.n_bins <= most:
        return np.arange(one.n_bins)
    first = 1 if one.missing else 0
    counts = np.bincount(column, minlength=one.n_bins)[first:].astype(np.float64)
    # Empty bins join a neighbour whatever the quota; a bin never shares its coarse bin with more than the quota asks.
    below = np.cumsum(counts) - counts
    quota = max(float(counts.sum()), 1.0) / (most - first)
    merged = np.unique(np.floor((below + counts / 2.0) / quota), return_inverse=True)[1] + first
    return np.concatenate([np.arange(first), merged])


def refine(node: SearchNode, merged: list[np.ndarray]) -> None:
    """Rewrite a tree over coarse bins as the same tree over the bins that were merged."""
    if node.table is not None:
        node.table = node.table[merged[node.feature]]
        refine(node.left, merged)
        refine(node.right, merged)
