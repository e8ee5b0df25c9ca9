"""The shape of a feature: what each of its bins adds, for whom, and what those customers did."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from northstar_explain.contract import Feature, Kind
from northstar_explain.model import Model
from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.model.evaluation.purchase_facts import TermImportance
from northstar_explain.model.scorecard import MISSING, NumberBins, Term, sigmoid
from northstar_explain.report.audit.shapes.bin_labels import bin_label, range_label, unit_words
from northstar_explain.report.audit.shapes.plot_axis import PlotAxis, Tick, plot_axis

# A page has room for this many rows of bins; numbers are put together until they fit, categories cut off.
ROWS = 12
CATEGORIES = 14


@dataclass(frozen=True)
class Bin:
    """A bin of a term, or several neighbours together.

    Attributes
    ----------
    label : str
    left, right : float
        Place on the axis, 0 to 1; both 0 for categories and for missing and unseen.
    lowest, highest : float
        Points (log-odds): the smallest and largest of the bins.
    points : float
        Mean over its training customers.
    spread : float
        Largest standard deviation over the bags.
    train_n, train_buyers, holdout_n, holdout_buyers : int
    predicted : float
        Sum of the probabilities of its customers in the holdout.
    bins : int
        How many are put together.
    number : int
        The bin's number in the scorecard; of several, that of the first.
    """

    label: str
    left: float
    right: float
    lowest: float
    highest: float
    points: float
    spread: float
    train_n: int
    train_buyers: int
    holdout_n: int
    holdout_buyers: int
    predicted: float
    bins: int = 1
    number: int = 0

    @property
    def thin(self) -> bool:
        """Whether too few customers taught it to lean on it."""
        return self.train_n < THIN_BIN_CUSTOMERS

    @property
    def train_rate(self) -> float | None:
        """Share of the training customers who bought; None where there is none."""
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
    """Everything that is shown of a term of one feature.

    Attributes
    ----------
    term : str
        The feature's name.
    feature : Feature
    rank : int
        1 is the most important term.
    importance, share : float
        Mean absolute points, and its share of all terms'.
    bins : tuple of Bin
        As the scorecard has them, without missing and unseen: numbers in ascending order, categories by points
        (ordered ones in their order).
    missing, unseen : Bin
    groups : tuple of Bin
        The bins put together until there are few.
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
        """The groups that a page has room for: of many categories those with the most customers, in their order."""
        if len(self.groups) <= CATEGORIES:
            return self.groups
        largest = sorted(self.groups, key=lambda bin: (-bin.train_n, bin.number))[:CATEGORIES]
        return tuple(bin for bin in self.groups if bin in largest)

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and highest points of any bin, the spread not counted."""
        every = [bin.points for bin in (*self.bins, self.missing, self.unseen)]
        return min(every), max(every)


def feature_shapes(model: Model) -> tuple[FeatureShape, ...]:
    """The shape of every term of one feature, the most important first."""
    ranks = {item.term: place for place, item in enumerate(model.evaluation.purchase.terms, start=1)}
    facts = {item.term: item for item in model.evaluation.purchase.terms}
    counts = counts_by_term(model)
    found = [
        _shape(term, counts[term.name], model, ranks[term.name], facts[term.name])
        for term in model.scorecard.terms
        if len(term.axes) == 1
    ]
    return tuple(sorted(found, key=lambda shape: shape.rank))


def counts_by_term(model: Model) -> dict[str, dict[str, np.ndarray]]:
    """The stored counts of each term: column to an array of one number a bin."""
    table = model.shapes
    names = table["term"].to_numpy(zero_copy_only=False)
    columns = {name: table[name].to_numpy() for name in table.column_names if name.startswith(("train_", "holdout_"))}
    found, start = {}, 0
    for term in model.scorecard.terms:
        rows = slice(start, start + term.points.size)
        assert set(names[rows]) == {term.name}, "shapes.parquet does not follow the scorecard"
        found[term.name] = {name: values[rows] for name, values in columns.items()}
        start += term.points.size
    return found


def probability_at(points: float, intercept: float) -> float:
    """Probability of a customer who is average but for these points."""
    return float(sigmoid(np.array([intercept + points]))[0])


def _shape(term: Term, counts: dict[str, np.ndarray], model: Model, rank: int, facts: TermImportance) -> FeatureShape:
    (axis,) = term.axes
    feature = model.contract[axis.feature]
    inner = range(1, axis.count - 1)
    if isinstance(axis, NumberBins):
        scale = _plot_axis(axis, term, feature, model)
        edges = [scale.place(x) for x in (scale.low, *map(float, axis.cuts), scale.high)]
        bins = tuple(_bin(term, counts, model, i, edges[i - 1], edges[i]) for i in inner)
        groups = _together(bins, axis, feature, model.contract.currency)
        ticks: tuple[Tick, ...] = scale.ticks(feature, model.contract.currency)
    else:
        scale, ticks = None, ()
        bins = tuple(_bin(term, counts, model, i) for i in inner)
        if feature.kind is not Kind.ORDERED:
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
        spread=float(term.spread[bin]),
        **{name: int(counts[name][bin]) for name in ("train_n", "train_buyers", "holdout_n", "holdout_buyers")},
        predicted=float(counts["holdout_predicted"][bin]),
        number=bin,
    )


def _together(bins: Sequence[Bin], axis: NumberBins, feature: Feature, currency: str) -> tuple[Bin, ...]:
    """Neighbours put together until at most `ROWS` are left, each with about as many customers as the others."""
    if len(bins) <= ROWS:
        return tuple(bins)
    return tuple(_merged(bins[a:b], axis, a + 1, b, feature, currency) for a, b in _runs([b.train_n for b in bins]))


def _runs(counts: Sequence[int]) -> list[tuple[int, int]]:
    """Part a row of counts into at most `ROWS` runs of about equal sums."""
    runs, start = [], 0
    left, rows = sum(counts), ROWS
    held = 0
    for place, count in enumerate(counts):
        # A run ends before the bin that would take it further from its fair share than it is now.
        share = left / max(1, rows)
        if place > start and rows > 1 and abs(held - share) <= abs(held + count - share):
            runs.append((start, place))
            start, left, rows, held = place, left - held, rows - 1, 0
        held += count
    runs.append((start, len(counts)))
    return runs


def _merged(bins: Sequence[Bin], axis: NumberBins, first: int, last: int, feature: Feature, currency: str) -> Bin:
    train_n = sum(bin.train_n for bin in bins)
    weights = [bin.train_n for bin in bins] if train_n else [1] * len(bins)
    return Bin(
        label=range_label(feature, axis.bounds(first)[0], axis.bounds(last)[1], currency),
        left=bins[0].left,
        right=bins[-1].right,
        lowest=min(bin.lowest for bin in bins),
        highest=max(bin.highest for bin in bins),
        points=sum(bin.points * w for bin, w in zip(bins, weights, strict=True)) / sum(weights),
        spread=max(bin.spread for bin in bins),
        train_n=train_n,
        train_buyers=sum(bin.train_buyers for bin in bins),
        holdout_n=sum(bin.holdout_n for bin in bins),
        holdout_buyers=sum(bin.holdout_buyers for bin in bins),
        predicted=math.fsum(bin.predicted for bin in bins),
        bins=len(bins),
        number=bins[0].number,
    )
