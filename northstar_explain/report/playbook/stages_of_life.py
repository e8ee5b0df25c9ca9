"""Where a segment's customers stand in their life: new, loyal, lapsing, lost, as counted when the model was made."""

from __future__ import annotations

from dataclasses import dataclass, replace

from northstar_explain.contract.features import Contract
from northstar_explain.model.evaluation import audience_facts as stage_keys
from northstar_explain.model.evaluation.audience_facts import STAGES, LifecycleFacts
from northstar_explain.model.learned_model import Model
from northstar_explain.report.document import numbers
from northstar_explain.report.playbook.vocabulary import Vocabulary, vocabulary

# A segment is spoken to by the stage of most of it; by that of a third only in words that say so ("many have"), and
# never as lapsing or lost, since the others would be told that they are gone.
_MOST, _LARGEST = 0.5, 1 / 3


@dataclass(frozen=True)
class Stage:
    """The customers of a segment at one stage.

    Attributes
    ----------
    key : str
        One of `model.evaluation.audience_facts.STAGES`.
    words : str
        In two or three words.
    customers : int
        Of the whole table.
    share : float
        Of the segment.
    fact : str
        The share, what the stage means, and the share of all customers.
    """

    key: str
    words: str
    customers: int
    share: float
    fact: str


def stages_of(model: Model, id: str) -> tuple[Stage, ...]:
    """The stages of a segment's customers, the largest first; empty where the contract has no roles for them."""
    facts = model.evaluation.audiences.lifecycle
    if facts is None:
        return ()
    counts, words = facts.segments[id], vocabulary(model.contract)
    size, everybody = sum(counts.values()) or 1, model.evaluation.audiences.customers
    found = []
    for key in STAGES:
        total = sum(one[key] for one in facts.segments.values())
        share, means = counts[key] / size, stage_meaning(key, facts, model.contract)
        fact = f"{numbers.rough(share)} {means}; of all {words.noun} {numbers.rough(total / everybody)}"
        found.append(Stage(key, stage_words(key, words), counts[key], share, fact))
    return tuple(sorted((one for one in found if one.customers), key=lambda one: -one.customers))


def main_stage(stages: tuple[Stage, ...]) -> Stage | None:
    """The stage that a segment is spoken to by; None where there is none."""
    by_key = {one.key: one for one in stages}
    if (none := by_key.get(stage_keys.NO_ORDER)) and none.share >= _MOST:
        return none
    quiet = [by_key[key] for key in (stage_keys.LAPSING, stage_keys.LOST) if key in by_key]
    if sum(one.share for one in quiet) > _MOST:
        return _gone_quiet(quiet)
    largest = next((one for one in stages if one not in quiet), None)
    return largest if largest and largest.share >= _LARGEST else None


def _gone_quiet(stages: list[Stage]) -> Stage:
    """The stage of most, of those who lapse or are lost; where neither are, both together: the lost have lapsed too."""
    largest = max(stages, key=lambda one: one.share)
    if largest.share > _MOST:
        return largest
    lapsing = next(one for one in stages if one.key == stage_keys.LAPSING)
    return replace(
        lapsing,
        words="lapsing or lost",
        customers=sum(one.customers for one in stages),
        share=sum(one.share for one in stages),
        fact="; ".join(one.fact for one in sorted(stages, key=lambda one: one.key)),
    )


def stage_words(key: str, words: Vocabulary) -> str:
    """A stage in two or three words."""
    named = {
        stage_keys.NO_ORDER: f"no {words.events}",
        stage_keys.ONE_ORDER: f"one {words.event}",
        stage_keys.GROWING: f"several {words.events}",
    }
    return named.get(key, key)


def stage_meaning(key: str, facts: LifecycleFacts, contract: Contract) -> str:
    """What it takes to be at a stage, as the end of a sentence that begins with how many are."""
    words, counted = vocabulary(contract), contract[facts.frequency]
    apart = f"as long ago as their {words.events} were apart"
    others = [word for word, known in (("new", facts.tenure), ("lapsing", facts.recency)) if known]
    neither = f", neither {' nor '.join(others)}" if len(others) > 1 else "".join(f", not {one}" for one in others)
    most = f"{facts.loyal_from - 1:g}"
    return {
        stage_keys.NO_ORDER: counted.none or f"have no {numbers.short(counted)}",
        stage_keys.NEW: f"are new: {_start(facts, contract)} at most {facts.new_within or 0:.0f}",
        stage_keys.ONE_ORDER: f"have one {words.event}{neither}",
        stage_keys.GROWING: f"have 2 {words.events}{neither}" if most == "2"
        else f"have 2 to {most} {words.events}{neither}",
        stage_keys.LOYAL: f"have {facts.loyal_from:g} {words.events} or more{neither}",
        stage_keys.LAPSING: f"lapse: last {words.event} {facts.lapsing_from:g} to {facts.lost_from:g} times {apart}",
        stage_keys.LOST: f"are lost: last {words.event} {facts.lost_from:g} or more times {apart}",
    }[key]  # fmt: skip


def _start(facts: LifecycleFacts, contract: Contract) -> str:
    return numbers.short(contract[facts.tenure]) if facts.tenure else ""
