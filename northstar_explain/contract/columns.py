"""A checked table as NumPy columns: numbers as float64, categories as codes into their few distinct values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from northstar_explain.contract.features import Feature


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
        """The same column for some rows (a mask or positions)."""
        return Category(self.codes[rows], self.values)

    def lookup(self, table: Mapping[str, int], missing: int, unseen: int) -> np.ndarray:
        """Translate each row's value by a table, with a code for missing and for values it does not hold."""
        codes = np.array([*(table.get(value, unseen) for value in self.values), missing], dtype=np.int64)
        return codes[self.codes]  # code -1 takes the last entry: missing


Columns = Mapping[str, "np.ndarray | Category"]


def columns_of(table: pa.Table, features: Iterable[Feature]) -> dict[str, np.ndarray | Category]:
    """Turn the features of a checked table into NumPy columns.

    Parameters
    ----------
    table : pyarrow.Table
        Rows that `check` accepted: float64 or string columns.
    features : iterable of Feature
        Which columns to take.

    Returns
    -------
    dict
        Name to float64 array (NaN is missing) or `Category`.
    """
    return {
        feature.name: _number(table[feature.name]) if feature.kind.numeric else _category(table[feature.name])
        for feature in features
    }


def rows_of(columns: Columns, rows: np.ndarray) -> dict[str, np.ndarray | Category]:
    """The same columns for some rows (a mask or positions)."""
    return {
        name: column.take(rows) if isinstance(column, Category) else column[rows] for name, column in columns.items()
    }


def _number(column: pa.ChunkedArray) -> np.ndarray:
    # to_numpy of a column with nulls gives NaN for them, which is what missing is from here on.
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _category(column: pa.ChunkedArray) -> Category:
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Category(codes.astype(np.int32), tuple(encoded.dictionary.to_pylist()))
