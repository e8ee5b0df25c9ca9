"""Campaigns on the simulated shop: whether intervals cover the true effect, and what three ways of choosing earn.

Run it with ``python -m benchmarks.campaigns``. The shop knows each customer's probability of a purchase with and
without a contact; plan, assignment and readout are those of `explain campaign`, which see neither. The model is a small
one: what is measured does not depend on how good it is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from northstar_explain import api
from northstar_explain.api.first_table import Simulation
from northstar_explain.contract.economics import Economics
from northstar_explain.evaluate.campaigns.plan_campaign import PlanInputs, PlannedCampaign, plan_campaign
from northstar_explain.evaluate.campaigns.read_campaign import Known, read_campaign
from northstar_explain.evaluate.campaigns.scored_customers import ScoredCustomers, read_scored
from northstar_explain.learn.fit_purchase_model import PurchaseModelOptions
from northstar_explain.learn.segment_options import SegmentOptions
from northstar_explain.model import Model
from northstar_explain.model.campaign.audience import Audience
from northstar_explain.model.campaign.bands import BAND_NAMES, bands_of
from northstar_explain.model.campaign.readout_facts import MeasuredUplift, Readout, Uplifts
from northstar_explain.model.campaign.value import value_per_contact
from northstar_explain.options import CampaignOptions
from northstar_explain.simulate import SNAPSHOT
from northstar_explain.training import TrainingOptions

LOWEST, HIGHEST = 0.94, 0.96
MONEY = "money, all"
SMALL = TrainingOptions(
    date=SNAPSHOT,
    segments=SegmentOptions(k=5, draws=2, tries=2, resample_tries=1),
    purchase=PurchaseModelOptions(interactions=3, outer_bags=2, max_bins=64),
    experiments=False,
    draws=20,
)
OFFERS = {
    "a contact for 0.50": Economics(24.0, 0.5),
    "a contact for 0.50 with a voucher of 5": Economics(24.0, 0.5, 5.0),
}


@dataclass(frozen=True)
class Month:
    """A month's scores and what is hidden: purchases without and with a contact, shape (n,)."""

    scored: ScoredCustomers
    alone: np.ndarray
    contacted: dict[bool, np.ndarray]  # by whether there is a voucher

    def take(self, rows: np.ndarray) -> Month:
        """Some of the customers, by position."""
        one = self.scored
        scored = ScoredCustomers(
            one.ids.take(pa.array(rows)), one.segment[rows], one.decile[rows], one.probability[rows],
            one.standing_control[rows],
        )  # fmt: skip
        return Month(scored, self.alone[rows], {kind: values[rows] for kind, values in self.contacted.items()})

    def money(self, rows: np.ndarray, money: Economics) -> float:
        """What contacting some customers earns, by their true probabilities."""
        uplift = self.contacted[money.voucher > 0][rows] - self.alone[rows]
        return float(value_per_contact(self.alone[rows], uplift, money).sum())


@dataclass(frozen=True)
class Draw:
    """One campaign: who is treated, and the true probabilities of its audience, in its order."""

    planned: PlannedCampaign
    alone: np.ndarray
    contacted: np.ndarray

    def outcomes(self, rng: np.random.Generator) -> dict[str, int]:
        """Who buys."""
        audience = self.planned.audience
        rate = np.where(audience.treated, self.contacted, self.alone)
        bought = (rng.random(len(rate)) < rate).astype(int).tolist()
        return dict(zip(audience.ids.to_pylist(), bought, strict=True))

    def read(self, rng: np.random.Generator) -> Readout:
        """The readout of one set of outcomes."""
        return read_campaign(self.planned.plan, self.planned.audience, self.outcomes(rng), Known())


def month_of(simulation: Simulation, model: api.Model) -> Month:
    """Score a month and put the truth beside."""
    scored = read_scored(model.score(simulation.customers), model.data, "scores")
    rows = pc.index_in(scored.ids, simulation.truth["customer_id"].combine_chunks())
    alone, contact, voucher = (
        simulation.truth[name].take(rows).to_numpy()
        for name in ("if_not_contacted", "if_contacted", "if_contacted_with_voucher")
    )
    return Month(scored, alone, {False: contact, True: voucher})


def campaign(month: Month, model: Model, money: Economics, options: CampaignOptions, readout: Readout | None) -> Draw:
    """Plan a campaign on a month."""
    planned = plan_campaign(month.scored, model, PlanInputs(money, options, readout))
    rows = pc.index_in(planned.audience.ids, month.scored.ids).to_numpy()
    return Draw(planned, month.alone[rows], month.contacted[money.voucher > 0][rows])


