"""Customer tables in, result tables out: the only Parquet, CSV and Arrow file handling.

CSV cells are read as text and left as text: what a cell should be is the contract's to say, and an identifier
such as ``00123`` must come out as it went in.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from northstar_explain.errors import Fault, OutputError, TableError

FORMATS = (".parquet", ".csv", ".arrow")


def read(path: Path | str) -> pa.Table:
    """Read a whole customer table.

    Parameters
    ----------
    path : path
        A ``.parquet``, ``.csv`` (UTF-8, with a header line) or ``.arrow`` (IPC file) file.

    Returns
    -------
    pyarrow.Table
        Columns as stored; from CSV every column is text and an empty cell is null.

    Raises
    ------
    TableError
        When there is no such file, it is empty, cut off, of another format, or a CSV that is not UTF-8.
    """
    path = Path(path)
    _require_file(path)
    if path.suffix == ".csv":
        return _read_csv(path)
    try:
        return _without_views(_read_parquet(path) if path.suffix == ".parquet" else _read_arrow(path))
    except (pa.ArrowException, OSError) as error:
        kind = "Parquet" if path.suffix == ".parquet" else "Arrow"
        todo = "The file may be cut off or of another format: write it again."
        raise TableError(str(path), [Fault("file", f"a whole {kind} file", _first_line(error), todo)]) from error


def is_text_format(path: Path | str) -> bool:
    """Whether the file holds untyped cells (CSV), so that numbers have to be read from text."""
    return Path(path).suffix == ".csv"


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
        return _without_views(frame)
    if isinstance(frame, pa.RecordBatch):
        return _without_views(pa.Table.from_batches([frame]))
    if hasattr(frame, "__arrow_c_stream__"):
        table = pa.table(frame)
        # pandas keeps a filtered index as a column of its own making; it is no customer's data.
        own = [i for i, name in enumerate(table.column_names) if name != "__index_level_0__"]
        return _without_views(table.select(own))
    todo = "Hand over a pandas, Polars, DuckDB or PyArrow table."
    raise TableError("table", [Fault("object", "a table that hands out Arrow", type(frame).__name__, todo)])


def write(table: pa.Table, path: Path | str, overwrite: bool = False) -> None:
    """Write a table whole or not at all, as Parquet, CSV or Arrow by the path's ending.

    Parameters
    ----------
    table : pyarrow.Table
    path : path
    overwrite : bool, default False
        Replace a file that is there already.

    Raises
    ------
    OutputError
        When the path exists, has another ending, or cannot be written.
    """
    path = Path(path)
    require_free(path, overwrite)
    require_format(path)
    writers: dict[str, Callable[[pa.Table, Path], None]] = {
        ".parquet": _write_parquet,
        ".csv": _write_csv,
        ".arrow": _write_arrow,
    }
    with replacing(path) as beside:
        writers[path.suffix](table, beside)


def write_text(text: str, path: Path | str, overwrite: bool = False) -> None:
    """Write a text file whole or not at all; raises OutputError as `write` does."""
    path = Path(path)
    require_free(path, overwrite)
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def require_format(path: Path) -> None:
    """Raise OutputError unless the path ends in a table format that can be written."""
    if path.suffix not in FORMATS:
        expected = "a path that ends in " + ", ".join(FORMATS)
        raise OutputError(str(path), [Fault("output", expected, repr(path.name), "Choose one of these.")])


def require_free(path: Path, overwrite: bool, folder: bool = False) -> None:
    """Raise OutputError when something stands at the path and may not be replaced; a file never replaces a folder."""
    try:
        exists, is_folder = path.exists(), path.is_dir()
    except OSError as error:  # such as a name that is too long for the system
        got = error.strerror or str(error)
        raise OutputError(
            str(path), [Fault("output", "a place that can be written", got, "Choose another path.")]
        ) from error
    if is_folder and not folder:
        todo = "Name a file inside it."
        raise OutputError(str(path), [Fault("output", "a path for a file", "a folder", todo)])
    if exists and not overwrite:
        todo = "Choose another path, or say --overwrite to replace it."
        raise OutputError(str(path), [Fault("output", "a path that is free", "one that exists", todo)])
    nearest = next(parent for parent in path.absolute().parents if parent.exists())
    if not nearest.is_dir():
        todo = "Choose another path."
        raise OutputError(str(path), [Fault("output", "a path inside a folder", f"one below the file {nearest}", todo)])


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside the wanted one; what is written there takes its place only when all went well.

    Works for a file and for a folder. Whatever fails, nothing half-written stays, and what stood there before
    stands there still.

    Parameters
    ----------
    path : Path
        Where the result shall stand in the end.

    Yields
    ------
    Path
        Where to write it, in the same folder.

    Raises
    ------
    OutputError
        When the place cannot be written.
    """
    place = path.absolute()  # the path "." has no name of its own
    if place.is_symlink():
        place = place.resolve()  # the link stays; what it leads to is replaced
    beside = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        _swap(beside, place)
    except OSError as error:
        todo = "Check the folder, its permissions and the space on the disk."
        got = error.strerror or str(error)
        raise OutputError(str(path), [Fault("output", "a place that can be written", got, todo)]) from error
    finally:
        _remove(beside)


