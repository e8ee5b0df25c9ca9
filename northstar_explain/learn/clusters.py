"""KMeans, run so that the same rows give the same bits."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

RESTARTS = 20
# In a space of more axes, starts are compared in so many of its principal directions, which hold what separates
# clusters (Ding and He 2004); the best then moves in the whole space until it rests.
MANY_AXES, MAIN_AXES = 100, 64


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
        if points.shape[1] <= MANY_AXES:
            return KMeans(k, n_init=restarts, random_state=seed).fit(points)
        labels = KMeans(k, n_init=restarts, random_state=seed).fit(main_coordinates(points)).labels_
        if len(np.unique(labels)) < k:  # rows differ in directions that were left out alone
            return KMeans(k, n_init=restarts, random_state=seed).fit(points)
        centres = np.stack([points[labels == one].mean(axis=0) for one in range(k)])
        return KMeans(k, init=centres, n_init=1, random_state=seed).fit(points)


def main_coordinates(points: np.ndarray) -> np.ndarray:
    """The points along their principal directions: the first `MAIN_AXES`, or as they are with up to `MANY_AXES` axes.

    Parameters
    ----------
    points : ndarray of shape (n, d)

    Returns
    -------
    ndarray of shape (n, m)
    """
    if points.shape[1] <= MANY_AXES:
        return points
    with threadpool_limits(limits=1):
        centred = points - points.mean(axis=0)
        # Eigenvalues come in ascending order: the last directions hold most of the variance.
        directions = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :MAIN_AXES]
        coordinates: np.ndarray = centred @ directions
        return coordinates


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
