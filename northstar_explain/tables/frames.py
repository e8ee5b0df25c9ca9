"""Tables in memory: anything that exports Arrow."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pyarrow as pa

from northstar_explain.errors import Fault, TableError
from northstar_explain.tables.formats import first_line
from northstar_explain.tables.soundness import as_bytes, require_sound


def from_frame(frame: Any, needed: Collection[str] | None = None, source: str = "table") -> pa.Table:
    """Convert anything that exports Arrow to a table.

    Parameters
    ----------
    frame : object
        A ``pyarrow.Table`` or ``RecordBatch``, or an object with ``__arrow_c_stream__`` (pandas, Polars, DuckDB).
    needed : collection of str, optional
        Columns that must be convertible; others are left out where Arrow has no type for their values, such as a
        pandas column of texts and numbers. Where not given, every column is needed.
    source : str
        What to call the table in errors.

    Returns
    -------
    pyarrow.Table
        Validated except for UTF-8: see `soundness`.

    Raises
    ------
    TableError
        When the object exports no table, or Arrow has no type for the values of a needed column.
    """
    if isinstance(frame, pa.RecordBatch):
        frame = pa.Table.from_batches([frame])
    table = frame if isinstance(frame, pa.Table) else _exported(frame, needed, source)
    require_sound(table, source)
    return without_views(table)


def _exported(frame: Any, needed: Collection[str] | None, source: str) -> pa.Table:
    # A class has the attribute as well, and would fail later with an error about `self`.
    if isinstance(frame, type) or not hasattr(frame, "__arrow_c_stream__"):
        raise _no_table(frame, source, type(frame).__name__)
    if _is_pandas(frame):
        levels = frame.columns.nlevels
        if levels > 1:
            todo = "Flatten the names, for example with frame.columns.get_level_values(0)."
            raise TableError(source, [Fault("names of columns", "names of one level", f"{levels} levels", todo)])
        # Names that are no text, such as the numbers of a frame without a header, are made text one by one.
        if not all(isinstance(name, str) for name in frame.columns):
            return _by_column(frame, needed, source)
    try:
        table = pa.table(frame)
    except Exception as error:  # a foreign object may raise anything
        if _is_pandas(frame):
            return _by_column(frame, needed, source)
        raise _no_table(frame, source, f"{type(frame).__name__}: {first_line(error)}") from error
    # pandas exports a filtered index as a column of this name; it is not customer data.
    return table.select([place for place, name in enumerate(table.column_names) if name != "__index_level_0__"])


def _no_table(frame: Any, source: str, got: str) -> TableError:
    todo = "Pass a pandas, Polars, DuckDB or PyArrow table."
    if hasattr(frame, "collect"):  # a lazy table
        todo = "Call its collect() first."
    return TableError(source, [Fault("object", "a table that hands out Arrow", got, todo)])


def _is_pandas(frame: Any) -> bool:
    # By its attributes: pandas may not be installed, and takes long to import.
    return hasattr(frame, "iloc") and hasattr(frame, "columns") and hasattr(frame, "index")


def _by_column(frame: Any, needed: Collection[str] | None, source: str) -> pa.Table:
    """The columns of a pandas frame that Arrow has types for, whatever their names, and named levels of the index."""
    columns = [(str(name), frame.iloc[:, place]) for place, name in enumerate(frame.columns)]
    levels = [(level, name) for level, name in enumerate(frame.index.names) if name is not None]
    taken = {name for name, _ in columns}
    # A named level of the index often is the customer id; an unnamed one counts rows.
    columns += [(str(name), frame.index.get_level_values(level)) for level, name in levels if str(name) not in taken]
    names, arrays, faults = [], [], []
    for name, column in columns:
        try:
            # A column of pandas has NaN for missing values, which is null here.
            array = pa.array(column, from_pandas=True)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            if needed is None or name in needed:
                faults.append(_mixed(name, column, error))
            continue
        names.append(name)
        arrays.append(array)
    if faults:
        raise TableError(source, faults)
    return pa.Table.from_arrays(arrays, names)


def _mixed(name: str, column: Any, error: Exception) -> Fault:
    # A value that differs from itself is NaN, which pandas uses for missing values.
    kinds = sorted({type(value).__name__ for value in column if value is not None and value == value})
    todo = "Make them all text, or all numbers."
    if len(kinds) > 1:
        return Fault(f"column {name}", "values of one kind", " and ".join(kinds), todo)
    return Fault(f"column {name}", "values that Arrow has a type for", first_line(error), todo)


def without_views(table: pa.Table) -> pa.Table:
    """The table with string views converted to strings."""
    # Polars exports string views, for which Arrow lacks functions: neither take nor, in dictionaries, cast.
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
    # Via bytes: a text that is not UTF-8 cannot be cast to a string, but must reject its row only.
    return as_bytes(array).cast(pa.binary()).view(pa.string())
