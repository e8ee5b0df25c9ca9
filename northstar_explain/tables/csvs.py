"""CSV: cells are read as text; the contract decides their types."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv as arrow_csv

from northstar_explain.errors import Fault, TableError
from northstar_explain.tables.compressed import opened, pieces_of
from northstar_explain.tables.csv_dialects import COMMON, Dialect
from northstar_explain.tables.formats import first_line
from northstar_explain.tables.number_format import PLAIN, NumberFormat
from northstar_explain.tables.text_encodings import encoding_words

_BLOCK = 1 << 22  # bytes parsed at a time
_NO_TITLE = "If a title stands above the header, remove it: the names of the columns must be the first line."
_STARTS = tuple("=+-@\t\r＝＋－＠")


def pieces(path: Path, columns: Sequence[str] | None = None, dialect: Dialect = COMMON) -> Iterator[pa.RecordBatch]:
    """The rows of a CSV file in record batches: every column text, an empty cell null.

    Parameters
    ----------
    path : Path
        With a header line.
    columns : sequence of str, optional
        Columns to read; all where not given.
    dialect : Dialect
        How the file is written.

    Yields
    ------
    pyarrow.RecordBatch
        At least one, which may be empty.

    Raises
    ------
    TableError
        When the file is not a CSV, or not in the encoding of the dialect.
    """
    # Every column as text: Arrow would guess numbers, and 00123 would lose its zeros.
    header = read_header(path, dialect)
    convert = conversion(dict.fromkeys(header, pa.string()), columns)
    # Arrow reads UTF-8 by itself, and everything else through Python's codecs, which takes longer.
    read = arrow_csv.ReadOptions(block_size=_BLOCK, encoding=dialect.encoding, skip_rows=int(dialect.sep_line))
    # Line breaks in cells, as addresses have them, cost speed: `lines` reads the files that have none.
    parse = arrow_csv.ParseOptions(newlines_in_values=True, delimiter=dialect.delimiter)
    try:
        with (
            opened(path, dialect.compression) as file,
            arrow_csv.open_csv(file, read_options=read, convert_options=convert, parse_options=parse) as reader,
        ):
            # Arrow yields no batch for a file with a header only, and callers need the schema.
            yield pa.RecordBatch.from_pylist([], schema=reader.schema)
            yield from reader
    except UnicodeDecodeError as error:
        raise _not_decoded(path, dialect, error) from error
    except pa.ArrowInvalid as error:
        raise malformed(path, error, dialect) from error


def conversion(
    kinds: dict[str, pa.DataType], columns: Sequence[str] | None, numbers: NumberFormat = PLAIN
) -> arrow_csv.ConvertOptions:
    """Options that read cells as the given types, an empty cell as null."""
    return arrow_csv.ConvertOptions(
        column_types=kinds,
        null_values=[""],
        strings_can_be_null=True,
        # Programs that quote every cell quote the empty ones too.
        quoted_strings_can_be_null=True,
        include_columns=list(columns) if columns is not None else None,
        decimal_point=numbers.decimal,
    )


def malformed(path: Path, error: pa.ArrowInvalid, dialect: Dialect = COMMON) -> TableError:
    """The error of a file that Arrow cannot parse as CSV; where it is not UTF-8, with the position."""
    if dialect.encoding == "utf-8":
        require_utf8(path, dialect)
    got = first_line(error)
    if "Empty CSV file" in got:
        return TableError(str(path), [Fault("rows", "at least one customer", "none", "Check the export.")])
    todo = "Every line needs as many cells as the header."
    if "Expected 1 columns" in got:
        todo += " " + _NO_TITLE
    return TableError(str(path), [Fault("file", "a well-formed CSV", got, todo)])


def read_header(path: Path, dialect: Dialect = COMMON) -> list[str]:
    """The names in the header line."""
    encoding = "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
    try:
        # newline="": the reader handles line breaks inside a quoted name.
        with io.TextIOWrapper(io.BufferedReader(_Raw(path, dialect)), encoding=encoding, newline="") as file:
            if dialect.sep_line:
                file.readline()
            # Arrow passes over blank lines above the header as well.
            header = next((row for row in csv.reader(file, delimiter=dialect.delimiter) if row), [])
    except UnicodeDecodeError as error:
        if dialect.encoding == "utf-8":
            require_utf8(path, dialect)
        raise _not_decoded(path, dialect, error) from error
    except csv.Error as error:
        todo = "Check for an unclosed quotation mark."
        raise TableError(str(path), [Fault("file", "a header line", str(error), todo)]) from error
    empty = sum(not name.strip() for name in header)
    if len(header) > 1 and 2 * empty > len(header):
        got = f"{empty} empty cells of {len(header)}, beside {next((n for n in header if n.strip()), '')!r}"
        raise TableError(str(path), [Fault("header", "the names of the columns", got, _NO_TITLE)])
    return header


class _Raw(io.RawIOBase):
    """The uncompressed bytes of a file, as Python reads them."""

    def __init__(self, path: Path, dialect: Dialect):
        self._pieces = pieces_of(path, dialect.compression)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._rest or next(self._pieces, b"")
        count = min(len(piece), len(buffer))
        buffer[:count], self._rest = piece[:count], piece[count:]
        return count

    def close(self) -> None:
        self._pieces.close()
        super().close()


def require_utf8(path: Path, dialect: Dialect = COMMON) -> None:
    """Raise TableError with the position of the first byte that is not UTF-8, if there is one."""
    with io.BufferedReader(_Raw(path, dialect)) as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                got = f"the byte 0x{line[error.start]:02x} in line {number}, position {error.start + 1}"
                todo = "Save the file as UTF-8, or name its encoding, such as --encoding cp1252."
                raise TableError(str(path), [Fault("file", "a CSV in UTF-8", got, todo)]) from error


def _not_decoded(path: Path, dialect: Dialect, error: UnicodeDecodeError) -> TableError:
    todo = "Name its encoding (--encoding), or save the file as UTF-8."
    expected = f"a CSV in {encoding_words(dialect.encoding)}"
    return TableError(str(path), [Fault("file", expected, f"{error.reason} at byte {error.start}", todo)])


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
