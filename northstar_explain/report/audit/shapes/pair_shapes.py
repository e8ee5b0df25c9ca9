"""The shape of a pair: the points of each combination of two features' bins, and its customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from northstar_explain.contract.features import Feature
from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.model.evaluation.purchase_facts import TermImportance
from northstar_explain.model.learned_model import Model
from northstar_explain.model.scorecard import MISSING, Bins, NumberBins, Term
from northstar_explain.report.audit.shapes.bin_labels import bin_label, percent
from northstar_explain.report.audit.shapes.feature_shapes import counts_by_term
from northstar_explain.report.document.numbers import signed

_EXTREMES = 5  # cells listed from either end; a pair has hundreds of cells, and the heat map shows the rest


@dataclass(frozen=True)
class PairSide:
    """One axis of a pair.

    Attributes
    ----------
    feature : Feature
    order : tuple of int
        The bins in the order in which they are plotted: missing, the values, unseen.
    labels : tuple of str
        One per bin, in that order.
    """

    feature: Feature
    order: tuple[int, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class PairCell:
    """A combination of two bins, as a row of a table."""

    first: str
    second: str
    points: float
    spread: float
    train_n: int
    train_rate: float | None
    holdout_n: int
    holdout_rate: float | None


@dataclass(frozen=True)
class PairShape:
    """Everything that reports show of a term of two features.

    Attributes
    ----------
    term : str
    first, second : PairSide
        Rows and columns.
    rank : int
    importance, share : float
    points, spread, train_n : ndarray, shape (bins of the first, bins of the second)
        In the order of the sides.
    strongest : tuple of PairCell
        The cells with the most and the fewest points among those that are not thin.
    """

    term: str
    first: PairSide
    second: PairSide
    rank: int
    importance: float
    share: float
    points: np.ndarray
    spread: np.ndarray
    train_n: np.ndarray
    strongest: tuple[PairCell, ...]

    @property
    def thick(self) -> np.ndarray:
        """Mask of the cells that are not thin: those with enough customers for their points to be relied on."""
        return self.train_n >= THIN_BIN_CUSTOMERS


def pair_shapes(model: Model) -> tuple[PairShape, ...]:
    """The shapes of all terms of two features, the most important first."""
    ranked = model.evaluation.purchase.terms
    facts = {item.term: (place, item) for place, item in enumerate(ranked, start=1)}
    counts = counts_by_term(model)
    pairs = [_pair(t, counts[t.name], model, *facts[t.name]) for t in model.scorecard.terms if len(t.axes) == 2]
    return tuple(sorted(pairs, key=lambda pair: pair.rank))


def strongest_colour(pairs: tuple[PairShape, ...]) -> float:
    """The points at the end of the colour scale: the largest absolute points of any cell that is not thin, or 1."""
    # Thin cells can have extreme points; if they set the scale, all other cells would look alike.
    sizes = [float(np.abs(pair.points[pair.thick]).max()) for pair in pairs if pair.thick.any()]
    return max(sizes, default=0.0) or 1.0


def describe_pair(pair: PairShape) -> tuple[str, ...]:
    """The sentences beside a heat map."""
    total = int(pair.train_n.sum())
    empty, thin = pair.train_n == 0, (pair.train_n > 0) & ~pair.thick
    lines = []
    if pair.thick.any():
        low, high = float(pair.points[pair.thick].min()), float(pair.points[pair.thick].max())
        lines.append(f"Cells with {THIN_BIN_CUSTOMERS} rows or more: from {signed(low)} to {signed(high)} points.")
    lines.append(
        f"Of {pair.train_n.size:,} cells, {int(empty.sum()):,} are empty and {int(thin.sum()):,} are thin (fewer than "
        f"{THIN_BIN_CUSTOMERS} rows; small squares). The thin ones hold "
        f"{percent(float(pair.train_n[thin].sum()) / max(1, total))} of "
        "the rows."
    )
    extreme = float(np.abs(pair.points[~pair.thick]).max()) if (~pair.thick).any() else 0.0
    if pair.thick.any() and extreme > float(np.abs(pair.points[pair.thick]).max()):
        lines.append(
            f"Thin or empty cells reach up to {extreme:.2f} points from zero: a rare combination can move a score."
        )
    lines.append(
        "Values outside the training range get the points of the outermost cells. These points are added to those of "
        "the two features."
    )
    return tuple(lines)


def _pair(term: Term, counts: dict[str, np.ndarray], model: Model, rank: int, facts: TermImportance) -> PairShape:
    first, second = (_side(axis, term, place, model) for place, axis in enumerate(term.axes))
    # Both axes reordered at once, as the plot shows missing first and categories by points.
    plotted = np.ix_(first.order, second.order)
    cell_counts = {name: values.reshape(term.points.shape)[plotted] for name, values in counts.items()}
    points, spread = term.points[plotted], term.spread[plotted]
    return PairShape(
        term=term.name,
        first=first,
        second=second,
        rank=rank,
        importance=facts.mean_absolute_points,
        share=facts.share,
        points=points,
        spread=spread,
        train_n=cell_counts["train_n"].astype(np.int64),
        strongest=_strongest(first, second, points, spread, cell_counts),
    )


def _side(axis: Bins, term: Term, place: int, model: Model) -> PairSide:
    feature = model.contract[axis.feature]
    inner = list(range(1, axis.count - 1))
    if not isinstance(axis, NumberBins) and not feature.kind.has_order:
        # Categories have no order of their own: by mean points, cells of similar colour lie side by side.
        customers = np.moveaxis(term.customers, place, 0)
        means = (np.moveaxis(term.points, place, 0) * customers).sum(1) / np.maximum(customers.sum(1), 1)
        inner.sort(key=lambda bin: (-float(means[bin]), bin))
    # A number is never unseen: no value falls in that bin, so it is left out.
    last = [] if isinstance(axis, NumberBins) else [axis.count - 1]
    first = [MISSING] if feature.missing is not None or term.customers.take(MISSING, axis=place).any() else []
    order = (*first, *inner, *last)
    return PairSide(feature, order, tuple(bin_label(axis, bin, model.contract) for bin in order))


def _strongest(
    first: PairSide, second: PairSide, points: np.ndarray, spread: np.ndarray, counts: dict[str, np.ndarray]
) -> tuple[PairCell, ...]:
    thick = np.argwhere(counts["train_n"] >= THIN_BIN_CUSTOMERS)
    ranked = sorted(map(tuple, thick.tolist()), key=lambda at: (-float(points[at]), at))
    extremes = ranked if len(ranked) <= 2 * _EXTREMES else ranked[:_EXTREMES] + ranked[-_EXTREMES:]
    return tuple(
        PairCell(
            first=first.labels[at[0]],
            second=second.labels[at[1]],
            points=float(points[at]),
            spread=float(spread[at]),
            train_n=int(counts["train_n"][at]),
            train_rate=_rate(counts, "train", at),
            holdout_n=int(counts["holdout_n"][at]),
            holdout_rate=_rate(counts, "holdout", at),
        )
        for at in extremes
    )


def _rate(counts: dict[str, np.ndarray], split: str, at: tuple[int, ...]) -> float | None:
    n = int(counts[f"{split}_n"][at])
    return float(counts[f"{split}_buyers"][at]) / n if n else None
