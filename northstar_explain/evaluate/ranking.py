"""Rows sorted by score once, and the sums that every metric is computed from under different weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from northstar_explain import metrics


@dataclass(frozen=True)
class Weighted:
    """Weighted rows sorted by score, the highest first, with the sums that metrics are computed from.

    Attributes
    ----------
    weight, label, score : ndarray of float, shape (n,)
    rows, buyers : float
        Sums of the weights of all rows, and of those with label 1.
    flagged, flagged_buyers : float
        The same for the rows at or above the threshold.
    seen, hits : ndarray of float
        Cumulative rows and buyers at the end of each run of equal scores; 0 first.
    roc_auc, average_precision, brier, calibration_gap : float
        Metrics that other metrics use, too.
    """

    weight: np.ndarray
    label: np.ndarray
    score: np.ndarray
    rows: float
    buyers: float
    flagged: float
    flagged_buyers: float
    seen: np.ndarray
    hits: np.ndarray
    roc_auc: float
    average_precision: float
    brier: float
    calibration_gap: float

    def captured(self, share: float) -> float:
        """Share of all buyers among the best-scored share of the rows; rows with equal scores count in proportion."""
        return float(np.interp(share * self.seen[-1], self.seen, self.hits) / max(self.hits[-1], 1.0))


class Ranked:
    """Rows sorted by score, ready to be evaluated many times under different weights.

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
    score : ndarray of float, shape (n,)
        Probabilities.
    threshold : float, default 0.5
        From which a row is flagged.

    Notes
    -----
    A bootstrap draw is a vector of counts: how often each row was drawn. As rows are sorted once, a draw costs a few
    passes over them.
    """

    def __init__(self, label: np.ndarray, score: np.ndarray, threshold: float = 0.5):
        self.rows = len(label)
        self._order = np.argsort(-score, kind="stable")
        self._score = score[self._order]
        self._label = np.asarray(label, dtype=np.float64)[self._order]
        self._gap = self._score - self._label
        self._square = self._gap**2
        # Last row of each run of equal scores.
        self._last = np.append(np.flatnonzero(np.diff(self._score)), self.rows - 1)
        # Negated, as the search wants ascending values; a row at the threshold is flagged.
        self._flagged = int(np.searchsorted(-self._score, -threshold, side="right"))
        # First rows of the bins of `calibration_bins`; in a draw, a bin holds more or fewer rows.
        self._bins = np.append(0, np.flatnonzero(np.diff(metrics.calibration_bins(self._score))) + 1)

    def weighted(self, weights: np.ndarray | None = None) -> Weighted:
        """The sums that every metric is computed from, with each row weighted.

        Parameters
        ----------
        weights : ndarray of numbers, shape (n,), optional
            In the original order of the rows; default 1 for each.
        """
        w = np.ones(self.rows) if weights is None else weights[self._order].astype(np.float64)
        seen, hits = np.cumsum(w), np.cumsum(w * self._label)
        n = float(seen[-1])
        flagged, flagged_buyers = (float(sums[self._flagged - 1]) if self._flagged else 0.0 for sums in (seen, hits))
        auc, precision = ranking_figures(seen[self._last], hits[self._last])
        return Weighted(
            weight=w,
            label=self._label,
            score=self._score,
            rows=n,
            buyers=float(hits[-1]),
            flagged=flagged,
            flagged_buyers=flagged_buyers,
            seen=np.append(0.0, seen[self._last]),
            hits=np.append(0.0, hits[self._last]),
            roc_auc=auc,
            average_precision=precision,
            brier=float((w * self._square).sum() / n),
            calibration_gap=float(np.abs(np.add.reduceat(w * self._gap, self._bins)).sum() / n),
        )

    def gains(self, shares: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """The share of buyers among each best-scored share of the rows; rows with equal scores count in proportion."""
        w = np.ones(self.rows) if weights is None else weights[self._order].astype(np.float64)
        seen, hits = np.cumsum(w), np.cumsum(w * self._label)
        return _captured(seen[self._last], hits[self._last], shares)


def ranking_figures(seen: np.ndarray, hits: np.ndarray) -> tuple[float, float]:
    """ROC-AUC and average precision from cumulative rows and buyers at the end of each run of equal scores."""
    buyers, misses = hits[-1], seen - hits
    others = misses[-1]
    if not buyers or not others:
        # A draw may have one outcome only: no order is then better than another.
        return 0.5, float(bool(buyers))
    run_hits, run_misses = np.diff(hits, prepend=0.0), np.diff(misses, prepend=0.0)
    # A buyer is ranked above every non-buyer with a lower score and, as ties count half, half of those with the same.
    beaten = others - misses + run_misses / 2
    # In a draw the first rows may have no weight: nothing is seen yet, and nothing hit.
    precision = hits / np.maximum(seen, 1.0)
    return float((run_hits * beaten).sum() / (buyers * others)), float((run_hits * precision).sum() / buyers)


def _captured(seen: np.ndarray, hits: np.ndarray, shares: np.ndarray) -> np.ndarray:
    rows, buyers = np.append(0.0, seen), np.append(0.0, hits)
    captured: np.ndarray = np.interp(shares * seen[-1], rows, buyers) / max(hits[-1], 1.0)
    return captured
