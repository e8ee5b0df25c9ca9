"""`explain campaign`: plan and readout of a campaign, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from northstar_explain.cli.output import print_out

if TYPE_CHECKING:
    from northstar_explain.model.campaign.campaign_plan import CampaignPlan
    from northstar_explain.model.campaign.readout_facts import MeasuredUplift, Readout
    from northstar_explain.options import AudienceOptions, CampaignOptions

# Exit code: a scheduler can tell groups that were not alike from an error (1) and from wrong usage (2).
NOT_ALIKE = 3


class Into(NamedTuple):
    """Where the audiences of a plan go, and to whom."""

    folder: Path
    options: AudienceOptions
    contacts: Path | None
    previous: Path | None


def plan(
    model: Path, scores: Path, out: Path, options: CampaignOptions, uplift: Path | None, overwrite: bool,
    into: Into | None = None,
) -> None:  # fmt: skip
    """Write a plan and its audience."""
    from northstar_explain import api

    audiences = into or (None, None, None, None)
    planned = api.load(model).plan_campaign(scores, options, uplift, out, overwrite, *audiences)
    print_out(plan_text(planned.plan), f"The plan is written to {out}.")


def read(
    plan: Path,
    outcomes: Path,
    out: Path,
    cost: float | None,
    returned: float | None,
    overlapping: Path | None,
    overwrite: bool,
) -> int:
    """Write a readout; return 3 when treated and control were not alike."""
    from northstar_explain import api

    readout = api.read_campaign(plan, outcomes, out, cost, returned, overlapping, overwrite)
    print_out(readout_text(readout), f"The readout is written to {out}.")
    return NOT_ALIKE if readout.alike.stopped else 0


def plan_text(plan: CampaignPlan) -> str:
    """A plan for a terminal."""
    money, budget = plan.currency, "no limit" if plan.budget is None else f"{plan.currency}{plan.budget:,.0f}"
    lines = [
        f"Campaign {plan.id}: contact {plan.treated:,} customers, keep {plan.control:,} as its control group",
        f"  spend {money}{plan.expected_spend:,.0f} (budget {budget}), "
        f"expect {plan.expected_added:,.0f} outcomes more than {plan.expected_without:,.0f}, "
        f"earn {money}{plan.expected_earned:,.0f}",
        f"  uplift {plan.uplift_source}; an uplift of {100 * plan.power_uplift:.1f} points is detected with "
        f"probability {plan.power_reached:.2f} ({plan.power:.2f} asked for)",
        f"  of {plan.scored:,} scored: {plan.standing_control:,} in the standing control group, "
        f"{plan.not_worth:,} not worth a contact, {plan.over_budget:,} beyond the budget",
        "",
        f"  {'':<8}{'customers':>10}{'treated':>9}{'control':>9}{'anyway':>12}{'uplift':>8}{'break even':>12}",
    ]
    return "\n".join([*lines, *_planned_segments(plan)])


def _planned_segments(plan: CampaignPlan) -> Iterable[str]:
    from northstar_explain.model.campaign.value import break_even_uplift

    for id in sorted({cell.segment for cell in plan.cells}):
        cells = [cell for cell in plan.cells if cell.segment == id]
        customers = sum(cell.eligible for cell in cells)
        probability = sum(cell.eligible * cell.probability for cell in cells) / customers
        uplift = sum(cell.eligible * cell.uplift for cell in cells) / customers
        needed = break_even_uplift(probability, plan.economics)
        even = "never" if needed is None else f"{100 * needed:+.1f}"
        treated, control = sum(cell.treated for cell in cells), sum(cell.control for cell in cells)
        yield f"  {id:<8}{customers:>10,}{treated:>9,}{control:>9,}{probability:>12.1%}{100 * uplift:>+z8.1f}{even:>12}"


def readout_text(readout: Readout) -> str:
    """A readout for a terminal."""
    alike = readout.alike
    lines = [
        f"Campaign {readout.plan_id}",
        f"  {'':<9}{'planned':>9}{'known':>9}{'outcome':>9}",
        *(
            f"  {name:<9}{group.planned:>9,}{group.known:>9,}{group.bought:>9,}"
            for name, group in (("treated", readout.treated), ("control", readout.control))
        ),
        f"  alike before: p {alike.missing_p_value:.3f} that outcomes are missing alike, "
        f"p {alike.probability_p_value:.3f} that both were as likely to have the outcome",
    ]
    if readout.overall is not None:
        lines += ["", f"  {'':<12}{'treated':>9}{'control':>9}{'uplift':>9}{'95% interval':>18}{'earned':>12}"]
        named = [("all", readout.overall), *((cell.segment or "", cell) for cell in readout.segments)]
        named += [(f"decile {cell.band}", cell) for cell in readout.bands]
        lines += [_measured(name, cell) for name, cell in named]
    lines += ["", readout.verdict]
    lines += [f"Not known: {one}" for one in readout.not_known]
    return "\n".join(lines)


def _measured(name: str, cell: MeasuredUplift) -> str:
    counts = f"  {name:<12}{cell.treated:>9,}{cell.control:>9,}"
    if cell.uplift is None or cell.interval is None or cell.earned is None:
        return f"{counts}{'not known':>9}"
    low, high = cell.interval
    range_ = f"{100 * low:+z.1f} to {100 * high:+z.1f}"
    return f"{counts}{100 * cell.uplift:>+z9.1f}{range_:>18}{cell.earned:>z12,.0f}"
