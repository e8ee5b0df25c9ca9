"""A scoring run from files to files: scores, rejected rows and a report, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from northstar_explain.contract.faults import require_types
from northstar_explain.errors import Fault, NorthstarError, OutputError
from northstar_explain.model.folder_format import json_bytes
from northstar_explain.model.learned_model import Model
from northstar_explain.options import ScoringOptions
from northstar_explain.score import inputs, named_inputs, rejected_rows
from northstar_explain.score.chunk_writer import ChunkWriter, PreparedBatch
from northstar_explain.score.clock import Clock, RowProgress
from northstar_explain.score.complete import complete
from northstar_explain.score.counts import Tally, count
from northstar_explain.score.inputs import Input
from northstar_explain.score.output_places import Outputs
from northstar_explain.score.per_batch import check_and_score
from northstar_explain.score.pipeline import ordered
from northstar_explain.score.run_report import most_first, report
from northstar_explain.score.score_columns import Scorer
from northstar_explain.score.unseen import require_seen
from northstar_explain.score.work_folder import FinishedChunk, WorkFolder
from northstar_explain.tables import Batch, is_text_format, local_paths
from northstar_explain.tables.places import cannot_write, sha256
from northstar_explain.tables.sinks import preparer
from northstar_explain.tables.stream import FIRST

CHUNK_ROWS = 1 << 20  # rows of input after which a chunk of the output is finished


@dataclass(frozen=True)
class ScoringRun:
    """Result of a scoring run.

    Attributes
    ----------
    rows, scored, rejected : int
        ``rows == scored + rejected``, checked.
    too_many_rejected, published : bool
    scores, rejects, report : Path
        What it wrote, if it published; `rejects` exists only when rows were rejected.
    facts : dict
        The run report.
    """

    rows: int
    scored: int
    rejected: int
    too_many_rejected: bool
    published: bool
    scores: Path
    rejects: Path
    report: Path
    facts: dict[str, Any]


def run(
    model: Model,
    source: Path | str | Sequence[Path | str],
    out: Path,
    options: ScoringOptions | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> ScoringRun:
    """Score customers from files.

    Parameters
    ----------
    model : Model
    source : path or sequence of paths
        Parquet, CSV or Arrow files, folders of them, or patterns; ``-`` for standard input.
    out : Path
        A ``.parquet``, ``.csv`` or ``.arrow`` file, or, without an ending, a folder of Parquet files. Beside it go
        ``OUT.rejected.parquet`` (rows unchanged, with reasons; of a CSV ``OUT.rejected.csv``) and ``OUT.report.json``,
        ending included: ``s.csv.report.json``.
    options : ScoringOptions, optional
    progress : callable
        Called with the name of each stage as it begins, and with how far a long one is.

    Returns
    -------
    ScoringRun

    Raises
    ------
    TableError, OutputError
        When the input cannot be scored at all, or an output cannot be written. What was at the outputs before stays.
    """
    options = options or ScoringOptions()
    clock = Clock()
    outputs = Outputs(out)
    outputs.settle()
    # A resumed run is not refused for its own results; whether they are its own is checked once the input is known.
    outputs.require_free(options.overwrite or (options.resume and outputs.report.exists()))
    hints = named_inputs.hints(model.contract, options.csv)
    customers = named_inputs.find(source, hints)
    if customers is None and options.resume:
        todo = "Score it again from the start, or from a file."
        raise OutputError(str(out), [Fault("--resume", "an input that can be read again", "standard input", todo)])
    # As named and as found: an output inside a folder that is read would be read the next time.
    outputs.require_apart([*local_paths(source), *(customers.files if customers else ()), *model.inputs])
    try:
        with WorkFolder(outputs.work, out) as work:
            if customers is None:
                progress("reading standard input")
                customers = named_inputs.spool(work.folder, hints=hints)
            return _Runner(model, Input(customers, model.contract), outputs, work, options, progress, clock)()
    except OSError as error:
        raise cannot_write(out, error) from error


class _Runner:
    """One run, from the ids to the report."""

    def __init__(
        self, model: Model, source: Input, outputs: Outputs, work: WorkFolder, options: ScoringOptions,
        progress: Callable[[str], None], clock: Clock,
    ):  # fmt: skip
        self._input = source
        self._outputs = outputs
        self._work = work
        self._options = options
        self._progress = progress
        self._clock = clock
        self._scorer = Scorer(model, options.control)
        self._prepare = preparer(outputs.suffix)
        self._repeated = pa.array([], pa.string())
        self._tally = Tally()

    def __call__(self) -> ScoringRun:
        if self._options.resume:
            if facts := complete(self._outputs, self._scorer, self._input):
                self._progress(f"nothing is left to do: {self._outputs.scores} holds the scores of these customers")
                return self._run(facts)
            self._outputs.require_free(self._options.overwrite)
        chunks = self._resumed()
        self._progress(f"reading the ids of {self._input.source.name}")
        self._repeated = self._input.repeated_ids(self._work.folder, RowProgress(self._progress, "read").update)
        self._clock.lap("ids")
        self._progress(f"scoring {self._input.rows:,} rows")
        # Of a resumed run: what was counted before it was killed.
        for chunk in chunks:
            self._tally.add(Tally.from_json(chunk.tally))
        self._score(chunks)
        self._clock.lap("score")
        # A file that was replaced halfway would give scores of customers who were never together in one table.
        self._input.require_unchanged()
        self._require_every_row(chunks)
        return self._finish(chunks)

    def _resumed(self) -> list[FinishedChunk]:
        options = self._options.control
        description = {
            "input": self._input.about(),
            "model": self._scorer.model.id,
            "names": [segment.name for segment in self._scorer.model.segmentation.segments],
            "control": [options.share, options.salt],
            "output": [self._outputs.suffix, self._outputs.folder, CHUNK_ROWS, inputs.BATCH],
            "journal": 3,  # the form of the records of chunks
        }
        chunks = self._work.resume(description, self._options.resume)
        self._outputs.digest = self._work.digest
        if chunks:
            self._progress(f"resuming after {len(chunks):,} finished chunks")
        return chunks

    def _score(self, chunks: list[FinishedChunk]) -> None:
        start = chunks[-1].end if chunks else FIRST
        row_progress = RowProgress(self._progress, "scored", self._input.rows, self._tally.rows)
        writer: ChunkWriter | None = None
        with closing(ordered(self._batch, self._input.batches(start))) as results:
            try:
                for batch in results:
                    writer = writer or ChunkWriter(self._outputs, self._work.folder, len(chunks), self._scorer.schema)
                    writer.write(batch)
                    row_progress.update(self._tally.rows + writer.tally.rows)
                    # Counted in rows of input, rejected ones too, so that chunks begin at whole batches.
                    if writer.tally.rows >= CHUNK_ROWS:
                        self._close(writer, chunks)
                        writer = None
                if writer:
                    self._close(writer, chunks)
            except BaseException:
                if writer:
                    writer.abandon()
                raise

    def _close(self, writer: ChunkWriter, chunks: list[FinishedChunk]) -> None:
        chunks.append(writer.finish())
        self._work.finish(chunks[-1])
        self._tally.add(writer.tally)

    def _batch(self, read: Callable[[], Batch]) -> PreparedBatch:
        """Check and score a batch; called in several threads."""
        batch = read()
        contract, file = self._scorer.contract, self._input.source.files[batch.start.file]
        numbers = self._input.numbers(batch.start.file)
        # Types are those of a file, so they are checked once per file, on its first batch.
        if not batch.start.row:
            require_types(batch.table, contract, False, str(file), is_text_format(file), numbers)
        checked, scored = check_and_score(
            self._scorer, batch.table, self._repeated, batch.start.row + 1, batch.original_text, numbers
        )
        rejected, name = None, str(file) if len(self._input.source.files) > 1 else None
        if checked.rejected.num_rows:
            rejected = rejected_rows.with_original_types(checked.rejected, self._input.schemas[batch.start.file], name)
        tally = count(checked, scored, self._scorer, name or "")
        return PreparedBatch(batch.end, self._prepare(scored.rows), rejected, tally)

    def _require_every_row(self, chunks: list[FinishedChunk]) -> None:
        tally, written = self._tally, sum(chunk.rows for chunk in chunks)
        if not self._input.rows == tally.rows == tally.scored + tally.rejected or tally.scored != written:
            got = f"{written:,} scored + {tally.rejected:,} rejected"
            fault = Fault("rows", f"{self._input.rows:,} accounted for", got, "Report this.")
            raise NorthstarError(self._input.source.name, [fault])

    def _finish(self, chunks: list[FinishedChunk]) -> ScoringRun:
        tally, outputs, folder = self._tally, self._outputs, self._work.folder
        require_seen(tally, self._scorer, self._options.accept_unseen, self._input.source.name)
        too_many = tally.rejected / tally.rows > self._options.max_rejected
        published = not too_many or self._options.publish_anyway
        # An unpublished run is reported all the same: its reasons are what the user needs now.
        facts = {"published": published, "engine": {"name": "local"}, **report(self._scorer, tally)}
        facts |= {"ignored_columns": list(self._input.ignored), "left_out_columns": list(self._input.left_out)}
        facts |= {"unread_files": [str(file) for file in self._input.source.unread]}
        facts |= {"suspicious_ids": most_first(self._input.suspicious_ids)}
        facts |= {"inputs": self._input.facts(), "outputs": []}
        if published:
            self._progress(f"writing {outputs.scores}")
            result, facts["outputs"] = outputs.assemble(folder, chunks, self._scorer.schema)
            rejected = self._join_rejects(chunks, facts["outputs"])
            self._clock.lap("write")
            facts["seconds"] = self._clock.seconds
            # Into the work folder: it is published in one step with the scores that it describes.
            (folder / "report.json").write_bytes(json_bytes(facts))
            outputs.publish(result, rejected, folder / "report.json")
        else:
            facts["seconds"] = self._clock.seconds
        return self._run(facts)

    def _run(self, facts: dict[str, Any]) -> ScoringRun:
        outputs, too_many = self._outputs, facts["rejected_share"] > self._options.max_rejected
        return ScoringRun(
            facts["rows"], facts["scored"], facts["rejected"], too_many, facts["published"], outputs.scores,
            outputs.rejects, outputs.report, facts,
        )  # fmt: skip

    def _join_rejects(self, chunks: list[FinishedChunk], files: list[dict[str, Any]]) -> Path | None:
        files_of_rows = [self._work.folder / "rejects" / name for chunk in chunks for name in chunk.rejects]
        if not files_of_rows:
            return None
        out = self._work.folder / f"rejected{self._outputs.rejects.suffix}"
        rows = rejected_rows.join(files_of_rows, out)
        # Counted again from the file: every row is scored or rejected, or the run fails.
        if rows != self._tally.rejected:
            fault = Fault("rejected rows", f"{self._tally.rejected:,}", f"{rows:,}", "Report this.")
            raise NorthstarError(str(self._outputs.rejects), [fault])
        facts = {"name": self._outputs.rejects.name, "rows": rows, "bytes": out.stat().st_size, "sha256": sha256(out)}
        files.append(facts)
        return out
