"""Several files put in their places as one: the intent is written first, and whoever comes next completes it.

A file system replaces one name at a time. So that several are replaced all or none, what is about to be done is first
written to an intent: which staged file goes where. Its renaming is the moment of publication. A run that is killed
before leaves the old files; one that is killed after leaves the intent, and the next command that reads or writes any
of these files completes it before it does anything else. While an intent is worked on, it is locked.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from northstar_explain.errors import Fault, OutputError
from northstar_explain.tables.staging import beside, intents, is_staged, remove, true_place

WORK = ".work"  # how the folder ends in which a run that can be resumed does its work


@dataclass(frozen=True)
class Move:
    """One output and what shall stand there.

    Attributes
    ----------
    place : Path
    beside : Path
        What is staged for it; afterwards, what stood there before.
    new, old : int or None
        Inode of the one and of the other, which a rename does not change; None where there is nothing.
    """

    place: Path
    beside: Path
    new: int | None
    old: int | None

    @property
    def aside(self) -> Path:
        """Where the old folder stands for a moment on systems that cannot exchange two names."""
        return self.beside.with_name(self.beside.name + ".old")

    def waits(self) -> bool:
        """Whether it is still to be done. What people put there since is left alone."""
        if self.new is None:
            return self.old is not None and inode(self.place) == self.old
        return inode(self.beside) == self.new

    def is_lost(self) -> bool:
        """Whether it can no longer be done: the old still stands there, and the new is gone."""
        return self.new is not None and not self.waits() and self.old is not None and inode(self.place) == self.old

    def do(self) -> None:
        """Let the staged file and the old one change places, in one step where the system can."""
        if self.new is None:
            self.place.rename(self.beside)
        elif inode(self.place) is None:
            self.beside.rename(self.place)
        elif exchange(self.beside, self.place):
            return
        elif self.place.is_dir() or self.beside.is_dir():
            self.place.rename(self.aside)
            self.beside.rename(self.place)
        else:
            self.beside.replace(self.place)

    def at_once(self) -> bool:
        """Do it in one step of the file system, and sync it; False where that would take two."""
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
        """Put the old one back; False where it is gone."""
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
        """Remove what stood there before."""
        remove(self.beside)
        remove(self.aside)


def carry_out(intent: Path, moves: Sequence[Move], discard: Sequence[Path] = ()) -> None:
    """Do all of the moves or none.

    Parameters
    ----------
    intent : Path
        Where to write what is to be done, under a hidden name in the folder of the outputs.
    moves : sequence of Move
    discard : sequence of Path
        Work folders beside the outputs, to be removed once all is done.

    Raises
    ------
    OSError
        When one of them fails. The old files then stand as they stood; where even that cannot be had, the intent
        stays, and the next command completes it.
    """
    with _written(intent, moves, discard):
        try:
            sync(intent.parent)
            for move in moves:
                move.do()
            _sync_folders(moves)
        except BaseException:
            undone = [_undone(move) for move in reversed(moves)]
            if all(undone):
                intent.unlink()
            raise
        _end(intent, moves, discard)


def settle(*paths: Path, rewriting: bool = False) -> None:
    """Complete what killed runs had begun to publish in the folders of some paths; wait for what a living run does.

    To be called before any of the paths is read or written.

    Parameters
    ----------
    paths : Path
    rewriting : bool, default False
        Whether the paths are about to be replaced, so that what cannot be completed no longer matters.

    Raises
    ------
    OutputError
        When one of the paths belongs to a result that is half published and cannot be completed.
    """
    places = set()
    for path in paths:
        with contextlib.suppress(OSError):  # a name that is too long: nothing stands there
            places.add(standing(path))
    for folder in sorted({place.parent for place in places}):
        for intent in intents(folder):
            _complete(intent, places, rewriting)


def standing(path: Path) -> Path:
    """Where an output really stands: one spelling for each place."""
    place = true_place(path)
    return Path(os.path.realpath(place.parent)) / place.name


def inode(path: Path) -> int | None:
    """The number of the file or folder at a path; None where there is none."""
    try:
        return path.lstat().st_ino
    except (FileNotFoundError, NotADirectoryError):
        return None


def exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system or the disk cannot."""
    import ctypes

    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    here, both = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
    return bool(rename(here, os.fsencode(one), here, os.fsencode(other), both) == 0)


def sync(path: Path) -> None:
    """Have the disk hold a file's bytes, or the names in a folder."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    except OSError as error:
        # Some network file systems have no way to do this for a folder.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP) or not path.is_dir():
            raise
    finally:
        os.close(file)


@contextlib.contextmanager
def _written(intent: Path, moves: Sequence[Move], discard: Sequence[Path]) -> Iterator[None]:
    """Write an intent, whole and locked."""
    home = intent.parent

    def relative(path: Path) -> str:  # a folder that is moved as a whole takes its intent along
        return os.path.relpath(path, home)

    said = [{"place": relative(m.place), "beside": relative(m.beside), "new": m.new, "old": m.old} for m in moves]
    data = {"moves": said, "discard": [relative(path) for path in discard]}
    draft = beside(intent)
    try:
        with draft.open("w", encoding="utf-8") as file:
            _lock(file)
            json.dump(data, file)
            file.flush()
            os.fsync(file.fileno())
            draft.rename(intent)
            yield
    finally:
        remove(draft)


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
                return  # completed by another while this one waited
            moves, discard = _read(json.load(file), intent)
            concerned = bool(places & {move.place for move in moves})
            lost = [move for move in moves if move.is_lost()]
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
        return  # completed by another
    except (ValueError, TypeError, KeyError) as error:
        todo = "Remove this file, and write the result beside it again."
        got = f"{type(error).__name__}: {error}"
        raise OutputError(str(intent), [Fault("file", "what a run is to publish", got, todo)]) from error
    except OSError as error:
        if moves and not places & {move.place for move in moves}:
            return  # not of those asked for, and not to be completed by this user
        got = error.strerror or str(error)
        todo = "A run was killed while it published here: let somebody run a command who may write to the folder."
        raise OutputError(str(intent.parent), [Fault("folder", "one that can be written", got, todo)]) from error


def _end(intent: Path, moves: Sequence[Move], discard: Sequence[Path]) -> None:
    # The intent goes last: as long as it is there, what it tells to clear away is known to be nobody's.
    for move in moves:
        move.clear()
    for path in discard:
        remove(path)
    remove(intent)


def _sync_folders(moves: Sequence[Move]) -> None:
    for folder in dict.fromkeys(move.place.parent for move in moves):
        sync(folder)


def _read(data: Any, intent: Path) -> tuple[list[Move], list[Path]]:
    home = Path(os.path.realpath(intent.parent))

    def path(text: str) -> Path:
        return Path(os.path.normpath(home / text))

    moves = [Move(path(one["place"]), path(one["beside"]), one["new"], one["old"]) for one in data["moves"]]
    discard = [path(text) for text in data["discard"]]
    # Whoever can write here can do harm without this; but a damaged intent must not touch what no run of ours made.
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
    return OutputError(
        str(move.place), [Fault("file", "a result published whole", "one of which a part is lost", todo)]
    )


def _lock(file: IO[str]) -> None:
    """Lock a file until it is closed, and wait for another who has it; without locks, go on."""
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
    except (ImportError, OSError):  # not on Windows, and not on every network file system
        return
