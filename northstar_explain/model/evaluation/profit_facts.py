"""Profit of contacting the best-scored customers; per 1,000 customers, in the currency of the margin."""

from __future__ import annotations

from dataclasses import dataclass

from northstar_explain.model.evaluation.figure_facts import Interval


@dataclass(frozen=True)
class ProfitPoint:
    """Profit when a share of the customers is contacted.

    Attributes
    ----------
    share : float
        Of customers, contacted from the best-scored down.
    profit : float
        By actual purchases.
    profit_interval : Interval
        Its 95% interval.
    expected_profit : float
        By predicted probabilities.
    """

    share: float
    profit: float
    profit_interval: Interval
    expected_profit: float


@dataclass(frozen=True)
class Profit:
    """The profit curve.

    Attributes
    ----------
    margin : float
        Earned per purchase.
    contact_cost : float
        Spent per contact.
    curve : tuple of ProfitPoint
        By share contacted.
    best_share : float
        Where the curve is highest; chosen on the holdout itself.
    best_profit : float
        Profit at that share.
    break_even : float
        Probability from which a contact pays.
    above_break_even : ProfitPoint
        When exactly the customers from that probability on are contacted.
    """

    margin: float
    contact_cost: float
    curve: tuple[ProfitPoint, ...]
    best_share: float
    best_profit: float
    break_even: float
    above_break_even: ProfitPoint
