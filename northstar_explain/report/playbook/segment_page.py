"""The formatted facts of a segment's page; nothing is measured here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from northstar_explain.contract.features import Contract
from northstar_explain.model.evaluation import together_facts as facts_of
from northstar_explain.model.evaluation.limits import stability_words
from northstar_explain.model.evaluation.segment_facts import Outcome
from northstar_explain.model.evaluation.together_facts import DecileCell
from northstar_explain.model.evaluation.update_facts import Trend
from northstar_explain.model.learned_model import Model
from northstar_explain.model.segments import Profile, Segment
from northstar_explain.model.wording import capital, phrases
from northstar_explain.report.document import numbers as words
from northstar_explain.report.document.palette import tint
from northstar_explain.report.playbook.plan import SegmentPlan
from northstar_explain.report.playbook.playbook_charts import Bar, both_ways, deciles_svg, index_bar, one_way
from northstar_explain.report.playbook.plays import Play

UNASSIGNED = "UNASSIGNED"
MOST_BARS = 5
MOST_DRIVERS = 5
# A difference below a tenth of a standard deviation is negligible.
_SLIGHT = 0.1
# Shares for a control group; the first that can detect an uplift of 5 in 100 is proposed.
CONTROLS, _DETECTABLE = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5), 0.05
# Rules up to which each condition has room for a bar.
ROOMY_RULES = 2


@dataclass(frozen=True)
class Step:
    """A condition of a rule, and the customers who are left after it."""

    words: str
    left: str
    bar: Bar


@dataclass(frozen=True)
class FeatureRow:
    """A distinctive feature of a segment; `known` is filled where some values are missing."""

    words: str
    unit: str
    value: str
    base: str
    index: str
    known: str
    bar: Bar


@dataclass(frozen=True)
class Rate:
    """One of the rates that are compared."""

    words: str
    value: str
    bar: Bar
    ours: bool


@dataclass(frozen=True)
class DriverRow:
    """A term that moves a segment's probability: its points, its strength in words, and the averages behind it."""

    words: str
    points: str
    averages: str
    strength: str
    bar: Bar


@dataclass(frozen=True)
class Neighbour:
    """A segment close to which some customers are, and their share."""

    id: str
    name: str
    accent: str
    share: str


@dataclass(frozen=True)
class Duty:
    """A task that somebody must be assigned to."""

    words: str
    value: str
    hint: str
    open: bool


@dataclass(frozen=True)
class SegmentPage:
    """The formatted facts of one segment's page."""

    id: str
    name: str
    accent: str
    soft: str
    definition: str
    customers: str
    share: str
    trend: str
    spend: str
    spend_index: str
    rate: str
    rate_index: str
    buyers: str
    tested: str
    rules: tuple[tuple[Step, ...], ...]
    dense: bool
    features: tuple[FeatureRow, ...]
    rates: tuple[Rate, ...]
    deciles: str
    drivers: tuple[DriverRow, ...]
    border: str
    neighbours: tuple[Neighbour, ...]
    stability: str
    stability_words: str
    play: Play
    duties: tuple[Duty, ...]


def segment_page(segment: Segment, model: Model, accents: dict[str, str], plan: SegmentPlan, play: Play) -> SegmentPage:
    """Collect the facts of one segment's page.

    Parameters
    ----------
    segment : Segment
        With the name to print.
    model : Model
    accents : dict
        Each segment's colour.
    plan : SegmentPlan
    play : Play

    Returns
    -------
    SegmentPage
    """
    contract, facts, together = model.contract, model.evaluation.segments, model.evaluation.together
    outcome = facts.holdout_outcomes.get(segment.id)
    spend = facts.spend.segments[segment.id] if facts.spend else None
    accent = accents[segment.id]
    border = facts.borderline[segment.id]
    names = {one.id: one.name for one in model.segmentation.segments}
    # The nearest first; equal shares by id, so that the same facts give the same page.
    near = sorted(border.toward.items(), key=lambda item: (-item[1], item[0]))[:3]
    return SegmentPage(
        id=segment.id,
        name=segment.name,
        accent=accent,
        soft=tint(accent, 0.06),
        definition=segment.definition,
        customers=words.count(segment.customers),
        share=words.percent(segment.share),
        trend=_trend(segment.id, facts.trend),
        spend=words.percent(spend.share) if spend else "",
        spend_index=words.index(spend.index) if spend else "",
        rate=words.percent(outcome.purchase_rate) if outcome else "not measured",
        rate_index=words.index(outcome.index) if outcome else "–",
        buyers=words.percent(outcome.share_of_buyers) if outcome else "–",
        tested=words.count(outcome.n) if outcome else "0",
        rules=_rules(segment, facts.funnel[segment.id], contract),
        dense=len(segment.rules) > ROOMY_RULES,
        features=_features(segment, contract),
        rates=_rates(outcome, model),
        deciles=_deciles(together.matrix[segment.id], accent, contract),
        drivers=_drivers(together.drivers[segment.id], segment, contract),
        border=f"{border.share:.0%}" if border.share >= 0.005 else "",
        neighbours=tuple(Neighbour(id, names[id], accents[id], f"{share:.0%}") for id, share in near if share >= 0.005),
        stability=f"{facts.stability[segment.id]:.2f}",
        stability_words=stability_words(facts.stability[segment.id]),
        play=play,
        duties=duties(segment, model, plan, str(play.kpi)),
    )


