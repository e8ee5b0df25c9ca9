"""Tables larger than a fit needs, and tables in which rows repeat."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from helpers import LABEL, OPTIONS, TINY, explain, learn, plain, with_cells, with_column

from northstar_explain import metrics, tables
from northstar_explain.cli.fact_tables import facts_text
from northstar_explain.contract import Contract, check, columns_of
from northstar_explain.contract.columns import rows_of
from northstar_explain.learn import fit_purchase_model, splits
from northstar_explain.learn.copies import find_copies
from northstar_explain.model import Model
from northstar_explain.report.audit.chapters import identity
from northstar_explain.training import Source, Trained, TrainingOptions, train
from northstar_explain.training.manifest import _HASHED, table_hash

SAMPLED = replace(TINY, fit_rows=1_000)


@pytest.fixture(scope="module")
def sampled(customers: pa.Table, contract: Contract) -> Trained:
    return learn(customers, contract, SAMPLED)


@pytest.fixture(scope="module")
def repeated(customers: pa.Table) -> pa.Table:
    """500 customers, each eight times under ids of its own, in mixed order."""
    rows = np.random.default_rng(3).permutation(np.tile(np.arange(500), 8))
    table = customers.take(pa.array(rows))
    return with_column(table, "customer_id", [f"R{number}" for number in range(len(rows))])


def test_a_fit_uses_a_sample_and_the_evaluation_all_rows(sampled: Trained) -> None:
    model = sampled.model
    assert model.manifest["data"]["fit_rows"] == {
        "purchase": {"used": 1_000, "of": 4_200},
        "segments": {"used": 1_000, "of": 4_800},
    }
    assert model.manifest["options"]["fit_rows"] == 1_000
    facts = model.evaluation.purchase
    assert (facts.train_n, facts.validation_n, facts.holdout.n) == (1_000, 600, 1_200)
    assert model.evaluation.segments.fidelity_n == 1_200
    assert sum(segment.customers for segment in model.segmentation.segments) == 6_000
    assert model.scorecard.terms[0].customers.sum() == 1_000


def test_a_sample_is_reported_wherever_the_rows_are(sampled: Trained, model: Model) -> None:
    text = "fitted to a random sample of the rows: purchase to 1,000 of 4,200, segments to 1,000 of 4,800"
    assert text in facts_text(sampled.model)
    assert "random sample" not in facts_text(model)
    assert "1,000 of 4,200 rows, sampled at random" in str(identity.data(sampled.model))
    assert "rows, sampled at random" not in str(identity.data(model))


def test_as_many_rows_as_a_fit_may_use_are_all_used(few: pa.Table, contract: Contract) -> None:
    whole = learn(few, contract, TINY).model
    at_limit = learn(few, contract, replace(TINY, fit_rows=1_200)).model  # 1,050 train, 1,200 are for segments
    assert dict(at_limit.files) == dict(whole.files)
    assert learn(few, contract, replace(TINY, fit_rows=1_000)).model.id != whole.id


def test_northstars_own_table_is_fitted_whole() -> None:
    rows = 240_000
    assert TrainingOptions().fit_rows >= rows * (
        1 - TrainingOptions.holdout
    )  # of which segments learn; the purchase model of fewer


def test_another_label_samples_the_same_rows_for_the_segments(customers: pa.Table, contract: Contract) -> None:
    flipped = with_column(customers, LABEL, 1 - customers[LABEL].to_numpy())
    one, other = (learn(table, contract, SAMPLED).model.files["segments.json"] for table in (customers, flipped))
    assert one == other


def test_a_sample_is_the_same_for_the_same_seed_and_has_no_row_twice() -> None:
    rows = splits.sample(5_000, 1_000, seed=1)
    assert len(rows) == len(np.unique(rows)) == 1_000
    assert np.array_equal(rows, splits.sample(5_000, 1_000, seed=1))
    assert not np.array_equal(rows, splits.sample(5_000, 1_000, seed=2))
    assert np.array_equal(splits.sample(1_000, 1_000, seed=1), np.arange(1_000))


def test_groups_are_sampled_whole() -> None:
    groups = np.random.default_rng(0).integers(0, 400, 5_000)
    rows = splits.sample(5_000, 1_000, seed=1, groups=groups)
    assert 1_000 - np.bincount(groups).max() < len(rows) <= 1_000
    assert not set(groups[rows]) & set(np.delete(groups, rows))
    one = splits.sample(100, 10, seed=1, groups=np.zeros(100))  # larger than the sample, but nothing is no sample
    assert len(one) == 100


def test_too_few_rows_to_fit_on_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="fit_rows: expected 1,000 or more; got 999"):
        TrainingOptions(fit_rows=999)
    assert explain("train", "t.parquet", "--model", tmp_path / "m", "--fit-rows", 999).exit_code == 2


def test_repeated_rows_are_kept_together_and_reported(repeated: pa.Table, contract: Contract) -> None:
    model = learn(repeated, contract, TINY).model
    assert model.manifest["data"]["repeated"] == 3_500
    facts = model.evaluation.purchase
    together = facts.group_split
    assert together is not None
    assert together.column is None
    assert (together.train, together.validation, together.holdout) == (350, 50, 100)
    assert (facts.train_n, facts.holdout.n) == (2_800, 800)
    assert "100 different rows; 400 others were used to train, none for both" in facts_text(model)
    assert "Rows that are equal in every feature form a group" in str(identity.data(model))


def test_an_ebm_stops_as_early_as_without_copies_and_ranks_as_well(customers: pa.Table, contract: Contract) -> None:
    """With copies on both sides of early stopping, boosting would go on until it has memorised the rows."""
    features = contract.model_features[:6]
    columns, label = columns_and_label(customers.slice(0, 1_000), contract)
    other, other_label = columns_and_label(customers.slice(3_000, 3_000), contract)
    options = replace(OPTIONS.purchase, interactions=0, learning_rate=0.3)
    rows = np.random.default_rng(3).permutation(np.tile(np.arange(1_000), 8))
    results = []
    for some in (np.arange(1_000), rows):
        fitted = rows_of(columns, some)
        copies = find_copies(fitted, contract.model_features, label[some])
        groups = copies.groups if copies else None
        ebm = fit_purchase_model.fit(fitted, label[some], features, options, 1, groups=groups)
        auc = metrics.roc_auc(other_label, ebm.predict_proba(fit_purchase_model.frame(other, features))[:, 1])
        results.append((int(np.max(ebm.best_iteration_)), auc))
    (rounds, auc), (rounds_of_copies, auc_of_copies) = results
    assert rounds_of_copies < 3 * rounds
    assert auc_of_copies > auc - 0.01


@pytest.mark.parametrize("share", [0, 0.005, 0.02])
def test_copies_are_found_where_they_matter(share: float, customers: pa.Table, contract: Contract) -> None:
    again = round(share * 6_000)
    columns, label = columns_and_label(pa.concat_tables([customers, customers.slice(0, again)]), contract)
    copies = find_copies(columns, contract.model_features, label)
    if share < 0.01:
        assert copies is None
    else:
        assert copies is not None and copies.repeated == again
        assert np.array_equal(copies.groups[:again], copies.groups[6_000:])
        assert len(np.unique(copies.groups)) == 6_000


def test_customers_who_are_alike_are_no_copies(customers: pa.Table, contract: Contract) -> None:
    """Few features of few values, as in a survey: most rows are equal to another, and each is a customer of its own."""
    rng = np.random.default_rng(0)
    columns, _ = columns_and_label(customers, contract)
    columns = dict.fromkeys(columns, rng.integers(0, 300, 6_000) / 1.0)
    assert find_copies(columns, contract.model_features, (rng.random(6_000) < 0.2).astype(int)) is None
    inactive = np.where(rng.random(6_000) < 0.3, 0.0, rng.random(6_000))
    columns = dict.fromkeys(columns, inactive)
    assert (
        find_copies(columns, contract.model_features, ((inactive > 0) & (rng.random(6_000) < 0.2)).astype(int)) is None
    )


def test_missing_values_and_zeros_of_either_sign_are_equal(contract: Contract) -> None:
    name = contract.model_features[0].name
    values = np.repeat([0.0, np.nan, 1.0, *range(2, 40)], 2)
    values[1] = -0.0
    copies = find_copies({name: values}, contract.model_features[:1], np.repeat(np.arange(41) % 2, 2))
    assert copies is not None and copies.repeated == 41


def test_the_command_warns_of_repeated_rows(
    customers: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("northstar_explain.training.train", lambda *args, **more: learn(args[0].table, args[1], TINY))
    again = with_cells(customers.slice(0, 500), "customer_id", {row: f"R{row}" for row in range(500)})
    path = tmp_path / "twice.parquet"
    tables.write(pa.concat_tables([customers.slice(0, 1_500), again]), path)
    result = explain("train", path, "--model", tmp_path / "model", "--quiet")
    assert result.exit_code == 0
    assert "500 of 2,000 rows (25.0%) repeat another row in every feature" in plain(result.stderr)
    assert json.loads((tmp_path / "model" / "manifest.json").read_bytes())["data"]["repeated"] == 500


def test_the_hash_of_a_table_does_not_depend_on_its_pieces() -> None:
    rows = _HASHED + 1_000
    numbers, texts = np.arange(rows) % 1_000, pa.array(["a", "b", None, "d"] * (rows // 4))
    table = pa.table({"n": pa.array(numbers, mask=numbers == 7), "t": texts, "d": texts.dictionary_encode()})
    pieces = pa.concat_tables([table.slice(0, 10), table.slice(10, 77_777), table.slice(77_787)])
    assert table_hash(table) == table_hash(pieces)
    changed = pa.concat_tables([table.slice(0, rows - 1), table.slice(0, 1)])
    assert table_hash(table) != table_hash(changed)


def columns_and_label(table: pa.Table, contract: Contract) -> tuple[dict[str, Any], np.ndarray]:
    """Columns and label of a table in which ids may repeat."""
    table = with_column(table, "customer_id", [f"R{number}" for number in range(table.num_rows)])
    accepted = check(table, contract, label=True).accepted
    return columns_of(accepted, contract.features), accepted[LABEL].to_numpy()


def test_experiments_are_evaluated_on_no_more_rows_than_they_need(
    few: pa.Table, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("northstar_explain.evaluate.experiments.HOLDOUT_ROWS", 200)
    monkeypatch.setattr("northstar_explain.evaluate.experiments.SHUFFLES", 1)
    small = replace(OPTIONS.purchase, interactions=0, outer_bags=1, max_bins=8, early_stopping_rounds=2)
    monkeypatch.setattr("northstar_explain.evaluate.experiments._EBM_OPTIONS", small)
    model = learn(few, contract, replace(TINY, experiments=True)).model
    assert model.evaluation.experiments is not None
    assert model.evaluation.experiments.holdout_n == 200
    assert model.evaluation.purchase.holdout.n == 300


def test_the_tables_are_released_before_the_fits(few: pa.Table, contract: Contract) -> None:
    class Begun(Exception):
        pass

    held = []

    def stop(stage: str) -> None:
        if stage == "running the leakage check":
            held.append(pa.total_allocated_bytes())
            raise Begun

    def source() -> Source:  # which nobody holds but the run
        unused = pa.array([bytes(20_000)]).take(pa.array([0] * few.num_rows))
        return Source(few.append_column("unused", unused), "customers")

    before = pa.total_allocated_bytes()
    with pytest.raises(Begun):
        train(source(), contract, TINY, stop)
    assert held[0] - before < 20_000 * few.num_rows / 10


def test_a_fit_ends_though_a_feature_is_the_label_in_disguise(few: pa.Table, contract: Contract) -> None:
    """Its log loss falls with every step, and early stopping never comes."""
    label = few[LABEL].to_numpy()
    columns = {**columns_of(few, contract.features), "product_views_30d": 50.0 * label}
    features = [contract["product_views_30d"], contract["sessions_30d"]]
    options = replace(TINY.purchase, interactions=0, outer_bags=2)
    ebm = fit_purchase_model.fit(columns, label, features, options, seed=0)
    rounds = np.asarray(ebm.best_iteration_).max() / len(features)
    assert 100 < rounds <= fit_purchase_model.MOST_ROUNDS
