"""Plays: what to do with each segment, each line with the fact that it rests on; the texts stand in `plays.toml`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from northstar_explain.model.evaluation.limits import AUDIENCE_MIN_CUSTOMERS
from northstar_explain.model.learned_model import Model
from northstar_explain.model.segments import Segment
from northstar_explain.model.wording import phrases
from northstar_explain.report.document import numbers
from northstar_explain.report.playbook.evidence import top_of
from northstar_explain.report.playbook.plan import LISTS, TEXTS, Plan, SegmentPlan
from northstar_explain.report.playbook.play_candidates import (
    Candidates,
    Line,
    allowed,
    barred_by,
    chosen_of,
    printable,
    trait_lines,
)
from northstar_explain.report.playbook.stages_of_life import Stage, main_stage, stages_of
from northstar_explain.report.treatments import may_pay

__all__ = ["Contact", "Line", "Play", "contact_of", "plays_of"]

# Of the plan.
SINGLE = ("message", "offer", "cadence", "kpi")
SHOWN = {"do": 3, "avoid": 3, "channels": 2}


@dataclass(frozen=True)
class Contact:
    """Whom of a segment to contact first.

    Attributes
    ----------
    band : str
        A key of `limits.CONTACT_BANDS`: ``"first"``, else ``"next"``, else ``"rest"``, where nobody is to be contacted
        by paid channels.
    customers : int
        Customers of the segment in it, of the whole table.
    share : float
        The same of the segment.
    rate : float or None
        The rate in it, on the holdout.
    line : Line
    """

    band: str
    customers: int
    share: float
    rate: float | None
    line: Line


@dataclass(frozen=True)
class Play:
    """What is proposed, or decided, for a segment.

    Attributes
    ----------
    stage : Stage or None
        The stage of life by which the segment is spoken to; None where there is no such stage.
    stages : tuple of Stage
        All, the largest first.
    message : Line
        What to say; no two segments have the same.
    do, avoid : tuple of Line
        At most three each.
    offer : Line or None
        For deciles 6 to 8.
    channels : tuple of Line
    cadence : Line or None
    kpi : Line
        A proposal without a fact, unless it is decided.
    traits : tuple of Line
        For audiences inside the segment.
    contact : Contact
    """

    stage: Stage | None
    stages: tuple[Stage, ...]
    message: Line
    do: tuple[Line, ...]
    avoid: tuple[Line, ...]
    offer: Line | None
    channels: tuple[Line, ...]
    cadence: Line | None
    kpi: Line
    traits: tuple[Line, ...]
    contact: Contact

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every line that should rest on a fact."""
        single = (self.message, self.offer, self.cadence)
        found = (line for line in single if line is not None)
        return (*found, *self.do, *self.avoid, *self.channels, *self.traits, self.contact.line)


def plays_of(model: Model, plan: Plan | None = None) -> dict[str, Play]:
    """The plays of all segments, chosen together so that each has a message of its own.

    Parameters
    ----------
    model : Model
        With the names to print.
    plan : Plan, optional
        Its texts replace lines; a text that is the same as a proposal keeps the proposal's fact.

    Returns
    -------
    dict of str to Play
        By segment id, in the order of the segments.
    """
    plan = plan or Plan()
    used: Counter[str] = Counter()
    plays = {}
    # The smallest choice first: who has few candidates for a message must not lose them to others.
    segments = [(Candidates(one, model), one) for one in model.segmentation.segments]
    for own, one in sorted(segments, key=lambda pair: (len(list(pair[0].candidates("message"))), pair[1].id)):
        plays[one.id] = _decided(_play(own, used), plan[one.id])
    return {one.id: plays[one.id] for one in model.segmentation.segments}


