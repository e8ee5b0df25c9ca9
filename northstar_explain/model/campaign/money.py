"""The money of a model's customers: values per cell, the campaign to propose, and what a better ranking earns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from northstar_explain.contract.economics import Economics
from northstar_explain.model.campaign.fill_budget import Offer, fill_budget
from northstar_explain.model.campaign.readout_facts import Readout, Uplifts
from northstar_explain.model.campaign.value import (
    MEASURED,
    SCENARIOS,
    ValueTable,
    break_even_uplift,
    contact_values,
    outlook_of,
    spend_per_contact,
    summed,
)
from northstar_explain.model.evaluation.audience_facts import AudienceFacts, SegmentAudience
from northstar_explain.model.evaluation.figure_facts import Interval
from northstar_explain.model.evaluation.money_facts import CellValue, MoneyFacts, Outlook, Proposal, RankingValue
from northstar_explain.model.evaluation.purchase_facts import Baseline, PurchaseFacts

BEST_FIFTH = 0.2


class _Counted(NamedTuple):
    decile: int
    n: int
    expected_buyers: float


def money_facts(
    audiences: AudienceFacts, purchase: PurchaseFacts, economics: Economics, readout: Readout | None = None
) -> MoneyFacts:
    """What contacts are worth.

    Parameters
    ----------
    audiences : AudienceFacts
        All customers by segment and decile.
    purchase : PurchaseFacts
    economics : Economics
    readout : Readout, optional
        Of an earlier campaign that was not stopped: its uplifts take the place of scenarios.

    Returns
    -------
    MoneyFacts
    """
    matrix = {
        id: [_Counted(place, n, buyers) for place, (n, buyers) in enumerate(_counts(one), 1)]
        for id, one in audiences.segments.items()
    }
    values = contact_values(matrix, economics, measured=Uplifts(readout).of if readout else None)
    return MoneyFacts(
        margin=economics.margin,
        contact_cost=economics.contact_cost,
        voucher=economics.voucher,
        budget=economics.budget,
        assumed=economics.assumed,
        readout_plan_id=readout.plan_id if readout else None,
        **values._asdict(),
        proposal=_measured(values, economics) if readout else _unmeasured(values, economics),
        rankings=tuple(_ranking(one, purchase.holdout.base_rate, audiences.customers, economics)
                       for one in purchase.baselines),
    )  # fmt: skip


def _counts(audience: SegmentAudience) -> list[tuple[int, float]]:
    return list(zip(audience.deciles, audience.expected_buyers, strict=True))


def _unmeasured(values: ValueTable, economics: Economics) -> Proposal:
    """Customers at random, from every cell that pays under the highest scenario."""
    most = SCENARIOS[-1].uplift
    paying = [one for one in values.cells if one.break_even_uplift is not None and one.break_even_uplift <= most]
    whole = summed(paying, economics)
    spend = float(spend_per_contact(np.array(whole.probability), most, economics))  # so that each scenario keeps to it
    affordable = math.inf if economics.budget is None or spend == 0 else economics.budget / spend
    contacted = int(min(whole.contactable, affordable))
    outlooks = [outlook_of(one.name, one.uplift, whole.probability, contacted, economics) for one in SCENARIOS]
    return _proposal(whole, contacted, outlooks)


def _measured(values: ValueTable, economics: Economics) -> Proposal:
    """The cells whose measured uplift pays, by money earned per money spent."""
    offers = [Offer(one.decile or 0, one.contactable, one.probability, one.outlooks[0].uplift) for one in values.cells]
    contacted = fill_budget(offers, economics)
    paying = [one for one in values.cells if one.outlooks[0].value_per_contact > 0]
    taken = [(one, n) for one, n in zip(values.cells, contacted, strict=True) if n]
    total = sum(n for _, n in taken)
    probability = sum(n * one.probability for one, n in taken) / max(total, 1)
    uplift = sum(n * one.outlooks[0].uplift for one, n in taken) / max(total, 1)
    # Of the same formula as each cell's: value and spend are linear in probability and uplift.
    outlooks = [outlook_of(MEASURED, uplift, probability, total, economics)]
    even = break_even_uplift(probability, economics) if total else None
    return Proposal(sum(one.contactable for one in paying), total, probability, even, tuple(outlooks))


def _proposal(whole: CellValue, contacted: int, outlooks: Sequence[Outlook]) -> Proposal:
    even = whole.break_even_uplift if contacted else None
    return Proposal(whole.contactable, contacted, whole.probability, even, tuple(outlooks))


def _ranking(baseline: Baseline, base_rate: float, customers: int, economics: Economics) -> RankingValue:
    """What the model's best fifth is worth beside a baseline's."""
    buyers = base_rate * customers
    more = buyers * baseline.captured_behind
    low, high = (buyers * end for end in baseline.captured_behind_interval)
    kept = economics.margin - economics.voucher
    return RankingValue(
        baseline=baseline.name,
        contacted=int(BEST_FIFTH * customers),
        buyers_more=more,
        buyers_more_interval=Interval(low, high),
        # Each buyer more is one whose rate of 1 grows by the fraction, and who takes the voucher in any case.
        earned_more={one.name: more * (one.uplift / base_rate * kept - economics.voucher) for one in SCENARIOS},
    )
