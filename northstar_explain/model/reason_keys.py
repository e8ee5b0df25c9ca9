"""Reasons of many rows: points and places of bins packed into whole numbers, so that a few passes rank them.

The result is that of `reasons.top_reasons`. A key holds a bin's points in millionths, and below them its place among
the bins of all terms: a sum of keys then holds the sum of points, and the largest key of a theme the bin to word. Of
equal points the earlier term, and of equal sums the earlier theme, comes first.
"""

from __future__ import annotations

import numpy as np

from northstar_explain.model.reasons import MOST, groups_of, units
from northstar_explain.model.scorecard import Scorecard


class ReasonKeys:
    """The bins of a scorecard as keys.

    Parameters
    ----------
    scorecard : Scorecard

    Attributes
    ----------
    keys : list of ndarray of int64, each of shape (places of the term,)
        Of a term that is a theme by itself, as `rank` gives them; of others, points above and codes below.
    group : list of int
        The theme of each term.
    left : list of int
        How many terms each theme has.
    """

    def __init__(self, scorecard: Scorecard):
        groups = groups_of(scorecard)
        self.left = [len(group) for group in groups]
        self.group = [0] * len(scorecard.terms)
        for number, group in enumerate(groups):
            for term in group:
                self.group[term] = number
        sizes = [term.points.size for term in scorecard.terms]
        self._bins = sum(sizes)
        most = max(self.left, default=1)
        # 1 to all bins where points are positive, as many above where they are negative; 0 is no reason.
        self._code_bits = (2 * self._bins + 1).bit_length()
        self._sum_bits = self._code_bits + most.bit_length()  # room for the sum of a theme's codes
        self._group_bits = len(groups).bit_length()
        if max(self._sum_bits, self._code_bits + self._group_bits) + (most * MOST).bit_length() > 63:
            raise ValueError(f"too large for reasons: {self._bins:,} bins in themes of up to {most} terms")
        starts = np.cumsum([0, *sizes])
        self.keys = [
            self._keys(number, units(term.points.ravel()), np.arange(start, start + term.points.size))
            for number, (term, start) in enumerate(zip(scorecard.terms, starts[:-1], strict=True))
        ]
        codes = np.arange(2 * self._bins + 1)
        places = np.where(codes <= self._bins, self._bins - codes, codes - self._bins - 1) + 1
        self._place_of = np.where(codes == 0, 0, places).astype(np.int32)

    def _keys(self, term: int, whole: np.ndarray, place: np.ndarray) -> np.ndarray:
        # The earlier place has the higher code where the largest is looked for, the lower one where the smallest is.
        code = np.where(whole < 0, self._bins + 1 + place, self._bins - place)
        group = self.group[term]
        if self.left[group] == 1:
            return self._ranked(group, whole, code)
        packed: np.ndarray = (whole << self._sum_bits) + code
        return packed

    def _ranked(self, group: int, total: np.ndarray, code: np.ndarray) -> np.ndarray:
        """Themes in their order of rank: by points either way, and of equal ones the earlier first; 0 for none."""
        key: np.ndarray = np.abs(total)
        nothing = key == 0
        key <<= self._group_bits
        key += len(self.left) - 1 - group
        key <<= self._code_bits
        key += code
        key[nothing] = 0
        return key

    def rank(self, group: int, total: np.ndarray, largest: np.ndarray, smallest: np.ndarray) -> np.ndarray:
        """The rank of a theme in each row, from the sum, the largest and the smallest of its keys."""
        total >>= self._sum_bits
        code = np.where(total > 0, largest, smallest)
        code &= (1 << self._sum_bits) - 1
        return self._ranked(group, total, code)

    def places(self, ranks: np.ndarray) -> np.ndarray:
        """1 and the place of the bin to word, 0 for none: shape (n,)."""
        found: np.ndarray = self._place_of.take(ranks & ((1 << self._code_bits) - 1), mode="clip")
        return found


class Top:
    """The reasons of some rows, updated term by term."""

    def __init__(self, keys: ReasonKeys, most: int, rows: int):
        self._keys = keys
        self._left = list(keys.left)
        self._open: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        self._ranks = [np.zeros(rows, dtype=np.int64) for _ in range(most)]

    def add(self, term: int, keys: np.ndarray) -> None:
        """Add a term: its keys, one per row."""
        group = self._keys.group[term]
        self._left[group] -= 1
        if self._keys.left[group] == 1:
            self._insert(keys)
        elif group not in self._open:
            self._open[group] = (keys.copy(), keys.copy(), keys)
        else:
            total, largest, smallest = self._open[group]
            total += keys
            np.maximum(largest, keys, out=largest)
            np.minimum(smallest, keys, out=smallest)
            if not self._left[group]:
                self._insert(self._keys.rank(group, *self._open.pop(group)))

    def _insert(self, ranks: np.ndarray) -> None:
        # One step of insertion sort for all rows at once.
        for position, largest in enumerate(self._ranks):
            if position < len(self._ranks) - 1:
                lower = np.minimum(largest, ranks)
                np.maximum(largest, ranks, out=largest)
                ranks = lower
            else:
                np.maximum(largest, ranks, out=largest)

    def places(self) -> list[np.ndarray]:
        """For each rank, 1 and the place of each row's bin."""
        return [self._keys.places(ranks) for ranks in self._ranks]
