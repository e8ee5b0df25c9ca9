"""Where the customers of each segment stand in a feature: low, in between or high, by cuts that all segments share.

Two orders are few in every segment or in none: the cuts are taken from all customers for whom the feature has a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Feature

HIGH, MIDDLE, LOW = "high", "middle", "low"
# Of what is counted: there is none, or there is any; of what is 0 or 1 only, that it is 1.
ZERO, ANY, MARKED = "zero", "any", "marked"
LEVELS = (ZERO, LOW, MIDDLE, HIGH, MARKED, ANY)  # the most particular first
# About a third of the customers is low and a third high; a threshold of the rules that leaves 15% to 65% on
# its side is taken in place of the tercile, so that a name says what the rules say.
_THIRD = 1 / 3
_LEAST_SIDE, _MOST_SIDE = 0.15, 0.65


@dataclass(frozen=True)
class Cuts:
    """The levels of a feature.

    Attributes
    ----------
    low, high : float
        Values below `low` are low, from `high` on they are high, and in between in the middle.
    counted : bool
        Whether 0 is a level of its own, that there is none, and so is all else, that there is any. None is low too.
    marked : bool
        Whether the values are 0 and 1 only; then there are no other levels.
    """

    low: float
    high: float
    counted: bool = False
    marked: bool = False

    def levels(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """The rows of each level, as masks; values that are missing have none."""
        zero = values == 0
        if self.marked:
            return {ZERO: zero, MARKED: values == 1}
        low, high = values < self.low, values >= self.high
        levels = {LOW: low, MIDDLE: ~low & (values < self.high), HIGH: high}
        return {ZERO: zero, **levels, ANY: ~zero} if self.counted else levels


@dataclass(frozen=True)
class Standing:
    """How many customers of a segment are at each level of a feature.

    Attributes
    ----------
    customers : int
        In the segment.
    known : int
        Of these, those for whom the feature has a meaning and a value.
    levels : mapping of str to int
        Level to how many of the known are at it.
    """

    customers: int
    known: int
    levels: Mapping[str, int]

    @property
    def defined(self) -> float:
        """Share of the segment's customers for whom the feature is known."""
        return self.known / self.customers if self.customers else 0.0

    def share(self, level: str) -> float:
        """Share of the known who are at a level."""
        return self.levels.get(level, 0) / self.known if self.known else 0.0


def standings(
    columns: Columns,
    ids: np.ndarray,
    order: Sequence[str],
    features: Sequence[Feature],
    thresholds: Mapping[str, Sequence[float]] | None = None,
    applicable: Mapping[str, np.ndarray] | None = None,
) -> tuple[dict[str, Standing], ...]:
    """Count the customers of each segment at each level of each feature.

    Parameters
    ----------
    columns : mapping
        Name to float64 array of shape (n,), NaN where missing, for every feature.
    ids : ndarray of str, shape (n,)
        The segment of each customer.
    order : sequence of str
        All segments, by id.
    features : sequence of Feature
        Numeric ones.
    thresholds : mapping, optional
        Feature to the thresholds that rules ask about; one close to a tercile replaces it.
    applicable : mapping, optional
        Feature to the customers for whom it has a meaning, as a mask; all where it is not named.

    Returns
    -------
    tuple of dict
        By segment, in `order`: feature to Standing. A feature that does not vary has none.
    """
    code = {id: place for place, id in enumerate(order)}
    found, inverse = np.unique(ids, return_inverse=True)
    segment = np.array([code[id] for id in found])[inverse]
    sizes = np.bincount(segment, minlength=len(order))
    counted: tuple[dict[str, Standing], ...] = tuple({} for _ in order)
    for feature in features:
        values = columns[feature.name]
        assert isinstance(values, np.ndarray)
        known = ~np.isnan(values)
        if applicable is not None and feature.name in applicable:
            known &= applicable[feature.name]
        values, where = values[known], segment[known]
        if not len(values) or values.min() == values.max():
            continue
        cuts = cut(feature, values, (thresholds or {}).get(feature.name, ()))
        totals = np.bincount(where, minlength=len(order))
        by_level = {
            level: np.bincount(where[mask], minlength=len(order)) for level, mask in cuts.levels(values).items()
        }
        for place, one in enumerate(counted):
            levels = {level: int(counts[place]) for level, counts in by_level.items()}
            one[feature.name] = Standing(int(sizes[place]), int(totals[place]), levels)
    return counted


def cut(feature: Feature, values: np.ndarray, thresholds: Sequence[float] = ()) -> Cuts:
    """The levels of a feature, from the values of all customers who have one.

    Parameters
    ----------
    feature : Feature
    values : ndarray of float, shape (n,)
        None of them missing, at least one.
    thresholds : sequence of float
        Those that rules ask about.

    Returns
    -------
    Cuts
    """
    counted = ZERO in feature.kind.level_words and float(values.min()) == 0
    if counted and float(values.max()) == 1:
        return Cuts(1.0, 1.0, counted, marked=True)
    # Where many have none, many and few are told apart among those who have some.
    some = np.sort(values[values > 0] if counted and values.max() > 0 else values)
    low, high = _terciles(some)
    low = min(_close(some, thresholds, below=True, default=low), high)
    return Cuts(low, max(low, _close(some, thresholds, below=False, default=high)), counted)


def _terciles(ordered: np.ndarray) -> tuple[float, float]:
    """Cuts with about a third of the values below the first and from the second on; both sides hold some."""
    low, high = (float(ordered[int(share * (len(ordered) - 1))]) for share in (_THIRD, 1 - _THIRD))
    if low < high:
        return float(np.nextafter(low, np.inf)), high
    # One value is a third of them or more: what lies beside it is low or high.
    above, below = float(np.nextafter(low, np.inf)), low
    if low == ordered[0]:
        return above, above
    return (below, below) if low == ordered[-1] else (below, above)


def _close(ordered: np.ndarray, thresholds: Sequence[float], below: bool, default: float) -> float:
    """The threshold whose side is closest to a third of the values; the default where no side is anywhere near."""
    sides = []
    for threshold in thresholds:
        share = float(np.searchsorted(ordered, threshold) / len(ordered))
        side = share if below else 1 - share
        if _LEAST_SIDE <= side <= _MOST_SIDE:
            sides.append((abs(side - _THIRD), threshold))
    return min(sides)[1] if sides else default
