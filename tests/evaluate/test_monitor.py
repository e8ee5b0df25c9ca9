"""Two runs compared: counts add up, drift, migration, and the exit code that a scheduler acts on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers import explain, refused, with_column

from northstar_explain import tables
from northstar_explain.cli import monitoring
from northstar_explain.contract import Contract, check
from northstar_explain.errors import TableError
from northstar_explain.evaluate.monitoring.monitor import monitor_facts
from northstar_explain.evaluate.scored_runs import read_outcomes, read_run
from northstar_explain.model import Model
from northstar_explain.model.evaluation.metric_registry import ROC_AUC
from northstar_explain.model.monitoring.monitor_facts import RunSizes
from northstar_explain.score import Scorer
from northstar_explain.simulate import simulate
from northstar_explain.training import scored_segments

LABEL = "purchased_next_30d"


# What `explain score` says of a run in which nothing was rejected and nothing drifted.
QUIET = {"rejected_share": 0.0, "drift": {}}


@pytest.fixture(scope="module")
def others() -> pa.Table:
    """Customers who trained no model."""
    return simulate(4_000, seed=8)[0]


@pytest.fixture(scope="module")
def scores(model: Model, customers: pa.Table, contract: Contract) -> pa.Table:
    return Scorer(model)(check(customers, contract).accepted)


def shifted(customers: pa.Table) -> pa.Table:
    """The customers in a week when everybody came far more often."""
    sessions = np.minimum(customers["sessions_30d"].to_numpy() * 3 + 5, 200)
    often = with_column(customers, "sessions_30d", pa.array(sessions, customers["sessions_30d"].type))
    quarter = np.maximum(sessions, customers["sessions_90d"].to_numpy())  # else rows contradict themselves
    often = with_column(often, "sessions_90d", pa.array(quarter, customers["sessions_90d"].type))
    lately = pa.array(np.zeros(customers.num_rows), customers["days_since_last_visit"].type, safe=False)
    return with_column(often, "days_since_last_visit", lately)


def test_the_same_run_twice_moves_nobody(model: Model, scores: pa.Table) -> None:
    run = read_run(scores, model, "scores", QUIET)
    facts = monitor_facts(run, run, model)
    assert facts.score_drift.psi == 0
    assert facts.triggers == ()
    assert facts.deciles.same == scores.num_rows
    assert all(list(to) == [id] for id, to in facts.migration.items())


def test_every_customer_is_counted_once(
    model: Model, scores: pa.Table, customers: pa.Table, contract: Contract
) -> None:
    old = read_run(scores.slice(0, 4_000), model, "old")
    after = Scorer(model)(check(shifted(customers), contract).accepted).slice(1_000)
    facts = monitor_facts(old, read_run(after, model, "new"), model)
    assert facts.customers == RunSizes(old=4_000, new=5_000, both=3_000)
    assert sum(sum(to.values()) for to in facts.migration.values()) == 3_000
    deciles = facts.deciles
    assert deciles.same + deciles.up.customers + deciles.down.customers == 3_000
    assert deciles.up.customers > deciles.down.customers
    assert sum(one.old for one in facts.segments) == 4_000
    assert sum(one.new for one in facts.segments) == 5_000
    assert facts.score_drift.shifted
    assert any("the score drifted" in one for one in facts.triggers)


def test_a_segment_that_grows_by_more_than_a_third_fires(model: Model, scores: pa.Table) -> None:
    run = read_run(scores, model, "scores", QUIET)
    last = model.segmentation.segments[-1].id
    few = np.flatnonzero(run.segments != last)
    segments = run.segments.copy()
    segments[few[: int(0.3 * (run.segments == last).sum())]] = last
    assert monitor_facts(run, replace(run, segments=segments), model).triggers == ()
    segments[few[: int(0.6 * (run.segments == last).sum())]] = last
    fired = monitor_facts(run, replace(run, segments=segments), model).triggers
    assert any(one.startswith(f"segment {last} went from") for one in fired)


def test_a_small_sample_does_not_fire_by_chance(model: Model, scores: pa.Table) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        rows = rng.permutation(scores.num_rows)
        old, new = (read_run(scores.take(rows[part]), model, "x", QUIET) for part in (slice(0, 150), slice(150, 300)))
        fired = monitor_facts(old, new, model).triggers
        assert [one for one in fired if "the runs share 0 customers" not in one] == []


def test_outcomes_without_both_classes_are_refused(model: Model, scores: pa.Table) -> None:
    run = read_run(scores, model, "scores")
    with pytest.raises(TableError, match="customers of scores with the outcome, and others without it"):
        monitor_facts(run, run, model, {"nobody": 1})


def test_json_has_the_metrics_of_the_outcomes_beside_their_counts(
    model: Model, others: pa.Table, contract: Contract
) -> None:
    run = read_run(Scorer(model)(check(others, contract).accepted), model, "scores")
    purchases = dict(zip(others["customer_id"].to_pylist(), others[LABEL].to_pylist(), strict=True))
    facts = monitor_facts(run, run, model, purchases)
    data = json.loads(json.dumps(facts.as_json()))
    assert list(data) == [
        "model_id", "runs", "customers", "score_drift", "feature_drift", "rejected_share", "rejected_reasons",
        "segments", "migration", "deciles", "outcomes", "triggers",
    ]  # fmt: skip
    assert data["deciles"]["up"] == {"customers": 0, "by": []}
    assert facts.outcomes is not None
    assert data["outcomes"]["run"] == "scores"
    assert data["outcomes"]["roc_auc"] == facts.outcomes.figures[ROC_AUC]
    assert data["outcomes"]["intervals"]["roc_auc"] == list(facts.outcomes.figures.intervals["roc_auc"])
    assert "figures" not in data["outcomes"]


def test_a_run_without_customers_has_no_limit(model: Model, scores: pa.Table) -> None:
    run = read_run(scores, model, "scores")
    facts = monitor_facts(run, read_run(scores.slice(0, 0), model, "empty"), model)
    assert facts.score_drift.threshold is None and not facts.score_drift.shifted
    assert "Infinity" not in json.dumps(facts.as_json())
    assert "limit none" in monitoring.text(facts)


@pytest.mark.parametrize("fault", ["column", "model", "twice"])
def test_invalid_scores_are_refused(fault: str, model: Model, scores: pa.Table) -> None:
    bad = {
        "column": scores.drop_columns("decile"),
        "model": scores.set_column(
            scores.column_names.index("model_id"), "model_id", pa.array(["m-other"] * scores.num_rows)
        ),
        "twice": pa.concat_tables([scores.slice(0, 2), scores.slice(0, 1)]),
    }[fault]
    message = {"column": "no decile", "model": "also m-other", "twice": "each customer once"}[fault]
    with pytest.raises(TableError, match=message):
        read_run(bad, model, "scores.parquet")


def test_from_the_command_line(model_dir: Path, customers: pa.Table, tmp_path: Path) -> None:
    for name, table in (("old", customers), ("new", shifted(customers))):
        tables.write(table, tmp_path / f"{name}-customers.parquet")
        done = explain(
            "score", tmp_path / f"{name}-customers.parquet", "--model", model_dir, "--out", tmp_path / f"{name}.parquet",
            "--quiet",
        )  # fmt: skip
        assert done.exit_code == 0, done.output
    run = ("monitor", "--model", model_dir, "--scores", tmp_path / "old.parquet")
    calm = explain(*run, "--scores", tmp_path / "old.parquet")
    assert calm.exit_code == 0, calm.output
    assert "No trigger fired." in calm.stdout
    fired = explain(*run, "--scores", tmp_path / "new.parquet", "--out", tmp_path / "monitor.json", "--json")
    assert fired.exit_code == 3
    assert (tmp_path / "monitor.json").read_text() == fired.stdout
    facts = json.loads(fired.stdout)
    assert any(one.startswith("sessions_30d drifted since training") for one in facts["triggers"])
    trained = (*run, "--scores", tmp_path / "new.parquet", "--outcomes", tmp_path / "old-customers.parquet")
    assert "a run after the table that trained the model" in refused(tmp_path, *trained)
    assert pq.read_table(tmp_path / "old.parquet").num_rows == customers.num_rows
    assert "--scores" in refused(tmp_path, *run, code=2)


@pytest.mark.parametrize(
    "labels",
    [
        [True, False],
        ["True", "False"],
        ["true", "false"],
        ["1", "0"],
        [" 1", "0 "],
        [1, 0],
        [1.0, 0.0],
    ],
    ids=repr,
)
def test_outcomes_are_read_as_training_reads_them(labels: list[object], model: Model) -> None:
    table = pa.table({"customer_id": ["a", "b"], LABEL: labels})
    assert read_outcomes(table, model, "o.csv") == {"a": 1, "b": 0}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["1", "maybe"], r"o.csv: row 2, column purchased_next_30d: expected 0 or 1; got 'maybe'. Correct the export"),
        ([1, 2], "row 2, column purchased_next_30d: expected 0 or 1; got 2. Correct"),
        ([None, None], "row 1, column purchased_next_30d: expected 0 or 1; got None, and 1 more such rows"),
    ],
)
def test_invalid_outcomes_are_refused(labels: list[object], message: str, model: Model) -> None:
    with pytest.raises(TableError, match=message):
        read_outcomes(pa.table({"customer_id": ["a", "b"], LABEL: labels}), model, "o.csv")


def test_outcomes_name_each_customer_once(model: Model) -> None:
    with pytest.raises(TableError, match="column customer_id: expected each customer once"):
        read_outcomes(pa.table({"customer_id": ["a", "a"], LABEL: [1, 0]}), model, "o.csv")
    with pytest.raises(TableError, match="expected customer_id, purchased_next_30d; got no purchased_next_30d"):
        read_outcomes(pa.table({"customer_id": ["a", "b"]}), model, "o.csv")


def test_a_broken_report_is_one_clear_error(model_dir: Path, model: Model, scores: pa.Table, tmp_path: Path) -> None:
    place = tmp_path / "s.parquet"
    tables.write(scores.slice(0, 200), place)
    beside = tmp_path / "s.parquet.report.json"
    run = ("monitor", "--model", model_dir, "--scores", place, "--scores", place)
    sound = {"model_id": model.id, "rejected_share": 0.0, "drift": {}, "outputs": []}
    for data, message in (
        (b'{"model_id": ', "expected JSON, as `explain score` writes it; got Expecting value"),
        (b"\xff\xfe{", "expected JSON, as `explain score` writes it; got"),
        (b"[]", "expected a report of `explain score`; got other JSON"),
        (json.dumps({**sound, "drift": {"spend": {"psi": "much"}}}).encode(), "expected a report of `explain score`"),
        (
            json.dumps({**sound, "rejected_share": float("nan")}).encode(),
            "expected a report of `explain score`",
        ),
        (json.dumps({**sound, "reasons": [{"column": "spend"}]}).encode(), "expected a report of `explain score`"),
        (json.dumps({**sound, "model_id": "m-other"}).encode(), f"model_id: expected {model.id}; got m-other"),
        (json.dumps({**sound, "outputs": ["s.parquet"]}).encode(), "expected a report of `explain score`"),
    ):
        beside.write_bytes(data)
        error = refused(tmp_path, *run)
        assert error.startswith(f"explain: {beside}:"), error
        assert message in error
        assert "Score again, or move the file away" in error
    reason = {"column": "spend", "expected": "0 or more", "rows": 12, "example": {"row": 7, "got": "-3"}}
    beside.write_text(json.dumps({**sound, "reasons": [reason]}))
    done = explain(*run)
    assert done.exit_code == 0
    assert f"rejected of {place}: spend: expected 0 or more: 12 rows, such as row 7: -3" in done.stderr


def test_the_report_must_be_of_the_scores_beside_it(
    model_dir: Path, customers: pa.Table, some_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.parquet"
    tables.write(customers.slice(300, 200), other)
    old, new = tmp_path / "s.csv", tmp_path / "s.parquet"  # of one base name, each with a report of its own
    assert explain("score", some_file, "--model", model_dir, "--out", old).exit_code == 0
    assert explain("score", other, "--model", model_dir, "--out", new).exit_code == 0
    run = ("monitor", "--model", model_dir, "--scores", old, "--scores", new, "--json")
    drift = json.loads((tmp_path / "s.parquet.report.json").read_text())["drift"]
    assert json.loads(explain(*run).stdout)["feature_drift"] == drift
    (tmp_path / "s.csv.report.json").replace(tmp_path / "s.parquet.report.json")
    message = refused(tmp_path, *run)
    assert (
        f"outputs: expected the report of the scores that it is beside; got the report of other scores than {new}"
        in message
    )


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("decile", ["x"], "column decile: expected values of type int64; got"),
        ("decile", [None], "column decile: expected a value in every row; got 1 rows without"),
        ("decile", [11], "row 1, column decile: expected 1 to 10; got 11"),
        ("probability", [float("nan")], "row 1, column probability: expected 0 to 1; got nan"),
        ("probability", [[0.5]], "column probability: expected values of type double; got"),
        ("model_id", [None], "column model_id: expected a value in every row"),
        ("customer_id", [["C1"]], "column customer_id: expected values of type string; got"),
    ],
)
def test_scores_with_invalid_values_are_refused(
    name: str, values: list[object], expected: str, model: Model, scores: pa.Table
) -> None:
    with pytest.raises(TableError, match=f"week: {expected}"):
        read_run(with_column(scores.slice(0, 1), name, pa.array(values)), model, "week")


def test_duplicate_columns_are_refused_by_every_reader(model: Model, scores: pa.Table, customers: pa.Table) -> None:
    twice = scores.append_column("segment_id", scores["segment_id"])
    for read in (read_run, scored_segments):
        with pytest.raises(TableError, match="week: column segment_id: expected one column of this name; got 2"):
            read(twice, model, "week")
    with pytest.raises(TableError, match=f"column {LABEL}: expected one column of this name; got 2"):
        read_outcomes(customers.append_column(LABEL, customers[LABEL]), model, "week")
    with pytest.raises(TableError, match=f"column {LABEL}: expected 0 or 1; got list"):
        read_outcomes(with_column(customers.slice(0, 1), LABEL, pa.array([[1]])), model, "week")
    with pytest.raises(TableError, match="week: column segment_id: expected a value in every row; got 1 rows without"):
        scored_segments(with_column(scores.slice(0, 1), "segment_id", pa.nulls(1, pa.string())), model, "week")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([None], pa.float64()), "column true_probability: expected a value in every row"),
        (pa.array([[0.5]]), "column true_probability: expected values of type double"),
    ],
)
def test_invalid_true_probabilities_are_refused(
    values: pa.Array, expected: str, some_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "t.arrow"
    tables.write(pa.table({"customer_id": ["C1"], "true_probability": values}), path)
    message = refused(tmp_path, "train", some_file, "--model", tmp_path / "m", "--truth", path, "--quiet")
    assert f"t.arrow: {expected}" in message
