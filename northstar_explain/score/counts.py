"""Counts that add up over batches: the run report only divides them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from northstar_explain.contract.categories import Category
from northstar_explain.contract.check import CheckedBatch
from northstar_explain.contract.columns import Columns
from northstar_explain.model.learned_model import FLAG_BREAK_EVEN, FLAG_F1, Model
from northstar_explain.model.lookup import CategoryAxis
from northstar_explain.score.score_columns import Scored, Scorer

NAMED = 100  # unseen categories of a feature that are reported by name


@dataclass
class Tally:
    """Counts of the rows so far.

    Attributes
    ----------
    rows, scored, rejected, borderline, flag_f1, flag_break_even : int
    broken : Counter
        (column, what was expected) to rows.
    examples : dict
        (column, what was expected) to the first such row met: its file where there are several, its number, its cell.
    segments, deciles : Counter
        Segment id or decile (as text) to scored rows.
    unseen : dict
        Feature to categories that training never saw, to rows; at most `NAMED` of them, the first met.
    unseen_rows : Counter
        Feature to rows with any such category.
    below, above : Counter
        Feature to rows below the lowest or above the highest value of training.
    bins : dict
        Feature to rows in each of its fine bins: see `Lookup.axes`.
    """

    rows: int = 0
    scored: int = 0
    rejected: int = 0
    borderline: int = 0
    flag_f1: int = 0
    flag_break_even: int = 0
    broken: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], tuple[str, int, str]] = field(default_factory=dict)
    segments: Counter[str] = field(default_factory=Counter)
    deciles: Counter[str] = field(default_factory=Counter)
    unseen: dict[str, dict[str, int]] = field(default_factory=dict)
    unseen_rows: Counter[str] = field(default_factory=Counter)
    below: Counter[str] = field(default_factory=Counter)
    above: Counter[str] = field(default_factory=Counter)
    bins: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Add the counts of later rows."""
        for name in ("rows", "scored", "rejected", "borderline", FLAG_F1, FLAG_BREAK_EVEN):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("broken", "segments", "deciles", "unseen_rows", "below", "above"):
            getattr(self, name).update(getattr(other, name))
        # Examples of earlier rows stay: those of `other` come later in the table.
        self.examples = {**other.examples, **self.examples}
        for feature, values in other.unseen.items():
            known = self.unseen.setdefault(feature, {})
            for value, count in values.items():
                # Bounded: a column of free text would otherwise be kept in memory as a whole.
                if value in known or len(known) < NAMED:
                    known[value] = known.get(value, 0) + count
        for feature, counts in other.bins.items():
            self.bins[feature] = self.bins[feature] + counts if feature in self.bins else counts

    def to_json(self) -> dict[str, Any]:
        """The counts as plain data."""
        data = {name: value for name, value in self.__dict__.items() if name not in ("broken", "examples", "bins")}
        examples = [[*key, *example] for key, example in self.examples.items()]
        # As lists: keys are pairs here, and an object of JSON has texts.
        broken = [[column, expected, count] for (column, expected), count in self.broken.items()]
        return {
            **data,
            "broken": broken,
            "examples": examples,
            "bins": {name: counts.tolist() for name, counts in self.bins.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Tally:
        """The counts that `to_json` wrote."""
        tally = cls(**{name: value for name, value in data.items() if name not in ("broken", "examples", "bins")})
        for name in ("segments", "deciles", "unseen_rows", "below", "above"):
            setattr(tally, name, Counter(data[name]))
        tally.broken = Counter({(column, expected): count for column, expected, count in data["broken"]})
        tally.examples = {(column, rule): (file, row, got) for column, rule, file, row, got in data["examples"]}
        tally.bins = {name: np.array(counts, dtype=np.int64) for name, counts in data["bins"].items()}
        return tally


def count(checked: CheckedBatch, scored: Scored, scorer: Scorer, file: str = "") -> Tally:
    """Count one batch.

    Parameters
    ----------
    checked : CheckedBatch
    scored : Scored
        Its valid rows.
    scorer : Scorer
    file : str
        Where the rows come from, where there are several files.

    Returns
    -------
    Tally
    """
    rows = scored.rows
    tally = Tally(
        rows=rows.num_rows + checked.rejected.num_rows,
        scored=rows.num_rows,
        rejected=checked.rejected.num_rows,
        borderline=_count_true(rows.column("borderline")),
        flag_f1=_count_true(rows.column(FLAG_F1)),
        flag_break_even=_count_true(rows.column(FLAG_BREAK_EVEN)) if FLAG_BREAK_EVEN in rows.schema.names else 0,
        broken=Counter({(one.column, one.expected): one.rows for one in checked.reasons}),
        examples={(one.column, one.expected): (file, *one.example) for one in checked.reasons},
        segments=_count_words(rows.column("segment_id")),
        deciles=_count_deciles(rows.column("decile")),
        bins=scored.bins,
    )
    # Unseen categories and values out of range are scored all the same; the report says how often that happened.
    _count_unseen(tally, checked.columns, scorer)
    _count_outside(tally, checked.columns, scorer.model)
    return tally


def _count_true(flags: pa.BooleanArray) -> int:
    return int(np.count_nonzero(flags.to_numpy(zero_copy_only=False)))


def _count_words(column: pa.DictionaryArray) -> Counter[str]:
    counts = np.bincount(column.indices.to_numpy(), minlength=len(column.dictionary))
    return _positive(zip(column.dictionary.to_pylist(), counts.tolist(), strict=True))


def _count_deciles(deciles: pa.Array) -> Counter[str]:
    return _positive((str(decile), n) for decile, n in enumerate(np.bincount(deciles.to_numpy()).tolist()))


def _count_unseen(tally: Tally, columns: Columns, scorer: Scorer) -> None:
    for feature, axis in scorer.lookup.axes.items():
        # The last bin is the unseen one: where it is empty, there are no names to look up.
        if not isinstance(axis, CategoryAxis) or not tally.bins[feature][-1]:
            continue
        column = columns[feature]
        assert isinstance(column, Category)
        # Code -1 is missing, which is not an unseen category.
        counts = np.bincount(column.codes + 1, minlength=len(column.values) + 1)[1:].tolist()
        unknown = {v: n for v, n in zip(column.values, counts, strict=True) if n and v not in axis.values}
        tally.unseen[feature] = unknown
        tally.unseen_rows[feature] = sum(unknown.values())


def _count_outside(tally: Tally, columns: Columns, model: Model) -> None:
    for feature, (low, high) in model.purchase.ranges.items():
        column = columns[feature]
        assert isinstance(column, np.ndarray)
        # Comparisons with NaN are false, so missing values count in neither.
        tally.below.update(_positive([(feature, int(np.count_nonzero(column < low)))]))
        tally.above.update(_positive([(feature, int(np.count_nonzero(column > high)))]))


def _positive(counts: Iterable[tuple[str, int]]) -> Counter[str]:
    return Counter({name: n for name, n in counts if n})
