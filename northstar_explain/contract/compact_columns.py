"""Columns in little memory, each given as it was when it is asked for.

Most columns of a large table have few distinct values: counts, days, rates and amounts that were rounded. Two million
rows then need one or two bytes a value instead of eight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, rows_of

# Of what a column takes as it is: saving less is not worth the time to decode it.
_LARGEST_SHARE = 0.75


class CompactColumns(Mapping[str, "np.ndarray | Category"]):
    """Columns that are kept as codes into their distinct values.

    Parameters
    ----------
    columns : mapping
        Name to float64 array or `Category`.

    Notes
    -----
    A column is decoded each time it is asked for, to the same bits: keep no more of them than are needed at a time.
    """

    def __init__(self, columns: Columns):
        self._kept = {name: _kept(column) for name, column in columns.items()}

    def __getitem__(self, name: str) -> np.ndarray | Category:
        kept = self._kept[name]
        return kept.column() if isinstance(kept, _Codes) else kept

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def nbytes(self) -> int:
        """Bytes that are kept."""
        return sum(kept.nbytes for kept in self._kept.values())

    def take(self, rows: np.ndarray) -> CompactColumns:
        """The same columns for some rows (a mask or positions), as compact."""
        taken = CompactColumns({})
        taken._kept = {
            name: replace(kept, codes=kept.codes[rows]) if isinstance(kept, _Codes) else kept[rows]
            for name, kept in self._kept.items()
        }
        return taken


def compact_rows(columns: Columns, rows: np.ndarray) -> CompactColumns:
    """Some rows (a mask or positions) of columns, in little memory."""
    return columns.take(rows) if isinstance(columns, CompactColumns) else CompactColumns(rows_of(columns, rows))


@dataclass(frozen=True)
class _Codes:
    """Positions in the distinct values: numbers, or the texts of a category, where -1 stands for missing."""

    codes: np.ndarray
    values: np.ndarray | tuple[str, ...]

    @property
    def nbytes(self) -> int:
        return self.codes.nbytes + (self.values.nbytes if isinstance(self.values, np.ndarray) else 0)

    def column(self) -> np.ndarray | Category:
        if isinstance(self.values, np.ndarray):
            numbers: np.ndarray = self.values[self.codes]
            return numbers
        return Category(self.codes.astype(np.int32), self.values)


def _kept(column: np.ndarray | Category) -> _Codes | np.ndarray:
    if isinstance(column, Category):
        # Signed, as -1 stands for missing.
        return _Codes(column.codes.astype(np.min_scalar_type(-max(1, len(column.values)))), column.values)
    encoded = pa.array(column).dictionary_encode()
    values = encoded.dictionary.to_numpy()
    codes = encoded.indices.to_numpy().astype(np.min_scalar_type(len(values)))
    if codes.nbytes + values.nbytes > _LARGEST_SHARE * column.nbytes:
        return column
    # Zero has two signs, and missing many bits: equal values need not be the same bits.
    same = np.array_equal(values[codes].view(np.int64), column.view(np.int64))
    return _Codes(codes, values.copy()) if same else column
