"""The whole loop on the simulated shop: scores, plan, a month in which the treated are contacted, readout, next plan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from northstar_explain import api
from northstar_explain.options import CampaignOptions

SEED = 7  # of the customers that the model is trained on


@pytest.mark.slow
def test_a_campaign_is_planned_made_and_read(model_dir: Path, customers: pa.Table, tmp_path: Path) -> None:
    model = api.load(model_dir)
    options = CampaignOptions(voucher=1.0, power_uplift=0.1)
    plan = model.plan_campaign(model.score(customers), options, out=tmp_path / "campaign").plan
    audience = tmp_path / "campaign" / "audience.parquet"
    (month,) = api.simulate_months(1, customers.num_rows, SEED, campaign=audience)
    assert month.truth["contacted"].to_numpy(zero_copy_only=False).sum() == plan.treated
    # Features are those that were scored: the campaign comes after the snapshot.
    label = "purchased_next_30d"
    assert month.customers.drop_columns([label]).equals(customers.drop_columns([label]))

    readout = api.read_campaign(tmp_path / "campaign" / "plan.json", month.customers, tmp_path / "readout")
    assert (readout.treated.known, readout.control.known) == (plan.treated, plan.control)
    effect = month.truth["true_effect"].to_numpy()[month.truth["contacted"].to_numpy(zero_copy_only=False)]
    assert readout.overall is not None
    assert readout.overall.interval is not None
    assert readout.overall.interval.low < effect.mean() < readout.overall.interval.high

    free = CampaignOptions(voucher=0.0, contact_cost=0.01)
    again = model.plan_campaign(model.score(customers), free, tmp_path / "readout" / "readout.json").plan
    assert again.readout_plan_id == plan.id
    assert again.uplift_source == "measured"
    assert np.isfinite([cell.value_per_contact for cell in again.cells]).all()
