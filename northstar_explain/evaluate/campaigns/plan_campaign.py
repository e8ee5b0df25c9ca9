"""A campaign planned from scores: economics, uplifts and power in, audience and typed facts out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain import tables
from northstar_explain.contract.economics import Economics
from northstar_explain.errors import CampaignError, Fault
from northstar_explain.evaluate.campaigns.choose_audience import Candidates, Chosen, choose_audience
from northstar_explain.evaluate.campaigns.power import power_of
from northstar_explain.evaluate.campaigns.scored_customers import ScoredCustomers
from northstar_explain.model.campaign.audience import Audience
from northstar_explain.model.campaign.campaign_plan import ASSUMED, FORMAT, MEASURED, CampaignPlan, PlannedCell
from northstar_explain.model.campaign.given_money import stopped
from northstar_explain.model.campaign.readout_facts import Readout, Uplifts
from northstar_explain.model.campaign.value import break_even_uplift, value_per_contact
from northstar_explain.model.learned_model import Model
from northstar_explain.options import CampaignOptions

_ID_LENGTH = 12


class PlannedCampaign(NamedTuple):
    """A plan and its audience; `table` is the audience as it is written."""

    plan: CampaignPlan
    audience: Audience
    table: pa.Table


@dataclass(frozen=True)
class PlanInputs:
    """What a campaign is planned from, beside the scores.

    Attributes
    ----------
    economics : Economics
    options : CampaignOptions
        Of which power and its uplift are used.
    readout : Readout or None
        Of an earlier campaign, for measured uplifts.
    scores_sha256 : str
        Of the file of scores; empty for none.
    """

    economics: Economics
    options: CampaignOptions
    readout: Readout | None = None
    scores_sha256: str = ""

    def plan_id(self, model: Model, scored: ScoredCustomers) -> str:
        """Follows from all that the plan is made from: another week's plan has another control group."""
        whole = hashlib.sha256()
        for values in (scored.ids.to_pylist(), scored.segment.tolist(), scored.probability.tolist()):
            whole.update(json.dumps(values).encode())
        parts = {
            "model": model.id,
            "scores": whole.hexdigest(),
            "economics": asdict(self.economics),
            "power": [self.options.power_uplift, self.options.power],
            "readout": self.readout and self.readout.plan_id,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:_ID_LENGTH]


def plan_campaign(scored: ScoredCustomers, model: Model, inputs: PlanInputs) -> PlannedCampaign:
    """Plan a campaign.

    Parameters
    ----------
    scored : ScoredCustomers
    model : Model
    inputs : PlanInputs

    Returns
    -------
    PlannedCampaign

    Raises
    ------
    CampaignError
        When nobody is worth a contact, the budget pays for none, or the readout was stopped.
    """
    # Before anything is ranked: the standing control group stays without contacts whatever a campaign promises.
    eligible = np.flatnonzero(~scored.standing_control)
    uplift = _uplift(scored, inputs)
    candidates = Candidates(
        scored.ids.take(pa.array(eligible)), scored.probability[eligible], uplift[eligible], inputs.readout is not None
    )
    options, economics = inputs.options, inputs.economics
    plan_id = inputs.plan_id(model, scored)
    chosen = choose_audience(candidates, economics, options.power_uplift, options.power, plan_id)
    _require_somebody(chosen, candidates, economics)
    treated, control = eligible[chosen.treated], eligible[chosen.control]
    cells = _cells(scored, uplift, economics, eligible, treated, control)
    audience = _audience(scored, np.sort(np.concatenate([treated, control])), treated, inputs, cells)
    table = audience.to_table(model.contract.id)
    base = float(scored.probability[np.concatenate([treated, control])].mean())
    spend, value = candidates.spend(economics)[chosen.treated], candidates.value(economics)[chosen.treated]
    plan = CampaignPlan(
        format=FORMAT,
        id=plan_id,
        model_id=model.id,
        id_column=model.contract.id,
        label_column=model.contract.label,
        positive=model.contract.positive,
        scores_sha256=inputs.scores_sha256,
        # Of the bytes that are written beside the plan: a readout refuses any other audience.
        audience_sha256=hashlib.sha256(tables.parquet_bytes(table)).hexdigest(),
        currency=model.contract.currency,
        margin=economics.margin,
        contact_cost=economics.contact_cost,
        voucher=economics.voucher,
        budget=economics.budget,
        uplift_source=ASSUMED if inputs.readout is None else MEASURED,
        readout_plan_id=inputs.readout.plan_id if inputs.readout else None,
        power_uplift=options.power_uplift,
        power=options.power,
        power_reached=power_of(len(treated), len(control), base, options.power_uplift),
        scored=len(scored),
        standing_control=len(scored) - len(eligible),
        not_worth=len(eligible) - chosen.worth,
        over_budget=chosen.worth - len(treated) - len(control),
        treated=len(treated),
        control=len(control),
        expected_spend=float(spend.sum()),
        expected_without=float(scored.probability[treated].sum()),
        expected_added=float(uplift[treated].sum()),
        expected_earned=float(value.sum()),
        cells=cells,
    )
    return PlannedCampaign(plan, audience, table)


