"""The scorecard as tables in which a query looks values up: cuts to search, categories, points.

A value finds its bin in two steps, as in a B-tree: the root of its axis says which block of cuts to search, and the
block says which bin. Each step compares the value with one row of keys, so that a database has nothing to join but by
equality; a join by range would compare each value with every bin.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from northstar_explain.contract.features import Contract
from northstar_explain.model.scorecard import MISSING, Bins, CategoryBins, NumberBins, Scorecard, Term

ROOT = 0  # the block that leads to the others
NONE = 0  # the second bin of a term that has one axis


@dataclass(frozen=True)
class LookupAxis:
    """A feature as one term or several see it.

    Attributes
    ----------
    number : int
        From 1.
    bins : NumberBins or CategoryBins
    term : int or None
        The term that has this axis alone, if there is one.
    """

    number: int
    bins: Bins
    term: int | None = None

    @property
    def cuts(self) -> list[float]:
        """What a value is compared with; the value of a category is the number of its bin."""
        if isinstance(self.bins, NumberBins):
            return [float(cut) for cut in self.bins.cuts]
        # As many of these are not above b as there are bins before b: the search for numbers finds categories too.
        return [float(bin) for bin in range(2, self.bins.count)]


@dataclass(frozen=True)
class PairTerm:
    """A term of two axes."""

    term: int
    first: int
    second: int


@dataclass(frozen=True)
class Lookups:
    """Everything that a query over the scorecard reads.

    Attributes
    ----------
    axes : tuple of LookupAxis
    pairs : tuple of PairTerm
    width : int
        Keys in a row of cuts.
    cuts : pyarrow.Table
        ``axis``, its ``feature``, its ``term`` if it is one by itself, ``block``, and ``key_1`` and so on, null where
        there are fewer. Block 0 is the root: as many of its keys as are not above the value come before its block.
    categories : pyarrow.Table
        ``axis``, ``category``, ``bin``.
    points : pyarrow.Table
        ``term``, ``bin_1``, ``bin_2`` (0 where the term has one axis), ``points``. Bin 0 is missing. What cannot be is
        left out: numbers are never unseen, and some features are never missing, by the contract.
    """

    axes: tuple[LookupAxis, ...]
    pairs: tuple[PairTerm, ...]
    width: int
    cuts: pa.Table
    categories: pa.Table
    points: pa.Table


def lookups(card: Scorecard, contract: Contract) -> Lookups:
    """The tables of a scorecard.

    Parameters
    ----------
    card : Scorecard
    contract : Contract
        Says which features are never missing.

    Returns
    -------
    Lookups
    """
    axes, pairs = _axes(card)
    most = max((len(axis.cuts) for axis in axes), default=0)
    # With blocks of the square root of the cuts, two steps of equal size reach any bin.
    width = max(1, math.isqrt(most) + 1)  # width squared is more than there are cuts
    return Lookups(axes, pairs, width, _cuts(axes, width), _categories(axes), _points(card, contract))


def _axes(card: Scorecard) -> tuple[tuple[LookupAxis, ...], tuple[PairTerm, ...]]:
    numbered = list(enumerate(card.terms, start=1))
    # Terms of one axis first, so that a pair finds the axis of a single term and shares it.
    axes = [
        LookupAxis(place, term.axes[0], number)
        for place, (number, term) in enumerate((one for one in numbered if len(one[1].axes) == 1), start=1)
    ]
    pairs = []
    for number, term in numbered:
        if len(term.axes) == 2:
            first, second = (_shared(bins, axes) for bins in term.axes)
            pairs.append(PairTerm(number, first, second))
    return tuple(axes), tuple(pairs)


def _shared(bins: Bins, axes: list[LookupAxis]) -> int:
    """The number of the axis with these bins, which is added where there is none yet."""
    # Where several terms bin a feature alike, one search serves all of them.
    for axis in axes:
        if _content(axis.bins) == _content(bins):
            return axis.number
    axes.append(LookupAxis(len(axes) + 1, bins))
    return len(axes)


def _content(bins: Bins) -> tuple[str, object]:
    return bins.feature, bins.cuts.tobytes() if isinstance(bins, NumberBins) else tuple(bins.values.items())


def _cuts(axes: tuple[LookupAxis, ...], width: int) -> pa.Table:
    rows = [(axis, block, keys) for axis in axes for block, keys in _blocks(axis.cuts, width)]
    columns = {
        "axis": pa.array([axis.number for axis, _, _ in rows], pa.int32()),
        "feature": pa.array([axis.bins.feature for axis, _, _ in rows], pa.string()),
        "term": pa.array([axis.term for axis, _, _ in rows], pa.int32()),
        "block": pa.array([block for _, block, _ in rows], pa.int32()),
    }
    for place in range(width):
        keys = [keys[place] if place < len(keys) else None for _, _, keys in rows]
        # A column per key, as the CASEs of the query read them: a list is no type of every database.
        columns[f"key_{place + 1}"] = pa.array(keys, pa.float64())
    return pa.table(columns)


def _blocks(cuts: list[float], width: int) -> Iterator[tuple[int, list[float]]]:
    """The root, then the blocks that it leads to."""
    blocks = [cuts[start : start + width] for start in range(0, max(1, len(cuts)), width)]
    # The first block needs no key: what is below all keys of the root belongs to it.
    yield ROOT, [block[0] for block in blocks[1:]]
    yield from enumerate(blocks, start=1)


def _categories(axes: tuple[LookupAxis, ...]) -> pa.Table:
    rows = [
        (axis.number, value, bin)
        for axis in axes
        if isinstance(axis.bins, CategoryBins)
        for value, bin in axis.bins.values.items()
    ]
    numbers, values, bins = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table({
        "axis": pa.array(numbers, pa.int32()),
        "category": pa.array(values, pa.string()),
        "bin": pa.array(bins, pa.int32()),
    })  # fmt: skip


def _points(card: Scorecard, contract: Contract) -> pa.Table:
    points = [_term_points(number, term, contract) for number, term in enumerate(card.terms, start=1)]
    return pa.concat_tables(points)


def _term_points(number: int, term: Term, contract: Contract) -> pa.Table:
    bins = [_possible(axis, contract) for axis in term.axes]
    # Every combination of bins, in the order of the points array.
    places = np.meshgrid(*bins, indexing="ij")
    flat = [place.ravel() for place in places]
    second = flat[1] if len(flat) == 2 else np.full(len(flat[0]), NONE)
    return pa.table({
        "term": pa.array(np.full(len(second), number), pa.int32()),
        "bin_1": pa.array(flat[0], pa.int32()),
        "bin_2": pa.array(second, pa.int32()),
        "points": pa.array(term.points[tuple(flat)], pa.float64()),
    })  # fmt: skip


def _possible(bins: Bins, contract: Contract) -> np.ndarray:
    first = MISSING if contract[bins.feature].missing is not None else MISSING + 1
    # The last bin is the unseen category, which numbers do not have.
    return np.arange(first, bins.count - 1 if isinstance(bins, NumberBins) else bins.count)
