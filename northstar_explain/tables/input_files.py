"""The files of a path, a folder or a pattern; what cannot be examined is an error and never skipped."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from northstar_explain.errors import Fault, TableError
from northstar_explain.tables.formats import FORMATS, is_table_in_folder, require_path, table_format

_SKIPPED = (".", "_")
_WILDCARDS = "*?["


def files_of(name: Path) -> list[Path]:
    """The files that a name stands for.

    Parameters
    ----------
    name : Path
        A file; a folder, for every table below it; or a pattern such as ``week/*.parquet``. Inside folders, names that
        start with a dot or an underscore are skipped, as Spark writes such files beside its tables. Links are followed.

    Returns
    -------
    list of Path
        Those of a folder or pattern sorted by path.

    Raises
    ------
    TableError
        When there are none, or something there cannot be examined: customers would be missing unnoticed.
    """
    # A file may be called "a[1].csv": a name that exists is no pattern.
    if _is_pattern(str(name)) and not _exists(name):
        anchor = Path(name.anchor)
        matches = sorted(set(_matching(anchor, name.relative_to(anchor).parts)))
        # A pattern may match folders, which then stand for the tables in them.
        files = [file for path in matches for file in (sorted(_inside(path)) if _is_folder(path) else [path])]
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


def _matching(folder: Path, components: Sequence[str]) -> Iterator[Path]:
    """Paths below a folder that match the components of a pattern."""
    if not components:
        yield folder
        return
    first, rest = components[0], components[1:]
    if first == "**":
        for below in _folders(folder):
            yield from _matching(below, rest)
    # Not listed: a folder that may be entered but not read still gives a file whose name is known.
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
            if is_table_in_folder(path) and not _is_folder(path):
                yield path


def unread_in(name: Path) -> list[Path]:
    """The files below a folder that are not read, as they are no tables; none for other than folders."""
    if not name.is_dir():
        return []
    return sorted(
        path
        for below in _folders(name)
        for path in _listed(below)
        if not is_table_in_folder(path) and not _is_folder(path)
    )


def _folders(folder: Path, above: frozenset[tuple[int, int]] = frozenset()) -> Iterator[Path]:
    """A folder and all folders below it."""
    status = folder.stat()
    key = (status.st_dev, status.st_ino)
    # By inode: links make a folder reachable under any number of names.
    if key in above:
        todo = "Remove the link, or name the files."
        raise TableError(
            str(folder), [Fault("folder", "one that does not contain itself", "a link to one above", todo)]
        )
    yield folder
    for path in _listed(folder):
        if _is_folder(path):
            yield from _folders(path, above | {key})


def _listed(folder: Path) -> list[Path]:
    """The entries of a folder sorted by name, without those that are skipped."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError as error:
        raise _not_examined(folder, "a folder that can be listed", error) from error
    # Sorted, so that rows come in the same order on every file system.
    return [folder / name for name in names if not name.startswith(_SKIPPED)]


def _is_folder(path: Path) -> bool:
    """Whether it is a folder or a link to one; raises TableError when that is unknown and it may be a table."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError as error:
        if path.suffix and not table_format(path):  # such as the lock of an editor, a broken link
            return False
        raise _not_examined(path, "a file or a folder", error) from error


def _not_examined(path: Path, expected: str, error: OSError) -> TableError:
    is_broken = isinstance(error, FileNotFoundError) and path.is_symlink()
    got = "a broken link" if is_broken else error.strerror or str(error)
    return TableError(
        str(path), [Fault("folder", expected, got, "Repair it or move it away: files are read all or not at all.")]
    )


def _is_pattern(name: str) -> bool:
    return any(wildcard in name for wildcard in _WILDCARDS)


def _exists(name: Path) -> bool:
    try:
        return name.exists()
    except OSError:  # a name that is too long: require_path reports it
        return False
