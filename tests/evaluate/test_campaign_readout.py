"""Campaign readouts: published intervals, groups that are not alike, money, shrinking, and what is said of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from helpers import explain, plain
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain import api, tables
from northstar_explain.errors import CampaignError, TableError
from northstar_explain.evaluate.campaigns.plan_campaign import PlannedCampaign
from northstar_explain.evaluate.campaigns.read_campaign import Known, read_campaign
from northstar_explain.evaluate.campaigns.shrink_uplifts import shrink
from northstar_explain.evaluate.campaigns.uplift_intervals import (
    Counts,
    earned,
    missing_p_value,
    money_interval,
    newcombe,
    same_mean_p_value,
)
from northstar_explain.model.campaign.audience import Audience
from northstar_explain.model.campaign.bands import BAND_NAMES, BANDS, bands_of
from northstar_explain.model.campaign.readout_facts import Readout, Uplifts, read_readout_file
from northstar_explain.options import CampaignOptions

# Newcombe (1998), table II, method 10: treated (bought of customers), control, interval.
PUBLISHED = [
    ((56, 70), (48, 80), (0.0524, 0.3339)),
    ((9, 10), (3, 10), (0.1705, 0.8090)),
    ((6, 7), (2, 7), (0.0582, 0.8062)),
    ((5, 56), (0, 29), (-0.0381, 0.1926)),
    ((0, 10), (0, 20), (-0.1611, 0.2775)),
    ((0, 10), (0, 10), (-0.2775, 0.2775)),
    ((10, 10), (0, 20), (0.6791, 1.0)),
    ((10, 10), (0, 10), (0.6075, 1.0)),
]
counts = st.tuples(st.integers(1, 500), st.integers(1, 500)).flatmap(
    lambda n: st.builds(Counts, st.just(n[0]), st.integers(0, n[0]), st.just(n[1]), st.integers(0, n[1]))
)


@pytest.mark.parametrize(("treated", "control", "interval"), PUBLISHED)
def test_intervals_are_the_published_ones(
    treated: tuple[int, int], control: tuple[int, int], interval: tuple[float, float]
) -> None:
    got = newcombe(Counts(treated[1], treated[0], control[1], control[0]))
    assert got == pytest.approx(interval, abs=6e-5)


@given(counts)
def test_intervals_hold_the_difference_and_mirror(one: Counts) -> None:
    low, high = newcombe(one)
    assert -1 - 1e-12 <= low <= one.uplift <= high <= 1 + 1e-12
    other = newcombe(Counts(one.control, one.control_bought, one.treated, one.treated_bought))
    assert (other.low, other.high) == pytest.approx((-high, -low))


@given(counts, st.floats(1.0, 100.0), st.floats(0.0, 1.5), st.floats(0.0, 50.0))
def test_money_holds_what_was_earned(one: Counts, margin: float, voucher: float, cost: float) -> None:
    terms = (margin * (1 - voucher), margin, cost)
    low, high = money_interval(one, *terms)
    assert low - 1e-6 <= earned(one, *terms) <= high + 1e-6
    if voucher == 0:  # without a voucher, money is the uplift in another unit
        scaled = [one.treated * margin * end - cost for end in newcombe(one)]
        assert (low, high) == pytest.approx(scaled, abs=1e-6)


def test_money_is_counted_per_purchase() -> None:
    # 30 of 100 buy with a voucher of 4; 10 of 50 buy without a contact, so 20 of 100 would.
    assert earned(Counts(100, 30, 50, 10), 24.0 - 4.0, 24.0, 50.0) == pytest.approx(30 * 20 - 20 * 24 - 50)


def test_missing_alike_and_not() -> None:
    assert missing_p_value((900, 100), (900, 100)) == 1.0
    assert missing_p_value((0, 0), (0, 0)) == 1.0
    assert missing_p_value((9_000, 1_000), (8_550, 950)) == pytest.approx(1.0)
    assert missing_p_value((9_000, 1_000), (8_000, 950)) < 1e-6
    assert missing_p_value((10, 10), (10, 4)) == pytest.approx(0.0108, abs=1e-4)  # Fisher's exact test
    assert same_mean_p_value(np.array([1.0]), np.array([1.0, 2.0])) == 1.0
    assert same_mean_p_value(np.full(5, 0.5), np.full(5, 0.5)) == 1.0


# Shrinking ----------------------------------------------------------------------------------------------------------


def cells_of(uplift: np.ndarray, customers: int, rng: np.random.Generator) -> list[Counts]:
    return [
        Counts(customers, int(rng.binomial(customers, 0.2 + one)), customers, int(rng.binomial(customers, 0.2)))
        for one in uplift
    ]


def test_cells_that_differ_by_chance_are_alike_after_shrinking() -> None:
    rng = np.random.default_rng(1)
    spreads = [shrink(cells_of(np.full(24, 0.02), 400, rng), 0.02).spread for _ in range(50)]
    assert np.median(spreads) < 0.01


def test_shrinking_comes_nearer_to_the_truth() -> None:
    rng = np.random.default_rng(2)
    errors = np.zeros(2)
    for _ in range(50):
        truth = rng.normal(0.02, 0.02, 24)
        cells = cells_of(truth, 400, rng)
        measured = np.array([cell.uplift for cell in cells])
        errors += [((values - truth) ** 2).sum() for values in (measured, shrink(cells, 0.02).uplifts)]
    assert errors[1] < 0.6 * errors[0]


def test_large_cells_keep_their_uplift_and_spread_is_found() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(0.02, 0.03, 24)
    shrunk = shrink(cells_of(truth, 100_000, rng), 0.02)
    np.testing.assert_allclose(shrunk.uplifts, truth, atol=0.006)
    assert shrunk.spread == pytest.approx(truth.std(ddof=1), rel=0.1)


def test_shrunk_uplifts_lie_between_measured_ones_and_that_of_all() -> None:
    cells = [Counts(50, 20, 50, 5), Counts(50, 6, 50, 5), Counts(50, 5, 50, 9)]
    overall = 12 / 150
    shrunk = shrink(cells, overall)
    assert shrunk.spread > 0
    for cell, one in zip(cells, shrunk.uplifts, strict=True):
        assert min(cell.uplift, overall) < one < max(cell.uplift, overall)


def test_cells_without_a_group_get_the_uplift_of_all() -> None:
    cells = [Counts(100, 20, 100, 10), Counts(100, 12, 100, 10), Counts(5, 1, 0, 0)]
    assert shrink(cells, 0.06).uplifts[2] == 0.06
    assert shrink(cells[:1], 0.06).uplifts.tolist() == [0.06]
    assert shrink([], 0.06).uplifts.tolist() == []


def test_bands_hold_every_decile_once() -> None:
    assert [step for low, high in BANDS for step in range(low, high + 1)] == list(range(1, 11))
    names = [BAND_NAMES[band] for band in bands_of(np.arange(1, 11))]
    assert names == ["1-4"] * 4 + ["5-7"] * 3 + ["8-9"] * 2 + ["10"]


# Readouts -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def planned(model_dir: Path, customers: pa.Table) -> PlannedCampaign:
    model = api.load(model_dir)
    return model.plan_campaign(model.score(customers), CampaignOptions(power_uplift=0.025))


def outcomes_of(audience: Audience, uplift: float, seed: int = 0) -> dict[str, int]:
    rng = np.random.default_rng(seed)
    rate = np.clip(audience.probability + np.where(audience.treated, uplift, 0.0), 0, 1)
    return dict(zip(audience.ids.to_pylist(), (rng.random(len(audience)) < rate).astype(int).tolist(), strict=True))


def read(planned: PlannedCampaign, outcomes: dict[str, int], known: Known | None = None) -> Readout:
    return read_campaign(planned.plan, planned.audience, outcomes, known or Known())


def test_an_uplift_is_found_and_its_money(planned: PlannedCampaign) -> None:
    readout = read(planned, outcomes_of(planned.audience, 0.08))
    assert readout.overall is not None
    assert readout.overall.interval is not None
    assert readout.overall.interval.low < 0.08 < readout.overall.interval.high
    assert readout.overall.earned == pytest.approx(readout.treated.known * (24 * (readout.overall.uplift or 0) - 0.5))
    assert readout.verdict.startswith("The contacts added ")
    assert readout.verdict.endswith("worth repeating.")
    assert "They earned $" in readout.verdict


def test_cells_sum_to_the_whole(planned: PlannedCampaign) -> None:
    readout = read(planned, outcomes_of(planned.audience, 0.03))
    assert readout.overall is not None
    for group in (readout.segments, readout.bands, readout.cells):
        for name in ("treated", "treated_bought", "control", "control_bought"):
            assert sum(getattr(cell, name) for cell in group) == getattr(readout.overall, name), name
    assert readout.treated.known == readout.treated.planned == planned.plan.treated


@pytest.mark.parametrize(
    ("uplift", "words"),
    [
        (0.0, ["Whether the contacts changed the outcome is not known ("]),
        (-0.15, ["The contacts took ", "They lost $", "not worth repeating as it is."]),
    ],
)
def test_verdict_says_no_more_than_the_figures(planned: PlannedCampaign, uplift: float, words: list[str]) -> None:
    verdict = read(planned, outcomes_of(planned.audience, uplift, seed=4)).verdict
    assert all(word in verdict for word in words)


def test_money_that_is_not_known_is_said_so(planned: PlannedCampaign) -> None:
    plan = replace(planned.plan, contact_cost=24 * 0.05)
    verdict = read_campaign(plan, planned.audience, outcomes_of(planned.audience, 0.06, seed=1), Known()).verdict
    assert "Whether they earned more than they cost is not known ($" in verdict


def test_outcomes_missing_in_one_group_stop_it(planned: PlannedCampaign) -> None:
    outcomes = outcomes_of(planned.audience, 0.03)
    ids = planned.audience.ids.filter(pa.array(planned.audience.treated)).to_pylist()
    for id in ids[: len(ids) // 8]:
        del outcomes[id]
    readout = read(planned, outcomes)
    assert readout.alike.stopped
    assert (readout.overall, readout.segments, readout.cells) == (None, (), ())
    assert readout.verdict.startswith("Nothing is concluded: outcomes are missing for 12.5% of the treated and 0.0% of")


def test_groups_that_were_not_alike_stop_it(planned: PlannedCampaign) -> None:
    """As many are missing in both groups, but the likely buyers of the treated, and any of the control."""
    audience, outcomes = planned.audience, outcomes_of(planned.audience, 0.03)
    rows = np.flatnonzero(audience.treated)
    likely = rows[np.argsort(-audience.probability[rows])][: len(rows) // 10]
    any_ = np.flatnonzero(~audience.treated)[: (~audience.treated).sum() // 10]
    for row in (*likely, *any_):
        del outcomes[audience.ids[int(row)].as_py()]
    readout = read(planned, outcomes)
    assert readout.alike.missing_p_value > 0.1
    assert readout.alike.stopped
    assert "the probability before the campaign was" in readout.verdict


def test_fair_groups_are_rarely_stopped(planned: PlannedCampaign) -> None:
    rng = np.random.default_rng(5)
    stopped = 0
    for seed in range(60):
        outcomes = outcomes_of(planned.audience, 0.03, seed)
        kept = {id: one for id, one in outcomes.items() if rng.random() < 0.9}
        stopped += read(planned, kept).alike.stopped
    assert stopped <= 1


def test_cost_and_returns_that_are_known_count(planned: PlannedCampaign) -> None:
    outcomes = outcomes_of(planned.audience, 0.08)
    plain_, known = read(planned, outcomes), read(planned, outcomes, Known(1_000.0, 0.1, frozenset()))
    assert plain_.overall is not None
    assert known.overall is not None
    gained = (plain_.overall.earned or 0) + 0.5 * plain_.overall.treated
    assert known.overall.earned == pytest.approx(0.9 * gained - 1_000.0)
    assert known.not_known == ()
    assert known.costs.as_it_was
    assert plain_.not_known == (
        "what the contacts cost in the end", "orders that come back later", "contacts by other campaigns in the same days",
    )  # fmt: skip


def test_customers_of_other_campaigns_are_left_out(planned: PlannedCampaign) -> None:
    others = planned.audience.ids.slice(0, 500).to_pylist()
    readout = read(planned, outcomes_of(planned.audience, 0.03), Known(overlapping=[*others, "unknown"]))
    assert readout.treated.overlapping + readout.control.overlapping == 500
    assert readout.treated.known + readout.control.known == len(planned.audience) - 500
    assert readout.alike.missing_p_value == 1.0


def test_outcomes_of_other_customers_are_refused(planned: PlannedCampaign) -> None:
    with pytest.raises(CampaignError, match=r"outcomes: rows: expected treated customers of the plan; got none of "):
        read(planned, {"X": 1})


@pytest.mark.parametrize("known", [{"cost": -1.0}, {"cost": float("nan")}, {"returned": 1.0}, {"returned": -0.1}])
def test_amounts_out_of_range_are_refused(known: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=": expected "):
        Known(**known)  # type: ignore[arg-type]


def test_measured_uplifts_reach_the_next_plan(model_dir: Path, customers: pa.Table, planned: PlannedCampaign) -> None:
    """Half of the customers respond: the next campaign contacts them and not the others."""
    audience = planned.audience
    responds = np.isin(audience.segment, ["S1", "S2"])
    rng = np.random.default_rng(8)
    rate = np.clip(audience.probability + np.where(audience.treated & responds, 0.25, 0.0), 0, 1)
    outcomes = dict(zip(audience.ids.to_pylist(), (rng.random(len(rate)) < rate).astype(int).tolist(), strict=True))
    readout = read(planned, outcomes)
    assert readout.spread > 0.05
    uplifts = Uplifts(readout)
    assert min(uplifts.of(id, 5) for id in ("S1", "S2")) > max(uplifts.of(id, 5) for id in ("S3", "S4"))
    assert uplifts.of("S9", 5) == readout.overall.shrunk_uplift  # type: ignore[union-attr]
    model = api.load(model_dir)
    again = model.plan_campaign(model.score(customers), CampaignOptions(budget=300.0), uplift=readout)
    assert again.plan.uplift_source == "measured"
    assert again.plan.readout_plan_id == planned.plan.id
    assert set(again.audience.segment) <= {"S1", "S2"}
    assert "points measured" in again.table["why"][0].as_py()


def test_a_readout_that_was_stopped_plans_nothing(
    model_dir: Path, customers: pa.Table, planned: PlannedCampaign
) -> None:
    readout = replace(read(planned, outcomes_of(planned.audience, 0.03)), overall=None)
    model = api.load(model_dir)
    with pytest.raises(CampaignError, match=r"measured uplifts; got a readout that was stopped"):
        model.plan_campaign(model.score(customers), uplift=readout)


# Command ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(model_dir: Path, customers: pa.Table, tmp_path: Path) -> Path:
    model = api.load(model_dir)
    model.plan_campaign(model.score(customers), CampaignOptions(power_uplift=0.025), out=tmp_path)
    return tmp_path


def outcome_table(planned: PlannedCampaign, uplift: float) -> pa.Table:
    bought = outcomes_of(planned.audience, uplift)
    return pa.table({"customer_id": list(bought), "purchased_next_30d": list(bought.values())})


def test_command_reads_and_python_reads_the_same(folder: Path, planned: PlannedCampaign) -> None:
    table = outcome_table(planned, 0.08)
    tables.write(table, folder / "next.csv")
    call = ["campaign", "read", "--plan", folder / "plan.json", "--outcomes", folder / "next.csv"]
    done = explain(*call, "--out", folder / "readout", "--cost", 2_000)
    assert done.exit_code == 0, done.stderr
    assert "Not known: orders that come back later" in done.stdout
    assert "decile 10" in done.stdout
    assert "bought" not in done.stdout and "as likely to have the outcome" in done.stdout
    readout = read_readout_file(folder / "readout" / "readout.json")
    assert readout.verdict in done.stdout
    assert api.read_campaign(folder / "plan.json", table, cost=2_000) == readout
    assert json.loads((folder / "readout" / "readout.json").read_bytes())["plan_id"] == planned.plan.id
    assert "--overwrite" in explain(*call, "--out", folder / "readout").stderr
    other = ["--outcomes", folder / "next.csv", "--overlapping", folder / "audience.parquet", "--out", folder / "third"]
    assert "got none of " in plain(explain("campaign", "read", "--plan", folder / "plan.json", *other).stderr)


def test_command_says_by_its_exit_code_that_groups_were_not_alike(folder: Path, planned: PlannedCampaign) -> None:
    table = outcome_table(planned, 0.03)
    treated = set(planned.audience.ids.filter(pa.array(planned.audience.treated)).slice(0, 600).to_pylist())
    kept = pa.array([id not in treated for id in table["customer_id"].to_pylist()])
    tables.write(table.filter(kept), folder / "next.parquet")
    done = explain(
        "campaign", "read", "--plan", folder / "plan.json", "--outcomes", folder / "next.parquet", "--out", folder / "r"
    )
    assert done.exit_code == 3
    assert "Nothing is concluded" in done.stdout
    assert (folder / "r" / "readout.json").is_file()


def test_an_audience_that_was_changed_is_refused(folder: Path, planned: PlannedCampaign) -> None:
    audience = tables.read(folder / "audience.parquet")
    tables.write(audience.slice(1), folder / "audience.parquet", overwrite=True)
    with pytest.raises(CampaignError, match=r"audience\.parquet: file: expected the audience of the plan; got another"):
        api.read_campaign(folder / "plan.json", outcome_table(planned, 0.03))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"group": "both"}, "row 1, column group: expected treated or control; got both"),
        ({"decile": 0}, "row 1, column decile: expected 1 to 10; got 0"),
        ({"probability": float("nan")}, "row 1, column probability: expected 0 to 1; got nan"),
        ({"voucher": -1.0}, "row 1, column voucher: expected 0 or more; got -1.0"),
    ],
)
def test_audiences_that_are_none_are_refused(folder: Path, change: dict[str, object], message: str) -> None:
    from northstar_explain.model.campaign.audience import read_audience

    rows = tables.read(folder / "audience.parquet").to_pylist()
    rows[0] |= change
    with pytest.raises(TableError) as error:
        read_audience(pa.Table.from_pylist(rows), "customer_id", "audience.parquet")
    assert message in str(error.value)


def test_labels_in_words_are_read_by_the_plan(model_dir: Path, customers: pa.Table, tmp_path: Path) -> None:
    """A contract names the value that stands for 1: the plan keeps it, as a readout has no contract."""
    data = api.load(model_dir).data
    model = api.Model(replace(data, contract=replace(data.contract, positive="won")))
    planned = model.plan_campaign(model.score(customers), CampaignOptions(power_uplift=0.025), out=tmp_path)
    table = outcome_table(planned, 0.08)
    words = ["won" if one else "lost" for one in table["purchased_next_30d"].to_pylist()]
    table = table.set_column(1, "purchased_next_30d", pa.array(words))
    readout = api.read_campaign(tmp_path / "plan.json", table)
    assert readout.treated.bought == sum(outcomes_of(planned.audience, 0.08)[id] for id in _treated(planned))
    with pytest.raises(TableError, match="purchased_next_30d"):
        api.read_campaign(tmp_path / "plan.json", table.set_column(1, "purchased_next_30d", pa.nulls(len(table))))


def _treated(planned: PlannedCampaign) -> list[str]:
    ids: list[str] = planned.audience.ids.filter(pa.array(planned.audience.treated)).to_pylist()
    return ids


def test_outcomes_that_are_no_labels_are_refused(folder: Path) -> None:
    with pytest.raises(TableError, match="column purchased_next_30d: expected 0 or 1; got 7"):
        api.read_campaign(folder / "plan.json", pa.table({"customer_id": ["a"], "purchased_next_30d": [7]}))
