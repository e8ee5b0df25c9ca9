"""The folder beside the output in which a run does its work, so that a run that was killed can be resumed.

A chunk is finished once its journal exists, which is written last and by one rename. Whatever else is in the folder
is unfinished, or an old result that a new one has replaced; it is removed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from northstar_explain.errors import Fault, OutputError
from northstar_explain.tables import Position
from northstar_explain.tables.places import remove

_RUN = "run.json"
_LOCK = "lock"


@dataclass(frozen=True)
class FinishedChunk:
    """A finished piece of the output, with its counts.

    Attributes
    ----------
    number : int
    end : Position
        Where the input goes on.
    scores : str
        The file of scores, within the folder; of a CSV, one for all chunks, which grows.
    end_byte : int
        Size of that file when the chunk was finished.
    rows : int
        Scored rows of the chunk.
    sha256 : str
        Of the file up to `end_byte`.
    rejects : tuple of str
        Files of rejected rows.
    tally : dict
        Its counts, as plain data.
    """

    number: int
    end: Position
    scores: str
    end_byte: int
    rows: int
    sha256: str
    rejects: tuple[str, ...] = ()
    tally: dict[str, Any] = field(default_factory=dict)


class WorkFolder:
    """A work folder, locked for this process.

    Parameters
    ----------
    folder : Path
    out : Path
        The output of the run, for errors.

    Attributes
    ----------
    folder : Path
    digest : hashlib object or None
        Of the file of scores of the last chunk that `resume` returned.
    """

    def __init__(self, folder: Path, out: Path):
        self.folder = folder
        self.digest: hashlib._Hash | None = None
        self._begun = False
        folder.mkdir(parents=True, exist_ok=True)
        # The system lets go of the lock when the process ends, even if it is killed.
        self._lock = (folder / _LOCK).open("w")
        if not _locked(self._lock.fileno()) or not self._exists():
            self._lock.close()
            todo = "Wait for it, or choose another path."
            raise OutputError(
                str(out), [Fault("output", "a path that no other run writes to", "one that a run is writing to", todo)]
            )

    def _exists(self) -> bool:
        # Another run may have removed the folder between the opening and the locking of its file.
        try:
            return os.path.samestat(os.fstat(self._lock.fileno()), (self.folder / _LOCK).stat())
        except FileNotFoundError:
            return False

    def __enter__(self) -> WorkFolder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *rest: object) -> None:
        try:
            # An interrupt or a full disk may pass, so finished chunks are kept for --resume; those of an earlier run
            # too, when this one was refused before it began.
            temporary = not self._begun or isinstance(error, KeyboardInterrupt | OSError)
            chunks = sum(1 for _ in self.folder.glob("part-*.json"))
            if not (error and temporary and chunks):
                self._remove()
            elif isinstance(error, KeyboardInterrupt):
                error.add_note(f"`--resume` continues after {chunks:,} finished {'chunk' if chunks == 1 else 'chunks'}")
        finally:
            self._lock.close()

    def _remove(self) -> None:
        if not self._exists():  # removed when the results were published, and perhaps another run's by now
            return
        # Journals first: a run killed halfway through this leaves no chunk that looks finished.
        # The last one first: what remains at any moment is a sequence of chunks without a gap.
        for path in sorted(self.folder.glob("*.json"), reverse=True):
            remove(path)
        remove(self.folder)

    def resume(self, description: dict[str, Any], wanted: bool) -> list[FinishedChunk]:
        """The chunks finished by an earlier run of the same input, model and output.

        Parameters
        ----------
        description : dict
            Input, model and output of the run, as plain data.
        wanted : bool
            Whether to resume; otherwise, what an earlier run left is removed.
        """
        self._begun = True
        # Of another input, model or output, chunks would be of another table.
        if not wanted or self._read(_RUN) != description:
            self._clear()
            self._write(_RUN, description)
            return []
        chunks: list[FinishedChunk] = []
        while (data := self._read(_journal(len(chunks)))) is not None:
            data["end"], data["rejects"] = Position(*data["end"]), tuple(data["rejects"])
            chunk = FinishedChunk(**data)
            digest = self._hashed(chunk, chunks[-1] if chunks else None)
            # A run that was killed while it published may have moved its chunks away, and others to their paths.
            if digest is None or not all((self.folder / "rejects" / name).is_file() for name in chunk.rejects):
                break
            self.digest = digest
            chunks.append(chunk)
        self._clear(chunks)
        # Rows that were appended after the last finished chunk are scored again.
        for chunk in {one.scores: one for one in chunks}.values():  # the last chunk of each file
            os.truncate(self.folder / "scores" / chunk.scores, chunk.end_byte)
        return chunks

    def _hashed(self, chunk: FinishedChunk, earlier: FinishedChunk | None) -> hashlib._Hash | None:
        """The hash of the scores up to the end of a chunk; None unless they are those of the chunk."""
        scores = self.folder / "scores" / chunk.scores
        # In a file that grows, each byte is hashed once, not again for every chunk after it.
        start = earlier.end_byte if earlier and earlier.scores == chunk.scores else 0
        digest = self.digest.copy() if self.digest and start else hashlib.sha256()
        try:
            with scores.open("rb") as file:
                file.seek(start)
                while piece := file.read(min(1 << 20, chunk.end_byte - file.tell())):
                    digest.update(piece)
        except FileNotFoundError:
            return None
        return digest if digest.hexdigest() == chunk.sha256 else None

    def finish(self, chunk: FinishedChunk) -> None:
        """Record that a chunk is finished."""
        self._write(_journal(chunk.number), chunk.__dict__)

    def _clear(self, chunks: Sequence[FinishedChunk] = ()) -> None:
        """Remove all but the lock, standard input, and what belongs to these chunks."""
        kept = {_LOCK, _RUN, *(_journal(chunk.number) for chunk in chunks)} if chunks else {_LOCK}
        for path in sorted(self.folder.iterdir(), reverse=True):  # journals before the files that they list
            if chunks and path.name in ("scores", "rejects"):
                names = {name for chunk in chunks for name in (chunk.scores, *chunk.rejects)}
                unexpected = [inside for inside in path.iterdir() if inside.name not in names]
                for inside in unexpected:
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
        # Not synced: after a power cut, `resume` compares hashes before it believes a journal.
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
