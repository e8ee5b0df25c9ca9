"""Writing one chunk of the output: its scores, its rejected rows and its counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from northstar_explain.score.counts import Tally
from northstar_explain.score.output_places import Outputs
from northstar_explain.score.work_folder import FinishedChunk
from northstar_explain.tables import Position
from northstar_explain.tables.stream import FIRST


class PreparedBatch(NamedTuple):
    """A scored batch, ready to be written.

    Attributes
    ----------
    end : Position
        Position in the input after the batch.
    prepared : object
        The scores in the form that the sink takes.
    rejected : pyarrow.Table or None
    tally : Tally
    """

    end: Position
    prepared: Any
    rejected: pa.Table | None
    tally: Tally


class ChunkWriter:
    """Writes one chunk of the output; `finish` or `abandon` ends it."""

    def __init__(self, outputs: Outputs, folder: Path, number: int, schema: pa.Schema):
        self.tally = Tally()
        self._number = number
        self._sink = outputs.open(folder, number, schema)
        self._rejects: list[str] = []
        self._folder = folder / "rejects"
        self._end = FIRST

    def write(self, batch: PreparedBatch) -> None:
        """Append a batch."""
        self._sink.write(batch.prepared)
        self.tally.add(batch.tally)
        self._end = batch.end
        if batch.rejected is not None:
            # A file per batch, as files of one run may have different columns; they are joined once all are known.
            self._folder.mkdir(exist_ok=True)
            name = f"part-{self._number:05d}-{len(self._rejects):05d}.arrow"
            with pa.ipc.new_file(str(self._folder / name), batch.rejected.schema) as file:
                file.write_table(batch.rejected)
            self._rejects.append(name)

    def finish(self) -> FinishedChunk:
        """Close the files and return what they hold."""
        # Closed before it is hashed and measured: a Parquet footer is written on closing.
        self._sink.close()
        path = self._sink.path
        return FinishedChunk(
            self._number, self._end, path.name, path.stat().st_size, self.tally.scored, self._sink.sha256(),
            tuple(self._rejects), self.tally.to_json(),
        )  # fmt: skip

    def abandon(self) -> None:
        """Close the unfinished files."""
        self._sink.abandon()
