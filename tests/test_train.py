"""Training from end to end, small and quick: what goes in, what may not, and what is kept apart."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from helpers import LABEL, OPTIONS, TINY, explain, learn, plain, read, with_cells, with_column

from northstar_explain import model as models
from northstar_explain import tables, training
from northstar_explain.contract import Contract, check, columns_of, parse
from northstar_explain.errors import TableError
from northstar_explain.evaluate.holdout_metrics import measure
from northstar_explain.evaluate.ranking import Ranked
from northstar_explain.learn import splits
from northstar_explain.metrics import best_f1_threshold
from northstar_explain.model import Model
from northstar_explain.model.evaluation.metric_registry import AVERAGE_PRECISION, BRIER, ECE, F1, ROC_AUC
from northstar_explain.model.holdout_evidence import kept_probability
from northstar_explain.training import Trained, TrainingOptions


@pytest.fixture(scope="module")
def tiny(few: pa.Table, contract: Contract) -> Trained:
    return learn(few, contract, TINY)


def test_the_label_never_reaches_the_segments(few: pa.Table, contract: Contract, tiny: Trained) -> None:
    label = few[LABEL].to_numpy()
    for changed in (np.random.default_rng(0).permutation(label), 1 - label):
        other = learn(with_column(few, LABEL, changed), contract, TINY).model
        assert other.files["segments.json"] == tiny.model.files["segments.json"]
        assert other.files["purchase.json"] != tiny.model.files["purchase.json"]


def test_the_same_table_and_seed_give_the_same_bytes(few: pa.Table, contract: Contract, tiny: Trained) -> None:
    again = learn(few, contract, TINY).model
    assert dict(again.files) == dict(tiny.model.files)
    assert again.manifest == tiny.model.manifest


def test_another_seed_gives_another_model(few: pa.Table, contract: Contract, tiny: Trained) -> None:
    assert learn(few, contract, replace(TINY, seed=2)).model.id != tiny.model.id


def test_a_later_table_is_the_holdout_and_no_row_of_it_is_fitted_to(
    few: pa.Table, customers: pa.Table, contract: Contract
) -> None:
    later = customers.slice(3_000, 1_000)
    first = learn(few, contract, TINY, later).model
    second = learn(few, contract, TINY, with_column(later, LABEL, 1 - later[LABEL].to_numpy())).model
    assert first.id == second.id  # whatever the later label is
    purchase = first.evaluation.purchase
    assert purchase.out_of_time
    assert (purchase.train_n, purchase.validation_n, purchase.holdout.n) == (1_350, 150, 1_000)
    accepted = check(later, contract, label=True).accepted
    probability = first.scorecard.probability(columns_of(accepted, contract.features))
    label = accepted[LABEL].to_numpy()
    kept = kept_probability(probability, (*first.purchase.percentiles, first.purchase.threshold))
    assert purchase.holdout.figures.values == measure(Ranked(label, kept, first.purchase.threshold))
    assert first.manifest["data"]["holdout_sha256"]
    assert first.evaluation.purchase.holdout != second.evaluation.purchase.holdout


def test_the_holdout_decides_nothing(customers: pa.Table, contract: Contract, model: Model) -> None:
    """The threshold comes from the validation rows, the percentiles from those and the training rows."""
    columns = columns_of(check(customers, contract).accepted, contract.features)
    label = customers[LABEL].to_numpy()
    split = splits.stratified(label, OPTIONS.validation, OPTIONS.holdout, OPTIONS.seed)
    probability = model.scorecard.probability(columns)
    assert model.purchase.threshold == best_f1_threshold(label[split.validation], probability[split.validation])
    known = np.concatenate([split.train, split.validation])
    np.testing.assert_array_equal(model.purchase.percentiles, np.quantile(probability[known], np.linspace(0, 1, 1001)))
    kept = kept_probability(probability[split.holdout], (*model.purchase.percentiles, model.purchase.threshold))
    held = Ranked(label[split.holdout], kept, model.purchase.threshold)
    assert model.evaluation.purchase.holdout.figures.values == measure(held)


@pytest.mark.parametrize("n", [10, 11, 999, 5_000])
def test_a_split_takes_each_row_once_and_keeps_the_base_rate(n: int) -> None:
    label = (np.random.default_rng(n).random(n) < 0.2).astype(int)
    split = splits.stratified(label, 0.1, 0.2, seed=3)
    assert np.array_equal(np.sort(np.concatenate(split)), np.arange(n))
    for rows in split:
        assert np.array_equal(rows, np.sort(rows))
        assert abs(label[rows].sum() - len(rows) * label.mean()) <= 1.5
    assert all(np.array_equal(a, b) for a, b in zip(split, splits.stratified(label, 0.1, 0.2, seed=3), strict=True))
    assert not np.array_equal(split.train, splits.stratified(label, 0.1, 0.2, seed=4).train)


def test_the_contract_says_which_features_are_used(model: Model, contract: Contract) -> None:
    assert set(model.scorecard.features) <= {feature.name for feature in contract.model_features}
    allowed = {feature.name for feature in contract.segment_features}
    assert set(model.evaluation.segments.rule_features) <= allowed
    compared = {name for theme in model.evaluation.segments.themes for name in theme.features}
    assert compared <= {feature.name for feature in contract.likeness_features}


def test_a_direction_in_the_contract_binds_the_points(model: Model, contract: Contract) -> None:
    bound = {feature.name: feature.monotone for feature in contract.features if feature.monotone}
    assert bound
    terms = {term.name: term for term in model.scorecard.terms}
    for name, direction in bound.items():
        points = terms[name].points[1:-1]  # without missing and unseen
        steps = [b - a for a, b in pairwise(points)]
        assert all(step >= -1e-12 if direction == "up" else step <= 1e-12 for step in steps), name


def test_a_direction_holds_for_whole_customers(model: Model, contract: Contract, customers: pa.Table) -> None:
    """Pairs of features could bend what a feature alone keeps to."""
    columns = columns_of(check(customers.slice(0, 200), contract).accepted, contract.features)
    for feature in contract.model_features:
        if feature.monotone and feature.name in model.purchase.ranges:
            low, high = model.purchase.ranges[feature.name]
            steps = [
                model.scorecard.probability({**columns, feature.name: np.full(200, value)})
                for value in np.linspace(low, high, 40)
            ]
            turned = np.diff(steps, axis=0) * (1 if feature.monotone == "up" else -1)
            assert turned.min() >= -1e-12, feature.name
            assert turned.max() > 0, feature.name


def test_a_direction_is_kept_against_the_data(few: pa.Table, contract: Contract, tiny: Trained) -> None:
    """Whoever visits more buys more; told the opposite, the model must not say so."""
    table = contract.text.replace("[features.sessions_30d]", '[features.sessions_30d]\nmonotone = "down"')
    scorecard = learn(few, parse(table), TINY).model.scorecard
    points = next(term.points for term in scorecard.terms if term.name == "sessions_30d")[1:-1]
    assert np.diff(points).max() <= 1e-12
    free = tiny.model.scorecard
    assert np.diff(next(term.points for term in free.terms if term.name == "sessions_30d")[1:-1]).max() > 0.1


def test_every_figure_is_finite_and_probable(model: Model) -> None:
    held = model.evaluation.purchase.holdout
    shares = [held.figures[one] for one in (ROC_AUC, F1, AVERAGE_PRECISION, BRIER, ECE)]
    assert all(0 < value < 1 for value in (*shares, held.threshold, held.base_rate))
    assert held.n == 1_200
    segments = model.evaluation.segments
    assert segments.price_of_explainability >= 1
    assert 0 < segments.fidelity <= 1
    assert segments.k == len(model.segmentation.segments) <= segments.rules
    outcomes = segments.holdout_outcomes
    assert sum(outcome.n for outcome in outcomes.values()) == held.n
    assert sum(outcome.share_of_buyers for outcome in outcomes.values()) == pytest.approx(1)


def test_the_simulated_shop_can_be_learnt_even_small(model: Model) -> None:
    held = model.evaluation.purchase.holdout
    assert held.figures[ROC_AUC] > 0.78
    assert held.figures[F1] > held.f1_everyone + 0.1
    assert held.figures[BRIER] < held.brier_base_rate
    assert held.figures[ECE] < 0.06


def test_rejected_rows_are_left_out_and_told(few: pa.Table, contract: Contract, tmp_path: Path) -> None:
    trained = learn(with_cells(few, "sessions_30d", {0: -1, 9: -1}), contract, TINY)
    assert trained.rejected["row"].to_pylist() == [1, 10]
    data = trained.model.manifest["data"]
    assert (data["rows"], data["accepted"], data["rejected"]) == (1_500, 1_498, 2)
    assert sum(segment.customers for segment in trained.model.segmentation.segments) == 1_498


def test_1000_customers_are_enough_and_999_are_not(customers: pa.Table, contract: Contract) -> None:
    assert learn(customers.slice(0, 1_000), contract, TINY).model.manifest["data"]["accepted"] == 1_000
    with pytest.raises(TableError, match="expected at least 1,000 valid customers to learn from; got 999"):
        learn(with_cells(customers.slice(0, 1_000), "sessions_30d", {5: -1}), contract, TINY)


def test_a_later_table_of_one_class_is_refused(few: pa.Table, customers: pa.Table, contract: Contract) -> None:
    with pytest.raises(TableError, match=f"later: column {LABEL}: expected both 0 and 1; got only 0 in all 100 valid"):
        learn(few, contract, TINY, with_column(customers.slice(0, 100), LABEL, [0] * 100))


def test_too_few_features_that_may_define_segments_are_refused(few: pa.Table, contract: Contract) -> None:
    text = contract.text.replace("segments = true", "segments = false")
    with pytest.raises(TableError, match="expected at least two features with segments = true that vary; got 0"):
        learn(few, parse(text), TINY)


@pytest.mark.slow
def test_the_command_trains_a_model_that_the_other_commands_take(customers: pa.Table, tmp_path: Path) -> None:
    """The real thing at its real settings, but for the number of customers."""
    path, folder = tmp_path / "customers.csv", tmp_path / "model"
    tables.write(with_cells(customers.slice(0, 1_500), "sessions_30d", {7: -1}), path)
    command = ["train", path, "--model", folder, "--segments", 4, "--seed", 5, "--date", "2026-03-01", "--quiet"]
    result = explain(*command)
    assert result.exit_code == 0
    rejects = tmp_path / "model.rejected.csv"
    reason = "sessions_30d: expected 0 to 5000; 1 rows with others, such as row 8: '-1'"
    assert plain(result.stderr) == f"explain: 1 of 1,500 rows (0.07%) rejected; see {rejects} explain: {reason}"
    assert read(rejects)["row"].to_pylist() == ["8"]
    loaded = models.load(folder)
    assert loaded.id in result.stdout
    assert (loaded.manifest["date"], loaded.manifest["options"]["seed"]) == ("2026-03-01", 5)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert explain(*command, "--overwrite", "--max-rejected", 0).exit_code == 1
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    scored = explain("score", path, "--model", folder, "--out", tmp_path / "s.csv", "--quiet", "--json")
    assert json.loads(scored.stdout)["scored"] == 1_499
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_rejected_rows_of_the_holdout_are_kept(customers: pa.Table, contract: Contract) -> None:
    later = with_cells(customers.slice(3_000, 1_000), "sessions_30d", {7: -1})
    trained = learn(customers.slice(0, 1_500), contract, TINY, later)
    assert trained.later_rejected is not None
    assert trained.later_rejected["row"].to_pylist() == [8]
    assert trained.model.evaluation.purchase.holdout.n == 999


def test_too_few_valid_rows_say_why_the_others_were_rejected(customers: pa.Table, contract: Contract) -> None:
    broken = with_cells(customers.slice(0, 1_200), "sessions_30d", dict.fromkeys(range(300), -1))
    with pytest.raises(TableError, match=r"got 900, and 300 rejected, the first \(row 1\): sessions_30d: expected"):
        learn(broken, contract, replace(TINY, max_rejected=0.5))


def test_the_old_name_of_the_options_works_for_a_version_with_a_warning() -> None:
    with pytest.warns(FutureWarning, match="training.Options is now TrainingOptions"):
        assert training.Options is TrainingOptions
    with pytest.raises(AttributeError, match="no attribute 'Option'"):
        training.Option  # noqa: B018


def test_columns_of_types_that_arrow_cannot_slice_or_make_empty_do_not_stop_training(
    few: pa.Table, contract: Contract, tiny: Trained
) -> None:
    category = next(one.name for one in contract.features if one.kind == "category")
    place = few.column_names.index(category)
    views = few.set_column(place, category, few[category].combine_chunks().cast(pa.string()).cast(pa.string_view()))
    numbers = pa.array(np.zeros(few.num_rows, dtype=np.int8))
    union = pa.UnionArray.from_sparse(numbers, [pa.array(np.arange(few.num_rows))])
    odd = views.append_column("note", union)
    assert learn(odd, contract, TINY).model.segmentation.tree == tiny.model.segmentation.tree