def duties(segment: Segment, model: Model, plan: SegmentPlan, kpi: str) -> tuple[Duty, ...]:
    """The tasks of a segment, with a proposal where one is not assigned."""
    control = "" if plan.control_group is None else f"{plan.control_group:.0%} of the segment"
    review = words.day(plan.review) if plan.review else ""
    tasks = (
        ("KPI", plan.kpi, f"Proposed: {kpi}"),
        ("Owner", plan.owner, "Who is responsible?"),
        ("Control group", control, _control_hint(segment, model)),
        ("Review date", review, "When is the result read?"),
    )
    return tuple(Duty(name, value or UNASSIGNED, hint, not value) for name, value, hint in tasks)


def _control_hint(segment: Segment, model: Model) -> str:
    noun = model.contract.noun
    for share in CONTROLS:
        size = round(segment.customers * share)
        uplift = smallest_uplift(segment.id, size, model)
        if uplift is not None and uplift <= _DETECTABLE:
            return f"Proposed: {share:.0%}, {words.count(size)} {noun}; can show a rise of {100 * uplift:g} in 100"
    return f"Proposed: {CONTROLS[0]:.0%}, but even half is too few to show a rise of {100 * _DETECTABLE:g} in 100"


def smallest_uplift(id: str, each: float, model: Model) -> float | None:
    """The smallest of the stored uplifts that this many customers in the control group can detect."""
    steps = model.evaluation.together.segment_control_sizes.get(id, ())
    return min((one.uplift for one in steps if one.customers_each <= each), default=None)


def _trend(id: str, facts: Trend | None) -> str:
    if facts is None:
        return "first model: no trend yet"
    since = words.day(facts.since_date)
    if id not in facts.segments:
        return f"new since {since}"
    one = facts.segments[id]
    return f"{words.change(one.change)} since {since}, when it was {words.percent(one.share_before)}"


def _rules(segment: Segment, funnel: Sequence[Sequence[int]], contract: Contract) -> tuple[tuple[Step, ...], ...]:
    # Bars are relative to all customers, whose number follows from any segment.
    total = segment.customers / segment.share if segment.share else 1.0
    return tuple(
        tuple(
            Step(capital(" and ".join(phrases(condition, contract))), words.count(left), one_way(left / total))
            for condition, left in zip(rule.conditions, lefts, strict=True)
        )
        for rule, lefts in zip(segment.rules, funnel, strict=True)
    )


def _features(segment: Segment, contract: Contract) -> tuple[FeatureRow, ...]:
    """The features furthest above and below the average, by effect; the highest index first."""
    # Sensitive features are for audits; a page for marketing must not suggest selecting by them.
    shown = [item for item in segment.profile if item.index is not None and not contract[item.feature].sensitive]
    usable = [item for item in shown if abs(item.effect) >= _SLIGHT]
    # Both sides apart: a segment far above in many features would otherwise show none that it lacks.
    above = sorted((p for p in usable if p.effect > 0), key=lambda p: -p.effect)[:MOST_BARS]
    below = sorted((p for p in usable if p.effect < 0), key=lambda p: p.effect)[:MOST_BARS]
    selected = sorted(above + below, key=lambda p: -(p.index or 0.0))
    return tuple(_feature(item, segment.customers, contract) for item in selected)


def _feature(item: Profile, customers: int, contract: Contract) -> FeatureRow:
    feature = contract[item.feature]
    return FeatureRow(
        words=capital(words.short(feature)),
        unit=words.unit(feature, contract.currency),
        value=words.average(feature, item.mean, contract.currency),
        base=words.average(feature, item.base, contract.currency),
        index=words.index(item.index),
        known="" if item.known == customers else words.count(item.known),
        bar=index_bar(item.index or 0.0),
    )


def _rates(outcome: Outcome | None, model: Model) -> tuple[Rate, ...]:
    if outcome is None:
        return ()
    base = model.evaluation.purchase.holdout.base_rate
    rows = (
        ("Here, actual", outcome.purchase_rate, True),
        ("Here, predicted", outcome.predicted_rate, True),
        (f"All {model.contract.noun}", base, False),
    )
    highest = max(value for _, value, _ in rows) or 1.0
    return tuple(Rate(name, words.percent(value), one_way(value / highest), ours) for name, value, ours in rows)


def _deciles(cells: Sequence[DecileCell], accent: str, contract: Contract) -> str:
    total = sum(cell.n for cell in cells) or 1
    return deciles_svg([cell.n / total for cell in cells], accent, contract.noun)


def _drivers(facts: Sequence[facts_of.Driver], segment: Segment, contract: Contract) -> tuple[DriverRow, ...]:
    # What would be printed as 0.00 is no driver.
    selected = [one for one in facts if abs(one.mean_points) >= 0.005][:MOST_DRIVERS]
    largest = max((abs(one.mean_points) for one in selected), default=1.0)
    profile = {item.feature: item for item in segment.profile}
    return tuple(
        DriverRow(
            words=capital(" with ".join(words.short(contract[name]) for name in one.term.split(" × "))),
            points=words.signed(one.mean_points),
            averages=_averages(profile.get(one.term), contract),
            strength=words.strength(one.mean_points),
            bar=both_ways(one.mean_points / largest),
        )
        for one in selected
    )


def _averages(item: Profile | None, contract: Contract) -> str:
    if item is None:
        return ""
    feature = contract[item.feature]
    here, base = (words.average(feature, value, contract.currency) for value in (item.mean, item.base))
    return f"here {here}, all {base}"
