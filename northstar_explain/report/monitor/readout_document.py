"""The readout of a campaign on one or two pages: what it did, what it earned, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from northstar_explain.model.campaign.campaign_plan import CampaignPlan
from northstar_explain.model.campaign.money_words import amount
from northstar_explain.model.campaign.readout_facts import MISMATCH_P_VALUE, Costs, GroupCounts, MeasuredUplift, Readout
from northstar_explain.model.evaluation import Interval
from northstar_explain.report.charts.uplift_points import UpliftRow, uplift_points
from northstar_explain.report.document import numbers
from northstar_explain.report.document.blocks import (
    Block,
    Callout,
    Chapter,
    ChapterBuilder,
    Facts,
    Figure,
    ItemList,
    KeyFigures,
    Table,
    Text,
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
    chapters = [_alike(readout), _not_known(readout, plan)]
    if readout.overall is not None:
        chapters = [_where(readout, plan), *chapters]
    return Document(
        title=f"Readout of campaign {readout.plan_id}",
        variant="memo",
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
    yield Callout((Text(readout.verdict),))
    overall = readout.overall
    if overall is None or overall.uplift is None or overall.interval is None:
        return
    figures = [(f"{100 * overall.uplift:+.1f} points", f"uplift, 95% interval {_points(overall.interval)}")]
    if overall.earned is not None and overall.earned_interval is not None:
        ends = " to ".join(amount(end, currency) for end in overall.earned_interval)
        figures.append((amount(overall.earned, currency), f"earned after all costs, 95% interval {ends}"))
    figures += [
        (numbers.count(overall.treated), f"treated, {numbers.count(overall.treated_bought)} of them bought"),
        (numbers.count(overall.control), f"control, {numbers.count(overall.control_bought)} of them bought"),
    ]
    yield KeyFigures(tuple(figures))


def _where(readout: Readout, plan: CampaignPlan) -> Chapter:
    page = ChapterBuilder()
    assert readout.overall is not None
    named = [("all", readout.overall)]
    named += [(f"segment {one.segment}", one) for one in readout.segments]
    named += [(f"decile{'s' * ('-' in (one.band or ''))} {one.band}", one) for one in readout.bands]
    points = [
        UpliftRow(name, one.uplift, *one.interval)
        for name, one in named
        if one.uplift is not None and one.interval is not None
    ]
    page.add(Figure(uplift_points(points)), _uplifts(named, plan.currency))
    page.paragraphs(
        "Filled points: beyond chance. Intervals hold for each row by itself: of twenty rows without an effect, one is "
        "beyond chance.",
        style="fine",
    )
    return page.chapter("where", "Where it worked")


def _uplifts(named: Sequence[tuple[str, MeasuredUplift]], currency: str) -> Table:
    rows = [
        (
            name,
            numbers.count(one.treated),
            numbers.count(one.control),
            _rate(one.treated_bought, one.treated),
            _rate(one.control_bought, one.control),
            "–" if one.uplift is None or one.interval is None else f"{100 * one.uplift:+.1f} ({_points(one.interval)})",
            _money(one, currency),
        )
        for name, one in named
    ]
    head = ("", "Treated", "Control", "Rate, treated", "Rate, control", "Uplift, points (95% interval)",
            "Earned (95% interval)")  # fmt: skip
    return table(head, rows, style="dense", alt_text="Uplift and money by segment and by band of deciles")


def _alike(readout: Readout) -> Chapter:
    page = ChapterBuilder()
    alike = readout.alike
    rows = [(name, *_group(one)) for name, one in (("treated", readout.treated), ("control", readout.control))]
    head = ("", "Planned", "Left out, other campaign", "Outcome known", "Bought", "Probability before")
    page.add(table(head, rows, alt_text="Customers of both groups"))
    page.paragraphs(
        f"That outcomes are missing alike in both groups: p {alike.missing_p_value:.3f} (sample ratio). That both were "
        f"as likely to buy before the campaign: p {alike.probability_p_value:.3f}. "
        + (
            f"One is below {MISMATCH_P_VALUE:g}, so the groups are not compared."
            if alike.stopped
            else f"Below {MISMATCH_P_VALUE:g} the groups would not be compared."
        )
    )
    return page.chapter("alike", "Whether the groups were alike", flows=True)


def _group(one: GroupCounts) -> tuple[str, ...]:
    probability = "–" if one.probability is None else numbers.percent(one.probability)
    return (*(numbers.count(n) for n in (one.planned, one.overlapping, one.known, one.bought)), probability)


def _not_known(readout: Readout, plan: CampaignPlan) -> Chapter:
    page = ChapterBuilder()
    page.add(Facts(tuple(_costs(readout.costs, plan.currency))))
    if readout.not_known:
        page.add(ItemList(tuple(f"Not known: {one}." for one in readout.not_known)))
    page.paragraphs(
        "Measured is the effect of being assigned to the contact on the purchase rate of these customers in these "
        "days: a contact that did not arrive counts as one. It says nothing of customers outside the audience.",
        style="fine",
    )
    return page.chapter("not-known", "What the money counts, and what is not known", flows=True)


def _costs(costs: Costs, currency: str) -> Iterator[tuple[str, str]]:
    yield "Margin of a purchase", f"{currency}{costs.margin:,.2f}"
    if costs.voucher:
        yield "Voucher, taken off a purchase of a treated customer", f"{currency}{costs.voucher:,.2f}"
    yield (
        f"Cost of a contact, {'as it was' if costs.as_it_was else 'as planned'}",
        f"{currency}{costs.contact_cost:,.2f}",
    )
    if costs.returned is not None:
        yield "Orders that come back", numbers.percent(costs.returned)


def _rate(bought: int, n: int) -> str:
    return numbers.percent(bought / n) if n else "–"


def _points(interval: Interval) -> str:
    return f"{100 * interval.low:+.1f} to {100 * interval.high:+.1f}"


def _money(one: MeasuredUplift, currency: str) -> str:
    if one.earned is None or one.earned_interval is None:
        return "–"
    ends = " to ".join(amount(end, currency) for end in one.earned_interval)
    return f"{amount(one.earned, currency)} ({ends})"
