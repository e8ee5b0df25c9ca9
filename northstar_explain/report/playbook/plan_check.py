"""The check of a playbook's plan: what is still unassigned, and what contradicts the data."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass

from northstar_explain.contract.features import Contract, Feature
from northstar_explain.model.evaluation.limits import JACCARD_STABLE, stability_figure, stability_words
from northstar_explain.model.learned_model import Model
from northstar_explain.model.segments import Segment
from northstar_explain.report.document import numbers as words
from northstar_explain.report.document.fonts import no_font, without_font
from northstar_explain.report.playbook.evidence import HIGH, LOW, NONE, level, levels
from northstar_explain.report.playbook.plan import Plan, SegmentPlan
from northstar_explain.report.playbook.playbook_facts import planned
from northstar_explain.report.playbook.plays import plays_of
from northstar_explain.report.playbook.segment_page import contacted, duties
from northstar_explain.report.statements import control_size, smallest_rise

UNASSIGNED, CONTRADICTS, BOXES = "unassigned", "contradicts the data", "cannot be printed"
_KEYS = {"KPI": "kpi", "Owner": "owner", "Control group": "control_group", "Review date": "review"}
_DISCOUNT = re.compile(
    r"discount|voucher|coupon|price cut|money off|sale\b|reduced|cheaper|\d\s*%|% off", re.IGNORECASE
)
_EMAIL = re.compile(r"e-?mail|newsletter", re.IGNORECASE)
# In standard errors: an actual rate this far from the predicted one is not due to chance.
_FAR = 3.0


@dataclass(frozen=True)
class PlanFinding:
    """A point of the plan that a person should review.

    Attributes
    ----------
    kind : str
        ``"unassigned"``, ``"contradicts the data"`` or ``"cannot be printed"``.
    where : str
        The segment and the key.
    message : str
    """

    kind: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.where}: {self.message}"


def check_plan(model: Model, plan: Plan | None = None) -> list[PlanFinding]:
    """Check a playbook before it is printed.

    Parameters
    ----------
    model : Model
    plan : Plan, optional

    Returns
    -------
    list of PlanFinding
        By segment; empty where everything is assigned and nothing contradicts the data.
    """
    plan = plan or Plan()
    model = planned(model, plan)
    plays = plays_of(model, plan)
    findings = [] if plan.owner else [PlanFinding(UNASSIGNED, "playbook.owner", "nobody owns the playbook")]
    findings += _boxes("playbook", f"{plan.title or model.contract.title} {plan.owner}")
    for segment in model.segmentation.segments:
        one = plan[segment.id]
        for duty in duties(segment, model, one, str(plays[segment.id].kpi)):
            if duty.open:
                findings.append(PlanFinding(UNASSIGNED, f"segments.{segment.id}.{_KEYS[duty.words]}", duty.hint))
        where = f"segments.{segment.id}"
        findings += _boxes(where, " ".join([segment.name, one.owner, *(line.text for line in plays[segment.id].lines)]))
        for check in (_name, _discount, _email, _both_ways, _control, _review, _model):
            findings += [
                PlanFinding(CONTRADICTS, f"{where}.{key}", message) for key, message in check(segment, model, one)
            ]
    return findings


def _boxes(where: str, text: str) -> list[PlanFinding]:
    """Characters in whose place a PDF would show boxes."""
    found = without_font(text)
    return [PlanFinding(BOXES, where, no_font(found))] if found else []


Complaints = Iterator[tuple[str, str]]


def _name(segment: Segment, model: Model, plan: SegmentPlan) -> Complaints:
    """A name with an adjective of the contract of which the opposite is true."""
    # Only a contradiction is reported: a name need not mention what is true.
    opposite = {HIGH: LOW, LOW: HIGH}
    if not plan.name:
        return
    for item in segment.profile:
        feature, is_level = model.contract[item.feature], level(item, segment, model.contract)
        is_level = LOW if is_level == NONE else is_level
        if is_level not in opposite:
            continue
        word = getattr(feature, opposite[is_level])
        if word and _has(plan.name, word):
            index = (
                f"index {words.index(item.index)}"
                if item.index is not None
                else f"effect {words.signed(item.effect, 1)}"
            )
            yield "name", f'"{word}", but {feature.words} are {is_level} ({index})'


def _discount(segment: Segment, model: Model, plan: SegmentPlan) -> Complaints:
    if levels(segment, model.contract).get("discount") not in (LOW, NONE):
        return
    feature = _with_role(model.contract, "discount")
    for key, text in (("offer", plan.offer), *(("do", text) for text in plan.do)):
        if _DISCOUNT.search(text):
            yield key, f'"{text}", but {feature.words}: index {_index(segment, feature)}; they buy at full price'


def _email(segment: Segment, model: Model, plan: SegmentPlan) -> Complaints:
    if not any(_EMAIL.search(channel) for channel in plan.channels):
        return
    if levels(segment, model.contract).get("email") in (LOW, NONE):
        feature = _with_role(model.contract, "email")
        yield "channels", f"e-mail, but {feature.words}: index {_index(segment, feature)}"
    item = next((p for p in segment.profile if model.contract[p.feature].role == "email"), None)
    # Where most have no value, a channel chosen by the average of the others would miss them.
    if item and item.known < segment.customers / 2:
        known = f"{item.known / max(1, segment.customers):.0%}"
        yield "channels", f"e-mail, but {model.contract[item.feature].words} is known of {known} only"


def _both_ways(segment: Segment, model: Model, plan: SegmentPlan) -> Complaints:
    for text in plan.do:
        if text.casefold().strip(" .") in {other.casefold().strip(" .") for other in plan.avoid}:
            yield "do", f'"{text}" is under "avoid", too'


def _control(segment: Segment, model: Model, plan: SegmentPlan) -> Complaints:
    if plan.control_group is None:
        return
    # Of those who are contacted first, in the whole table: a control group of the others would show nothing.
    band = contacted(segment, model)
    if smallest_rise(band, plan.control_group) is None:
        size = words.count(control_size(band, plan.control_group))
        who = f"{plan.control_group:.0%} of those contacted are {size} {model.contract.noun}"
        yield "control_group", f"{who}: too few to detect an uplift of 5 points; use more, or run longer"


def _review(segment: Segment, model: Model, plan: SegmentPlan) -> Complaints:
    made = datetime.date.fromisoformat(str(model.manifest["date"]))
    if plan.review and plan.review <= made:
        yield "review", f"{words.day(plan.review)} is not after {words.day(made)}, when the model was made"


def _model(segment: Segment, model: Model, plan: SegmentPlan) -> Complaints:
    """What a programme for this segment would rely on: its stability and its predicted rate."""
    stability = model.evaluation.segments.stability[segment.id]
    if plan.owner and stability < JACCARD_STABLE:
        yield (
            "owner",
            f"the segment is {stability_words(stability)} (stability {stability_figure(stability)}): "
            "build no long programme on it",
        )
    outcome = model.evaluation.segments.holdout_outcomes.get(segment.id)
    if outcome is None:
        return
    expected, n = outcome.predicted_rate, outcome.n
    # Standard error of a rate when the predicted one is true.
    error = max((expected * (1 - expected) / n) ** 0.5, 1e-9)
    if abs(outcome.purchase_rate - expected) > _FAR * error:
        actual = words.percent(outcome.purchase_rate)
        yield (
            "probability",
            (f"predicted {words.percent(expected)}, actual {actual} on {words.count(n)}: plan with the actual rate"),
        )


def _has(name: str, word: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", name, re.IGNORECASE))


def _with_role(contract: Contract, role: str) -> Feature:
    return next(feature for feature in contract.features if feature.role == role)


def _index(segment: Segment, feature: Feature) -> str:
    return words.index(next(item.index for item in segment.profile if item.feature == feature.name))
