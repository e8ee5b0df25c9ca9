"""The least that a tree of four leaves can cost: no more than two of its cuts are searched for, the third is known.

Such a tree cuts off one leaf, then another, and divides the rest; or it divides both sides of its first cut. The rest
that two cuts leave is a quadrant of two features, and the best cut of fewer rows never costs more: the least of what is
cut off in a block of pairs of thresholds, and the best cut of the smallest quadrant of the block, bound all its trees.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np

from .best_cut import BestCut
from .two_cuts import Corner, corners

# What one pair of thresholds takes beside its sums.
PAIR_WORK = 5.0
# A quadrant is evaluated where the best cut settles its block if it costs the hoped share of the quadrant. The share
# starts here, and changes by so much with each block that is settled and each that is not: most are to be.
HOPED, MORE, LESS = 0.6, 1.03, 0.93


class _Block(NamedTuple):
    """Pairs of thresholds, the features that may divide their quadrants, and what is known of the best cut."""

    top: int
    bottom: int
    left: int
    right: int
    features: np.ndarray
    least: float
    known: tuple[int, int]


@dataclass
class FourLeaves:
    """Bounds on the cost of the best tree of at most four leaves.

    Parameters
    ----------
    cut : BestCut
        Of all rows, at least four of which differ in some feature.
    slack : float
        Costs that differ by less are equal.
    """

    cut: BestCut
    slack: float
    # Numbers summed after which the search ends.
    work: float = np.inf
    upper: float = np.inf
    _hoped: float = HOPED

    @property
    def spent(self) -> float:
        """Numbers summed so far."""
        return self.cut.work

    def bounds(self, target: float) -> tuple[float, float]:
        """A lower bound on the best cost, and the lowest cost of a tree that was met.

        The lower bound is ``target``, or both are the best cost, or it is 0 where the work is spent.
        """
        self._best = min(target, self.upper)
        features = range(len(self.cut.codes))
        for one, other in combinations_with_replacement(features, 2):
            if self.spent > self.work:
                return 0.0, self.upper
            self._pair(one, other)
        for feature in features:
            self._both_sides(feature)
        return (self._best if self.spent <= self.work else 0.0), self.upper

    def _pair(self, one: int, other: int) -> None:
        cut = self.cut
        if min(cut.sizes[one], cut.sizes[other]) < 2:
            return
        cut.work += PAIR_WORK * cut.sizes[one] * cut.sizes[other]
        for corner in corners(cut.codes, cut.sizes, cut.positions, one, other):
            self._corner(corner)

    def _corner(self, corner: Corner) -> None:
        height, width = corner.cut_off.shape
        everything = np.arange(len(self.cut.codes))
        stack = [_Block(0, height, 0, width, everything, 0.0, (-1, -1))]
        while stack and self.spent <= self.work:
            block = self._promising(corner, stack.pop())
            block = None if block is None else self._divided(corner, block)
            if block is not None:
                stack += _halves(block)

    def _promising(self, corner: Corner, block: _Block) -> _Block | None:
        """The block without the rows and columns of pairs that what is cut off rules out."""
        within = corner.cut_off[block.top : block.bottom, block.left : block.right]
        open_pairs = within < self._best - self.slack - block.least
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
        need, own = self._best - self.slack - cut_off, float(corner.own[place])
        if not one_pair and (own * self._hoped < need or block.known == place):
            return block
        rows = corner.rows(*place)
        if len(rows) < 2:
            # One leaf fewer than there might be: a tree that divides another leaf costs no more.
            return None if one_pair else block
        costs = self.cut.exact(rows, block.features) if one_pair else self.cut.bounds(rows, block.features, need)
        features = block.features[costs < need]
        least = float(costs.min())
        self._hoped = min(1.0, self._hoped * (MORE if len(features) == 0 else LESS))
        if len(features) == 0:
            return None
        if one_pair:
            self._best = self.upper = cut_off + least
            return None
        return block._replace(features=features, least=max(block.least, least), known=place)

    def _both_sides(self, feature: int) -> None:
        """Trees that divide both sides of a first cut of a feature."""
        codes, last = self.cut.codes[feature], int(self.cut.sizes[feature]) - 2
        everything = np.arange(len(self.cut.codes))

        def two(rows: np.ndarray, exact: bool) -> float:
            if len(rows) < 2:
                return 0.0
            costs = self.cut.exact(rows, everything) if exact else self.cut.bounds(rows, everything, 0.0)
            least = float(costs.min())
            # Rows that no cut divides are one leaf.
            return least if np.isfinite(least) else self.cut.undivided(rows)

        stack = [(0, last)] if last >= 0 else []
        while stack and self.spent <= self.work:
            low, high = stack.pop()
            left, right = np.flatnonzero(codes <= low), np.flatnonzero(codes > high)
            if two(left, False) + two(right, False) >= self._best - self.slack:
                continue
            if low < high:
                middle = (low + high) // 2
                stack += [(low, middle), (middle + 1, high)]
                continue
            cost = two(left, True) + two(right, True)
            if cost < self._best - self.slack:
                self._best = self.upper = cost


def _halves(block: _Block) -> tuple[_Block, _Block]:
    if block.bottom - block.top >= block.right - block.left:
        middle = (block.top + block.bottom) // 2
        return block._replace(bottom=middle), block._replace(top=middle)
    middle = (block.left + block.right) // 2
    return block._replace(right=middle), block._replace(left=middle)
