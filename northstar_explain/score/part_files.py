"""A part of the output in the making: its scores, its rejected rows and its counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from northstar_explain.score.counts import Tally
from northstar_explain.score.outputs import Outputs
from northstar_explain.score.work_folder import Part
from northstar_explain.tables import Position
from northstar_explain.tables.places import sha256
from northstar_explain.tables.stream import FIRST


class Done(NamedTuple):
    """A scored batch, ready to be written.

    Attributes
    ----------
    end : Position
        Where the input goes on.
    prepared : object
        What the sink takes.
    rejected : pyarrow.Table or None
    tally : Tally
    """

    end: Position
    prepared: Any
    rejected: pa.Table | None
    tally: Tally


class PartWriter:
    """A part of the output in the making."""

    def __init__(self, outputs: Outputs, folder: Path, number: int, schema: pa.Schema):
        self.tally = Tally()
        self._number = number
        self._sink = outputs.open(folder, number, schema)
        self._rejects: list[str] = []
        self._folder = folder / "rejects"
        self._end = FIRST

    def write(self, done: Done) -> None:
        """Append a batch."""
        self._sink.write(done.prepared)
        self.tally.add(done.tally)
        self._end = done.end
        if done.rejected is not None:
            self._folder.mkdir(exist_ok=True)
            name = f"part-{self._number:05d}-{len(self._rejects):05d}.arrow"
            with pa.ipc.new_file(str(self._folder / name), done.rejected.schema) as file:
                file.write_table(done.rejected)
            self._rejects.append(name)

    def finish(self) -> Part:
        """Close the files and say what they hold."""
        self._sink.close()
        path = self._sink.path
        return Part(self._number, self._end, path.name, self.tally.scored, sha256(path), tuple(self._rejects),
                    self.tally.to_json())  # fmt: skip

    def abandon(self) -> None:
        """Let go of the files, unfinished."""
        self._sink.abandon()
