"""Whether clusters are stable and real: bootstrap Jaccard, silhouette, and a null test on column-shuffled data."""

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
    refit: Callable[[np.ndarray, int], np.ndarray],
    seed: int,
    repeats: int,
) -> np.ndarray:
    """Bootstrap stability of each group: how well it is found again on resampled customers (Hennig 2007).

    Parameters
    ----------
    groups : ndarray of int, shape (n,)
        The groups, 0 to k - 1.
    k : int
    refit : callable
        Takes row positions (a bootstrap resample) and a seed, fits to those rows, and gives a group for each of all n.
    seed : int
    repeats : int

    Returns
    -------
    ndarray of float, shape (k,)
        Mean over the draws of the largest Jaccard similarity with any new group, over the rows drawn.
        `model.evaluation.limits` says what is stable.
    """
    rng = np.random.default_rng([seed, 4])
    similarity = np.zeros((repeats, k))
    for repeat in range(repeats):
        rows = rng.integers(0, len(groups), len(groups))
        # A row that was sampled twice counts once.
        sampled = np.unique(rows)
        old, new = groups[sampled], refit(rows, int(rng.integers(2**31)))[sampled]
        common = np.zeros((k, k))
        np.add.at(common, (old, new), 1)
        # Rows in either are those in the one and those in the other, less those in both.
        either = common.sum(axis=1)[:, None] + common.sum(axis=0)[None, :] - common
        similarity[repeat] = (common / np.maximum(either, 1)).max(axis=1)
    means: np.ndarray = similarity.mean(axis=0)
    return means


def silhouette(points: np.ndarray, groups: np.ndarray, seed: int) -> float:
    """Mean silhouette width on a sample of rows (Rousseeuw 1987): 1 is well apart, 0 is not."""
    rng = np.random.default_rng([seed, 5])
    # A silhouette takes time and memory with the square of the rows.
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

    def clustered(data: np.ndarray) -> float:
        return silhouette(data, clusters.fit(data, k, seed, restarts=2).labels_, seed)

    mine = clustered(sample)
    null = [clustered(np.column_stack([rng.permutation(column) for column in sample.T])) for _ in range(copies)]
    # The data count as one of the copies, so that p is never zero (Phipson and Smyth 2010).
    p_value = (1 + sum(value >= mine for value in null)) / (1 + copies)
    natural = p_value <= NULL_TEST_P_VALUE and mine >= NATURAL_SILHOUETTE
    return NullTest(mine, float(np.mean(null)), max(null), p_value, copies, natural)
