"""Reading a whole customer table from a file."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from northstar_explain.tables import csvs
from northstar_explain.tables.csv_dialects import NO_HINTS, Dialect, Hints, detect
from northstar_explain.tables.formats import READING, is_text_format, require_file, table_format, unreadable
from northstar_explain.tables.frames import without_views
from northstar_explain.tables.journal import settle
from northstar_explain.tables.soundness import require_sound, require_texts


def read(path: Path | str, any_text: bool = False, dialect: Dialect | None = None) -> pa.Table:
    """Read a whole customer table.

    Parameters
    ----------
    path : path
        A ``.parquet``, ``.csv`` (with a header line) or ``.arrow`` (IPC file or stream) file.
    any_text : bool, default False
        Whether texts that are not UTF-8 are allowed, because the contract's check rejects their rows; otherwise such a
        file is refused.
    dialect : Dialect, optional
        How a CSV is written; found from the file where not given.

    Returns
    -------
    pyarrow.Table
        Columns as stored; from CSV, every column is text and an empty cell is null.

    Raises
    ------
    TableError
        When the file is missing, empty, damaged, truncated, of another format, or a CSV that could be read in two
        ways.
    """
    path = Path(path)
    settle(path)
    require_file(path)
    try:
        if is_text_format(path):
            return pa.Table.from_batches(csvs.pieces(path, dialect=dialect or detect(path)))
        table = _read_parquet(path) if table_format(path) == ".parquet" else _read_arrow(path)
        require_sound(table, path)
        # Nobody will check single rows, so an invalid text is a fault of the file.
        if not any_text:
            require_texts(table, path)
        return without_views(table)
    except READING as error:
        raise unreadable(path, error) from error


def dialect_of(path: Path | str, hints: Hints = NO_HINTS) -> Dialect | None:
    """How a file is written, where it is a CSV; errors as of `read`."""
    path = Path(path)
    settle(path)
    require_file(path)
    return detect(path, hints) if is_text_format(path) else None


def read_parquet_bytes(data: bytes) -> pa.Table:
    """The table of a Parquet file in memory."""
    from pyarrow import parquet

    return parquet.ParquetFile(pa.BufferReader(data)).read()


def _read_parquet(path: Path) -> pa.Table:
    from pyarrow import parquet

    # ParquetFile rather than read_table: the dataset reader refuses repeated column names with an unclear error.
    with parquet.ParquetFile(path) as file:
        return file.read()


def _read_arrow(path: Path) -> pa.Table:
    with pa.OSFile(str(path)) as file:
        # An Arrow file and an Arrow stream share the suffix; only the file begins with a magic number.
        magic = file.read(6)
        file.seek(0)
        return (pa.ipc.open_file if magic == b"ARROW1" else pa.ipc.open_stream)(file).read_all()
