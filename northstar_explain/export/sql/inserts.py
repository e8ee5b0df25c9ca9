"""Tables as SQL text: CREATE TABLE, and INSERTs that any client can run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa
from sqlglot import exp

from northstar_explain.export.sql.sql_dialects import Dialect
from northstar_explain.export.sql.sql_names import literal_text, quoted, written

_TYPES = {
    pa.int32(): exp.DataType.Type.INT,
    pa.float64(): exp.DataType.Type.DOUBLE,
    pa.string(): exp.DataType.Type.TEXT,
}
# Databases bound the length of a statement (BigQuery: 1 MB) and the rows of a VALUES (Snowflake: 16,384).
_MOST_CHARACTERS, _MOST_ROWS = 200_000, 5_000


def table_sql(name: exp.Table, rows: pa.Table, keys: Sequence[str], exact: bool, dialect: Dialect) -> Iterator[str]:
    """The statements that make a table and fill it.

    Parameters
    ----------
    name : Table
    rows : pyarrow.Table
        Of int32, float64 and string columns.
    keys : sequence of str
        The columns of the primary key, which some databases make an index of.
    exact : bool
        Whether doubles must arrive to the last bit; else they are plain decimals, shorter and good to 1e-15.
    dialect : Dialect

    Yields
    ------
    str
        A statement with its semicolon.
    """
    yield written(_create(name, rows.schema, keys, dialect), dialect, pretty=True) + ";\n"
    into = exp.Schema(this=name, expressions=[quoted(column) for column in rows.column_names])
    head = f"INSERT INTO {written(into, dialect)} VALUES\n"
    columns = [[_cell(value, exact, dialect) for value in column.to_pylist()] for column in rows.columns]
    lines = (f"({', '.join(cells)})" for cells in zip(*columns, strict=True))
    for batch in _batches(lines):
        yield head + ",\n".join(batch) + ";\n"


def _create(name: exp.Table, schema: pa.Schema, keys: Sequence[str], dialect: Dialect) -> exp.Create:
    columns: list[exp.Expr] = [
        exp.ColumnDef(this=quoted(field.name), kind=exp.DataType(this=_TYPES[field.type])) for field in schema
    ]
    # Elsewhere a key is refused or only informative.
    if dialect.uses_keys:
        columns.append(exp.PrimaryKey(expressions=[quoted(key) for key in keys]))
    return exp.Create(this=exp.Schema(this=name, expressions=columns), kind="TABLE")


def _cell(value: Any, exact: bool, dialect: Dialect) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return _text(value, dialect.name)
    if isinstance(value, int):
        return str(value)
    if exact:
        return dialect.literal(value).sql(dialect.name)
    # With an exponent it is a double; without, a column of decimals would have to hold the digits of all.
    digits = repr(value)
    return digits if "e" in digits else f"{digits}e0"


@lru_cache(maxsize=4096)
def _text(value: str, dialect: str) -> str:
    # Names of features and words of bins stand in thousands of rows.
    return literal_text(value).sql(dialect)


def _batches(lines: Iterator[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for line in lines:
        # A single line above the limit still goes alone: it cannot be divided.
        if batch and (size + len(line) > _MOST_CHARACTERS or len(batch) == _MOST_ROWS):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch
