"""The performance to expect of a run before its outcomes are known (confidence-based performance estimation).

Where probabilities are calibrated they say how often each score is right, and so what ROC-AUC, average precision, Brier
score and F1 outcomes will show. Method: the calibration to expect is two numbers with a covariance (`calibration_fit`);
each draw takes a calibration from that distribution, corrects the probabilities by it, draws an outcome for each
customer and measures it as real outcomes would be measured. The mean over the draws is the estimate, the middle 90% its
interval: it holds the chance of outcomes, what the holdout left open, and the change that is usual from month to month.
A larger change of what a score means it cannot hold; `estimate_validity` says when one is likely.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from northstar_explain.evaluate.monitoring.calibration_fit import logit, of_segment, sigmoid
from northstar_explain.evaluate.ranking import ranking_figures
from northstar_explain.model.evaluation.limits import SUBGROUP_MIN_CUSTOMERS
from northstar_explain.model.monitoring.expected_facts import (
    Calibration,
    Expected,
    ExpectedFigures,
    ExpectedPerformance,
    ExpectedSegment,
    Interval90,
)

DRAWS = 300
# A large run's figures hardly differ between draws, and each takes time in proportion to the run.
LARGE, DRAWS_WHEN_LARGE = 50_000, 200
# Of a larger run, so many scores stand for all: figures of more rows differ by less than calibration leaves open.
MOST_ROWS = 200_000
_ENDS = (0.05, 0.95)


def expected_performance(
    probability: np.ndarray,
    segments: np.ndarray,
    ids: Sequence[str],
    threshold: float,
    calibration: Calibration,
    void: tuple[str, ...] = (),
    seed: int = 0,
) -> ExpectedPerformance:
    """Estimate the figures of a run, overall and per segment.

    Parameters
    ----------
    probability : ndarray of float, shape (n,)
        n at least 1.
    segments : ndarray of str, shape (n,)
    ids : sequence of str
        The segments to report on.
    threshold : float
        From which a customer is flagged.
    calibration : Calibration
        To expect of a month of this model.
    void : tuple of str
        Why the estimate does not hold.
    seed : int
        Of the draws.

    Returns
    -------
    ExpectedPerformance
    """
    draws = DRAWS_WHEN_LARGE if len(probability) > LARGE else DRAWS
    # The same calibrations for all segments, and outcomes of each drawn apart.
    of_all, of_each = (_calibrations(one, draws, seed) for one in (calibration, of_segment(calibration)))

    def figures(of: np.ndarray, stream: int) -> ExpectedFigures:
        return _figures(
            of, threshold, calibration.center, of_each if stream else of_all, np.random.default_rng([seed, 31, stream])
        )

    per_segment = []
    for place, id in enumerate(ids):
        inside = probability[segments == id]
        enough = len(inside) >= SUBGROUP_MIN_CUSTOMERS
        per_segment.append(ExpectedSegment(id, len(inside), figures(inside, 1 + place) if enough else None))
    overall = figures(probability, 0)
    return ExpectedPerformance(len(probability), calibration, draws, overall, tuple(per_segment), void)


def _calibrations(calibration: Calibration, draws: int, seed: int) -> np.ndarray:
    """Draws of intercept and slope, shape (draws, 2)."""
    covariance = np.array([
        [calibration.intercept_error**2, calibration.covariance],
        [calibration.covariance, calibration.slope_error**2],
    ])  # fmt: skip
    # The intercept of every draw is that of the corrected logit, center included.
    middle = np.array([calibration.center + calibration.intercept, calibration.slope])
    return np.random.default_rng([seed, 30]).multivariate_normal(middle, covariance, draws)


def _figures(
    probability: np.ndarray, threshold: float, center: float, calibrations: np.ndarray, rng: np.random.Generator
) -> ExpectedFigures:
    count = len(probability)
    if count > MOST_ROWS:
        # Evenly spaced by rank, so that the spread of the scores stays as it is.
        probability = np.sort(probability)[np.linspace(0, count - 1, MOST_ROWS).round().astype(int)]
    run = _SortedRun(probability, threshold, center)
    values = np.array([
        run.measure((rng.random(run.rows) < sigmoid(intercept + slope * run.odds)).astype(np.float64))
        for intercept, slope in calibrations
    ])  # fmt: skip
    values[:, -1] *= count / len(probability)  # positives are counted in the run
    lows, highs = np.quantile(values, _ENDS, axis=0)
    expected = [
        Expected(float(mean), Interval90(float(low), float(high)))
        for mean, low, high in zip(values.mean(axis=0), lows, highs, strict=True)
    ]
    return ExpectedFigures(*expected)


class _SortedRun:
    """A run sorted by score once, the highest first, to be measured under many outcomes."""

    def __init__(self, probability: np.ndarray, threshold: float, center: float):
        self.rows = len(probability)
        self._score = np.sort(probability)[::-1]
        self.odds = logit(self._score) - center
        # Last row of each run of equal scores.
        self._last = np.append(np.flatnonzero(np.diff(self._score)), self.rows - 1)
        self._seen = (self._last + 1).astype(np.float64)
        self._flagged = int(np.searchsorted(-self._score, -threshold, side="right"))

    def measure(self, label: np.ndarray) -> tuple[float, float, float, float, float]:
        """ROC-AUC, average precision, Brier score, F1 and positives under outcomes in the order of the scores."""
        auc, precision = ranking_figures(self._seen, np.cumsum(label)[self._last])
        positives, flagged_positives = float(label.sum()), float(label[: self._flagged].sum())
        both = self._flagged + positives
        brier = float(np.mean((self._score - label) ** 2))
        return auc, precision, brier, 2 * flagged_positives / both if both else 0.0, positives
