"""The page of a segment: what to do with it, and who they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from markupsafe import Markup

from northstar_explain.contract.features import Feature
from northstar_explain.contract.outcomes import those_with
from northstar_explain.model.evaluation.audience_facts import Band
from northstar_explain.model.evaluation.limits import CONTACT_BANDS, stability_figure, stability_words
from northstar_explain.model.learned_model import Model
from northstar_explain.model.segments import Profile, Segment
from northstar_explain.model.wording import capital
from northstar_explain.report import statements
from northstar_explain.report.charts.decile_columns import decile_columns
from northstar_explain.report.charts.differences import Difference, differences
from northstar_explain.report.document import numbers as words
from northstar_explain.report.document.blocks import (
    Block,
    Callout,
    Chapter,
    Columns,
    Facts,
    Figure,
    Heading,
    ItemList,
    KeyFigures,
    Text,
    rich,
)
from northstar_explain.report.playbook.plan import SegmentPlan
from northstar_explain.report.playbook.playbook_facts import Book
from northstar_explain.report.playbook.plays import Line, contact_of
from northstar_explain.report.playbook.stages_of_life import Stage

# An index between these is ordinary, and no difference.
ORDINARY = (80.0, 120.0)
MOST_ROWS, MOST_VALUES, MOST_STAGES = 6, 4, 2
# A smaller share at a stage is not worth a line.
LEAST_STAGE = 0.02
# How dark the deciles of each band are, in the order in which they are contacted.
STRENGTHS = (1.0, 0.55, 0.25)


def segment_page(segment: Segment, book: Book) -> Chapter:
    """The page, the actions before the description."""
    play, place = book.plays[segment.id], book.segments.index(segment) + 1
    eyebrow = f"{segment.id} · segment {place} of {len(book.segments)}" + (
        f" · {_stage_words(play.stage)}" if play.stage else ""
    )
    lines = _Lines(book.contract.noun)
    return Chapter(
        segment.id,
        segment.name,
        (
            Text(segment.definition, "lead"),
            _figures(segment, book),
            _todo(segment, book, lines),
            Columns((_apart(segment, book), (*_whom_first(segment, book), *_firm(segment, book))), (1.4, 1), "who"),
            *_inside(segment, book, lines),
        ),
        eyebrow,
    )


def _stage_words(stage: Stage) -> str:
    """A stage, with its share where it is not that of most."""
    return stage.words if stage.share >= 0.5 else f"{words.rough(stage.share)} {stage.words}"


class _Lines:
    """Lines of a play, each with the figures that it rests on; a page gives every figure once."""

    def __init__(self, noun: str) -> None:
        self._noun, self._given = noun, set[str]()

    def show(self, line: Line) -> str:
        """A line with its figures in small type."""
        if line.general or not line.fact:
            return rich("{} <small>(general advice)</small>", line.text) if line.general else line.text
        new = self.figures(line.fact)  # none where all stand further up
        return rich("{} <small>({})</small>", line.text, new) if new else line.text

    def figures(self, fact: str) -> str:
        """The figures that the page does not give yet."""
        short = fact.replace(f"; of all {self._noun} ", ", all ").replace(f"; all {self._noun} ", ", all ")
        new = [part for part in short.replace(f", all {self._noun} ", ", all ").split("; ") if part not in self._given]
        self._given.update(new)
        return "; ".join(new)


def _figures(segment: Segment, book: Book) -> Block:
    facts, contract = book.model.evaluation.segments, book.contract
    figures = [(words.count(segment.customers), f"{contract.noun}, {words.percent(segment.share)} of all")]
    if facts.spend:
        spend = facts.spend.segments[segment.id]
        figures.append((words.percent(spend.share), f"of {statements.whole_of(contract[facts.spend.feature].words)}"))
    if outcome := facts.holdout_outcomes.get(segment.id):
        figures += [
            (words.percent(outcome.purchase_rate), f"{contract.outcome}; {words.percent(book.base_rate)} of all do"),
            (words.percent(outcome.share_of_buyers), f"of {those_with(contract)}"),
        ]
    if facts.trend and segment.id in facts.trend.segments:
        trend = facts.trend.segments[segment.id]
        figures.append((words.change(trend.change), f"since {words.day(facts.trend.since_date)}"))
    return KeyFigures(tuple(figures))


def _todo(segment: Segment, book: Book, lines: _Lines) -> Block:
    play, plan = book.plays[segment.id], book.plan[segment.id]
    first = (Text(lines.show(play.message), "message"), Text(lines.show(play.contact.line), "close"))
    lists = [
        (Heading(title), ItemList(tuple(map(lines.show, said)), ordered=True))
        for title, said in (("Do", play.do), ("Do not", play.avoid))
        if said
    ]
    details = [(title, lines.show(line)) for title, line in (("Offer", play.offer), ("When", play.cadence)) if line]
    if play.channels:
        details.append(("Channels", Markup(" · ").join(map(lines.show, play.channels))))
    agreed = (Text(one, "close") for one in _agreed(segment, book.model, plan, play.kpi.text))
    blocks: tuple[Block, ...] = (*first, Columns(tuple(lists), style="halves"), Facts(tuple(details)), *agreed)
    return Callout(blocks, "What to do", "todo", book.colors[segment.id])


def _agreed(segment: Segment, model: Model, plan: SegmentPlan, kpi: str) -> Iterator[Markup]:
    """What is agreed on, and what is only proposed."""
    found = duties(segment, model, plan, kpi)
    for title, parts in (
        ("Agreed:", [one for one in found if not one.open]),
        ("To confirm:", [one for one in found if one.open]),
    ):
        if parts:
            said = Markup(" · ").join(rich("<strong>{}</strong> {}", one.words, one.value) for one in parts)
            yield Markup("{} {}").format(title, said)


def _apart(segment: Segment, book: Book) -> tuple[Block, ...]:
    rows = distinctive(segment, book)
    color, blocks = book.colors[segment.id], list[Block]()
    blocks.append(Heading("What sets them apart"))
    if rows:
        blocks.append(
            Figure(
                differences([_difference(one, book) for one in rows], color),
                caption="Averages. Index 100 is the average of all; from 80 to 120 is ordinary, and left out.",
            )
        )
    else:
        blocks.append(Text(f"No average of theirs differs clearly from that of all {book.contract.noun}."))
    return tuple(blocks)


def distinctive(segment: Segment, book: Book) -> list[Profile]:
    """What differs most from the average of all, one feature for each theme; the highest index first."""
    contract = book.contract
    themes = {name: theme.name for theme in book.model.evaluation.segments.themes for name in theme.features}
    best: dict[str, Profile] = {}
    for item in segment.profile:
        feature = contract[item.feature]
        # Sensitive features are for audits; a page for marketing must not suggest selecting by them.
        # Of averages on both sides of zero, one is no share of the other.
        if item.index is None or item.index < 0 or feature.sensitive or ORDINARY[0] <= item.index <= ORDINARY[1]:
            continue
        theme = themes.get(item.feature) or feature.theme or contract.groups.get(feature.group, feature.group)
        if theme not in best or abs(item.effect) > abs(best[theme].effect):
            best[theme] = item
    strongest = sorted(best.values(), key=lambda item: (-abs(item.effect), item.feature))[:MOST_ROWS]
    return sorted(strongest, key=lambda item: (-(item.index or 0.0), item.feature))


def _difference(item: Profile, book: Book) -> Difference:
    feature, currency = book.contract[item.feature], book.contract.currency
    here, everybody = (words.average(feature, value, currency) for value in (item.mean, item.base))
    return Difference(_heading(feature, currency), here, everybody, item.index or 0.0)


def _heading(feature: Feature, currency: str) -> str:
    unit = words.unit(feature, currency)
    return capital(words.short(feature)) + (f", {unit}" if unit else "")


def _inside(segment: Segment, book: Book, lines: _Lines) -> tuple[Block, ...]:
    """Who is among them, and where they are."""
    play = book.plays[segment.id]
    stages = ((one.words, lines.figures(one.fact)) for one in play.stages[:MOST_STAGES] if one.share >= LEAST_STAGE)
    found = (
        *(Text(rich("<strong>{}</strong> {}", capital(name), fact), "close") for name, fact in stages if fact),
        *(Text(lines.show(one), "close") for one in play.traits),
        *_places(segment, book),
    )
    return (Columns(((Heading("Among them"), *found),), style="spare-3"),) if found else ()


def _places(segment: Segment, book: Book) -> tuple[Block, ...]:
    """Where they are, where they came from and what they use, with the size of each part."""
    found = [(one, list(one.segments[segment.id].items())) for one in book.model.evaluation.audiences.breakdowns]
    return tuple(
        Text(
            rich(
                "<strong>{}</strong> {}",
                capital(book.contract[one.feature].words),
                _counted(
                    [
                        *values[:MOST_VALUES],
                        ("others", one.others[segment.id] + sum(n for _, n in values[MOST_VALUES:])),
                        ("unknown", one.unknown[segment.id]),
                    ]
                ),
            ),
            "close spare-1",
        )
        for one, values in found
    )


def _counted(parts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {words.count(n)}" for name, n in parts if n)


def _firm(segment: Segment, book: Book) -> tuple[Block, ...]:
    facts = book.model.evaluation.segments
    border, stability = facts.borderline[segment.id], facts.stability[segment.id]
    # The nearest first; equal shares by id, so that the same facts give the same page.
    near = [
        f"{id} ({words.rough(share)})"
        for id, share in sorted(border.toward.items(), key=lambda one: (-one[1], one[0]))[:3]
        if share >= 0.005
    ]
    border_words = (
        statements.once_it_is_done(border, segment, book.contract)
        or statements.some_on_the_border(border)
        or statements.nobody_on_the_border(border)
    )
    text = f"Stability {stability_figure(stability)}, {stability_words(stability)}. {border_words}" + (
        f": {', '.join(near)}." if near else "."
    )
    return (Text(rich("<strong>How firm it is</strong> {}", text), "close spare-2"),)


def _whom_first(segment: Segment, book: Book) -> tuple[Block, ...]:
    audience, noun = book.model.evaluation.audiences.segments[segment.id], book.contract.noun
    strength = dict(zip(CONTACT_BANDS, STRENGTHS, strict=True))
    dark = {decile: strength[key] for key, deciles in CONTACT_BANDS.items() for decile in deciles}
    total = sum(audience.deciles) or 1
    chart = decile_columns([n / total for n in audience.deciles], book.colors[segment.id], dark, noun)
    caption = f"Percent of the segment in each tenth (decile) of all {noun}; 10 is the most likely."
    return (Heading("Whom of them first"), Figure(chart, caption=caption), *_bands(segment, book))


def _bands(segment: Segment, book: Book) -> tuple[Text, ...]:
    """How many to contact in each band, and the rate that was measured on those of them in the holdout."""
    bands = book.model.evaluation.audiences.segments[segment.id].bands
    return tuple(Text(_band(*one, book.contract.noun), "close") for one in bands.items())


def _band(key: str, band: Band, noun: str) -> Markup:
    said = "only one" if band.customers == 1 else f"{words.count(band.customers)} {noun}"
    if band.measured_rate is not None:
        said += f", rate\N{NO-BREAK SPACE}{words.percent(band.measured_rate)}"
    return rich("<strong>{}:</strong> {}", capital(words.deciles(CONTACT_BANDS[key])), said)


class Duty(NamedTuple):
    """A task of a segment: what is decided or, while it is open, what is proposed."""

    words: str
    value: str
    hint: str
    open: bool


def duties(segment: Segment, model: Model, plan: SegmentPlan, kpi: str) -> tuple[Duty, ...]:
    """The tasks of a segment, with a proposal where one is not assigned."""
    control = "" if plan.control_group is None else f"{plan.control_group:.0%} of those who are contacted"
    review = words.day(plan.review) if plan.review else ""
    tasks = (
        ("KPI", plan.kpi, kpi),
        ("Owner", plan.owner, "nobody yet"),
        ("Control group", control, _control_hint(segment, model)),
        ("Review date", review, "no day yet"),
    )
    return tuple(Duty(name, value or hint, hint, not value) for name, value, hint in tasks)


def _control_hint(segment: Segment, model: Model) -> str:
    if contact_of(segment, model).band == "rest":
        return "none as long as nobody is contacted"
    band, contract = contacted(segment, model), model.contract
    share = statements.control_share(band)
    said = statements.rise_shown(band, share, contract) if share else statements.no_rise_shown(band, contract)
    return said or ""


def contacted(segment: Segment, model: Model) -> Band:
    """Those of a segment who are contacted, of whom a control group is a share: not the whole segment."""
    return model.evaluation.audiences.segments[segment.id].bands[contact_of(segment, model).band]
