"""A scorecard made ready for many rows: each feature looked up once, each bin's points and rank one step away.

Nothing is computed that the scorecard does not say: the same bins, the same points, added up in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from northstar_explain.contract import Category, Columns
from northstar_explain.model.grid import Grid, distinct
from northstar_explain.model.scorecard import MISSING, Bins, CategoryBins, NumberBins, Scorecard, Term


class Sums(NamedTuple):
    """What a scorecard says of some rows.

    Attributes
    ----------
    logit : ndarray of float64, shape (n,)
        Intercept and points, added term after term.
    top : list of ndarray, each of shape (n,)
        Ranks of the bins with the largest points either way, the largest first; 0 where no more terms add anything.
    """

    logit: np.ndarray
    top: list[np.ndarray]


class NumberAxis:
    """A numeric feature cut wherever one of its terms cuts it: fine bins, 0 where it is missing."""

    def __init__(self, bins: list[NumberBins]):
        self.cuts = distinct(np.concatenate([axis.cuts for axis in bins]))
        self.count = len(self.cuts) + 2
        self._grid = Grid(self.cuts)

    def index(self, column: np.ndarray | Category) -> np.ndarray:
        """The fine bin of each row."""
        assert isinstance(column, np.ndarray)
        found = self._grid(column)
        found += 1
        absent = np.isnan(column)
        if absent.any():
            found[absent] = MISSING
        return found

    def bin_of(self, bins: Bins) -> np.ndarray:
        """For each fine bin, the bin of one term: shape (count,)."""
        assert isinstance(bins, NumberBins)
        lowest = np.concatenate([[np.nan, -np.inf], self.cuts])
        return bins.index(lowest)


class CategoryAxis:
    """A category feature: 0 where it is missing, then every value a term knows, and last any other."""

    def __init__(self, bins: list[CategoryBins]):
        names = dict.fromkeys(value for axis in bins for value in axis.values)
        self.values = {value: place for place, value in enumerate(names, start=1)}
        self.count = len(names) + 2

    def index(self, column: np.ndarray | Category) -> np.ndarray:
        """The fine bin of each row."""
        assert isinstance(column, Category)
        return column.lookup(self.values, MISSING, self.count - 1)

    def bin_of(self, bins: Bins) -> np.ndarray:
        """For each fine bin, the bin of one term: shape (count,)."""
        assert isinstance(bins, CategoryBins)
        known = [bins.values.get(value, bins.count - 1) for value in self.values]
        return np.array([MISSING, *known, bins.count - 1], dtype=np.intp)


Axis = NumberAxis | CategoryAxis


@dataclass(frozen=True)
class _Entry:
    """One term as the rows meet it.

    Attributes
    ----------
    features : tuple of str
    steps : tuple of ndarray or None
        For each feature, what its fine bin adds to the place in the tables; None where it is the place.
    points, ranks : ndarray, shape (places,)
    last : tuple of str
        Features that no later term asks for.
    """

    features: tuple[str, ...]
    steps: tuple[np.ndarray | None, ...]
    points: np.ndarray
    ranks: np.ndarray
    last: tuple[str, ...]


class Lookup:
    """A scorecard made ready for many rows.

    Parameters
    ----------
    scorecard : Scorecard

    Attributes
    ----------
    axes : dict
        Each feature's fine bins.
    ranked : ndarray of intp, shape (ranks,)
        For each rank from 1, which reason it is, counted through all terms. Ranks order all bins of all terms by
        the size of their points, from the smallest up; of equal ones the earlier term's ranks higher. Rank 0 is for
        bins that add nothing.
    rank_type : numpy.dtype
        The narrowest that holds them all.
    """

    def __init__(self, scorecard: Scorecard):
        self.intercept = scorecard.intercept
        self.axes = _axes(scorecard)
        size = np.concatenate([np.abs(term.points).ravel() for term in scorecard.terms])
        order = np.argsort(size[::-1], kind="stable")
        self.ranked = (len(size) - 1 - order)[np.count_nonzero(size == 0) :]
        self.rank_type = np.dtype(np.uint16 if len(self.ranked) < 1 << 16 else np.uint32)
        ranks = np.zeros(len(size), dtype=self.rank_type)
        ranks[self.ranked] = np.arange(1, len(self.ranked) + 1)
        starts = np.cumsum([0, *(term.points.size for term in scorecard.terms)])
        last = {name: number for number, term in enumerate(scorecard.terms) for name in term.features}
        self._entries = [
            self._entry(
                term,
                ranks[starts[number] : starts[number + 1]],
                tuple(name for name in term.features if last[name] == number),
            )
            for number, term in enumerate(scorecard.terms)
        ]

    def _entry(self, term: Term, ranks: np.ndarray, last: tuple[str, ...]) -> _Entry:
        points = term.points.ravel()
        bins = [self.axes[axis.feature].bin_of(axis) for axis in term.axes]
        if len(bins) == 1:
            return _Entry(term.features, (None,), points[bins[0]], ranks[bins[0]], last)
        return _Entry(term.features, (bins[0] * term.axes[1].count, bins[1]), points, ranks, last)

    def empty_counts(self) -> dict[str, np.ndarray]:
        """Nobody in any fine bin of any feature, for counting them."""
        return {feature: np.zeros(axis.count, dtype=np.int64) for feature, axis in self.axes.items()}

    def __call__(self, columns: Columns, most: int = 0, counts: dict[str, np.ndarray] | None = None) -> Sums:
        """Score rows.

        Parameters
        ----------
        columns : mapping
            Name to float64 array or `Category`, for every feature of the scorecard.
        most : int, default 0
            How many of the largest contributions to find.
        counts : dict, optional
            Feature to rows in each of its fine bins: these rows are added to it.

        Returns
        -------
        Sums
        """
        # A feature is looked up when it is first asked for and forgotten after the last time: what is at hand at any
        # moment then fits into the processor's own memory.
        bins: dict[str, np.ndarray] = {}
        rows = len(next(iter(columns.values())))
        # Term after term: NumPy's own sum groups its addends by the number of rows, and a score must not.
        logit = np.full(rows, self.intercept)
        top = _Top(most, rows, self.rank_type)
        for entry in self._entries:
            for feature in entry.features:
                if feature not in bins:
                    bins[feature] = self.axes[feature].index(columns[feature])
                    if counts is not None:
                        counts[feature] += np.bincount(bins[feature], minlength=len(counts[feature]))
            place = _place(entry, bins)
            logit += entry.points.take(place, mode="clip")
            if most:
                top.add(entry.ranks.take(place, mode="clip"))
            for feature in entry.last:
                del bins[feature]
        return Sums(logit, top.ranks)


class _Top:
    """The largest of what is added, row by row."""

    def __init__(self, most: int, rows: int, kind: np.dtype):
        self.ranks = [np.zeros(rows, dtype=kind) for _ in range(most)]

    def add(self, ranks: np.ndarray) -> None:
        for place, held in enumerate(self.ranks):
            self.ranks[place] = np.maximum(held, ranks)
            ranks = np.minimum(held, ranks)


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


def _place(entry: _Entry, bins: dict[str, np.ndarray]) -> np.ndarray:
    first = bins[entry.features[0]]
    if entry.steps[0] is None:
        return first
    second = bins[entry.features[1]]
    place = entry.steps[0].take(first, mode="clip")
    assert entry.steps[1] is not None
    place += entry.steps[1].take(second, mode="clip")
    return place
