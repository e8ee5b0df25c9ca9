"""What contacts are worth: per segment and decile, and of the campaign that is proposed; in the contract's currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from northstar_explain.model.evaluation.figure_facts import Interval


@dataclass(frozen=True)
class Outlook:
    """Some customers under one assumption, or with a measured uplift.

    Attributes
    ----------
    scenario : str
        Name of the scenario, or ``measured``.
    uplift : float
        Added to the purchase rate.
    value_per_contact : float
        Money; negative where a contact loses it.
    spend : float
        For contacting all of them, vouchers expected to be redeemed included.
    earned : float
        By contacting all of them.
    """

    scenario: str
    uplift: float
    value_per_contact: float
    spend: float
    earned: float


@dataclass(frozen=True)
class CellValue:
    """Some customers, and what it is worth to contact them.

    Attributes
    ----------
    segment : str or None
        Null for all segments.
    decile : int or None
        Null for all deciles.
    customers : int
        In the cell.
    contactable : int
        Of them, outside a standing control group of the usual size.
    probability : float
        Mean probability of a purchase without a contact.
    break_even_uplift : float or None
        From which a contact pays; null where none does, as the voucher takes all of the margin.
    outlooks : tuple of Outlook
        One per scenario, or the measured one.
    """

    segment: str | None
    decile: int | None
    customers: int
    contactable: int
    probability: float
    break_even_uplift: float | None
    outlooks: tuple[Outlook, ...]


@dataclass(frozen=True)
class Proposal:
    """The campaign that the amounts allow.

    With assumed uplifts nobody knows whom a contact changes, so it takes customers at random from every cell that pays
    under the highest scenario, and measures. With measured ones it takes cells by money earned per money spent.

    Attributes
    ----------
    eligible : int
        Customers it takes from.
    contacted : int
        As many as the budget pays for in every scenario.
    probability : float
        Mean probability of a purchase without a contact.
    break_even_uplift : float or None
        From which it pays; null where it never does, or nobody is contacted.
    outlooks : tuple of Outlook
        Of those contacted.
    """

    eligible: int
    contacted: int
    probability: float
    break_even_uplift: float | None
    outlooks: tuple[Outlook, ...]


@dataclass(frozen=True)
class RankingValue:
    """What the model's ranking is worth beside a baseline's, in the fifth of all customers that each ranks highest.

    Attributes
    ----------
    baseline : str
        As in `Baseline`.
    contacted : int
        A fifth of the customers.
    buyers_more : float
        Purchases without any contact that the model's fifth holds more than the baseline's.
    buyers_more_interval : Interval
        Its 95% interval.
    earned_more : mapping of str to float
        By scenario: money, if a contact adds the same fraction to the purchase rate of everybody, and the scenario's
        uplift on average. If it adds the same points to everybody, a ranking earns nothing.
    """

    baseline: str
    contacted: int
    buyers_more: float
    buyers_more_interval: Interval
    earned_more: Mapping[str, float]


@dataclass(frozen=True)
class MoneyFacts:
    """What contacts are worth, cell by cell, counted over all rows of training.

    Attributes
    ----------
    margin : float
        Earned per purchase.
    contact_cost : float
        Per contact.
    voucher : float
        Per purchase of a customer contacted; 0 for none.
    budget : float or None
        Most that a campaign may spend; null for no limit.
    assumed : bool
        Whether the contract says that the amounts are assumptions.
    readout_plan_id : str or None
        The plan of the campaign that measured the uplifts; null where scenarios assume them.
    cells : tuple of CellValue
        Per segment and decile that has customers.
    segments : tuple of CellValue
        Per segment.
    deciles : tuple of CellValue
        Per decile.
    everybody : CellValue
        All customers.
    proposal : Proposal
        The campaign that is proposed.
    rankings : tuple of RankingValue
        One per baseline of the purchase model.
    """

    margin: float
    contact_cost: float
    voucher: float
    budget: float | None
    assumed: bool
    readout_plan_id: str | None
    cells: tuple[CellValue, ...]
    segments: tuple[CellValue, ...]
    deciles: tuple[CellValue, ...]
    everybody: CellValue
    proposal: Proposal
    rankings: tuple[RankingValue, ...]
