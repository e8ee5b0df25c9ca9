"""Every bin of every term as tables: bins of the features, cells of the pairs, and the sides of the pairs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from northstar_explain.model import Model, points
from northstar_explain.model.scorecard import Term
from northstar_explain.report.audit.shapes.bin_labels import bin_label
from northstar_explain.report.audit.shapes.feature_shapes import counts_by_term

_DIGITS = 5  # of what nobody computes with; the model's own files have all of them


def bin_tables(model: Model) -> dict[str, tuple[pa.Table, str]]:
    """The tables with what they are, by name.

    Cells of pairs are many, so that they are told shortly: by the page of the appendix that shows the pair, and by
    words for either side. The exact bounds of these are a table of their own.
    """
    every = points.to_table(model.scorecard)
    for name in model.shapes.column_names:
        if name.startswith(("train_", "holdout_")):
            every = every.append_column(name, model.shapes[name])
    # Of one feature, which is the term's name; its customers are those of the column train_n.
    alone = every.filter(every["bin_2"].is_null()).drop_columns(["feature_1", "customers"])
    alone = alone.select([name for name in alone.column_names if not name.endswith("_2")])
    alone = alone.rename_columns([name.removesuffix("_1") for name in alone.column_names])
    found = {"scorecard": (alone, "every bin of every feature: bounds, points, spread, customers, and who bought")}
    pairs = [term for term in model.scorecard.terms if len(term.axes) == 2]
    if pairs:
        pages = {item.term: f"A{rank}" for rank, item in enumerate(model.evaluation.purchase.terms, start=1)}
        counts = counts_by_term(model)
        cells = pa.concat_tables(_cells(term, pages[term.name], counts[term.name], model) for term in pairs)
        sides = [row for term in pairs for row in _sides(term, pages[term.name])]
        found["pairs"] = cells, "every cell of every pair: points, spread, customers, and who bought"
        found["pair_bins"] = pa.Table.from_pylist(sides, schema=_SIDES), "the exact bounds of the cells' sides"
    return found


_SIDES = pa.schema([
    pa.field("page", pa.string()),
    pa.field("term", pa.string()),
    pa.field("side", pa.int32()),
    pa.field("feature", pa.string()),
    pa.field("bin", pa.int32()),
    pa.field("what", pa.string()),
    pa.field("lower", pa.float64()),
    pa.field("upper", pa.float64()),
    pa.field("categories", pa.list_(pa.string())),
])  # fmt: skip


def _sides(term: Term, page: str) -> Iterator[dict[str, Any]]:
    for side, axis in enumerate(term.axes, start=1):
        for bin in range(axis.count):
            yield {"page": page, "term": term.name, "side": side, **points.bin_cells(axis, bin)}


def _cells(term: Term, page: str, counts: dict[str, np.ndarray], model: Model) -> pa.Table:
    rows, columns = (side.ravel() for side in np.indices(term.points.shape))
    first, second = ([bin_label(axis, bin, model.contract) for bin in range(axis.count)] for axis in term.axes)
    return pa.table({
        "page": pa.array([page] * term.points.size),
        "bin_1": pa.array(rows, pa.int32()),
        "bin_2": pa.array(columns, pa.int32()),
        "first": pa.array([first[bin] for bin in rows]),
        "second": pa.array([second[bin] for bin in columns]),
        "points": pa.array(term.points.ravel()),
        "spread": pa.array(_short(term.spread.ravel())),
        **{name: pa.array(_short(values) if values.dtype.kind == "f" else values) for name, values in counts.items()},
    })  # fmt: skip


def _short(values: np.ndarray) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values.tolist()]
