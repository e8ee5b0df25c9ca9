"""What a contact is worth: the money that uplift brings, less what vouchers give away and contacts cost.

Value per contact = uplift x (margin - voucher) - voucher x probability - contact cost, where the probability is that of
a purchase without the contact: those who would buy anyway take the voucher too. A sale is credited to a contact only
so far as it would not have come without it. Radcliffe (2007, Using control groups to target on predicted lift, Direct
Marketing Analytics Journal) calls this incremental profit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from northstar_explain.contract.economics import Economics
from northstar_explain.model.evaluation.together_facts import DecileCell


@dataclass(frozen=True)
class Scenario:
    """An assumption on uplift.

    Attributes
    ----------
    name : str
        In words.
    uplift : float
        Added to the purchase rate of everybody contacted.
    """

    name: str
    uplift: float


# Nobody knows the uplift before the first campaign, so a plan is shown for three. Assumptions: campaigns that are
# reported as a success add one to some points to the purchase rate.
SCENARIOS = (Scenario("cautious", 0.01), Scenario("middle", 0.02), Scenario("hopeful", 0.04))
MEASURED = "measured"


@dataclass(frozen=True)
class Outlook:
    """A cell under one assumption, or with a measured uplift.

    Attributes
    ----------
    scenario : str
        Name of the scenario, or ``measured``.
    uplift : float
        Added to the purchase rate.
    value_per_contact : float
        Money; negative where a contact loses it.
    spend : float
        For contacting all of the cell, vouchers expected to be redeemed included.
    earned : float
        By contacting all of the cell.
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
    probability: float
    break_even_uplift: float | None
    outlooks: tuple[Outlook, ...]


@dataclass(frozen=True)
class ContactValues:
    """What contacts are worth, cell by cell.

    Attributes
    ----------
    margin : float
        Earned per purchase.
    contact_cost : float
        Per contact.
    voucher : float
        Per purchase of a customer contacted; 0 for none.
    cells : tuple of CellValue
        Per segment and decile that has customers.
    segments : tuple of CellValue
        Per segment.
    deciles : tuple of CellValue
        Per decile.
    everybody : CellValue
        All customers.
    """

    margin: float
    contact_cost: float
    voucher: float
    cells: tuple[CellValue, ...]
    segments: tuple[CellValue, ...]
    deciles: tuple[CellValue, ...]
    everybody: CellValue


def value_per_contact(probability: np.ndarray, uplift: np.ndarray | float, economics: Economics) -> np.ndarray:
    """Money that a contact earns, on average.

    Parameters
    ----------
    probability : ndarray of float, shape (n,)
        Of a purchase without the contact.
    uplift : float, or ndarray of shape (n,)
        Added to it by the contact.
    economics : Economics

    Returns
    -------
    ndarray of float, shape (n,)

    Examples
    --------
    >>> value_per_contact(np.array([0.1, 0.5]), 0.05, Economics(margin=20, contact_cost=0.25, voucher=5))
    array([ 0., -2.])
    """
    gained = np.asarray(uplift) * (economics.margin - economics.voucher)
    value: np.ndarray = gained - economics.voucher * np.asarray(probability) - economics.contact_cost
    return value


def spend_per_contact(probability: np.ndarray, uplift: np.ndarray | float, economics: Economics) -> np.ndarray:
    """What a contact takes from a budget: its cost, and the voucher as far as it will be redeemed; shape (n,)."""
    bought = np.clip(np.asarray(probability) + np.asarray(uplift), 0.0, 1.0)
    spend: np.ndarray = economics.contact_cost + economics.voucher * bought
    return spend


def break_even_uplift(probability: float, economics: Economics) -> float | None:
    """The uplift from which a contact pays; None where none does, because the voucher takes all of the margin.

    Examples
    --------
    >>> break_even_uplift(0.2, Economics(margin=24, contact_cost=0.5))
    0.020833333333333332
    """
    kept = economics.margin - economics.voucher
    if kept <= 0:
        return None
    needed = (economics.voucher * probability + economics.contact_cost) / kept
    return needed if needed <= 1.0 - probability else None  # no contact brings more than everybody


def contact_values(
    matrix: Mapping[str, Sequence[DecileCell]],
    economics: Economics,
    scenarios: Sequence[Scenario] = SCENARIOS,
    measured: Callable[[str, int], float] | None = None,
) -> ContactValues:
    """What it is worth to contact the customers of each segment and decile.

    Parameters
    ----------
    matrix : mapping of str to sequence of DecileCell
        Per segment its deciles, as the facts of a model have them (`TogetherFacts.matrix`).
    economics : Economics
    scenarios : sequence of Scenario
        Assumed uplifts, used without measured ones.
    measured : callable, optional
        From segment and decile to the uplift that was measured, such as `Uplifts.of`.

    Returns
    -------
    ContactValues
        Sums over cells are sums of their money: with measured uplifts, that of a segment is the mean of its cells'.
    """
    cells = [_cell(id, one, economics, scenarios, measured) for id, row in matrix.items() for one in row if one.n]
    return ContactValues(
        margin=economics.margin,
        contact_cost=economics.contact_cost,
        voucher=economics.voucher,
        cells=tuple(cells),
        segments=tuple(
            _together([cell for cell in cells if cell.segment == id], economics, segment=id)
            for id in matrix
            if any(cell.segment == id for cell in cells)
        ),
        deciles=tuple(
            _together([cell for cell in cells if cell.decile == decile], economics, decile=decile)
            for decile in sorted({cell.decile for cell in cells if cell.decile is not None})
        ),
        everybody=_together(cells, economics),
    )


def _cell(
    segment: str,
    cell: DecileCell,
    economics: Economics,
    scenarios: Sequence[Scenario],
    measured: Callable[[str, int], float] | None,
) -> CellValue:
    probability = cell.expected_buyers / cell.n
    known = scenarios if measured is None else (Scenario(MEASURED, measured(segment, cell.decile)),)
    outlooks = tuple(_outlook(one.name, one.uplift, probability, cell.n, economics) for one in known)
    return CellValue(segment, cell.decile, cell.n, probability, break_even_uplift(probability, economics), outlooks)


def _outlook(name: str, uplift: float, probability: float, customers: int, economics: Economics) -> Outlook:
    # Not more than everybody buys: a flat scenario would add to a certainty.
    uplift = min(uplift, 1.0 - probability)
    value = float(value_per_contact(np.array(probability), uplift, economics))
    spend = float(spend_per_contact(np.array(probability), uplift, economics))
    return Outlook(name, uplift, value, customers * spend, customers * value)


def _together(
    cells: Sequence[CellValue], economics: Economics, segment: str | None = None, decile: int | None = None
) -> CellValue:
    customers = sum(cell.customers for cell in cells)
    if not customers:
        return CellValue(segment, decile, 0, 0.0, break_even_uplift(0.0, economics), ())
    probability = sum(cell.customers * cell.probability for cell in cells) / customers
    outlooks = []
    for same in zip(*(cell.outlooks for cell in cells), strict=True):
        uplift = sum(cell.customers * one.uplift for cell, one in zip(cells, same, strict=True)) / customers
        earned = sum(one.earned for one in same)
        spend = sum(one.spend for one in same)
        # Money is added up and then divided: a mean of the cells' values would count small cells like large ones.
        outlooks.append(Outlook(same[0].scenario, uplift, earned / customers, spend, earned))
    return CellValue(
        segment, decile, customers, probability, break_even_uplift(probability, economics), tuple(outlooks)
    )
