"""Predicted and actual rates on the holdout: by subgroup, calibration bin, share of customers and decile."""

from __future__ import annotations

from dataclasses import dataclass

from northstar_explain.model.evaluation.figure_facts import Interval


@dataclass(frozen=True)
class Subgroup:
    """The model for one group of customers; metrics are null where there are too few customers.

    Attributes
    ----------
    by : str
        How customers are grouped: ``segment``, ``tenure``, ``unknown``, or a sensitive feature.
    name : str
        The group's value.
    n : int
        Customers of the holdout.
    base_rate : float or None
        Share who bought.
    predicted_rate : float or None
        Mean probability.
    ece : float or None
        Calibration error, over ten bins or fewer so that each holds enough customers.
    flag_rate : float or None
        Share flagged as likely buyers.
    recall : float or None
        Share flagged among buyers.
    roc_auc : float or None
        Also null where all or none bought.
    base_rate_interval : Interval or None
        95% by Wilson (1927).
    recall_interval : Interval or None
        95% by Wilson (1927).
    """

    by: str
    name: str
    n: int
    base_rate: float | None
    predicted_rate: float | None
    ece: float | None
    flag_rate: float | None
    recall: float | None
    roc_auc: float | None
    base_rate_interval: Interval | None
    recall_interval: Interval | None


@dataclass(frozen=True)
class CalibrationBin:
    """Predicted against actual rate in one of at most ten bins of equal size.

    Attributes
    ----------
    n : int
        Customers.
    predicted_rate : float
        Mean probability.
    purchase_rate : float
        Share who bought.
    purchase_rate_interval : Interval
        Its 95% interval.
    """

    n: int
    predicted_rate: float
    purchase_rate: float
    purchase_rate_interval: Interval


@dataclass(frozen=True)
class GainsPoint:
    """Buyers found among the best-scored customers.

    Attributes
    ----------
    share : float
        Best-scored share of customers.
    captured : float
        Share of all buyers found there.
    captured_interval : Interval
        Its 95% interval.
    """

    share: float
    captured: float
    captured_interval: Interval


@dataclass(frozen=True)
class Decile:
    """A tenth of the training population by probability; rates are null where the holdout has nobody there.

    Attributes
    ----------
    decile : int
        1 to 10; 10 is the highest.
    n : int
        Customers of the holdout.
    predicted_rate : float or None
        Mean probability.
    purchase_rate : float or None
        Share who bought.
    purchase_rate_interval : Interval or None
        Its 95% interval.
    """

    decile: int
    n: int
    predicted_rate: float | None
    purchase_rate: float | None
    purchase_rate_interval: Interval | None