# Coverage -----------------------------------------------------------------------------------------------------------


def coverage(month: Month, model: Model, campaigns: int, size: int, seed: int) -> bool:
    """Print how often intervals hold the true effect on those contacted; whether that is in 94 to 96%."""
    money = OFFERS["a contact for 0.50"]
    options = CampaignOptions()
    rng = np.random.default_rng(seed)
    held: dict[str, list[list[bool]]] = {}
    stopped = 0
    for number in range(campaigns):
        # Other customers each time, and so another plan, another draw of the control and other outcomes.
        rows = np.sort(rng.choice(len(month.alone), size, replace=False))
        draw = campaign(month.take(rows), model, money, options, None)
        readout = draw.read(rng)
        stopped += readout.alike.stopped
        if readout.overall is None:
            continue
        for kind, one in _held(draw, readout, money).items():
            held.setdefault(kind, []).append(one)
        if (number + 1) % 100 == 0:
            print(f"... {number + 1} of {campaigns} campaigns", flush=True)
    print(f"\n{campaigns:,} campaigns on {size:,} customers each; {stopped} stopped as not alike\n")
    print("| intervals | number | hold the truth | Monte-Carlo error |\n| --- | --- | --- | --- |")
    for kind, of_campaigns in held.items():
        share, error = _share(of_campaigns)
        print(f"| {kind} | {sum(map(len, of_campaigns)):,} | {share:.2%} | {error:.2%} |")
    uplifts = [of_campaigns for kind, of_campaigns in held.items() if kind != MONEY]
    pooled = [list(chain(*ones)) for ones in zip(*uplifts, strict=True)]
    share, error = _share(pooled)
    print(f"| **uplifts, pooled** | {sum(map(len, pooled)):,} | **{share:.2%}** | {error:.2%} |")
    return LOWEST <= share <= HIGHEST


def _share(of_campaigns: Sequence[Sequence[bool]]) -> tuple[float, float]:
    """Share of intervals that hold, and its standard error: those of one campaign are not independent."""
    hits, counts = (np.array([f(ones) for ones in of_campaigns], dtype=float) for f in (sum, len))
    share = hits.sum() / counts.sum()
    error = np.sqrt(((hits - share * counts) ** 2).sum()) / counts.sum()
    return float(share), float(error)


def _held(draw: Draw, readout: Readout, money: Economics) -> dict[str, list[bool]]:
    """Whether each interval of a readout holds the mean true effect on those contacted."""
    audience = draw.planned.audience
    groups = {"all": [readout.overall], "segments": readout.segments, "bands": readout.bands, "cells": readout.cells}
    held = {
        f"uplifts, {name}": [
            cell.interval.low <= draw_effect(draw, _inside(audience, cell)) <= cell.interval.high
            for cell in group
            if cell is not None and cell.interval is not None and cell.treated
        ]
        for name, group in groups.items()
    }
    assert readout.overall is not None and readout.overall.earned_interval is not None
    rows = audience.treated
    uplift = draw.contacted[rows] - draw.alone[rows]
    true = float(value_per_contact(draw.alone[rows], uplift, money).sum())
    low, high = readout.overall.earned_interval
    return {**held, MONEY: [low <= true <= high]}


def draw_effect(draw: Draw, inside: np.ndarray) -> float:
    """The mean true effect on those of a cell who are contacted."""
    rows = inside & draw.planned.audience.treated
    return float((draw.contacted[rows] - draw.alone[rows]).mean())


def _inside(audience: Audience, cell: MeasuredUplift) -> np.ndarray:
    inside = np.ones(len(audience), dtype=bool)
    if cell.segment is not None:
        inside &= audience.segment == cell.segment
    if cell.band is not None:
        inside &= bands_of(audience.decile) == BAND_NAMES.index(cell.band)
    return inside


# Money --------------------------------------------------------------------------------------------------------------


def ways_to_choose(first: Month, then: Month, model: Model, share: float, draws: int, seed: int) -> None:
    """Print what a campaign earns, by the way its customers are chosen, a month after one that measured uplifts."""
    rng = np.random.default_rng(seed)
    eligible = np.flatnonzero(~then.scored.standing_control)
    contacts = int(share * len(eligible))
    for offer, money in OFFERS.items():
        measuring = _measuring(first, model, money)
        earned: dict[str, list[tuple[int, float]]] = {}
        readout = measuring.read(rng)
        _print_uplifts(offer, measuring, readout)
        for _ in range(draws):
            for name, rows in _chosen(then, eligible, readout, money, contacts, rng).items():
                earned.setdefault(name, []).append((len(rows), then.money(rows, money)))
            readout = measuring.read(rng)
        print(f"\n{offer}, at most {contacts:,} contacts\n")
        print("| who is contacted | contacts | money earned | standard deviation |\n| --- | --- | --- | --- |")
        for name, results in earned.items():
            number, values = np.array(results).T
            print(f"| {name} | {number.mean():,.0f} | {values.mean():,.0f} | {values.std(ddof=1):,.0f} |")


