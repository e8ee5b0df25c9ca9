"""The calibration of probabilities as two numbers, an intercept and a slope (Cox 1958), with their uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from northstar_explain.model.evaluation.rate_facts import CalibrationBin
from northstar_explain.model.monitoring.expected_facts import Calibration

# Standard deviations of intercept and slope. Models of this kind, an average of bagged ones, are nearly calibrated: the
# holdout is weighed against that, as a slope from a few hundred outcomes is mostly noise. What a score means also
# changes from month to month, with the season. benchmarks/monitor_estimates.py prints both, as months have them.
USUAL = (0.10, 0.05)
MONTHLY = (0.20, 0.03)
# Of the slope inside a segment around that of all customers: the model ranks some segments better than others.
SEGMENT_SLOPE = 0.10
# So wide that it matters only where outcomes say nothing, as where they are all alike.
_OPEN = (10.0, 10.0)
_STEPS, _LONGEST, _EDGE = 200, 0.5, 1e-6


def logit(probability: np.ndarray | float) -> np.ndarray:
    """The logarithm of the odds; probabilities of 0 and 1 count as nearly so."""
    inside = np.clip(probability, _EDGE, 1 - _EDGE)
    odds: np.ndarray = np.log(inside / (1 - inside))
    return odds


def sigmoid(x: np.ndarray) -> np.ndarray:
    """The probability of a logit."""
    probability: np.ndarray = (1 + np.tanh(x / 2)) / 2  # which no logit overflows
    return probability


def expected_of(bins: Sequence[CalibrationBin]) -> Calibration:
    """The calibration to expect of a month, from the bins of a holdout.

    Parameters
    ----------
    bins : sequence of CalibrationBin
        They lose little of what rows would say, as rates change little inside one.

    Returns
    -------
    Calibration
        The posterior mean under a normal prior of `USUAL` (Gelman et al. 2013), with errors that include `MONTHLY`.
    """
    n = np.array([one.n for one in bins], dtype=np.float64)
    rate, predicted = (np.array([getattr(one, of) for one in bins]) for of in ("purchase_rate", "predicted_rate"))
    found = _fitted(logit(predicted), n, n * rate, USUAL)
    return replace(
        found,
        intercept_error=math.hypot(found.intercept_error, MONTHLY[0]),
        slope_error=math.hypot(found.slope_error, MONTHLY[1]),
    )


def of_segment(calibration: Calibration) -> Calibration:
    """The calibration to expect inside a segment: that of all, and less sure of it."""
    return replace(calibration, slope_error=math.hypot(calibration.slope_error, SEGMENT_SLOPE))


def of_rows(label: np.ndarray, probability: np.ndarray) -> Calibration:
    """The calibration that outcomes show.

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
    probability : ndarray of float, shape (n,)

    Returns
    -------
    Calibration
    """
    return _fitted(logit(probability), np.ones(len(label)), label.astype(np.float64), _OPEN)


def _fitted(x: np.ndarray, n: np.ndarray, hits: np.ndarray, spread: tuple[float, float]) -> Calibration:
    """Logistic regression of hits out of n on x, by Newton's steps, with a normal prior."""
    center = float(logit(hits.sum() / n.sum()))
    design = np.column_stack([np.ones(len(x)), x - center])
    prior, start = np.diag(1 / np.square(spread)), np.array([0.0, 1.0])
    found, information = start, prior
    for _ in range(_STEPS):
        rate = sigmoid(center + design @ found)
        information = (design * (n * rate * (1 - rate))[:, None]).T @ design + prior
        step = np.linalg.solve(information, design.T @ (hits - n * rate) - prior @ (found - start))
        # A full step may overshoot where the start is far off, and the next one then more so.
        found = found + np.clip(step, -_LONGEST, _LONGEST)
        if float(np.abs(step).max()) < 1e-10:
            break
    covariance = np.linalg.inv(information)
    return Calibration(
        n=int(n.sum()),
        center=center,
        intercept=float(found[0]),
        slope=float(found[1]),
        intercept_error=math.sqrt(covariance[0, 0]),
        slope_error=math.sqrt(covariance[1, 1]),
        covariance=float(covariance[0, 1]),
    )
