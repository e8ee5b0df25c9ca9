"""A campaign's plan as typed facts, and as `plan.json` beside its audience."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from northstar_explain.contract.economics import Economics
from northstar_explain.errors import CampaignError, Fault
from northstar_explain.model.evaluation.facts_codec import FactError, from_json, to_json

PLAN, AUDIENCE = "plan.json", "audience.parquet"
ASSUMED, MEASURED = "assumed", "measured"
FORMAT = 2
F = TypeVar("F")


@dataclass(frozen=True)
class PlannedCell:
    """The customers of a segment in one decile.

    Attributes
    ----------
    segment : str
    decile : int
        1 to 10; 10 is the highest.
    eligible : int
        Customers who may be contacted: those outside the standing control group.
    probability : float
        Mean probability of the eligible ones.
    uplift : float
        Expected of a contact, assumed or measured.
    break_even_uplift : float or None
        From which a contact pays; null where none does.
    value_per_contact : float
        Expected, of the eligible ones.
    treated : int
        Of the audience, to be contacted.
    control : int
        Of the audience, left out to compare with.
    """

    segment: str
    decile: int
    eligible: int
    probability: float
    uplift: float
    break_even_uplift: float | None
    value_per_contact: float
    treated: int
    control: int


@dataclass(frozen=True)
class CampaignPlan:
    """Whom a campaign contacts, and what is expected of it.

    Attributes
    ----------
    format : int
        Of these facts.
    id : str
        Follows from everything that the plan is made from; salts its control group.
    model_id : str
        The model that scored.
    id_column : str
        The column of customers.
    label_column : str
        The column of outcomes.
    positive : str
        The value of the label that stands for 1; empty where it holds 0 and 1.
    scores_sha256 : str
        Of the file of scores; empty for scores in memory.
    audience_sha256 : str
        Of `audience.parquet`.
    currency : str
        The sign in front of amounts.
    margin : float
        Earned per purchase.
    contact_cost : float
        Per contact.
    voucher : float
        Per purchase of a customer contacted; 0 for none.
    budget : float or None
        Null for no limit.
    uplift_source : str
        ``assumed`` or ``measured``.
    readout_plan_id : str or None
        The plan of the campaign in which uplifts were measured.
    power_uplift : float
        The uplift to be detected.
    power : float
        The probability to detect it that was asked for.
    power_reached : float
        The probability to detect it in this audience, at 5% significance, two-sided.
    scored : int
        Customers in the scores.
    standing_control : int
        Of them, in the standing control group, and so in no campaign.
    not_worth : int
        Eligible, whose contact is expected to lose money.
    over_budget : int
        Eligible and worth a contact, for whom the budget does not suffice.
    treated : int
        To be contacted.
    control : int
        The campaign's own control group.
    expected_spend : float
        Contacts and vouchers expected to be redeemed.
    expected_without : float
        Purchases of the treated expected without contacts.
    expected_added : float
        Purchases that contacts are expected to add.
    expected_earned : float
        By contacts, after their cost.
    cells : tuple of PlannedCell
        By segment and decile.
    """

    format: int
    id: str
    model_id: str
    id_column: str
    label_column: str
    positive: str
    scores_sha256: str
    audience_sha256: str
    currency: str
    margin: float
    contact_cost: float
    voucher: float
    budget: float | None
    uplift_source: str
    readout_plan_id: str | None
    power_uplift: float
    power: float
    power_reached: float
    scored: int
    standing_control: int
    not_worth: int
    over_budget: int
    treated: int
    control: int
    expected_spend: float
    expected_without: float
    expected_added: float
    expected_earned: float
    cells: tuple[PlannedCell, ...]

    @property
    def economics(self) -> Economics:
        """The money that the plan counts with."""
        return Economics(self.margin, self.contact_cost, self.voucher, self.budget)


def facts_bytes(facts: object) -> bytes:
    """Facts as the bytes of a JSON file."""
    return (json.dumps(to_json(facts), indent=1, ensure_ascii=False) + "\n").encode()


def read_plan_file(path: Path) -> CampaignPlan:
    """Read `plan.json`.

    Raises
    ------
    CampaignError
        When it is not one.
    """
    return read_facts(path, CampaignPlan, FORMAT, "a plan.json that `explain campaign plan` wrote")


def read_facts(path: Path, kind: type[F], format: int, expected: str) -> F:
    """Read a JSON file of facts of a format.

    Raises
    ------
    CampaignError
        When there is none, or the file is of another kind or format.
    """
    todo = f"Give {expected}."
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise CampaignError(str(path), [Fault("file", expected, str(error), todo)]) from error
    if not isinstance(data, dict) or "format" not in data:
        raise CampaignError(str(path), [Fault("file", expected, "other JSON", todo)])
    # Before the fields: those of another format would be reported as faults one by one.
    if data["format"] != format:
        got = str(data["format"])[:60]
        raise CampaignError(str(path), [Fault("format", str(format), got, "Make it again with this version.")])
    try:
        return from_json(data, kind)
    except FactError as error:
        raise CampaignError(str(path), [replace(fault, todo=todo) for fault in error.faults]) from error
