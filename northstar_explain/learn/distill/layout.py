"""Every split that the bins allow, laid out so that one histogram and one cumulative sum score them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .bin_tree import MISSING_CODE, FeatureBins
from .running_sums import running_sums


@dataclass(frozen=True)
class Layout:
    """The bins of all features side by side, and the candidate splits as ranges of them.

    A candidate sends left the bins ``start .. stop - 1`` of the (sorted) row of bins and, where ``with_missing``,
    the bin ``missing`` too. Categories are first sorted, per node, so that they too are cut by one range.
    """

    bins: tuple[FeatureBins, ...]
    offsets: np.ndarray
    feature: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    missing: np.ndarray
    with_missing: np.ndarray
    categorical: tuple[int, ...]

    @property
    def n_bins(self) -> int:
        """Number of bins of all features together."""
        return int(self.offsets[-1])

    def table(self, candidate: int, order: np.ndarray | None) -> np.ndarray:
        """Tell, for each code of the candidate's feature, whether it goes left."""
        feature = int(self.feature[candidate])
        offset = int(self.offsets[feature])
        chosen = np.arange(self.start[candidate], self.stop[candidate])
        if order is not None:
            chosen = order[chosen]
        table = np.zeros(self.bins[feature].n_bins, dtype=bool)
        table[chosen - offset] = True
        if self.with_missing[candidate]:
            table[MISSING_CODE] = True
        return table

    def left_sums(self, histogram: np.ndarray, order: np.ndarray | None) -> np.ndarray:
        """Sum the histogram over the left side of every candidate.

        Parameters
        ----------
        histogram : ndarray of shape (n_bins, ...)
        order : ndarray of shape (n_bins,) or None
            How the bins are sorted; None when no feature is categorical.

        Returns
        -------
        ndarray of shape (n_candidates, ...)
        """
        if order is not None:
            histogram = histogram[order]
        # One cumulative sum serves every candidate: what lies left is the difference of two of its rows.
        running = np.zeros((len(histogram) + 1, *histogram.shape[1:]))
        running_sums(histogram, out=running[1:])
        # `take`: rows are copied several times as fast as by indexing.
        sums: np.ndarray = running.take(self.stop, axis=0)
        sums -= running.take(self.start, axis=0)
        if self.with_missing.any():
            sums[self.with_missing] += histogram[self.missing[self.with_missing]]
        return sums

    def order(self, histogram: np.ndarray, direction: np.ndarray) -> np.ndarray | None:
        """Sort the bins of each categorical feature by their mean along a direction.

        Parameters
        ----------
        histogram : ndarray of shape (n_bins, 1 + d)
            Count, then sums, of each bin.
        direction : ndarray of shape (d,)
        """
        if not self.categorical:
            return None
        order = np.arange(self.n_bins)
        means = histogram[:, 1:] @ direction / np.maximum(histogram[:, 0], 1.0)
        for feature in self.categorical:
            span = slice(self.offsets[feature], self.offsets[feature + 1])
            order[span] = self.offsets[feature] + np.argsort(means[span], kind="stable")
        return order


def lay_out(bins: Sequence[FeatureBins]) -> Layout:
    """List the candidate splits of all features.

    An ordered feature with ``m`` observed bins has ``m - 1`` cuts; where missing values may take either side it
    has those twice, plus "missing or not". A categorical one has a cut after each of its sorted codes but the last.
    """
    offsets = np.concatenate([[0], np.cumsum([one.n_bins for one in bins])]).astype(np.intp)
    columns: list[np.ndarray] = []
    for feature, one in enumerate(bins):
        first, end = int(offsets[feature]), int(offsets[feature + 1])
        # The missing bin of an ordered feature stands before the others and outside their order; among categories it is
        # one of them.
        free = one.missing and not one.categorical
        start = first + 1 if free else first
        plain = np.arange(start + 1, end + 1 if free else end)
        columns.append(_candidates(feature, start, plain, first, False))
        if free:
            # With the missing bin on the left, no known one need be there: that asks whether the value is missing.
            columns.append(_candidates(feature, start, np.arange(start, end), first, True))
    table = np.concatenate(columns, axis=1).astype(np.intp)
    return Layout(
        bins=tuple(bins),
        offsets=offsets,
        feature=table[0],
        start=table[1],
        stop=table[2],
        missing=table[3],
        with_missing=table[4].astype(bool),
        categorical=tuple(f for f, one in enumerate(bins) if one.categorical),
    )


def _candidates(feature: int, start: int, stops: np.ndarray, missing: int, with_missing: bool) -> np.ndarray:
    same = np.ones(len(stops), dtype=np.intp)
    return np.stack([feature * same, start * same, stops, missing * same, int(with_missing) * same])
