"""Facts of each segment beside its profile: customers left by each condition, share of spend, and trend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from northstar_explain import metrics
from northstar_explain.contract.columns import Columns, count_rows
from northstar_explain.contract.conditions import Condition
from northstar_explain.contract.features import Contract
from northstar_explain.evaluate.segments_by_decile import UPLIFTS
from northstar_explain.model.evaluation.segment_facts import Outcome, SegmentSpend, Spend
from northstar_explain.model.evaluation.together_facts import ControlSize
from northstar_explain.model.evaluation.update_facts import SegmentTrend, Trend
from northstar_explain.model.learned_model import Model
from northstar_explain.model.segments import Segment


def funnel_facts(segments: Sequence[Segment], columns: Columns) -> dict[str, tuple[tuple[int, ...], ...]]:
    """Customers left after each condition of each rule.

    Parameters
    ----------
    segments : sequence of Segment
    columns : mapping
        Raw features of every customer.

    Returns
    -------
    dict
        Segment id to one tuple per rule, in the rules' order: customers who meet its first condition, its first two,
        and so on. The last numbers of a segment's rules add up to its customers, as no customer matches two rules.
    """
    rows = count_rows(columns)
    return {
        segment.id: tuple(_customers_left(rule.conditions, columns, rows) for rule in segment.rules)
        for segment in segments
    }


def _customers_left(conditions: Sequence[Condition], columns: Columns, rows: int) -> tuple[int, ...]:
    fits, left = np.ones(rows, dtype=bool), []
    for condition in conditions:
        fits &= condition.matches(columns[condition.feature])  # type: ignore[arg-type]
        left.append(int(fits.sum()))
    return tuple(left)


def spend_facts(contract: Contract, segments: Sequence[Segment]) -> Spend | None:
    """Each segment's share of the total spend.

    Parameters
    ----------
    contract : Contract
        Its first amount with the role ``"value"`` is the spend.
    segments : sequence of Segment

    Returns
    -------
    Spend or None
        None where the contract has no such feature, or nothing is spent.
    """
    money = next((f for f in contract.features if f.role == "value" and f.kind.money), None)
    if money is None:
        return None
    profiles = {one.id: next(item for item in one.profile if item.feature == money.name) for one in segments}
    sums = {id: item.mean * item.known for id, item in profiles.items()}
    total = sum(sums.values())
    # Shares of a total with negative addends, such as net spend after returns, would not be shares.
    if total <= 0 or any(value < 0 for value in sums.values()):
        return None
    return Spend(money.name, {id: SegmentSpend(sums[id] / total, item.index) for id, item in profiles.items()})


def trend_facts(segments: Sequence[Segment], customers: int, before: Model | None) -> Trend | None:
    """The sizes of the segments compared with those of the earlier model.

    Parameters
    ----------
    segments : sequence of Segment
    customers : int
        In all segments together.
    before : Model or None
        The model that this one updates, measured on its own customers at its own date.

    Returns
    -------
    Trend or None
        None for a first model.
    """
    if before is None:
        return None
    old = {segment.id: segment for segment in before.segmentation.segments}
    total = sum(segment.customers for segment in old.values())
    return Trend(
        since_date=before.manifest["date"],
        customers_before=total,
        change=customers / total - 1,
        segments={
            segment.id: SegmentTrend(
                customers_before=old[segment.id].customers,
                share_before=old[segment.id].share,
                change=segment.customers / old[segment.id].customers - 1,
            )
            for segment in segments
            if segment.id in old
        },
    )


def detectable_facts(outcomes: Mapping[str, Outcome]) -> dict[str, tuple[ControlSize, ...]]:
    """Customers needed in each of a segment's campaign and control group to detect an uplift.

    Parameters
    ----------
    outcomes : mapping of str to Outcome
        By segment id.

    Returns
    -------
    dict of str to tuple of ControlSize
        By segment id; empty where nobody or everybody bought.
    """
    return {
        id: tuple(
            ControlSize(uplift, metrics.sample_size(one.purchase_rate, uplift))
            for uplift in UPLIFTS
            # The test needs both rates strictly between 0 and 1.
            if 0 < one.purchase_rate < 1 - uplift
        )
        for id, one in outcomes.items()
    }
