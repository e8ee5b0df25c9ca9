"""A distilled tree as text, with the rows and the cost of each leaf."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.model.rules import Node
from northstar_explain.model.tree import Leaf


def tree_text(tree: Node, rows: np.ndarray, costs: np.ndarray, decimals: int) -> str:
    """Write a tree of conditions on numbers.

    Parameters
    ----------
    tree : Split or Leaf
        Its tests are ``value < threshold``.
    rows, costs : ndarray of shape (n_leaves,)
        Of each leaf, from left to right.
    decimals : int
        Of thresholds and costs.

    Returns
    -------
    str
        A line for each condition and each leaf.
    """
    ends = iter(zip(rows, costs, strict=True))

    def lines(node: Node, indent: str) -> Iterator[str]:
        if isinstance(node, Leaf):
            held, cost = next(ends)
            yield f"{indent}cluster {node.segment}: {held} rows, cost {cost:.{decimals}f}"
            return
        test = node.test
        assert isinstance(test, NumberCondition) and test.upper is not None
        yield f"{indent}{test.feature} < {test.upper:.{decimals}f}"
        yield from lines(node.yes, indent + "|   ")
        yield f"{indent}{test.feature} >= {test.upper:.{decimals}f}"
        yield from lines(node.no, indent + "|   ")

    return "\n".join(lines(tree, ""))


def leaf_costs(X: np.ndarray, groups: np.ndarray, leaves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of each leaf, and their squared distances to the mean of their group.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    groups, leaves : ndarray of int of shape (n,)
        Group and leaf of each row; leaves from 0, counted from left to right.

    Returns
    -------
    rows, costs : ndarray of shape (n_leaves,)
    """
    count = int(leaves.max()) + 1
    costs = np.zeros(count)
    for group in np.unique(groups):
        mine = groups == group
        far = np.square(X[mine] - X[mine].mean(axis=0)).sum(axis=1)
        costs += np.bincount(leaves[mine], far, count)
    return np.bincount(leaves, minlength=count), costs
