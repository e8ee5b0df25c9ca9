"""The entries of `plays.toml` that apply to a segment, filled in with its facts, and the choice among them."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from northstar_explain.report.playbook.evidence import HIGH, LOW, NONE, TYPICAL, Evidence, Finding, evidence
from northstar_explain.report.playbook.plan import LISTS, TEXTS
from northstar_explain.report.playbook.vocabulary import Vocabulary, vocabulary

DISCOUNT, PAID, EMAIL = "discount", "paid", "email"
_MOST_FACTS, _MOST_TRAITS = 3, 3
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
class Candidate:
    """An entry of `plays.toml` that applies, filled in."""

    line: Line
    entry: str
    asks: int
    uses: frozenset[str]
    bars: frozenset[str]
    last: bool


class Candidates:
    """A segment with its evidence, and the entries of `plays.toml` that apply to it."""

    def __init__(self, segment: Segment, model: Model) -> None:
        self.segment, self.model = segment, model
        self.words = vocabulary(model.contract)
        self.evidence = evidence(segment, model)

    def candidates(self, name: str) -> Iterator[Candidate]:
        """The entries of one list that apply, those that ask for more first."""
        # Stable: of those that ask for as much, in the file's order.
        for entry in sorted(_entries()[name], key=lambda one: -len(one["when"])):
            text = entry.get(self.model.contract.domain) or entry.get("say", "")
            applies = text and (self.model.contract.wanted or not entry.get("wanted"))
            for findings in _shown(entry["when"], self.evidence) if applies else ():
                one = _candidate(entry, text, findings, self.words)
                # A plan takes texts of a length that fits its page: what a proposal says must fit it, too.
                if len(one.line.text) <= _longest(name):
                    yield one


def _longest(name: str) -> int:
    return TEXTS[name] if name in TEXTS else LISTS[name][1]


def printable(text: str) -> str:
    return "".join(one if one.isprintable() else " " for one in text)


def _shown(when: Mapping[str, Any], found: Evidence) -> Iterator[tuple[Finding, ...]]:
    """The findings that show each thing asked for; several times where one may be shown in several ways."""
    ways = []
    for respect, asked in when.items():
        levels = found.get(respect, {})
        ways.append([one for level in ([asked] if isinstance(asked, str) else asked) for one in levels.get(level, ())])
    yield from product(*ways)


def _candidate(entry: Mapping[str, Any], text: str, findings: Sequence[Finding], words: Vocabulary) -> Candidate:
    values = {"noun": words.noun, "event": words.event, "events": words.events, "an_event": words.an_event,
              "Events": capital(words.events)}  # fmt: skip
    for one in findings:
        values |= one.values
    facts = list(dict.fromkeys(one.fact for one in findings))[:_MOST_FACTS]
    line = Line(capital(printable(text.format(**values))), "; ".join(facts), general=not facts)
    # Lines that differ only in their numbers are one entry.
    uses, bars = (frozenset(entry.get(key, ())) for key in ("uses", "bars"))
    return Candidate(line, text, sum(one.weight for one in findings), uses, bars, entry.get("last", False))


def barred_by(found: Evidence) -> frozenset[str]:
    """Means that the figures rule out, whatever the lines say."""
    barred = set()
    bands = found.get("band", {})
    # What the table of deciles says on the page of whom to contact first.
    if "rest" in bands:
        barred.add(PAID)
    if "first" in bands:
        barred.add(DISCOUNT)
    # No e-mail without a figure of it.
    if not {HIGH, TYPICAL} & found.get(EMAIL, {}).keys():
        barred.add(EMAIL)
    return frozenset(barred)


def allowed(candidates: Iterable[Candidate], barred: frozenset[str]) -> Iterator[Candidate]:
    return (one for one in candidates if not one.uses & barred)


def chosen_of(candidates: Iterable[Candidate], most: int, used: Counter[str]) -> list[Candidate]:
    """Those that ask for more first, less what other segments have already."""
    ordered = sorted(candidates, key=lambda one: (one.last, used[one.entry] - min(one.asks, 2), used[one.entry]))
    chosen: list[Candidate] = []
    for one in ordered:
        if one.last and chosen:
            break
        if len(chosen) < most and not any(_alike(one, other) for other in chosen):
            chosen.append(one)
    return chosen


def _alike(one: Candidate, other: Candidate) -> bool:
    """Whether two lines say the same, rest on the same figures, or forbid the same."""
    if one.entry == other.entry or one.line.fact == other.line.fact:
        return True
    return bool(one.bars) and one.bars == other.bars


def trait_lines(own: Candidates, barred: frozenset[str]) -> tuple[Line, ...]:
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


def _trait_line(trait: ContractTrait, finding: Finding, own: Candidates, barred: frozenset[str]) -> Line | None:
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


@cache
def _entries() -> Mapping[str, list[dict[str, Any]]]:
    text = resources.files("northstar_explain.report.playbook").joinpath("plays.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
