"""A scoring run from file to file: scores, rejected rows and a report, all or nothing."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from northstar_explain import tables
from northstar_explain.contract import Category, check, columns_of
from northstar_explain.errors import Fault, NorthstarError, OutputError
from northstar_explain.model import Model
from northstar_explain.model.folder import json_bytes
from northstar_explain.model.scorecard import CategoryBins
from northstar_explain.score.batch import Scorer


@dataclass(frozen=True)
class Run:
    """What a run did.

    Attributes
    ----------
    rows, scored, rejected : int
        ``rows == scored + rejected``, checked.
    rejected_share : float
    scores, rejects, report : Path
        What it wrote; `rejects` is there only when rows were rejected.
    facts : dict
        The run report.
    """

    rows: int
    scored: int
    rejected: int
    rejected_share: float
    scores: Path
    rejects: Path
    report: Path
    facts: dict[str, Any]


def run(
    model: Model,
    source: Path,
    out: Path,
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda stage: None,
) -> Run:
    """Score a file of customers.

    Parameters
    ----------
    model : Model
    source : Path
        Parquet, CSV or Arrow.
    out : Path
        Parquet, CSV or Arrow. Beside it go ``NAME.rejected.parquet`` (rows as they came, with reasons) and
        ``NAME.report.json``.
    overwrite : bool, default False
    progress : callable
        Told each stage as it begins.

    Returns
    -------
    Run

    Raises
    ------
    TableError, OutputError
        When the input cannot be scored at all, or an output cannot be written.
    """
    started = time.perf_counter()
    rejects, report = out.with_suffix(".rejected.parquet"), out.with_suffix(".report.json")
    tables.require_format(out)
    for path in (out, rejects, report):
        tables.require_free(path, overwrite)
    progress(f"reading {source}")
    table = tables.read(source)
    _require_apart(source, (out, rejects, report))
    progress(f"checking {table.num_rows:,} rows")
    checked = check(table, model.contract, source=str(source), as_text=tables.is_text_format(source))
    progress(f"scoring {checked.accepted.num_rows:,} customers")
    scores = Scorer(model)(checked.accepted)
    if table.num_rows != scores.num_rows + checked.rejected.num_rows:
        got = f"{scores.num_rows} scored + {checked.rejected.num_rows} rejected"
        raise NorthstarError(str(source), [Fault("rows", f"{table.num_rows} accounted for", got, "Report this.")])
    facts = {
        "model_id": model.id,
        "source": {"name": source.name, "sha256": _file_hash(source)},
        "rows": table.num_rows,
        "scored": scores.num_rows,
        "rejected": checked.rejected.num_rows,
        "ignored_columns": list(checked.ignored),
        "unseen_categories": _unseen(checked.accepted, model),
        "segments": _counts(scores["segment_id"]),
        "deciles": _counts(scores["decile"]),
        "borderline": pc.sum(scores["borderline"]).as_py() or 0,
        "likely_buyers": pc.sum(scores["likely_buyer"]).as_py() or 0,
    }
    progress(f"writing {out}")
    _write(scores, checked.rejected, out, rejects, overwrite)
    facts["seconds"] = round(time.perf_counter() - started, 3)
    tables.write_text(json_bytes(facts).decode(), report, overwrite=True)
    rejected = checked.rejected.num_rows
    return Run(table.num_rows, scores.num_rows, rejected, rejected / table.num_rows, out, rejects, report, facts)


def _require_apart(source: Path, outputs: tuple[Path, ...]) -> None:
    # Replacing the customers by their scores is never what somebody meant.
    if any(path.exists() and path.samefile(source) for path in outputs):
        todo = "Choose another --out."
        raise OutputError(str(source), [Fault("output", "a path other than the input", "the input", todo)])


def _write(scores: pa.Table, rejected: pa.Table, out: Path, rejects: Path, overwrite: bool) -> None:
    if rejected.num_rows:
        tables.write(with_distinct_names(rejected), rejects, overwrite)
    tables.write(scores, out, overwrite)
    if not rejected.num_rows:
        rejects.unlink(missing_ok=True)  # of an earlier run, and no longer true


def with_distinct_names(rejected: pa.Table) -> pa.Table:
    """Rejected rows with column names that a file can hold."""
    # A table of customers may hold columns called row or reasons, or one name twice where it is not used.
    names: list[str] = []
    for name in rejected.column_names:
        numbered = (f"{name}.{number}" for number in itertools.count(2))
        names.append(next(new for new in itertools.chain([name], numbered) if new not in names))
    return rejected.rename_columns(names)


def _unseen(accepted: pa.Table, model: Model) -> dict[str, dict[str, int]]:
    """Categories that training never saw, per feature, with the rows that hold them."""
    known = {
        axis.feature: set(axis.values)
        for term in model.scorecard.terms
        for axis in term.axes
        if isinstance(axis, CategoryBins)
    }
    features = [feature for feature in model.contract.features if feature.name in known]
    found = {}
    for name, column in columns_of(accepted, features).items():
        assert isinstance(column, Category)
        strange = {v: int((column.codes == i).sum()) for i, v in enumerate(column.values) if v not in known[name]}
        if strange:
            found[name] = dict(sorted(strange.items(), key=lambda item: (-item[1], item[0])))
    return found


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    counted = column.value_counts().to_pylist()
    return dict(sorted((str(item["values"]), item["counts"]) for item in counted))


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
