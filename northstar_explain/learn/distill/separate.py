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

# Trees that are kept, and cuts that are followed, by how many centres there are to separate: the sets of rows and
# centres to look at grow exponentially with their number.
KEPT, WIDTHS = 4, ((8, 3), (12, 2))


def width_for(n_groups: int) -> int:
    """So many cuts are followed at each set of centres."""
    return next((width for most, width in WIDTHS if n_groups <= most), 1)


class Separated(NamedTuple):
    """A tree whose leaves are the centres' own, and the squared distances of its rows to them."""

    cost: float
    root: SearchNode


class Separation:
    """The cheapest trees for each set of rows and centres, each pair looked at once."""

    def __init__(
        self, memory: Memory, centres: np.ndarray, width: int | None = None, kept: int = KEPT, torn: bool = False
    ) -> None:
        self.memory, self.problem = memory, memory.problem
        self.width, self.kept = width or width_for(self.problem.n_groups), kept
        # Whether to cut where fewest rows are torn from their centre, as IMM does; trees still cost what they cost.
        self.torn = torn
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
        for node, left in self._cuts(rows, np.array(centres), depth):
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

    def _cuts(self, rows: np.ndarray, centres: np.ndarray, depth: int) -> list[tuple[SearchNode, tuple[int, ...]]]:
        """The best cut of each feature, of these the best: a split, and the centres on its left."""
        layout = self.problem.layout
        order = open_leaf(self.memory, SearchNode(), rows, 0).order if layout.categorical else None
        costs, sides = self._costs(rows, centres, order, self._room(depth))
        ranked = np.argsort(costs, kind="stable")
        ranked = ranked[np.isfinite(costs[ranked])]
        firsts = np.sort(np.unique(layout.feature[ranked], return_index=True)[1])[: self.width]
        cuts = []
        for candidate in ranked[firsts]:
            node = SearchNode()
            node.split(int(layout.feature[candidate]), layout.table(int(candidate), order), node, node)
            cuts.append((node, tuple(int(one) for one in centres[sides[candidate]])))
        return cuts

    def _room(self, depth: int) -> int:
        """So many centres find a leaf on one side of a cut at this depth."""
        deepest = self.problem.limits.max_depth
        # A tree that separates no more centres than there are groups is never deeper than their number.
        below = self.problem.n_groups if deepest is None else deepest - depth - 1
        return int(2 ** min(below, self.problem.n_groups))

    def _costs(
        self, rows: np.ndarray, centres: np.ndarray, order: np.ndarray | None, room: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """What the rows cost after each candidate that may be among the best, and which centres are then on the left.

        A row that is cut off from its nearest centre costs at least what the second nearest does. Candidates are looked
        at by this bound, and those that it rules out cost infinity.
        """
        layout, cells = self.problem.layout, self.problem.cells[rows]
        distances = self.distances[np.ix_(rows, centres)]
        nearest = np.argmin(distances, axis=1)
        two = np.partition(distances, 1, axis=1)
        regret = np.ones(len(rows)) if self.torn else two[:, 1] - two[:, 0]
        n_bins, n_centres, width = layout.n_bins, len(centres), cells.shape[1]
        places = (cells * n_centres + nearest[:, None]).ravel()
        counted = np.bincount(places, minlength=n_bins * n_centres).reshape(n_bins, n_centres)
        regretted = np.bincount(places, np.repeat(regret, width), n_bins * n_centres).reshape(n_bins, n_centres)
        both = layout.left_sums(np.stack([counted, regretted], axis=1), order)
        left, torn = both[:, 0], both[:, 1]
        # A centre goes where most of its rows go.
        sides = 2.0 * left > np.bincount(nearest, minlength=n_centres)
        bounds = np.where(sides, np.bincount(nearest, regret, n_centres) - torn, torn).sum(axis=1) + two[:, 0].sum()
        lefts, in_all, held = left.sum(axis=1), len(rows), sides.sum(axis=1)
        # Each centre needs a leaf.
        allowed = (lefts >= self.least * np.maximum(held, 1)) & (
            in_all - lefts >= self.least * np.maximum(n_centres - held, 1)
        )
        allowed &= (held > 0) & (held < n_centres) & (held <= room) & (n_centres - held <= room)
        if self.torn:
            return np.where(allowed, bounds, np.inf), sides
        costs = np.full(len(left), np.inf)
        best = np.full(len(layout.bins), np.inf)
        waiting = np.flatnonzero(allowed)
        waiting = waiting[np.argsort(bounds[waiting], kind="stable")]
        while (
            len(waiting) and bounds[waiting[0]] < np.partition(best, min(self.width, len(best)) - 1)[: self.width].max()
        ):
            on_left = sides[waiting[0]]
            same = (sides[waiting] == on_left).all(axis=1)
            some, waiting = waiting[same], waiting[~same]
            here, there = distances[:, on_left].min(axis=1), distances[:, ~on_left].min(axis=1)
            asked = np.unique(layout.feature[some])
            worth = np.bincount(cells[:, asked].ravel(), np.repeat(here - there, len(asked)), minlength=n_bins)
            costs[some] = there.sum() + layout.left_sums(worth, order)[some]
            np.minimum.at(best, layout.feature[some], costs[some])
        return costs, sides


def _cheapest(found: list[Separated], count: int) -> list[Separated]:
    """The cheapest trees; of equal cost one, as such trees are almost always the same divided in another order."""
    kept: list[Separated] = []
    for one in sorted(found, key=lambda one: one.cost):
        if not kept or one.cost - kept[-1].cost > 1e-9 * abs(one.cost):
            kept.append(one)
    return kept[:count]
