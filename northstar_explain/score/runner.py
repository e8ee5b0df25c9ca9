"""A scoring run from files to files: scores, rejected rows and a report, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from northstar_explain.contract.faults import require_types
from northstar_explain.errors import Fault, NorthstarError, OutputError
from northstar_explain.model import Model
from northstar_explain.model.folder import json_bytes
from northstar_explain.score import inputs, rejected_rows
from northstar_explain.score.batch import Scorer
from northstar_explain.score.clock import Clock, Pace
from northstar_explain.score.control import Control
from northstar_explain.score.counts import Tally, count
from northstar_explain.score.inputs import Input
from northstar_explain.score.outputs import Outputs
from northstar_explain.score.part_files import Done, PartWriter
from northstar_explain.score.per_batch import score_part
from northstar_explain.score.pipeline import ordered
from northstar_explain.score.run_report import report
from northstar_explain.score.work_folder import Part, Work
from northstar_explain.tables import Batch, is_text_format
from northstar_explain.tables.places import cannot_write, sha256
from northstar_explain.tables.sinks import preparer
from northstar_explain.tables.stream import FIRST

PART_ROWS = 1 << 20  # rows of input after which a part of the output is finished


@dataclass(frozen=True)
class Options:
    """What a run may be told.

    Attributes
    ----------
    overwrite : bool
        Replace results that are there already.
    max_rejected : float
        Share of rejected rows above which nothing is published.
    publish_anyway : bool
        Publish however many rows were rejected.
    resume : bool
        Take up a run that was killed, where its input, model and output are the same.
    control : Control
        Who is kept out of campaigns.
    """

    overwrite: bool = False
    max_rejected: float = 0.01
    publish_anyway: bool = False
    resume: bool = False
    control: Control = field(default_factory=Control)


@dataclass(frozen=True)
class Run:
    """What a run did.

    Attributes
    ----------
    rows, scored, rejected : int
        ``rows == scored + rejected``, checked.
    too_many_rejected, published : bool
    scores, rejects, report : Path
        What it wrote, if it published; `rejects` is there only when rows were rejected.
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
    options: Options | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> Run:
    """Score customers from files.

    Parameters
    ----------
    model : Model
    source : path or sequence of paths
        Parquet, CSV or Arrow files, folders of them, or patterns; ``-`` for standard input.
    out : Path
        A ``.parquet``, ``.csv`` or ``.arrow`` file, or, without an ending, a folder of Parquet files. Beside it go
        ``NAME.rejected.parquet`` (rows as they came, with reasons) and ``NAME.report.json``.
    options : Options, optional
    progress : callable
        Told each stage as it begins, and how far a long one is.

    Returns
    -------
    Run

    Raises
    ------
    TableError, OutputError
        When the input cannot be scored at all, or an output cannot be written. What stood at the outputs stays.
    """
    options = options or Options()
    clock = Clock()
    outputs = Outputs(out, options.overwrite)
    found = inputs.find(source)
    if found is None and options.resume:
        todo = "Score it again from the start, or from a file."
        raise OutputError(str(out), [Fault("--resume", "an input that can be read again", "standard input", todo)])
    try:
        with Work(outputs.work, out) as work:
            if found is None:
                progress("reading standard input")
                found = inputs.spool(work.folder)
            outputs.require_apart(found.files)
            return _Runner(model, Input(found, model.contract), outputs, work, options, progress, clock)()
    except OSError as error:
        raise cannot_write(out, error) from error


