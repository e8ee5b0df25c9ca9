"""What `explain monitor` reads: scores, the run report beside them, and what customers then did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from northstar_explain.contract.labels import read_labels
from northstar_explain.errors import Fault, TableError
from northstar_explain.model import Model


@dataclass(frozen=True)
class Run:
    """Scores of one week.

    Attributes
    ----------
    name : str
        The file, for errors.
    ids, segments : ndarray of str, shape (n,)
    deciles : ndarray of int, shape (n,)
    probability : ndarray of float, shape (n,)
    reasons : ndarray of str, shape (n,)
        The first reason, empty where there is none.
    report : mapping or None
        The run report that lay beside the scores.
    """

    name: str
    ids: np.ndarray
    segments: np.ndarray
    deciles: np.ndarray
    probability: np.ndarray
    reasons: np.ndarray
    report: Mapping[str, Any] | None = None


def read_run(scores: pa.Table, model: Model, name: str, report: Mapping[str, Any] | None = None) -> Run:
    """Take a run from the scores that `explain score` wrote.

    Raises
    ------
    TableError
        When a column is missing, another model made the scores, or an id occurs twice.
    """
    wanted = [model.contract.id, "segment_id", "decile", "probability", "reason_1", "model_id"]
    todo = "Give scores that `explain score` wrote with this model."
    if missing := [column for column in wanted if column not in scores.column_names]:
        raise TableError(name, [Fault("columns", ", ".join(wanted), f"no {', '.join(missing)}", todo)])
    made_by = sorted(set(pc.unique(scores["model_id"]).cast(pa.string()).to_pylist()) - {model.id})
    if made_by:
        raise TableError(name, [Fault("column model_id", f"{model.id} in every row", f"also {made_by[0]}", todo)])
    texts = [
        scores[column].cast(pa.string()).to_numpy(zero_copy_only=False) for column in (wanted[0], wanted[1], wanted[4])
    ]
    ids, segments, reasons = texts
    if len(set(ids.tolist())) < len(ids):
        raise TableError(name, [Fault(f"column {wanted[0]}", "each customer once", "one twice", todo)])
    return Run(
        name,
        ids,
        segments,
        scores["decile"].cast(pa.int64()).to_numpy(),
        scores["probability"].cast(pa.float64()).to_numpy(),
        np.array([reason or "" for reason in reasons], dtype=object),
        report,
    )


def read_report(data: bytes, model: Model, name: str) -> dict[str, Any]:
    """Read the run report that `explain score` wrote beside its scores.

    Parameters
    ----------
    data : bytes
        The file.
    model : Model
    name : str
        What to call it in errors.

    Raises
    ------
    TableError
        When it is no such report, or one of another model.
    """
    todo = "Score again, or move the file away: drift of the features is then not known."
    try:
        report = json.loads(data)
    except ValueError as error:  # no JSON, or no UTF-8
        raise TableError(name, [Fault("file", "JSON, as `explain score` writes it", str(error), todo)]) from None
    if not _is_report(report):
        raise TableError(name, [Fault("file", "a report of `explain score`", "other JSON", todo)])
    if report["model_id"] != model.id:
        raise TableError(name, [Fault("model_id", model.id, str(report["model_id"]), todo)])
    return dict(report)


def _is_report(report: Any) -> bool:
    def numbers(found: Any, *names: str) -> bool:
        return isinstance(found, dict) and all(isinstance(found.get(name), int | float) for name in names)

    return (
        numbers(report, "rejected_share")
        and "model_id" in report
        and isinstance(report.get("drift"), dict)
        and all(numbers(one, "psi", "n", "threshold", "shifted") for one in report["drift"].values())
    )


def read_outcomes(table: pa.Table, model: Model, name: str) -> dict[str, int]:
    """What customers did: id to 1 or 0, from labels of whatever type training takes.

    Raises
    ------
    TableError
        When a column is missing, a label is neither, or an id is missing or occurs twice.
    """
    id, label = model.contract.id, model.contract.label
    if missing := [column for column in (id, label) if column not in table.column_names]:
        todo = "Give customers with their label, once its window is over."
        raise TableError(name, [Fault("columns", f"{id} and {label}", f"no {', '.join(missing)}", todo)])
    labels, violations = read_labels(table[label], label)
    if violations:
        rows = violations[0].rows
        got = repr(table[label][int(rows[0])].as_py()) + (f", and {len(rows) - 1:,} more such rows" * (len(rows) > 1))
        todo = "Mend the export, or leave out customers whose window is not over."
        raise TableError(name, [Fault(f"row {rows[0] + 1}, column {label}", violations[0].expected, got, todo)])
    ids = table[id].cast(pa.string()).to_pylist()
    found = dict(zip(ids, labels.to_pylist(), strict=True))
    if len(found) < len(ids) or None in found:
        raise TableError(name, [Fault(f"column {id}", "each customer once", "one twice, or none", "Mend the export.")])
    return found
