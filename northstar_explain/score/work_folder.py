"""The folder beside the output in which a run does its work, so that a run that was killed can be taken up again.

What is finished is said by the part's journal, which is written last and put in its place in one step. Whatever else
lies in the folder is unfinished, or an old result that a new one has been exchanged for; it is removed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from northstar_explain.errors import Fault, OutputError
from northstar_explain.tables import Position
from northstar_explain.tables.places import remove, sha256

_RUN = "run.json"
_LOCK = "lock"


@dataclass(frozen=True)
class Part:
    """A finished piece of the output.

    Attributes
    ----------
    number : int
    end : Position
        Where the input goes on.
    scores : str
        The file of scores, within the folder.
    rows : int
        Scored rows in it.
    sha256 : str
    rejects : tuple of str
        Files of rejected rows.
    tally : dict
        Its counts, as plain data.
    """

    number: int
    end: Position
    scores: str
    rows: int
    sha256: str
    rejects: tuple[str, ...] = ()
    tally: dict[str, Any] = field(default_factory=dict)


class Work:
    """A work folder, locked for this process.

    Parameters
    ----------
    folder : Path
    out : Path
        Whose it is, for errors.

    Attributes
    ----------
    folder : Path
    """

    def __init__(self, folder: Path, out: Path):
        self.folder = folder
        self._begun = False
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = (folder / _LOCK).open("w")
        if not _locked(self._lock.fileno()) or not self._stands():
            self._lock.close()
            todo = "Wait for it, or choose another path."
            raise OutputError(str(out), [Fault("output", "a path nobody writes to", "one of a run under way", todo)])

    def _stands(self) -> bool:
        # Another run may have removed the folder between the opening and the locking of its file.
        try:
            return os.path.samestat(os.fstat(self._lock.fileno()), (self.folder / _LOCK).stat())
        except FileNotFoundError:
            return False

    def __enter__(self) -> Work:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *rest: object) -> None:
        try:
            # What stopped the run may pass: an interrupt, or a full disk. Then finished parts are worth keeping; and
            # those of an earlier run are, when this one was refused before it began.
            passing = not self._begun or isinstance(error, KeyboardInterrupt | OSError)
            parts = sum(1 for _ in self.folder.glob("part-*.json"))
            if not (error and passing and parts):
                self._remove()
            elif isinstance(error, KeyboardInterrupt):
                error.add_note(f"`--resume` continues after {parts:,} finished {'part' if parts == 1 else 'parts'}")
        finally:
            self._lock.close()

    def _remove(self) -> None:
        if not self._stands():  # removed when the results were published, and perhaps another run's by now
            return
        # First what says that anything here is finished: a run killed in the midst of this leaves nothing to believe.
        for path in sorted(self.folder.glob("*.json"), reverse=True):
            remove(path)
        remove(self.folder)

    def resume(self, about: dict[str, Any], wanted: bool) -> list[Part]:
        """The parts finished by an earlier run of the same input, model and output.

        Parameters
        ----------
        about : dict
            What the run is of, as plain data.
        wanted : bool
            Whether to take up anything; otherwise, what an earlier run left is removed.
        """
        self._begun = True
        if not wanted or self._read(_RUN) != about:
            self._clear()
            self._write(_RUN, about)
            return []
        parts: list[Part] = []
        while (data := self._read(_journal(len(parts)))) is not None:
            data["end"], data["rejects"] = Position(*data["end"]), tuple(data["rejects"])
            part = Part(**data)
            if not self._holds(part):
                break
            parts.append(part)
        self._clear(parts)
        return parts

    def _holds(self, part: Part) -> bool:
        # A run that was killed while it published may have moved its parts away, and others to their place.
        scores = self.folder / "scores" / part.scores
        if not scores.is_file() or sha256(scores) != part.sha256:
            return False
        return all((self.folder / "rejects" / name).is_file() for name in part.rejects)

    def finish(self, part: Part) -> None:
        """Note that a part is finished."""
        self._write(_journal(part.number), part.__dict__)

    def _clear(self, parts: Sequence[Part] = ()) -> None:
        """Remove all but the lock, standard input, and what belongs to these parts."""
        kept = {_LOCK, _RUN, *(_journal(part.number) for part in parts)} if parts else {_LOCK}
        for path in sorted(self.folder.iterdir(), reverse=True):  # journals before what they tell of
            if parts and path.name in ("scores", "rejects"):
                names = {name for part in parts for name in (part.scores, *part.rejects)}
                strange = [inside for inside in path.iterdir() if inside.name not in names]
                for inside in strange:
                    remove(inside)
            elif path.name not in kept and not path.name.startswith("stdin"):
                remove(path)

    def _read(self, name: str) -> Any:
        try:
            return json.loads((self.folder / name).read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def _write(self, name: str, data: Any) -> None:
        beside = self.folder / f"{name}.part"
        beside.write_text(json.dumps(data), encoding="utf-8")
        beside.replace(self.folder / name)


def _journal(number: int) -> str:
    return f"part-{number:05d}.json"


def _locked(file: int) -> bool:
    """Lock a file for as long as this process lives; False where another one holds it."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
