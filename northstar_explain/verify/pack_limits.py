"""What a pack may take: sizes, rows, lengths and depths, checked before anything of unknown origin is decoded.

A pack comes from somebody else. Three megabytes of Parquet can hold a table of gigabytes, and a text without a blank
can keep a typesetter busy for minutes: each is refused in one line before it costs time or memory.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from northstar_explain.model.holdout_evidence import EVIDENCE_FILES
from northstar_explain.model.names import FILE as NAMES
from northstar_explain.verify.pack_files import TAMPERED, Mismatch

MB = 1_000_000
MOST_FILES = 5_000
# Of a manifest or the sums, of any other file, and of all files together.
LARGEST_LIST, LARGEST_FILE, LARGEST_PACK = 4 * MB, 256 * MB, 512 * MB
LARGEST_TEXT = {
    "contract.toml": MB, "purchase.json": MB, "segments.json": 4 * MB, "evaluation.json": 8 * MB, NAMES: MB // 10,
}  # fmt: skip
LARGEST_MOVES = MB // 2
LONGEST_TEXT, DEEPEST, MOST_ITEMS = 4_000, 40, 20_000
MOST_ROWS = {"golden.parquet": 100_000, "drift.parquet": 100_000}
MOST_OTHER_ROWS, MOST_EVIDENCE_ROWS = 2 * MB, 10 * MB
LARGEST_DECODED = 512 * MB
_LINE_END = ord("\n")


def oversized(path: Path, names: Iterator[str] | list[str]) -> Mismatch | None:
    """The first file that is too large, or the files if there are too many or they are too large together."""
    total = 0
    for count, name in enumerate(names, start=1):
        if count > MOST_FILES:
            return Mismatch(TAMPERED, "the folder", f"{MOST_FILES:,} files at most", "more")
        try:
            size = (path / name).lstat().st_size
        except (OSError, ValueError):
            continue
        most = LARGEST_LIST if name in ("manifest.json", "SHA256SUMS") else LARGEST_FILE
        if size > most:
            return Mismatch(TAMPERED, name, f"{most // MB:,} MB at most", f"{size / MB:,.1f} MB")
        total += size
        if total > LARGEST_PACK:
            return Mismatch(TAMPERED, "the folder", f"{LARGEST_PACK // MB:,} MB at most", "more")
    return None


def unreasonable(model: Path) -> Mismatch | None:
    """What of a model folder would take too much time or memory to read; None where nothing does."""
    for name, most in LARGEST_TEXT.items():
        if not (model / name).exists():
            continue  # names are optional; of anything else, loading says that it is not there
        data = (model / name).read_bytes()
        if len(data) > most:
            return Mismatch(TAMPERED, name, f"{most / MB:g} MB at most", f"{len(data) / MB:,.1f} MB")
        if fault := _nested(name, data):
            return Mismatch(TAMPERED, name, *fault)
    for path in sorted(model.glob("*.parquet")):
        if fault := decoded_fault(path.read_bytes(), MOST_ROWS.get(path.name, MOST_OTHER_ROWS)):
            return Mismatch(TAMPERED, path.name, *fault)
    for name in EVIDENCE_FILES:
        if (model / name).exists() and (fault := _evidence_fault((model / name).read_bytes())):
            return Mismatch(TAMPERED, name, *fault)
    return None


def _evidence_fault(data: bytes) -> tuple[str, str] | None:
    try:
        content = np.frombuffer(decompressed(data), np.uint8)
    except (OSError, EOFError, ValueError) as error:
        return "compressed CSV", str(error)[:100] or type(error).__name__
    ended = content == _LINE_END
    lines = int(ended.sum())
    if lines > MOST_EVIDENCE_ROWS:
        return f"{MOST_EVIDENCE_ROWS:,} rows at most", f"{lines:,}"
    ends = np.flatnonzero(ended)
    longest = int(np.diff(ends, prepend=-1, append=len(content)).max())
    return (f"lines of {LONGEST_TEXT:,} bytes at most", f"{longest:,}") if longest > LONGEST_TEXT else None


def _nested(name: str, data: bytes) -> tuple[str, str] | None:
    try:
        content = tomllib.loads(data.decode()) if name.endswith(".toml") else json.loads(data)
    except RecursionError:
        return f"{DEEPEST} levels at most", "more"
    except ValueError:
        return None  # no TOML or JSON at all: loading says what it is instead
    return next(_faults(content, 1), None)


def _faults(content: Any, depth: int) -> Iterator[tuple[str, str]]:
    if depth > DEEPEST:
        yield f"{DEEPEST} levels at most", "more"
    elif isinstance(content, str):
        if len(content) > LONGEST_TEXT:
            yield f"texts of {LONGEST_TEXT:,} characters at most", f"{len(content):,}"
    elif isinstance(content, dict | list):
        if len(content) > MOST_ITEMS:
            yield f"lists of {MOST_ITEMS:,} items at most", f"{len(content):,}"
            return
        inside = [*content, *content.values()] if isinstance(content, dict) else content
        for one in inside:
            yield from _faults(one, depth + 1)


def decoded_fault(data: bytes, most_rows: int) -> tuple[str, str] | None:
    """What was expected and got of a Parquet file that would take too much memory; None where it would not.

    Parameters
    ----------
    data : bytes
    most_rows : int
    """
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        about, schema = file.metadata, file.schema_arrow
        if about.num_rows > most_rows:
            return f"{most_rows:,} rows at most", f"{about.num_rows:,}"
        if any(pa.types.is_nested(_inner(field.type)) for field in schema):
            return "columns of numbers, of texts, and lists of them", "deeper ones"
        parts = [about.row_group(i).column(j) for i in range(about.num_row_groups) for j in range(about.num_columns)]
        size = sum(part.total_uncompressed_size + 8 * part.num_values for part in parts)
        if size > LARGEST_DECODED:
            return f"{LARGEST_DECODED // MB:,} MB at most when decoded", f"{size / MB:,.0f} MB"
        texts = {part.path_in_schema: 0 for part in parts if part.physical_type == "BYTE_ARRAY"}
        for part in parts:
            if part.path_in_schema in texts:
                texts[part.path_in_schema] += part.num_values
        return _long_texts(data, texts)
    except (pa.ArrowException, OSError, ValueError, OverflowError):
        return None  # no Parquet: loading says so


def _inner(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_list(kind) else kind


def _long_texts(data: bytes, columns: Mapping[str, int]) -> tuple[str, str] | None:
    """A text that is stored once may stand in millions of cells: it is looked at while it is still stored once.

    Parameters
    ----------
    data : bytes
    columns : mapping of str to int
        Path of each column of texts to its number of values.
    """
    from pyarrow import parquet

    file = parquet.ParquetFile(io.BytesIO(data), read_dictionary=list(columns))
    for path, count in columns.items():
        for chunk in file.read(columns=[path]).column(0).chunks:
            values = chunk.flatten() if pa.types.is_list(chunk.type) else chunk
            values = values.dictionary if pa.types.is_dictionary(values.type) else values
            longest = max((len(text) for text in values.cast(pa.binary()).to_pylist() if text), default=0)
            if longest > LONGEST_TEXT or longest * count > 4 * LARGEST_DECODED:
                return f"texts of {LONGEST_TEXT:,} characters at most", f"{longest:,} in {count:,} cells"
    return None


def decompressed(data: bytes, most: int = LARGEST_DECODED // 4) -> bytes:
    """The content of a file of gzip or bzip2; raises ValueError where it is more than `most` bytes."""
    opened = bz2.open if data.startswith(b"BZh") else gzip.open
    with opened(io.BytesIO(data)) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"more than {most // MB:,} MB when decompressed")
    return content


def unzipped(data: bytes, most: int = LARGEST_DECODED) -> dict[str, bytes]:
    """The members of a zip file; raises ValueError where they are more than `most` bytes."""
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        # What the directory says is checked by reading no more than that.
        if sum(part.file_size for part in parts.infolist()) > most or len(parts.infolist()) > MOST_FILES:
            raise ValueError(f"more than {most // MB:,} MB when decompressed")
        return {part.filename: parts.read(part) for part in parts.infolist()}
