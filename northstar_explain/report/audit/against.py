"""Two models compared: each term on one scale, and the customers whose decile is another one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, columns_of
from northstar_explain.contract.features import Feature
from northstar_explain.model.deciding_part import DecidingPart
from northstar_explain.model.learned_model import Model
from northstar_explain.model.ranks import Percentiles, decile
from northstar_explain.model.scorecard import MISSING, Bins, NumberBins, Term
from northstar_explain.report.audit.shapes.bin_labels import bin_label

# The first golden rows are customers of the table; the others were made to be hard.
ORDINARY = 100


@dataclass(frozen=True)
class TermChange:
    """A term in both models, over the training customers of the newer one.

    Attributes
    ----------
    term : str
    before, after : float or None
        Importance (mean absolute points) in each; None where the model does not have the term.
    mean : float
        Mean absolute difference of the points, of a missing term as if it gave none.
    largest : float
        The difference of the points, newer less older, in the bin or cell with customers where it is largest.
    where : str
        That bin or cell.
    """

    term: str
    before: float | None
    after: float | None
    mean: float
    largest: float
    where: str


@dataclass(frozen=True)
class Mover:
    """A golden row in another decile than before.

    Attributes
    ----------
    row : int
        Of the golden rows, the first 1.
    deciles : tuple of int
        Before and after, each among the training customers of its model.
    probabilities : tuple of float
    term : str
        The term whose points differ most.
    points : tuple of float
        Its points before and after.
    """

    row: int
    deciles: tuple[int, int]
    probabilities: tuple[float, float]
    term: str
    points: tuple[float, float]


@dataclass(frozen=True)
class Movers:
    """The ordinary golden rows scored by both models.

    Attributes
    ----------
    n : int
        How many were scored.
    lacking : tuple of str
        Features of the older model that the newer one's table lacks; if there are any, nothing was scored.
    moved : tuple of Mover
        Those in another decile, the largest moves first.
    """

    n: int
    lacking: tuple[str, ...]
    moved: tuple[Mover, ...]


def term_changes(model: Model, old: DecidingPart) -> tuple[TermChange, ...]:
    """Every term of either model, the most changed first."""
    before = {term.name: term for term in old.scorecard.terms}
    after = {term.name: term for term in model.scorecard.terms}
    changes = [_change(term, before.get(name), model) for name, term in after.items()]
    # What is gone is measured over the customers that the older model was fitted to: the newer has no bins for it.
    changes += [
        TermChange(name, term.importance, None, term.importance, *_strongest(-term.points, term, old))
        for name, term in before.items() if name not in after
    ]  # fmt: skip
    return tuple(sorted(changes, key=lambda one: (-one.mean, one.term)))


def _change(term: Term, before: Term | None, model: Model) -> TermChange:
    comparable = before if before is not None and _alike(before, term) else None
    earlier = np.zeros_like(term.points) if comparable is None else points_like(term, comparable, model)
    difference, weight = term.points - earlier, float(term.customers.sum())
    mean = float((np.abs(difference) * term.customers).sum() / weight) if weight else 0.0
    importance = None if before is None else before.importance
    return TermChange(term.name, importance, term.importance, mean, *_strongest(difference, term, model))


def _alike(one: Term, other: Term) -> bool:
    """Whether both terms cut each of their features in the same way: numbers as numbers."""
    return all(
        isinstance(a, NumberBins) == isinstance(b, NumberBins) for a, b in zip(one.axes, other.axes, strict=True)
    )


def points_like(term: Term, before: Term, model: Model) -> np.ndarray:
    """The points of another model's term in each bin or cell of a term: of numbers at the middle of the bin."""
    places = [
        _places(axis, earlier, model.contract[axis.feature])
        for axis, earlier in zip(term.axes, before.axes, strict=True)
    ]
    found: np.ndarray = before.points[np.ix_(*places)]
    return found


