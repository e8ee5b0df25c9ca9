"""The customers of a run: their files and schemas, and the check that the files stay unchanged."""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from northstar_explain import tables
from northstar_explain.contract.cells import is_number, is_text
from northstar_explain.contract.customer_ids import id_keys, id_texts, suspicious
from northstar_explain.contract.faults import no_rows, numbers_rows, require_columns, require_types
from northstar_explain.contract.features import Contract
from northstar_explain.contract.rejected import left_out
from northstar_explain.errors import Fault, TableError
from northstar_explain.score import ids
from northstar_explain.score.pipeline import ordered
from northstar_explain.score.start_thread import start
from northstar_explain.tables import Batch, Position, Source
from northstar_explain.tables.formats import unreadable
from northstar_explain.tables.lines import Block, LineReader
from northstar_explain.tables.number_format import PLAIN, NumberFormat
from northstar_explain.tables.places import sha256
from northstar_explain.tables.plain_types import with_plain_types

BATCH = 1 << 16  # rows read and scored together
_WHOLE = sys.maxsize


class Input:
    """Customers to be scored.

    Parameters
    ----------
    source : Source
    contract : Contract

    Attributes
    ----------
    schemas : list of pyarrow.Schema
        Of each file.
    ignored : tuple of str
        Columns that the contract does not know.
    left_out : tuple of str
        Those of them that rejected rows do not keep, as Parquet has no type for them.
    rows : int
        How many rows there are; known once the ids are read.
    suspicious_ids : Counter of str
        Ids that look like none, or like one that has lost its digits, with their rows; known with them.

    Raises
    ------
    TableError
        When a file cannot be read, or lacks a column.
    """

    def __init__(self, source: Source, contract: Contract):
        self.source = source
        self.rows = 0
        self.suspicious_ids: Counter[str] = Counter()
        self._contract = contract
        # Taken before anything is read, so that no change during the run goes unnoticed.
        self._stats = [_stat(file) for file in source.files]
        self.schemas = [source.schema(number) for number in range(len(source.files))]
        ignored = [
            require_columns(schema, contract, label=False, source=str(file))
            for schema, file in zip(self.schemas, source.files, strict=True)
        ]
        if len(source.files) > 1 and any(numbers_rows(contract, schema) for schema in self.schemas):
            todo = "Add a column with ids, or score one file at a time."
            raise TableError(
                source.name, [Fault(f"column {contract.id}", "ids in each of several files", "none", todo)]
            )
        self.ignored = tuple(dict.fromkeys(name for names in ignored for name in names))
        self.left_out = tuple(dict.fromkeys(name for schema in self.schemas for name in left_out(schema)))
        self._words = [feature.name for feature in contract.features if not feature.kind.number_cells]
        self._csvs = self._line_readers()
        self._by_line: dict[int, int] = {}  # of CSV files: the rows up to which a line is a row
        self._digests: list[str] = []
        self._unread: TableError | None = None
        # Reading a file for its hash needs no GIL; it is ready by the time it is needed.
        # A daemon, as a run that fails must not wait for it.
        self._hashing = threading.Thread(target=self._hash, daemon=True)
        start(self._hashing)

    def _line_readers(self) -> dict[int, LineReader]:
        numbers = [feature.name for feature in self._contract.features if feature.kind.number_cells]
        files = enumerate(zip(self.source.files, self.source.dialects, strict=True))
        return {n: LineReader(file, numbers, one) for n, (file, one) in files if one and one.is_plain_text}

    def numbers(self, file: int) -> NumberFormat:
        """How numbers are written in a file, where they are text."""
        dialect = self.source.dialects[file]
        return PLAIN if dialect is None else dialect.numbers

    def about(self) -> list[list[Any]]:
        """Identifies this input without reading it: path, bytes, time of change and dialect of each file."""
        triples = zip(self.source.files, self._stats, self.source.dialects, strict=True)
        return [
            [str(file.absolute()), stat.st_size, stat.st_mtime_ns, dialect and dialect.as_json()]
            for file, stat, dialect in triples
        ]

    def repeated_ids(self, folder: Path, progress: Callable[[int], None]) -> pa.Array:
        """Read the ids, count the rows, and find the ids that occur more than once.

        Parameters
        ----------
        folder : Path
            For sorted hashes that memory need not hold.
        progress : callable
            Called with the rows read so far.

        Returns
        -------
        pyarrow.Array of string
            Their keys: see `contract.identifiers`.

        Raises
        ------
        TableError
            When there is not a single row.
        """
        hashes = ids.Hashes(folder)
        self.rows = 0
        self.suspicious_ids.clear()
        for batch in self._ids():
            self.suspicious_ids.update(suspicious(batch))
            hashes.add(ids.hash_of(id_keys(batch)))
            self.rows += len(batch)
            progress(self.rows)
        if not self.rows:
            raise no_rows(self.source.name)
        # Few ids, if any, share a hash: the second reading of all ids is needed only then.
        candidates = hashes.repeated()
        again = (id_keys(batch) for batch in self._ids())
        return ids.exactly(candidates, again) if len(candidates) else pa.array([], pa.string())

    def _ids(self) -> Iterator[pa.Array]:
        name = self._contract.id
        for number in range(len(self.source.files)):
            rows = 0
            numbered = numbers_rows(self._contract, self.schemas[number])
            # Rows without an id are counted by another column.
            read = self._contract.features[0].name if numbered else name
            if number in self._csvs:
                for texts in self._ids_by_line(number, read):
                    yield pa.nulls(len(texts), pa.string()) if numbered else texts
                    rows += len(texts)
            for batch in self._after_lines(number, rows, columns=[read]):
                if numbered:
                    yield pa.nulls(batch.table.num_rows, pa.string())
                    continue
                column = with_plain_types(batch.table, [read])[read]
                if not (is_text(column.type) or is_number(column.type) or pa.types.is_null(column.type)):
                    self._require_types(number)
                yield id_texts(column)

    def _ids_by_line(self, number: int, name: str) -> Iterator[pa.Array]:
        reader, rows = self._csvs[number], 0
        size = -(-BATCH // 4)  # several are read at once, and rows need not be whole batches here
        with closing(ordered(partial(reader.texts, column=name), self._blocks(number, size))) as blocks:
            for texts in blocks:
                if texts is None:
                    # Down to a whole batch: from there on Arrow reads, and batches begin at multiples of BATCH.
                    self._by_line[number] = rows // BATCH * BATCH
                    return
                yield texts
                rows += len(texts)
        # Without a row the lines may not be what they seem: Arrow decides.
        self._by_line[number] = _WHOLE if rows else 0

    def _blocks(self, number: int, size: int, row: int = 0) -> Iterator[Block]:
        """The blocks of lines of a CSV file; raises TableError when it can no longer be read."""
        try:
            yield from self._csvs[number].blocks(size, row)
        except OSError as error:
            raise unreadable(self.source.files[number], error) from error

    def _after_lines(self, number: int, row: int, **how: Any) -> Iterator[Batch]:
        """The rows of a file from one on, but for those that are read by line."""
        row = max(row, self._by_line.get(number, 0))
        if row < _WHOLE:
            yield from self.source.pieces_of_file(number, BATCH, row, **how)

    def _require_types(self, file: int) -> None:
        """Raise TableError with every column of a wrong type, of which the id's is one."""
        path = self.source.files[file]
        first = next(self.source.batches(BATCH, Position(file, 0))).table
        require_types(first, self._contract, False, str(path), tables.is_text_format(path), self.numbers(file))

    def batches(self, start: Position) -> Iterator[Callable[[], Batch]]:
        """The rows from a position on, once the ids are read: what gives each batch, to be called in any thread."""
        for number in range(start.file, len(self.source.files)):
            row = start.row if number == start.file else 0
            if row < self._by_line.get(number, 0):
                yield from self._by_lines(number, row)
            for batch in self._after_lines(number, row, encode=self._words):
                yield partial(_same, batch)

    def _by_lines(self, number: int, row: int) -> Iterator[Callable[[], Batch]]:
        reader = self._csvs[number]
        for block in self._blocks(number, BATCH, row):
            # Beyond it, lines are no longer rows.
            if row >= self._by_line[number]:
                return
            yield partial(self._parsed, reader, block, Position(number, row))
            row += block.rows

    def _parsed(self, reader: LineReader, block: Block, start: Position) -> Batch:
        try:
            return Batch(start, reader.table(block), partial(reader.original_text, block))
        except TableError:
            self.require_unchanged()  # lines that were rows when the ids were read
            raise

    def require_unchanged(self) -> None:
        """Raise TableError when a file is no longer what it was when the run began."""
        for file, before in zip(self.source.files, self._stats, strict=True):
            try:
                now = file.stat()
            except OSError:
                now = None
            # Size and time of change, as hashing again would take as long as reading.
            if now is None or (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
                todo = "Score it again when nothing writes to it."
                raise TableError(str(file), [Fault("file", "one that stays as it is", "one that changed", todo)])

    def facts(self) -> list[dict[str, Any]]:
        """Name, bytes and SHA-256 of each file, and of a CSV its dialect."""
        self._hashing.join()
        if self._unread is not None:
            raise self._unread
        triples = zip(self.source.files, self._stats, self._digests, strict=True)
        facts = [{"name": file.name, "bytes": stat.st_size, "sha256": digest} for file, stat, digest in triples]
        for one, dialect in zip(facts, self.source.dialects, strict=True):
            if dialect is not None:
                one["dialect"] = dialect.as_json()
        return facts

    def _hash(self) -> None:
        for file in self.source.files:
            try:
                self._digests.append(sha256(file))
            except OSError as error:
                self._unread = unreadable(file, error)
                return


def _stat(file: Path) -> os.stat_result:
    try:
        return file.stat()
    except OSError as error:
        raise unreadable(file, error) from error


def _same(batch: Batch) -> Batch:
    return batch
