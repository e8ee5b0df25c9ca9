"""The inputs of `explain monitor`: scores, the run report beside them, and outcomes."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from northstar_explain import tables
from northstar_explain.contract.columns import one_array
from northstar_explain.contract.customer_ids import id_keys, id_texts
from northstar_explain.contract.labels import read_labels
from northstar_explain.errors import Fault, TableError
from northstar_explain.model.learned_model import Model
from northstar_explain.options import CsvOptions
from northstar_explain.tables.named_columns import take_columns
from northstar_explain.tables.places import sha256
from northstar_explain.tables.plain_types import with_plain_types


@dataclass(frozen=True)
class ScoredRun:
    """One scoring run.

    Attributes
    ----------
    name : str
        The file, for errors.
    ids, segments : ndarray of str, shape (n,)
        Ids are keys: see `contract.identifiers`.
    deciles : ndarray of int, shape (n,)
    probability : ndarray of float, shape (n,)
    reasons : ndarray of str, shape (n,)
        The first reason, empty where there is none.
    report : mapping or None
        The run report beside the scores.
    """

    name: str
    ids: np.ndarray
    segments: np.ndarray
    deciles: np.ndarray
    probability: np.ndarray
    reasons: np.ndarray
    report: Mapping[str, Any] | None = None


def read_run(scores: pa.Table, model: Model, name: str, report: Mapping[str, Any] | None = None) -> ScoredRun:
    """Read a run from scores that `explain score` wrote.

    Raises
    ------
    TableError
        When a column is missing or has an invalid value, another model made the scores, or an id occurs twice.
    """
    id, text = model.contract.id, pa.string()
    kinds = {id: text, "segment_id": text, "decile": pa.int64(), "probability": pa.float64(), "reason_1": text}
    todo = "Give scores that `explain score` wrote with this model."
    columns = take_columns(scores, {**kinds, "model_id": text}, name, todo, may_miss=["reason_1"])
    made_by = sorted(set(pc.unique(columns["model_id"]).to_pylist()) - {model.id})
    if made_by:
        raise TableError(name, [Fault("column model_id", f"{model.id} in every row", f"also {made_by[0]}", todo)])
    segments, reasons = (columns[name].to_numpy(zero_copy_only=False) for name in ("segment_id", "reason_1"))
    ids = id_keys(one_array(columns[id])).to_numpy(zero_copy_only=False)
    if len(set(ids.tolist())) < len(ids):
        raise TableError(name, [Fault(f"column {id}", "each customer once", "one twice", todo)])
    deciles, probability = columns["decile"].to_numpy(), columns["probability"].to_numpy()
    _require_within("decile", deciles, 1, 10, name, todo)
    _require_within("probability", probability, 0, 1, name, todo)
    # A score without a reason is stored as null, and nulls do not compare.
    reasons = np.array([reason or "" for reason in reasons], dtype=object)
    return ScoredRun(name, ids, segments, deciles, probability, reasons, report)


def _require_within(column: str, values: np.ndarray, low: float, high: float, source: str, todo: str) -> None:
    wrong = np.flatnonzero(~((values >= low) & (values <= high)))  # written so that NaN counts as wrong
    if len(wrong):
        fault = Fault(f"row {wrong[0] + 1:,}, column {column}", f"{low} to {high}", str(values[wrong[0]]), todo)
        raise TableError(source, [fault])


def read_report(data: bytes, model: Model, name: str) -> dict[str, Any]:
    """Read the run report that `explain score` wrote beside its scores.

    Parameters
    ----------
    data : bytes
        The file.
    model : Model
    name : str
        Its name in errors.

    Raises
    ------
    TableError
        When it is not such a report, or one of another model.
    """
    todo = "Score again, or move the file away: feature drift is then not known."
    try:
        report = json.loads(data)
    except (ValueError, RecursionError) as error:  # no JSON, or no UTF-8
        raise TableError(name, [Fault("file", "JSON, as `explain score` writes it", str(error), todo)]) from None
    if not _is_report(report):
        raise TableError(name, [Fault("file", "a report of `explain score`", "other JSON", todo)])
    if report["model_id"] != model.id:
        raise TableError(name, [Fault("model_id", model.id, str(report["model_id"]), todo)])
    return dict(report)


def require_of_scores(report: Mapping[str, Any], scores: Path, name: str) -> None:
    """Raise TableError when a run report describes other scores than those it is beside.

    Parameters
    ----------
    report : mapping
    scores : Path
        The file of scores.
    name : str
        Name of the report in errors.
    """
    hashes = [one["sha256"] for one in report["outputs"] if "sha256" in one]
    # Runs of Spark have no hashes in their report, so there is nothing to compare.
    if hashes and sha256(scores) not in hashes:
        got = f"the report of other scores than {scores}"
        todo = "Score again, or move the report away: feature drift is then not known."
        raise TableError(name, [Fault("outputs", "the report of the scores that it is beside", got, todo)])


def _is_report(report: Any) -> bool:
    def numbers(entry: Any, *names: str) -> bool:
        # The comparison is false for NaN, and exact for whole numbers that are too large for a float.
        return isinstance(entry, dict) and all(
            isinstance(value := entry.get(name), int | float) and abs(value) <= sys.float_info.max for name in names
        )

    return (
        numbers(report, "rejected_share")
        and "model_id" in report
        and isinstance(report.get("outputs"), list)
        and all(isinstance(one, dict) for one in report["outputs"])
        and isinstance(report.get("reasons", []), list)
        and all(_is_reason(one) for one in report.get("reasons", []))
        and isinstance(report.get("drift"), dict)
        and all(numbers(one, "psi", "n", "bins", "threshold", "shifted") for one in report["drift"].values())
    )


def _is_reason(reason: Any) -> bool:
    if not isinstance(reason, dict) or not isinstance(example := reason.get("example"), dict):
        return False
    texts = (reason.get("column"), reason.get("expected"), example.get("got"))
    counts = [reason.get("rows"), *([example["row"]] if "row" in example else [])]
    return all(isinstance(one, str) for one in texts) and all(isinstance(one, int) for one in counts)


def read_outcomes(table: pa.Table, model: Model, name: str) -> dict[str, int]:
    """Read outcomes of a model's customers; result and errors as of `outcomes_of`."""
    return outcomes_of(table, model.contract.id, model.contract.label, name, model.contract.positive)


