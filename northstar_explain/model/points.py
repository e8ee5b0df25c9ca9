"""A scorecard as a table, one row a bin, and back: what `scorecard.parquet` holds."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from northstar_explain.model.scorecard import MISSING, Bins, CategoryBins, NumberBins, Scorecard, Term

_AXIS = (("feature", pa.string()), ("bin", pa.int32()), ("what", pa.string()), ("lower", pa.float64()),
         ("upper", pa.float64()), ("categories", pa.list_(pa.string())))  # fmt: skip
SCHEMA = pa.schema([
    pa.field("term", pa.string()),
    *(pa.field(f"{name}_{axis}", kind) for axis in (1, 2) for name, kind in _AXIS),
    pa.field("points", pa.float64()),
    pa.field("spread", pa.float64()),
    pa.field("customers", pa.float64()),
    pa.field("reason", pa.string()),
])  # fmt: skip


def to_table(scorecard: Scorecard) -> pa.Table:
    """The points as a table.

    Parameters
    ----------
    scorecard : Scorecard

    Returns
    -------
    pyarrow.Table
        One row a bin of a term. For each of its one or two axes: the feature, the bin's number, what it is
        (``missing``, ``range``, ``category`` or ``unseen``), the bounds of a range (lower inclusive, null where
        open) or the categories; then points (log-odds), spread (standard deviation over bags), training customers
        in the bin, and the reason in words.
    """
    rows = [row for term in scorecard.terms for row in _term_rows(term)]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def from_table(table: pa.Table, intercept: float) -> Scorecard:
    """The scorecard that `to_table` wrote."""
    names = table["term"].to_pylist()
    starts = [0, *(i for i in range(1, len(names)) if names[i] != names[i - 1]), len(names)]
    return Scorecard(intercept, tuple(_term(table.slice(a, b - a)) for a, b in pairwise(starts)))


def _term_rows(term: Term) -> list[dict[str, Any]]:
    places = list(np.ndindex(term.points.shape))
    return [
        {
            "term": term.name,
            **{key: value for axis, bin in enumerate(place) for key, value in
               _axis_cells(term.axes[axis], bin, axis + 1).items()},
            "points": float(term.points[place]),
            "spread": float(term.spread[place]),
            "customers": float(term.customers[place]),
            "reason": reason,
        }
        for place, reason in zip(places, term.reasons, strict=True)
    ]  # fmt: skip


def _axis_cells(axis: Bins, bin: int, number: int) -> dict[str, Any]:
    cells: dict[str, Any] = {"feature": axis.feature, "bin": bin}
    if bin == MISSING:
        cells["what"] = "missing"
    elif bin == axis.count - 1:
        cells["what"] = "unseen"
    elif isinstance(axis, NumberBins):
        cells["what"] = "range"
        cells["lower"], cells["upper"] = axis.bounds(bin)
    else:
        cells["what"], cells["categories"] = "category", list(axis.members(bin))
    return {f"{key}_{number}": value for key, value in cells.items()}


def _term(table: pa.Table) -> Term:
    axes = [_axis(table, 1)]
    if table["feature_2"][0].as_py() is not None:
        axes.append(_axis(table, 2))
    shape = tuple(axis.count for axis in axes)
    points, spread, customers = (
        table[name].to_numpy().reshape(shape).copy() for name in ("points", "spread", "customers")
    )
    return Term(tuple(axes), points, spread, customers, tuple(table["reason"].to_pylist()))


def _axis(table: pa.Table, number: int) -> Bins:
    names = (f"{name}_{number}" for name in ("feature", "bin", "what", "lower", "categories"))
    features, bins, whats, lowers, categories = (table[name].to_pylist() for name in names)
    if "range" in whats:
        found = {b: low for b, what, low in zip(bins, whats, lowers, strict=True) if what == "range"}
        return NumberBins(features[0], np.array([found[b] for b in sorted(found)][1:], dtype=np.float64))
    values = {
        value: b
        for b, what, members in zip(bins, whats, categories, strict=True)
        if what == "category"
        for value in members or []
    }
    return CategoryBins(features[0], values)
