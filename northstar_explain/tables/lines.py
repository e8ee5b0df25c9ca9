"""CSV files in which every line is a row: split at line breaks, and parsed in the thread that needs the rows.

Arrow's streaming CSV reader searches for the ends of rows in one thread and reads some 130 MB ahead. Where no cell
contains a line break, a row ends with its line, and neither is needed. The bytes alone do not show that:
`LineReader.texts` parses each block to verify it, and after a block that fails, `csvs.pieces` takes over.
"""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from northstar_explain.tables import csvs
from northstar_explain.tables.csv_dialects import COMMON, Dialect
from northstar_explain.tables.formats import unreadable

_READ = 1 << 22  # bytes read at a time; Arrow gets files with longer lines, and refuses them
_PARSED = 1 << 19  # bytes parsed at a time, few enough to stay in cache
_COLUMN = re.compile(r"In CSV column #(\d+): .*conversion error to double")


class Block(NamedTuple):
    """Consecutive lines of a file, as bytes."""

    data: bytes
    rows: int


class LineReader:
    """Reads blocks of lines from a CSV file.

    Parameters
    ----------
    path : Path
    numbers : sequence of str
        Columns of numbers, to be read as float64 where every cell of a block is a number.
    dialect : Dialect
        How the file is written: as plain text.
    """

    def __init__(self, path: Path, numbers: Sequence[str] = (), dialect: Dialect = COMMON):
        self._path = path
        self._dialect = dialect
        with self._refusals():
            self._names = csvs.read_header(path, dialect)
        # Shared by all threads; a column that one of them takes out is at worst tried once more by another.
        self._numbers = set(numbers)
        # A line that is parsed as a row unless a quotation mark is open before it: see `texts`.
        self._sentinel = dialect.delimiter.join("0" * len(self._names)).encode() + b"\n"

    def blocks(self, size: int, skip: int = 0) -> Iterator[Block]:
        """The lines after the header and the first `skip`, in blocks of `size`, the last one smaller.

        Ends early where lines cannot be rows; callers notice by counting rows.
        """
        with self._refusals(), self._path.open("rb") as file:
            if not self._is_header(file.readline(_READ)):
                return
            pending: list[bytes] = []
            lines, wanted = 0, skip or size
            while piece := file.read(_READ):
                # All line ends of a piece at once: a loop over lines in Python would take longer than parsing them.
                ends = np.flatnonzero(np.frombuffer(piece, dtype=np.uint8) == ord("\n"))
                # A line of more than 4 MB: a cell with an open quotation mark, or no CSV. Arrow says which.
                if not len(ends) and len(piece) == _READ:
                    return
                used, at = 0, wanted - lines
                while at <= len(ends):
                    end = int(ends[at - 1]) + 1
                    if skip:
                        skip = 0
                    else:
                        yield Block(b"".join([*pending, piece[used:end]]), size)
                    pending, used, lines, wanted = [], end, -at, size
                    at += size
                if not skip:
                    pending.append(piece[used:])
                lines += len(ends)
        data = b"".join(pending)
        if data:
            yield Block(data if data.endswith(b"\n") else data + b"\n", lines + (not data.endswith(b"\n")))

    @contextlib.contextmanager
    def _refusals(self) -> Iterator[None]:
        """Raise TableError where the system refuses to read, as after somebody removed the file."""
        try:
            yield
        except OSError as error:
            raise unreadable(self._path, error) from error

    def _is_header(self, line: bytes) -> bool:
        text = line.decode("utf-8-sig")
        if len(self._names) <= 1 or not text.endswith("\n"):
            return False
        return next(csv.reader([text], delimiter=self._dialect.delimiter), []) == self._names

    def texts(self, block: Block, column: str) -> pa.Array | None:
        """One column of a block as text; None where its lines are not its rows."""
        # A cell with a line break, or an empty line, gives fewer rows than lines. With a quotation mark open at the end
        # of the block, its last cell would contain the sentinel.
        data = block.data + self._sentinel
        try:
            table = self._parse(data, len(data) + 1, set(), [column])
        except pa.ArrowInvalid:
            return None
        return table[column].combine_chunks()[: block.rows] if table.num_rows == block.rows + 1 else None

    def table(self, block: Block) -> pa.Table:
        """The rows of a block that passed `texts`: numbers as float64, or text where some cell is no number."""
        while True:
            try:
                return self._checked(block, _PARSED, self._numbers).combine_chunks()
            except pa.ArrowInvalid as error:
                column = _COLUMN.search(str(error))
                if column is None:
                    return self.original_text(block)
                # A column with one such cell often has more: from now on it is read as text.
                self._numbers = self._numbers - {self._names[int(column[1])]}

    def original_text(self, block: Block) -> pa.Table:
        """The same rows with every column as text; raises TableError where that fails."""
        try:
            return self._checked(block, len(block.data) + 1, set())
        except pa.ArrowInvalid as error:
            raise csvs.malformed(self._path, error, self._dialect) from error

    def _checked(self, block: Block, parsed: int, numbers: set[str]) -> pa.Table:
        table = self._parse(block.data, parsed, numbers, None)
        if table.num_rows != block.rows:
            raise pa.ArrowInvalid(f"{block.rows:,} lines hold {table.num_rows:,} rows")
        return table

    def _parse(self, data: bytes, parsed: int, numbers: set[str], columns: list[str] | None) -> pa.Table:
        kinds = {name: pa.float64() if name in numbers else pa.string() for name in self._names}
        # The blocks are parsed side by side already; threads within each would only wait for one another.
        read = arrow_csv.ReadOptions(use_threads=False, column_names=self._names, block_size=parsed)
        parse = arrow_csv.ParseOptions(delimiter=self._dialect.delimiter)
        convert = csvs.conversion(kinds, columns, self._dialect.numbers)
        return arrow_csv.read_csv(pa.py_buffer(data), read, parse, convert)
