"""The least that a tree of four leaves can cost: no more than two of its cuts are searched for, the third is known.

Such a tree cuts off one leaf, then another, and divides the rest; or it divides both sides of its first cut. The rest
that two cuts leave is a quadrant of two features, and the best cut of fewer rows never costs more: the least of what is
cut off in a block of pairs of thresholds, and the best cut of the smallest quadrant of the block, bound all its trees.
"""

from __future__ import annotations

from itertools import combinations_with_replacement, islice
from typing import NamedTuple

import numpy as np

from northstar_explain.learn.workers import Task, in_processes, one_thread

from .best_cut import BestCut
from .two_cuts import Corner, Corners

# What one pair of thresholds takes beside its sums.
PAIR_WORK = 5.0
# Parts of a search, which run side by side.
PARTS = 2


class _Block(NamedTuple):
    """Pairs of thresholds; what each feature's best cut of their quadrants costs at least, and where that was seen."""

    top: int
    bottom: int
    left: int
    right: int
    costs: np.ndarray
    known: tuple[int, int]


class FourLeaves:
    """Bounds on the cost of the best tree of at most four leaves.

    Parameters
    ----------
    codes : ndarray of int of shape (p, n)
        Of each feature, ascending from 0 without gaps; a cut is between two codes. At least four rows differ in some.
    positions : ndarray of shape (n, d)
        Where each row lies, about the mean of all.
    slack : float
        Costs that differ by less are equal.
    """

    def __init__(self, codes: np.ndarray, positions: np.ndarray, slack: float) -> None:
        self.codes, self.positions, self.slack = codes, positions, slack
        # Numbers summed so far, and after how many the search ends.
        self.spent, self.work = 0.0, np.inf
        self.upper = np.inf

    def bounds(self, target: float) -> tuple[float, float]:
        """A lower bound on the best cost, and the lowest cost of a tree that was met.

        The lower bound is ``target``, or both are the best cost, or it is 0 where the work is spent. Half of the pairs
        of features are searched beside the other half, whatever the number of processors, so that each half ends at the
        same place.
        """
        best, features = min(target, self.upper), len(self.codes)
        share = (self.work - self.spent) / PARTS
        given = self.codes, self.positions, best - self.slack, share
        tasks: list[Task] = [(_searched, (*given, part), {}) for part in range(PARTS)]
        # Each pair of features looks at all rows.
        found = in_processes(tasks, len(self.positions) * features * features)
        self.spent += sum(spent for _, spent in found)
        self.upper = min([self.upper, *(upper for upper, _ in found)])
        ended = any(spent > share for _, spent in found)
        return (0.0 if ended else min(best, self.upper)), self.upper


def _searched(codes: np.ndarray, positions: np.ndarray, below: float, work: float, part: int) -> tuple[float, float]:
    """The lowest cost below a bound of the trees in one part of the search, and the numbers that were summed."""
    search = _Search(codes, positions, below, work)
    pairs = combinations_with_replacement(range(len(codes)), 2)
    with one_thread():
        for one, other in islice(pairs, part, None, PARTS):
            search.pair(one, other)
        for feature in range(part, len(codes), PARTS):
            search.both_sides(feature)
    return search.upper, search.cut.work


