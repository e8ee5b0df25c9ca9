"""Every bin of every term as tables: bins of features, cells of pairs, and the axes of pairs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from northstar_explain.model import points
from northstar_explain.model.learned_model import Model
from northstar_explain.model.scorecard import Term
from northstar_explain.report.audit.shapes.bin_labels import bin_label
from northstar_explain.report.audit.shapes.feature_shapes import counts_by_term

_DIGITS = 5  # of columns that are read and not computed with; the model's own files hold every digit


def bin_tables(model: Model) -> dict[str, tuple[pa.Table, str]]:
    """Name to table and description.

    Pairs have many cells, so each row names its pair by page of the appendix and its bins by label; the exact bounds
    of the bins are a table of their own.
    """
    every_bin = points.to_table(model.scorecard)
    for name in model.shapes.column_names:
        if name.startswith(("train_", "holdout_")):
            every_bin = every_bin.append_column(name, model.shapes[name])
    # The dropped columns repeat others: the feature is the term's name, and its customers are train_n.
    single = every_bin.filter(every_bin["bin_2"].is_null()).drop_columns(["feature_1", "customers"])
    single = single.select([name for name in single.column_names if not name.endswith("_2")])
    single = single.rename_columns([name.removesuffix("_1") for name in single.column_names])
    for name in ("spread", "interval_low", "interval_high", "train_predicted", "holdout_predicted"):
        place = single.column_names.index(name)
        single = single.set_column(place, name, pa.array(_short(single[name].to_numpy())))
    described = {
        "scorecard": (
            single,
            "every bin of every feature: bounds, points, 95% interval, spread, rows and outcomes",
        )
    }
    pairs = [term for term in model.scorecard.terms if len(term.axes) == 2]
    if pairs:
        pages = {item.term: f"A{rank}" for rank, item in enumerate(model.evaluation.purchase.terms, start=1)}
        counts = counts_by_term(model)
        cells = pa.concat_tables(_cells(term, pages[term.name], counts[term.name], model) for term in pairs)
        sides = [row for term in pairs for row in _sides(term, pages[term.name])]
        described["pairs"] = cells, "every cell of every pair: points, spread, rows and outcomes"
        described["pair_bins"] = pa.Table.from_pylist(sides, schema=_SIDES), "the exact bounds of the bins of pairs"
    return described


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
    # Both in the order in which `ravel` flattens the points, so that rows of the table fit together.
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


def _short(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else float(f"{value:.{_DIGITS}g}") for value in values.tolist()]
