"""The readout of a campaign on a page: what it did, what it earned, whether it may be believed, and what is not known.

A plan names neither the outcome nor what customers are called, so that neither does the readout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from northstar_explain.model.campaign.campaign_plan import CampaignPlan
from northstar_explain.model.campaign.money_words import amount, in_points, price
from northstar_explain.model.campaign.readout_facts import MISMATCH_P_VALUE, Costs, GroupCounts, MeasuredUplift, Readout
from northstar_explain.model.evaluation import Interval
from northstar_explain.report.charts.uplift_points import UpliftRow, uplift_points
from northstar_explain.report.document import numbers
from northstar_explain.report.document.blocks import (
    Block,
    Cell,
    Chapter,
    ChapterBuilder,
    Columns,
    Figure,
    KeyFigures,
    Table,
    TableCell,
    Text,
    rich,
    table,
)
from northstar_explain.report.document.document import Document


def readout_document(readout: Readout, plan: CampaignPlan) -> Document:
    """The readout as a document, for paper and for a browser.

    Parameters
    ----------
    readout : Readout
    plan : CampaignPlan
        The plan that it reads.

    Returns
    -------
    Document
    """
    chapters = [] if readout.overall is None else [_where(readout, plan)]
    chapters.append(_trust(readout, plan))
    return Document(
        title=f"Readout of campaign {readout.plan_id}",
        variant="memo readout",
        chapters=tuple(chapters),
        heading=headline(readout.verdict),
        eyebrow=f"Readout of campaign {readout.plan_id} · scored by model {readout.model_id}",
        front=tuple(_front(readout, plan.currency)),
        running=f"Readout of campaign {readout.plan_id}",
    )


def headline(verdict: str) -> str:
    """The first sentence of a verdict, without the interval in its brackets."""
    first, bracket, _ = verdict.partition(" (")
    return f"{first}." if bracket else verdict


def _front(readout: Readout, currency: str) -> Iterator[Block]:
    yield Text(readout.verdict)
    overall = readout.overall
    if overall is None or overall.uplift is None or overall.interval is None:
        return
    figures = [(f"{in_points(overall.uplift)} points", f"uplift, 95% interval {_ends(overall.interval, in_points)}")]
    if overall.earned is not None and overall.earned_interval is not None:
        ends = _ends(overall.earned_interval, lambda value: amount(value, currency))
        figures.append((amount(overall.earned, currency), f"earned after all costs, 95% interval {ends}"))
    figures += [
        (numbers.count(overall.treated), f"treated, {numbers.count(overall.treated_bought)} with the outcome"),
        (numbers.count(overall.control), f"control, {numbers.count(overall.control_bought)} with the outcome"),
    ]
    yield KeyFigures(tuple(figures))


def _where(readout: Readout, plan: CampaignPlan) -> Chapter:
    page = ChapterBuilder()
    assert readout.overall is not None
    named = [("all", readout.overall)]
    named += [(one.segment or "", one) for one in readout.segments]
    named += [(_band_words(one.band or ""), one) for one in readout.bands]
    points = [
        UpliftRow(name, one.uplift, *one.interval)
        for name, one in named
        if one.uplift is not None and one.interval is not None
    ]
    page.add(Figure(uplift_points(points)), _uplifts(named, plan.currency))
    page.paragraphs(
        "Filled points: beyond chance, each row by itself; of twenty rows without an effect, one is so by chance.",
        style="fine",
    )
    return page.chapter("where", "Where it worked")


def _band_words(band: str) -> str:
    """A band of deciles: ``deciles 1 to 4``, ``deciles 8 and 9``, ``decile 10``."""
    first, dash, last = band.partition("-")
    return numbers.deciles(range(int(first), int(last) + 1)) if dash else f"decile {first}"


def _uplifts(named: Sequence[tuple[str, MeasuredUplift]], currency: str) -> Table:
    rows = [
        (
            name,
            numbers.count(one.treated),
            _rate(one.treated_bought, one.treated),
            numbers.count(one.control),
            _rate(one.control_bought, one.control),
            _measured(one.uplift, one.interval, in_points),
            _measured(one.earned, one.earned_interval, lambda value: amount(value, currency)),
        )
        for name, one in named
    ]
    head = ("", "Treated", "Rate", "Control", "Rate", "Uplift, points (95%)", "Earned (95%)")
    return table(head, rows, style="dense names beside", alt_text="Uplift and money by segment and by band of deciles")


def _trust(readout: Readout, plan: CampaignPlan) -> Chapter:
    """Whether the groups were alike, beside what the money counts and what is not known."""
    columns = Columns((_alike(readout), tuple(_counted(readout, plan))))
    return Chapter("trust", "What it rests on, and what is not known", (columns,), flows=True)


def _alike(readout: Readout) -> tuple[Block, ...]:
    groups, alike = (readout.treated, readout.control), readout.alike
    rows = zip(
        ("Planned", "Of them, in another campaign", "Outcome known", "With the outcome", "Probability before"),
        *map(_group, groups),
        strict=True,
    )
    stop = (
        f"One is below {MISMATCH_P_VALUE:g}, so the groups are not compared."
        if alike.stopped
        else f"Below {MISMATCH_P_VALUE:g} the groups would not be compared."
    )
    return (
        table(("Groups", "Treated", "Control"), [*rows], style="dense", alt_text="The two groups"),
        Text(
            f"Alike in outcomes that are missing: p {_p_value(alike.missing_p_value)} (sample ratio); in the "
            f"probability before: p {_p_value(alike.probability_p_value)}. {stop}"
        ),
    )


def _p_value(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def _group(one: GroupCounts) -> tuple[str, ...]:
    probability = "–" if one.probability is None else numbers.percent(one.probability)
    return (*(numbers.count(n) for n in (one.planned, one.overlapping, one.known, one.bought)), probability)


def _counted(readout: Readout, plan: CampaignPlan) -> Iterator[Block]:
    yield table(
        ("Money", "Counted"), [*_costs(readout.costs, plan.currency)], style="dense", alt_text="Margin and costs"
    )
    if readout.not_known:
        yield Text(rich("<strong>Not known:</strong> {}.", "; ".join(readout.not_known)))
    yield Text(
        "Measured is the effect of being assigned to the contact on the outcome rate of this audience in these days: a "
        "contact that did not arrive counts as one. It says nothing of those outside the audience.",
        "fine",
    )


def _costs(costs: Costs, currency: str) -> Iterator[tuple[str, str]]:
    yield "Margin per outcome", price(costs.margin, currency)
    if costs.voucher:
        yield "Voucher, per outcome of the treated", price(costs.voucher, currency)
    yield f"A contact, {'as it was' if costs.as_it_was else 'as planned'}", price(costs.contact_cost, currency)
    if costs.returned is not None:
        yield "Orders that come back", numbers.percent(costs.returned)


def _rate(bought: int, n: int) -> str:
    return numbers.percent(bought / n) if n else "–"


def _measured(value: float | None, interval: Interval | None, said: Callable[[float], str]) -> TableCell:
    """A figure with its interval: below it on the screen, beside it on paper, where the readout has one page."""
    return "–" if value is None or interval is None else Cell(said(value), f"({_ends(interval, said)})")


def _ends(interval: Interval, said: Callable[[float], str]) -> str:
    return " to ".join(map(said, interval))
