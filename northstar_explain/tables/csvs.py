"""CSV: cells are read as text; the contract decides their types."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import csv as arrow_csv

from northstar_explain.errors import Fault, TableError
from northstar_explain.tables.formats import first_line

_BLOCK = 1 << 22  # bytes parsed at a time
_STARTS = tuple("=+-@\t\r＝＋－＠")


def pieces(path: Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The rows of a CSV file in record batches: every column text, an empty cell null.

    Parameters
    ----------
    path : Path
        UTF-8, with a header line.
    columns : sequence of str, optional
        Columns to read; all where not given.

    Yields
    ------
    pyarrow.RecordBatch
        At least one, which may be empty.

    Raises
    ------
    TableError
        When the file is not a CSV, or not UTF-8.
    """
    # Every column as text: Arrow would guess numbers, and 00123 would lose its zeros.
    header = read_header(path)
    convert = conversion(dict.fromkeys(header, pa.string()), columns)
    read = arrow_csv.ReadOptions(block_size=_BLOCK)
    parse = arrow_csv.ParseOptions(newlines_in_values=True)
    try:
        with arrow_csv.open_csv(path, read_options=read, convert_options=convert, parse_options=parse) as reader:
            # Arrow yields no batch for a file with a header only, and callers need the schema.
            yield pa.RecordBatch.from_pylist([], schema=reader.schema)
            yield from reader
    except pa.ArrowInvalid as error:
        raise malformed(path, error) from error


def conversion(kinds: dict[str, pa.DataType], columns: Sequence[str] | None) -> arrow_csv.ConvertOptions:
    """Options that read cells as the given types, an empty cell as null."""
    return arrow_csv.ConvertOptions(
        column_types=kinds,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        include_columns=list(columns) if columns is not None else None,
    )


def malformed(path: Path, error: pa.ArrowInvalid) -> TableError:
    """The error of a file that Arrow cannot parse as CSV; where it is not UTF-8, with the position."""
    require_utf8(path)
    todo = "Every line needs as many cells as the header."
    return TableError(str(path), [Fault("file", "a well-formed CSV", first_line(error), todo)])


def read_header(path: Path) -> list[str]:
    """The names in the first line."""
    try:
        # newline="": the reader handles line breaks inside a quoted name.
        with path.open(encoding="utf-8-sig", newline="") as file:
            return next(csv.reader(file), [])
    except UnicodeDecodeError:
        require_utf8(path)
        raise
    except csv.Error as error:
        todo = "Check for an unclosed quotation mark."
        raise TableError(str(path), [Fault("file", "a header line", str(error), todo)]) from error


def require_utf8(path: Path) -> None:
    """Raise TableError with the position of the first byte that is not UTF-8, if there is one."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                got = f"the byte 0x{line[error.start]:02x} in line {number}, position {error.start + 1}"
                todo = "Save the file as UTF-8."
                raise TableError(str(path), [Fault("file", "a CSV in UTF-8", got, todo)]) from error


def encode(data: pa.Table | pa.RecordBatch, header: bool = True) -> pa.Buffer:
    """The rows as CSV with quoted text, with or without the header line."""
    sink = pa.BufferOutputStream()
    options = arrow_csv.WriteOptions(include_header=header, batch_size=1 << 12, quoting_style="needed")
    arrow_csv.write_csv(data, sink, options)
    return sink.getvalue()


def harmless(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet would take it for a formula.

    The characters that start a formula are those of OWASP, CSV Injection.
    """
    return "'" + text if text.startswith(_STARTS) else text
