"""Paths of outputs, and the conditions on them before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from northstar_explain.errors import Fault, OutputError
from northstar_explain.tables.formats import FORMATS
from northstar_explain.tables.journal import settle
from northstar_explain.tables.staging import is_staged
from northstar_explain.tables.staging import remove as remove
from northstar_explain.tables.staging import true_place as true_place

_LITTER = (".DS_Store", "Thumbs.db", "desktop.ini")  # files that desktops create in folders


def require_format(path: Path) -> None:
    """Raise OutputError unless the path ends in the suffix of a table format."""
    if path.suffix not in FORMATS:
        expected = "a path that ends in " + ", ".join(FORMATS)
        raise OutputError(str(path), [Fault("output", expected, repr(path.name), "Choose one of these.")])


def require_free(path: Path, overwrite: bool, folder: bool = False) -> None:
    """Raise OutputError when the path exists and may not be replaced; a file never replaces a folder."""
    try:
        # First: what a killed run had begun to publish here counts as being here.
        settle(path, rewriting=True)
        exists, is_folder = path.exists(), path.is_dir()
    except OSError as error:  # such as a name that is too long for the system
        raise cannot_write(path, error) from error
    if is_folder and not folder:
        todo = "Name a file inside it."
        raise OutputError(str(path), [Fault("output", "a path for a file", "a folder", todo)])
    if exists and not overwrite:
        todo = "Choose another path, or say --overwrite to replace it."
        raise OutputError(str(path), [Fault("output", "a path that is free", "one that exists", todo)])
    # Folders that are missing are made later; what must hold is that the nearest that exists is one.
    nearest = next(parent for parent in path.absolute().parents if parent.exists())
    if not nearest.is_dir():
        todo = "Choose another path."
        raise OutputError(str(path), [Fault("output", "a path inside a folder", f"one below the file {nearest}", todo)])


def require_only(folder: Path, is_ours: Callable[[str], bool], what: str) -> None:
    """Raise OutputError when a folder that is to be replaced contains files of another kind.

    Parameters
    ----------
    folder : Path
        May be missing.
    is_ours : callable
        Called with the path of a file relative to the folder, with slashes; whether it is a file of ours.
    what : str
        The kind of folder, for the error.
    """
    for path in _inside(folder):
        name = path.relative_to(folder).as_posix()
        if path.name not in _LITTER and not is_staged(path) and not is_ours(name):
            # A mistyped path must not delete somebody's home directory.
            todo = "Move that away, or choose another path."
            raise OutputError(str(folder), [Fault("output", f"{what} or a new folder", f"{name} in it", todo)])


def _inside(folder: Path) -> Iterator[Path]:
    """Files, links and empty folders below a folder, sorted by name."""
    try:
        for path in sorted(folder.iterdir()):
            is_filled = path.is_dir() and not path.is_symlink() and any(path.iterdir())
            yield from _inside(path) if is_filled else [path]
    except OSError as error:
        raise cannot_write(folder, error) from error


def cannot_write(path: Path, error: OSError) -> OutputError:
    """The error of a path that cannot be written."""
    todo = "Check the folder, its permissions and the space on the disk."
    got = error.strerror or str(error)
    return OutputError(str(path), [Fault("output", "a place that can be written", got, todo)])


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
