"""The points of another model in the bins of this one, where the two cut a feature at other values."""

from __future__ import annotations

import numpy as np

from northstar_explain.contract.features import Contract, Feature
from northstar_explain.model.scorecard import MISSING, Bins, NumberBins, Term


def alike(one: Term, other: Term) -> bool:
    """Whether both terms cut each of their features in the same way: numbers as numbers."""
    return all(
        isinstance(a, NumberBins) == isinstance(b, NumberBins) for a, b in zip(one.axes, other.axes, strict=True)
    )


def points_like(term: Term, before: Term, contract: Contract) -> np.ndarray:
    """The points of another model's term in each bin or cell of a term: of numbers at the middle of the bin."""
    places = [
        _places(axis, earlier, contract[axis.feature]) for axis, earlier in zip(term.axes, before.axes, strict=True)
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
