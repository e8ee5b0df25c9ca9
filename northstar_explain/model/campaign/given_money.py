"""The money that a contract, options and a readout give: for a plan, and in place of a model's own in its reports."""

from __future__ import annotations

from dataclasses import asdict, replace

from northstar_explain.contract.economics import Economics
from northstar_explain.contract.features import Contract
from northstar_explain.errors import CampaignError, Fault
from northstar_explain.model.campaign.money import money_facts
from northstar_explain.model.campaign.readout_facts import Readout
from northstar_explain.model.learned_model import Model
from northstar_explain.options import MoneyOptions

_AMOUNTS = ("margin", "contact_cost", "voucher", "budget")


def economics_of(options: MoneyOptions, contract: Economics | None, source: str) -> Economics:
    """The economics of the options, and of the contract where an option is not given.

    Parameters
    ----------
    options : MoneyOptions
    contract : Economics or None
    source : str
        What to name in errors.

    Raises
    ------
    CampaignError
        When neither gives margin or contact cost, or an amount is out of range.
    """
    given = {name: value for name in _AMOUNTS if (value := getattr(options, name)) is not None}
    known = {**(asdict(contract) if contract else {}), **given}
    todo = "Give --{} or write [economics] into the contract."
    faults = [
        Fault(name, "an amount", "nothing", todo.format(name.replace("_", "-")))
        for name in ("margin", "contact_cost")
        if name not in known
    ]
    if faults:
        raise CampaignError(source, faults)
    # Assumed only as long as an amount of the contract counts.
    known["assumed"] = bool(
        contract and contract.assumed and any(known.get(name) for name in _AMOUNTS if name not in given)
    )
    try:
        return Economics(**known)
    except ValueError as error:
        where, _, rest = str(error).partition(": expected ")
        expected, _, got = rest.partition("; got ")
        raise CampaignError(source, [Fault(where, expected, got)]) from error


def with_money(model: Model, options: MoneyOptions | None, readout: Readout | None) -> Model:
    """The model with facts on money for other amounts or measured uplifts; the same model where nothing is given.

    Parameters
    ----------
    model : Model
    options : MoneyOptions or None
        Amounts in place of those of the contract.
    readout : Readout or None
        Of an earlier campaign, whose uplifts take the place of scenarios.

    Raises
    ------
    CampaignError
        When margin or contact cost is missing, an amount is out of range, or the readout was stopped.
    """
    options = options or MoneyOptions()
    if readout is None and all(getattr(options, name) is None for name in _AMOUNTS):
        return model
    if readout is not None and readout.overall is None:
        raise stopped()
    require_wanted(model.contract, "money")
    economics = economics_of(options, model.contract.economics, "money")
    facts = model.evaluation
    money = money_facts(facts.audiences, facts.purchase, economics, readout)
    return replace(model, evaluation=replace(facts, money=money))


def require_wanted(contract: Contract, source: str) -> None:
    """Refuse to count money for an outcome that is to be prevented: a contact would seem to earn by more of it.

    Raises
    ------
    CampaignError
    """
    if not contract.wanted:
        todo = "Plan and count without money: it is counted for an outcome that a contact brings about."
        raise CampaignError(source, [Fault("amounts", "an outcome that is wanted", "wanted = false", todo)])


def stopped() -> CampaignError:
    """The error for a readout that measured nothing."""
    got = "a readout that was stopped, as treated and control were not alike"
    return CampaignError("uplift", [Fault("readout", "measured uplifts", got, "Plan without it.")])
