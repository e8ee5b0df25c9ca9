"""How a CSV file is written: found from the file where nothing is ambiguous, and from what a person says.

One detection serves every command. Where two readings are possible, the error names both: a table that is read in
another way than it was meant gives wrong scores that nobody notices.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from northstar_explain.errors import Fault, TableError
from northstar_explain.options import CsvOptions
from northstar_explain.tables.compressed import compression_of, pieces_of
from northstar_explain.tables.formats import READING, unreadable
from northstar_explain.tables.number_format import PLAIN, Ambiguous, NumberFormat, number_format
from northstar_explain.tables.text_encodings import encoding_words, find_encoding

_DELIMITERS = (",", ";", "\t", "|")
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SAMPLE = 1 << 18  # characters from which delimiter and numbers are found
_ROWS = 2_000
_SEP = re.compile(r"sep=(.)\r?\n")  # the first line by which Excel is told the delimiter


@dataclass(frozen=True)
class Dialect:
    """How one CSV file is written.

    Attributes
    ----------
    delimiter : str
        The character between cells.
    encoding : str
        A codec of Python; ``"utf-8"`` with a byte order mark or without.
    compression : str
        ``"gzip"``, ``"zip"``, ``"zstd"`` or empty.
    sep_line : bool
        Whether a line ``sep=;`` stands before the header.
    numbers : NumberFormat
    """

    delimiter: str = ","
    encoding: str = "utf-8"
    compression: str = ""
    sep_line: bool = False
    numbers: NumberFormat = PLAIN

    @property
    def is_plain_text(self) -> bool:
        """Whether the bytes of the file are those of its rows in UTF-8, from the header on."""
        return not self.compression and self.encoding == "utf-8" and not self.sep_line

    @property
    def is_common(self) -> bool:
        """Whether it is what any program writes and reads, so that nothing need be said of it."""
        return self == Dialect()

    def __str__(self) -> str:
        texts = [f"{_NAMES.get(self.delimiter, repr(self.delimiter))} between cells"]
        texts += [f"decimal mark {self.numbers.decimal!r}"] if self.numbers.decimal != "." else []
        texts += [f"{self.numbers.thousands!r} between thousands"] if self.numbers.thousands else []
        texts += [encoding_words(self.encoding)] if self.encoding != "utf-8" else []
        texts += ["a sep= line"] if self.sep_line else []
        return ", ".join([*texts, *([self.compression] if self.compression else [])])

    def as_json(self) -> dict[str, Any]:
        """The dialect for the run report."""
        return {
            "delimiter": self.delimiter, "encoding": self.encoding, "compression": self.compression,
            "decimal": self.numbers.decimal, "thousands": self.numbers.thousands,
            "words": str(self), "common": self.is_common,
        }  # fmt: skip


COMMON = Dialect()


@dataclass(frozen=True)
class Hints:
    """What is known of a CSV file before it is read.

    Attributes
    ----------
    given : CsvOptions
        What a person says.
    names : tuple of str
        Columns that it should have.
    numbers : tuple of str or None
        Columns of numbers; None where that is not known, and every column may be one.
    """

    given: CsvOptions = field(default_factory=CsvOptions)
    names: tuple[str, ...] = ()
    numbers: tuple[str, ...] | None = None


NO_HINTS = Hints()


def detect(path: Path, hints: Hints = NO_HINTS) -> Dialect:
    """Find how a CSV file is written.

    Parameters
    ----------
    path : Path
    hints : Hints

    Returns
    -------
    Dialect

    Raises
    ------
    TableError
        When the file cannot be read, or could be read in two ways.
    """
    given = hints.given
    try:
        compression = compression_of(path)
        encoding = given.encoding or find_encoding(pieces_of(path, compression))
        text, is_whole = _beginning(path, compression, encoding)
    except READING as error:
        raise unreadable(path, error) from error
    sep = _SEP.match(text)
    text = text[sep.end() :] if sep else text
    delimiter = given.delimiter or (sep[1] if sep else _delimiter(path, text, is_whole, hints.names))
    numbers = _numbers(path, _rows(text, delimiter, is_whole), delimiter, hints)
    return Dialect(delimiter, encoding, compression, bool(sep), numbers)


def _beginning(path: Path, compression: str, encoding: str) -> tuple[str, bool]:
    """The first characters of a file, and whether that is all of it."""
    # What does not decode is reported with its position when the file is read.
    decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == "utf-8" else encoding)("replace")
    text = ""
    for piece in pieces_of(path, compression):
        text += decoder.decode(piece)
        if len(text) > _SAMPLE:
            return text[:_SAMPLE], False
    return text, True


def _rows(text: str, delimiter: str, is_whole: bool) -> list[list[str]]:
    try:
        rows = list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), _ROWS))
    except csv.Error:  # a cell without an end, with this delimiter
        return []
    rows = [row for row in rows if row]
    return rows if is_whole or len(rows) == _ROWS else rows[:-1]  # the last may be cut


def _delimiter(path: Path, text: str, is_whole: bool, names: Sequence[str]) -> str:
    tables = {mark: rows for mark in _DELIMITERS if (rows := _rows(text, mark, is_whole)) and len(rows[0]) > 1}
    # A header that has the columns of the contract decides, whatever its cells hold.
    known = {mark: len({name.strip() for name in rows[0]} & set(names)) for mark, rows in tables.items()}
    best = [mark for mark in tables if known[mark] == max(known.values()) and known[mark]]
    if len(best) == 1:
        return best[0]
    # Of several marks that split the header, the right one gives every line as many cells.
    even = [mark for mark, rows in tables.items() if len({len(row) for row in rows}) == 1]
    candidates = even or list(tables)
    if len(candidates) > 1:
        marks = " and ".join(_NAMES[mark] for mark in candidates)
        how = "split every line alike" if even else "split the header"
        raise _ambiguous(path, "delimiter", f"{marks}, which {how}", "--delimiter", ", ".join(map(repr, candidates)))
    # No mark splits the header: a table of one column, for which any mark does.
    return candidates[0] if candidates else ","


def _numbers(path: Path, rows: list[list[str]], delimiter: str, hints: Hints) -> NumberFormat:
    given = hints.given
    if given.decimal is not None and given.thousands is not None:
        return NumberFormat(given.decimal, given.thousands)
    header, cells = (rows[0], rows[1:]) if rows else ([], [])
    places = {n: at for at, n in enumerate(header) if hints.numbers is None or n in hints.numbers}
    columns = {name: [row[at] for row in cells if at < len(row)] for name, at in places.items()}
    try:
        found = number_format(columns, delimiter, given.decimal)
    except Ambiguous as error:
        raise _ambiguous(path, "numbers", error.candidates, "--decimal", "'.' or ','") from None
    return NumberFormat(found.decimal, found.thousands if given.thousands is None else given.thousands)


def _ambiguous(path: Path, where: str, got: str, option: str, values: str) -> TableError:
    todo = f"Say which: {option} {values}, or the same in [csv] of the contract."
    return TableError(str(path), [Fault(where, "one reading", got, todo)])
