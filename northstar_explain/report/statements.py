"""Sentences about the model, each printed if and only if its facts bear it: a text where they do, else None.

Every report takes these sentences from here, so that none says what another denies. What a sentence rests on is what
its function takes; `tests/report/test_statements.py` generates facts and checks both ways.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.contract.draft_questions import open_questions
from northstar_explain.contract.features import Contract
from northstar_explain.model.evaluation import Evaluation
from northstar_explain.model.evaluation.audience_facts import Band
from northstar_explain.model.evaluation.frontier_facts import FAULTS, FrontierPoint
from northstar_explain.model.evaluation.limits import JACCARD_STABLE, stability_figure, stability_words
from northstar_explain.model.evaluation.money_facts import MoneyFacts
from northstar_explain.model.evaluation.purchase_facts import PurchaseFacts
from northstar_explain.model.evaluation.segment_facts import Borderline, NullTest, SegmentFacts
from northstar_explain.model.segments import Segment
from northstar_explain.model.wording import phrases
from northstar_explain.report.document import numbers

# From this share on, a step out of a segment is part of its definition.
_BY_DEFINITION = 0.95
# With fewer, a share of them has a standard error of seven points and more.
_FEW_OUTCOMES = 50
# Shares that are proposed for a control group, and the rise that it should be able to show.
CONTROL_SHARES, RISE_TO_SHOW = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5), 0.05


def compared_by(facts: SegmentFacts, contract: Contract) -> str:
    """By how many features customers were compared: those that were used, not those that were allowed."""
    used, allowed = sum(len(theme.features) for theme in facts.themes), len(contract.likeness_features)
    of = f" of {allowed} that the contract allows" if used < allowed else ""
    return f"{contract.noun.capitalize()} were compared by {_features(used)}{of}"


def asked_by_rules(facts: SegmentFacts) -> str:
    """How many features the rules ask about."""
    return f"The rules ask about {_features(len(facts.rule_features))}"


def drafted(contract: Contract) -> str | None:
    """That nobody has confirmed what the columns mean, and how many questions are open."""
    count = len(open_questions(contract.text))
    asked = f"{count} question{'' if count == 1 else 's'} of the contract {'is' if count == 1 else 'are'} not answered"
    if contract.drafted:
        said = "What the columns mean was drafted by a program from their names and values, and nobody has confirmed it"
        return f"{said}; {asked}" if count else said
    return asked if count else None


def counted_by_row(contract: Contract, facts: Evaluation) -> str | None:
    """That somebody may stand in several rows, each of which counts, where the contract names the group of a row."""
    groups, rows = facts.purchase.group_split, next(one.n for one in facts.data.splits if one.split == "train")
    if groups is None or groups.column is None or groups.train >= rows:
        return None
    return (
        f"Every row counts as one of the {contract.noun}, also where several are of one {groups.column}: "
        f"{rows:,} rows of training are of {groups.train:,}"
    )


def data_as_of(manifest: Mapping[str, Any]) -> str | None:
    """The day of the data, where it is known."""
    return f"Data as of {numbers.day(manifest['as_of'])}" if manifest.get("as_of") else None


def data_undated(manifest: Mapping[str, Any]) -> str | None:
    """That the day of the data is not known."""
    return None if manifest.get("as_of") else "The day of the data is not stated"


def made_on(manifest: Mapping[str, Any]) -> str:
    """The day on which the model was made, which is not that of the data."""
    return f"Model made on {numbers.day(str(manifest['date']))}"


def clearer_than_shuffled(facts: NullTest) -> str | None:
    """That no copy with shuffled columns can be grouped as clearly."""
    if facts.silhouette <= facts.null_max:
        return None
    mine, best = _apart(facts.silhouette, facts.null_max)
    return f"The groups are clearer than in any of {facts.copies} shuffled copies of the data ({mine}; at most {best})"


def as_clear_when_shuffled(facts: NullTest) -> str | None:
    """That a copy with shuffled columns can be grouped as clearly, or more so."""
    if facts.silhouette > facts.null_max:
        return None
    mine, best = _apart(facts.silhouette, facts.null_max)
    return f"Shuffled data can be grouped at least as clearly ({mine}; shuffled up to {best})"


def natural_groups(facts: NullTest) -> str:
    """Whether the groups may be called natural."""
    if facts.natural_clusters:
        return "These are natural groups"
    return "These are useful slices of a continuum, not natural groups"


def rates_are_of(facts: PurchaseFacts, contract: Contract) -> str:
    """Which rows the rates are of."""
    # A later table mostly holds the same people: what no model has learned is what they did then.
    where = "of a later table" if facts.out_of_time else "of the holdout"
    of = f"{numbers.count(facts.holdout.n)} {contract.noun} {where}"
    return f"Rates are those of {of}, and no model was trained on these outcomes"


def few_outcomes(facts: PurchaseFacts, contract: Contract) -> str | None:
    """That so few of the holdout have the outcome that rates of segments may differ by chance."""
    held = facts.holdout
    count = round(held.n * held.base_rate)
    if count >= _FEW_OUTCOMES:
        return None
    of = f"{numbers.count(count)} of the {numbers.count(held.n)} {contract.noun}"
    return f"The outcome is true of only {of} whose rates are printed: rates of segments may differ by chance"


def sizes_are_of(customers: int, facts: SegmentFacts, contract: Contract) -> str:
    """Which rows sizes, averages and, where they are printed, shares of a total are of."""
    # Not of spend: with a bank, it is a balance.
    shares = ", averages and shares of a total" if facts.spend else " and averages"
    return f"Sizes{shares} are those of all {numbers.count(customers)} {contract.noun} of the table"


def whole_of(words: str) -> str:
    """What all have together of what some words name, so that a segment has a share of it."""
    # A share of an average would be something else.
    return f"the sum of {words}" if re.match(r"(?:average|mean)\b", words) else words


def nobody_on_the_border(facts: Borderline) -> str | None:
    """That no step of behavior puts anybody in another segment."""
    return None if facts.share else "One ordinary step puts nobody in another segment"


def some_on_the_border(facts: Borderline) -> str | None:
    """How many one step of behavior puts in another segment."""
    if not facts.share:
        return None
    return f"One ordinary step would put {numbers.rough(facts.share)} of them in another segment"


def once_it_is_done(facts: Borderline, segment: Segment, contract: Contract) -> str | None:
    """For a segment of those who did not do something: that doing it once leads out of it; else None.

    By definition, nearly all of them are then one step away, which says nothing about how firm the segment is.
    """
    undone = _undone(segment, contract)
    if facts.share < _BY_DEFINITION or not undone:
        return None
    said = " and ".join(phrase for one in undone for phrase in phrases(one, contract))
    return (
        f"The rule asks for what was not done ({said}), and who does it once leaves: one ordinary step would put "
        f"{numbers.rough(facts.share)} of them in another segment"
    )


def rise_shown(band: Band, share: float, contract: Contract) -> str | None:
    """The rise of the rate that a control group among those who are contacted can show; None where it can show none.

    Parameters
    ----------
    band : Band
        Those who are contacted: not the whole segment, if only its top deciles are.
    share : float
        Of them, left out as the control group: above 0, up to 0.5.
    contract : Contract
    """
    rise = smallest_rise(band, share)
    if rise is None:
        return None
    size = f"{numbers.count(control_size(band, share))} of the {numbers.count(band.customers)}"
    return (
        f"{share:.0%} of those contacted, {size} {contract.noun}: enough to show {_change(contract)} of the rate by "
        f"{100 * rise:g} in 100 or more"
    )


def no_rise_shown(band: Band, contract: Contract) -> str | None:
    """That even half of those who are contacted is too few for a control group that shows the rise to be expected."""
    rise = smallest_rise(band, CONTROL_SHARES[-1])
    if rise is not None and rise <= RISE_TO_SHOW:
        return None
    return (
        f"{CONTROL_SHARES[0]:.0%} of those contacted, read together with the other segments: "
        f"{numbers.count(band.customers)} {contract.noun} alone are too few to show {_change(contract)} by "
        f"{100 * RISE_TO_SHOW:g} in 100, even with half of them as control group"
    )


def _change(contract: Contract) -> str:
    return "a rise" if contract.wanted else "a fall"


def control_size(band: Band, share: float) -> int:
    """The customers of a control group."""
    return round(share * band.customers)


def smallest_rise(band: Band, share: float) -> float | None:
    """The smallest of the stored uplifts that a control group of this share of the band can detect."""
    size = control_size(band, share)
    return min((one.uplift for one in band.control_sizes if one.customers_each <= size), default=None)


def control_share(band: Band) -> float | None:
    """The smallest share proposed that can show the rise to be expected; None where `no_rise_shown`."""
    rises = ((share, smallest_rise(band, share)) for share in CONTROL_SHARES)
    return next((share for share, rise in rises if rise is not None and rise <= RISE_TO_SHOW), None)


def not_persuadable(contract: Contract) -> str:
    """That who is likely need not be moved by a contact, and what shows who is."""
    if contract.wanted:
        return "Many in the top deciles would act anyway. Whom a contact changes, only a control group shows"
    return (
        "Not everyone in the top deciles can be kept from it. Whom a contact keeps from it, only a control group shows"
    )


def uplift_measured(money: MoneyFacts) -> str | None:
    """Which campaign has measured what a contact adds; None where none has."""
    if not money.readout_plan_id:
        return None
    return f"Uplifts were measured in campaign {money.readout_plan_id}, against its control group"


def paid_contacts(money: MoneyFacts | None) -> str:
    """To whom contacts that cost money go: a probability does not say whom they change."""
    if money is not None and money.readout_plan_id:
        return "Contacts that cost money go where their measured uplift pays"
    return (
        "Contacts that cost money go to people taken at random, with a control group, until a campaign has measured "
        "what they add"
    )


def offers_not_counted(money: MoneyFacts, offers: Mapping[str, str]) -> str | None:
    """That offers are proposed, by segment, while the amounts count none; else None."""
    if money.voucher or not offers:
        return None
    id, offer = next(iter(offers.items()))
    one = (
        f"The offer that is proposed for {id} (“{offer}”) is"
        if len(offers) == 1
        else (f"The offers that are proposed, for {_listed(list(offers))}, are")
    )
    return f"{one} not counted: give what one costs as a voucher, or leave offers out of the first campaign"


def no_number_meets_all(facts: SegmentFacts) -> str | None:
    """That none of the numbers of segments tried meets every condition."""
    if facts.eligible or any(one.eligible for one in facts.frontier):
        return None
    ks = [one.k for one in facts.frontier]
    tried = f"{ks[0]} segments do not meet"
    if len(ks) > 1:
        tried = f"None of the numbers of segments tried, {_numbers(ks)}, meets"
    found = f" (with {facts.k}: {_faults(facts)})" if _faults(facts) else ""
    return f"{tried} every condition{found}: rely on them with care"


def others_meet_all(facts: SegmentFacts) -> str | None:
    """That the number of segments taken does not meet every condition, and another does."""
    better = [one.k for one in facts.frontier if one.eligible]
    if facts.eligible or not better:
        return None
    found = f" ({_faults(facts)})" if _faults(facts) else ""
    return f"{facts.k} segments do not meet every condition{found}; {_numbers(better)} would"


def stability_of(id: str, jaccard: float) -> str:
    """How stable a segment is, in the words of every report."""
    return f"{id} is {stability_words(jaccard)} ({stability_figure(jaccard)})"


def not_to_build_on(stability: Mapping[str, float]) -> str | None:
    """Which segments change too much between samples for a long programme."""
    changing = [id for id, jaccard in stability.items() if jaccard < JACCARD_STABLE]
    return f"Build no long programme on {_listed(changing)}" if changing else None


def all_stable(stability: Mapping[str, float]) -> str | None:
    """That every segment is found again in other samples."""
    lowest = min(stability.values(), default=0.0)
    if lowest < JACCARD_STABLE:
        return None
    return f"Every segment is stable: {stability_figure(lowest)} or more, of {JACCARD_STABLE:.2f} needed"


def price_of_rules(price: float) -> str:
    """What the rules cost against the groups that they stand for."""
    if price <= 1:
        return "The rules are as tight as the statistical groups behind them"
    # To one decimal, as the memo says it and as the figure beside it has it.
    more = numbers.percent(price - 1) if price >= 1.0005 else "under 0.1%"
    return f"The rules are {more} less tight than the statistical groups behind them"


def _faults(facts: SegmentFacts) -> str:
    chosen: FrontierPoint | None = next((one for one in facts.frontier if one.k == facts.k), None)
    return _listed([FAULTS[fault] for fault in chosen.faults]) if chosen else ""


def _undone(segment: Segment, contract: Contract) -> list[NumberCondition]:
    """What every rule of a segment asks to be zero, of what is counted."""
    first, *others = (rule.conditions for rule in segment.rules)
    return [
        one
        for one in first
        if isinstance(one, NumberCondition)
        and (one.lower, one.upper) == (None, 1)
        and contract[one.feature].kind.counts
        and all(one in conditions for conditions in others)
    ]


def _features(count: int) -> str:
    return f"{numbers.count(count)} feature{'' if count == 1 else 's'}"


def _numbers(ks: list[int]) -> str:
    whole = len(ks) > 2 and ks == list(range(ks[0], ks[-1] + 1))
    return f"{ks[0]} to {ks[-1]}" if whole else _listed([str(k) for k in ks])


def _listed(items: list[str]) -> str:
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def _apart(first: float, second: float) -> tuple[str, str]:
    """Two figures with as many digits, two to six, as it takes to see that they differ."""
    for digits in range(2, 7):
        shown = f"{first:.{digits}f}", f"{second:.{digits}f}"
        if shown[0] != shown[1]:
            break
    return shown
