"""The folder beside the output in which a run does its work, so that a run that was killed can be taken up again.

What is finished is said by the part's journal, which is written last and put in its place in one step. Whatever else
lies in the folder is unfinished and is written anew.
"""

from __future__ import annotations

import json
import os
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

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        # What stopped the run may pass: an interrupt, or a full disk. Then finished parts are worth keeping.
        passing = kind is not None and issubclass(kind, KeyboardInterrupt | OSError)
        if not passing or not (self.folder / _journal(0)).exists():
            remove(self.folder)
        self._lock.close()

    def resume(self, about: dict[str, Any], wanted: bool) -> list[Part]:
        """The parts finished by an earlier run of the same input, model and output.

        Parameters
        ----------
        about : dict
            What the run is of, as plain data.
        wanted : bool
            Whether to take up anything; otherwise, what an earlier run left is removed.
        """
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
        return parts

    def _holds(self, part: Part) -> bool:
        # A run that was killed while it published may have moved its parts away, and others to their place.
        scores = self.folder / "scores" / part.scores
        return scores.is_file() and sha256(scores) == part.sha256

    def finish(self, part: Part) -> None:
        """Note that a part is finished."""
        self._write(_journal(part.number), part.__dict__)

    def _clear(self) -> None:
        for path in self.folder.iterdir():
            if path.name != _LOCK and not path.name.startswith("stdin"):
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
