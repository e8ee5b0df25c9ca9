"""The number of cuts at or below each value: `numpy.searchsorted`, in a few vectorized passes over the column.

A binary search over 255 cuts takes eight unpredictable branches per value. Interpreted as integers, the bits of
float64 increase with the value; their leading bits are the number of a cell, and a table holds the number of cuts below
each cell. The value is then compared with the one or two cuts inside its cell, so the result is exact.
"""

from __future__ import annotations

import numpy as np

# Not the sign bit but all others, which `_rising_bits` flips in negative numbers.
_SIGN = np.int64(0x7FFF_FFFF_FFFF_FFFF)
_MOST_CELLS = 1 << 15
_MOST_ROUNDS = 4


class Grid:
    """Cuts, prepared for lookup.

    Parameters
    ----------
    cuts : ndarray of float64, shape (cuts,)
        Strictly increasing and finite.
    """

    def __init__(self, cuts: np.ndarray):
        self.cuts = np.asarray(cuts, dtype=np.float64) + 0.0  # -0.0 becomes 0.0, which it equals
        self._signed = bool(len(cuts)) and bool(self.cuts[0] < 0)
        self._rounds = 0
        if len(cuts):
            self._lay_out(_rising_bits(self.cuts, self._signed))

    def _lay_out(self, bits: np.ndarray) -> None:
        # Fewest comparisons per value first; more of them allow coarser cells, where cuts are too close for the table.
        for rounds in range(1, min(_MOST_ROUNDS, len(bits)) + 1):
            # The coarsest cells with at most `rounds` cuts each, by the highest bit in which neighbors differ.
            apart = (bits[rounds:] ^ bits[:-rounds]).view(np.uint64)
            shift = np.int64(min(int(apart.min()).bit_length() - 1, 51) if len(apart) else 51)
            cells = bits >> shift
            if int(cells[-1]) - int(cells[0]) < _MOST_CELLS:
                break
        # Without such a table, `_rounds` stays 0 and every lookup is a binary search.
        else:
            return
        self._rounds, self._shift, self._first, self._last = rounds, shift, cells[0], cells[-1]
        below = np.searchsorted(cells, np.arange(cells[0], cells[-1] + 1), side="left")
        self._below = below.astype(np.intp)
        self._bounds = np.append(self.cuts, np.nan)  # a sentinel that no value reaches

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """The number of cuts at or below each value.

        Parameters
        ----------
        values : ndarray of float64, shape (n,)
            The result for NaN is undefined.

        Returns
        -------
        ndarray of intp, shape (n,)
            As ``np.searchsorted(cuts, values, side="right")``.
        """
        if not self._rounds:
            return np.searchsorted(self.cuts, values, side="right")
        cells = _rising_bits(values, self._signed) >> self._shift
        np.clip(cells, self._first, self._last, out=cells)  # first, as the subtraction could overflow
        cells -= self._first
        below = self._below.take(cells, mode="clip")
        for _ in range(self._rounds):
            below += values >= self._bounds.take(below, mode="clip")
        return below


def distinct(values: np.ndarray) -> np.ndarray:
    """The distinct values, ascending: np.unique without importing numpy.ma, which takes longer than a lookup."""
    ordered = np.sort(values)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


def _rising_bits(values: np.ndarray, signed: bool) -> np.ndarray:
    """Integers that increase with the values; unless `signed`, only for values from 0 on, all others being lower."""
    if not signed:
        return np.ascontiguousarray(values).view(np.int64)
    # The bits of -0.0 are far from those of 0.0, which it equals; the sum is 0.0 for both.
    bits = (values + 0.0).view(np.int64)
    # Bits of negative numbers increase with their size; flipped, all but the sign, they increase with the value.
    return bits ^ ((bits >> np.int64(63)) & _SIGN)
