"""What customers did in each bin of the scorecard: the facts behind every plot of a shape."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from northstar_explain.contract import Columns
from northstar_explain.model.scorecard import Scorecard

PARTS = ("train", "holdout")
SCHEMA = pa.schema([
    pa.field("term", pa.string()),
    pa.field("bin_1", pa.int32()),
    pa.field("bin_2", pa.int32()),
    *(pa.field(f"{part}_{name}", kind) for part in PARTS
      for name, kind in (("n", pa.int64()), ("buyers", pa.int64()), ("predicted", pa.float64()))),
])  # fmt: skip


def shape_table(
    scorecard: Scorecard,
    train: tuple[Columns, np.ndarray],
    holdout: tuple[Columns, np.ndarray],
) -> pa.Table:
    """Count customers and buyers in each bin.

    Parameters
    ----------
    scorecard : Scorecard
    train, holdout : pair of mapping and ndarray of 0 and 1
        The features and the label of the rows that taught, and of the rows that the model has not seen.

    Returns
    -------
    pyarrow.Table
        As many rows as the scorecard has bins, in the same order: the term, its bins (the second is null for a term of
        one feature), and for either part ``n`` customers, ``buyers`` among them, and ``predicted``: the sum of their
        probabilities, so that bins can be put together.
    """
    parts = [_counts(scorecard, columns, label) for columns, label in (train, holdout)]
    cells: dict[str, list[object]] = {name: [] for name in SCHEMA.names}
    for place, term in enumerate(scorecard.terms):
        where = np.indices(term.points.shape).reshape(term.points.ndim, -1)
        cells["term"] += [term.name] * term.points.size
        cells["bin_1"] += where[0].tolist()
        cells["bin_2"] += where[1].tolist() if len(where) > 1 else [None] * term.points.size
        for part, counts in zip(PARTS, parts, strict=True):
            for name, values in zip(("n", "buyers", "predicted"), counts[place], strict=True):
                cells[f"{part}_{name}"] += values.tolist()
    return pa.table(cells, schema=SCHEMA)


def _counts(
    scorecard: Scorecard, columns: Columns, label: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    probability = scorecard.probability(columns)
    found = []
    for term in scorecard.terms:
        places, size = term.index(columns), term.points.size
        n = np.bincount(places, minlength=size)
        buyers = np.bincount(places, weights=label, minlength=size).astype(np.int64)
        found.append((n, buyers, np.bincount(places, weights=probability, minlength=size)))
    return found
