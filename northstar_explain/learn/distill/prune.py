"""Limits on trees, and removing splits: those without effect, those too deep, and those whose loss costs least."""

from __future__ import annotations

import numpy as np

from .problem import Problem, explained
from .search_node import SearchNode, count_leaves, divide, leaf_rows, route, splits


def simplify(problem: Problem, root: SearchNode) -> bool:
    """Drop splits that separate no rows, or two leaves of one group; return whether there were any."""

    def visit(node: SearchNode, rows: np.ndarray) -> bool:
        if node.table is None:
            return False
        left, right = divide(problem, node, rows)
        if len(left) == 0 or len(right) == 0:
            node.become(node.left if len(right) == 0 else node.right)
            # What takes the place of a split may be without effect as well.
            visit(node, rows)
            return True
        changed = visit(node.left, left)
        changed |= visit(node.right, right)
        if node.left.table is None and node.right.table is None and node.left.group == node.right.group:
            node.collapse(node.left.group)
            return True
        return changed

    return visit(root, np.arange(problem.n_rows))


def empty_groups(problem: Problem, root: SearchNode) -> int:
    """Count the groups that no row reaches."""
    reached = {leaf.group for leaf, rows, _ in leaf_rows(problem, root, np.arange(problem.n_rows)) if len(rows)}
    return problem.n_groups - len(reached)


def cut_to_depth(problem: Problem, root: SearchNode) -> None:
    """Collapse what lies deeper than the limit, each to the most frequent group below."""
    deepest = problem.limits.max_depth
    if deepest is None:
        return

    def visit(node: SearchNode, rows: np.ndarray, depth: int) -> None:
        if node.table is None:
            return
        if depth >= deepest:
            out = np.zeros(problem.n_rows, dtype=np.intp)
            route(problem, node, rows, out)
            # The rows below are few and the search goes on: the most frequent group is near enough.
            node.collapse(int(np.argmax(np.bincount(out[rows], minlength=problem.n_groups))))
            return
        left, right = divide(problem, node, rows)
        visit(node.left, left, depth + 1)
        visit(node.right, right, depth + 1)

    visit(root, np.arange(problem.n_rows), 0)


def trim(problem: Problem, root: SearchNode, max_leaves: int) -> None:
    """Remove leaves, each time the one whose loss costs least, until few enough are left."""
    everything = np.arange(problem.n_rows)
    while count_leaves(root) > max_leaves:
        groups = np.zeros(problem.n_rows, dtype=np.intp)
        route(problem, root, everything, groups)
        sums = problem.group_sums(everything, groups)
        losses: list[tuple[float, int, SearchNode, SearchNode]] = []
        _list_losses(problem, root, everything, groups, sums, losses)
        # Of equal losses the first, so that the same input gives the same tree.
        _, _, node, kept = max(losses, key=lambda loss: (loss[0], -loss[1]))
        node.become(kept)


def _list_losses(
    problem: Problem,
    node: SearchNode,
    rows: np.ndarray,
    groups: np.ndarray,
    sums: np.ndarray,
    losses: list[tuple[float, int, SearchNode, SearchNode]],
) -> None:
    if node.table is None:
        return
    left, right = divide(problem, node, rows)
    sides = ((node.left, left, node.right), (node.right, right, node.left))
    for gone, moving, kept in sides:
        if gone.table is None:
            out = np.zeros(problem.n_rows, dtype=np.intp)
            route(problem, kept, moving, out)
            after = sums + problem.group_sums(moving, out[moving]) - problem.group_sums(moving, groups[moving])
            losses.append((float(explained(after).sum()), len(losses), node, kept))
    _list_losses(problem, node.left, left, groups, sums, losses)
    _list_losses(problem, node.right, right, groups, sums, losses)


def is_valid(problem: Problem, root: SearchNode) -> bool:
    """Whether a tree keeps all limits on rows, groups, leaves, depth and features."""
    limits = problem.limits
    leaves = list(leaf_rows(problem, root, np.arange(problem.n_rows)))
    rows = np.zeros(problem.n_groups)
    held = np.zeros(problem.n_groups)
    for leaf, members, _ in leaves:
        rows[leaf.group] += len(members)
        held[leaf.group] += 1
    used = {node.feature for node in splits(root)}
    return bool(
        len(leaves) <= limits.max_leaves
        and min(len(members) for _, members, _ in leaves) >= problem.min_leaf
        and rows.min() >= problem.min_group
        and (limits.max_depth is None or max(depth for _, _, depth in leaves) <= limits.max_depth)
        and (limits.max_group_leaves is None or held.max() <= limits.max_group_leaves)
        and (limits.max_features is None or len(used) <= limits.max_features)
    )
