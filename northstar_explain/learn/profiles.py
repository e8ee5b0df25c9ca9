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
    everybody = column[known]
    ranks = mid_ranks(everybody)
    return tuple(
        _profile(feature, everybody, ranks, inside[known], int((applies & inside).sum())) for inside in segments
    )


def mid_ranks(values: np.ndarray) -> np.ndarray:
    """The share of values that are smaller, ties counted half; their mean is 0.5."""
    if not len(values):
        return np.empty(0)
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: np.ndarray = ((np.cumsum(counts) - counts / 2) / len(values))[place]
    return ranks


def _profile(feature: Feature, everybody: np.ndarray, ranks: np.ndarray, inside: np.ndarray, among: int) -> Profile:
    # Where it applies to nobody, there is nothing to compare.
    base, spread = (float(everybody.mean()), float(everybody.std())) if len(everybody) else (0.0, 0.0)
    # Where nobody in the segment has a value, nothing is claimed: the figures are those of all, the effect zero.
    values = everybody[inside] if inside.any() else everybody
    known = int(inside.sum())
    mean = float(values.mean()) if len(values) else base
    return Profile(
        feature=feature.name,
        mean=mean,
        base=base,
        index=100 * mean / base if base > 0 and known else None,
        effect=(mean - base) / spread if spread > 0 else 0.0,
        known=known,
        among=among,
        rank=float(ranks[inside].mean()) if known else 0.5,
        median=_median(values),
        base_median=_median(everybody),
        zero=_zero(values),
        base_zero=_zero(everybody),
    )


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else 0.0


def _zero(values: np.ndarray) -> float:
    return float((values == 0).mean()) if len(values) else 0.0
