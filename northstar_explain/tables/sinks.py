"""Writing results to files in batches; the bytes do not depend on the timing of the batches."""

from __future__ import annotations

import hashlib
import os
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
        Where to write; an existing file is replaced.
    schema : pyarrow.Schema
    """

    def __init__(self, path: Path, schema: pa.Schema):
        self.path = path
        self.schema = schema

    @abstractmethod
    def write(self, prepared: Any) -> None:
        """Append a batch that the function of `preparer` has prepared."""

    @abstractmethod
    def close(self) -> None:
        """Finish the file; without this it is invalid."""

    @abstractmethod
    def abandon(self) -> None:
        """Close the file unfinished."""

    def sha256(self) -> str:
        """The hash of the closed file."""
        return sha256(self.path)


class ParquetSink(Sink):
    """Parquet with zstd, in row groups of `ROW_GROUP` rows; dictionaries contain only the values of their group."""

    def __init__(self, path: Path, schema: pa.Schema):
        from pyarrow import parquet

        super().__init__(path, schema)
        self._pending: list[pa.RecordBatch] = []
        self._rows = 0
        self._writer = parquet.ParquetWriter(
            path,
            schema,
            compression="zstd",
            use_dictionary=[field.name for field in schema if _repeats(field.type)],
            dictionary_pagesize_limit=1 << 26,  # by default, a group with many values falls back to plain encoding
            write_statistics=[field.name for field in schema if pa.types.is_floating(field.type)],
        )

    def write(self, prepared: pa.RecordBatch) -> None:
        """Append a batch."""
        # Row groups of a fixed size, so that the bytes do not depend on the size of batches.
        while self._rows + prepared.num_rows >= ROW_GROUP:
            taken = ROW_GROUP - self._rows
            self._pending.append(prepared.slice(0, taken))
            self._flush()
            prepared = prepared.slice(taken)
        if prepared.num_rows:
            self._pending.append(prepared)
            self._rows += prepared.num_rows

    def close(self) -> None:
        """Write the remaining rows and the footer."""
        if self._rows:
            self._flush()
        self._writer.close()

    def abandon(self) -> None:
        """Close the file's handle; the footer that this writes is not used."""
        self._pending, self._rows = [], 0
        self._writer.close()

    def _flush(self) -> None:
        group = pa.Table.from_batches(self._pending, schema=self.schema)
        self._pending, self._rows = [], 0
        columns = [_with_used_values(c) if pa.types.is_dictionary(c.type) else c for c in group.columns]
        self._writer.write_table(pa.table(columns, schema=self.schema), row_group_size=ROW_GROUP)


class CsvSink(Sink):
    """CSV. Several sinks, one after the other, may write one file, as rows can be appended to it.

    Parameters
    ----------
    path : Path
    schema : pyarrow.Schema
    digest : hashlib object, optional
        Of what the file holds; rows are appended to that. Without it, the file is begun with a header line.

    Attributes
    ----------
    digest : hashlib object
        Of all that has been written to the file.
    """

    def __init__(self, path: Path, schema: pa.Schema, digest: hashlib._Hash | None = None):
        super().__init__(path, schema)
        self._file = path.open("wb" if digest is None else "ab")
        self.digest = hashlib.sha256() if digest is None else digest
        if digest is None:
            names = [csvs.harmless(name) for name in schema.names]
            self.write([csvs.encode(schema.empty_table().rename_columns(names)).to_pybytes()])

    def write(self, prepared: Sequence[bytes]) -> None:
        """Append a batch."""
        for piece in prepared:
            self._file.write(piece)
            self.digest.update(piece)

    def sha256(self) -> str:
        """The hash of the closed file, updated while writing, as reading a large file again takes as long."""
        return self.digest.hexdigest()

    def close(self) -> None:
        """Flush the file to disk and close it."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def abandon(self) -> None:
        """Close the file."""
        self._file.close()


class ArrowSink(Sink):
    """An Arrow IPC file. Each text column has one dictionary for all batches."""

    def __init__(self, path: Path, schema: pa.Schema):
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


def open_sink(path: Path, schema: pa.Schema) -> Sink:
    """A sink for the format of the path's suffix."""
    return _SINKS[path.suffix](path, schema)


