"""The page of `explain monitor`: what fired and why, who moved, segment sizes, performance to expect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from northstar_explain.model.learned_model import Model
from northstar_explain.model.monitoring.monitor_facts import MonitorFacts
from northstar_explain.model.names import without_id
from northstar_explain.report.charts.migration_flows import GONE, NEW, Flow, migration_flows
from northstar_explain.report.charts.over_runs import shares_over_runs
from northstar_explain.report.document import numbers
from northstar_explain.report.document.blocks import (
    Block,
    Callout,
    Chapter,
    ChapterBuilder,
    Figure,
    ItemList,
    KeyFigures,
    Tags,
    Text,
    table,
)
from northstar_explain.report.document.document import Document
from northstar_explain.report.document.palette import accents
from northstar_explain.report.monitor.drift_chapter import drift
from northstar_explain.report.monitor.expected_chapter import expected
from northstar_explain.report.monitor.outcomes_chapter import outcomes


def monitor_page(facts: MonitorFacts, model: Model) -> str:
    """The page as one HTML file.

    Parameters
    ----------
    facts : MonitorFacts
    model : Model

    Returns
    -------
    str
    """
    return monitor_document(facts, model).web_page()


def monitor_document(facts: MonitorFacts, model: Model) -> Document:
    """The page as a document; arguments as of `monitor_page`."""
    title, fired = model.contract.title, len(facts.triggers)
    heading = "Nothing fired." if not fired else f"{fired} trigger{'s' * (fired > 1)} fired."
    chapters = [_migration(facts, model), _sizes(facts, model), expected(facts, model), drift(facts, model)]
    if facts.outcomes is not None:
        chapters.append(outcomes(facts.outcomes, model))
    return Document(
        title=f"Monitoring: {title}",
        variant="memo",
        chapters=tuple(chapters),
        heading=heading,
        eyebrow=f"{title} · model {model.id} · {_named(facts.runs[-2].name)} then, {_named(facts.runs[-1].name)} now",
        front=tuple(_front(facts, model)),
    )


def _front(facts: MonitorFacts, model: Model) -> Iterator[Block]:
    noun, now = model.contract.noun, facts.runs[-1]
    figures = [
        (numbers.count(facts.customers.new), f"{noun} now, {numbers.count(facts.customers.old)} then"),
        (f"{facts.score_drift.psi:.3f}", "PSI of the score, now against then"),
    ]
    if now.expected is not None and not now.expected.void:
        auc, positives = now.expected.overall.roc_auc, now.expected.overall.positives
        figures += [
            (f"{auc.value:.3f}", "ROC-AUC to expect, 90% interval {:.3f} to {:.3f}".format(*auc.interval)),
            (numbers.count(positives.value),
             "“{}” to expect, 90% interval {:,.0f} to {:,.0f}".format(model.contract.outcome, *positives.interval)),
        ]  # fmt: skip
    yield KeyFigures(tuple(figures))
    if facts.triggers:
        yield Callout((ItemList(tuple(f"{one}." for one in facts.triggers)),))
    else:
        yield Callout(
            (Text("Scores, features, segments and rejected rows are as they were, within limits and chance."),)
        )


def _migration(facts: MonitorFacts, model: Model) -> Chapter:
    page = ChapterBuilder()
    ids, colors = _segments(model)
    noun = model.contract.noun
    page.add(Tags(tuple((one.id, without_id(one.id, one.name), colors[one.id]) for one in model.segmentation.segments)))
    flows = list(_flows(facts, ids))
    page.add(Figure(migration_flows(flows, ids, colors, noun)))
    stayed = sum(one.customers for one in flows if one.source == one.target)
    if facts.customers.both:
        page.paragraphs(
            f"{stayed / facts.customers.both:.1%} of the {facts.customers.both:,} {noun} in both runs are in the same "
            "segment as before. Bands are as wide as the moves are many; grey is who is in one of the runs only.",
            style="fine",
        )
    moved = (one for one in flows if one.source != one.target and one.customers)
    moves = sorted(moved, key=lambda one: -one.customers)[:8]
    rows = [(_words(one), numbers.count(one.customers), _share_of(one, facts)) for one in moves]
    if rows:
        head = ("Largest moves", noun.capitalize(), "Of those there before")
        page.add(table(head, rows, alt_text="The largest moves between segments"))
    return page.chapter("migration", "Who moved between segments")


def _words(flow: Flow) -> str:
    if flow.source == NEW:
        return f"{flow.target}, and not in the run before"
    return f"{flow.source}, and not in this run" if flow.target == GONE else f"{flow.source} to {flow.target}"


def _share_of(flow: Flow, facts: MonitorFacts) -> str:
    before = {one.id: one.old for one in facts.segments}.get(flow.source, 0)
    return numbers.percent(flow.customers / before) if before else "–"


def _flows(facts: MonitorFacts, ids: list[str]) -> Iterator[Flow]:
    moves = facts.migration
    for one in facts.segments:
        for target in ids:
            yield Flow(one.id, target, moves.get(one.id, {}).get(target, 0))
        yield Flow(one.id, GONE, one.old - sum(moves.get(one.id, {}).values()))
    for one in facts.segments:
        yield Flow(NEW, one.id, one.new - sum(to.get(one.id, 0) for to in moves.values()))


def _sizes(facts: MonitorFacts, model: Model) -> Chapter:
    page = ChapterBuilder()
    ids, colors = _segments(model)
    runs = [_named(one.name) for one in facts.runs]
    shares = {id: [one.segments[id] / max(1, one.customers) for one in facts.runs] for id in ids}
    page.add(Figure(shares_over_runs(runs, shares, colors)))
    head = ("Run", model.contract.noun.capitalize(), *ids)
    rows = [
        (name, numbers.count(run.customers), *(numbers.percent(shares[id][place]) for id in ids))
        for place, (name, run) in enumerate(zip(runs, facts.runs, strict=True))
    ]
    page.add(table(head, rows, alt_text="Share of each segment in each run"))
    moved = [one.id for one in facts.segments if one.moved]
    if moved:
        page.paragraphs(f"Beyond limit and chance from then to now: {', '.join(moved)}.", style="fine")
    return page.chapter("sizes", f"Segment sizes over {len(runs)} runs")


def _segments(model: Model) -> tuple[list[str], dict[str, str]]:
    ids = [segment.id for segment in model.segmentation.segments]
    return ids, accents(ids)


def _named(name: str) -> str:
    """The file's name: a page says not where on a disk it lay."""
    return Path(name).name or name
