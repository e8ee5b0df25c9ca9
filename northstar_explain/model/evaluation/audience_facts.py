"""How many customers there are to contact: by segment and decile, place, channel and device, and stage of life.

All rows of training are counted, not the holdout alone, as a campaign is for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from northstar_explain.model.evaluation.limits import AUDIENCE_MIN_CUSTOMERS
from northstar_explain.model.evaluation.together_facts import ControlSize

# Stages of a customer's life, in the order in which reports show them.
NO_ORDER, NEW, ONE_ORDER, GROWING, LOYAL, LAPSING, LOST = (
    "no_order", "new", "one_order", "growing", "loyal", "lapsing", "lost",
)  # fmt: skip
STAGES = (NO_ORDER, NEW, ONE_ORDER, GROWING, LOYAL, LAPSING, LOST)


@dataclass(frozen=True)
class Band:
    """The customers of a segment in the deciles that are treated alike.

    Attributes
    ----------
    customers : int
        Among all rows of training.
    holdout_n : int
        In the holdout.
    purchase_rate : float or None
        Share of these who bought; null where there are none.
    control_sizes : tuple of ControlSize
        For this rate; empty where it is 0, 1 or unknown.
    """

    customers: int
    holdout_n: int
    purchase_rate: float | None
    control_sizes: tuple[ControlSize, ...]

    @property
    def measured_rate(self) -> float | None:
        """The rate, where it is that of enough customers: of fewer, it says more about chance than about them."""
        return self.purchase_rate if self.holdout_n >= AUDIENCE_MIN_CUSTOMERS else None


@dataclass(frozen=True)
class SegmentAudience:
    """A segment's customers.

    Attributes
    ----------
    deciles : tuple of int
        Customers in deciles 1 to 10, among all rows of training.
    expected_buyers : tuple of float
        Sum of their probabilities, in deciles 1 to 10.
    bands : mapping of str to Band
        By the keys of `limits.CONTACT_BANDS`.
    """

    deciles: tuple[int, ...]
    expected_buyers: tuple[float, ...]
    bands: Mapping[str, Band]


@dataclass(frozen=True)
class Breakdown:
    """The segments' customers by the values of a category.

    Attributes
    ----------
    role : str
        ``place``, ``channel`` or ``device``.
    feature : str
        Its column.
    segments : mapping of str to mapping of str to int
        Per segment, value to customers; the values are the most frequent of all customers, the first the most.
    others : mapping of str to int
        Per segment, customers with any other value.
    unknown : mapping of str to int
        Per segment, customers without a value.
    """

    role: str
    feature: str
    segments: Mapping[str, Mapping[str, int]]
    others: Mapping[str, int]
    unknown: Mapping[str, int]


@dataclass(frozen=True)
class LifecycleFacts:
    """Customers by stage of their life, from features with the roles ``frequency``, ``recency`` and ``tenure``.

    Each customer is in the first stage that applies: ``no_order`` without an order; ``new`` within `new_within` days;
    ``lost`` and ``lapsing`` where the last order is at least `lost_from` and `lapsing_from` times as long ago as the
    customer's orders were apart; ``one_order``; ``loyal`` from `loyal_from` orders; ``growing`` with fewer.

    Attributes
    ----------
    frequency : str
        The column of orders, or whatever else is counted.
    recency : str or None
        The column of days since the last one; null where there is none: nobody is then lapsing or lost.
    tenure : str or None
        The column of days since the first one or the opening of an account; null where there is none: nobody is then
        new.
    window_days : float or None
        Days that orders are counted over; null without recency.
    new_within : float or None
        Days up to which a customer is new; null without tenure.
    loyal_from : float
        Orders of the third that orders most, among those with two or more.
    lapsing_from : float
        As above.
    lost_from : float
        As above.
    segments : mapping of str to mapping of str to int
        Per segment, stage to customers; ``unknown`` where the count is missing.
    """

    frequency: str
    recency: str | None
    tenure: str | None
    window_days: float | None
    new_within: float | None
    loyal_from: float
    lapsing_from: float
    lost_from: float
    segments: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class AudienceFacts:
    """Customers to contact, among all rows of training.

    Attributes
    ----------
    customers : int
        All rows of training.
    segments : mapping of str to SegmentAudience
        By segment.
    breakdowns : tuple of Breakdown
        One per category with the role ``place``, ``channel`` or ``device``.
    lifecycle : LifecycleFacts or None
        Null without a count of role ``frequency``.
    """

    customers: int
    segments: Mapping[str, SegmentAudience]
    breakdowns: tuple[Breakdown, ...]
    lifecycle: LifecycleFacts | None
