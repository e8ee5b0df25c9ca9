"""Amounts, uplifts and campaigns in words, as every report and the command line print them."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.model.campaign.value import MEASURED, SCENARIOS
from northstar_explain.model.evaluation.money_facts import MoneyFacts, Outlook

TO_FILL_IN = (
    "What a contact is worth is not shown, as margin and contact cost are not known: write them into [economics] of "
    "the contract, or give --margin and --contact-cost."
)


def amount(value: float, currency: str) -> str:
    """A sum of money without cents: ``$20,600``, ``−$1,200`` with a true minus.

    Examples
    --------
    >>> amount(-1234.4, "$"), amount(-0.2, "$")
    ('−$1,234', '$0')
    """
    rounded = round(value)
    return f"{'−' if rounded < 0 else ''}{currency}{abs(rounded):,}"


def price(value: float, currency: str) -> str:
    """A price of one thing, with cents where it has any: ``$24``, ``$0.50``."""
    text = f"{value:,.2f}".removesuffix(".00")
    return f"{currency}{text}"


def in_points(uplift: float | None) -> str:
    """An uplift in percentage points: ``+2.1``; ``never`` for a break-even that does not exist."""
    # `z`: a small loss must not print as a negative zero.
    return "never" if uplift is None else f"{100 * uplift:+z.1f}".replace("-", "−")


def short_points(uplift: float) -> str:
    """An uplift of a scenario: ``2``, ``0.5``."""
    return f"{100 * uplift:g}"


def counted(uplift: float) -> str:
    """An uplift of a scenario with its unit: ``1 point``, ``2 points``."""
    text = short_points(round(uplift, 3))
    return f"{text} point{'' if text == '1' else 's'}"


def terms(money: MoneyFacts, outcome: str, currency: str) -> str:
    """What is counted with, and whether somebody has confirmed it."""
    text = f"Counted with a margin of {price(money.margin, currency)} for each outcome (“{outcome}”), "
    text += f"{price(money.contact_cost, currency)} a contact and "
    text += f"a voucher of {price(money.voucher, currency)}" if money.voucher else "no voucher"
    if money.budget is not None:
        text += f", within a budget of {amount(money.budget, currency)}"
    return f"{text}. " + ("These amounts are assumptions: confirm them. " if money.assumed else "")


def campaign_words(money: MoneyFacts, currency: str) -> str:
    """The campaign that is proposed: how many, what for, from where it pays, and what it earns."""
    proposal = money.proposal
    if not proposal.contacted:
        return f"contact nobody: {why_nobody(money)}"
    spend = ("up to " if money.voucher else "") + amount(max(one.spend for one in proposal.outlooks), currency)
    return (
        f"contact {proposal.contacted:,}, spend {spend}, break even at {in_points(proposal.break_even_uplift)} points, "
        f"{earnings(proposal.outlooks, currency)}"
    )


def why_nobody(money: MoneyFacts) -> str:
    """Why no contact is proposed."""
    if money.readout_plan_id:
        return "in no segment and decile does the measured uplift pay for a contact"
    if money.everybody.break_even_uplift is None or not money.proposal.eligible:
        most = short_points(SCENARIOS[-1].uplift)
        return f"in no segment and decile does a contact pay that adds {most} points"
    return "the budget pays for no contact"


def earnings(outlooks: Sequence[Outlook], currency: str) -> str:
    """What contacts earn or lose under each scenario, the highest first, or with the measured uplift."""
    return ", ".join(
        f"{'earn' if one.earned >= 0 else 'lose'} {amount(abs(one.earned), currency)} {_if(one)}"
        for one in reversed(outlooks)
    )


def _if(outlook: Outlook) -> str:
    if outlook.scenario == MEASURED:
        return f"with the measured uplift of {in_points(outlook.uplift)} points"
    return f"if the contact adds {short_points(round(outlook.uplift, 3))}"