class _Search:
    """Looks for a tree that costs less than a bound, which falls to the cost of each that is found."""

    def __init__(self, codes: np.ndarray, positions: np.ndarray, below: float, work: float) -> None:
        self.cut = BestCut(codes, positions)
        self.corners = Corners(self.cut.codes, self.cut.sizes, positions)
        self.below, self.work = below, work
        self.upper = np.inf

    def pair(self, one: int, other: int) -> None:
        cut = self.cut
        if min(cut.sizes[one], cut.sizes[other]) < 2 or cut.work > self.work:
            return
        cut.work += PAIR_WORK * cut.sizes[one] * cut.sizes[other]
        for corner in self.corners.of(one, other):
            self._corner(corner)

    def _corner(self, corner: Corner) -> None:
        height, width = corner.cut_off.shape
        stack = [_Block(0, height, 0, width, np.zeros(len(self.cut.codes)), (-1, -1))]
        while stack and self.cut.work <= self.work:
            block = self._promising(corner, stack.pop())
            block = None if block is None else self._divided(corner, block)
            if block is not None:
                stack += _halves(corner, block)

    def _promising(self, corner: Corner, block: _Block) -> _Block | None:
        """The block without the rows and columns of pairs that what is cut off rules out."""
        within = corner.cut_off[block.top : block.bottom, block.left : block.right]
        open_pairs = within < self.below - block.costs.min()
        rows, columns = np.flatnonzero(open_pairs.any(axis=1)), np.flatnonzero(open_pairs.any(axis=0))
        if len(rows) == 0:
            return None
        return block._replace(
            top=block.top + int(rows[0]), bottom=block.top + int(rows[-1]) + 1,
            left=block.left + int(columns[0]), right=block.left + int(columns[-1]) + 1,
        )  # fmt: skip

    def _divided(self, corner: Corner, block: _Block) -> _Block | None:
        """The block with what the best cut of its smallest quadrant tells; None where that settles it."""
        place = block.bottom - 1, block.right - 1
        one_pair = (block.top, block.left) == place
        cut_off = float(corner.cut_off[block.top : block.bottom, block.left : block.right].min())
        need, own = self.below - cut_off, float(corner.own[place])
        if not one_pair and (own < need or block.known == place):
            return block
        rows = corner.rows(*place)
        if len(rows) < 2:
            # One leaf fewer than there might be: a tree that divides another leaf costs no more.
            return None if one_pair else block
        # A feature whose best cut of fewer rows costs too much already is not looked at again.
        costs = block.costs.copy()
        maybe = np.flatnonzero(costs < need)
        costs[maybe] = np.maximum(costs[maybe], self.cut.exact(rows, maybe))
        least = float(costs.min())
        if least >= need:
            return None
        if one_pair:
            self.below = self.upper = cut_off + least
            return None
        block = block._replace(costs=costs, known=place)
        return self._promising(corner, block)

    def both_sides(self, feature: int) -> None:
        """Trees that divide both sides of a first cut of a feature."""
        codes, last = self.cut.codes[feature], int(self.cut.sizes[feature]) - 2
        everything = np.arange(len(self.cut.codes))

        def two(rows: np.ndarray) -> float:
            if len(rows) < 2:
                return 0.0
            least = float(self.cut.exact(rows, everything).min())
            # Rows that no cut divides are one leaf.
            return least if np.isfinite(least) else self.cut.undivided(rows)

        stack = [(0, last)] if last >= 0 else []
        while stack and self.cut.work <= self.work:
            low, high = stack.pop()
            left, right = np.flatnonzero(codes <= low), np.flatnonzero(codes > high)
            if (cost := two(left) + two(right)) >= self.below:
                continue
            if low < high:
                middle = (low + high) // 2
                stack += [(low, middle), (middle + 1, high)]
                continue
            self.below = self.upper = cost


def _halves(corner: Corner, block: _Block) -> tuple[_Block, _Block]:
    """The halves of a block of two pairs or more, divided where the smallest quadrant of the first gains more rows."""
    first, second, (top, bottom, left, right) = corner.first, corner.second, block[:4]
    middle, centre = (top + bottom) // 2, (left + right) // 2
    down = np.count_nonzero((first >= middle) & (first < bottom) & (second >= right)) if bottom - top > 1 else -1
    across = np.count_nonzero((second >= centre) & (second < right) & (first >= bottom)) if right - left > 1 else -1
    if down >= across:
        return block._replace(bottom=middle), block._replace(top=middle)
    return block._replace(right=centre), block._replace(left=centre)
