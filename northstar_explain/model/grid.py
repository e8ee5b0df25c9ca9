"""Counting the cuts at or below each value: the answer of a binary search, in a few passes over the whole column.

A binary search asks eight questions a value whose answers no processor can guess. Read as a whole number, the bits of
a float64 rise with its value; their leading part numbers a cell, and a table tells how many cuts lie below each cell.
What is left is to compare the value with the one or two cuts inside its cell, so the answer is exact.
"""

from __future__ import annotations

import numpy as np

_SIGN = np.int64(0x7FFF_FFFF_FFFF_FFFF)
_MOST_CELLS = 1 << 15
_MOST_ROUNDS = 4


class Grid:
    """Cuts made ready for looking up.

    Parameters
    ----------
    cuts : ndarray of float64, shape (cuts,)
        Rising, without repeats, finite.
    """

    def __init__(self, cuts: np.ndarray):
        self.cuts = np.asarray(cuts, dtype=np.float64) + 0.0  # -0.0 becomes 0.0, which it equals
        self._signed = bool(len(cuts)) and bool(self.cuts[0] < 0)
        self._rounds = 0
        if len(cuts):
            self._lay_out(_rising_bits(self.cuts, self._signed))

    def _lay_out(self, bits: np.ndarray) -> None:
        for rounds in range(1, min(_MOST_ROUNDS, len(bits)) + 1):
            # The coarsest cells of which none holds more than `rounds` cuts: the highest bit in which two differ.
            apart = (bits[rounds:] ^ bits[:-rounds]).view(np.uint64)
            shift = np.int64(min(int(apart.min()).bit_length() - 1, 51) if len(apart) else 51)
            cells = bits >> shift
            if int(cells[-1]) - int(cells[0]) < _MOST_CELLS:
                break
        else:
            return
        self._rounds, self._shift, self._first, self._last = rounds, shift, cells[0], cells[-1]
        below = np.searchsorted(cells, np.arange(cells[0], cells[-1] + 1), side="left")
        self._below = below.astype(np.intp)
        self._bounds = np.append(self.cuts, np.nan)  # after the last cut, one that no value reaches

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """How many cuts are at or below each value.

        Parameters
        ----------
        values : ndarray of float64, shape (n,)
            What it gives for NaN means nothing.

        Returns
        -------
        ndarray of intp, shape (n,)
            As ``np.searchsorted(cuts, values, side="right")``.
        """
        if not self._rounds:
            return np.searchsorted(self.cuts, values, side="right")
        cells = _rising_bits(values, self._signed) >> self._shift
        np.clip(cells, self._first, self._last, out=cells)  # before subtracting, which could overflow
        cells -= self._first
        found = self._below.take(cells, mode="clip")
        for _ in range(self._rounds):
            found += values >= self._bounds.take(found, mode="clip")
        return found


def distinct(values: np.ndarray) -> np.ndarray:
    """The different values, rising; as np.unique, which loads numpy.ma, and that takes longer than all of this."""
    ordered = np.sort(values)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


def _rising_bits(values: np.ndarray, signed: bool) -> np.ndarray:
    """Whole numbers that rise with the values; without `signed`, all values below 0 come before all others."""
    if not signed:
        return np.ascontiguousarray(values).view(np.int64)
    bits = (values + 0.0).view(np.int64)
    return bits ^ ((bits >> np.int64(63)) & _SIGN)
