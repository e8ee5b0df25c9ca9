"""The purchase model as a table of points: a score is the intercept plus the points of a customer's bins.

Bins follow interpret's convention, so that the table equals the EBM it is compiled from: bin 0 is missing, the last
bin is unseen, and a value equal to a cut belongs to the bin above it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, count_rows

MISSING = 0


@dataclass(frozen=True)
class NumberBins:
    """Bins of a numeric feature: missing, one more than there are cuts, and unseen (which no number falls into)."""

    feature: str
    cuts: np.ndarray

    @property
    def count(self) -> int:
        """The number of bins, with missing and unseen."""
        return len(self.cuts) + 3

    def index(self, column: np.ndarray | Category) -> np.ndarray:
        """The bin of each row; NaN is missing, infinities fall into the outermost bins."""
        assert isinstance(column, np.ndarray)
        bins = np.searchsorted(self.cuts, column, side="right") + 1
        bins[np.isnan(column)] = MISSING
        return bins

    def bounds(self, bin: int) -> tuple[float | None, float | None]:
        """``lower <= value < upper`` of a bin between missing and unseen; None where it is open."""
        lower = None if bin == 1 else float(self.cuts[bin - 2])
        upper = None if bin == self.count - 2 else float(self.cuts[bin - 1])
        return lower, upper


@dataclass(frozen=True)
class CategoryBins:
    """Bins of a category: missing, the values seen in training, and unseen."""

    feature: str
    values: Mapping[str, int]

    @property
    def count(self) -> int:
        """The number of bins, with missing and unseen."""
        # By the highest bin and not by the number of values: rare values share a bin.
        return max(self.values.values(), default=0) + 2

    def index(self, column: np.ndarray | Category) -> np.ndarray:
        """The bin of each row."""
        # A value that training did not see falls into the last bin, whose points are interpret's for unknown ones.
        assert isinstance(column, Category)
        return column.lookup(self.values, MISSING, self.count - 1)

    def members(self, bin: int) -> tuple[str, ...]:
        """The values in a bin."""
        return tuple(value for value, at in self.values.items() if at == bin)


Bins = NumberBins | CategoryBins


@dataclass(frozen=True)
class Term:
    """One addend of the score: a feature, or a pair of them.

    Attributes
    ----------
    axes : tuple of Bins
        One feature or two.
    points : ndarray, shape (bins,) or (bins of the first, bins of the second)
        Addend to the log-odds.
    spread : ndarray, same shape
        Standard deviation of the points over the outer bags; not a confidence interval.
    customers : ndarray, same shape
        Training customers in the bin.
    reasons : tuple of str
        The words for each bin, in the flattened order of `points`.
    theme : str
        Terms of one theme give one reason together; empty for a term that stands alone.
    interval : ndarray, shape (2, bins), or None
        Lower and upper bound of the 95% interval of each bin of a single feature; NaN in a bin without customers. None
        where there are none: for pairs.
    """

    axes: tuple[Bins, ...]
    points: np.ndarray
    spread: np.ndarray
    customers: np.ndarray
    reasons: tuple[str, ...] = field(default=(), repr=False)
    theme: str = ""
    interval: np.ndarray | None = None

    @property
    def name(self) -> str:
        """The features joined by a multiplication sign."""
        return " × ".join(axis.feature for axis in self.axes)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of its features."""
        return tuple(axis.feature for axis in self.axes)

    def index(self, columns: Columns) -> np.ndarray:
        """Each row's index in the flattened points."""
        first = self.axes[0].index(columns[self.axes[0].feature])
        if len(self.axes) == 1:
            return first
        second = self.axes[1]
        position: np.ndarray = first * second.count + second.index(columns[second.feature])
        return position

    @property
    def importance(self) -> float:
        """Mean absolute points over the training customers (Nori et al. 2019, InterpretML)."""
        weight = self.customers.sum()
        return float((np.abs(self.points) * self.customers).sum() / weight) if weight else 0.0


@dataclass(frozen=True)
class Scorecard:
    """The purchase model as data: log-odds = intercept + one entry of each term's points."""

    intercept: float
    terms: tuple[Term, ...]

    @property
    def features(self) -> tuple[str, ...]:
        """The features it needs, in the order of first use."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term.features))

    def contributions(self, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
        """The contribution of each term to each row.

        Parameters
        ----------
        columns : mapping
            Name to float64 array or `Category`.

        Returns
        -------
        places : ndarray of int, shape (terms, n)
            Index into each term's flattened points (and reasons).
        points : ndarray of float, shape (terms, n)
        """
        places = np.stack([term.index(columns) for term in self.terms])
        points = np.stack([term.points.ravel()[row] for term, row in zip(self.terms, places, strict=True)])
        return places, points

    def logit(self, points: np.ndarray) -> np.ndarray:
        """Log-odds of each row from its contributions: shape (terms, n) to shape (n,)."""
        # Term by term: the order in which np.sum adds depends on the number of rows, and a score must not.
        total = np.full(points.shape[1], self.intercept)
        for addend in points:
            total += addend
        return total

    def probability(self, columns: Columns) -> np.ndarray:
        """Probability of the label for each row, between 0 and 1."""
        # Added as `logit` adds them, but never all in memory: of two million rows, those of all terms take gigabytes.
        total = np.full(count_rows(columns), self.intercept)
        for term in self.terms:
            total += term.points.ravel()[term.index(columns)]
        return sigmoid(total)


def sigmoid(logit: np.ndarray) -> np.ndarray:
    """The logistic function, without overflow for large negative log-odds."""
    # exp of a negative number only: exp(800) would overflow.
    small = np.exp(-np.abs(logit))
    probability: np.ndarray = np.where(logit >= 0, 1 / (1 + small), small / (1 + small))
    return probability
