"""Customers in batches, from one file or many, so that memory depends on the batch size and not on the files."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from northstar_explain.tables import csvs
from northstar_explain.tables.csv_dialects import COMMON, NO_HINTS, Dialect, Hints, detect
from northstar_explain.tables.formats import READING, is_text_format, require_file, table_format, unreadable
from northstar_explain.tables.frames import without_views
from northstar_explain.tables.input_files import files_of, unread_in
from northstar_explain.tables.journal import settle
from northstar_explain.tables.soundness import require_sound


class Position(NamedTuple):
    """A position in the input: file and row, both counted from 0."""

    file: int
    row: int


FIRST = Position(0, 0)
_BUNDLE = 1 << 17  # rows of Parquet row groups that are read together


class Batch(NamedTuple):
    """Some rows of one file.

    Attributes
    ----------
    start : Position
        Position of the first row.
    table : pyarrow.Table
        Its columns have one chunk each, unless read from CSV.
    original_text : callable or None
        For CSV whose numbers are parsed in `table`: returns the same rows as text.
    """

    start: Position
    table: pa.Table
    original_text: Callable[[], pa.Table] | None = None

    @property
    def end(self) -> Position:
        """Position after the last row."""
        return Position(self.start.file, self.start.row + self.table.num_rows)


@dataclass(frozen=True)
class Source:
    """Customers in one or several files, which are read in order.

    Attributes
    ----------
    name : str
        The input as the user named it.
    files : tuple of Path
    hints : Hints
        What is known of those that are CSV.
    unread : tuple of Path
        Files in the named folders that are no tables, and are not read.
    """

    name: str
    files: tuple[Path, ...]
    hints: Hints = NO_HINTS
    unread: tuple[Path, ...] = ()

    @cached_property
    def dialects(self) -> tuple[Dialect | None, ...]:
        """How each file is written, where it is a CSV; raises TableError as `dialects.detect` does."""
        return tuple(detect(path, self.hints) if is_text_format(path) else None for path in self.files)

    def schema(self, file: int) -> pa.Schema:
        """The columns of one of the files; raises TableError when it cannot be read."""
        return _schema_of(self.files[file], self.dialects[file])

    def pieces_of_file(self, file: int, size: int, row: int = 0, columns: Sequence[str] | None = None,
                       encode: Sequence[str] = ()) -> Iterator[Batch]:  # fmt: skip
        """Read the rows of one of the files; parameters and errors as of `batches`."""
        for table in _resized(_pieces(self.files[file], size, row, columns, encode, self.dialects[file]), size):
            yield Batch(Position(file, row), table)
            row += table.num_rows

    def batches(
        self,
        size: int,
        start: Position = FIRST,
        columns: Sequence[str] | None = None,
        encode: Sequence[str] = (),
    ) -> Iterator[Batch]:
        """Read the rows.

        Parameters
        ----------
        size : int
            Rows per batch; fewer at the end of a file. Batches start at multiples of it within a file, so that they
            do not depend on `start`.
        start : Position
            The first row to read: a multiple of `size`.
        columns : sequence of str, optional
            Columns to read; all where not given.
        encode : sequence of str
            String columns with few distinct values, to be read dictionary-encoded where the format allows.

        Yields
        ------
        Batch

        Raises
        ------
        TableError
            When a file cannot be read to its end.
        """
        # Files before the start are complete: a resumed run has scored them.
        for number in range(start.file, len(self.files)):
            row = start.row if number == start.file else 0
            yield from self.pieces_of_file(number, size, row, columns, encode)


def find(names: Sequence[Path | str], hints: Hints = NO_HINTS) -> Source:
    """Find the files that names stand for.

    Parameters
    ----------
    names : sequence of path
        Files; folders, for every table below them; or patterns such as ``week/*.parquet``. Names that start with a
        dot or an underscore are skipped, as Spark writes such files beside its tables.
    hints : Hints
        What is known of those that are CSV.

    Returns
    -------
    Source
        Files in the order of the names, those of a folder or pattern sorted by path.

    Raises
    ------
    TableError
        When there are none, one is not a table, or a folder cannot be listed.
    """
    settle(*map(Path, names))
    # A file that two names stand for is read once, or each of its customers would be a repeated id.
    files = list(dict.fromkeys(file for name in names for file in files_of(Path(name))))
    for file in files:
        require_file(file)
    unread = tuple(dict.fromkeys(file for name in names for file in unread_in(Path(name))))
    return Source(", ".join(map(str, names)), tuple(files), hints, unread)


def _schema_of(path: Path, dialect: Dialect | None) -> pa.Schema:
    # The first piece is empty and has the schema.
    pieces = _pieces(path, 1, 0, None, (), dialect)
    try:
        return next(pieces).schema
    finally:
        # At once: a generator that waits for garbage collection keeps its file open.
        pieces.close()


def _pieces(
    path: Path, size: int, skip: int, columns: Sequence[str] | None, encode: Sequence[str], dialect: Dialect | None
) -> Generator[pa.Table, None, None]:
    """The rows after the first `skip`, in pieces of the file's own; the first piece is always empty.

    `size` is the size of pieces where the format allows to choose it.
    """
    if is_text_format(path):
        batches = csvs.pieces(path, columns, dialect or COMMON)
        try:
            yield from _after(skip, (pa.Table.from_batches([batch]) for batch in batches))
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
            raise unreadable(path, error) from error
        return
    reader = _parquet_pieces if table_format(path) == ".parquet" else _arrow_pieces
    row = skip
    try:
        for piece in reader(path, size, skip, columns, encode):
            # Before anything else: slicing a damaged column already follows its offsets.
            require_sound(piece, path, row + 1)
            yield without_views(piece)
            row += piece.num_rows
    except READING as error:
        raise unreadable(path, error) from error


def _parquet_pieces(
    path: Path, size: int, skip: int, columns: Sequence[str] | None, encode: Sequence[str]
) -> Iterator[pa.Table]:
    from pyarrow import parquet

    # ParquetFile rather than a dataset, which refuses repeated column names with an unclear error.
    with parquet.ParquetFile(path) as file:
        schema, metadata = file.schema_arrow, file.metadata
    yield schema.empty_table()
    # Few distinct values: as a dictionary they are checked and looked up once, not once per row.
    texts = [field.name for field in schema if field.name in encode and pa.types.is_string(field.type)]
    # The footer is parsed once: with many columns and row groups it is large.
    with parquet.ParquetFile(path, metadata=metadata, read_dictionary=texts) as file:
        rows = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        for groups in _bundles(rows):
            total = sum(rows[group] for group in groups)
            # Whole bundles before the start are not even read.
            if skip >= total:
                skip -= total
                continue
            batches = file.iter_batches(size, row_groups=groups, columns=columns)
            yield from _after(skip, (pa.Table.from_batches([batch]) for batch in batches))
            skip = 0


def _bundles(rows: Sequence[int]) -> Iterator[list[int]]:
    """Row groups to read together: one reader for all of them would keep their memory until it ends."""
    bundle: list[int] = []
    for group in range(len(rows)):
        bundle.append(group)
        if sum(rows[g] for g in bundle) >= _BUNDLE:
            yield bundle
            bundle = []
    if bundle:
        yield bundle


def _arrow_pieces(
    path: Path, size: int, skip: int, columns: Sequence[str] | None, encode: Sequence[str]
) -> Iterator[pa.Table]:
    with pa.OSFile(str(path)) as file:
        # The suffix is the same for both; only the file format has a magic number.
        if file.read(6) == b"ARROW1":
            reader = pa.ipc.open_file(file)
            batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
        else:
            file.seek(0)
            batches = reader = pa.ipc.open_stream(file)
        yield reader.schema.empty_table()
        tables = (pa.Table.from_batches([batch]) for batch in batches)
        yield from _after(skip, tables if columns is None else (table.select(columns) for table in tables))


def _after(skip: int, pieces: Iterator[pa.Table]) -> Iterator[pa.Table]:
    for piece in pieces:
        # An empty piece has the schema, which callers need of a file without rows.
        if skip < piece.num_rows or not piece.num_rows:
            yield piece.slice(skip) if skip else piece
        skip = max(0, skip - piece.num_rows)


def _resized(pieces: Iterator[pa.Table], size: int) -> Iterator[pa.Table]:
    """The same rows in tables of `size` rows, the last one smaller; no table where there are no rows."""
    pending: list[pa.Table] = []
    rows = 0
    for piece in pieces:
        while rows + piece.num_rows >= size:
            taken = size - rows
            yield _joined([*pending, piece.slice(0, taken)])
            pending, rows, piece = [], 0, piece.slice(taken)
        if piece.num_rows:
            pending.append(piece)
            rows += piece.num_rows
    if pending:
        yield _joined(pending)


def _joined(pieces: list[pa.Table]) -> pa.Table:
    pieces = [piece for piece in pieces if piece.num_rows]
    # No copy where a batch is a piece of the file already, which is the usual case.
    return pieces[0] if len(pieces) == 1 else pa.concat_tables(pieces).combine_chunks()
