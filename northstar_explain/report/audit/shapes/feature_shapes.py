"""The shape of a feature: the points of each bin, its customers, and their purchases in training and holdout."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from northstar_explain.contract.features import Feature
from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.model.evaluation.purchase_facts import TermImportance
from northstar_explain.model.learned_model import Model
from northstar_explain.model.scorecard import MISSING, NumberBins, Term, sigmoid
from northstar_explain.report.audit.shapes.bin_labels import bin_label, range_label, unit_words
from northstar_explain.report.audit.shapes.plot_axis import PlotAxis, Tick, plot_axis

# Rows of bins that fit on a page: neighbouring bins of numbers are merged into this many groups, while categories
# have no neighbours to merge with, so only the largest are shown.
ROWS = 12
CATEGORIES = 14
_COUNTED = ("train_", "holdout_", "refit_", "later_")


@dataclass(frozen=True)
class Bin:
    """A bin of a term, or several neighbouring bins merged.

    Attributes
    ----------
    label : str
    left, right : float
        Position on the axis, 0 to 1; both 0 for categories and for missing and unseen.
    lowest, highest : float
        Points (log-odds): the smallest and largest of the bins.
    points : float
        Mean of the points, weighted by training customers.
    interval : tuple of float, or None
        Lower and upper bound of the 95% interval; of merged bins, the farthest from the points on either side. None
        without customers.
    train_n, train_buyers, holdout_n, holdout_buyers : int
    predicted : float
        Sum of the probabilities of its holdout customers, that is, how many are expected to have the outcome.
    bins : int
        How many bins are merged.
    number : int
        The bin's number in the scorecard; of merged bins, that of the first.
    refits : tuple of float, or None
        Lowest and highest points where the model was fitted again; None where it was not.
    later : float or None
        Points of a fit to the later table.
    """

    label: str
    left: float
    right: float
    lowest: float
    highest: float
    points: float
    interval: tuple[float, float] | None
    train_n: int
    train_buyers: int
    holdout_n: int
    holdout_buyers: int
    predicted: float
    bins: int = 1
    number: int = 0
    refits: tuple[float, float] | None = None
    later: float | None = None

    @property
    def thin(self) -> bool:
        """Whether the bin has too few training customers for its points to be relied on."""
        return self.train_n < THIN_BIN_CUSTOMERS

    @property
    def ends(self) -> tuple[float, float]:
        """The bounds of its interval, or its points where it has none."""
        return self.interval or (self.points, self.points)

    @property
    def train_rate(self) -> float | None:
        """Share of the training customers with the outcome; None without customers."""
        return self.train_buyers / self.train_n if self.train_n else None

    @property
    def holdout_rate(self) -> float | None:
        """The same in the holdout."""
        return self.holdout_buyers / self.holdout_n if self.holdout_n else None

    @property
    def predicted_rate(self) -> float | None:
        """Mean probability in the holdout."""
        return self.predicted / self.holdout_n if self.holdout_n else None


@dataclass(frozen=True)
class FeatureShape:
    """Everything that reports show of a term of one feature.

    Attributes
    ----------
    term : str
        The feature's name.
    feature : Feature
    rank : int
        1 is the most important term.
    importance, share : float
        Mean absolute points, and their share of the sum over all terms.
    bins : tuple of Bin
        The scorecard's bins without missing and unseen: numbers in ascending order, categories by points (ordered
        ones in the contract's order).
    missing, unseen : Bin
    groups : tuple of Bin
        The bins, merged with their neighbours until at most `ROWS` are left; categories are not merged.
    axis : PlotAxis or None
        None for categories.
    ticks : tuple of Tick
    unit : str
    """

    term: str
    feature: Feature
    rank: int
    importance: float
    share: float
    bins: tuple[Bin, ...]
    missing: Bin
    unseen: Bin
    groups: tuple[Bin, ...]
    axis: PlotAxis | None
    ticks: tuple[Tick, ...]
    unit: str

    @property
    def shown_groups(self) -> tuple[Bin, ...]:
        """The groups that fit on a page: of many categories those with the most customers, in the order of `groups`."""
        if len(self.groups) <= CATEGORIES:
            return self.groups
        largest = sorted(self.groups, key=lambda bin: (-bin.train_n, bin.number))[:CATEGORIES]
        return tuple(bin for bin in self.groups if bin in largest)

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and highest points of any bin, without the intervals."""
        points = [bin.points for bin in (*self.bins, self.missing, self.unseen)]
        return min(points), max(points)


