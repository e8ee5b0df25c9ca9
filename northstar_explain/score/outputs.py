"""Where the results of a run go: checked before, put together beside, and published at the end, one rename each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from northstar_explain import tables
from northstar_explain.errors import Fault, NorthstarError, OutputError
from northstar_explain.score.work_folder import Part
from northstar_explain.tables.places import put, sha256, true_place
from northstar_explain.tables.sinks import Sink, count, join, open_sink

_PART = re.compile(r"part-\d{5,}\.parquet")


class Outputs:
    """The places of scores, rejected rows and report.

    Parameters
    ----------
    scores : Path
        A ``.parquet``, ``.csv`` or ``.arrow`` file; without an ending, a folder of Parquet files.
    overwrite : bool
        Whether what stands there may be replaced.

    Attributes
    ----------
    scores, rejects, report : Path
    folder : bool
        Whether the scores are a folder.
    suffix : str
        The ending of the files of scores.
    work : Path
        The folder to work in, beside the scores, so that they need only be renamed.

    Raises
    ------
    OutputError
        When something stands there that must stay, or the ending is unknown.
    """

    def __init__(self, scores: Path, overwrite: bool):
        self.scores = scores
        self.folder = not scores.suffix and bool(scores.name)
        self.suffix = ".parquet" if self.folder else scores.suffix
        base = scores.with_suffix("")
        if self.folder:
            _require_scores_folder(scores, overwrite)
        else:
            tables.require_format(scores)
            tables.require_free(scores, overwrite)
        self.rejects, self.report = (base.with_name(base.name + end) for end in (".rejected.parquet", ".report.json"))
        for path in (self.rejects, self.report):
            tables.require_free(path, overwrite)
        place = true_place(scores)
        self.work = place.with_name(f".{place.name}.work")

    def require_apart(self, files: Sequence[Path]) -> None:
        """Raise OutputError when an input would be replaced by its own scores."""
        # Replacing the customers by their scores is never what somebody meant.
        places = [path.resolve() for path in (self.scores, self.rejects, self.report)]
        for file in files:
            if any(place == file.resolve() or place in file.resolve().parents for place in places):
                todo = "Choose another --out."
                raise OutputError(str(file), [Fault("output", "a path other than the input", "the input", todo)])

    def open(self, work: Path, number: int, schema: pa.Schema) -> Sink:
        """A sink for one part of the scores."""
        (work / "scores").mkdir(exist_ok=True)
        return open_sink(work / "scores" / f"part-{number:05d}{self.suffix}", schema, self.folder or number == 0)

    def assemble(self, work: Path, parts: Sequence[Part], schema: pa.Schema) -> tuple[Path, list[dict[str, Any]]]:
        """Make one result of the parts.

        Returns
        -------
        result : Path
            What shall stand at the place of the scores, still in the work folder.
        facts : list of dict
            Name, rows, bytes and SHA-256 of each file.
        """
        files = [work / "scores" / part.scores for part in parts]
        if self.folder:
            facts = [_facts(file, file.name, part.rows, part.sha256) for file, part in zip(files, parts, strict=True)]
            return work / "scores", facts
        if len(files) == 1:
            return files[0], [_facts(files[0], self.scores.name, parts[0].rows, parts[0].sha256)]
        joined = work / f"joined{self.suffix}"
        join(files, joined, schema)
        return joined, [_facts(joined, self.scores.name, sum(part.rows for part in parts), sha256(joined))]

    def publish(self, result: Path, rejects: Path | None, report: Path) -> None:
        """Put everything in its place; the report last, as its hashes tell which scores it is of."""
        if rejects is not None:
            put(rejects, true_place(self.rejects))
        put(result, true_place(self.scores))
        if rejects is None:
            true_place(self.rejects).unlink(missing_ok=True)  # of an earlier run, and no longer true
        put(report, true_place(self.report))


def _require_scores_folder(path: Path, overwrite: bool) -> None:
    """Raise OutputError unless the path is free, or a folder of scores that may be replaced."""
    tables.require_free(path, overwrite=True, folder=True)
    if path.exists() and not path.is_dir():
        todo = "Choose another path, or end it in .parquet, .csv or .arrow."
        raise OutputError(str(path), [Fault("output", "a path for a folder", "a file", todo)])
    found = [entry.name for entry in path.iterdir()] if path.exists() else []
    strange = sorted(name for name in found if not _PART.fullmatch(name))
    if strange:
        # A mistyped --out must not cost somebody their home directory.
        todo = "Choose another path."
        raise OutputError(str(path), [Fault("output", "a folder of scores or a new one", f"{strange[0]} in it", todo)])
    if found:
        tables.require_free(path, overwrite, folder=True)


def _facts(file: Path, name: str, rows: int, digest: str) -> dict[str, Any]:
    held = count(file)
    if held is not None and held != rows:
        raise NorthstarError(name, [Fault("rows", f"{rows:,} written", f"{held:,}", "Report this.")])
    return {"name": name, "rows": rows, "bytes": file.stat().st_size, "sha256": digest}
