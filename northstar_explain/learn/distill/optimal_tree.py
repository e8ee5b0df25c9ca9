"""The least that a tree of one leaf a cluster can cost, proven by branch and bound.

The cost of a tree in which each leaf is a cluster of its own is the sum of its leaves' costs, so the best tree of a set
of rows is the best cut of it and the best trees of both sides. Three facts spare most cuts:

- the best cost of fewer rows is never higher, so that one bound holds for a whole interval of thresholds at once:
  what lies left of its lowest, what lies right of its highest, and the rows between by themselves;
- ``j`` clusters of a set of rows cost at least its scatter without its ``j - 1`` principal directions (Ding and He
  2004, "K-means clustering via principal component analysis");
- a set of rows that two orders of cutting reach is searched once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

# What one evaluation of all cuts, and one interval, take beside their sums.
CUTS_WORK, INTERVAL_WORK = 20_000, 10_000


def spectral(X: np.ndarray, clusters: int) -> float:
    """The least that so many clusters of rows can cost, from the scatter about their mean."""
    centred = X - X.mean(axis=0)
    return max(0.0, float(np.square(centred).sum()) - float(_principal(centred)[: clusters - 1].sum()))


def _principal(centred: np.ndarray) -> np.ndarray:
    """Scatter along the principal directions, the largest first."""
    few = len(centred) <= centred.shape[1]
    scatter: np.ndarray = np.linalg.eigvalsh(centred @ centred.T if few else centred.T @ centred)[::-1]
    np.maximum(scatter, 0.0, out=scatter)
    return scatter


@dataclass(frozen=True)
class _Cuts:
    """All cuts of a set of rows.

    ``rows[a, :t + 1]`` lie left of cut ``t`` of feature ``a``; ``left`` and ``right`` are what the sides cost as one
    cluster each, and ``valid`` tells cuts between different values.
    """

    centred: np.ndarray
    rows: np.ndarray
    places: np.ndarray
    left: np.ndarray
    right: np.ndarray
    valid: np.ndarray
    n_all: int

    def side(self, feature: int, cut: int, right: bool) -> np.ndarray:
        members = np.zeros(self.n_all, dtype=bool)
        members[self.rows[feature, cut + 1 :] if right else self.rows[feature, : cut + 1]] = True
        return members

    def between(self, feature: int, low: int, high: int) -> np.ndarray:
        """Rows right of cut ``low`` and left of cut ``high``."""
        found: np.ndarray = self.centred[self.places[feature, low + 1 : high + 1]]
        return found


class Search:
    """Bounds on the cost of the best trees of sets of rows, each set searched once for each number of leaves.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        Where each row lies, about the mean of all.
    ranks : ndarray of int of shape (p, n)
        The rows' order by each feature; equal where no cut separates two rows.
    slack : float
        Costs that differ by less are equal.
    """

    def __init__(self, X: np.ndarray, ranks: np.ndarray, slack: float) -> None:
        self.X, self.ranks, self.slack = X, ranks, slack
        # Numbers summed, and after how many the search ends.
        self.spent, self.work = 0.0, np.inf
        self.order = np.argsort(ranks, axis=1, kind="stable")
        self.known: dict[tuple[int, bytes], tuple[float, float]] = {}

    def bounds(self, members: np.ndarray, leaves: int, budget: float, decide: bool) -> tuple[float, float]:
        """A lower bound on the best cost of at most so many leaves, and the lowest cost of a tree that was met.

        The lower bound reaches ``budget``, or both are the best cost. With ``decide``, the search also ends at the
        first tree below ``budget``; and without either once the work is spent.
        """
        key = (leaves, np.packbits(members).tobytes())
        lower, upper = self.known.get(key, (0.0, np.inf))
        done = lower >= budget or lower >= upper - self.slack or (decide and upper < budget)
        if not done and self.spent <= self.work:
            found, upper = self._searched(members, leaves, budget, decide, upper)
            lower = max(lower, found)
            self.known[key] = lower, upper
        return lower, upper

    def _searched(
        self, members: np.ndarray, leaves: int, budget: float, decide: bool, upper: float
    ) -> tuple[float, float]:
        centred = self.X[members]
        centred = centred - centred.mean(axis=0)
        total = float(np.square(centred).sum())
        if leaves == 1:
            return total, total
        main = np.zeros(leaves)
        if leaves > 2:
            self.spent += INTERVAL_WORK
            found = _principal(centred)[:leaves]
            main[: len(found)] = found
            if (lower := max(0.0, total - float(main[: leaves - 1].sum()))) >= budget:
                return lower, upper
        cuts = self._cuts(members, centred)
        two = np.where(cuts.valid, cuts.left + cuts.right, np.inf)
        best = float(two.min(initial=np.inf))
        if leaves == 2 or not np.isfinite(best):
            best = max(0.0, min(best, total))
            return best, best
        upper = min(upper, self._greedy(cuts, leaves, int(two.argmin())))
        if decide and upper < budget:
            return lower, upper
        found_lower, upper = _Branching(self, cuts, main, leaves, decide).run(min(budget, upper), upper)
        return max(lower, found_lower), upper

    def _cuts(self, members: np.ndarray, centred: np.ndarray) -> _Cuts:
        features, held = len(self.order), len(centred)
        # Masks of all rows are read too, and kept: their share bounds what `known` holds to some 100 MB.
        self.spent += features * centred.size + 8 * len(members) + CUTS_WORK
        rows = self.order[members[self.order]].reshape(features, held)
        places = (np.cumsum(members) - 1)[rows]
        squares = np.einsum("nd,nd->n", centred, centred)
        sums = np.cumsum(centred[places], axis=1)
        # About the mean, what one side sums to is what the other lacks.
        lengths = np.einsum("fnd,fnd->fn", sums, sums)[:, :-1]
        below = np.cumsum(squares[places], axis=1)[:, :-1]
        counts = np.arange(1, held)
        ranks = np.take_along_axis(self.ranks, rows, axis=1)
        left, right = below - lengths / counts, squares.sum() - below - lengths / (held - counts)
        return _Cuts(centred, rows, places, left, right, ranks[:, 1:] != ranks[:, :-1], len(members))

    def _greedy(self, cuts: _Cuts, leaves: int, best: int) -> float:
        """Cost of a tree whose first cut is that of the best two leaves."""
        feature, cut = divmod(best, cuts.left.shape[1])
        costs = []
        for leaves_left in range(1, leaves):
            cost = 0.0
            for many, right in ((leaves_left, False), (leaves - leaves_left, True)):
                one = (cuts.right if right else cuts.left)[feature, cut]
                cost += one if many == 1 else self.bounds(cuts.side(feature, cut, right), many, np.inf, True)[1]
            costs.append(cost)
        return float(min(costs))


@dataclass
class _Branching:
    """The first cuts of one set of rows, halved interval by interval until each is bounded or met."""

    search: Search
    cuts: _Cuts
    main: np.ndarray
    leaves: int
    decide: bool

    def run(self, budget: float, upper: float) -> tuple[float, float]:
        """The lowest bound of all intervals, no higher than ``budget``; and the lowest cost met, ``upper`` at most."""
        search = self.search
        lowest = budget
        stack = list(self._all())
        while stack:
            feature, first, places = stack.pop()
            places = self._promising(feature, first, places, budget)
            if len(places) == 0:
                continue
            bound, met = self._interval(feature, first, int(places[0]), int(places[-1]), budget)
            if bound >= budget - search.slack:
                continue
            if len(places) > 1 and search.spent <= search.work:
                half = len(places) // 2
                stack += [(feature, first, places[:half]), (feature, first, places[half:])]
                continue
            lowest = min(lowest, bound)
            if met < budget:
                budget = upper = met
                if self.decide:
                    break
        # Where the search ended at a tree, the other intervals are open.
        return (0.0 if stack else min(lowest, budget)), upper

    def _all(self) -> Iterator[tuple[int, int, np.ndarray]]:
        for feature, valid in enumerate(self.cuts.valid):
            for first in range(1, self.leaves):
                yield feature, first, np.flatnonzero(valid)

    def _cheap(self, one: np.ndarray | float, leaves: int) -> np.ndarray:
        """A bound on a side from its cost as one cluster: its scatter is nowhere above that of all rows."""
        bound: np.ndarray = np.maximum(one - self.main[: leaves - 1].sum(), 0.0)
        return bound

    def _promising(self, feature: int, first: int, places: np.ndarray, budget: float) -> np.ndarray:
        """The cuts from the first to the last that cheap bounds do not rule out."""
        left, right = self.cuts.left[feature, places], self.cuts.right[feature, places]
        bound = self._cheap(left, first) + self._cheap(right, self.leaves - first)
        bound = np.maximum(bound, left + right - self.main[: self.leaves - 2].sum())
        kept = np.flatnonzero(bound < budget)
        return places[kept[0] : kept[-1] + 1] if len(kept) else kept

    def _interval(self, feature: int, first: int, low: int, high: int, budget: float) -> tuple[float, float]:
        """A bound on all cuts from ``low`` to ``high``, and what the cut costs where it is one and that was found."""
        self.search.spent += INTERVAL_WORK
        base = 0.0
        if high - low > self.leaves:
            base = spectral(self.cuts.between(feature, low, high), self.leaves)
        # The side of fewer leaves is known sooner, and often rules the interval out by itself.
        sides = [(low, first, False), (high, self.leaves - first, True)]
        if first > self.leaves - first:
            sides.reverse()
        (cut, many, right), other = sides
        decide = self.decide or low < high
        spare = float(self._cheap(self._one(feature, other[0], other[2]), other[1]))
        bound, met = self._side(feature, cut, many, right, budget - base - spare, decide)
        if base + bound + spare >= budget:
            return base + bound + spare, np.inf
        cut, many, right = other
        more, met_more = self._side(feature, cut, many, right, budget - base - bound, decide)
        return base + bound + more, met + met_more if low == high else np.inf

    def _one(self, feature: int, cut: int, right: bool) -> float:
        return float((self.cuts.right if right else self.cuts.left)[feature, cut])

    def _side(
        self, feature: int, cut: int, leaves: int, right: bool, budget: float, decide: bool
    ) -> tuple[float, float]:
        one = self._one(feature, cut, right)
        if leaves == 1:
            return one, one
        if (cheap := float(self._cheap(one, leaves))) >= budget:
            return cheap, np.inf
        lower, upper = self.search.bounds(self.cuts.side(feature, cut, right), leaves, budget, decide)
        return max(lower, cheap), upper
