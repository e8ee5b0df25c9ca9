"""Where a segment's customers stand in their life: new, loyal, lapsing, lost, as counted when the model was made."""

from __future__ import annotations

from dataclasses import dataclass

from northstar_explain.contract.features import Contract
from northstar_explain.contract.time_units import days_in_one
from northstar_explain.model.evaluation import audience_facts as stage_keys
from northstar_explain.model.evaluation.audience_facts import STAGES, LifecycleFacts
from northstar_explain.model.learned_model import Model
from northstar_explain.report.document import numbers
from northstar_explain.report.playbook.vocabulary import Vocabulary, vocabulary

# A segment is spoken to by the stage of most of it; by that of a third only in words that say so ("many have"), and
# never as lapsing or lost, since the others would be told that they are gone. More of it must be there than of all:
# a share below the average beside "they come often" says the opposite.
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
    share_of_all : float
        The share of all customers at this stage.
    fact : str
        The share, what the stage means, and the share of all customers.
    """

    key: str
    words: str
    customers: int
    share: float
    share_of_all: float
    fact: str

    @property
    def is_more_frequent(self) -> bool:
        """Whether the printed shares, too, say that more of the segment are here than of all."""
        return self.share > self.share_of_all and numbers.rough(self.share) != numbers.rough(self.share_of_all)


def stages_of(model: Model, id: str) -> tuple[Stage, ...]:
    """The stages of a segment's customers, the largest first; empty where the contract has no roles for them."""
    facts = model.evaluation.audiences.lifecycle
    if facts is None:
        return ()
    words = vocabulary(model.contract)
    found = [
        _stage((key,), stage_words(key, words), stage_meaning(key, facts, model.contract), model, id) for key in STAGES
    ]
    return tuple(sorted((one for one in found if one.customers), key=lambda one: -one.customers))


def _stage(keys: tuple[str, ...], words: str, means: str, model: Model, id: str) -> Stage:
    """Those of a segment at some stages, under the key of the first."""
    audiences = model.evaluation.audiences
    assert audiences.lifecycle is not None
    each = audiences.lifecycle.segments
    counts = {segment: sum(one[key] for key in keys) for segment, one in each.items()}
    here, everybody = counts[id] / (sum(each[id].values()) or 1), sum(counts.values()) / audiences.customers
    fact = f"{numbers.rough(here)} {means}; of all {model.contract.noun} {numbers.rough(everybody)}"
    return Stage(keys[0], words, counts[id], here, everybody, fact)


def main_stage(model: Model, id: str) -> Stage | None:
    """The stage that a segment is spoken to by; None where there is none."""
    stages = stages_of(model, id)
    by_key = {one.key: one for one in stages if one.is_more_frequent}
    if (none := by_key.get(stage_keys.NO_ORDER)) and none.share >= _MOST:
        return none
    quiet = [one for one in stages if one.key in (stage_keys.LAPSING, stage_keys.LOST)]
    if sum(one.share for one in quiet) > _MOST:
        return _gone_quiet(quiet, model, id)
    largest = next((one for one in by_key.values() if one not in quiet), None)
    return largest if largest and largest.share >= _LARGEST else None


def _gone_quiet(stages: list[Stage], model: Model, id: str) -> Stage | None:
    """The stage of most, of those who lapse or are lost; where neither are, both together: the lost have lapsed too."""
    largest = max(stages, key=lambda one: one.share)
    if largest.share > _MOST and largest.is_more_frequent:
        return largest
    facts, keys = model.evaluation.audiences.lifecycle, (stage_keys.LAPSING, stage_keys.LOST)
    assert facts is not None
    both = _stage(keys, "lapsing or lost", _gone_quiet_meaning(facts, model.contract), model, id)
    return both if both.is_more_frequent else None


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
    apart = _apart(words)
    others = [word for word, known in (("new", facts.tenure), ("lapsing", facts.recency)) if known]
    neither = f", neither {' nor '.join(others)}" if len(others) > 1 else "".join(f", not {one}" for one in others)
    most = f"{facts.loyal_from - 1:g}"
    return {
        stage_keys.NO_ORDER: counted.none or f"have no {numbers.short(counted)}",
        stage_keys.NEW: f"are new: {_start(facts, contract)}",
        stage_keys.ONE_ORDER: f"have one {words.event}{neither}",
        stage_keys.GROWING: f"have 2 {words.events}{neither}" if most == "2"
        else f"have 2 to {most} {words.events}{neither}",
        stage_keys.LOYAL: f"have {facts.loyal_from:g} {words.events} or more{neither}",
        stage_keys.LAPSING: f"lapse: last {words.event} {facts.lapsing_from:g} to {facts.lost_from:g} times {apart}",
        stage_keys.LOST: f"are lost: last {words.event} {facts.lost_from:g} or more times {apart}",
    }[key]  # fmt: skip


def _gone_quiet_meaning(facts: LifecycleFacts, contract: Contract) -> str:
    words = vocabulary(contract)
    return f"lapse or are lost: last {words.event} {facts.lapsing_from:g} or more times {_apart(words)}"


def _apart(words: Vocabulary) -> str:
    return f"as long ago as their {words.events} were apart"


def _start(facts: LifecycleFacts, contract: Contract) -> str:
    if facts.tenure is None:
        return ""
    tenure = contract[facts.tenure]
    # The limit is in days, the feature perhaps in months.
    each = days_in_one(tenure) or 1.0
    within = (facts.new_within or 0.0) / each
    return f"{numbers.short(tenure)} at most {within:{'.0f' if each == 1 else '.2g'}}"
