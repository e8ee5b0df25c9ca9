"""What performance a run's probabilities promise, before its outcomes are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Interval90(NamedTuple):
    """The two ends of a 90% interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Expected:
    """A figure that is expected of outcomes not yet known.

    Attributes
    ----------
    value : float
        Mean over the draws.
    interval : Interval90
        The middle 90% of the draws: where the figure will lie once outcomes are known.
    """

    value: float
    interval: Interval90


@dataclass(frozen=True)
class ExpectedFigures:
    """The figures expected of one set of customers.

    Attributes
    ----------
    roc_auc, average_precision, brier, f1 : Expected
        As of the purchase model; F1 at its threshold.
    positives : Expected
        Customers with the outcome.
    """

    roc_auc: Expected
    average_precision: Expected
    brier: Expected
    f1: Expected
    positives: Expected


@dataclass(frozen=True)
class ExpectedSegment:
    """The same for a segment.

    Attributes
    ----------
    id : str
    n : int
        Customers.
    figures : ExpectedFigures or None
        None where there are too few customers.
    """

    id: str
    n: int
    figures: ExpectedFigures | None


@dataclass(frozen=True)
class Calibration:
    """How probabilities relate to rates: logit(rate) = center + intercept + slope * (logit(probability) - center).

    Attributes
    ----------
    n : int
        Customers that it was measured on.
    center : float
        Logit of the base rate, so that the intercept is what is wrong with a customer of average odds.
    intercept, slope : float
        0 and 1 where probabilities are calibrated.
    intercept_error, slope_error : float
        Standard errors.
    covariance : float
        Of the two.
    """

    n: int
    center: float
    intercept: float
    slope: float
    intercept_error: float
    slope_error: float
    covariance: float


@dataclass(frozen=True)
class ExpectedPerformance:
    """The performance that a run's probabilities promise (confidence-based performance estimation).

    Attributes
    ----------
    n : int
        Customers of the run.
    calibration : Calibration
        Of a month of this model, as the holdout and what is usual let one expect it; probabilities are corrected by it.
    draws : int
        Of calibration and outcomes.
    overall : ExpectedFigures
    segments : tuple of ExpectedSegment
    void : tuple of str
        Why the estimate does not hold, in words; empty where nothing speaks against it.
    """

    n: int
    calibration: Calibration
    draws: int
    overall: ExpectedFigures
    segments: tuple[ExpectedSegment, ...]
    void: tuple[str, ...]
