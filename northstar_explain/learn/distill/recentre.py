"""Trees about other centres: a few groups are put elsewhere, and the centres are separated once more.

Moving a cluster is the large step of k-means searches (Fränti and Kivijärvi 2000, randomised local search): it changes
the whole tree at once, where taking out splits changes a subtree.
"""

from __future__ import annotations

import numpy as np

from .memory import Memory
from .problem import Problem
from .search_node import SearchNode, route
from .separate import Separation

# Groups that are put elsewhere at a time, at most, and steps of k-means that the others then take to make room.
MOST_MOVED, LLOYD_STEPS = 2, 2


def recentred(memory: Memory, root: SearchNode, rng: np.random.Generator) -> SearchNode | None:
    """Separate the centres of a tree's groups, some of them put elsewhere; None where the limits leave no room.

    Parameters
    ----------
    memory : Memory
        Of the problem whose rows are grouped.
    root : SearchNode
        Left as it is.
    rng : Generator

    Returns
    -------
    SearchNode or None
        A tree with a leaf for each group.
    """
    trees = Separation(memory, _moved(memory.problem, root, rng), width=1, kept=1).trees()
    return trees[0].root if trees else None


def _moved(problem: Problem, root: SearchNode, rng: np.random.Generator) -> np.ndarray:
    groups = np.zeros(problem.n_rows, dtype=np.intp)
    route(problem, root, np.arange(problem.n_rows), groups)
    centres = means(problem, groups, np.zeros((problem.n_groups, problem.moments.shape[1] - 1)))
    positions = problem.moments[:, 1:]
    far = np.square(positions - centres[groups]).sum(axis=1)
    if far.sum() > 0.0:
        for _ in range(int(rng.integers(0, MOST_MOVED + 1))):
            # Where rows are far from their centre, another one is worth most.
            centres[int(rng.integers(problem.n_groups))] = positions[rng.choice(len(far), p=far / far.sum())]
    for _ in range(LLOYD_STEPS):
        nearest = np.argmin(np.einsum("gd,gd->g", centres, centres) - 2.0 * (positions @ centres.T), axis=1)
        centres = means(problem, nearest, centres)
    return centres


def means(problem: Problem, groups: np.ndarray, empty: np.ndarray) -> np.ndarray:
    """The mean position of each group; of one without rows, what ``empty`` says."""
    sums = problem.group_sums(np.arange(problem.n_rows), groups)
    held = sums[:, :1] > 0.5
    return np.where(held, sums[:, 1:] / np.maximum(sums[:, :1], 1.0), empty)
