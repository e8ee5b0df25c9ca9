"""Where results go: whole or not at all, and never over something that must stay."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from northstar_explain.errors import Fault, OutputError
from northstar_explain.tables.formats import FORMATS


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


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside the wanted one; what is written there takes its place only when all went well.

    Works for a file and for a folder. Whatever fails, nothing half-written stays, and what stood there before
    stands there still.

    Parameters
    ----------
    path : Path
        Where the result shall stand in the end.

    Yields
    ------
    Path
        Where to write it, in the same folder.

    Raises
    ------
    OutputError
        When the place cannot be written.
    """
    place = true_place(path)
    beside = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        put(beside, place)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        remove(beside)


def true_place(path: Path) -> Path:
    """The path from the root; of a link, what it leads to: the link stays, and that is replaced."""
    place = path.absolute()  # the path "." has no name of its own
    return place.resolve() if place.is_symlink() else place


def write_text(text: str, path: Path | str, overwrite: bool = False) -> None:
    """Write a text file whole or not at all; raises OutputError as `write` does."""
    path = Path(path)
    require_free(path, overwrite)
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def put(beside: Path, place: Path) -> None:
    """Move a file or folder to its place; what stood there is gone, and at no moment is the place empty.

    A file is replaced by the system in one step. So is a folder where the system can exchange two names (Linux);
    elsewhere the old folder is moved aside first, and a run that is killed between the two steps leaves it there.
    """
    if not place.is_dir():
        beside.replace(place)
    elif _exchange(beside, place):
        remove(beside)
    else:
        aside = place.with_name(f".{place.name}.{os.getpid()}.old")
        place.rename(aside)
        try:
            beside.rename(place)
        except OSError:
            aside.rename(place)
            raise
        remove(aside)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system cannot."""
    import ctypes

    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
    return bool(rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0)


def sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove(path: Path) -> None:
    """Remove a file or a folder with all in it, if it is there and may be removed."""
    with contextlib.suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            for inside in path.iterdir():
                remove(inside)
            path.rmdir()
        else:
            path.unlink()