def _places(axis: Bins, earlier: Bins, feature: Feature) -> np.ndarray:
    """The bin of the earlier axis for each bin of an axis."""
    last = earlier.count - 1
    if isinstance(axis, NumberBins) and isinstance(earlier, NumberBins):
        inner = earlier.index(_middles(axis, earlier, feature))
        return np.array([MISSING, *inner, last])
    assert not isinstance(axis, NumberBins) and not isinstance(earlier, NumberBins)
    members = [axis.members(bin) for bin in range(1, axis.count - 1)]
    return np.array([MISSING, *(earlier.values.get(one[0], last) if one else last for one in members), last])


def _middles(axis: NumberBins, earlier: NumberBins, feature: Feature) -> np.ndarray:
    both = np.concatenate([axis.cuts, earlier.cuts]) if len(axis.cuts) + len(earlier.cuts) else np.zeros(1)
    # The outermost bins reach to the contract's bounds, or as far beyond the cuts of both as there is no cut.
    low = float(both.min()) - 1 if feature.minimum is None else min(feature.minimum, float(both.min()))
    high = float(both.max()) + 1 if feature.maximum is None else max(feature.maximum, float(both.max()))
    edges = np.array([low, *axis.cuts, high])
    middles: np.ndarray = (edges[:-1] + edges[1:]) / 2
    # The middle of an open bin may lie far from its customers: they are near the cut.
    if len(axis.cuts):
        middles[0], middles[-1] = np.nextafter(axis.cuts[0], -np.inf), axis.cuts[-1]
    return middles


def _strongest(difference: np.ndarray, term: Term, of: Model | DecidingPart) -> tuple[float, str]:
    size = np.where(term.customers > 0, np.abs(difference), -1.0)
    at = np.unravel_index(int(np.argmax(size)), size.shape)
    labels = [bin_label(axis, int(bin), of.contract) for axis, bin in zip(term.axes, at, strict=True)]
    return float(difference[at]), " and ".join(labels)


def movers(model: Model, old: DecidingPart) -> Movers:
    """Score the ordinary golden rows with both models."""
    columns = columns_of(model.golden.slice(0, ORDINARY), model.contract.features)
    lacking = tuple(axis.feature for axis in _axes(old) if not _has(columns, axis))
    if lacking:
        return Movers(0, tuple(dict.fromkeys(lacking)), ())
    scores = [_scored(one, columns) for one in (old, model)]
    contributions = [_contributions(one, columns) for one in (old, model)]
    names = list(dict.fromkeys((*contributions[1], *contributions[0])))
    none = np.zeros(len(scores[0][0]))
    sides = [np.stack([one.get(name, none) for name in names]) for one in contributions]
    found = []
    for row in np.flatnonzero(scores[0][1] != scores[1][1]).tolist():
        place = int(np.argmax(np.abs(sides[1][:, row] - sides[0][:, row])))
        (was, was_decile), (now, now_decile) = ((float(p[row]), int(d[row])) for p, d in scores)
        before, after = (float(side[place, row]) for side in sides)
        found.append(Mover(row + 1, (was_decile, now_decile), (was, now), names[place], (before, after)))
    found.sort(key=lambda one: (-abs(one.deciles[1] - one.deciles[0]), one.row))
    return Movers(len(none), (), tuple(found))


def _axes(part: Model | DecidingPart) -> list[Bins]:
    return [axis for term in part.scorecard.terms for axis in term.axes]


def _has(columns: Columns, axis: Bins) -> bool:
    column = columns.get(axis.feature)
    return column is not None and isinstance(column, Category) != isinstance(axis, NumberBins)


def _scored(part: Model | DecidingPart, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
    probability = part.scorecard.probability(columns)
    return probability, decile(Percentiles(part.purchase.percentiles)(probability))


def _contributions(part: Model | DecidingPart, columns: Columns) -> dict[str, np.ndarray]:
    return {term.name: points for term, points in
            zip(part.scorecard.terms, part.scorecard.contributions(columns)[1], strict=True)}  # fmt: skip
