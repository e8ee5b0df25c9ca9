"""A table as NumPy columns: numbers as float64, categories as codes into their few distinct values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pyarrow as pa

from northstar_explain.contract.categories import Category
from northstar_explain.contract.features import Feature

_FEW = 2_000  # below it, Python encodes sooner than pyarrow.compute loads


Columns = Mapping[str, "np.ndarray | Category"]


def columns_of(table: pa.Table, features: Iterable[Feature]) -> dict[str, np.ndarray | Category]:
    """Convert the features of a checked table to NumPy columns.

    Parameters
    ----------
    table : pyarrow.Table
        Rows that `check` accepted: float64 or string columns.
    features : iterable of Feature
        Columns to convert.

    Returns
    -------
    dict
        Name to float64 array (NaN is missing) or `Category`.
    """
    return {
        feature.name: (numbers_of if feature.kind.numeric else category_of)(one_array(table[feature.name]))
        for feature in features
    }


def count_rows(columns: Columns) -> int:
    """The number of rows of columns that are equally long."""
    return len(next(iter(columns.values())))


def rows_of(columns: Columns, rows: np.ndarray) -> dict[str, np.ndarray | Category]:
    """The same columns for some rows (a mask or positions)."""
    return {
        name: column.take(rows) if isinstance(column, Category) else column[rows] for name, column in columns.items()
    }


def one_array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """The column as one array."""
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column


def numbers_of(column: pa.Array) -> np.ndarray:
    """Numbers of any type as float64, null as NaN; shares memory with the column where it can."""
    if pa.types.is_decimal(column.type) or pa.types.is_null(column.type):
        column = column.cast(pa.float64(), safe=False)
    # to_numpy turns nulls into NaN, which stands for missing from here on.
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)


def category_of(column: pa.Array) -> Category:
    """Strings, dictionary-encoded or not, as codes; null is missing."""
    if not pa.types.is_dictionary(column.type):
        if len(column) <= _FEW:
            return _few_categories(column.to_pylist())
        column = column.dictionary_encode()
    values = tuple(column.dictionary.to_pylist())
    codes = _codes(column.indices)
    if None in values:  # a dictionary may hold a null of its own
        codes[codes == values.index(None)] = -1
        values = tuple(value if value is not None else "" for value in values)
    return Category(codes, values)


def _few_categories(texts: list[str | None]) -> Category:
    places = {text: place for place, text in enumerate(dict.fromkeys(text for text in texts if text is not None))}
    codes = np.array([-1 if text is None else places[text] for text in texts], dtype=np.int32)
    return Category(codes, tuple(places))


def _codes(indices: pa.Array) -> np.ndarray:
    """Indices as int32, null as -1."""
    if not indices.null_count:
        codes: np.ndarray = indices.to_numpy().astype(np.int32)
        return codes
    # From the buffers: with nulls, to_numpy converts by way of float64, and fill_null loads all of pyarrow.compute.
    known, values = indices.buffers()
    place = {"length": len(indices), "offset": indices.offset}
    mask = pa.Array.from_buffers(pa.bool_(), buffers=[None, known], **place).to_numpy(zero_copy_only=False)
    codes = pa.Array.from_buffers(indices.type, buffers=[None, values], **place).to_numpy().astype(np.int32)
    codes[~mask] = -1
    return codes