class _Runner:
    """One run, from the ids to the report."""

    def __init__(
        self, model: Model, source: Input, outputs: Outputs, work: Work, options: Options,
        progress: Callable[[str], None], clock: Clock,
    ):  # fmt: skip
        self._input = source
        self._outputs = outputs
        self._work = work
        self._options = options
        self._tell = progress
        self._clock = clock
        self._scorer = Scorer(model, options.control)
        self._prepare = preparer(outputs.suffix)
        self._repeated = pa.array([], pa.string())
        self._tally = Tally()

    def __call__(self) -> Run:
        parts = self._resumed()
        self._tell(f"reading the ids of {self._input.source.name}")
        self._repeated = self._input.repeated_ids(self._work.folder, Pace(self._tell, "read").tell)
        self._clock.lap("ids")
        self._tell(f"scoring {self._input.rows:,} rows")
        for done in parts:
            self._tally.add(Tally.from_json(done.tally))
        self._score(parts)
        self._clock.lap("score")
        self._input.require_unchanged()
        self._require_every_row(parts)
        return self._finish(parts)

    def _resumed(self) -> list[Part]:
        options = self._options.control
        about = {
            "input": self._input.about(),
            "model": self._scorer.model.id,
            "names": [segment.name for segment in self._scorer.model.segmentation.segments],
            "control": [options.share, options.salt],
            "output": [self._outputs.suffix, self._outputs.folder, PART_ROWS, inputs.BATCH],
        }
        parts = self._work.resume(about, self._options.resume)
        if parts:
            self._tell(f"taking up after {len(parts):,} finished parts")
        return parts

    def _score(self, parts: list[Part]) -> None:
        start = parts[-1].end if parts else FIRST
        pace = Pace(self._tell, "scored", self._input.rows, self._tally.rows)
        writer: PartWriter | None = None
        with closing(ordered(self._batch, self._input.batches(start))) as results:
            try:
                for done in results:
                    writer = writer or PartWriter(self._outputs, self._work.folder, len(parts), self._scorer.schema)
                    writer.write(done)
                    pace.tell(self._tally.rows + writer.tally.rows)
                    if writer.tally.rows >= PART_ROWS:
                        self._close(writer, parts)
                        writer = None
                if writer:
                    self._close(writer, parts)
            except BaseException:
                if writer:
                    writer.abandon()
                raise

    def _close(self, writer: PartWriter, parts: list[Part]) -> None:
        parts.append(writer.finish())
        self._work.finish(parts[-1])
        self._tally.add(writer.tally)

    def _batch(self, batch: Batch) -> Done:
        """Check and score a batch; called in several threads."""
        contract, file = self._scorer.model.contract, self._input.source.files[batch.start.file]
        if not batch.start.row:
            require_types(batch.table, contract, label=False, source=str(file), as_text=is_text_format(file))
        parted, scored = score_part(self._scorer, batch.table, self._repeated, batch.start.row + 1)
        rejected = None
        if parted.rejected.num_rows:
            name = str(file) if len(self._input.source.files) > 1 else None
            rejected = rejected_rows.with_original_types(parted.rejected, self._input.schemas[batch.start.file], name)
        return Done(batch.end, self._prepare(scored.rows), rejected, count(parted, scored, self._scorer))

    def _require_every_row(self, parts: list[Part]) -> None:
        tally, written = self._tally, sum(done.rows for done in parts)
        if not self._input.rows == tally.rows == tally.scored + tally.rejected or tally.scored != written:
            got = f"{written:,} scored + {tally.rejected:,} rejected"
            fault = Fault("rows", f"{self._input.rows:,} accounted for", got, "Report this.")
            raise NorthstarError(self._input.source.name, [fault])

    def _finish(self, parts: list[Part]) -> Run:
        tally, outputs, folder = self._tally, self._outputs, self._work.folder
        too_many = tally.rejected / tally.rows > self._options.max_rejected
        published = not too_many or self._options.publish_anyway
        facts = {"published": published, **report(self._scorer, tally)}
        facts |= {"ignored_columns": list(self._input.ignored), "inputs": self._input.facts(), "outputs": []}
        if published:
            self._tell(f"writing {outputs.scores}")
            result, facts["outputs"] = outputs.assemble(folder, parts, self._scorer.schema)
            rejected = self._join_rejects(parts, facts["outputs"])
            self._clock.lap("write")
            facts["seconds"] = self._clock.seconds
            (folder / "report.json").write_bytes(json_bytes(facts))
            outputs.publish(result, rejected, folder / "report.json")
        else:
            facts["seconds"] = self._clock.seconds
        return Run(tally.rows, tally.scored, tally.rejected, too_many, published, outputs.scores, outputs.rejects,
                   outputs.report, facts)  # fmt: skip

    def _join_rejects(self, parts: list[Part], files: list[dict[str, Any]]) -> Path | None:
        kept = [self._work.folder / "rejects" / name for done in parts for name in done.rejects]
        if not kept:
            return None
        out = self._work.folder / "rejected.parquet"
        rows = rejected_rows.join(kept, out)
        if rows != self._tally.rejected:
            fault = Fault("rejected rows", f"{self._tally.rejected:,}", f"{rows:,}", "Report this.")
            raise NorthstarError(str(self._outputs.rejects), [fault])
        facts = {"name": self._outputs.rejects.name, "rows": rows, "bytes": out.stat().st_size, "sha256": sha256(out)}
        files.append(facts)
        return out
