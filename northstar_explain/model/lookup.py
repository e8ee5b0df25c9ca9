"""A scorecard prepared for many rows: each feature is binned once, for all terms that use it.

The result is the scorecard's own: the same bins and points, added in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, count_rows
from northstar_explain.model.grid import Grid, distinct
from northstar_explain.model.reason_keys import ReasonKeys, Top
from northstar_explain.model.scorecard import MISSING, Bins, CategoryBins, NumberBins, Scorecard, Term


class Sums(NamedTuple):
    """Scores of some rows.

    Attributes
    ----------
    logit : ndarray of float64, shape (n,)
        Intercept and points, added term after term.
    top : list of ndarray of int32, each of shape (n,)
        The reasons, the largest theme first: 1 and the place of the bin, counted over all terms; 0 where no further
        theme contributes.
    """

    logit: np.ndarray
    top: list[np.ndarray]


class NumberAxis:
    """Fine bins of a numeric feature, cut wherever one of its terms cuts it; 0 is missing."""

    def __init__(self, bins: list[NumberBins]):
        self.cuts = distinct(np.concatenate([axis.cuts for axis in bins]))
        self.count = len(self.cuts) + 2
        self._grid = Grid(self.cuts)

    def index(self, column: np.ndarray | Category) -> np.ndarray:
        """The fine bin of each row."""
        assert isinstance(column, np.ndarray)
        bins = self._grid(column)
        bins += 1
        absent = np.isnan(column)
        if absent.any():
            bins[absent] = MISSING
        return bins

    def bin_of(self, bins: Bins) -> np.ndarray:
        """For each fine bin, the bin of one term: shape (count,)."""
        assert isinstance(bins, NumberBins)
        # Each fine bin lies within one bin of the term, so its lowest value stands for all of it.
        lowest = np.concatenate([[np.nan, -np.inf], self.cuts])
        return bins.index(lowest)


class CategoryAxis:
    """Fine bins of a category: 0 is missing, then every value of a term, and last any other value."""

    def __init__(self, bins: list[CategoryBins]):
        names = dict.fromkeys(value for axis in bins for value in axis.values)
        self.values = {value: bin for bin, value in enumerate(names, start=1)}
        self.count = len(names) + 2

    def index(self, column: np.ndarray | Category) -> np.ndarray:
        """The fine bin of each row."""
        assert isinstance(column, Category)
        return column.lookup(self.values, MISSING, self.count - 1)

    def bin_of(self, bins: Bins) -> np.ndarray:
        """For each fine bin, the bin of one term: shape (count,)."""
        assert isinstance(bins, CategoryBins)
        # A value that only another term knows is unseen to this one.
        known = [bins.values.get(value, bins.count - 1) for value in self.values]
        return np.array([MISSING, *known, bins.count - 1], dtype=np.intp)


Axis = NumberAxis | CategoryAxis


@dataclass(frozen=True)
class _Entry:
    """One term, prepared.

    Attributes
    ----------
    features : tuple of str
    steps : tuple of ndarray or None
        For each feature, the offset of its fine bins in `points` and `keys`; None where a fine bin is the index.
    points, keys : ndarray, shape (places,)
    last : tuple of str
        Features that no later term uses.
    """

    features: tuple[str, ...]
    steps: tuple[np.ndarray | None, ...]
    points: np.ndarray
    keys: np.ndarray
    last: tuple[str, ...]


class Lookup:
    """A scorecard prepared for many rows.

    Parameters
    ----------
    scorecard : Scorecard

    Attributes
    ----------
    axes : dict
        Each feature's fine bins.
    """

    def __init__(self, scorecard: Scorecard):
        self.intercept = scorecard.intercept
        self.axes = _axes(scorecard)
        self._reasons = ReasonKeys(scorecard)
        # Later terms overwrite earlier ones, so what remains is the last term that uses the feature.
        last = {name: number for number, term in enumerate(scorecard.terms) for name in term.features}
        self._entries = [
            self._entry(
                term,
                self._reasons.keys[number],
                tuple(name for name in term.features if last[name] == number),
            )
            for number, term in enumerate(scorecard.terms)
        ]

    def _entry(self, term: Term, keys: np.ndarray, last: tuple[str, ...]) -> _Entry:
        points = term.points.ravel()
        bins = [self.axes[axis.feature].bin_of(axis) for axis in term.axes]
        # A single feature needs no index arithmetic: its tables are laid out by fine bins.
        if len(bins) == 1:
            return _Entry(term.features, (None,), points[bins[0]], keys[bins[0]], last)
        return _Entry(term.features, (bins[0] * term.axes[1].count, bins[1]), points, keys, last)

    def empty_counts(self) -> dict[str, np.ndarray]:
        """Zero counts of rows in each fine bin of each feature."""
        return {feature: np.zeros(axis.count, dtype=np.int64) for feature, axis in self.axes.items()}

    def __call__(self, columns: Columns, most: int = 0, counts: dict[str, np.ndarray] | None = None) -> Sums:
        """Score rows.

        Parameters
        ----------
        columns : mapping
            Name to float64 array or `Category`, for every feature of the scorecard.
        most : int, default 0
            How many reasons to return.
        counts : dict, optional
            Feature to counts of its fine bins, to which these rows are added.

        Returns
        -------
        Sums
        """
        # A feature is binned when first used and dropped after its last use, so that the working set stays in cache.
        bins: dict[str, np.ndarray] = {}
        rows = count_rows(columns)
        # Term by term: the order in which np.sum adds depends on the number of rows, and a score must not.
        logit = np.full(rows, self.intercept)
        top = Top(self._reasons, most, rows)
        for number, entry in enumerate(self._entries):
            for feature in entry.features:
                if feature not in bins:
                    bins[feature] = self.axes[feature].index(columns[feature])
                    if counts is not None:
                        counts[feature] += np.bincount(bins[feature], minlength=len(counts[feature]))
            index = _index(entry, bins)
            # Indices are in range by construction; "clip" skips the check.
            logit += entry.points.take(index, mode="clip")
            if most:
                top.add(number, entry.keys.take(index, mode="clip"))
            for feature in entry.last:
                del bins[feature]
        return Sums(logit, top.places())


def _axes(scorecard: Scorecard) -> dict[str, Axis]:
    numbers: dict[str, list[NumberBins]] = {}
    categories: dict[str, list[CategoryBins]] = {}
    for axis in (axis for term in scorecard.terms for axis in term.axes):
        if isinstance(axis, NumberBins):
            numbers.setdefault(axis.feature, []).append(axis)
        else:
            categories.setdefault(axis.feature, []).append(axis)
    return {
        name: NumberAxis(numbers[name]) if name in numbers else CategoryAxis(categories[name])
        for name in scorecard.features
    }


def _index(entry: _Entry, bins: dict[str, np.ndarray]) -> np.ndarray:
    first = bins[entry.features[0]]
    if entry.steps[0] is None:
        return first
    second = bins[entry.features[1]]
    index = entry.steps[0].take(first, mode="clip")
    assert entry.steps[1] is not None
    index += entry.steps[1].take(second, mode="clip")
    return index
