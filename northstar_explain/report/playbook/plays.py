"""Plays: what to do with each segment, each line with the fact that it rests on; the texts stand in `plays.toml`."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import product
from typing import Any

from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.contract.features import Contract
from northstar_explain.contract.traits import ContractTrait
from northstar_explain.model.evaluation.limits import AUDIENCE_MIN_CUSTOMERS
from northstar_explain.model.learned_model import Model
from northstar_explain.model.segments import Segment
from northstar_explain.model.wording import capital
from northstar_explain.report.document import numbers
from northstar_explain.report.playbook.evidence import HIGH, LOW, NONE, Evidence, Finding, evidence, top_of
from northstar_explain.report.playbook.lifecycle import Stage, main_stage, stages_of
from northstar_explain.report.playbook.plan import LISTS, TEXTS, Plan, SegmentPlan
from northstar_explain.report.playbook.vocabulary import Vocabulary, vocabulary

# Of the plan.
SINGLE = ("message", "offer", "cadence", "kpi")
SHOWN = {"do": 3, "avoid": 3, "channels": 2}
DISCOUNT, PAID, EMAIL = "discount", "paid", "email"
_MOST_FACTS, _MOST_TRAITS = 2, 3
# A trait is worth a line where so many of the segment have it, more than of all, and not nearly everybody.
_TRAIT_SHARES = 0.02, 0.9


@dataclass(frozen=True)
class Line:
    """A line of a play.

    Attributes
    ----------
    text : str
    fact : str
        The figures that it rests on, to be printed beside it; empty where it is general or decided.
    general : bool
        Whether it holds for anybody, so that no fact of the segment stands behind it.
    decided : bool
        Whether it is from the plan, and no proposal.
    """

    text: str
    fact: str = ""
    general: bool = False
    decided: bool = False

    def __str__(self) -> str:
        return self.text


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
    segments = [(_Segment(one, model), one) for one in model.segmentation.segments]
    for own, one in sorted(segments, key=lambda pair: (len(list(pair[0].candidates("message"))), pair[1].id)):
        plays[one.id] = _decided(_play(own, used), plan[one.id])
    return {one.id: plays[one.id] for one in model.segmentation.segments}


@dataclass(frozen=True)
class _Candidate:
    """An entry of `plays.toml` that applies, filled in."""

    line: Line
    entry: str
    asks: int
    uses: frozenset[str]
    bars: frozenset[str]


class _Segment:
    """A segment with its evidence, and the entries of `plays.toml` that apply to it."""

    def __init__(self, segment: Segment, model: Model) -> None:
        self.segment, self.model = segment, model
        self.words = vocabulary(model.contract)
        self.evidence = evidence(segment, model)

    def candidates(self, name: str) -> Iterator[_Candidate]:
        """The entries of one list that apply, those that ask for more first."""
        # Stable: of those that ask for as much, in the file's order.
        for entry in sorted(_entries()[name], key=lambda one: -len(one["when"])):
            text = entry.get(self.model.contract.domain) or entry.get("say", "")
            for findings in _shown(entry["when"], self.evidence) if text else ():
                one = _candidate(entry, text, findings, self.words)
                # A plan takes texts of a length that fits its page: what a proposal says must fit it, too.
                if len(one.line.text) <= _longest(name):
                    yield one


def _longest(name: str) -> int:
    return TEXTS[name] if name in TEXTS else LISTS[name][1]


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() else " " for one in text)


def _shown(when: Mapping[str, Any], found: Evidence) -> Iterator[tuple[Finding, ...]]:
    """The findings that show each thing asked for; several times where one may be shown in several ways."""
    ways = []
    for respect, asked in when.items():
        levels = found.get(respect, {})
        ways.append([one for level in ([asked] if isinstance(asked, str) else asked) for one in levels.get(level, ())])
    yield from product(*ways)


def _candidate(entry: Mapping[str, Any], text: str, findings: Sequence[Finding], words: Vocabulary) -> _Candidate:
    values = {"noun": words.noun, "event": words.event, "events": words.events, "an_event": words.an_event,
              "Events": capital(words.events)}  # fmt: skip
    for one in findings:
        values |= one.values
    facts = list(dict.fromkeys(one.fact for one in findings))[:_MOST_FACTS]
    line = Line(capital(_printable(text.format(**values))), "; ".join(facts), general=not facts)
    # Lines that differ only in their numbers are one entry.
    return _Candidate(
        line,
        text,
        sum(one.weight for one in findings),
        frozenset(entry.get("uses", ())),
        frozenset(entry.get("bars", ())),
    )


def _play(own: _Segment, used: Counter[str]) -> Play:
    stages = stages_of(own.model, own.segment.id)
    avoid = _chosen(own.candidates("avoid"), SHOWN["avoid"], used)
    barred = frozenset().union(*(one.bars for one in avoid), _barred(own.evidence))
    do = _chosen(_allowed(own.candidates("do"), barred), SHOWN["do"], used)
    message = _message(own, barred, used)
    used.update([one.entry for one in (*do, *avoid)] + [message.text])
    channels = _chosen(_allowed(own.candidates("channels"), barred), SHOWN["channels"], Counter())
    cadence = next(_allowed(own.candidates("cadence"), barred), None)
    # An offer is for deciles 6 to 8: without customers there, there is nobody to offer it to.
    offered = own.model.evaluation.audiences.segments[own.segment.id].bands["next"].customers >= AUDIENCE_MIN_CUSTOMERS
    offer = next(_allowed(own.candidates("offer"), barred), None) if offered else None
    return Play(
        stage=main_stage(stages),
        stages=stages,
        message=message,
        do=tuple(one.line for one in do),
        avoid=tuple(one.line for one in avoid),
        offer=offer.line if offer else None,
        channels=tuple(one.line for one in channels),
        cadence=cadence.line if cadence else None,
        kpi=_kpi(own),
        traits=_traits(own, barred),
        contact=contact_of(own.segment, own.model),
    )


def _kpi(own: _Segment) -> Line:
    proposed = next(own.candidates("kpi"), None)
    if proposed:
        return Line(proposed.line.text)
    # The outcome is what the probability is of, whatever else may count.
    text = f"Share that {_printable(own.words.outcome)}, against the control group"
    return Line(text if len(text) <= TEXTS["kpi"] else text.split(", against")[0][: TEXTS["kpi"]].rstrip())


def _barred(found: Evidence) -> frozenset[str]:
    """Means that the figures rule out, whatever the lines say."""
    barred = set()
    bands = found.get("band", {})
    # What the table of deciles says on the page of whom to contact first.
    if "rest" in bands:
        barred.add(PAID)
    if "first" in bands:
        barred.add(DISCOUNT)
    # No e-mail without a figure of it.
    if not {HIGH, "typical"} & found.get(EMAIL, {}).keys():
        barred.add(EMAIL)
    return frozenset(barred)


def _allowed(candidates: Iterable[_Candidate], barred: frozenset[str]) -> Iterator[_Candidate]:
    return (one for one in candidates if not one.uses & barred)


def _chosen(candidates: Iterable[_Candidate], most: int, used: Counter[str]) -> list[_Candidate]:
    """Those that ask for more first, less what other segments have already."""
    ordered = sorted(candidates, key=lambda one: (used[one.entry] - min(one.asks, 2), used[one.entry]))
    chosen: list[_Candidate] = []
    for one in ordered:
        if len(chosen) < most and not any(_alike(one, other) for other in chosen):
            chosen.append(one)
    return chosen


def _alike(one: _Candidate, other: _Candidate) -> bool:
    """Whether two lines say the same, rest on the same figures, or forbid the same."""
    if one.entry == other.entry or one.line.fact == other.line.fact:
        return True
    return bool(one.bars) and one.bars == other.bars


def _message(own: _Segment, barred: frozenset[str], used: Counter[str]) -> Line:
    candidates = [one.line for one in _allowed(own.candidates("message"), barred)]
    unused = [line for line in candidates if not used[line.text]]
    if unused:
        return unused[0]
    # Nothing sets it apart that another has not: what defines it does, and is true of it by definition.
    return Line(f"Say what fits {own.segment.name}"[: TEXTS["message"]], own.segment.definition)


def contact_of(segment: Segment, model: Model) -> Contact:
    """Whom of a segment to contact first, with sizes of the whole table and rates of the holdout."""
    key, found = top_of(segment, model)
    band = model.evaluation.audiences.segments[segment.id].bands[key]
    who, fact = f"the {found.values['n']} in {found.values['where']}", found.fact
    text = {
        "first": f"Contact first {who}",
        "next": f"Contact {who} as far as the budget goes",
        "rest": "No paid contact: newsletter and on-site only",
    }[key]
    # A rate of a few customers is chance.
    if band.purchase_rate is not None and band.holdout_n >= AUDIENCE_MIN_CUSTOMERS:
        base = numbers.percent(model.evaluation.purchase.holdout.base_rate)
        rates = f"rate {numbers.percent(band.purchase_rate)}, all {model.contract.noun} {base}"
        fact += f"; {rates} (holdout, {numbers.count(band.holdout_n)})"
    share = band.customers / max(1, segment.customers)
    return Contact(key, band.customers, share, band.purchase_rate, Line(text, fact))


def _traits(own: _Segment, barred: frozenset[str]) -> tuple[Line, ...]:
    counts = {one.name: one for one in own.model.evaluation.traits.each} if own.model.evaluation.traits else {}
    found = []
    for trait in own.model.contract.traits:
        one = counts[trait.name]
        n = one.segments[own.segment.id]
        share = n / max(1, own.segment.customers)
        if n < AUDIENCE_MIN_CUSTOMERS or not max(_TRAIT_SHARES[0], one.share) <= share <= _TRAIT_SHARES[1]:
            continue
        fact = f"{numbers.rough(share)} of the segment; of all {own.words.noun} {numbers.rough(one.share)}"
        finding = Finding(fact, {"n": numbers.count(n), "words": trait.words})
        if line := _trait_line(trait, finding, own, barred):
            found.append((share / max(one.share, 1e-9), line))
    found.sort(key=lambda pair: -pair[0])  # those that are most over-represented
    return tuple(line for _, line in found[:_MOST_TRAITS])


def _trait_line(trait: ContractTrait, finding: Finding, own: _Segment, barred: frozenset[str]) -> Line | None:
    asked, contract = _asked(trait, own.model.contract), own.model.contract
    for entry in _entries()["traits"]:
        text = entry.get(contract.domain) or entry.get("say")
        if text and entry["when"].items() <= asked.items():
            one = _candidate(entry, text, [finding], own.words)
            if not one.uses & barred and len(one.line.text) <= _longest("traits"):
                return one.line
    return None


def _asked(trait: ContractTrait, contract: Contract) -> dict[str, str]:
    """The roles that a trait's condition bounds, and in which direction."""
    asked = {}
    for one in trait.conditions:
        if isinstance(one, NumberCondition) and (role := contract[one.feature].role):
            none = one.upper is not None and one.upper <= 1 and contract[one.feature].kind.counts
            asked[role] = NONE if none else HIGH if one.lower is not None else LOW
    return asked


def _decided(play: Play, plan: SegmentPlan) -> Play:
    """The play with the texts of the plan in place of the proposals."""
    known = {line.text: line for line in (*play.lines, play.kpi)}

    def line(text: str) -> Line:
        # A proposal that was written out and kept is still one, with its fact.
        return known.get(text) or Line(text, decided=True)

    single: dict[str, Any] = {key: line(text) for key in SINGLE if (text := getattr(plan, key))}
    several: dict[str, Any] = {key: tuple(map(line, texts)) for key in LISTS if (texts := getattr(plan, key))}
    return replace(play, **single, **several)


@cache
def _entries() -> Mapping[str, list[dict[str, Any]]]:
    text = resources.files("northstar_explain.report.playbook").joinpath("plays.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