def csv_bytes(table: pa.Table) -> bytes:
    """The table as CSV with a header line, text quoted only where it must be."""
    from pyarrow import csv as arrow_csv

    sink = io.BytesIO()
    arrow_csv.write_csv(table, sink, arrow_csv.WriteOptions(quoting_style="needed"))
    return sink.getvalue()


def parquet_bytes(table: pa.Table) -> bytes:
    """The table as a Parquet file in memory; the same table gives the same bytes."""
    from pyarrow import parquet

    sink = io.BytesIO()
    parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def read_parquet_bytes(data: bytes) -> pa.Table:
    """The table of a Parquet file in memory."""
    from pyarrow import parquet

    return parquet.ParquetFile(pa.BufferReader(data)).read()


def _require_file(path: Path) -> None:
    try:
        exists = path.exists()
    except OSError as error:  # such as a name that is too long for the system
        got = error.strerror or str(error)
        raise TableError(str(path), [Fault("file", "a customer table", got, "Check the path.")]) from error
    if not exists:
        raise TableError(str(path), [Fault("file", "a customer table", "no such file", "Check the path.")])
    if path.is_dir():
        raise TableError(str(path), [Fault("file", "a file", "a folder", "Name the file inside it.")])
    if path.suffix not in FORMATS:
        expected = "a file that ends in " + ", ".join(FORMATS)
        raise TableError(str(path), [Fault("file", expected, repr(path.name), "Convert or rename it.")])
    if path.stat().st_size == 0:
        todo = "The export that wrote it may have failed: write it again."
        raise TableError(str(path), [Fault("file", "a header and rows", "an empty file", todo)])


def _read_parquet(path: Path) -> pa.Table:
    from pyarrow import parquet

    # ParquetFile rather than read_table: the dataset reader refuses repeated column names with an unclear error.
    with parquet.ParquetFile(path) as file:
        return file.read()


def _read_arrow(path: Path) -> pa.Table:
    with pa.ipc.open_file(str(path)) as file:
        return file.read_all()


def _without_views(table: pa.Table) -> pa.Table:
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


def _read_csv(path: Path) -> pa.Table:
    from pyarrow import csv as arrow_csv

    header = _csv_header(path)
    convert = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    try:
        return arrow_csv.read_csv(
            path, convert_options=convert, parse_options=arrow_csv.ParseOptions(newlines_in_values=True)
        )
    except pa.ArrowInvalid as error:
        _require_utf8(path)
        todo = "Every line needs as many cells as the header."
        raise TableError(str(path), [Fault("file", "a well-formed CSV", _first_line(error), todo)]) from error


def _csv_header(path: Path) -> list[str]:
    try:
        # newline="" leaves a line break inside a quoted name to the reader.
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file), [])
    except UnicodeDecodeError:
        _require_utf8(path)
        raise
    except csv.Error as error:
        todo = "Is a quotation mark left open?"
        raise TableError(str(path), [Fault("file", "a header line", str(error), todo)]) from error


def _require_utf8(path: Path) -> None:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                got = f"the byte 0x{line[error.start]:02x} in line {number}, place {error.start + 1}"
                todo = "Save the file as UTF-8."
                raise TableError(str(path), [Fault("file", "a CSV in UTF-8", got, todo)]) from error


def _write_parquet(table: pa.Table, path: Path) -> None:
    from pyarrow import parquet

    parquet.write_table(table, path, compression="zstd")


def _write_csv(table: pa.Table, path: Path) -> None:
    from pyarrow import csv as arrow_csv

    arrow_csv.write_csv(table, path, arrow_csv.WriteOptions(quoting_style="needed"))


def _write_arrow(table: pa.Table, path: Path) -> None:
    with pa.ipc.new_file(str(path), table.schema) as sink:
        sink.write_table(table)


def _swap(beside: Path, path: Path) -> None:
    if not path.is_dir():
        beside.replace(path)
        return
    # A folder cannot be replaced in one step: move the old one aside first, and drop it last.
    aside = path.with_name(f".{path.name}.{os.getpid()}.old")
    path.rename(aside)
    try:
        beside.rename(path)
    except OSError:
        aside.rename(path)
        raise
    shutil.rmtree(aside)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):  # a parent that is a file holds nothing
            path.unlink()


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