def feature_shapes(model: Model) -> tuple[FeatureShape, ...]:
    """The shapes of all terms of one feature, the most important first."""
    ranks = {item.term: place for place, item in enumerate(model.evaluation.purchase.terms, start=1)}
    facts = {item.term: item for item in model.evaluation.purchase.terms}
    counts = counts_by_term(model)
    shapes = [
        _shape(term, counts[term.name], model, ranks[term.name], facts[term.name])
        for term in model.scorecard.terms
        if len(term.axes) == 1
    ]
    return tuple(sorted(shapes, key=lambda shape: shape.rank))


def counts_by_term(model: Model) -> dict[str, dict[str, np.ndarray]]:
    """The stored counts by term: column to an array with one number per bin, flattened for pairs."""
    table = model.shapes
    names = table["term"].to_numpy(zero_copy_only=False)
    columns = {name: table[name].to_numpy() for name in table.column_names if name.startswith(_COUNTED)}
    counts, start = {}, 0
    # shapes.parquet has the bins of all terms in the scorecard's order, without keys: terms are found by position.
    for term in model.scorecard.terms:
        rows = slice(start, start + term.points.size)
        assert set(names[rows]) == {term.name}, "shapes.parquet does not follow the scorecard"
        counts[term.name] = {name: values[rows] for name, values in columns.items()}
        start += term.points.size
    return counts


def probability_at(points: float, intercept: float) -> float:
    """Probability of a customer with these points and none from any other term."""
    return float(sigmoid(np.array([intercept + points]))[0])


def _shape(term: Term, counts: dict[str, np.ndarray], model: Model, rank: int, facts: TermImportance) -> FeatureShape:
    (axis,) = term.axes
    feature = model.contract[axis.feature]
    inner = range(1, axis.count - 1)
    if isinstance(axis, NumberBins):
        scale = _plot_axis(axis, term, feature, model)
        # Two more edges than cuts: the outermost bins end where the axis ends.
        edges = [scale.place(x) for x in (scale.low, *map(float, axis.cuts), scale.high)]
        bins = tuple(_bin(term, counts, model, i, edges[i - 1], edges[i]) for i in inner)
        groups = _merge_neighbours(bins, axis, feature, model.contract.currency)
        ticks: tuple[Tick, ...] = scale.ticks(feature, model.contract.currency)
    else:
        scale, ticks = None, ()
        bins = tuple(_bin(term, counts, model, i) for i in inner)
        # Categories have no order of their own: by points, they are compared at a glance.
        if not feature.kind.has_order:
            bins = tuple(sorted(bins, key=lambda bin: (-bin.points, bin.label)))
        groups = bins
    return FeatureShape(
        term=term.name,
        feature=feature,
        rank=rank,
        importance=facts.mean_absolute_points,
        share=facts.share,
        bins=bins,
        missing=_bin(term, counts, model, MISSING),
        unseen=_bin(term, counts, model, axis.count - 1),
        groups=groups,
        axis=scale,
        ticks=ticks,
        unit=unit_words(feature),
    )


def _plot_axis(axis: NumberBins, term: Term, feature: Feature, model: Model) -> PlotAxis:
    # The outermost bins have no outer bound of their own: the axis ends at the values seen in training.
    seen = {item.feature: item for item in model.evaluation.robustness.out_of_range}[feature.name]
    low, high = seen.seen_low, seen.seen_high
    edges = np.clip([low, *axis.cuts, high], low, high)
    return plot_axis(feature, low, high, (edges[:-1] + edges[1:]) / 2, term.customers[1:-1])


