"""What a playbook shows of each segment beside its profile: who each condition leaves, its spend, its trend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from northstar_explain import metrics
from northstar_explain.contract import Columns, Contract
from northstar_explain.evaluate.segments_by_decile import UPLIFTS
from northstar_explain.model import Model
from northstar_explain.model.segments import Segment


def funnel_facts(segments: Sequence[Segment], columns: Columns) -> dict[str, list[list[int]]]:
    """Customers left after each condition of each rule.

    Parameters
    ----------
    segments : sequence of Segment
    columns : mapping
        Raw features of all customers.

    Returns
    -------
    dict
        Segment id to one list a rule, in the rules' order: customers who fit its first condition, its first two, and
        so on. The last ones of a segment's rules add up to its customers, as no customer fits two rules.
    """
    rows = len(next(iter(columns.values())))
    facts: dict[str, list[list[int]]] = {}
    for segment in segments:
        facts[segment.id] = []
        for rule in segment.rules:
            fits, left = np.ones(rows, dtype=bool), []
            for condition in rule.conditions:
                fits &= condition.matches(columns[condition.feature])  # type: ignore[arg-type]
                left.append(int(fits.sum()))
            facts[segment.id].append(left)
    return facts


def spend_facts(contract: Contract, segments: Sequence[Segment]) -> dict[str, Any] | None:
    """Each segment's part of all that is spent.

    Parameters
    ----------
    contract : Contract
        Its first amount with the role ``"value"`` is what is spent.
    segments : sequence of Segment

    Returns
    -------
    dict or None
        The ``feature``, and per segment id its ``share`` of the sum and its ``index``: its mean over that of all
        customers, times 100. None where the contract has no such feature, or nothing is spent.
    """
    money = next((f for f in contract.features if f.role == "value" and f.kind.money), None)
    if money is None:
        return None
    profiles = {one.id: next(item for item in one.profile if item.feature == money.name) for one in segments}
    sums = {id: item.mean * item.known for id, item in profiles.items()}
    total = sum(sums.values())
    if total <= 0 or any(value < 0 for value in sums.values()):
        return None
    parts = {id: {"share": sums[id] / total, "index": item.index} for id, item in profiles.items()}
    return {"feature": money.name, "segments": parts}


def trend_facts(segments: Sequence[Segment], customers: int, before: Model | None) -> dict[str, Any] | None:
    """The sizes of the segments beside those of the model before.

    Parameters
    ----------
    segments : sequence of Segment
    customers : int
        In all segments.
    before : Model or None
        The model that this one updates, measured on its own customers at its own date.

    Returns
    -------
    dict or None
        ``since``, the date of the model before, ``customers`` then, ``change`` in their number, and per segment that
        was there ``before``, its ``share`` then and its ``change``, each change as a share of what was.
    """
    if before is None:
        return None
    old = {segment.id: segment for segment in before.segmentation.segments}
    total = sum(segment.customers for segment in old.values())
    return {
        "since": before.manifest["date"],
        "customers": total,
        "change": customers / total - 1,
        "segments": {
            segment.id: {
                "before": old[segment.id].customers,
                "share": old[segment.id].share,
                "change": segment.customers / old[segment.id].customers - 1,
            }
            for segment in segments
            if segment.id in old
        },
    }


def detectable_facts(outcomes: Mapping[str, Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Customers needed in a segment's campaign and in its control group, each, to see an uplift.

    Parameters
    ----------
    outcomes : mapping
        Segment id to facts with its ``purchase_rate``.

    Returns
    -------
    dict
        Segment id to ``uplift`` of the purchase rate and ``each``, at 80% power and 5% significance, two-sided; empty
        where nobody or everybody bought.
    """
    return {
        id: [
            {"uplift": uplift, "each": metrics.sample_size(one["purchase_rate"], uplift)}
            for uplift in UPLIFTS
            if 0 < one["purchase_rate"] < 1 - uplift
        ]
        for id, one in outcomes.items()
    }
