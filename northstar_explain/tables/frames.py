"""Tables from memory: anything that hands out Arrow."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from northstar_explain.errors import Fault, TableError


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
        if pa.types.is_string_view(kind):
            table = table.set_column(place, field.name, table.column(place).cast(pa.string()))
        elif pa.types.is_dictionary(kind) and pa.types.is_string_view(kind.value_type):
            chunks = [
                pa.DictionaryArray.from_arrays(chunk.indices, chunk.dictionary.cast(pa.string()))
                for chunk in table.column(place).chunks
            ]
            plain = pa.dictionary(kind.index_type, pa.string())
            table = table.set_column(place, field.name, pa.chunked_array(chunks, plain))
    return table
