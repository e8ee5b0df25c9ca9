"""The cover, and all segments on one page."""

from __future__ import annotations

from collections.abc import Iterator

from northstar_explain.contract.outcomes import those_with
from northstar_explain.model.campaign.money_words import campaign_words, why_nobody
from northstar_explain.model.evaluation.limits import CONTACT_BANDS, JACCARD_STABLE, stability_figure, stability_words
from northstar_explain.model.evaluation.money_facts import MoneyFacts
from northstar_explain.model.names import with_id
from northstar_explain.model.segments import Segment
from northstar_explain.report import statements
from northstar_explain.report.charts.segment_band import segment_band
from northstar_explain.report.charts.segment_sizes import SizeRow, segment_sizes
from northstar_explain.report.document import numbers as words
from northstar_explain.report.document.blocks import Block, Cell, Chapter, Facts, Figure, ItemList, Link, Table, Text
from northstar_explain.report.playbook.playbook_facts import Book
from northstar_explain.report.playbook.vocabulary import topic

# A grey that no segment has, for everybody.
_EVERYBODY = "#8b939c"


def cover(book: Book) -> tuple[Block, ...]:
    """What stands on the cover below the title."""
    noun, model = book.contract.noun, book.model
    size = f"{words.count(book.customers)} {noun} in {len(book.segments)} segments"
    lead = f"{size}: what to do with each, and what sets it apart."
    rows = tuple(
        (
            Link(with_id(one.id, one.name), address=f"#{one.id}"),
            book.plays[one.id].message.text,
            words.percent(one.share),
        )
        for one in book.segments
    )
    dated = statements.data_as_of(model.manifest) or statements.data_undated(model.manifest)
    drafted, by_row = statements.drafted(book.contract), statements.counted_by_row(book.contract, model.evaluation)
    imprint = (
        *([("Meaning of the columns", f"A draft. {drafted}.")] if drafted else []),
        ("Data", f"{words.count(book.customers)} {noun}. {dated}."),
        *([("Counted", f"{by_row}.")] if by_row else []),
        ("Model", f"{model.id}. {statements.made_on(model.manifest)}."),
        ("Owner of this playbook", book.plan.owner or "nobody yet, to confirm"),
    )
    return (
        Text(lead, "lead"),
        Figure(segment_band(size_rows(book), noun)),
        Table(("Segment", "What to say", "Share"), rows, words=2, widths=(38, 50, 12)),
        Text("First steps", "message"),
        ItemList(tuple(first_steps(book)), ordered=True),
        Facts(imprint),
    )


def first_steps(book: Book) -> Iterator[str]:
    """What somebody who opens the book can do at once."""
    facts, most = book.model.evaluation.segments, max(book.segments, key=lambda one: _reached_first(one, book))
    money = book.model.evaluation.money
    if money is not None and not money.readout_plan_id:
        yield _paid_first(money, book.contract.currency)
    yield f"On your own channels: {_as_clause(book.plays[most.id].contact.line.text)} of {with_id(most.id, most.name)}."
    yield "Choose a control group at random among those to contact, and leave it out from the first day."
    if any(not one.owner or not one.kpi for one in (book.plan[segment.id] for segment in book.segments)):
        yield "Give each segment an owner, a KPI and a review date; what is printed as “to confirm” is a proposal."
    careful = (
        statements.no_number_meets_all(facts)
        or statements.others_meet_all(facts)
        or statements.not_to_build_on(facts.stability)
    )
    for one in filter(None, (careful, statements.few_outcomes(book.model.evaluation.purchase, book.contract))):
        yield f"{one}."


def _paid_first(money: MoneyFacts, currency: str) -> str:
    if not money.proposal.contacted:
        return f"Do not pay for contacts at these amounts: {why_nobody(money)}."
    return f"Measure what a contact adds: {campaign_words(money, currency)}. Take people at random."


def _reached_first(segment: Segment, book: Book) -> tuple[int, float]:
    """How early its first contacts come in the order of deciles, and how many of them are expected to act."""
    contact = book.plays[segment.id].contact
    return -list(CONTACT_BANDS).index(contact.band), contact.customers * (contact.rate or 0.0)


def _as_clause(text: str) -> str:
    """A sentence as what follows a colon."""
    return text[:1].lower() + text[1:]


def overview(book: Book) -> Chapter:
    """All segments: the chart, and below it the table in the same order."""
    noun, outcome, facts = book.contract.noun, book.contract.outcome, book.model.evaluation.segments
    head = [
        "Segment",
        noun.capitalize(),
        *([f"Share of {statements.whole_of(topic(book.contract[facts.spend.feature]))}"] if facts.spend else []),
        "Rate",
        "Stability",
    ]
    note = (
        f"Rate: {outcome}, measured on {words.count(book.model.evaluation.purchase.holdout.n)} {noun} of the holdout. "
    )
    note += f"Stability: 1 is the same segment in every sample, from {JACCARD_STABLE} on it is stable. "
    note += "Index: 100 is the average of all, 200 twice and 50 half of it; from 80 to 120 is ordinary."
    return Chapter(
        "overview",
        _headline(book),
        (
            Figure(segment_sizes([*size_rows(book), everybody(book)], book.contract)),
            Table(tuple(head), tuple(_row(one, book) for one in book.segments), style="segments"),
            Text(note, "fine"),
        ),
        "All segments",
    )


def size_rows(book: Book) -> list[SizeRow]:
    """The segments in the order of the book, for the charts."""
    outcomes = book.model.evaluation.segments.holdout_outcomes
    return [
        SizeRow(
            one.id,
            book.colors[one.id],
            one.share,
            outcomes[one.id].purchase_rate if one.id in outcomes else None,
            outcomes[one.id].share_of_buyers if one.id in outcomes else None,
        )
        for one in book.segments
    ]


def everybody(book: Book) -> SizeRow:
    """The row of all, below those of the segments."""
    return SizeRow("All", _EVERYBODY, None, book.base_rate, None)


def _row(segment: Segment, book: Book) -> tuple[Cell, ...]:
    facts = book.model.evaluation.segments
    outcome, stability = facts.holdout_outcomes.get(segment.id), facts.stability[segment.id]
    spend = [
        Cell(words.percent(one.share), f"index {words.index(one.index)}")
        for one in ([facts.spend.segments[segment.id]] if facts.spend else [])
    ]
    rate = (
        Cell(words.percent(outcome.purchase_rate), f"index {words.index(outcome.index)}")
        if outcome
        else Cell("not measured")
    )
    return (
        Cell(with_id(segment.id, segment.name), segment.definition),
        Cell(words.count(segment.customers), words.percent(segment.share)),
        *spend,
        rate,
        Cell(stability_figure(stability), stability_words(stability)),
    )


def _headline(book: Book) -> str:
    """The main result: the segment with the largest share of those who act."""
    outcomes, contract = book.model.evaluation.segments.holdout_outcomes, book.contract
    if not outcomes:
        return f"All segments of {contract.noun}"
    # By share of buyers and not by rate: the largest part of the business is the main result.
    best = max(book.segments, key=lambda one: outcomes[one.id].share_of_buyers if one.id in outcomes else 0.0)
    share = outcomes[best.id].share_of_buyers
    return f"{best.name}: {best.share:.0%} of {contract.noun}, {share:.0%} of {those_with(contract)}"
