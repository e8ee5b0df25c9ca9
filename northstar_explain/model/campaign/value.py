"""What a contact is worth: the money that uplift brings, less what vouchers give away and contacts cost.

Value per contact = uplift x (margin - voucher) - voucher x probability - contact cost, where the probability is that of
a purchase without the contact: those who would buy anyway take the voucher too. A sale is credited to a contact only
so far as it would not have come without it. Radcliffe (2007, Using control groups to target on predicted lift, Direct
Marketing Analytics Journal) calls this incremental profit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from northstar_explain.contract.economics import Economics
from northstar_explain.model.evaluation.money_facts import CellValue, Outlook
from northstar_explain.options import Control


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
FLAGGED_BY = SCENARIOS[1]
MEASURED = "measured"
# Who is in a standing control group of the usual size is never contacted.
CONTACTABLE = 1.0 - Control.share


class Counted(Protocol):
    """Customers of a segment in one decile."""

    @property
    def decile(self) -> int:
        """1 to 10; 10 is the highest."""

    @property
    def n(self) -> int:
        """Customers."""

    @property
    def expected_buyers(self) -> float:
        """Sum of their probabilities."""


class ValueTable(NamedTuple):
    """Values per segment and decile, per segment, per decile and of all customers."""

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


def break_even_probability(base_rate: float, economics: Economics) -> float | None:
    """The probability of a purchase from which a contact pays, if contacts change people in proportion to it.

    Where a contact adds the same points to everybody, no probability tells whom to contact. So this takes the same
    fraction to be added to the purchase rate of everybody, and the uplift of the scenario `FLAGGED_BY` on average, as
    `RankingValue` does.

    Parameters
    ----------
    base_rate : float
        Share of the customers who buy without a contact, above 0.
    economics : Economics

    Returns
    -------
    float or None
        None where no contact pays: the voucher takes what it brings, or the cost is more than certain buyers bring.

    Examples
    --------
    >>> round(break_even_probability(0.2, Economics(margin=24, contact_cost=0.5)), 6)
    0.208333
    >>> break_even_probability(0.2, Economics(margin=24, contact_cost=0.5, voucher=5)) is None
    True
    """
    fraction = FLAGGED_BY.uplift / base_rate
    kept = fraction * (economics.margin - economics.voucher) - economics.voucher
    if kept <= 0:
        return None
    needed = economics.contact_cost / kept
    return needed if needed * (1.0 + fraction) <= 1.0 else None  # no contact brings more than everybody


def contact_values(
    matrix: Mapping[str, Sequence[Counted]],
    economics: Economics,
    scenarios: Sequence[Scenario] = SCENARIOS,
    measured: Callable[[str, int], float] | None = None,
) -> ValueTable:
    """What it is worth to contact the customers of each segment and decile.

    Parameters
    ----------
    matrix : mapping of str to sequence of Counted
        Per segment its deciles, such as `TogetherFacts.matrix`.
    economics : Economics
    scenarios : sequence of Scenario
        Assumed uplifts, used without measured ones.
    measured : callable, optional
        From segment and decile to the uplift that was measured, such as `Uplifts.of`.

    Returns
    -------
    ValueTable
        Sums over cells are sums of their money: with measured uplifts, that of a segment is the mean of its cells'.
    """
    cells = [_cell(id, one, economics, scenarios, measured) for id, row in matrix.items() for one in row if one.n]
    return ValueTable(
        cells=tuple(cells),
        segments=tuple(
            summed([cell for cell in cells if cell.segment == id], economics, segment=id)
            for id in matrix
            if any(cell.segment == id for cell in cells)
        ),
        deciles=tuple(
            summed([cell for cell in cells if cell.decile == decile], economics, decile=decile)
            for decile in sorted({cell.decile for cell in cells if cell.decile is not None})
        ),
        everybody=summed(cells, economics),
    )


def outlook_of(name: str, uplift: float, probability: float, customers: int, economics: Economics) -> Outlook:
    """So many customers of one probability, contacted with an uplift."""
    # Not more than everybody buys, nor fewer than nobody: a flat scenario would add to a certainty.
    uplift = max(min(uplift, 1.0 - probability), -probability)
    value = float(value_per_contact(np.array(probability), uplift, economics))
    spend = float(spend_per_contact(np.array(probability), uplift, economics))
    return Outlook(name, uplift, value, customers * spend, customers * value)


def summed(
    cells: Sequence[CellValue], economics: Economics, segment: str | None = None, decile: int | None = None
) -> CellValue:
    """Cells as one."""
    customers = sum(cell.customers for cell in cells)
    if not customers:
        return CellValue(segment, decile, 0, 0, 0.0, break_even_uplift(0.0, economics), ())
    probability = sum(cell.customers * cell.probability for cell in cells) / customers
    outlooks = []
    for same in zip(*(cell.outlooks for cell in cells), strict=True):
        uplift = sum(cell.customers * one.uplift for cell, one in zip(cells, same, strict=True)) / customers
        earned = sum(one.earned for one in same)
        spend = sum(one.spend for one in same)
        # Money is added up and then divided: a mean of the cells' values would count small cells like large ones.
        outlooks.append(Outlook(same[0].scenario, uplift, earned / customers, spend, earned))
    contactable, even = sum(cell.contactable for cell in cells), break_even_uplift(probability, economics)
    return CellValue(segment, decile, customers, contactable, probability, even, tuple(outlooks))


def _cell(
    segment: str,
    cell: Counted,
    economics: Economics,
    scenarios: Sequence[Scenario],
    measured: Callable[[str, int], float] | None,
) -> CellValue:
    probability = cell.expected_buyers / cell.n
    known = scenarios if measured is None else (Scenario(MEASURED, measured(segment, cell.decile)),)
    outlooks = tuple(outlook_of(one.name, one.uplift, probability, cell.n, economics) for one in known)
    contactable, even = int(CONTACTABLE * cell.n), break_even_uplift(probability, economics)
    return CellValue(segment, cell.decile, cell.n, contactable, probability, even, outlooks)
