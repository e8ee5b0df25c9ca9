"""What the facts say about a segment, as evidence that plays may rest on: a level and the sentence that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.model.evaluation.audience_facts import Band, Breakdown
from northstar_explain.model.evaluation.limits import AUDIENCE_MIN_CUSTOMERS, CONTACT_BANDS, MOST
from northstar_explain.model.learned_model import Model
from northstar_explain.model.names import with_id
from northstar_explain.model.segments import Profile, Segment
from northstar_explain.model.wording import capital
from northstar_explain.report.document import numbers
from northstar_explain.report.playbook.stages_of_life import main_stage, stages_of
from northstar_explain.report.playbook.vocabulary import topic

HIGH, LOW, NONE, TYPICAL, UNDER = "high", "low", "none", "typical", "under"
# A mean rank this far from 0.5 is a medium difference (Vargha & Delaney 2000); where the segment's own rule speaks of
# the feature, a small one is enough.
_CLEAR_RANK, _RULE_RANK = 0.14, 0.05
# Nobody, but for one in two hundred; means with an index from 80 to 120 are ordinary.
_NOBODY, _SAME = 0.995, 0.2
# Where fewer have a value, it is printed of how many; what more are one step away from selects nobody.
_NEARLY_ALL = 0.95
# A stage or a step that so many of the segment are at is worth a line; a value so much more frequent than in all is.
_WORTH, _MUCH, _MORE = 0.1, 0.25, 1.2
# Of a segment, a smaller share is a sliver.
_SLIVER = 0.01
# Features by which a segment differs most that are tried.
_STANDOUTS = 6


@dataclass(frozen=True)
class Finding:
    """A level that a segment has in some respect.

    Attributes
    ----------
    fact : str
        The figures behind it, as they are printed.
    values : mapping of str to str
        What texts may name.
    weight : int
        1; 0 where it is true of a small part of the segment only, so that other lines come first.
    """

    fact: str
    values: Mapping[str, str] = field(default_factory=dict)
    weight: int = 1


Evidence = Mapping[str, Mapping[str, tuple[Finding, ...]]]


def evidence(segment: Segment, model: Model) -> Evidence:
    """Everything that plays for a segment may rest on.

    Parameters
    ----------
    segment : Segment
        With the name to print.
    model : Model

    Returns
    -------
    mapping of str to mapping of str to tuple of Finding
        Respect, then level. The respects are the contract's roles, ``stage`` and ``main`` (of a customer's life),
        ``goal`` (of events), ``band`` (where most are in the deciles), ``top`` (where a campaign begins), ``rest``
        (deciles without paid contact), ``step`` (to other segments), ``place``, ``channel``, ``device``, and
        ``standout`` (where it differs most).
    """
    found: dict[str, dict[str, tuple[Finding, ...]]] = {}
    for respect, level, finding in (
        *_of_roles(segment, model.contract),
        *_of_stages(segment, model),
        *_of_deciles(segment, model),
        *_of_steps(segment, model),
        *_of_audiences(segment, model),
        *_standouts(segment, model.contract),
    ):
        levels = found.setdefault(respect, {})
        levels[level] = (*levels.get(level, ()), finding)
    return found


def levels(segment: Segment, contract: Contract) -> dict[str, str]:
    """The level of a segment in each role of the contract: ``"high"``, ``"low"``, ``"none"`` or ``"typical"``.

    A role of which less than half of the segment has a value has none: no play may rest on it.
    """
    return {
        contract[item.feature].role: found
        for item in reversed(segment.profile)  # of several features with one role, the first counts
        if contract[item.feature].role and (found := level(item, segment, contract))
    }


def level(item: Profile, segment: Segment, contract: Contract) -> str:
    """The level of a segment in a feature, empty where too few of it have a value.

    Parameters
    ----------
    item : Profile
    segment : Segment
        Where its rule sets a bound on the feature in one direction, a smaller difference counts.
    contract : Contract
        Sensitive features have no level.
    """
    feature = contract[item.feature]
    if feature.sensitive or not item.known or item.known < MOST * segment.customers:
        return ""
    if item.zero >= _NOBODY > item.base_zero and (feature.kind.counts or feature.kind.money):
        return NONE
    asked = _asked(item.feature, segment)
    needed = _RULE_RANK if asked else _CLEAR_RANK
    higher = item.mean - item.base > _SAME * abs(item.base)
    lower = item.base - item.mean > _SAME * abs(item.base)
    # The mean must agree, as it is what the page prints.
    if item.rank - 0.5 >= needed and higher and asked in ("", HIGH):
        return HIGH
    return LOW if 0.5 - item.rank >= needed and lower and asked in ("", LOW) else TYPICAL


def fact_of(item: Profile, segment: Segment, contract: Contract) -> str:
    """The figures of a feature here and of all."""
    feature, noun = contract[item.feature], contract.noun
    if item.zero >= _NOBODY and feature.none:
        return f"{numbers.rough(item.zero)} {feature.none}; of all {noun} {numbers.rough(item.base_zero)}"
    here, base = (numbers.average(feature, value, contract.currency) for value in (item.mean, item.base))
    unit = numbers.unit(feature, contract.currency)
    text = f"{capital(numbers.short(feature))}: {here}{' ' + unit if unit else ''}; all {noun} {base}"
    if item.known < _NEARLY_ALL * segment.customers:
        text += f", known of {numbers.rough(item.known / segment.customers)}"
    return text


def _asked(name: str, segment: Segment) -> str:
    """The direction in which every rule of the segment bounds a feature; empty where they do not, or in both."""
    directions = set()
    for rule in segment.rules:
        bounds = [one for one in rule.conditions if one.feature == name and isinstance(one, NumberCondition)]
        lower, upper = (any(getattr(one, end) is not None for one in bounds) for end in ("lower", "upper"))
        directions.add("" if lower == upper else HIGH if lower else LOW)
    return directions.pop() if len(directions) == 1 else ""


def _part_of(share: float) -> str:
    """Of how many a text is true that speaks to all by the stage of most: empty for nearly all."""
    return "" if share >= _NEARLY_ALL else "most " if share > 0.5 else "many "


Findings = Iterator[tuple[str, str, Finding]]


def _of_roles(segment: Segment, contract: Contract) -> Findings:
    seen = set()
    for item in segment.profile:
        role = contract[item.feature].role
        found = level(item, segment, contract) if role and role not in seen else ""
        if found:
            seen.add(role)
            finding = Finding(fact_of(item, segment, contract))
            # Slightly below the average is typical; but e-mail is not proposed beside a figure that speaks against it.
            under = found == TYPICAL and role == "email" and _is_under(item, contract)
            yield role, UNDER if under else found, finding
            if found == NONE:
                yield role, LOW, finding


def _is_under(item: Profile, contract: Contract) -> bool:
    """Whether the average here is below that of all, as both are printed."""
    feature = contract[item.feature]
    here, base = (numbers.average(feature, value, contract.currency) for value in (item.mean, item.base))
    return item.mean < item.base and here != base


def _of_stages(segment: Segment, model: Model) -> Findings:
    stages = stages_of(model, segment.id)
    for one in stages:
        if one.share >= _WORTH and one.customers >= AUDIENCE_MIN_CUSTOMERS:
            yield "stage", one.key, Finding(one.fact, {"n": numbers.count(one.customers)}, int(one.share >= _MUCH))
    if main := main_stage(model, segment.id):
        most = _part_of(main.share)
        yield "main", main.key, Finding(main.fact, {"most": most, "Part": most.strip().capitalize() or "They"})
    facts = model.evaluation.audiences.lifecycle
    item = next((one for one in segment.profile if facts and one.feature == facts.frequency), None)
    # A goal that most have reached, or that none will, is none.
    if facts is None or item is None or item.median < 2 or not 1.25 <= facts.loyal_from / item.median <= 4:
        return
    values = {"median": f"{item.median:g}", "goal": f"{facts.loyal_from:g}"}
    words = numbers.short(model.contract[item.feature])
    fact = f"{capital(words)}: half have {item.median:g} or more; loyal from {facts.loyal_from:g}"
    yield "goal", "open", Finding(fact, values)


def is_audience(band: Band, segment: Segment) -> bool:
    """Whether so many are in a band that something may be planned for them.

    A sliver of a large segment is an audience only where its rate was measured.
    """
    sliver = band.customers < _SLIVER * segment.customers
    return min(band.customers, band.holdout_n if sliver else band.customers) >= AUDIENCE_MIN_CUSTOMERS


def top_of(segment: Segment, model: Model) -> tuple[str, Finding]:
    """Where a campaign begins: the best deciles that hold enough of the segment for an audience, by their key."""
    bands = model.evaluation.audiences.segments[segment.id].bands
    key = next((one for one in ("first", "next") if is_audience(bands[one], segment)), "rest")
    steps, n = CONTACT_BANDS[key], bands[key].customers
    where = numbers.deciles(steps)
    # The text names the deciles of those who are contacted, and not those of the others.
    share = f"{numbers.rough(n / max(1, segment.customers))} of the segment"
    fact = f"{share} are in {where}" if key == "rest" else share
    return key, Finding(fact, {"n": numbers.count(n), "where": where})


def _of_deciles(segment: Segment, model: Model) -> Findings:
    bands = model.evaluation.audiences.segments[segment.id].bands
    shares = {key: band.customers / max(1, segment.customers) for key, band in bands.items()}
    most = max(shares, key=lambda key: shares[key])
    if shares[most] >= MOST:
        yield "band", most, Finding(f"{numbers.rough(shares[most])} of them are there")
    yield "top", *top_of(segment, model)
    rest, base = bands["rest"], model.evaluation.purchase.holdout.base_rate
    # Said only where it is true of them: fewer act than of all.
    if min(rest.customers, rest.holdout_n) >= AUDIENCE_MIN_CUSTOMERS and (rest.purchase_rate or 0.0) < base:
        values = {"n": numbers.count(rest.customers)}
        rate = numbers.percent(rest.purchase_rate or 0.0)
        fact = f"Rate {rate} there; all {model.contract.noun} {numbers.percent(base)}"
        yield "rest", "most" if shares["rest"] >= MOST else "some", Finding(fact, values)


def _of_steps(segment: Segment, model: Model) -> Findings:
    """The nearest better and the nearest worse segment, by the rates of the holdout."""
    facts = model.evaluation.segments
    outcomes, near = facts.holdout_outcomes, facts.borderline[segment.id].toward
    if segment.id not in outcomes or not _knows_steps(segment, model.contract):
        return
    names = {one.id: one.name for one in model.segmentation.segments}
    here, base = outcomes[segment.id].purchase_rate, model.evaluation.purchase.holdout.base_rate
    better = 1 if model.contract.wanted else -1
    for direction, sign in (("up", better), ("down", -better)):
        if direction == "down" and better * (here - base) < 0:
            continue  # who is worse than the average already has little to lose
        # Segments above, or below, the average whose rates differ by a quarter at least: less may be chance.
        there = [
            id for id, share in near.items()
            if _WORTH <= share < _NEARLY_ALL and id in outcomes
            and sign * (outcomes[id].purchase_rate - here) > here / 4 and sign * (outcomes[id].purchase_rate - base) > 0
        ]  # fmt: skip
        if there:
            id = max(there, key=lambda one: (near[one], one))
            count = numbers.count(near[id] * segment.customers)
            rates = f"rate there {numbers.percent(outcomes[id].purchase_rate)}, here {numbers.percent(here)}"
            values = {"n": count, "name": with_id(id, names[id]) if len(names[id]) <= 50 else id}
            yield "step", direction, Finding(f"{numbers.rough(near[id])} are one step away; {rates}", values)


def _knows_steps(segment: Segment, contract: Contract) -> bool:
    """Whether the rules ask about what people are known to do: a step in a column that nobody has explained is none."""
    asked = {condition.feature for rule in segment.rules for condition in rule.conditions}
    return not contract.drafted or any(contract[name].role for name in asked)


def _of_audiences(segment: Segment, model: Model) -> Findings:
    for one in model.evaluation.audiences.breakdowns:
        if found := _more_frequent(one, segment.id):
            value, here, base = found
            words = capital(numbers.short(model.contract[one.feature]))
            fact = f"{words} {value}: {numbers.rough(here)}; all {model.contract.noun} {numbers.rough(base)}"
            yield one.role, "more", Finding(fact, {"value": value})


def _more_frequent(one: Breakdown, id: str) -> tuple[str, float, float] | None:
    """The value that is over-represented by most of a segment, and its shares here and in all, of those with a value.

    By points, not by the ratio: a tablet with 17% of them instead of 8% is not what most of them use.
    """
    here, known = (
        one.segments[id],
        {key: sum(counts.values()) + one.others[key] for key, counts in one.segments.items()},
    )
    best = None
    for value, count in here.items():
        share = count / max(1, known[id])
        base = sum(counts[value] for counts in one.segments.values()) / max(1, sum(known.values()))
        enough = count >= AUDIENCE_MIN_CUSTOMERS and share >= _WORTH and share > _MORE * base
        if enough and (best is None or share - base > best[1] - best[2]):
            best = value, share, base
    return best


def _standouts(segment: Segment, contract: Contract) -> Findings:
    """What the segment does more or less than all.

    Not what has a role, as other plays speak of that, nor what nobody in it does: there is nothing to speak about. Of a
    draft, not what it does less: whether anybody should do more of it, nobody has said.
    """
    usable = [
        item for item in segment.profile
        if _is_spoken_of(contract[item.feature], contract) and level(item, segment, contract) in (HIGH, LOW)
    ]  # fmt: skip
    usable.sort(key=lambda item: (-abs(item.rank - 0.5), item.feature))
    for item in usable[:_STANDOUTS]:
        feature: Feature = contract[item.feature]
        found = level(item, segment, contract)
        if contract.drafted and found != HIGH:
            continue
        finding = Finding(fact_of(item, segment, contract), {"words": topic(feature)})
        yield "standout", HIGH if found == HIGH else LOW, finding


def _is_spoken_of(feature: Feature, contract: Contract) -> bool:
    """Whether a message may be about it: what people do, not money or time, nor what a feature with a role counts."""
    taken = {topic(one) for one in contract.features if one.role}
    return topic(feature) not in taken and (feature.kind.counts or str(feature.kind) == "rate")
