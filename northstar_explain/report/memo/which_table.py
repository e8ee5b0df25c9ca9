"""When to use which: the questions of a campaign, what answers each, and an example from this table."""

from __future__ import annotations

from northstar_explain.model.campaign.money_words import amount, campaign_words, in_points
from northstar_explain.model.evaluation.limits import AUDIENCE_MIN_CUSTOMERS, MONITOR_SEGMENT_CHANGE
from northstar_explain.model.evaluation.metric_registry import RECALL
from northstar_explain.model.evaluation.together_facts import DecileCell
from northstar_explain.model.learned_model import Model
from northstar_explain.model.names import with_id
from northstar_explain.report.document.blocks import Chapter, table
from northstar_explain.report.memo.weak_groups import TENURE
from northstar_explain.report.playbook.plays import plays_of


def when_to_use_which(model: Model) -> Chapter:
    """A row per question."""
    rows = (
        ("Which message?", "Segment", _message(model), "Ten messages for ten deciles: a decile has no story"),
        ("Who first?", "Probability", _first(model), "The best segment whole: it holds high and low probabilities"),
        ("How large a budget?", "Uplift, margin and costs", _budget(model),
         "Crediting a contact with what would have come anyway"),
        ("Did the campaign work?", "Control group", _control(model), "Comparing those contacted with all others"),
        (f"New {model.contract.noun}?", "Segment at once, probability with care", _new(model),
         "Reading a low probability as no interest"),
        ("Has the market changed?", "Shares of segments, drift of scores", _changed(model),
         "Training again to make an alarm go away"),
    )  # fmt: skip
    head = ("Question", "Use", "Example from this table", "Mistake to avoid")
    return Chapter(
        "which", "5. When to use which", (table(head, rows, words=4, widths=(15, 17, 42, 26), style="dense"),)
    )


def _message(model: Model) -> str:
    outcomes = model.evaluation.segments.holdout_outcomes
    most = max(model.segmentation.segments,
               key=lambda one: outcomes[one.id].share_of_buyers if one.id in outcomes else 0.0)  # fmt: skip
    return f"{with_id(most.id, most.name)}: “{plays_of(model)[most.id].message}”"


def _first(model: Model) -> str:
    """The two deciles of one segment, large enough to be an audience, that are furthest apart."""
    best: tuple[float, str] = (-1.0, "No segment has two deciles large enough to compare")
    for id, cells in model.evaluation.together.matrix.items():
        large = [one for one in cells if one.n >= AUDIENCE_MIN_CUSTOMERS]
        if len(large) < 2:
            continue
        low, high = large[0], large[-1]
        best = max(best, (_rate(high) - _rate(low), _apart(id, low, high)))
    return best[1]


def _rate(cell: DecileCell) -> float:
    return cell.actual_buyers / cell.n


def _apart(id: str, low: DecileCell, high: DecileCell) -> str:
    return (
        f"In {id}, the outcome came for {_rate(high):.0%} of decile {high.decile} and for {_rate(low):.0%} of decile "
        f"{low.decile}, on the holdout"
    )


def _budget(model: Model) -> str:
    money, currency = model.evaluation.money, model.contract.currency
    if money is None:
        return "Margin and contact cost are not known"
    if not money.proposal.contacted:
        return campaign_words(money, currency)[:1].upper() + campaign_words(money, currency)[1:]
    best = money.proposal.outlooks[-1]
    verb = "earn" if best.earned >= 0 else "lose"
    return (
        f"{money.proposal.contacted:,} contacts for {amount(best.spend, currency)} pay from "
        f"{in_points(money.proposal.break_even_uplift)} points; at {in_points(best.uplift)} they {verb} "
        f"{amount(abs(best.earned), currency)}"
    )


def _control(model: Model) -> str:
    size = model.evaluation.together.control_sizes[len(model.evaluation.together.control_sizes) // 2]
    return (
        f"A rise of {100 * size.uplift:g} points shows with {size.customers_each:,} {model.contract.noun} in each "
        "group (5% significance, 80% power)"
    )


def _new(model: Model) -> str:
    purchase = model.evaluation.purchase
    new = next((one for one in purchase.subgroups if one.by == TENURE and one.recall is not None), None)
    if new is None or new.recall is None:
        return "The contract names no tenure, so the new ones are not told apart"
    return (
        f"{new.name.capitalize()}: the flag finds {new.recall:.0%} of their outcomes, "
        f"{purchase.holdout.figures[RECALL]:.0%} in all"
    )


def _changed(model: Model) -> str:
    largest = max(model.segmentation.segments, key=lambda one: one.share)
    low, high = (largest.share * (1 + sign * MONITOR_SEGMENT_CHANGE) for sign in (-1, 1))
    return (
        f"{largest.id} holds {largest.share:.0%}: an alarm sounds below {low:.0%} or above {min(high, 1.0):.0%}, if "
        "that is more than chance"
    )
