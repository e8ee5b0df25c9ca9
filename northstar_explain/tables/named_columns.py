"""Columns by name and type, from tables of our own that a person may have edited since."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pyarrow as pa

from northstar_explain.errors import Fault, TableError
from northstar_explain.tables.formats import first_line


def take_columns(
    table: pa.Table, kinds: Mapping[str, pa.DataType | None], source: str, todo: str, may_miss: Collection[str] = ()
) -> dict[str, pa.ChunkedArray]:
    """Select columns of a table, each cast to the type it must have.

    Parameters
    ----------
    table : pyarrow.Table
    kinds : mapping of str to DataType or None
        The columns, and the type to cast each to; None leaves it unchanged.
    source : str
        The name of the table in errors.
    todo : str
        What to do about any fault.
    may_miss : collection of str
        Columns in which a value may be missing.

    Returns
    -------
    dict of str to ChunkedArray

    Raises
    ------
    TableError
        With every column that is missing, repeated, of another type, or has missing values where none may be.
    """
    names = table.column_names
    # Reported alone: a table without the columns is probably another table.
    if missing := [name for name in kinds if name not in names]:
        raise TableError(source, [Fault("columns", ", ".join(kinds), f"no {', '.join(missing)}", todo)])
    faults, columns = [], {}
    for name, kind in kinds.items():
        where = f"column {name}"
        if names.count(name) > 1:
            faults.append(Fault(where, "one column of this name", str(names.count(name)), todo))
            continue
        column = table[name]
        try:
            columns[name] = column if kind is None else column.cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            faults.append(Fault(where, f"values of type {kind}", first_line(error), todo))
            continue
        if column.null_count and kind is not None and name not in may_miss:
            faults.append(Fault(where, "a value in every row", f"{column.null_count:,} rows without", todo))
    if faults:
        raise TableError(source, faults)
    return columns
