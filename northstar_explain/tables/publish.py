"""Atomic publication of outputs: all are staged and synced beside their paths, then exchanged together.

One file or folder is exchanged in a single step. Several are published through an intent (see `journal`): a run that is
killed at any point leaves the old outputs, the new ones, or an intent that the next command completes. A failure leaves
the old ones.
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

    Where it ends with an error, everything staged is removed and the old outputs are unchanged. Existing outputs are
    replaced; `require_free` decides before any work whether they may be.

    Raises
    ------
    OutputError
        When a path cannot be written.

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
        self._staged: dict[Path, Path] = {}  # path to what is staged for it
        self._taken: set[Path] = set()
        self._gone: list[Path] = []
        self._discard: list[Path] = []
        self._folders: set[Path] = set()
        self._made: list[Path] = []  # folders that were missing, the outermost first
        self._intent: Path | None = None

    def stage(self, path: Path) -> Path:
        """Return the hidden path at which to write a file or folder that will be published at `path`."""
        place = self._prepared(path)
        self._staged[place] = beside(place)
        return self._staged[place]

    def stage_folder(self, path: Path, files: Mapping[str, bytes]) -> None:
        """Stage a folder with files, by their relative paths, which replaces the folder at `path`."""
        folder = self.stage(path)
        folder.mkdir()
        for name, data in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)

    def take(self, made: Path, path: Path) -> None:
        """Publish at `path` a finished file or folder, such as one in a work folder beside the outputs.

        It stays in its place until then, so that a killed run can be resumed.
        """
        place = self._prepared(path)
        # Below the folder of the output, a rename is atomic.
        if place.parent in Path(os.path.realpath(made)).parents:
            self._staged[place] = Path(os.path.realpath(made))
            self._taken.add(place)
        else:  # `path` is a link to another folder, perhaps on another disk
            self._staged[place] = beside(place)
            shutil.move(made, self._staged[place])

    def remove(self, path: Path) -> None:
        """Remove what exists at `path` together with the old outputs."""
        self._gone.append(self._prepared(path))

    def discard(self, folder: Path) -> None:
        """Remove a hidden work folder (``.NAME.work``) after publication, by the next command if this one is killed."""
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
        self._made += [folder for folder in reversed(place.parents) if not folder.exists()]
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
            return  # the next command completes the intent with what is staged
        for place, staged in self._staged.items():
            if place not in self._taken:
                remove(staged)
        for folder in reversed(self._made):
            with contextlib.suppress(OSError):  # unless something was published in it
                folder.rmdir()

    def _cannot(self, error: OSError) -> Exception:
        return cannot_write(next(iter(self._staged), Path()), error)

    def _publish(self) -> None:
        # Synced before the exchange: after a power cut, the new name must not lead to an empty file.
        for staged in self._staged.values():
            _sync_all(staged)
        moves = [Move(place, staged, inode(staged), inode(place)) for place, staged in self._staged.items()]
        # What is published at the same path replaces the old one itself.
        gone = [place for place in self._gone if inode(place) is not None and place not in self._staged]
        # Moved aside rather than removed, so that a failure can bring it back.
        moves += [Move(place, beside(place), None, inode(place)) for place in gone]
        # One rename is atomic by itself; an intent would only leave more to clean up.
        if len(moves) == 1 and not self._discard and moves[0].at_once():
            moves[0].clear()
        elif moves:
            self._intent = beside(moves[0].place, INTENT)
            carry_out(self._intent, moves, self._discard)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside an output, which replaces the output when the block ends without an error.

    A `Publication` of one file or folder.

    Parameters
    ----------
    path : Path
        The path of the output.

    Yields
    ------
    Path
        Where to write, in the same folder.

    Raises
    ------
    OutputError
        When the path cannot be written.
    """
    with Publication() as new:
        yield new.stage(path)


def publish(files: Mapping[Path, bytes]) -> None:
    """Publish files together: all of them or none."""
    with Publication() as new:
        for path, data in files.items():
            new.stage(path).write_bytes(data)


def publish_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Publish one folder: see `Publication.stage_folder`."""
    with Publication() as new:
        new.stage_folder(folder, files)


def write_text(text: str, path: Path | str, overwrite: bool = False) -> None:
    """Write a text file completely or not at all; raises OutputError as `write` does."""
    path = Path(path)
    require_free(path, overwrite)
    publish({path: text.encode()})


def _sync_all(path: Path) -> None:
    if path.is_dir():
        for inside in sorted(path.iterdir()):
            _sync_all(inside)
    sync(path)