def outcomes_of(table: pa.Table, id: str, label: str, name: str, positive: str = "") -> dict[str, int]:
    """Read outcomes: key of the id to 1 or 0, from labels of any type that training accepts.

    Parameters
    ----------
    table : pyarrow.Table
    id, label : str
        Its columns.
    name : str
        Its name in errors.
    positive : str, default ""
        The value of the label that stands for 1, where it is not one of the usual.

    Raises
    ------
    TableError
        When a column is missing, a label is neither 1 nor 0, or an id is missing or occurs twice.
    """
    todo = "Give customers with their label, once its window is over."
    table = with_plain_types(table, (id, label))
    columns = take_columns(table, {id: None, label: None}, name, todo)
    try:
        labels, violations = read_labels(columns[label], label, positive)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise TableError(name, [Fault(f"column {label}", "0 or 1", str(columns[label].type), todo)]) from error
    if violations:
        rows = violations[0].rows
        got = repr(table[label][int(rows[0])].as_py()) + (f", and {len(rows) - 1:,} more such rows" * (len(rows) > 1))
        todo = "Correct the export, or leave out customers whose window is not over."
        raise TableError(name, [Fault(f"row {rows[0] + 1}, column {label}", violations[0].expected, got, todo)])
    ids = id_keys(id_texts(columns[id])).to_pylist()
    outcomes = dict(zip(ids, labels.to_pylist(), strict=True))
    if len(outcomes) < len(ids) or None in outcomes:
        raise TableError(
            name, [Fault(f"column {id}", "each customer once", "one twice, or none", "Correct the export.")]
        )
    return outcomes


def report_beside(scores: Path) -> Path:
    """The path of the run report that `explain score` writes beside its scores."""
    return scores.with_name(f"{scores.name}.report.json")


def load_run(path: Path, model: Model) -> ScoredRun:
    """Read a file of scores, with the run report beside it where there is one.

    Raises
    ------
    TableError
        As of `read_run`; or when the report is of another model, or of other scores.
    """
    scores, beside = tables.read(path), report_beside(path)
    report = read_report(beside.read_bytes(), model, str(beside)) if beside.is_file() else None
    if report is not None:
        require_of_scores(report, path, str(beside))
    return read_run(scores, model, str(path), report)


def load_outcomes(path: Path, model: Model, csv: CsvOptions) -> dict[str, int]:
    """Read a file of customers with their label; result and errors as of `read_outcomes`."""
    contract = model.contract
    hints = tables.Hints(csv.over(contract.csv), (contract.id, contract.label), ())
    return read_outcomes(tables.read(path, dialect=tables.dialect_of(path, hints)), model, str(path))
