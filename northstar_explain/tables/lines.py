"""CSV files in which every line is a row: cut at line breaks, and parsed by whichever thread wants the rows.

Arrow's own reader of CSV in pieces looks for the ends of rows in one thread and keeps some 130 MB read ahead. Where no
cell holds a line break, a row ends where a line does, and neither is needed. Whether that is so cannot be told from the
bytes alone: `LineReader.texts` parses each block and says so, and what follows a block that fails is left to
`csvs.pieces`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from northstar_explain.tables import csvs
from northstar_explain.tables.formats import unreadable

_READ = 1 << 22  # bytes read at a time; a line that is longer is left to Arrow, which refuses it
_PARSED = 1 << 19  # bytes parsed at a time: they stay in the processor's own memory
_COLUMN = re.compile(r"In CSV column #(\d+): .*conversion error to double")


class Block(NamedTuple):
    """Some lines of a file, as bytes."""

    data: bytes
    rows: int


class LineReader:
    """Reads blocks of lines from a CSV file.

    Parameters
    ----------
    path : Path
    numbers : sequence of str
        Columns that should hold numbers, to be read as float64 where every cell of a block is one.
    """

    def __init__(self, path: Path, numbers: Sequence[str] = ()):
        self._path = path
        self._names = csvs.read_header(path)
        self._numbers = set(numbers)
        # A line that no open quotation mark lets pass for a row: see `texts`.
        self._sentinel = ",".join("0" * len(self._names)).encode() + b"\n"

    def blocks(self, size: int, skip: int = 0) -> Iterator[Block]:
        """The lines after the header and the first `skip`, in blocks of `size`, the last one smaller.

        Ends early where lines cannot be rows; a caller who counts the rows sees it.

        Raises
        ------
        TableError
            When the file cannot be read to its end.
        """
        try:
            yield from self._blocks(size, skip)
        except OSError as error:
            raise unreadable(self._path, error) from error

    def _blocks(self, size: int, skip: int) -> Iterator[Block]:
        with self._path.open("rb") as file:
            if not self._is_header(file.readline(_READ)):
                return
            held: list[bytes] = []
            lines, wanted = 0, skip or size
            while piece := file.read(_READ):
                ends = np.flatnonzero(np.frombuffer(piece, dtype=np.uint8) == ord("\n"))
                if not len(ends) and len(piece) == _READ:
                    return
                used, at = 0, wanted - lines
                while at <= len(ends):
                    end = int(ends[at - 1]) + 1
                    if skip:
                        skip = 0
                    else:
                        yield Block(b"".join([*held, piece[used:end]]), size)
                    held, used, lines, wanted = [], end, -at, size
                    at += size
                if not skip:
                    held.append(piece[used:])
                lines += len(ends)
        data = b"".join(held)
        if data:
            yield Block(data if data.endswith(b"\n") else data + b"\n", lines + (not data.endswith(b"\n")))

    def _is_header(self, line: bytes) -> bool:
        text = line.decode("utf-8-sig")
        return len(self._names) > 1 and text.endswith("\n") and next(csv.reader([text]), []) == self._names

    def texts(self, block: Block, column: str) -> pa.Array | None:
        """One column of a block as text; None where its lines are not its rows."""
        # A cell with a line break, or an empty line, leaves fewer rows than lines. Were a quotation mark open at the
        # end of the block, its last cell would swallow the sentinel.
        data = block.data + self._sentinel
        try:
            table = self._parse(data, len(data) + 1, set(), [column])
        except pa.ArrowInvalid:
            return None
        return table[column].combine_chunks()[: block.rows] if table.num_rows == block.rows + 1 else None

    def table(self, block: Block) -> pa.Table:
        """The rows of a block that `texts` found good: numbers float64, or text where a cell of a column is none."""
        while True:
            try:
                return self._checked(block, _PARSED, self._numbers).combine_chunks()
            except pa.ArrowInvalid as error:
                found = _COLUMN.search(str(error))
                if found is None:
                    return self.original_text(block)
                # A column with such a cell often has more of them: from here on it is read as text.
                self._numbers = self._numbers - {self._names[int(found[1])]}

    def original_text(self, block: Block) -> pa.Table:
        """The same rows, every column text; raises TableError where one is not."""
        try:
            return self._checked(block, len(block.data) + 1, set())
        except pa.ArrowInvalid as error:
            raise csvs.malformed(self._path, error) from error

    def _checked(self, block: Block, parsed: int, numbers: set[str]) -> pa.Table:
        table = self._parse(block.data, parsed, numbers, None)
        if table.num_rows != block.rows:
            raise pa.ArrowInvalid(f"{block.rows:,} lines hold {table.num_rows:,} rows")
        return table

    def _parse(self, data: bytes, parsed: int, numbers: set[str], columns: list[str] | None) -> pa.Table:
        kinds = {name: pa.float64() if name in numbers else pa.string() for name in self._names}
        read = arrow_csv.ReadOptions(use_threads=False, column_names=self._names, block_size=parsed)
        return arrow_csv.read_csv(pa.py_buffer(data), read, convert_options=csvs.conversion(kinds, columns))
