"""The formats of tables on disk, and faults of a file before it is read."""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa

from northstar_explain.errors import Fault, TableError

FORMATS = (".parquet", ".csv", ".arrow")
_TEXTS = (".csv", ".tsv", ".tab", ".psv")
_COMPRESSED = (".gz", ".zip", ".zst")
# What PyArrow raises on damaged files: its own errors, and Python's for wrong lengths and names.
READING = (pa.ArrowException, OSError, ValueError, LookupError, OverflowError, MemoryError, struct.error, SystemError,
           EOFError, zlib.error, zipfile.BadZipFile)  # fmt: skip


def table_format(path: Path | str) -> str:
    """The format that a name stands for, one of `FORMATS`; empty for none.

    Names are those that others give: upper case, ``.tsv``, ``.txt`` and compressed CSV (``.csv.gz``) too.
    """
    name = Path(path).name.lower()
    inner = Path(name).stem if Path(name).suffix in _COMPRESSED else name
    suffix = Path(inner).suffix
    if suffix in (*_TEXTS, ".txt") or (inner != name and not suffix):
        return ".csv"
    return suffix if suffix in FORMATS and inner == name else ""


def is_table_in_folder(path: Path) -> bool:
    """Whether a file in a folder is read as a table; a text or an archive may be anything, and is when named only."""
    name = path.name.lower()
    inner = Path(name).stem if Path(name).suffix in _COMPRESSED else name
    return bool(table_format(path)) and Path(inner).suffix in (*FORMATS, *_TEXTS)


def is_text_format(path: Path | str) -> bool:
    """Whether the format has untyped cells (CSV), so that numbers are parsed from text."""
    return table_format(path) == ".csv"


def require_file(path: Path) -> None:
    """Raise TableError unless the path is a file of a known format that is not empty."""
    require_path(path)
    if path.is_dir():
        raise TableError(str(path), [Fault("file", "a file", "a folder", "Name the file inside it.")])
    if not table_format(path):
        expected = "a file that ends in " + ", ".join(FORMATS)
        raise TableError(str(path), [Fault("file", expected, repr(path.name), "Convert or rename it.")])
    if path.stat().st_size == 0:
        todo = "The export that wrote it may have failed: write it again."
        raise TableError(str(path), [Fault("file", "a header and rows", "an empty file", todo)])


def require_path(path: Path) -> None:
    """Raise TableError unless the path exists."""
    try:
        exists = path.exists()
    except OSError as error:  # such as a name that is too long for the system
        got = error.strerror or str(error)
        raise TableError(str(path), [Fault("file", "a customer table", got, "Check the path.")]) from error
    if not exists:
        raise TableError(str(path), [Fault("file", "a customer table", "no such file", "Check the path.")])


def unreadable(path: Path, error: BaseException) -> TableError:
    """The error of a file that cannot be read: damaged, or refused by the operating system.

    Parameters
    ----------
    path : Path
    error : BaseException
        One of `READING`.
    """
    if isinstance(error, OSError) and error.errno:
        # It was there when it was listed, so another program has taken it since.
        gone = isinstance(error, FileNotFoundError)
        got = "one that was removed meanwhile" if gone else os.strerror(error.errno)
        todo = "Read it again when no other program moves it." if gone else "Check the file and its permissions."
        return TableError(str(path), [Fault("file", "a file that can be read", got, todo)])
    # Without an errno it is the content that is wrong, not the system that refuses.
    kind = {".parquet": "Parquet", ".csv": "CSV"}.get(table_format(path), "Arrow")
    todo = "The file may be damaged, cut off or of another format: write it again."
    expected = f"a whole {kind} file"
    if isinstance(error, MemoryError):  # a damaged file may ask for any amount
        expected, todo = f"{expected} that fits into memory", f"{todo} If it is whole, it needs more memory."
    return TableError(str(path), [Fault("file", expected, first_line(error), todo)])


def first_line(error: BaseException) -> str:
    """The first line of an error's message."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__
