"""Facts of the contract's traits: how many customers have each, in all and in each segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class TraitCounts:
    """Customers with a trait of the contract.

    Attributes
    ----------
    name : str
        As the contract calls it; its words and condition stand there.
    customers : int
        With the trait, among all rows of training.
    share : float
        Of all rows of training.
    segments : mapping of str to int
        Customers with the trait, by segment.
    holdout_n : int
        Customers with the trait in the holdout.
    purchase_rate : float or None
        Share of these who bought; null where there are none.
    """

    name: str
    customers: int
    share: float
    segments: Mapping[str, int]
    holdout_n: int
    purchase_rate: float | None


@dataclass(frozen=True)
class TraitFacts:
    """Traits: audiences that cut across segments.

    Attributes
    ----------
    customers : int
        All rows of training.
    each : tuple of TraitCounts
        In the contract's order.
    """

    customers: int
    each: tuple[TraitCounts, ...]
