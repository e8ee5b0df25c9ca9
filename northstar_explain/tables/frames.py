"""Tables from memory: anything that hands out Arrow."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from northstar_explain.errors import Fault, TableError
from northstar_explain.tables.soundness import as_bytes


def from_frame(frame: Any) -> pa.Table:
    """Take a table from anything that hands out Arrow.

    Parameters
    ----------
    frame : object
        A ``pyarrow.Table`` or ``RecordBatch``, or an object with ``__arrow_c_stream__`` (pandas, Polars, DuckDB).

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    TableError
        When the object hands out no Arrow data.
    """
    if isinstance(frame, pa.Table):
        return without_views(frame)
    if isinstance(frame, pa.RecordBatch):
        return without_views(pa.Table.from_batches([frame]))
    if hasattr(frame, "__arrow_c_stream__"):
        table = pa.table(frame)
        # pandas keeps a filtered index as a column of its own making; it is no customer's data.
        own = [i for i, name in enumerate(table.column_names) if name != "__index_level_0__"]
        return without_views(table.select(own))
    todo = "Hand over a pandas, Polars, DuckDB or PyArrow table."
    raise TableError("table", [Fault("object", "a table that hands out Arrow", type(frame).__name__, todo)])


def without_views(table: pa.Table) -> pa.Table:
    """The table with texts that Arrow's functions can work on."""
    # Polars hands out texts as views, for which Arrow has few functions: neither take nor, in dictionaries, cast.
    for place, field in enumerate(table.schema):
        kind = field.type
        if _is_view(kind):
            chunks, plain = [_without_view(chunk) for chunk in table.column(place).chunks], _plain(kind)
        elif pa.types.is_dictionary(kind) and _is_view(kind.value_type):
            plain = pa.dictionary(kind.index_type, _plain(kind.value_type))
            chunks = [
                pa.DictionaryArray.from_arrays(chunk.indices, _without_view(chunk.dictionary))
                for chunk in table.column(place).chunks
            ]
        else:
            continue
        table = table.set_column(place, field.name, pa.chunked_array(chunks, plain))
    return table


def _is_view(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string_view(kind) or pa.types.is_binary_view(kind))


def _plain(view: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_string_view(view) else pa.binary()


def _without_view(array: pa.Array) -> pa.Array:
    if pa.types.is_binary_view(array.type):
        return array.cast(pa.binary())
    # By way of bytes: a text that is not UTF-8 cannot be cast, and rejects no more than its row.
    return as_bytes(array).cast(pa.binary()).view(pa.string())
