"""The columns of scores that a campaign or an audience is made of, checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from northstar_explain.contract.customer_ids import id_keys
from northstar_explain.errors import Fault, TableError
from northstar_explain.model.learned_model import Model
from northstar_explain.tables.named_columns import take_columns

_TODO = "Give scores that `explain score` wrote with this model."
_RANGES = {"decile": (1, 10), "probability": (0, 1)}


def checked_scores(
    table: pa.Table, model: Model, kinds: Mapping[str, pa.DataType], name: str, may_miss: Collection[str] = ()
) -> dict[str, pa.ChunkedArray]:
    """Take columns of scores that `explain score` wrote.

    Parameters
    ----------
    table : pyarrow.Table
    model : Model
        That made them.
    kinds : mapping of str to pyarrow.DataType
        Further columns, beside the id, ``segment_id``, ``decile``, ``probability``, ``control_group`` and ``model_id``.
    name : str
        Of the scores in errors.
    may_miss : collection of str
        Columns whose cells may be missing.

    Returns
    -------
    dict of str to pyarrow.ChunkedArray

    Raises
    ------
    TableError
        When a column is missing or has an invalid value, another model made the scores, or an id occurs twice.
    """
    id, text = model.contract.id, pa.string()
    always = {id: text, "segment_id": text, "decile": pa.int64(), "probability": pa.float64(),
              "control_group": pa.bool_(), "model_id": text}  # fmt: skip
    columns = take_columns(table, {**always, **kinds}, name, _TODO, may_miss=tuple(may_miss))
    segments = [segment.id for segment in model.segmentation.segments]
    faults = [
        _other(columns["model_id"], [model.id], "model_id"),
        _other(columns["segment_id"], segments, "segment_id"),
    ]
    faults += [_outside(columns[one], *limits, one) for one, limits in _RANGES.items()]
    # As everywhere, 7 and 7.0 are one customer.
    if len(pc.unique(id_keys(columns[id].combine_chunks()))) < len(table):
        faults.append(Fault(f"column {id}", "each customer once", "one twice", _TODO))
    if wrong := [fault for fault in faults if fault]:
        raise TableError(name, wrong)
    return dict(columns)


def _other(column: pa.ChunkedArray, known: list[str], name: str) -> Fault | None:
    unknown = sorted(set(pc.unique(column).to_pylist()) - set(known))
    return Fault(f"column {name}", "only " + ", ".join(known), f"also {unknown[0]}", _TODO) if unknown else None


def _outside(column: pa.ChunkedArray, low: float, high: float, name: str) -> Fault | None:
    values = column.to_numpy()
    wrong = np.flatnonzero(~((values >= low) & (values <= high)))  # written so that NaN counts as wrong
    if not len(wrong):
        return None
    return Fault(f"row {wrong[0] + 1:,}, column {name}", f"{low} to {high}", str(values[wrong[0]]), _TODO)
