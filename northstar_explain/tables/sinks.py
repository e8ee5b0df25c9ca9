"""Results to files, batch after batch: what is written does not depend on how fast the batches come."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from northstar_explain.tables import csvs
from northstar_explain.tables.places import sha256

ROW_GROUP = 1 << 18  # rows of a Parquet row group: a few megabytes in memory
_ENCODED = 1 << 13  # rows of CSV in one buffer


class Sink(ABC):
    """A file that takes record batches of one schema.

    Parameters
    ----------
    path : Path
        Where to write; what stands there is replaced.
    schema : pyarrow.Schema
    first : bool
        Whether the file stands by itself, or begins one that is joined of several.
    """

    def __init__(self, path: Path, schema: pa.Schema, first: bool = True):
        self.path = path
        self.schema = schema

    @abstractmethod
    def write(self, prepared: Any) -> None:
        """Append a batch that the function of `preparer` has prepared."""

    @abstractmethod
    def close(self) -> None:
        """Finish the file; without this it is none."""

    @abstractmethod
    def abandon(self) -> None:
        """Let go of the file, unfinished."""

    def sha256(self) -> str:
        """The hash of the closed file."""
        return sha256(self.path)


class ParquetSink(Sink):
    """Parquet, zstd, in row groups of `ROW_GROUP` rows; text columns hold only the words that a group uses."""

    def __init__(self, path: Path, schema: pa.Schema, first: bool = True):
        from pyarrow import parquet

        super().__init__(path, schema)
        self._held: list[pa.RecordBatch] = []
        self._rows = 0
        self._writer = parquet.ParquetWriter(
            path,
            schema,
            compression="zstd",
            use_dictionary=[field.name for field in schema if _repeats(field.type)],
            dictionary_pagesize_limit=1 << 26,  # by default, a group with many words falls back to plain text
            write_statistics=[field.name for field in schema if pa.types.is_floating(field.type)],
        )

    def write(self, prepared: pa.RecordBatch) -> None:
        """Append a batch."""
        while self._rows + prepared.num_rows >= ROW_GROUP:
            taken = ROW_GROUP - self._rows
            self._held.append(prepared.slice(0, taken))
            self._flush()
            prepared = prepared.slice(taken)
        if prepared.num_rows:
            self._held.append(prepared)
            self._rows += prepared.num_rows

    def close(self) -> None:
        """Write what is held, and the footer."""
        if self._rows:
            self._flush()
        self._writer.close()

    def abandon(self) -> None:
        """Close the file's handle; the footer that this writes is nobody's."""
        self._held, self._rows = [], 0
        self._writer.close()

    def _flush(self) -> None:
        group = pa.Table.from_batches(self._held, schema=self.schema)
        self._held, self._rows = [], 0
        columns = [_with_used_words(c) if pa.types.is_dictionary(c.type) else c for c in group.columns]
        self._writer.write_table(pa.table(columns, schema=self.schema), row_group_size=ROW_GROUP)


class CsvSink(Sink):
    """CSV; a file that does not come first has no header line."""

    def __init__(self, path: Path, schema: pa.Schema, first: bool = True):
        super().__init__(path, schema)
        self._file = path.open("wb")
        self._digest = hashlib.sha256()
        if first:
            names = [csvs.harmless(name) for name in schema.names]
            self.write([csvs.encode(schema.empty_table().rename_columns(names)).to_pybytes()])

    def write(self, prepared: Sequence[bytes]) -> None:
        """Append a batch."""
        for piece in prepared:
            self._file.write(piece)
            self._digest.update(piece)

    def sha256(self) -> str:
        """The hash of the closed file, taken as it was written: reading a large one again takes as long."""
        return self._digest.hexdigest()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    abandon = close


class ArrowSink(Sink):
    """An Arrow IPC file. Its text columns have one dictionary each, the same in every batch."""

    def __init__(self, path: Path, schema: pa.Schema, first: bool = True):
        super().__init__(path, schema)
        self._writer = pa.ipc.new_file(str(path), schema)

    def write(self, prepared: pa.RecordBatch) -> None:
        """Append a batch."""
        self._writer.write_batch(prepared)

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()

    abandon = close


_SINKS: dict[str, type[Sink]] = {".parquet": ParquetSink, ".csv": CsvSink, ".arrow": ArrowSink}


def open_sink(path: Path, schema: pa.Schema, first: bool = True) -> Sink:
    """A sink of the format that the path's ending names."""
    return _SINKS[path.suffix](path, schema, first)


