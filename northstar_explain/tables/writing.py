"""Writing whole tables to files and to bytes; the same table gives the same bytes."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa

from northstar_explain.tables import csvs
from northstar_explain.tables.places import require_format, require_free
from northstar_explain.tables.publish import replacing


def write(table: pa.Table, path: Path | str, overwrite: bool = False) -> None:
    """Write a table as Parquet, CSV or Arrow, by the path's suffix, completely or not at all.

    Parameters
    ----------
    table : pyarrow.Table
    path : path
    overwrite : bool, default False
        Replace an existing file.

    Raises
    ------
    OutputError
        When the path exists, has another suffix, or cannot be written.
    """
    path = Path(path)
    require_free(path, overwrite)
    require_format(path)
    with replacing(path) as beside:
        write_to(table, beside, path.suffix)


def write_to(table: pa.Table, path: Path, suffix: str) -> None:
    """Write a table to a temporary path, in the format of a suffix."""
    if suffix == ".parquet":
        from pyarrow import parquet

        parquet.write_table(table, path, compression="zstd")
    elif suffix == ".csv":
        path.write_bytes(csv_bytes(table))
    else:
        with pa.ipc.new_file(str(path), table.schema) as sink:
            sink.write_table(table)


def csv_bytes(table: pa.Table) -> bytes:
    """The table as CSV with a header line and quoted text."""
    encoded: bytes = csvs.encode(table).to_pybytes()
    return encoded


def parquet_bytes(table: pa.Table) -> bytes:
    """The table as a Parquet file in memory."""
    from pyarrow import parquet

    sink = io.BytesIO()
    parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue()
