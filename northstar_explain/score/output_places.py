"""Where the results of a run go: checked first, assembled beside, and published at the end by one rename each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from northstar_explain import tables
from northstar_explain.errors import Fault, NorthstarError, OutputError
from northstar_explain.score.work_folder import FinishedChunk
from northstar_explain.tables.journal import settle
from northstar_explain.tables.places import cannot_write, true_place
from northstar_explain.tables.sinks import CsvSink, Sink, count, join, open_sink
from northstar_explain.tables.staging import remove_dead

_PART = re.compile(r"part-\d{5,}\.parquet")


class Outputs:
    """The places of scores, rejected rows and report.

    Parameters
    ----------
    scores : Path
        A ``.parquet``, ``.csv`` or ``.arrow`` file; without an ending, a folder of Parquet files.

    Attributes
    ----------
    scores, rejects, report : Path
        The names beside the scores hold the whole name of the scores, ending included: ``s.csv`` and ``s.parquet`` are
        two results.
    folder : bool
        Whether the scores are a folder.
    suffix : str
        The ending of the files of scores.
    work : Path
        The folder to work in, beside the scores, so that they need only be renamed.
    digest : hashlib object or None
        Of the CSV that grows in the work folder, once it holds something.

    Raises
    ------
    OutputError
        When the ending is unknown, or the name is none.
    """

    def __init__(self, scores: Path):
        self.scores = scores
        self.folder = not scores.suffix and bool(scores.name)
        self.suffix = ".parquet" if self.folder else scores.suffix
        self.digest: hashlib._Hash | None = None
        if not self.folder:
            tables.require_format(scores)
        named = scores if scores.name else scores.absolute()  # the path "." has no name of its own
        # Who asks for CSV opens the rejected rows in the same program.
        kind = ".csv" if self.suffix == ".csv" else ".parquet"
        self.rejects = named.with_name(f"{named.name}.rejected{kind}")
        self.report = named.with_name(f"{named.name}.report.json")
        try:
            place = true_place(scores)
        except OSError as error:  # such as a name that is too long for the system
            raise cannot_write(scores, error) from error
        # Hidden and on the same file system, so that publishing is a rename and never a copy.
        self.work = place.with_name(f".{place.name}.work")

    def settle(self) -> None:
        """Finish publishing what a killed run had begun to publish here."""
        try:
            settle(*map(true_place, (self.scores, self.rejects, self.report)), rewriting=True)
            remove_dead(true_place(self.scores).parent)
        except OSError as error:
            raise cannot_write(self.scores, error) from error

    def require_free(self, overwrite: bool) -> None:
        """Raise OutputError when an output exists and may not be replaced; `overwrite` allows replacing results."""
        if self.folder:
            _require_scores_folder(self.scores, overwrite)
        else:
            tables.require_free(self.scores, overwrite)
        for path in (self.rejects, self.report):
            tables.require_free(path, overwrite)

    def require_apart(self, inputs: Sequence[Path]) -> None:
        """Raise OutputError when an output would destroy an input, a model, or another output."""
        tables.require_apart([self.scores, self.rejects, self.report, self.work], inputs)

    def open(self, work: Path, number: int, schema: pa.Schema) -> Sink:
        """A sink for one chunk of the scores."""
        (work / "scores").mkdir(exist_ok=True)
        if self.suffix == ".csv":
            # Rows can be appended to a CSV: in one file for all chunks, nothing has to be copied to join them.
            growing = CsvSink(work / "scores" / "all.csv", schema, self.digest)
            self.digest = growing.digest
            return growing
        return open_sink(work / "scores" / f"part-{number:05d}{self.suffix}", schema)

    def assemble(
        self, work: Path, chunks: Sequence[FinishedChunk], schema: pa.Schema
    ) -> tuple[Path, list[dict[str, Any]]]:
        """Make one result of the chunks.

        Returns
        -------
        result : Path
            What is to be renamed to the scores, still in the work folder.
        facts : list of dict
            Name, rows, bytes and SHA-256 of each file.
        """
        # Each once, as the chunks of a CSV share one file.
        files = [work / "scores" / name for name in dict.fromkeys(chunk.scores for chunk in chunks)]
        rows = sum(chunk.rows for chunk in chunks)
        if self.folder:
            _require_only(work / "scores", files)
            facts = [
                _facts(file, file.name, chunk.rows, chunk.sha256) for file, chunk in zip(files, chunks, strict=True)
            ]
            return work / "scores", facts
        # One chunk, or a CSV that grew: it is the result already.
        if len(files) == 1:
            return files[0], [_facts(files[0], self.scores.name, rows, chunks[-1].sha256)]
        joined = work / f"joined{self.suffix}"
        digest = join(files, joined, schema)
        return joined, [_facts(joined, self.scores.name, rows, digest)]

    def publish(self, result: Path, rejects: Path | None, report: Path) -> None:
        """Rename everything to its final path, all or nothing."""
        with tables.Publication() as new:
            new.take(result, self.scores)
            if rejects is not None:
                new.take(rejects, self.rejects)
            else:
                new.remove(self.rejects)  # of an earlier run, and no longer true
            new.take(report, self.report)
            new.discard(self.work)


def _require_scores_folder(path: Path, overwrite: bool) -> None:
    """Raise OutputError unless the path is free, or a folder of scores that may be replaced."""
    tables.require_free(path, overwrite=True, folder=True)
    if path.exists() and not path.is_dir():
        todo = "Choose another path, or end it in .parquet, .csv or .arrow."
        raise OutputError(str(path), [Fault("output", "a path for a folder", "a file", todo)])
    entries = [entry.name for entry in path.iterdir()] if path.exists() else []
    unexpected = sorted(name for name in entries if not _PART.fullmatch(name))
    if unexpected:
        # A mistyped --out must not replace a home directory.
        todo = "Choose another path."
        raise OutputError(
            str(path), [Fault("output", "a folder of scores or a new one", f"{unexpected[0]} in it", todo)]
        )
    if entries:
        tables.require_free(path, overwrite, folder=True)


def _require_only(folder: Path, files: Sequence[Path]) -> None:
    """Raise NorthstarError unless the folder holds these files and no others, as all it holds is published."""
    names, existing = [file.name for file in files], sorted(path.name for path in folder.iterdir())
    if existing != names:
        fault = Fault("files", ", ".join(names), ", ".join(existing) or "none", "Report this.")
        raise NorthstarError(str(folder), [fault])


def _facts(file: Path, name: str, rows: int, digest: str) -> dict[str, Any]:
    counted = count(file)
    if counted is not None and counted != rows:
        raise NorthstarError(name, [Fault("rows", f"{rows:,} written", f"{counted:,}", "Report this.")])
    return {"name": name, "rows": rows, "bytes": file.stat().st_size, "sha256": digest}
