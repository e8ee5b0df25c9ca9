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
    roc_auc_interval : Interval or None
        95% by DeLong et al. (1988).
    rate_by_chance : Interval or None
        Where the share who bought would lie in 95 of 100 samples, were every probability right.
    calibration_z : float or None
        Share who bought less mean probability, in standard deviations of chance.
    ece_by_chance : float or None
        Calibration error to expect, were every probability right.
    flagged : int or None
        Customers flagged as likely buyers.
    flag_ratio : float or None
        Share flagged over the highest one of the groups by the same; null for segments and kinds of unknown customers.
    flag_ratio_interval : Interval or None
        95% by Katz et al. (1978); null for the group of the highest share.
    """

    by: str
    name: str
    n: int
    base_rate: float | None = None
    predicted_rate: float | None = None
    ece: float | None = None
    flag_rate: float | None = None
    recall: float | None = None
    roc_auc: float | None = None
    base_rate_interval: Interval | None = None
    recall_interval: Interval | None = None
    roc_auc_interval: Interval | None = None
    rate_by_chance: Interval | None = None
    calibration_z: float | None = None
    ece_by_chance: float | None = None
    flagged: int | None = None
    flag_ratio: float | None = None
    flag_ratio_interval: Interval | None = None


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


@dataclass(frozen=True)
class OperatingPoint:
    """The flag at one threshold.

    Attributes
    ----------
    threshold : float
        Probability from which customers would be flagged.
    chosen : bool
        Whether it is the model's own.
    flagged : int
        Customers of the holdout at or above it.
    precision : float or None
        Share of those flagged who bought; null where nobody is flagged.
    recall : float
        Share of those who bought that are flagged.
    false_positive_rate : float
        Share of those who did not buy that are flagged.
    f1 : float
        Harmonic mean of precision and recall.
    """

    threshold: float
    chosen: bool
    flagged: int
    precision: float | None
    recall: float
    false_positive_rate: float
    f1: float
