"""A scorecard as a table with one row per bin, and back: the content of `scorecard.parquet`."""

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
    pa.field("theme", pa.string()),
    *(pa.field(f"{name}_{axis}", kind) for axis in (1, 2) for name, kind in _AXIS),
    pa.field("points", pa.float64()),
    pa.field("spread", pa.float64()),
    # Null for pairs, and in bins without customers.
    pa.field("interval_low", pa.float64()),
    pa.field("interval_high", pa.float64()),
    # Weights in interpret, and so no whole numbers by their type.
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
        One row per bin of a term, with its theme. For each of its one or two axes: the feature, the bin's number, its
        type (``missing``, ``range``, ``category`` or ``unseen``), the bounds of a range (lower inclusive, null where
        open) or the categories; then points (log-odds), spread (standard deviation over bags), the bounds of the
        95% interval, training customers in the bin, and the reason in words.
    """
    rows = [row for term in scorecard.terms for row in _term_rows(term)]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def from_table(table: pa.Table, intercept: float) -> Scorecard:
    """The scorecard that `to_table` wrote; tables of format 10 and older have no intervals."""
    # By columns, not rows: every scorer starts with this, and a scorecard may have 30,000 rows.
    # A term of one feature has no second bin: null, which becomes NaN in NumPy, and 0 here.
    bins = [np.nan_to_num(table[f"bin_{axis}"].to_numpy()).astype(np.int64) for axis in (1, 2)]
    # A term begins at its bin for missing values, which is the first along each axis.
    starts = [*np.flatnonzero((bins[0] == 0) & (bins[1] == 0)).tolist(), table.num_rows]
    lowers = [table[f"lower_{axis}"].to_numpy() for axis in (1, 2)]
    figures = [table[name].to_numpy() for name in ("points", "spread", "customers")]
    bounds = np.full((2, table.num_rows), np.nan)
    if "interval_low" in table.column_names:
        bounds = np.stack([table[f"interval_{end}"].to_numpy() for end in ("low", "high")])
    reasons = table["reason"].to_pylist()
    # Of a model of format 10, to compare with, terms have no theme.
    themes = table["theme"] if "theme" in table.column_names else pa.array([""] * table.num_rows)
    terms = []
    for start, end in pairwise(starts):
        width = int(bins[1][end - 1]) + 1
        axes = [_axis(table, 1, range(start, end, width), lowers[0])]
        if width > 1:
            axes.append(_axis(table, 2, range(start, start + width), lowers[1]))
        shape = tuple(axis.count for axis in axes)
        points, spread, customers = (figure[start:end].reshape(shape).copy() for figure in figures)
        interval = None if np.isnan(bounds[:, start:end]).all() else bounds[:, start:end].copy()
        words = tuple(reasons[start:end])
        terms.append(Term(tuple(axes), points, spread, customers, words, themes[start].as_py(), interval))
    return Scorecard(intercept, tuple(terms))


def _term_rows(term: Term) -> list[dict[str, Any]]:
    places = list(np.ndindex(term.points.shape))
    return [
        {
            "term": term.name,
            "theme": term.theme,
            **{f"{key}_{axis + 1}": value for axis, bin in enumerate(place) for key, value in
               bin_cells(term.axes[axis], bin).items()},
            "points": float(term.points[place]),
            "spread": float(term.spread[place]),
            **_bounds(term, place),
            "customers": float(term.customers[place]),
            "reason": reason,
        }
        for place, reason in zip(places, term.reasons, strict=True)
    ]  # fmt: skip


def _bounds(term: Term, place: tuple[int, ...]) -> dict[str, float]:
    if term.interval is None or np.isnan(term.interval[(0, *place)]):
        return {}
    return {f"interval_{end}": float(term.interval[(at, *place)]) for at, end in enumerate(("low", "high"))}


def bin_cells(axis: Bins, bin: int) -> dict[str, Any]:
    """The cells of a row for one axis of its bin: feature, number, type, and bounds or categories."""
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
    return cells


def _axis(table: pa.Table, number: int, rows: range, lowers: np.ndarray) -> Bins:
    """One axis of a term, from one row for each of its bins."""
    feature = table[f"feature_{number}"][rows[0]].as_py()
    whats, categories = table[f"what_{number}"], table[f"categories_{number}"]
    if len(rows) > 2 and whats[rows[1]].as_py() == "range":
        # Without missing, unseen and the lowest range, which is open below, lower bounds are the cuts.
        return NumberBins(feature, lowers[rows[2:-1]].astype(np.float64))
    return CategoryBins(
        feature, {value: bin for bin, row in enumerate(rows) for value in categories[row].as_py() or ()}
    )
