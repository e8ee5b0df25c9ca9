"""How the segments compare in one feature: means, ranks, medians and zeros, among those for whom it has a meaning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Feature
from northstar_explain.model.segments import Profile


def profiles_of(
    feature: Feature, columns: Columns, segments: Sequence[np.ndarray], applies: np.ndarray | None = None
) -> tuple[Profile, ...]:
    """The profile of each segment in one feature.

    Parameters
    ----------
    feature : Feature
        A numeric one.
    columns : mapping
        Name to float64 array of shape (n,), NaN where missing.
    segments : sequence of ndarray of bool, shape (n,)
        The customers of each segment.
    applies : ndarray of bool, shape (n,), optional
        The customers for whom the feature has a meaning; all where not given.

    Returns
    -------
    tuple of Profile
        In the order of the segments.
    """
    column = columns[feature.name]
    assert isinstance(column, np.ndarray)
    applies = np.ones(len(column), dtype=bool) if applies is None else applies
    known = applies & ~np.isnan(column)
    everybody = _Everybody(column[known])
    return tuple(_profile(feature, everybody, inside[known], int((applies & inside).sum())) for inside in segments)


def mid_ranks(values: np.ndarray) -> np.ndarray:
    """The share of values that are smaller, ties counted half; their mean is 0.5."""
    if not len(values):
        return np.empty(0)
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: np.ndarray = ((np.cumsum(counts) - counts / 2) / len(values))[place]
    return ranks


class _Everybody:
    """The known values of all customers, and what every segment is compared with, computed once."""

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.ranks = values, mid_ranks(values)
        # Where the feature applies to nobody, there is nothing to compare.
        self.mean, self.spread = (float(values.mean()), float(values.std())) if len(values) else (0.0, 0.0)
        self.median, self.zero = _median(values), _zero(values)


def _profile(feature: Feature, everybody: _Everybody, inside: np.ndarray, among: int) -> Profile:
    values, known = everybody.values[inside], int(inside.sum())
    # Where nobody in the segment has a value, nothing is claimed: the figures are those of all, the effect zero.
    mean = float(values.mean()) if known else everybody.mean
    base = everybody.mean
    return Profile(
        feature=feature.name,
        mean=mean,
        base=base,
        index=100 * mean / base if base > 0 and known else None,
        effect=(mean - base) / everybody.spread if everybody.spread > 0 else 0.0,
        known=known,
        among=among,
        rank=float(everybody.ranks[inside].mean()) if known else 0.5,
        median=_median(values) if known else everybody.median,
        base_median=everybody.median,
        zero=_zero(values) if known else everybody.zero,
        base_zero=everybody.zero,
    )


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else 0.0


def _zero(values: np.ndarray) -> float:
    return float((values == 0).mean()) if len(values) else 0.0
