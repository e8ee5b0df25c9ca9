"""The one way in which commands publish: all outputs are staged and synced beside their places, then exchanged as one.

One file or folder is exchanged in a single step. Several are published through an intent (see `journal`): killed at
whatever point, a run leaves the old outputs or the new ones, or an intent that the next command completes. A failure
leaves the old ones.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType

from northstar_explain.tables.journal import Move, carry_out, inode, settle, standing, sync
from northstar_explain.tables.places import cannot_write, require_free, true_place
from northstar_explain.tables.staging import INTENT, beside, remove, remove_dead


class Publication:
    """Outputs that are published together when the ``with`` block ends without an error.

    Where it ends with one, everything staged is removed, and what stood at the outputs stands there still.
    What stood at an output is replaced; whether it may be is for `require_free` to say before any work.

    Raises
    ------
    OutputError
        When a place cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with Publication() as new:
    ...     _ = new.stage(folder / "memo.pdf").write_bytes(b"pages")
    ...     _ = new.stage(folder / "memo.html").write_text("page")
    >>> sorted(path.name for path in folder.iterdir())
    ['memo.html', 'memo.pdf']
    """

    def __init__(self) -> None:
        self._staged: dict[Path, Path] = {}  # place to what shall stand there
        self._taken: set[Path] = set()
        self._gone: list[Path] = []
        self._discard: list[Path] = []
        self._folders: set[Path] = set()
        self._intent: Path | None = None

    def stage(self, path: Path) -> Path:
        """Give the hidden path at which to write a file or to make a folder, for publication at `path`."""
        place = self._prepared(path)
        self._staged[place] = beside(place)
        return self._staged[place]

    def stage_folder(self, path: Path, files: Mapping[str, bytes]) -> None:
        """Stage a folder of files, named by their paths within it, in place of the one that is there."""
        folder = self.stage(path)
        folder.mkdir()
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)

    def take(self, made: Path, path: Path) -> None:
        """Publish at `path` a file or folder that is made already, such as one in a work folder beside the outputs.

        It is left where it is until then, so that a run killed before can take it up again.
        """
        place = self._prepared(path)
        if place.parent in Path(os.path.realpath(made)).parents:
            self._staged[place] = Path(os.path.realpath(made))
            self._taken.add(place)
        else:  # a link leads to another folder, and perhaps to another disk
            self._staged[place] = beside(place)
            shutil.move(made, self._staged[place])

    def remove(self, path: Path) -> None:
        """Have what stands at `path`, if anything, go with the old outputs."""
        self._gone.append(self._prepared(path))

    def discard(self, folder: Path) -> None:
        """Remove a hidden work folder (``.NAME.work``) once everything is published, by the next run if need be."""
        self._discard.append(folder)

    def __enter__(self) -> Publication:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._publish()
        except OSError as failed:
            raise self._cannot(failed) from failed
        finally:
            self._clear()
        if isinstance(error, OSError):
            raise self._cannot(error) from error

    def _prepared(self, path: Path) -> Path:
        place = true_place(path)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(place, error) from error
        place = standing(path)
        settle(place, rewriting=True)
        if place.parent not in self._folders:
            remove_dead(place.parent)
            self._folders.add(place.parent)
        return place

    def _clear(self) -> None:
        if self._intent is not None and inode(self._intent) is not None:
            return  # the next command needs what is staged
        for place, staged in self._staged.items():
            if place not in self._taken:
                remove(staged)

    def _cannot(self, error: OSError) -> Exception:
        return cannot_write(next(iter(self._staged), Path()), error)

    def _publish(self) -> None:
        for staged in self._staged.values():
            _sync_all(staged)
        moves = [Move(place, staged, inode(staged), inode(place)) for place, staged in self._staged.items()]
        gone = [place for place in self._gone if inode(place) is not None and place not in self._staged]
        moves += [Move(place, beside(place), None, inode(place)) for place in gone]
        if len(moves) == 1 and not self._discard and moves[0].at_once():
            moves[0].clear()
        elif moves:
            self._intent = beside(moves[0].place, INTENT)
            carry_out(self._intent, moves, self._discard)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside the wanted one; what is written there takes its place only when all went well.

    A `Publication` of one file or folder.

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
    with Publication() as new:
        yield new.stage(path)


def publish(files: Mapping[Path, bytes]) -> None:
    """Publish files together: all of them or none."""
    with Publication() as new:
        for path, data in files.items():
            new.stage(path).write_bytes(data)


def publish_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Publish a folder by itself, as `Publication.stage_folder` stages it."""
    with Publication() as new:
        new.stage_folder(folder, files)


def write_text(text: str, path: Path | str, overwrite: bool = False) -> None:
    """Write a text file whole or not at all; raises OutputError as `write` does."""
    path = Path(path)
    require_free(path, overwrite)
    publish({path: text.encode()})


def _sync_all(path: Path) -> None:
    if path.is_dir():
        for inside in sorted(path.iterdir()):
            _sync_all(inside)
    sync(path)