def _measuring(month: Month, model: Model, money: Economics) -> Draw:
    """A first campaign on a third of the customers, half of them control, whether or not it pays."""
    anything = replace(money, margin=1e6)
    rows = np.flatnonzero(~month.scored.standing_control)
    rows = np.sort(np.random.default_rng(0).choice(rows, len(rows) // 3, replace=False))
    return campaign(month.take(rows), model, anything, CampaignOptions(power_uplift=0.001), None)


def _print_uplifts(offer: str, draw: Draw, readout: Readout) -> None:
    assert readout.overall is not None
    print(f"\n{offer}: a first campaign, {readout.treated.known:,} treated and {readout.control.known:,} control\n")
    print("| customers | true uplift | estimated | 95% interval | shrunk |\n| --- | --- | --- | --- | --- |")
    for cell in (readout.overall, *readout.segments, *readout.bands):
        true = 100 * draw_effect(draw, _inside(draw.planned.audience, cell))
        name = cell.segment or (f"band {cell.band}" if cell.band else "all")
        if cell.uplift is not None and cell.interval is not None:
            low, high = (100 * end for end in cell.interval)
            shrunk = 100 * cell.shrunk_uplift
            print(f"| {name} | {true:+.2f} | {100 * cell.uplift:+.2f} | {low:+.2f} to {high:+.2f} | {shrunk:+.2f} |")


def _chosen(
    month: Month, eligible: np.ndarray, readout: Readout, money: Economics, contacts: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Positions of those contacted, by the way they are chosen."""
    scored = month.scored
    segment, decile, probability = scored.segment[eligible], scored.decile[eligible], scored.probability[eligible]
    by_segment = {cell.segment: cell.shrunk_uplift for cell in readout.segments}
    raw = replace(
        readout, cells=tuple(replace(one, shrunk_uplift=one.uplift) for one in readout.cells if one.uplift is not None)
    )
    uplifts = {
        "whole segments, by measured uplift": np.array([by_segment[id] for id in segment.tolist()]),
        "segment and band, by measured uplift as it is": Uplifts(raw).each(segment, decile),
        "segment and band, by measured uplift, shrunk": Uplifts(readout).each(segment, decile),
    }
    values = {name: value_per_contact(probability, uplift, money) for name, uplift in uplifts.items()}
    true = month.contacted[money.voucher > 0][eligible] - month.alone[eligible]
    values["by true uplift, which nobody knows"] = value_per_contact(month.alone[eligible], true, money)
    mixed = rng.permutation(len(eligible))  # ties are broken by chance
    chosen = {
        "at random": eligible[mixed[:contacts]],
        "the top decile, by probability": eligible[np.argsort(-probability, kind="stable")[:contacts]],
    }
    for name, value in values.items():
        best = mixed[np.argsort(-value[mixed], kind="stable")[:contacts]]
        chosen[name] = eligible[best[value[best] > 0]]
    return chosen


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both benchmarks; 1 where the intervals do not cover as they should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=120_000)
    parser.add_argument("--campaigns", type=int, default=1_000)
    parser.add_argument("--size", type=int, default=12_000, help="customers of each campaign whose coverage is counted")
    parser.add_argument("--draws", type=int, default=20, help="outcomes of the measuring campaign")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", choices=("money", "coverage"))
    given = parser.parse_args(arguments)
    first, *later = api.simulate_months(3, given.customers, given.seed)
    model = api.train(first.customers, options=replace(SMALL, seed=given.seed))
    second, third = (month_of(one, model) for one in later)
    print(f"The model of month 1, on {given.customers:,} customers: {len(model.segments)} segments")
    if given.only != "coverage":
        ways_to_choose(second, third, model.data, 0.1, given.draws, given.seed)
    if given.only == "money":
        return 0
    covered = coverage(second, model.data, given.campaigns, given.size, given.seed)
    print("\nwithin 94 to 96%" if covered else "\noutside 94 to 96%")
    return 0 if covered else 1


if __name__ == "__main__":
    sys.exit(main())
