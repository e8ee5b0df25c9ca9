"""The scores that a campaign is planned from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from northstar_explain.errors import Fault, TableError
from northstar_explain.model.learned_model import Model
from northstar_explain.tables.named_columns import take_columns

_TODO = "Give scores that `explain score` wrote with this model."


@dataclass(frozen=True)
class ScoredCustomers:
    """Customers with their scores.

    Attributes
    ----------
    ids : pyarrow.Array of string, shape (n,)
    segment : ndarray of str, shape (n,)
    decile : ndarray of int, shape (n,)
    probability : ndarray of float, shape (n,)
    standing_control : ndarray of bool, shape (n,)
        In no campaign.
    """

    ids: pa.Array
    segment: np.ndarray
    decile: np.ndarray
    probability: np.ndarray
    standing_control: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


def read_scored(scores: pa.Table, model: Model, name: str) -> ScoredCustomers:
    """Read scores that `explain score` wrote.

    Parameters
    ----------
    scores : pyarrow.Table
    model : Model
        That made them.
    name : str
        Of the scores in errors.

    Raises
    ------
    TableError
        When a column is missing or has an invalid value, another model made the scores, or an id occurs twice.
    """
    id, text = model.contract.id, pa.string()
    kinds = {
        id: text,
        "segment_id": text,
        "decile": pa.int64(),
        "probability": pa.float64(),
        "control_group": pa.bool_(),
    }
    columns = take_columns(scores, {**kinds, "model_id": text}, name, _TODO)
    segments = [segment.id for segment in model.segmentation.segments]
    faults = [
        _other(columns["model_id"], [model.id], "model_id"),
        _other(columns["segment_id"], segments, "segment_id"),
        _outside(columns["decile"], 1, 10, "decile"),
        _outside(columns["probability"], 0, 1, "probability"),
    ]
    arrays = {name: column.combine_chunks().to_numpy(zero_copy_only=False) for name, column in columns.items()}
    if len(set(arrays[id].tolist())) < len(scores):
        faults.append(Fault(f"column {id}", "each customer once", "one twice", _TODO))
    if not len(scores):
        faults.append(Fault("rows", "at least one customer", "none", _TODO))
    if wrong := [fault for fault in faults if fault]:
        raise TableError(name, wrong)
    return ScoredCustomers(
        columns[id].combine_chunks(),
        # Arrow gives texts as objects of Python, which compare one by one; NumPy's own compare as arrays.
        arrays["segment_id"].astype(str),
        arrays["decile"],
        arrays["probability"],
        arrays["control_group"],
    )


def _other(column: pa.ChunkedArray, known: list[str], name: str) -> Fault | None:
    unknown = sorted(set(pc.unique(column).to_pylist()) - set(known))
    return Fault(f"column {name}", "only " + ", ".join(known), f"also {unknown[0]}", _TODO) if unknown else None


def _outside(column: pa.ChunkedArray, low: float, high: float, name: str) -> Fault | None:
    values = column.to_numpy()
    wrong = np.flatnonzero(~((values >= low) & (values <= high)))  # written so that NaN counts as wrong
    if not len(wrong):
        return None
    return Fault(f"row {wrong[0] + 1:,}, column {name}", f"{low} to {high}", str(values[wrong[0]]), _TODO)