def preparer(suffix: str) -> Callable[[pa.RecordBatch], Any]:
    """What makes of a batch what a sink takes: work that needs no order, so that any thread may do it."""
    return CsvRows() if suffix == ".csv" else lambda batch: batch


class CsvRows:
    """Batches as CSV, text quoted, and no cell of ours that begins a formula.

    Words in dictionaries are ours; a text column holds ids, which pass as they are.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[pa.Array, pa.Array | None]] = {}

    def __call__(self, batch: pa.RecordBatch) -> list[bytes]:
        """The batch without a header line, in pieces."""
        columns = [self._harmless(c) if pa.types.is_dictionary(c.type) else c for c in batch.columns]
        safe = pa.record_batch(columns, schema=batch.schema)
        pieces = (safe.slice(at, _ENCODED) for at in range(0, safe.num_rows, _ENCODED))
        # Copied out: Arrow's buffers are up to twice as large as what they hold.
        return [csvs.encode(piece, header=False).to_pybytes() for piece in pieces]

    def _harmless(self, column: pa.DictionaryArray) -> pa.DictionaryArray:
        # The batches share their words: each list of them is looked at once, and held, so that its address stays its.
        words = column.dictionary
        address = _address(words)
        if address not in self._known:
            before = words.to_pylist()
            after = [csvs.harmless(word) for word in before]
            self._known[address] = words, pa.array(after, words.type) if after != before else None
        _, safe = self._known[address]
        return column if safe is None else pa.DictionaryArray.from_arrays(column.indices, safe)


def join(parts: Sequence[Path], out: Path, schema: pa.Schema) -> str:
    """Join files that `open_sink` wrote into one of the same format, and give its SHA-256.

    Parameters
    ----------
    parts : sequence of Path
        The first begins the joined file. CSV is joined byte by byte; Parquet and Arrow are read and written again.
    out : Path
    schema : pyarrow.Schema
    """
    if out.suffix == ".csv":
        return _join_bytes(parts, out)
    sink = open_sink(out, schema)
    try:
        for path in parts:
            for batch in _batches(path):
                sink.write(batch)
        sink.close()
    except BaseException:
        sink.abandon()
        raise
    return sink.sha256()


def _join_bytes(parts: Sequence[Path], out: Path) -> str:
    digest = hashlib.sha256()
    with out.open("wb") as joined:
        for path in parts:
            with path.open("rb") as part:
                while piece := part.read(1 << 20):
                    joined.write(piece)
                    digest.update(piece)
    return digest.hexdigest()


def count(path: Path) -> int | None:
    """Rows of a Parquet or Arrow file by its own account; None of a CSV, which keeps none."""
    if path.suffix == ".parquet":
        from pyarrow import parquet

        return int(parquet.read_metadata(path).num_rows)
    return sum(batch.num_rows for batch in _batches(path)) if path.suffix == ".arrow" else None


def _batches(path: Path) -> Iterator[pa.RecordBatch]:
    if path.suffix == ".parquet":
        from pyarrow import parquet

        with parquet.ParquetFile(path) as file:
            yield from file.iter_batches(1 << 16)
        return
    with pa.OSFile(str(path)) as source:
        reader = pa.ipc.open_file(source)
        yield from (reader.get_batch(number) for number in range(reader.num_record_batches))


def _repeats(kind: pa.DataType) -> bool:
    # Ranks and flags repeat, as words do; ids and probabilities do not.
    return not (pa.types.is_string(kind) or pa.types.is_float64(kind))


def _with_used_words(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """The same texts with a dictionary of those that occur, in the order of the old one."""
    if len({_address(chunk.dictionary) for chunk in column.chunks}) > 1:
        column = column.unify_dictionaries()
    words = column.chunk(0).dictionary
    codes = np.concatenate([_codes(chunk.indices) for chunk in column.chunks])
    used = np.flatnonzero(np.bincount(codes + 1, minlength=len(words) + 1)[1:])
    narrow = np.full(len(words) + 1, -1, dtype=np.int32)
    narrow[used] = np.arange(len(used))
    codes = narrow[codes]  # code -1 takes the last entry: none
    absent = codes < 0
    indices = pa.array(codes, mask=absent if absent.any() else None)
    return pa.DictionaryArray.from_arrays(indices, words.take(pa.array(used)))


def _address(words: pa.Array) -> int:
    """Where the words lie in memory: batches that share them need not be compared."""
    text = words.buffers()[2]
    return text.address if text else 0


def _codes(indices: pa.Array) -> np.ndarray:
    if not indices.null_count:
        return indices.to_numpy()
    return np.nan_to_num(indices.to_numpy(zero_copy_only=False), nan=-1).astype(np.int32)
