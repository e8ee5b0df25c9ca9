"""Giving a group the few rows that it lacks, by the one split whose change costs least."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .memory import Memory
from .search_node import SearchNode, divide
from .sweep import Sweep


def repaired(memory: Memory, root: SearchNode) -> SearchNode | None:
    """The cheapest tree with one other split in which every group has its fewest rows; None where there is none.

    A sweep would change the first split that helps, which is the root, and with it all that lies below.
    """
    best: tuple[float, SearchNode] | None = None
    everything = np.arange(memory.problem.n_rows)
    for place in range(len(list(_reached(memory, root, everything)))):
        twin = root.copy()
        node, rows = list(_reached(memory, twin, everything))[place]
        sweep = Sweep(memory, twin, memory.no_anchor())
        if not sweep.choose(node, rows) or sweep.sums[:, 0].min() < memory.problem.min_group - 0.5:
            continue
        if best is None or sweep.value > best[0]:
            best = sweep.value, twin
    return None if best is None else best[1]


def _reached(memory: Memory, node: SearchNode, rows: np.ndarray) -> Iterator[tuple[SearchNode, np.ndarray]]:
    """The splits, each with the rows that reach it."""
    if node.table is None:
        return
    yield node, rows
    left, right = divide(memory.problem, node, rows)
    yield from _reached(memory, node.left, left)
    yield from _reached(memory, node.right, right)
