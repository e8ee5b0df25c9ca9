"""Two models compared: each term on one scale, and the customers whose decile is another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, columns_of
from northstar_explain.model.deciding_part import DecidingPart
from northstar_explain.model.evaluation.move_facts import (
    DECILES,
    MOST_MOVERS,
    STEPS,
    MovedGroup,
    Mover,
    Moves,
    TermShift,
)
from northstar_explain.model.learned_model import Model
from northstar_explain.model.other_points import alike, points_like
from northstar_explain.model.ranks import Percentiles, decile
from northstar_explain.model.rules import assign
from northstar_explain.model.scorecard import Bins, NumberBins, Term
from northstar_explain.report.audit.shapes.bin_labels import bin_label

# The first golden rows are customers of the table; the others were made to be hard.
ORDINARY = 100

Batch = tuple[Columns, np.ndarray]


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
    comparable = before if before is not None and alike(before, term) else None
    earlier = np.zeros_like(term.points) if comparable is None else points_like(term, comparable, model.contract)
    difference, weight = term.points - earlier, float(term.customers.sum())
    mean = float((np.abs(difference) * term.customers).sum() / weight) if weight else 0.0
    importance = None if before is None else before.importance
    return TermChange(term.name, importance, term.importance, mean, *_strongest(difference, term, model))


def _strongest(difference: np.ndarray, term: Term, of: Model | DecidingPart) -> tuple[float, str]:
    size = np.where(term.customers > 0, np.abs(difference), -1.0)
    at = np.unravel_index(int(np.argmax(size)), size.shape)
    labels = [bin_label(axis, int(bin), of.contract) for axis, bin in zip(term.axes, at, strict=True)]
    return float(difference[at]), " and ".join(labels)


def moves_of(model: Model, old: DecidingPart, batches: Iterable[Batch]) -> Moves:
    """Score rows with both models.

    Parameters
    ----------
    model : Model
    old : DecidingPart
    batches : iterable of Batch
        The columns of rows, and their positions; few rows at a time, as each is scored term by term.
    """
    counts, n = np.zeros((DECILES, DECILES), dtype=np.int64), 0
    segments, terms, shifts = _Counter(), _Counter(), dict[str, np.ndarray]()
    moved: list[Mover] = []
    for columns, rows in batches:
        if lacking := tuple(dict.fromkeys(axis.feature for axis in _axes(old) if not _has(columns, axis))):
            return Moves(0, lacking, (), (), (), (), 0.0, ())
        both = _Both(model, old, columns)
        n += len(rows)
        np.add.at(counts, (both.deciles[0] - 1, both.deciles[1] - 1), 1)
        rise = both.deciles[1] - both.deciles[0]
        segments.add(assign(model.segmentation.tree, columns), rise)
        places = np.flatnonzero(rise)
        terms.add(both.strongest(places), rise[places])
        for name, sums in both.shifts(rise):
            shifts[name] = shifts.get(name, 0.0) + sums
        moved = _farthest([*moved, *(both.mover(place, int(rows[place])) for place in _largest(rise, places))])
    ids = [one.id for one in model.segmentation.segments]
    return Moves(
        n, (), tuple(tuple(row) for row in counts.tolist()),
        tuple(sorted(segments.groups(), key=lambda one: ids.index(one.name))),
        tuple(sorted(terms.groups(), key=lambda one: (-one.n, one.name))), tuple(moved),
        model.scorecard.intercept - old.scorecard.intercept,
        tuple(TermShift(name, tuple(sums.tolist())) for name, sums in shifts.items()),
    )  # fmt: skip


def golden_moves(model: Model, old: DecidingPart) -> Moves:
    """The ordinary golden rows scored by both models: customers of the table that the pack itself holds."""
    golden = model.golden.slice(0, ORDINARY)
    return moves_of(model, old, [(columns_of(golden, model.contract.features), np.arange(golden.num_rows) + 1)])


class _Both:
    """Some rows, scored by the older model and by the newer one."""

    def __init__(self, model: Model, old: DecidingPart, columns: Columns):
        scored = [_scored(one, columns) for one in (old, model)]
        self.probabilities, self.deciles = ([one[i] for one in scored] for i in (0, 1))
        points = [_contributions(one, columns) for one in (old, model)]
        self._names = list(dict.fromkeys((*points[1], *points[0])))
        none = np.zeros(len(self.deciles[0]))
        self._points = [np.stack([one.get(name, none) for name in self._names]) for one in points]

    def _place(self, rows: np.ndarray) -> np.ndarray:
        before, after = (side[:, rows] for side in self._points)
        place: np.ndarray = np.argmax(np.abs(after - before), axis=0)
        return place

    def strongest(self, rows: np.ndarray) -> np.ndarray:
        """The term whose points differ most, of each of these rows."""
        found: np.ndarray = np.array(self._names, dtype=object)[self._place(rows)]
        return found

    def shifts(self, rise: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """Each term, and the difference of its points summed over the rows of each of `STEPS`."""
        for name, before, after in zip(self._names, *self._points, strict=True):
            yield name, np.bincount(rise - STEPS[0], after - before, len(STEPS))

    def mover(self, row: int, position: int) -> Mover:
        """One of the rows."""
        term = int(self._place(np.array([row]))[0])
        (was, now), (low, high) = ((float(p[row]) for p in self.probabilities), (int(d[row]) for d in self.deciles))
        before, after = (float(side[term, row]) for side in self._points)
        return Mover(position, (low, high), (was, now), self._names[term], (before, after))


class _Counter:
    """Rows by name: how many, and how many rose and fell."""

    def __init__(self) -> None:
        self._found: dict[str, np.ndarray] = {}

    def add(self, names: np.ndarray, rise: np.ndarray) -> None:
        for name in np.unique(names.astype(str)):
            of = rise[names == name]
            counted = np.array([len(of), (of > 0).sum(), (of < 0).sum()])
            self._found[str(name)] = self._found.get(str(name), np.zeros(3, dtype=int)) + counted

    def groups(self) -> list[MovedGroup]:
        return [MovedGroup(name, *counted.tolist()) for name, counted in self._found.items()]


def _largest(rise: np.ndarray, places: np.ndarray) -> list[int]:
    found: list[int] = places[np.argsort(-np.abs(rise[places]), kind="stable")][:MOST_MOVERS].tolist()
    return found


def _farthest(moved: list[Mover]) -> list[Mover]:
    return sorted(moved, key=lambda one: (-abs(one.deciles[1] - one.deciles[0]), one.row))[:MOST_MOVERS]


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
