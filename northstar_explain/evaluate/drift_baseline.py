"""The distribution of every feature, the probability and the segments at training: the baseline for drift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from northstar_explain import metrics
from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Feature
from northstar_explain.model.evaluation.data_facts import DriftFacts, Shift

_BINS = 10
_CATEGORIES = 20
SCHEMA = pa.schema([
    pa.field("of", pa.string()),
    pa.field("name", pa.string()),
    pa.field("bin", pa.int32()),
    pa.field("what", pa.string()),
    pa.field("lower", pa.float64()),
    pa.field("upper", pa.float64()),
    pa.field("category", pa.string()),
    pa.field("train_n", pa.int64()),
    pa.field("holdout_n", pa.int64()),
])  # fmt: skip


class Snapshot:
    """The columns of one row set that are compared for drift.

    Parameters
    ----------
    columns : mapping
        Every feature of the contract.
    probability : ndarray of float, shape (n,)
    segments : ndarray of str, shape (n,)
    """

    def __init__(self, columns: Columns, probability: np.ndarray, segments: np.ndarray):
        names, codes = np.unique(segments, return_inverse=True)
        self.columns = {
            **{("feature", name): column for name, column in columns.items()},
            ("probability", "probability"): probability,
            ("segment", "segment"): Category(codes.astype(np.int32), tuple(map(str, names))),
        }


def drift_table(train: Snapshot, holdout: Snapshot, features: Sequence[Feature]) -> pa.Table:
    """Count customers in a few bins of every feature, of the probability and of the segments.

    Parameters
    ----------
    train, holdout : Snapshot
        The training rows, which define the bins, and the holdout.
    features : sequence of Feature

    Returns
    -------
    pyarrow.Table
        One row per bin: ``of`` (``feature``, ``probability`` or ``segment``) and its name; ``what`` the bin is:
        ``missing``, ``range`` (a tenth of the training rows where values allow it; lower inclusive, null where open),
        ``category`` or ``other`` (all but the 20 most frequent); customers of each row set in it.
    """
    keys = [("feature", feature.name) for feature in features] + [("probability",) * 2, ("segment",) * 2]
    rows = []
    for of, name in keys:
        first, second = train.columns[of, name], holdout.columns[of, name]
        cells = _categories(first, second) if isinstance(first, Category) else _ranges(first, second)  # type: ignore[arg-type]
        rows += [{"of": of, "name": name, "bin": bin, **cell} for bin, cell in enumerate(cells)]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def drift_facts(table: pa.Table) -> DriftFacts:
    """How far the holdout is from the training rows: the reference for drift of later tables.

    Parameters
    ----------
    table : pyarrow.Table
        As returned by `drift_table`.

    Returns
    -------
    DriftFacts
    """
    rows = table.to_pylist()
    keys = dict.fromkeys((row["of"], row["name"]) for row in rows)
    shifts = []
    for of, name in keys:
        bins = [row for row in rows if (row["of"], row["name"]) == (of, name)]
        counts = [np.array([row[key] for row in bins]) for key in ("train_n", "holdout_n")]
        shifts.append(Shift(of, name, metrics.population_stability(*counts)))
    return DriftFacts(tuple(sorted(shifts, key=lambda one: (-one.psi, one.of, one.name))))


def _ranges(train: np.ndarray, holdout: np.ndarray) -> list[dict[str, Any]]:
    known = train[~np.isnan(train)]
    cuts = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1], method="closest_observation"))
    cuts = cuts[cuts > known.min()]  # a cut at the lowest value would leave an empty bin below it
    counts = [_range_counts(values, cuts) for values in (train, holdout)]
    bounds = [None, *map(float, cuts), None]
    cells: list[dict[str, Any]] = [{"what": "missing"}]
    cells += [{"what": "range", "lower": bounds[i], "upper": bounds[i + 1]} for i in range(len(cuts) + 1)]
    return _with_counts(cells, counts)


def _range_counts(values: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    absent = np.isnan(values)
    inside = np.bincount(np.searchsorted(cuts, values[~absent], side="right"), minlength=len(cuts) + 1)
    return np.concatenate([[absent.sum()], inside])


def _categories(train: Category, holdout: Category) -> list[dict[str, Any]]:
    frequency = np.bincount(train.codes[train.codes >= 0], minlength=len(train.values))
    order = sorted(range(len(frequency)), key=lambda i: (-frequency[i], train.values[i]))[:_CATEGORIES]
    kept = [train.values[i] for i in order]
    table = {value: place + 1 for place, value in enumerate(kept)}
    # Position 0 is missing, the last one every category beyond the most frequent, also one that training never had.
    counts = [
        np.bincount(column.lookup(table, 0, len(kept) + 1), minlength=len(kept) + 2) for column in (train, holdout)
    ]
    cells: list[dict[str, Any]] = [{"what": "missing"}]
    cells += [{"what": "category", "category": value} for value in kept]
    return _with_counts([*cells, {"what": "other"}], counts)


def _with_counts(cells: list[dict[str, Any]], counts: list[np.ndarray]) -> list[dict[str, Any]]:
    train, holdout = counts
    return [{**cell, "train_n": int(train[i]), "holdout_n": int(holdout[i])} for i, cell in enumerate(cells)]
