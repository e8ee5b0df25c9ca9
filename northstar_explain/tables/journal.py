"""Replacing several files atomically, with a write-ahead journal: an intent that the next command can complete.

A file system replaces one name at a time. So that several are replaced all or none, an intent is written first: which
staged file goes where. Renaming it into place is the moment of publication. A run that is killed before that leaves the
old files; one that is killed after it leaves the intent, and the next command that reads or writes any of these files
completes it first. While a process works on an intent, it is locked.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from northstar_explain.errors import Fault, OutputError
from northstar_explain.tables.staging import INTENT, beside, intents, is_staged, remove, remove_dead_link, true_place

WORK = ".work"  # suffix of the work folder of a run that can be resumed


@dataclass(frozen=True)
class Move:
    """The replacement of one output.

    Attributes
    ----------
    place : Path
    beside : Path
        The staged file or folder; after the exchange, the old one.
    new, old : int or None
        Inodes of the new and the old one, which a rename does not change; None where there is none.
    """

    place: Path
    beside: Path
    new: int | None
    old: int | None

    @property
    def aside(self) -> Path:
        """Temporary name of the old folder on systems that cannot exchange two names."""
        return self.beside.with_name(self.beside.name + ".old")

    def waits(self) -> bool:
        """Whether it is still to be done. Files that people put there since are not touched."""
        if self.new is None:
            return self.old is not None and inode(self.place) == self.old
        return inode(self.beside) == self.new

    def is_lost(self) -> bool:
        """Whether it can no longer be done: the old file is still there, and the new one is missing."""
        return self.new is not None and not self.waits() and self.old is not None and inode(self.place) == self.old

    def do(self) -> None:
        """Exchange the staged file and the old one, in one step where the system supports it."""
        if self.new is None:
            self.place.rename(self.beside)
        elif inode(self.place) is None:
            self.beside.rename(self.place)
        elif exchange(self.beside, self.place):
            return
        # A rename cannot replace a folder that holds files: where names cannot be exchanged, the old one goes first.
        elif self.place.is_dir() or self.beside.is_dir():
            self.place.rename(self.aside)
            self.beside.rename(self.place)
        else:
            self.beside.replace(self.place)

    def at_once(self) -> bool:
        """Exchange in one step of the file system, and sync; False where that would take two steps."""
        # One rename does these even where two names cannot be exchanged.
        if self.old is None or self.new is None or self.place.is_file():
            self.do()
        elif not exchange(self.beside, self.place):
            return False
        try:
            sync(self.place.parent)
        except BaseException:
            self.undo()
            raise
        return True

    def undo(self) -> bool:
        """Restore the old file; False where it is missing."""
        # Two renames stood for an exchange, and the second may not have happened.
        if self.old is not None and inode(self.aside) == self.old:
            if inode(self.place) is not None:
                self.place.rename(self.beside)
            self.aside.rename(self.place)
        elif inode(self.place) == self.new != self.old:
            if self.old is not None and inode(self.beside) != self.old:
                return False
            if self.old is None:
                self.place.rename(self.beside)
            elif self.new is None:
                self.beside.rename(self.place)
            else:
                return exchange(self.beside, self.place)
        return True

    def clear(self) -> None:
        """Remove the old file."""
        remove(self.beside)
        remove(self.aside)


def carry_out(intent: Path, moves: Sequence[Move], discard: Sequence[Path] = ()) -> None:
    """Do all moves or none.

    Parameters
    ----------
    intent : Path
        Path of the journal: a hidden name in the folder of the outputs.
    moves : sequence of Move
    discard : sequence of Path
        Work folders beside the outputs, to be removed at the end.

    Raises
    ------
    OSError
        When one of them fails. The old files are then restored; where that fails too, the intent stays, and the next
        command completes it.
    """
    with _written(intent, moves, discard):
        try:
            # The intent must be on disk before the first move: after a power cut it is what tells how to go on.
            sync(intent.parent)
            for move in moves:
                move.do()
            _sync_folders(moves)
        except BaseException:
            undone = [_undone(move) for move in reversed(moves)]
            # Where a file could not be restored, the intent stays and leads forward instead.
            if all(undone):
                intent.unlink()
            raise
        _end(intent, moves, discard)


def settle(*paths: Path, rewriting: bool = False) -> None:
    """Complete publications that killed runs left in the folders of some paths; wait for those of running ones.

    Called before any of the paths is read or written.

    Parameters
    ----------
    paths : Path
    rewriting : bool, default False
        Whether the paths are about to be replaced, so that a publication that cannot be completed is dropped.

    Raises
    ------
    OutputError
        When one of the paths belongs to a publication that is incomplete and cannot be completed.
    """
    places = set()
    for path in paths:
        with contextlib.suppress(OSError):  # a name that is too long does not exist
            places.add(standing(path))
    for folder in sorted({place.parent for place in places}):
        for intent in intents(folder):
            _complete(Path(os.path.realpath(intent)), places, rewriting)
            remove_dead_link(intent)


def standing(path: Path) -> Path:
    """The canonical path of an output."""
    place = true_place(path)
    return Path(os.path.realpath(place.parent)) / place.name


def inode(path: Path) -> int | None:
    """The inode of a file or folder; None where there is none."""
    try:
        return path.lstat().st_ino
    except (FileNotFoundError, NotADirectoryError):
        return None


def exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system or the file system cannot."""
    import ctypes

    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    # A C library without the call, such as that of macOS.
    if rename is None:
        return False
    at_cwd, rename_exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
    return bool(rename(at_cwd, os.fsencode(one), at_cwd, os.fsencode(other), rename_exchange) == 0)


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to disk."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    except OSError as error:
        # Some network file systems do not support it for folders.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP) or not path.is_dir():
            raise
    finally:
        os.close(file)