def _bin(
    term: Term, counts: dict[str, np.ndarray], model: Model, bin: int, left: float = 0.0, right: float = 0.0
) -> Bin:
    points = float(term.points[bin])
    return Bin(
        label=bin_label(term.axes[0], bin, model.contract),
        left=left,
        right=right,
        lowest=points,
        highest=points,
        points=points,
        interval=_interval(term, bin),
        **{name: int(counts[name][bin]) for name in ("train_n", "train_buyers", "holdout_n", "holdout_buyers")},
        predicted=float(counts["holdout_predicted"][bin]),
        number=bin,
        refits=_refits(counts, bin),
        later=_known(counts, "later_points", bin),
    )


def _interval(term: Term, bin: int) -> tuple[float, float] | None:
    if term.interval is None or np.isnan(term.interval[0, bin]):
        return None
    low, high = map(float, term.interval[:, bin])
    return low, high


def _refits(counts: dict[str, np.ndarray], bin: int) -> tuple[float, float] | None:
    low, high = (_known(counts, name, bin) for name in ("refit_low", "refit_high"))
    return None if low is None or high is None else (low, high)


def _known(counts: dict[str, np.ndarray], name: str, bin: int) -> float | None:
    """The points of a bin that not every model has."""
    points = float(counts[name][bin]) if name in counts else math.nan
    return None if math.isnan(points) else points


def _merge_neighbours(bins: Sequence[Bin], axis: NumberBins, feature: Feature, currency: str) -> tuple[Bin, ...]:
    """Merge neighbouring bins into at most `ROWS` groups of about equal numbers of customers."""
    if len(bins) <= ROWS:
        return tuple(bins)
    return tuple(_merged(bins[a:b], axis, a + 1, b, feature, currency) for a, b in _runs([b.train_n for b in bins]))


def _runs(counts: Sequence[int]) -> list[tuple[int, int]]:
    """Split a sequence of counts into at most `ROWS` runs of about equal sums, as (start, stop)."""
    runs, start = [], 0
    remaining, rows = sum(counts), ROWS
    total = 0
    for place, count in enumerate(counts):
        # A run ends before the bin that would take it further from its target than it is now. The target is computed
        # again for each run, so that one large bin does not leave the last runs empty.
        target = remaining / max(1, rows)
        if place > start and rows > 1 and abs(total - target) <= abs(total + count - target):
            runs.append((start, place))
            start, remaining, rows, total = place, remaining - total, rows - 1, 0
        total += count
    runs.append((start, len(counts)))
    return runs


def _merged(bins: Sequence[Bin], axis: NumberBins, first: int, last: int, feature: Feature, currency: str) -> Bin:
    train_n = sum(bin.train_n for bin in bins)
    # Weighted by customers, so that the merged points are their mean; without customers there is nothing to weight by.
    weights = [bin.train_n for bin in bins] if train_n else [1] * len(bins)
    points = sum(bin.points * w for bin, w in zip(bins, weights, strict=True)) / sum(weights)
    # Intervals of neighbours cannot be averaged without their covariance; the farthest bounds are on the safe side.
    below, above = ([bin.ends[end] - bin.points for bin in bins] for end in (0, 1))
    known = any(bin.interval for bin in bins)
    return Bin(
        label=range_label(feature, axis.bounds(first)[0], axis.bounds(last)[1], currency),
        left=bins[0].left,
        right=bins[-1].right,
        lowest=min(bin.lowest for bin in bins),
        highest=max(bin.highest for bin in bins),
        points=points,
        interval=(points + min(below), points + max(above)) if known else None,
        train_n=train_n,
        train_buyers=sum(bin.train_buyers for bin in bins),
        holdout_n=sum(bin.holdout_n for bin in bins),
        holdout_buyers=sum(bin.holdout_buyers for bin in bins),
        predicted=math.fsum(bin.predicted for bin in bins),
        bins=len(bins),
        number=bins[0].number,
    )
