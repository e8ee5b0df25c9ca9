"""The trees that the search starts from: some separate centres, others grow on labels, on variance or at random."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.cluster import KMeans
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from .grow import grow
from .memory import Memory
from .problem import Problem
from .search_node import SearchNode
from .separate import Separation

# Mass that fixes a centre while a tree grows, as a multiple of the rows.
FIXED = 1000.0
# Clusterings of the rows, besides the one that is to be explained, whose centres are separated.
OTHER_CLUSTERINGS = 4


def starting_trees(memory: Memory, labels: np.ndarray, seed: int, n_random: int) -> Iterator[SearchNode]:
    """Grow the starting trees, some of them larger than the limits allow.

    Parameters
    ----------
    memory : Memory
        Of the problem whose rows are grouped.
    labels : ndarray of int of shape (n,)
        Groups that the search starts from: the clusters of KMeans.
    seed : int
    n_random : int
        How many trees are grown on random subsets of the features.
    """
    problem = memory.problem
    rows = np.arange(problem.n_rows)
    sums = problem.group_sums(rows, labels)
    free = np.zeros_like(sums)
    means = sums / np.maximum(sums[:, :1], 1.0)
    yield from (one.root for one in Separation(memory, means[:, 1:]).trees())
    for centres in _other_centres(problem, seed):
        yield from (one.root for one in Separation(memory, centres, kept=2).trees())
    most = problem.limits.max_leaves
    # Centres that move freely, that are held by as much as an average group, and that stay where KMeans has them.
    for mass in (0.0, 1.0 / problem.n_groups, FIXED):
        root = SearchNode()
        grow(memory, root, most, free + mass * problem.n_rows * means)
        yield root
    # What scikit-learn's trees compute with: they would convert other types at each fit.
    codes = problem.columns.T.astype(np.float32)
    centres = means[:, 1:]
    positions = problem.moments[:, 1:]
    # Six trees on all features, three targets in two sizes; the others on random ones.
    for turn, width in enumerate([1.0] * 6 + [0.0] * n_random):
        tree = _tree_of_kind(problem, turn, most, width, seed)
        target = (labels, centres[labels], positions)[turn % 3]
        tree.fit(codes, target)
        yield _convert(problem, tree, centres)


def peers_trees(memory: Memory, labels: np.ndarray) -> Iterator[SearchNode]:
    """The trees that other tools grow, or near ones: few, to be grown with every bin and coordinate.

    IMM's and ExKMC's separate the centres, by torn rows and by its surrogate; ExKMC's growth goes on with centres that
    stay where they are; Kauri's (Ohl, Mattei, Leclercq, Droit and Precioso 2024) is by the objective itself, from a
    single leaf; the last is a classification tree of the labels.
    """
    problem, most = memory.problem, memory.problem.limits.max_leaves
    sums = problem.group_sums(np.arange(problem.n_rows), labels)
    means = sums / np.maximum(sums[:, :1], 1.0)
    fixed = FIXED * problem.n_rows * means
    for torn in (True, False):
        for one in Separation(memory, means[:, 1:], width=1, kept=1, torn=torn).trees():
            yield one.root.copy()
            grow(memory, one.root, most, fixed)
            yield one.root
    for anchor in (np.zeros_like(sums), fixed):
        root = SearchNode()
        grow(memory, root, most, anchor)
        yield root
    tree = _tree_of_kind(problem, 0, most, 1.0, 0)
    yield _convert(problem, tree.fit(problem.columns.T.astype(np.float32), labels), means[:, 1:])


def _other_centres(problem: Problem, seed: int) -> Iterator[np.ndarray]:
    """Other clusterings into as many clusters: one that costs a little more may be far cheaper to put into rules."""
    positions = problem.moments[:, 1:]
    if len(np.unique(positions, axis=0)) < problem.n_groups:
        return
    for turn in range(OTHER_CLUSTERINGS):
        fitted = KMeans(problem.n_groups, n_init=1, random_state=seed + turn).fit(positions)
        yield fitted.cluster_centers_


def _tree_of_kind(
    problem: Problem, turn: int, most: int, width: float, seed: int
) -> DecisionTreeClassifier | DecisionTreeRegressor:
    make = DecisionTreeClassifier if turn % 3 == 0 else DecisionTreeRegressor
    n_features = len(problem.columns)
    return make(
        # Half of the trees are larger than allowed: trimming reaches trees that greedy growth does not.
        max_leaf_nodes=max(2, most if (turn // 3) % 2 == 0 else 2 * most),
        max_depth=problem.limits.max_depth,
        min_samples_leaf=problem.min_leaf,
        max_features=None if width == 1.0 else max(1, int(np.sqrt(2 * n_features))),
        random_state=seed + turn,
    )


def _convert(
    problem: Problem, fitted: DecisionTreeClassifier | DecisionTreeRegressor, centres: np.ndarray
) -> SearchNode:
    tree = fitted.tree_

    def build(index: int) -> SearchNode:
        if tree.children_left[index] < 0:
            value = tree.value[index]
            if isinstance(fitted, DecisionTreeClassifier):
                return SearchNode(int(fitted.classes_[np.argmax(value)]))
            offsets = centres - value[:, 0]
            return SearchNode(int(np.argmin(np.einsum("gd,gd->g", offsets, offsets))))
        node = SearchNode()
        feature = int(tree.feature[index])
        table = np.arange(problem.layout.bins[feature].n_bins) <= tree.threshold[index]
        node.split(feature, table, build(tree.children_left[index]), build(tree.children_right[index]))
        return node

    return build(0)
