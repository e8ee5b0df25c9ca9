"""Trees that separate the clusters' centres, found by a beam search; IMM is the same search with a beam of one.

IMM (Dasgupta, Frost, Moshkovitz and Rashtchian 2020) divides a set of centres until each stands alone, by the cut that
tears fewest rows from their centre. Here a cut is worth what ExKMC's surrogate (Frost, Moshkovitz and Rashtchian 2020)
says: every row goes to the nearest centre that is left on its side. That is what the rows would cost if all further
cuts were free, so it looks ahead to the whole tree below, as the gain of a single cut does not. Several cuts are
followed at each set of centres, and several trees are kept: the sweeps that come after decide between them.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np

from .grow import open_leaf
from .memory import Memory
from .search_node import SearchNode, divide

# Cuts that are followed where so many centres are still together, and trees that are kept.
WIDTH, KEPT = 4, 6
# Up to so many centres several cuts are followed: the sets of centres to look at grow exponentially with their number.
MOST_FOLLOWED = 10


class Separated(NamedTuple):
    """A tree whose leaves are the centres' own, and the squared distances of its rows to them."""

    cost: float
    root: SearchNode


class Separation:
    """The cheapest trees for each set of rows and centres, each pair looked at once."""

    def __init__(self, memory: Memory, centres: np.ndarray, width: int = WIDTH, kept: int = KEPT) -> None:
        self.memory, self.problem = memory, memory.problem
        self.width, self.kept = width if self.problem.n_groups <= MOST_FOLLOWED else 1, kept
        positions = self.problem.moments[:, 1:]
        # Less the squared length of the row, which is the same for all centres.
        self.distances = np.einsum("gd,gd->g", centres, centres) - 2.0 * (positions @ centres.T)
        self.least = max(self.problem.min_leaf, self.problem.min_group)
        self._known: dict[tuple[bytes, tuple[int, ...], int], list[Separated]] = {}

    def trees(self) -> list[Separated]:
        """Trees that give each centre a leaf, the cheapest first; none where the limits leave no room."""
        return self._best(np.arange(self.problem.n_rows), tuple(range(self.problem.n_groups)), 0)

    def _best(self, rows: np.ndarray, centres: tuple[int, ...], depth: int) -> list[Separated]:
        if len(centres) == 1:
            return [Separated(float(self.distances[rows, centres[0]].sum()), SearchNode(centres[0]))]
        deepest = self.problem.limits.max_depth
        if deepest is not None and len(centres) > 2 ** (deepest - depth):
            return []
        # The same conditions in another order lead to the same rows and centres.
        key = (hashlib.blake2b(rows.tobytes(), digest_size=16).digest(), centres, depth if deepest else 0)
        if key not in self._known:
            self._known[key] = self._divided(rows, centres, depth)
        return self._known[key]

    def _divided(self, rows: np.ndarray, centres: tuple[int, ...], depth: int) -> list[Separated]:
        found: list[Separated] = []
        for node, left in self._cuts(rows, np.array(centres)):
            table = node.table
            assert table is not None
            left_rows, right_rows = divide(self.problem, node, rows)
            lefts = self._best(left_rows, left, depth + 1)
            rights = self._best(right_rows, tuple(one for one in centres if one not in left), depth + 1)
            for one in lefts:
                for other in rights:
                    tree = SearchNode()
                    # Copies: the same tree below may hang in several trees, which sweeps change in place.
                    tree.split(node.feature, table, one.root.copy(), other.root.copy())
                    found.append(Separated(one.cost + other.cost, tree))
        return _cheapest(found, self.kept)

    def _cuts(self, rows: np.ndarray, centres: np.ndarray) -> list[tuple[SearchNode, tuple[int, ...]]]:
        """The best cut of each feature, of these the best: a split, and the centres on its left."""
        layout = self.problem.layout
        order = open_leaf(self.memory, SearchNode(), rows, 0).order if layout.categorical else None
        costs, sides = self._costs(rows, centres, order)
        ranked = np.argsort(costs, kind="stable")
        ranked = ranked[np.isfinite(costs[ranked])]
        firsts = np.sort(np.unique(layout.feature[ranked], return_index=True)[1])[: self.width]
        cuts = []
        for candidate in ranked[firsts]:
            node = SearchNode()
            node.split(int(layout.feature[candidate]), layout.table(int(candidate), order), node, node)
            cuts.append((node, tuple(int(one) for one in centres[sides[candidate]])))
        return cuts

    def _costs(self, rows: np.ndarray, centres: np.ndarray, order: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """What the rows cost after each candidate, and which centres are then on the left."""
        layout, cells = self.problem.layout, self.problem.cells[rows]
        distances = self.distances[np.ix_(rows, centres)]
        nearest = np.argmin(distances, axis=1)
        n_bins, n_centres = layout.n_bins, len(centres)
        counted = np.bincount((cells * n_centres + nearest[:, None]).ravel(), minlength=n_bins * n_centres)
        left = layout.left_sums(counted.reshape(n_bins, n_centres).astype(np.float64), order)
        total = np.bincount(nearest, minlength=n_centres)
        # A centre goes where most of its rows go.
        sides = 2.0 * left > total
        lefts, in_all = left.sum(axis=1), len(rows)
        held = sides.sum(axis=1)
        # Each centre needs a leaf.
        allowed = (lefts >= self.least * np.maximum(held, 1)) & (
            in_all - lefts >= self.least * np.maximum(n_centres - held, 1)
        )
        allowed &= (held > 0) & (held < n_centres)
        costs = np.full(len(left), np.inf)
        for some in _alike(sides, np.flatnonzero(allowed)):
            on_left = sides[some[0]]
            here, there = distances[:, on_left].min(axis=1), distances[:, ~on_left].min(axis=1)
            worth = np.bincount(cells.ravel(), np.repeat(here - there, cells.shape[1]), minlength=n_bins)
            costs[some] = there.sum() + layout.left_sums(worth, order)[some]
        return costs, sides


def _cheapest(found: list[Separated], count: int) -> list[Separated]:
    """The cheapest trees; of equal cost one, as such trees are almost always the same divided in another order."""
    kept: list[Separated] = []
    for one in sorted(found, key=lambda one: one.cost):
        if not kept or one.cost - kept[-1].cost > 1e-9 * abs(one.cost):
            kept.append(one)
    return kept[:count]


def _alike(sides: np.ndarray, candidates: np.ndarray) -> list[np.ndarray]:
    """The candidates by which centres they have on the left."""
    if not len(candidates):
        return []
    patterns = np.unique(np.packbits(sides[candidates], axis=1), axis=0, return_inverse=True)[1].ravel()
    return [candidates[patterns == one] for one in range(int(patterns.max()) + 1)]
