"""The tree while it is being searched: small, mutable, and open at every node."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .problem import Problem


class SearchNode:
    """A leaf while ``table`` is None, else a split: ``table[code]`` is whether a row goes left."""

    # The search copies trees thousands of times: nodes are kept small.
    __slots__ = ("feature", "group", "left", "right", "table")

    def __init__(self, group: int = 0) -> None:
        self.feature = -1
        self.table: np.ndarray | None = None
        # A leaf has itself on both sides, so that types need no None; nothing reads them while `table` is None.
        self.left: SearchNode = self
        self.right: SearchNode = self
        self.group = group

    def split(self, feature: int, table: np.ndarray, left: SearchNode, right: SearchNode) -> None:
        """Become a split."""
        self.feature, self.table, self.left, self.right = feature, table, left, right

    def become(self, other: SearchNode) -> None:
        """Take the place of another node."""
        self.group = other.group
        if other.table is None:
            self.collapse(other.group)
        else:
            self.split(other.feature, other.table, other.left, other.right)

    def collapse(self, group: int) -> None:
        """Become a leaf."""
        self.feature, self.table, self.left, self.right = -1, None, self, self
        self.group = group

    def copy(self) -> SearchNode:
        """Copy the tree; tables are never written to, so they are shared."""
        twin = SearchNode(self.group)
        if self.table is not None:
            twin.split(self.feature, self.table, self.left.copy(), self.right.copy())
        return twin


def splits(node: SearchNode) -> Iterator[SearchNode]:
    """Walk the splits from the root down."""
    if node.table is not None:
        yield node
        yield from splits(node.left)
        yield from splits(node.right)


def count_leaves(node: SearchNode) -> int:
    """Count the leaves."""
    return 1 if node.table is None else count_leaves(node.left) + count_leaves(node.right)


def height(node: SearchNode) -> int:
    """Count the conditions on the longest path."""
    return 0 if node.table is None else 1 + max(height(node.left), height(node.right))


def divide(problem: Problem, node: SearchNode, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Divide the rows at a split into those that go left and those that go right."""
    assert node.table is not None
    # `take` and `compress`: half the time of indexing, and this is what the search does most often.
    left = node.table.take(problem.columns[node.feature].take(rows))
    return rows.compress(left), rows.compress(~left)


def route(problem: Problem, node: SearchNode, rows: np.ndarray, out: np.ndarray) -> None:
    """Write the group that each row reaches into ``out``, which is as long as the whole problem."""
    if node.table is None:
        out[rows] = node.group
    else:
        left, right = divide(problem, node, rows)
        route(problem, node.left, left, out)
        route(problem, node.right, right, out)


def leaf_rows(
    problem: Problem, node: SearchNode, rows: np.ndarray, depth: int = 0
) -> Iterator[tuple[SearchNode, np.ndarray, int]]:
    """Walk the leaves from left to right, each with its rows and its depth."""
    if node.table is None:
        yield node, rows, depth
    else:
        left, right = divide(problem, node, rows)
        yield from leaf_rows(problem, node.left, left, depth + 1)
        yield from leaf_rows(problem, node.right, right, depth + 1)
