"""Polishing a tree on all rows, with centres fixed while each split is re-chosen: a pass costs little per row."""

from __future__ import annotations

import numpy as np

from .problem import Problem, explained
from .prune import is_valid
from .search_node import SearchNode, divide, leaf_rows, route, splits

PASSES = 4


def polish(problem: Problem, root: SearchNode, passes: int = PASSES) -> SearchNode:
    """Re-choose the splits of a tree on all rows, as long as that lowers the exact cost.

    Parameters
    ----------
    problem : Problem
        All rows.
    root : SearchNode
        The tree of a search on some of them.
    passes : int
        Most passes over the tree.

    Returns
    -------
    SearchNode
        A tree that costs no more.
    """
    best, best_value = root, value_of(problem, root)
    current = root
    for _ in range(passes):
        # A pass with fixed centres may raise the exact cost: the best tree must not be changed by it.
        current = current.copy()
        changed = _pass(problem, current)
        value = value_of(problem, current) if is_valid(problem, current) else -np.inf
        if value > best_value:
            best, best_value = current, value
        if not changed or value < best_value:
            break
    return best


def value_of(problem: Problem, root: SearchNode) -> float:
    """What a tree's groups explain of the cost of all rows."""
    return float(explained(_sums(problem, root)).sum())


def _sums(problem: Problem, root: SearchNode) -> np.ndarray:
    rows = np.arange(problem.n_rows)
    groups = np.zeros(problem.n_rows, dtype=np.intp)
    route(problem, root, rows, groups)
    return problem.group_sums(rows, groups)


def _pass(problem: Problem, root: SearchNode) -> bool:
    sums = _sums(problem, root)
    centres = sums[:, 1:] / np.maximum(sums[:, :1], 1.0)
    # Squared distance to each centre, less the squared length of the row, which is the same for all.
    cost = np.einsum("gd,gd->g", centres, centres) - 2.0 * (problem.moments[:, 1:] @ centres.T)
    out = np.zeros(problem.n_rows, dtype=np.intp)

    def visit(node: SearchNode, rows: np.ndarray) -> bool:
        if node.table is None or len(rows) == 0:
            return False
        changed = _rechoose(problem, root, node, rows, cost, out)
        left, right = divide(problem, node, rows)
        return visit(node.left, left) | visit(node.right, right) | changed

    return visit(root, np.arange(problem.n_rows))


def _rechoose(
    problem: Problem, root: SearchNode, node: SearchNode, rows: np.ndarray, cost: np.ndarray, out: np.ndarray
) -> bool:
    layout = problem.layout
    route(problem, node.left, rows, out)
    to_left = out[rows]
    route(problem, node.right, rows, out)
    to_right = out[rows]
    affected = np.flatnonzero(to_left != to_right)
    if len(affected) == 0:
        return False
    assert node.table is not None
    worth = cost[rows[affected], to_right[affected]] - cost[rows[affected], to_left[affected]]
    affected_rows = rows[affected]
    histogram = np.concatenate(
        [
            np.bincount(column[affected_rows], weights=worth, minlength=one.n_bins)
            for column, one in zip(problem.columns, layout.bins, strict=True)
        ]
    )
    scores = layout.left_sums(histogram, order := _order(problem, histogram))
    if problem.limits.max_features is not None:
        # Only features that the tree has already: a further one may be more than allowed.
        used = {other.feature for other in splits(root)}
        scores[~np.isin(layout.feature, list(used))] = -np.inf
    best = int(np.argmax(scores))
    now = worth[node.table[problem.columns[node.feature][affected_rows]]].sum()
    # By more than rounding: of equal splits, the one that is there stays.
    if not scores[best] > now + 1e-9 * abs(now):
        return False
    before = (node.feature, node.table)
    node.feature, node.table = int(layout.feature[best]), layout.table(best, order)
    if problem.min_leaf > 1 and min(len(m) for _, m, _ in leaf_rows(problem, node, rows)) < problem.min_leaf:
        node.feature, node.table = before
        return False
    return True


def _order(problem: Problem, histogram: np.ndarray) -> np.ndarray | None:
    # With centres fixed, each category goes where it costs less: sorting by worth puts those first.
    layout = problem.layout
    if not layout.categorical:
        return None
    order = np.arange(layout.n_bins)
    for feature in layout.categorical:
        span = slice(layout.offsets[feature], layout.offsets[feature + 1])
        order[span] = layout.offsets[feature] + np.argsort(-histogram[span], kind="stable")
    return order