def _play(own: Candidates, used: Counter[str]) -> Play:
    stages = stages_of(own.model, own.segment.id)
    avoid = chosen_of(own.candidates("avoid"), SHOWN["avoid"], used)
    barred = frozenset().union(*(one.bars for one in avoid), barred_by(own.evidence))
    do = chosen_of(allowed(own.candidates("do"), barred), SHOWN["do"], used)
    message = _message(own, barred, used)
    used.update([one.entry for one in (*do, *avoid)] + [message.text])
    channels = chosen_of(allowed(own.candidates("channels"), barred), SHOWN["channels"], Counter())
    cadence = next(allowed(own.candidates("cadence"), barred), None)
    # An offer is for deciles 6 to 8: without customers there, there is nobody to offer it to.
    offered = own.model.evaluation.audiences.segments[own.segment.id].bands["next"].customers >= AUDIENCE_MIN_CUSTOMERS
    offer = next(allowed(own.candidates("offer"), barred), None) if offered else None
    return Play(
        stage=main_stage(own.model, own.segment.id),
        stages=stages,
        message=message,
        do=tuple(one.line for one in do),
        avoid=tuple(one.line for one in avoid),
        offer=offer.line if offer else None,
        channels=tuple(one.line for one in channels),
        cadence=cadence.line if cadence else None,
        kpi=_kpi(own),
        traits=trait_lines(own, barred),
        contact=contact_of(own.segment, own.model),
    )


def _kpi(own: Candidates) -> Line:
    proposed = next(own.candidates("kpi"), None)
    if proposed:
        return Line(proposed.line.text)
    # The outcome is what the probability is of, whatever else may count.
    text = f"Share that {printable(own.words.outcome)}, against the control group"
    return Line(text if len(text) <= TEXTS["kpi"] else text.split(", against")[0][: TEXTS["kpi"]].rstrip())


def _message(own: Candidates, barred: frozenset[str], used: Counter[str]) -> Line:
    candidates = [one.line for one in allowed(own.candidates("message"), barred)]
    unused = [line for line in candidates if not used[line.text]]
    if unused:
        return unused[0]
    # Nothing sets it apart that another has not: what defines it does, and is true of it by definition.
    return Line(in_common(own.segment, own.model), own.segment.definition)


def in_common(segment: Segment, model: Model) -> str:
    """A message about what all of a segment share: a condition of its rule that no other rule has, else its name."""
    by_name = f"Say what fits “{segment.name}”"[: TEXTS["message"]]
    if len(segment.rules) != 1:
        return by_name
    others = {
        condition for other in model.segmentation.segments if other.id != segment.id
        for rule in other.rules for condition in rule.conditions
    }  # fmt: skip
    # The last of several: it divides the segment from the nearest other.
    own = next((one for one in reversed(segment.rules[0].conditions) if one not in others), None)
    if own is None:
        return by_name
    text = f"Speak to what they have in common: {' and '.join(phrases(own, model.contract))}"
    return text if len(text) <= TEXTS["message"] else by_name


def contact_of(segment: Segment, model: Model) -> Contact:
    """Whom of a segment to contact first, with sizes of the whole table and rates of the holdout."""
    key, found = top_of(segment, model)
    band = model.evaluation.audiences.segments[segment.id].bands[key]
    who, fact = f"the {found.values['n']} in {found.values['where']}", found.fact
    text = {
        "first": f"Contact first {who}",
        "next": f"Contact {who} " + ("as far as the budget goes" if may_pay(model) else "on your own channels only"),
        "rest": "No paid contact, a random test apart: own channels only",
    }[key]
    if band.measured_rate is not None:
        base = numbers.percent(model.evaluation.purchase.holdout.base_rate)
        of = f"of {numbers.count(band.holdout_n)} in the holdout"
        fact += f"; rate {numbers.percent(band.measured_rate)} {of}, all {model.contract.noun} {base}"
    share = band.customers / max(1, segment.customers)
    return Contact(key, band.customers, share, band.purchase_rate, Line(text, fact))


def _decided(play: Play, plan: SegmentPlan) -> Play:
    """The play with the texts of the plan in place of the proposals."""
    known = {line.text: line for line in (*play.lines, play.kpi)}

    def line(text: str) -> Line:
        # A proposal that was written out and kept is still one, with its fact.
        return known.get(text) or Line(text, decided=True)

    single: dict[str, Any] = {key: line(text) for key in SINGLE if (text := getattr(plan, key))}
    several: dict[str, Any] = {key: tuple(map(line, texts)) for key in LISTS if (texts := getattr(plan, key))}
    return replace(play, **single, **several)