def _uplift(scored: ScoredCustomers, inputs: PlanInputs) -> np.ndarray:
    """Expected uplift of each customer; nobody can buy more than surely."""
    if inputs.readout is None:
        uplift = np.full(len(scored), inputs.options.power_uplift)
    elif inputs.readout.overall is None:
        raise stopped()
    else:
        uplift = Uplifts(inputs.readout).each(scored.segment, scored.decile)
    limited: np.ndarray = np.clip(uplift, -scored.probability, 1.0 - scored.probability)
    return limited


def _require_somebody(chosen: Chosen, candidates: Candidates, economics: Economics) -> None:
    if len(chosen.treated):
        return
    if not len(candidates.ids):
        fault = Fault("scores", "customers outside the standing control group", "none", "Score with a smaller share.")
    elif not chosen.worth:
        best = float(candidates.value(economics).max())
        todo = "Lower the cost or the voucher, or plan for a larger uplift."
        fault = Fault("value per contact", "above 0 for somebody", f"{best:.4f} at best", todo)
    else:
        least = float(candidates.spend(economics).min())
        todo = "A campaign needs a contact and a control at the least: raise it."
        fault = Fault("budget", f"enough for a contact, {least:.2f}", f"{economics.budget:.2f}", todo)
    raise CampaignError("campaign", [fault])


def _cells(
    scored: ScoredCustomers, uplift: np.ndarray, economics: Economics,
    eligible: np.ndarray, treated: np.ndarray, control: np.ndarray,
) -> tuple[PlannedCell, ...]:  # fmt: skip
    segments, of_segment = np.unique(scored.segment, return_inverse=True)
    code = of_segment * 10 + scored.decile - 1
    size = 10 * len(segments)
    counts, in_treated, in_control = (np.bincount(code[rows], minlength=size) for rows in (eligible, treated, control))
    value = value_per_contact(scored.probability, uplift, economics)
    probability, mean_uplift, worth = (
        np.bincount(code[eligible], weights=one[eligible], minlength=size) / np.maximum(counts, 1)
        for one in (scored.probability, uplift, value)
    )
    return tuple(
        PlannedCell(
            segment=str(segments[i // 10]),
            decile=int(i % 10 + 1),
            eligible=int(counts[i]),
            probability=float(probability[i]),
            uplift=float(mean_uplift[i]),
            break_even_uplift=break_even_uplift(float(probability[i]), economics),
            value_per_contact=float(worth[i]),
            treated=int(in_treated[i]),
            control=int(in_control[i]),
        )
        for i in np.flatnonzero(counts)
    )


def _audience(
    scored: ScoredCustomers, rows: np.ndarray, treated: np.ndarray, inputs: PlanInputs, cells: tuple[PlannedCell, ...]
) -> Audience:
    how = ASSUMED if inputs.readout is None else MEASURED
    why = {
        (cell.segment, cell.decile): (
            f"{cell.segment}, decile {cell.decile}: {100 * cell.uplift:+.1f} points {how}, "
            f"worth {cell.value_per_contact:.2f} a contact"
        )
        for cell in cells
    }
    segment, decile = scored.segment[rows], scored.decile[rows]
    contacted = np.isin(rows, treated)
    return Audience(
        ids=scored.ids.take(pa.array(rows)),
        segment=segment,
        decile=decile,
        probability=scored.probability[rows],
        play=segment,
        treated=contacted,
        # The control gets none; what its customers were compared for is in the plan.
        voucher=np.where(contacted, inputs.economics.voucher, 0.0),
        why=np.array([why[pair] for pair in zip(segment.tolist(), decile.tolist(), strict=True)]),
    )
