"""KMeans, run so that the same rows give the same bits."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

RESTARTS = 20


def fit(points: np.ndarray, k: int, seed: int, restarts: int = RESTARTS) -> KMeans:
    """Fit KMeans.

    Parameters
    ----------
    points : ndarray of shape (n, d)
    k : int
        Clusters.
    seed : int
    restarts : int, default 20
        Starts of which the best is kept.

    Returns
    -------
    sklearn.cluster.KMeans
        Fitted (Lloyd 1982, starts by Arthur & Vassilvitskii 2007).
    """
    # One thread: with more, partial sums are added in the order in which threads finish.
    with threadpool_limits(limits=1):
        return KMeans(k, n_init=restarts, random_state=seed).fit(points)


def predict(kmeans: KMeans, points: np.ndarray) -> np.ndarray:
    """The nearest centre of each row."""
    with threadpool_limits(limits=1):
        nearest: np.ndarray = kmeans.predict(points)
        return nearest


def cost(points: np.ndarray, groups: np.ndarray) -> float:
    """K-means cost of any grouping: squared distances to the groups' own means, summed."""
    total = 0.0
    for group in np.unique(groups):
        members = points[groups == group]
        total += float(((members - members.mean(axis=0)) ** 2).sum())
    return total
