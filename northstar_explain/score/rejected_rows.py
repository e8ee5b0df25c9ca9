"""Rejected rows: kept unchanged with all columns of their file, and joined into one table at the end."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from northstar_explain import tables
from northstar_explain.contract.rejected import is_kept
from northstar_explain.tables.csvs import encode, harmless


def with_distinct_names(rejected: pa.Table) -> pa.Table:
    """Rejected rows with column names that a file can hold."""
    # A table of customers may hold columns called row or reasons, or one name twice where it is not used.
    names: list[str] = []
    for name in rejected.column_names:
        numbered = (f"{name}.{number}" for number in itertools.count(2))
        names.append(next(new for new in itertools.chain([name], numbered) if new not in names))
    return rejected.rename_columns(names)


def with_original_types(rejected: pa.Table, schema: pa.Schema, file: str | None) -> pa.Table:
    """Rejected rows with the types of their file, after a column ``file`` where there are several files."""
    kept = [field for field in schema if is_kept(field.type)]
    # The first two columns are ours: row and reasons.
    kinds = [rejected.schema.field(0), rejected.schema.field(1), *kept]
    plain = pa.table([_cast(column, field.type) for column, field in zip(rejected.columns, kinds, strict=True)],
                     schema=pa.schema(kinds))  # fmt: skip
    if file is not None:
        plain = plain.add_column(0, "file", pa.array([file] * plain.num_rows, pa.string()))
    return with_distinct_names(plain)


def join(files: Sequence[Path], out: Path) -> int:
    """Join files of rejected rows into one file.

    Parameters
    ----------
    files : sequence of Path
        Arrow files, at least one; their columns may differ.
    out : Path
        A ``.parquet`` or ``.csv`` file.

    Returns
    -------
    int
        How many rows there are.
    """
    # One file has one schema, which is known only once all files are.
    schema = _common([_schema(path) for path in files])
    rows = 0
    with _writer(out, schema) as write:
        for table in _in_groups(files, schema):
            write(table)
            rows += table.num_rows
    return rows


def write_rejected(rejected: pa.Table, out: Path, suffix: str) -> None:
    """Write rejected rows of one table to a temporary path, in the format of a suffix."""
    rejected = with_distinct_names(rejected)
    tables.write_to(as_csv_cells(rejected) if suffix == ".csv" else rejected, out, suffix)


def as_csv_cells(table: pa.Table) -> pa.Table:
    """The rows with texts where CSV has no cell for a type, and no column name or reason that begins a formula."""
    columns = [column if _has_cell(column.type) else _as_text(column) for column in table.columns]
    made = pa.Table.from_arrays(columns, [harmless(name) for name in table.column_names])
    place = made.column_names.index("reasons")
    reasons = pa.array([harmless(text) for text in made["reasons"].to_pylist()], pa.string())
    return made.set_column(place, "reasons", reasons)


@contextmanager
def _writer(out: Path, schema: pa.Schema) -> Iterator[Callable[[pa.Table], None]]:
    if out.suffix != ".csv":
        from pyarrow import parquet

        with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
            yield writer.write_table
        return
    with out.open("wb") as file:
        file.write(encode(as_csv_cells(schema.empty_table())).to_pybytes())

        def write(table: pa.Table) -> None:
            file.write(encode(as_csv_cells(table), header=False).to_pybytes())

        yield write


def _has_cell(kind: pa.DataType) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        return bool(types.is_string(kind.value_type))
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_integer(kind) or types.is_null(kind)
                or types.is_floating(kind) or types.is_boolean(kind) or types.is_date(kind)
                or types.is_timestamp(kind) or types.is_decimal128(kind))  # fmt: skip


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    cells = [None if value is None else str(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(cells, pa.string())])


def _in_groups(files: Sequence[Path], schema: pa.Schema) -> Iterator[pa.Table]:
    group: list[pa.Table] = []
    for path in files:
        group.append(_conformed(tables.read(path), schema))
        # Grouped, as a row group for each batch with a rejected row would be a file of footers.
        if sum(table.num_rows for table in group) >= 1 << 16:
            yield pa.concat_tables(group)
            group = []
    if group:
        yield pa.concat_tables(group)


def _schema(path: Path) -> pa.Schema:
    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file).schema


def _common(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """All columns; of a type that holds every file's values, and text where there is none."""
    kinds: dict[str, list[pa.DataType]] = {}
    for field in (field for schema in schemas for field in schema):
        kinds.setdefault(field.name, []).append(field.type)
    return pa.schema([pa.field(name, _wide(found)) for name, found in kinds.items()])


def _wide(kinds: Sequence[pa.DataType]) -> pa.DataType:
    try:
        fields = [pa.schema([pa.field("x", kind)]) for kind in dict.fromkeys(kinds)]
        return pa.unify_schemas(fields, promote_options="permissive").field("x").type
    except pa.ArrowTypeError:
        return pa.string()


def _conformed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [
        _cast(table[field.name], field.type) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if column.type == kind:
        return column
    try:
        return column.cast(kind)
    except pa.ArrowNotImplementedError:  # nested values of one file where another has others: text holds both
        return _as_text(column).cast(kind)
