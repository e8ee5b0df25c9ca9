"""The formats of tables on disk, and faults of a file before it is read."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pyarrow as pa

from northstar_explain.errors import Fault, TableError

FORMATS = (".parquet", ".csv", ".arrow")
# What PyArrow raises on damaged files: its own errors, and Python's for wrong lengths and names.
READING = (pa.ArrowException, OSError, ValueError, LookupError, OverflowError, MemoryError, struct.error, SystemError)


def is_text_format(path: Path | str) -> bool:
    """Whether the format has untyped cells (CSV), so that numbers are parsed from text."""
    return Path(path).suffix == ".csv"


def require_file(path: Path) -> None:
    """Raise TableError unless the path is a file of a known format that is not empty."""
    require_path(path)
    if path.is_dir():
        raise TableError(str(path), [Fault("file", "a file", "a folder", "Name the file inside it.")])
    if path.suffix not in FORMATS:
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
    kind = {".parquet": "Parquet", ".csv": "CSV"}.get(path.suffix, "Arrow")
    todo = "The file may be damaged, cut off or of another format: write it again."
    expected = f"a whole {kind} file"
    if isinstance(error, MemoryError):  # a damaged file may ask for any amount
        expected, todo = f"{expected} that fits into memory", f"{todo} If it is whole, it needs more memory."
    return TableError(str(path), [Fault("file", expected, first_line(error), todo)])


def first_line(error: BaseException) -> str:
    """The first line of an error's message."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__
