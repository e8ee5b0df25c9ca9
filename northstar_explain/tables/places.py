"""Where results go, and what must be so of a place before anything is written there."""

from __future__ import annotations

import hashlib
from pathlib import Path

from northstar_explain.errors import Fault, OutputError
from northstar_explain.tables.formats import FORMATS
from northstar_explain.tables.staging import remove as remove


def require_format(path: Path) -> None:
    """Raise OutputError unless the path ends in a table format that can be written."""
    if path.suffix not in FORMATS:
        expected = "a path that ends in " + ", ".join(FORMATS)
        raise OutputError(str(path), [Fault("output", expected, repr(path.name), "Choose one of these.")])


def require_free(path: Path, overwrite: bool, folder: bool = False) -> None:
    """Raise OutputError when something stands at the path and may not be replaced; a file never replaces a folder."""
    try:
        exists, is_folder = path.exists(), path.is_dir()
    except OSError as error:  # such as a name that is too long for the system
        raise cannot_write(path, error) from error
    if is_folder and not folder:
        todo = "Name a file inside it."
        raise OutputError(str(path), [Fault("output", "a path for a file", "a folder", todo)])
    if exists and not overwrite:
        todo = "Choose another path, or say --overwrite to replace it."
        raise OutputError(str(path), [Fault("output", "a path that is free", "one that exists", todo)])
    nearest = next(parent for parent in path.absolute().parents if parent.exists())
    if not nearest.is_dir():
        todo = "Choose another path."
        raise OutputError(str(path), [Fault("output", "a path inside a folder", f"one below the file {nearest}", todo)])


def cannot_write(path: Path, error: OSError) -> OutputError:
    """The error of a place that refuses what is written to it."""
    todo = "Check the folder, its permissions and the space on the disk."
    got = error.strerror or str(error)
    return OutputError(str(path), [Fault("output", "a place that can be written", got, todo)])


def true_place(path: Path) -> Path:
    """The path from the root; of a link, what it leads to: the link stays, and that is replaced."""
    place = path.absolute()  # the path "." has no name of its own
    return place.resolve() if place.is_symlink() else place


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
