"""Whether groups are there again in other data: bootstrap Jaccard, and a test against data without groups."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits

from northstar_explain.learn import clusters
from northstar_explain.model.evaluation.limits import NATURAL_SILHOUETTE, NULL_TEST_P_VALUE
from northstar_explain.model.evaluation.segment_facts import NullTest

SILHOUETTE_ROWS = 4_000
NULL_ROWS = 10_000


def jaccard(
    groups: np.ndarray,
    k: int,
    regroup: Callable[[np.ndarray, int], np.ndarray],
    seed: int,
    repeats: int,
) -> np.ndarray:
    """How well each group is found again when the customers are drawn anew (Hennig 2007).

    Parameters
    ----------
    groups : ndarray of int, shape (n,)
        The groups, 0 to k - 1.
    k : int
    regroup : callable
        Takes row positions (a bootstrap draw) and a seed, groups those rows, and returns a group for each of all n.
    seed : int
    repeats : int

    Returns
    -------
    ndarray of float, shape (k,)
        Mean over the draws of the largest Jaccard similarity with any new group, over the rows drawn.
        `model.evaluation.limits` says what is stable.
    """
    rng = np.random.default_rng([seed, 4])
    found = np.zeros((repeats, k))
    for repeat in range(repeats):
        rows = rng.integers(0, len(groups), len(groups))
        drawn = np.unique(rows)
        old, new = groups[drawn], regroup(rows, int(rng.integers(2**31)))[drawn]
        common = np.zeros((k, k))
        np.add.at(common, (old, new), 1)
        either = common.sum(axis=1)[:, None] + common.sum(axis=0)[None, :] - common
        found[repeat] = (common / np.maximum(either, 1)).max(axis=1)
    return found.mean(axis=0)


def silhouette(points: np.ndarray, groups: np.ndarray, seed: int) -> float:
    """Mean silhouette width on a sample of rows (Rousseeuw 1987): 1 is well apart, 0 is not."""
    rng = np.random.default_rng([seed, 5])
    rows = rng.choice(len(points), min(SILHOUETTE_ROWS, len(points)), replace=False)
    if len(np.unique(groups[rows])) < 2:
        return 0.0
    with threadpool_limits(limits=1):
        return float(silhouette_score(points[rows], groups[rows]))


def null_test(points: np.ndarray, k: int, seed: int, copies: int) -> NullTest:
    """Compare with column-permuted data; see `NullTest`."""
    rng = np.random.default_rng([seed, 6])
    rows = rng.choice(len(points), min(NULL_ROWS, len(points)), replace=False)
    sample = points[rows]

    def found(data: np.ndarray) -> float:
        return silhouette(data, clusters.fit(data, k, seed, restarts=2).labels_, seed)

    mine = found(sample)
    null = [found(np.column_stack([rng.permutation(column) for column in sample.T])) for _ in range(copies)]
    p_value = (1 + sum(value >= mine for value in null)) / (1 + copies)
    natural = p_value <= NULL_TEST_P_VALUE and mine >= NATURAL_SILHOUETTE
    return NullTest(mine, float(np.mean(null)), max(null), p_value, copies, natural)
