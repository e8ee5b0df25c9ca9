"""Customers and buyers in each bin of the scorecard: the counts behind every plot of a shape."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from northstar_explain.contract.columns import Columns
from northstar_explain.evaluate.retraining import Refits
from northstar_explain.model.scorecard import Scorecard

ROW_SETS, REFITTED = ("train", "holdout"), ("refit_low", "refit_high", "later_points")
SCHEMA = pa.schema([
    pa.field("term", pa.string()),
    pa.field("bin_1", pa.int32()),
    pa.field("bin_2", pa.int32()),
    *(pa.field(f"{rows}_{name}", kind) for rows in ROW_SETS
      for name, kind in (("n", pa.int64()), ("buyers", pa.int64()), ("predicted", pa.float64()))),
])  # fmt: skip


def shape_table(
    scorecard: Scorecard,
    train: tuple[Columns, np.ndarray],
    holdout: tuple[Columns, np.ndarray],
    refitted: Refits | None = None,
) -> pa.Table:
    """Count customers and buyers in each bin.

    Parameters
    ----------
    scorecard : Scorecard
    train, holdout : pair of mapping and ndarray of 0 and 1
        Features and label of the training rows and of the holdout.
    refitted : Refits, optional
        The model fitted again.

    Returns
    -------
    pyarrow.Table
        One row per bin of the scorecard, in the same order: the term, its bins (the second is null for a term of one
        feature), and for each row set ``n`` customers, ``buyers`` among them, and ``predicted``: the sum of their
        probabilities, so that bins can be merged. With refits, their points too: ``refit_low``, ``refit_high`` and
        ``later_points``, null for a pair.
    """
    row_sets = [_counts(scorecard, columns, label) for columns, label in (train, holdout)]
    cells: dict[str, list[object]] = {name: [] for name in SCHEMA.names}
    for place, term in enumerate(scorecard.terms):
        # In the order of the flattened points, which is that of the rows of the scorecard's table.
        bins = np.indices(term.points.shape).reshape(term.points.ndim, -1)
        cells["term"] += [term.name] * term.points.size
        cells["bin_1"] += bins[0].tolist()
        cells["bin_2"] += bins[1].tolist() if len(bins) > 1 else [None] * term.points.size
        for rows, counts in zip(ROW_SETS, row_sets, strict=True):
            for name, values in zip(("n", "buyers", "predicted"), counts[place], strict=True):
                cells[f"{rows}_{name}"] += values.tolist()
    table = pa.table(cells, schema=SCHEMA)
    for name, points in zip(REFITTED, refitted[1:] if refitted else (), strict=bool(refitted)):
        table = table.append_column(name, pa.array(points, from_pandas=True))
    return table


def _counts(
    scorecard: Scorecard, columns: Columns, label: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    probability = scorecard.probability(columns)
    counts = []
    for term in scorecard.terms:
        bins, size = term.index(columns), term.points.size
        n = np.bincount(bins, minlength=size)
        buyers = np.bincount(bins, weights=label, minlength=size).astype(np.int64)
        counts.append((n, buyers, np.bincount(bins, weights=probability, minlength=size)))
    return counts
