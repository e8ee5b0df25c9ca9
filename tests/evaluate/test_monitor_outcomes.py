"""A run beside its outcomes: what must fire, what must not, and which rows are refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from northstar_explain import api
from northstar_explain.contract import Contract
from northstar_explain.errors import TableError
from northstar_explain.evaluate.monitoring.calibration_fit import logit, of_rows, sigmoid
from northstar_explain.evaluate.monitoring.monitor import monitor_facts
from northstar_explain.evaluate.monitoring.run_outcomes import calibration_alarms, cell_rates, run_outcomes
from northstar_explain.evaluate.monitoring.triggers import triggers
from northstar_explain.evaluate.scored_runs import ScoredRun, read_run
from northstar_explain.model import Model
from northstar_explain.model.evaluation.limits import (
    MONITOR_AUC_DROP,
    MONITOR_CELL_GAP,
    MONITOR_SHARED_CUSTOMERS,
    PSI_REVIEW,
    SUBGROUP_MIN_CUSTOMERS,
)
from northstar_explain.model.monitoring.row_sample import SIZE, RowSample, sample_of, sampled
from northstar_explain.simulate import simulate

ROWS = 20_000
QUIET = {"rejected_share": 0.0, "drift": {}}


@pytest.fixture(scope="module")
def others() -> pa.Table:
    """Customers who trained no model."""
    return simulate(4_000, seed=8)[0]


@pytest.fixture(scope="module")
def run(model: Model, others: pa.Table) -> ScoredRun:
    scores = api.Model(model).score(others)
    return read_run(scores.table, model, "week-9.parquet", scores.report)


@pytest.fixture(scope="module")
def large(run: ScoredRun) -> ScoredRun:
    """20,000 customers whose probabilities are spread as those of a run."""
    rows = np.random.default_rng(5).integers(0, len(run.ids), ROWS)
    ids = np.array([f"R{place}" for place in range(ROWS)], dtype=object)
    return replace(
        run, ids=ids, segments=run.segments[rows], deciles=run.deciles[rows], probability=run.probability[rows],
        reasons=run.reasons[rows],
    )  # fmt: skip


def drawn(run: ScoredRun, rate: np.ndarray, seed: int = 0) -> dict[str, int]:
    """Outcomes at these rates."""
    label = (np.random.default_rng(seed).random(len(rate)) < rate).astype(int)
    return dict(zip(run.ids.tolist(), label.tolist(), strict=True))


def alarms(run: ScoredRun, model: Model, rate: np.ndarray) -> str:
    return "; ".join(run_outcomes(run, drawn(run, rate), model, 0).alarms)


def test_outcomes_as_predicted_are_quiet(large: ScoredRun, model: Model) -> None:
    facts = run_outcomes(large, drawn(large, large.probability), model, 0)
    assert facts.alarms == ()
    assert facts.run == "week-9.parquet"
    low, high = facts.predicted_interval
    assert low < facts.predicted_rate < high
    assert {one.by for one in facts.cells} == {"decile", "segment"}


def test_two_points_too_few_everywhere_fire(large: ScoredRun, model: Model) -> None:
    fired = alarms(large, model, np.clip(large.probability + 0.02, 0, 1))
    assert "had the outcome where" in fired
    small = replace(
        large, ids=large.ids[:300], segments=large.segments[:300], deciles=large.deciles[:300],
        probability=large.probability[:300], reasons=large.reasons[:300],
    )  # fmt: skip
    # Of 300 customers, two points are chance; where next to nobody buys, the slope may still tell of them.
    assert "had the outcome where" not in alarms(small, model, np.clip(small.probability + 0.02, 0, 1))


def test_probabilities_too_far_apart_fire_though_their_mean_is_right(large: ScoredRun, model: Model) -> None:
    odds = logit(large.probability)
    moves = np.linspace(-2, 2, 401)
    rates = [float(sigmoid(move + 0.8 * odds).mean()) for move in moves]
    move = moves[int(np.argmin(np.abs(np.array(rates) - large.probability.mean())))]
    fired = alarms(large, model, sigmoid(move + 0.8 * odds))
    assert "too far apart: calibration slope 0." in fired
    assert "too close together" in alarms(large, model, sigmoid(1.25 * (odds + 1) - 1))


def test_a_segment_alone_fires_where_all_together_is_right(large: ScoredRun, model: Model) -> None:
    ids = sorted(set(large.segments.tolist()))
    first, rest = large.segments == ids[0], large.segments != ids[0]
    rate = large.probability.copy()
    rate[first] += 0.06
    rate[rest] = np.clip(rate[rest] - 0.06 * first.sum() / rest.sum(), 0, 1)
    assert f"in segment {ids[0]}" in alarms(large, model, rate)


def test_ranking_lost_fires(large: ScoredRun, model: Model) -> None:
    assert "ROC-AUC fell" in alarms(large, model, np.full(ROWS, float(large.probability.mean())))


def test_cells_need_customers_a_gap_and_more_than_chance() -> None:
    n, small = 20_000, SUBGROUP_MIN_CUSTOMERS - 1
    cell = np.array(["S1"] * small + ["S2"] * n + ["S3"] * n)
    hits = (int(n * (0.3 + MONITOR_CELL_GAP / 2)), int(n * (0.3 + 2 * MONITOR_CELL_GAP)))
    label = np.concatenate([np.ones(small), *(np.arange(n) < most for most in hits)]).astype(int)
    cells = {one.name: one for one in cell_rates(label, np.full(len(cell), 0.3), {"segment": cell})}
    assert list(cells) == ["S2", "S3"]
    assert cells["S2"].p_value < 0.01 and not cells["S2"].off, "beyond chance, but of no matter"
    assert cells["S3"].off


def test_rare_outcomes_in_a_small_cell_do_not_fire_by_chance() -> None:
    """One buyer of 50 with a probability of 0.2% each is far in standard deviations, and no wonder."""
    label = np.zeros(50, dtype=int)
    label[0] = 1
    (cell,) = cell_rates(label, np.full(50, 0.002), {"decile": np.ones(50, dtype=int)})
    assert cell.actual_rate == 0.02 and not cell.off


def test_alarms_of_calibration_stay_silent_in_sound_months(large: ScoredRun) -> None:
    rng = np.random.default_rng(1)
    p = large.probability[:5_000]
    spread = float(np.sqrt((p * (1 - p)).sum())) / len(p)
    fired = 0
    for _ in range(100):
        label = (rng.random(len(p)) < p).astype(int)
        fired += bool(list(calibration_alarms(float(label.mean()), float(p.mean()), spread, of_rows(label, p))))
    assert fired <= 2


def test_a_missing_run_report_fires(run: ScoredRun, model: Model) -> None:
    (fired,) = monitor_facts(run, replace(run, report=None), model).triggers
    assert fired == "no run report beside week-9.parquet: drift of the features and rejected rows are not known"


def test_runs_of_other_customers_fire(run: ScoredRun, model: Model) -> None:
    run = replace(run, report=QUIET)
    other = run.ids.copy()
    half = int(len(other) * MONITOR_SHARED_CUSTOMERS)
    other[:half] = [f"N{place}" for place in range(half)]
    assert monitor_facts(run, replace(run, ids=other), model).triggers == ()
    other[half] = "N"
    (fired,) = monitor_facts(run, replace(run, ids=other), model).triggers
    assert f"the runs share {len(other) - half - 1:,} customers" in fired
    # The id of a household's month is new each month.
    grouped = replace(model, contract=replace(model.contract, group="household_id"))
    assert monitor_facts(run, replace(run, ids=other), grouped).triggers == ()


def test_a_large_drift_asks_for_a_review(run: ScoredRun, model: Model) -> None:
    drift = {"n": 4_000, "bins": 10, "threshold": 0.1, "shifted": 1}
    features = {"spend_90d": {**drift, "psi": PSI_REVIEW}, "sessions_30d": {**drift, "psi": PSI_REVIEW - 0.01}}
    fired = monitor_facts(run, replace(run, report={"rejected_share": 0.0, "drift": features}), model).triggers
    assert fired == (
        "spend_90d drifted since training: PSI 0.250, 0.25 or more: review the model",
        "sessions_30d drifted since training: PSI 0.240 above 0.100: inspect it",
    )


def test_a_lower_performance_to_expect_fires_and_so_does_none(run: ScoredRun, model: Model) -> None:
    facts = monitor_facts(run, run, model)
    last = facts.runs[-1].expected
    assert last is not None and facts.triggers == ()
    low, high = last.overall.roc_auc.interval
    at = high + MONITOR_AUC_DROP
    assert triggers(facts, model.contract, at - 1e-9) == ()
    (fired,) = triggers(facts, model.contract, at + 1e-9)
    assert fired.startswith(f"ROC-AUC is expected to fall to {last.overall.roc_auc.value:.3f}") and low < high
    void = replace(facts.runs[-1], expected=replace(last, void=("the scores are unlike those of training",)))
    (fired,) = triggers(replace(facts, runs=(void,)), model.contract, at + 1e-9)
    assert fired == "no performance can be estimated: the scores are unlike those of training"


def test_outcomes_are_of_the_earliest_run(run: ScoredRun, model: Model) -> None:
    first = replace(run, name="week-1.parquet")
    facts = monitor_facts(run, run, model, drawn(run, run.probability), before=(first,))
    assert facts.outcomes is not None and facts.outcomes.run == "week-1.parquet"
    assert [one.name for one in facts.runs] == ["week-1.parquet", "week-9.parquet", "week-9.parquet"]


def test_rows_that_trained_the_model_are_refused(
    run: ScoredRun, model: Model, customers: pa.Table, contract: Contract
) -> None:
    scores = api.Model(model).score(customers)
    trained = read_run(scores.table, model, "scores.parquet", scores.report)
    outcomes = dict(zip(customers[contract.id].to_pylist(), customers[contract.label].to_pylist(), strict=True))
    with pytest.raises(TableError, match="a run after the table that trained the model; got 100% of the customers"):
        run_outcomes(trained, outcomes, model, 0)
    facts = run_outcomes(run, drawn(run, run.probability), model, 0)
    assert facts.trained_share is not None and facts.trained_share < 0.05
    old = replace(model, manifest={**model.manifest, "data": {}})
    assert run_outcomes(trained, outcomes, old, 0).trained_share is None


def test_a_sample_of_rows_knows_shares() -> None:
    ids = [f"C{place}" for place in range(5_000)]
    probability = np.random.default_rng(0).random(5_000)
    rows = sampled(ids)
    assert len(rows) == SIZE
    sample = RowSample.from_json(sample_of([ids[row] for row in rows], probability[rows]).to_json())
    assert sample.share(ids, probability) == 1.0
    fewer_digits = sample.share(ids, np.round(probability, 7))
    assert fewer_digits is not None and fewer_digits > 0.9
    half = np.where(np.arange(5_000) % 2 == 0, probability, probability / 2)
    share = sample.share(ids, half)
    assert share is not None and 0.4 < share < 0.6
    assert sample.share([], probability[:0]) is None
    assert sample.share([f"X{place}" for place in range(5_000)], probability) == 0.0