def preparer(suffix: str) -> Callable[[pa.RecordBatch], Any]:
    """The function that prepares a batch for a sink: work that needs no order, so that any thread may do it."""
    return CsvRows() if suffix == ".csv" else lambda batch: batch


class CsvRows:
    """Batches as CSV with quoted text, in which no cell of ours starts a formula.

    Dictionary-encoded values are ours; a string column contains ids, which stay unchanged.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[pa.Array, pa.Array | None]] = {}

    def __call__(self, batch: pa.RecordBatch) -> list[bytes]:
        """The batch without a header line, in several buffers."""
        columns = [self._harmless(c) if pa.types.is_dictionary(c.type) else c for c in batch.columns]
        safe = pa.record_batch(columns, schema=batch.schema)
        pieces = (safe.slice(at, _ENCODED) for at in range(0, safe.num_rows, _ENCODED))
        # Copied, as Arrow's buffers are up to twice as large as their content.
        return [csvs.encode(piece, header=False).to_pybytes() for piece in pieces]

    def _harmless(self, column: pa.DictionaryArray) -> pa.DictionaryArray:
        # Batches share dictionaries: each is escaped once, and kept, so that no other takes its address.
        values = column.dictionary
        address = _address(values)
        if address not in self._known:
            before = values.to_pylist()
            after = [csvs.harmless(value) for value in before]
            self._known[address] = values, pa.array(after, values.type) if after != before else None
        _, safe = self._known[address]
        return column if safe is None else pa.DictionaryArray.from_arrays(column.indices, safe)


def join(files: Sequence[Path], out: Path, schema: pa.Schema) -> str:
    """Rewrite Parquet or Arrow files that `open_sink` wrote as one of the same format, and give its SHA-256.

    Parameters
    ----------
    files : sequence of Path
        In order.
    out : Path
    schema : pyarrow.Schema
    """
    sink = open_sink(out, schema)
    try:
        for path in files:
            for batch in _batches(path):
                sink.write(batch)
        sink.close()
    except BaseException:
        sink.abandon()
        raise
    return sink.sha256()


def count(path: Path) -> int | None:
    """Number of rows in the metadata of a Parquet or Arrow file; None of a CSV, which has none."""
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
    # Ranks, flags and dictionary-encoded values repeat; ids and probabilities do not.
    return not (pa.types.is_string(kind) or pa.types.is_float64(kind))


def _with_used_values(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """The same values with a dictionary of those that occur, in their old order."""
    if len({_address(chunk.dictionary) for chunk in column.chunks}) > 1:
        column = column.unify_dictionaries()
    values = column.chunk(0).dictionary
    codes = np.concatenate([_codes(chunk.indices) for chunk in column.chunks])
    used = np.flatnonzero(np.bincount(codes + 1, minlength=len(values) + 1)[1:])
    narrow = np.full(len(values) + 1, -1, dtype=np.int32)
    narrow[used] = np.arange(len(used))
    codes = narrow[codes]  # code -1 takes the last entry: missing
    absent = codes < 0
    indices = pa.array(codes, mask=absent if absent.any() else None)
    return pa.DictionaryArray.from_arrays(indices, values.take(pa.array(used)))


def _address(values: pa.Array) -> int:
    """The address of a dictionary in memory, by which batches that share it are recognized."""
    text = values.buffers()[2]
    return text.address if text else 0


def _codes(indices: pa.Array) -> np.ndarray:
    if not indices.null_count:
        codes: np.ndarray = indices.to_numpy()
        return codes
    codes = np.nan_to_num(indices.to_numpy(zero_copy_only=False), nan=-1).astype(np.int32)
    return codes
