"""Campaign plans: who is chosen under a budget, and that treated and control differ by chance alone."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from helpers import explain, plain, with_cells, with_column
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from northstar_explain import api, tables
from northstar_explain.contract.economics import Economics
from northstar_explain.errors import CampaignError, TableError
from northstar_explain.evaluate.campaigns.choose_audience import Candidates, choose_audience
from northstar_explain.evaluate.campaigns.plan_campaign import PlannedCampaign
from northstar_explain.evaluate.campaigns.power import control_needed, power_of
from northstar_explain.metrics import sample_size
from northstar_explain.model.campaign.campaign_plan import read_plan_file
from northstar_explain.model.campaign.value import value_per_contact
from northstar_explain.options import CampaignOptions
from northstar_explain.score.control import salted

MONEY = Economics(24.0, 0.5)


def ids_of(n: int) -> pa.Array:
    return pa.array([f"C{number:08d}" for number in range(n)], pa.string())


def candidates_of(n: int, seed: int = 0, measured: bool = False, uplift: float = 0.03) -> Candidates:
    rng = np.random.default_rng(seed)
    values = rng.normal(0.02, 0.02, n) if measured else np.full(n, uplift)
    return Candidates(ids_of(n), rng.beta(0.5, 2.0, n), values, measured)


# Power --------------------------------------------------------------------------------------------------------------


@given(st.floats(0.02, 0.6), st.floats(0.005, 0.2))
def test_power_agrees_with_the_sample_size_of_equal_groups(base: float, uplift: float) -> None:
    each = sample_size(base, uplift)
    assert power_of(each, each, base, uplift) == pytest.approx(0.8, abs=0.03)


@given(st.integers(2, 20_000), st.floats(0.01, 0.6), st.floats(0.005, 0.2), st.floats(0.1, 0.95))
def test_control_is_the_smallest_that_suffices(n: int, base: float, uplift: float, power: float) -> None:
    control = control_needed(n, base, uplift, power)
    assert 1 <= control <= n // 2
    reached = power_of(n - control, control, base, uplift)
    assert reached >= power or control == n // 2
    assert control == 1 or power_of(n - control + 1, control - 1, base, uplift) < power


def test_power_is_what_simulated_campaigns_reach() -> None:
    rng = np.random.default_rng(3)
    treated, control = rng.binomial(5_000, 0.13, 4_000), rng.binomial(1_000, 0.10, 4_000)
    rates = treated / 5_000 - control / 1_000
    error = np.sqrt(treated / 5_000 * (1 - treated / 5_000) / 5_000 + control / 1_000 * (1 - control / 1_000) / 1_000)
    assert (rates / error > 1.96).mean() == pytest.approx(power_of(5_000, 1_000, 0.10, 0.03), abs=0.03)


def test_no_group_has_no_power() -> None:
    assert power_of(0, 10, 0.1, 0.03) == power_of(10, 0, 0.1, 0.03) == 0.0
    assert (control_needed(0, 0.1, 0.03, 0.8), control_needed(1, 0.1, 0.03, 0.8)) == (0, 0)
    assert power_of(10, 10, 0.0, 1.0) == 1.0


# Choosing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("measured", [False, True])
@pytest.mark.parametrize("budget", [None, 2_000.0, 300.0, 1.2])
def test_budget_is_kept_and_nearly_spent(measured: bool, budget: float | None) -> None:
    candidates, money = candidates_of(20_000, measured=measured), Economics(24.0, 0.2, 5.0 if measured else 0.0, budget)
    chosen = choose_audience(candidates, money, 0.03, 0.8, "salt")
    spent = candidates.spend(money)[chosen.treated].sum()
    assert not set(chosen.treated) & set(chosen.control)
    worth = np.flatnonzero(candidates.value(money) > 0)
    assert set(chosen.treated) | set(chosen.control) <= set(worth)
    if budget is None:
        assert len(chosen.treated) + len(chosen.control) == len(worth)
    else:
        assert spent <= budget
        assert spent > 0.98 * budget or budget < 2


def test_measured_uplifts_choose_by_money_earned_per_money_spent() -> None:
    candidates, money = candidates_of(5_000, measured=True), Economics(24.0, 0.2, 5.0, 200.0)
    chosen = choose_audience(candidates, money, 0.03, 0.8, "salt")
    audience = np.concatenate([chosen.treated, chosen.control])
    gain = candidates.value(money) / candidates.spend(money)
    assert gain[audience].min() >= np.delete(gain, audience).max()


def test_assumed_uplifts_choose_at_random_among_all() -> None:
    candidates = candidates_of(20_000)
    chosen = choose_audience(candidates, Economics(24.0, 0.5, 0.0, 2_000.0), 0.03, 0.8, "salt")
    audience = np.concatenate([chosen.treated, chosen.control])
    outside = np.delete(np.arange(20_000), audience)
    assert stats.ks_2samp(candidates.probability[audience], candidates.probability[outside]).pvalue > 0.001


def test_contacts_that_cost_nothing_need_no_budget() -> None:
    candidates = candidates_of(1_000, measured=True)
    chosen = choose_audience(candidates, Economics(24.0, 0.0, 0.0, 1.0), 0.03, 0.8, "salt")
    assert len(chosen.treated) + len(chosen.control) == (candidates.uplift > 0).sum()


@pytest.mark.parametrize("n", [0, 1])
def test_nobody_and_one_customer_make_no_campaign(n: int) -> None:
    chosen = choose_audience(candidates_of(n), MONEY, 0.03, 0.8, "salt")
    assert (len(chosen.treated), len(chosen.control), chosen.worth) == (0, 0, n)


def test_two_customers_make_one() -> None:
    chosen = choose_audience(candidates_of(2), MONEY, 0.03, 0.8, "salt")
    assert (len(chosen.treated), len(chosen.control)) == (1, 1)


def test_treated_and_control_differ_by_chance_alone() -> None:
    """Over 400 plans, p-values of differences before the campaign are spread evenly, as those of a fair draw are."""
    candidates = candidates_of(6_000)
    other = np.random.default_rng(9).standard_normal(6_000)
    values = {"probability": candidates.probability, "another feature": other, "order of ids": np.arange(6_000.0)}
    p_values: dict[str, list[float]] = {name: [] for name in values}
    for plan in range(400):
        chosen = choose_audience(candidates, MONEY, 0.03, 0.8, f"plan {plan}")
        for name, column in values.items():
            test = stats.mannwhitneyu(column[chosen.treated], column[chosen.control])
            p_values[name].append(float(test.pvalue))
    for name, found in p_values.items():
        assert stats.kstest(found, "uniform").pvalue > 0.001, name
    assert np.corrcoef(np.array(list(p_values.values())))[0, 1] < 0.2


def test_the_draw_is_unrelated_to_other_salts() -> None:
    ids = ids_of(50_000)
    first, second = (salted(ids, salt) < np.uint64(2**63) for salt in ("northstar", "control of plan"))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.02


# Plans --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def scores(model_dir: Path, customers: pa.Table) -> pa.Table:
    return api.load(model_dir).score(customers).table


@pytest.fixture(scope="module")
def planned(model_dir: Path, scores: pa.Table) -> PlannedCampaign:
    return api.load(model_dir).plan_campaign(scores, CampaignOptions(budget=900.0))


def test_nobody_of_the_standing_control_group(planned: PlannedCampaign, scores: pa.Table) -> None:
    standing = set(scores["customer_id"].filter(scores["control_group"]).to_pylist())
    assert standing
    assert not standing & set(planned.audience.ids.to_pylist())
    assert planned.plan.standing_control == len(standing)


def test_plan_counts_every_customer(planned: PlannedCampaign, scores: pa.Table) -> None:
    plan, audience = planned.plan, planned.audience
    assert plan.scored == scores.num_rows == 6_000
    assert plan.scored == plan.standing_control + plan.not_worth + plan.over_budget + plan.treated + plan.control
    assert (plan.treated, plan.control) == (int(audience.treated.sum()), int((~audience.treated).sum()))
    assert sum(cell.eligible for cell in plan.cells) == plan.scored - plan.standing_control
    assert sum(cell.treated for cell in plan.cells) == plan.treated
    assert sum(cell.control for cell in plan.cells) == plan.control
    assert plan.expected_spend <= 900.0


def test_plan_expects_what_its_audience_sums_to(planned: PlannedCampaign) -> None:
    plan, audience = planned.plan, planned.audience
    probability = audience.probability[audience.treated]
    assert plan.expected_without == pytest.approx(probability.sum())
    uplift = np.minimum(0.03, 1 - probability)
    assert plan.expected_earned == pytest.approx(value_per_contact(probability, uplift, plan.economics).sum())


def test_audience_keeps_the_scores_of_each_customer(planned: PlannedCampaign, scores: pa.Table) -> None:
    audience = planned.table
    rows = pc.index_in(audience["customer_id"], scores["customer_id"].combine_chunks())
    for name in ("segment_id", "decile", "probability"):
        assert audience[name].cast(scores[name].type).to_pylist() == scores[name].take(rows).to_pylist()
    assert audience["play"].to_pylist() == audience["segment_id"].to_pylist()
    assert set(audience["group"].to_pylist()) == {"treated", "control"}
    assert "points assumed, worth " in audience["why"][0].as_py()


def test_voucher_is_for_the_treated(model_dir: Path, scores: pa.Table) -> None:
    audience = api.load(model_dir).plan_campaign(scores, CampaignOptions(voucher=1.0, power_uplift=0.1)).audience
    assert set(audience.voucher[audience.treated]) == {1.0}
    assert set(audience.voucher[~audience.treated]) == {0.0}


def test_same_input_same_plan_another_input_another_control(
    model_dir: Path, scores: pa.Table, planned: PlannedCampaign
) -> None:
    model = api.load(model_dir)
    again = model.plan_campaign(scores, CampaignOptions(budget=900.0))
    assert again.plan == planned.plan
    assert again.table.equals(planned.table)
    other = model.plan_campaign(scores, CampaignOptions(budget=901.0))
    assert other.plan.id != planned.plan.id
    controls = [set(one.audience.ids.filter(pa.array(~one.audience.treated)).to_pylist()) for one in (planned, other)]
    assert controls[0] != controls[1]


def test_files_are_the_plan(model_dir: Path, scores: pa.Table, tmp_path: Path) -> None:
    tables.write(scores, tmp_path / "scores.parquet")
    call = ["campaign", "plan", "--model", model_dir, "--scores", tmp_path / "scores.parquet", "--budget", 900]
    done = explain(*call, "--out", tmp_path / "campaign")
    assert done.exit_code == 0, done.stderr
    plan = read_plan_file(tmp_path / "campaign" / "plan.json")
    assert f"Campaign {plan.id}: contact {plan.treated:,} customers, keep {plan.control:,}" in done.stdout
    assert "budget $900" in done.stdout
    assert "purchase" not in done.stdout and "buy" not in done.stdout  # the outcome may be another
    assert tables.read(tmp_path / "campaign" / "audience.parquet").num_rows == plan.treated + plan.control
    assert explain(*call, "--out", tmp_path / "again").exit_code == 0
    for name in ("plan.json", "audience.parquet"):
        assert (tmp_path / "campaign" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    refused = explain(*call, "--out", tmp_path / "campaign")
    assert (refused.exit_code, "--overwrite" in refused.stderr) == (1, True)
    assert explain(*call, "--out", tmp_path / "campaign", "--overwrite").exit_code == 0


def test_csv_scores_give_the_same_audience(
    model_dir: Path, scores: pa.Table, planned: PlannedCampaign, tmp_path: Path
) -> None:
    tables.write(scores, tmp_path / "scores.csv")
    other = api.load(model_dir).plan_campaign(tmp_path / "scores.csv", CampaignOptions(budget=900.0))
    assert other.audience.ids.equals(planned.audience.ids)
    assert (other.audience.treated == planned.audience.treated).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop_columns(["control_group"]), "columns: expected customer_id, segment_id, decile, probability, control_group, model_id; got no control_group"),
        (lambda t: with_cells(t, "probability", {3: 1.5}), "row 4, column probability: expected 0 to 1; got 1.5"),
        (lambda t: with_cells(t, "decile", {0: 11}), "row 1, column decile: expected 1 to 10; got 11"),
        (lambda t: with_column(t, "model_id", ["other"] * t.num_rows), "column model_id: expected only"),
        (lambda t: with_column(t, "segment_id", ["S99"] * t.num_rows), "column segment_id: expected only S1"),
        (lambda t: pa.concat_tables([t, t.slice(0, 1)]), "column customer_id: expected each customer once; got one twice"),
        (lambda t: t.slice(0, 0), "rows: expected at least one customer; got none"),
    ],
)  # fmt: skip
def test_scores_that_are_none_are_refused(model_dir: Path, scores: pa.Table, change, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(TableError) as error:
        api.load(model_dir).plan_campaign(change(scores))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"margin": 10.0}, "value per contact: expected above 0 for somebody; got -0.2000 at best. Lower the cost"),
        ({"budget": 0.4}, "budget: expected enough for a contact, 0.50; got 0.40"),
        ({"margin": -1.0}, "campaign: margin: expected a number above 0; got -1.0"),
        ({"voucher": -1.0}, "campaign: voucher: expected a number of 0 or more; got -1.0"),
    ],
)
def test_campaigns_that_cannot_be_are_refused(
    model_dir: Path, scores: pa.Table, options: dict[str, float], message: str
) -> None:
    with pytest.raises(CampaignError) as error:
        api.load(model_dir).plan_campaign(scores, CampaignOptions(**options))
    assert message in str(error.value)


def test_everybody_in_the_standing_control_group_is_refused(model_dir: Path, scores: pa.Table) -> None:
    with pytest.raises(CampaignError, match="customers outside the standing control group; got none"):
        api.load(model_dir).plan_campaign(with_column(scores, "control_group", [True] * scores.num_rows))


def test_amounts_that_nobody_gives_are_asked_for(model_dir: Path, scores: pa.Table) -> None:
    model = api.load(model_dir)
    contract = dataclasses.replace(model.data.contract, economics=None)
    bare = api.Model(dataclasses.replace(model.data, contract=contract))
    with pytest.raises(CampaignError, match="2 faults") as error:
        bare.plan_campaign(scores, CampaignOptions())
    assert "margin: expected an amount; got nothing. Give --margin or write [economics]" in str(error.value)
    assert "Give --contact-cost or" in str(error.value)


@pytest.mark.parametrize(("power", "uplift"), [(0.0, 0.03), (1.0, 0.03), (0.8, 0.0), (0.8, 1.0)])
def test_options_out_of_range_are_refused(power: float, uplift: float) -> None:
    with pytest.raises(ValueError, match="expected a number above 0 and below 1"):
        CampaignOptions(power=power, power_uplift=uplift)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no", "plan.json: file: expected a plan.json that `explain campaign plan` wrote; got Expecting value"),
        (b"{}", "plan.json: file: expected a plan.json that `explain campaign plan` wrote; got other JSON"),
        (b'{"format": 1}', "plan.json: format: expected 2; got 1. Make it again with this version."),
        (b'{"format": 2}', "id: expected a text; got nothing: the field is missing. Give a plan.json"),
    ],
)
def test_plans_that_are_none_are_refused(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(content)
    with pytest.raises(CampaignError) as error:
        read_plan_file(tmp_path / "plan.json")
    assert message in plain(str(error.value))


def test_plan_json_is_json_of_its_facts(
    planned: PlannedCampaign, model_dir: Path, scores: pa.Table, tmp_path: Path
) -> None:
    api.load(model_dir).plan_campaign(scores, CampaignOptions(budget=900.0), out=tmp_path)
    assert read_plan_file(tmp_path / "plan.json") == planned.plan
    assert json.loads((tmp_path / "plan.json").read_bytes())["currency"] == "$"
