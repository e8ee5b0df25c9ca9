"""Files as bytes, whether compressed or not: gzip, zip and zstd are known by their first bytes, whatever the name."""

from __future__ import annotations

import zipfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pyarrow as pa

from northstar_explain.errors import Fault, TableError

_MAGIC = ((b"\x1f\x8b", "gzip"), (b"PK\x03\x04", "zip"), (b"\x28\xb5\x2f\xfd", "zstd"))
_PIECE = 1 << 20


def compression_of(path: Path) -> str:
    """``"gzip"``, ``"zip"`` or ``"zstd"``; empty where the file is not compressed."""
    with path.open("rb") as file:
        begins = file.read(4)
    return next((name for magic, name in _MAGIC if begins.startswith(magic)), "")


def opened(path: Path, compression: str) -> Any:
    """The uncompressed bytes of a file, as an open binary file that PyArrow reads too.

    Raises
    ------
    TableError
        When a zip archive holds more than one file, or none.
    """
    if compression == "zip":
        return pa.PythonFile(zipfile.ZipFile(path).open(_member(path)), mode="r")
    return pa.input_stream(str(path), compression=compression or None)


def pieces_of(path: Path, compression: str) -> Generator[bytes, None, None]:
    """The uncompressed bytes, piece by piece."""
    with opened(path, compression) as file:
        while piece := file.read(_PIECE):
            yield piece


def _member(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        # Archives made on macOS hold a second file for each, with what only its Finder knows, under __MACOSX.
        names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
    # A workbook is a zip archive too: without this, the error would be about its many files.
    if any(name.startswith("xl/") for name in names):
        todo = "Save the sheet as CSV or Parquet."
        raise TableError(str(path), [Fault("file", "a CSV", "an Excel workbook", todo)])
    if len(names) != 1:
        got = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "") if names else "none"
        raise TableError(str(path), [Fault("archive", "one CSV file in it", got, "Unpack it, and name the table.")])
    return names[0]
