"""A column of categories: codes into its few distinct values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Category:
    """A column of categories.

    Attributes
    ----------
    codes : ndarray of int32, shape (n,)
        Index into `values`; -1 where missing.
    values : tuple of str
        The distinct values.
    """

    codes: np.ndarray
    values: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: np.ndarray) -> Category:
        """The same column for some rows, given as a mask or positions."""
        return Category(self.codes[rows], self.values)

    def lookup(self, table: Mapping[str, int], missing: int, unseen: int) -> np.ndarray:
        """Map each row's value through a table, with a code for missing values and one for values not in it."""
        codes = np.array([*(table.get(value, unseen) for value in self.values), missing], dtype=np.intp)
        mapped: np.ndarray = codes[self.codes]  # code -1 takes the last entry: missing
        return mapped