@contextlib.contextmanager
def _written(intent: Path, moves: Sequence[Move], discard: Sequence[Path]) -> Iterator[None]:
    """Write an intent completely, and hold its lock."""
    home = intent.parent

    def relative(path: Path) -> str:  # so that the folder can be moved together with its intent
        return os.path.relpath(path, home)

    described = [{"place": relative(m.place), "beside": relative(m.beside), "new": m.new, "old": m.old} for m in moves]
    data = {"moves": described, "discard": [relative(path) for path in discard]}
    draft, links = beside(intent), list[Path]()
    try:
        # First: once there is an intent, whoever looks into one of the folders must see it.
        links += _linked(intent, [move.place.parent for move in moves])
        with draft.open("w", encoding="utf-8") as file:
            _lock(file)
            json.dump(data, file)
            file.flush()
            os.fsync(file.fileno())
            # Renamed once it is on disk: an intent is whole or not there.
            draft.rename(intent)
            yield
    finally:
        remove(draft)
        if inode(intent) is None:
            for link in links:
                remove(link)


def _linked(intent: Path, folders: Iterable[Path]) -> Iterator[Path]:
    """Links to an intent, one in each other folder of its outputs: a command that comes there must find it as well."""
    for folder in dict.fromkeys(folders):
        if folder != intent.parent:
            link = beside(folder / intent.parent.name, INTENT)
            try:
                link.symlink_to(os.path.relpath(intent, folder))
            except OSError as error:
                # Some systems have no links or allow none: then only the folder of the intent leads to it.
                if error.errno not in (errno.EPERM, errno.ENOSYS, errno.ENOTSUP) and os.name != "nt":
                    raise
                continue
            yield link
            sync(folder)


def _undone(move: Move) -> bool:
    try:
        return move.undo()
    except OSError:
        return False


def _complete(intent: Path, places: set[Path], rewriting: bool) -> None:
    moves: list[Move] = []
    try:
        with intent.open(encoding="utf-8") as file:
            _lock(file)
            if inode(intent) != os.fstat(file.fileno()).st_ino:
                return  # completed by another process while this one waited
            moves, discard = _read(json.load(file), intent)
            concerned = bool(places & {move.place for move in moves})
            lost = [move for move in moves if move.is_lost()]
            # What is lost is about to be written again, so nobody will miss it.
            if lost and concerned and rewriting:
                remove(intent)
            elif lost and concerned:
                raise _half_published(lost[0], intent)
            elif not lost:
                for move in moves:
                    if move.waits():
                        move.do()
                _sync_folders(moves)
                _end(intent, moves, discard)
    except FileNotFoundError:
        return  # completed by another process
    except (ValueError, TypeError, KeyError) as error:
        todo = "Remove this file, and write the result beside it again."
        got = f"{type(error).__name__}: {error}"
        raise OutputError(str(intent), [Fault("file", "the intent of a publication", got, todo)]) from error
    except OSError as error:
        if moves and not places & {move.place for move in moves}:
            return  # concerns other paths, and this user may not complete it
        got = error.strerror or str(error)
        todo = "A run was killed while it published here: run a command as a user who may write to the folder."
        raise OutputError(str(intent.parent), [Fault("folder", "one that can be written", got, todo)]) from error


def _end(intent: Path, moves: Sequence[Move], discard: Sequence[Path]) -> None:
    # The intent is removed last: without it, nobody would know that the old files can be removed.
    for move in moves:
        move.clear()
    for path in discard:
        remove(path)
    remove(intent)
    for folder in {move.place.parent for move in moves}:
        for link in intents(folder):
            remove_dead_link(link)


def _sync_folders(moves: Sequence[Move]) -> None:
    for folder in dict.fromkeys(move.place.parent for move in moves):
        sync(folder)


def _read(data: Any, intent: Path) -> tuple[list[Move], list[Path]]:
    home = Path(os.path.realpath(intent.parent))

    def path(text: str) -> Path:
        return Path(os.path.normpath(home / text))

    moves = [Move(path(one["place"]), path(one["beside"]), one["new"], one["old"]) for one in data["moves"]]
    discard = [path(text) for text in data["discard"]]
    # A damaged intent must not touch files that no run of ours wrote.
    if not all(_is_hidden(move.beside, move.place.parent) for move in moves):
        raise ValueError("a staged file that is none")
    if not all(_is_hidden(one, one.parent) for one in discard):
        raise ValueError("a work folder that is none")
    return moves, discard


def _is_hidden(path: Path, folder: Path) -> bool:
    first = folder / path.relative_to(folder).parts[0]
    return is_staged(first) or (first.name.startswith(".") and first.name.endswith(WORK))


def _half_published(move: Move, intent: Path) -> OutputError:
    todo = f"Write it again with --overwrite; or remove {intent} to keep what there is."
    return OutputError(str(move.place), [Fault("file", "a complete result", "one of which some files are lost", todo)])


def _lock(file: IO[str]) -> None:
    """Lock a file until it is closed, waiting for other processes; go on where the system has no locks."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
    except (ImportError, OSError):  # Windows, and some network file systems
        return
