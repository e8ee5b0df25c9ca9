"""The top of the memo: what is recommended, with its amount, owner and date, and what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from northstar_explain.contract.features import Contract
from northstar_explain.model.campaign.money_words import (
    TO_FILL_IN,
    amount,
    campaign_words,
    counted,
    in_points,
    terms,
    why_nobody,
)
from northstar_explain.model.campaign.value import MEASURED
from northstar_explain.model.evaluation.money_facts import MoneyFacts
from northstar_explain.model.learned_model import Model
from northstar_explain.report import statements
from northstar_explain.report.document import numbers as words
from northstar_explain.report.document.blocks import Block, Callout, Facts, Text, rich, table

_TO_CONFIRM = "to confirm"
# Not what customers are told: in a table of visits or orders, a row is nobody to speak to.
_ROLES = "Segments decide what to say, probabilities the order, and a control group shows what it was worth."


@dataclass(frozen=True)
class Decision:
    """What people add to the recommendation.

    Attributes
    ----------
    owner : str
        Who carries it out; empty where nobody is named yet.
    decide_by : str
        A day, ISO 8601; empty where none is set yet.
    """

    owner: str = ""
    decide_by: str = ""


def recommendation(model: Model, decision: Decision) -> tuple[Block, ...]:
    """The recommendation, and a line per scenario."""
    money, currency = model.evaluation.money, model.contract.currency
    dated = statements.data_as_of(model.manifest) or statements.data_undated(model.manifest)
    by_row = statements.counted_by_row(model.contract, model.evaluation)
    people = (
        ("Owner", decision.owner or _TO_CONFIRM),
        ("Decide by", words.day(decision.decide_by) if decision.decide_by else _TO_CONFIRM),
        ("Rests on", ". ".join(filter(None, (dated, statements.made_on(model.manifest), by_row))) + "."),
    )
    if money is None:
        text = rich("<strong>Use both.</strong> {} {}", _ROLES, TO_FILL_IN)
        return (Callout((Text(text), Facts(people)), "Recommendation"),)
    facts = Facts((("Amount", _amount(money, currency)), *people))
    return (
        Callout((Text(rich("<strong>{}</strong> {}", _advice(money, currency), _ROLES)), facts),
                "Recommendation"),
        *_campaign(money, model.contract),
        *population(model),
    )  # fmt: skip


def _amount(money: MoneyFacts, currency: str) -> str:
    if not money.proposal.contacted:
        return f"{currency}0"
    spend = amount(max(one.spend for one in money.proposal.outlooks), currency)
    if money.readout_plan_id:
        return f"{spend}, to be expected"
    # Without a contact's effect, vouchers are still redeemed by those who would have bought anyway.
    lost = "what contacts and vouchers of others cost" if money.voucher else "all of it"
    return f"{spend} at most; {lost} is lost if contacts change nothing"


def _advice(money: MoneyFacts, currency: str) -> str:
    if not money.proposal.contacted:
        return f"Do not pay for contacts at these amounts: {why_nobody(money)}."
    said = campaign_words(money, currency)
    if money.readout_plan_id:
        return f"Contact where a campaign has measured that it pays: {said}."
    return f"Approve one campaign that measures what a contact adds: {said}."


def _campaign(money: MoneyFacts, contract: Contract) -> tuple[Block, ...]:
    """What the campaign costs and earns, and why it measures; only the terms where no contact is proposed."""
    counted_with = terms(money, contract.outcome, contract.currency)
    if not money.proposal.contacted:
        return (Text(counted_with.strip(), "fine"),)
    return _scenarios(money, contract), Text(f"{counted_with}{_why_measure(money)}", "fine")


def _why_measure(money: MoneyFacts) -> str:
    measured = statements.uplift_measured(money)
    return f"{measured or statements.paid_contacts(money)}."


def _scenarios(money: MoneyFacts, contract: Contract) -> Block:
    rows = [
        (
            f"measured: {in_points(one.uplift)} points"
            if one.scenario == MEASURED
            else f"{one.scenario}: {counted(one.uplift)} more",
            f"{money.proposal.contacted:,}",
            amount(one.spend, contract.currency),
            in_points(money.proposal.break_even_uplift),
            amount(one.earned, contract.currency),
        )
        for one in money.proposal.outlooks
    ]
    head = ("If a contact adds", "Contacted", "Spend", "Break even at", "Earned after all costs")
    return table(head, rows, alt_text="The recommended campaign by what a contact adds")


def population(model: Model) -> tuple[Text, ...]:
    """How the rows of the table and the people whom the contract speaks of go together, where it does."""
    contract, rows = model.contract, model.evaluation.audiences.customers
    if contract.population is None:
        return ()
    share = rows / contract.population
    said = (
        f"How two numbers go together: the contract states {contract.population:,} {contract.population_words}; the "
        f"table that this memo rests on holds {rows:,} {contract.noun}, as many as {words.rough(share)} of them. Every "
        f"amount here is for these {rows:,}."
    )
    if share < 1:
        said += (
            f" The other {contract.population - rows:,} are not in the table, and nothing is known of their rates: "
            "score them before a figure is scaled up."
        )
    return (Text(said, "fine"),)
