"""Segments and probabilities together, on the holdout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class DecileCell:
    """A segment's customers in one decile.

    Attributes
    ----------
    decile : int
        1 to 10; 10 is the highest.
    n : int
        Customers.
    expected_buyers : float
        Sum of their probabilities.
    actual_buyers : int
        Those who bought.
    """

    decile: int
    n: int
    expected_buyers: float
    actual_buyers: int


@dataclass(frozen=True)
class Quantiles:
    """Quantiles of the probability inside a segment.

    Attributes
    ----------
    p10 : float
        A tenth is below.
    p25 : float
        A quarter is below.
    p50 : float
        The median.
    p75 : float
        A quarter is above.
    p90 : float
        A tenth is above.
    """

    p10: float
    p25: float
    p50: float
    p75: float
    p90: float


@dataclass(frozen=True)
class Driver:
    """A term that moves a segment's probability.

    Attributes
    ----------
    term : str
        A feature, or two with `` × `` between them.
    mean_points : float
        Log-odds, against the average training customer.
    """

    term: str
    mean_points: float


@dataclass(frozen=True)
class ControlSize:
    """Customers needed to detect an uplift of the purchase rate, at 80% power and 5% significance, two-sided.

    Attributes
    ----------
    uplift : float
        Difference of the purchase rate.
    customers_each : int
        In each of campaign and control group.
    """

    uplift: float
    customers_each: int


@dataclass(frozen=True)
class TogetherFacts:
    """Customers by segment and decile, and the drivers in each segment.

    Attributes
    ----------
    matrix : mapping of str to tuple of DecileCell
        Per segment, deciles 1 to 10.
    quantiles : mapping of str to Quantiles
        By segment that has customers in the holdout.
    drivers : mapping of str to tuple of Driver
        Per segment, the terms with the largest mean points, by absolute value.
    control_sizes : tuple of ControlSize
        For the base rate of all.
    segment_control_sizes : mapping of str to tuple of ControlSize
        For each segment's own purchase rate.
    """

    matrix: Mapping[str, tuple[DecileCell, ...]]
    quantiles: Mapping[str, Quantiles]
    drivers: Mapping[str, tuple[Driver, ...]]
    control_sizes: tuple[ControlSize, ...]
    segment_control_sizes: Mapping[str, tuple[ControlSize, ...]]
