"""The files that a path, a folder or a pattern stands for; what cannot be looked at is an error, never left out."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from northstar_explain.errors import Fault, TableError
from northstar_explain.tables.formats import FORMATS, require_path

_PASSED_OVER = (".", "_")
_SIGNS = "*?["


def files_of(name: Path) -> list[Path]:
    """The files that a user means by a name.

    Parameters
    ----------
    name : Path
        A file; a folder, which stands for every table below it; or a pattern such as ``week/*.parquet``. What begins
        with a dot or an underscore is passed over inside folders, as Spark's own files are. Links are followed.

    Returns
    -------
    list of Path
        Those of a folder or pattern by their path.

    Raises
    ------
    TableError
        When there are none, or something there cannot be looked at: then nobody knows what is missing.
    """
    if _is_pattern(str(name)) and not _exists(name):
        anchor = Path(name.anchor)
        found = sorted(set(_matching(anchor, name.relative_to(anchor).parts)))
        files = [file for path in found for file in (sorted(_inside(path)) if _is_folder(path) else [path])]
        got = "no such file"
    else:
        require_path(name)
        if not name.is_dir():
            return [name]
        files, got = sorted(_inside(name)), "none"
    if not files:
        expected = "files that end in " + ", ".join(FORMATS)
        raise TableError(str(name), [Fault("files", expected, got, "Check the path.")])
    return files


def _matching(folder: Path, parts: Sequence[str]) -> Iterator[Path]:
    """What matches the parts of a pattern below a folder."""
    if not parts:
        yield folder
        return
    first, rest = parts[0], parts[1:]
    if first == "**":
        for below in _folders(folder):
            yield from _matching(below, rest)
    elif not _is_pattern(first):
        if _exists(folder / first):
            yield from _matching(folder / first, rest)
    elif _is_folder(folder):
        for path in _listed(folder):
            if fnmatchcase(path.name, first) and (not rest or _is_folder(path)):
                yield from _matching(path, rest)


def _inside(folder: Path) -> Iterator[Path]:
    """The tables below a folder."""
    for below in _folders(folder):
        for path in _listed(below):
            if path.suffix in FORMATS and not _is_folder(path):
                yield path


def _folders(folder: Path, above: frozenset[tuple[int, int]] = frozenset()) -> Iterator[Path]:
    """A folder and all below it."""
    found = folder.stat()
    key = (found.st_dev, found.st_ino)
    if key in above:
        todo = "Remove the link, or name the files."
        raise TableError(str(folder), [Fault("folder", "one that does not hold itself", "a link to one above", todo)])
    yield folder
    for path in _listed(folder):
        if _is_folder(path):
            yield from _folders(path, above | {key})


def _listed(folder: Path) -> list[Path]:
    """What is in a folder, in the order of the names, but for what is passed over."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError as error:
        raise _unseen(folder, "a folder that can be listed", error) from error
    return [folder / name for name in names if not name.startswith(_PASSED_OVER)]


def _is_folder(path: Path) -> bool:
    """Whether it is a folder, or a link to one; raises TableError when nobody can tell and it may be of use."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError as error:
        if path.suffix and path.suffix not in FORMATS:  # such as the lock of an editor, a link to nothing
            return False
        raise _unseen(path, "a file or a folder", error) from error


def _unseen(path: Path, expected: str, error: OSError) -> TableError:
    to_nothing = isinstance(error, FileNotFoundError) and path.is_symlink()
    got = "a link to nothing" if to_nothing else error.strerror or str(error)
    return TableError(
        str(path), [Fault("folder", expected, got, "Mend it or move it away; then all is read, or none.")]
    )


def _is_pattern(name: str) -> bool:
    return any(sign in name for sign in _SIGNS)


def _exists(name: Path) -> bool:
    try:
        return name.exists()
    except OSError:  # a name that is too long: said by require_path
        return False
