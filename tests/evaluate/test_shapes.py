"""Facts of the audit pack: shape counts, data quality, robustness and the drift baseline."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from helpers import LABEL, OPTIONS
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from northstar_explain import metrics
from northstar_explain.contract import Category, Columns, Contract, check, columns_of
from northstar_explain.contract.columns import rows_of
from northstar_explain.evaluate import data_quality, drift_baseline
from northstar_explain.evaluate.robustness import range_facts
from northstar_explain.evaluate.shape_counts import ROW_SETS, shape_table
from northstar_explain.learn import splits
from northstar_explain.model import Model, points
from northstar_explain.model.evaluation.limits import CORRELATED, PSI_LOOK, PSI_REVIEW
from northstar_explain.model.golden_scores import EXPECTED, INTERPRET_PROBABILITY
from northstar_explain.model.scorecard import CategoryBins, NumberBins, Scorecard, Term


def test_shape_counts_match_the_scorecard_row_by_row(model: Model) -> None:
    card, shapes = points.to_table(model.scorecard), model.shapes
    for name in ("term", "bin_1", "bin_2"):
        assert shapes[name].equals(card[name])
    np.testing.assert_array_equal(shapes["train_n"].to_numpy(), card["customers"].to_numpy())


@pytest.mark.parametrize("part", ROW_SETS)
def test_every_term_counts_every_customer_and_buyer_once(model: Model, customers: pa.Table, part: str) -> None:
    label = customers[LABEL].to_numpy()
    split = splits.stratified(label, OPTIONS.validation, OPTIONS.holdout, OPTIONS.seed)
    rows = split.train if part == "train" else split.holdout
    columns = rows_of(columns_of(check(customers, model.contract).accepted, model.contract.features), rows)
    predicted = model.scorecard.probability(columns).sum()
    sums = model.shapes.group_by("term").aggregate([(f"{part}_{name}", "sum") for name in ("n", "buyers", "predicted")])
    for term in sums.to_pylist():
        assert (term[f"{part}_n_sum"], term[f"{part}_buyers_sum"]) == (len(rows), label[rows].sum())
        assert term[f"{part}_predicted_sum"] == pytest.approx(predicted)


def test_a_bin_holds_its_own_customers() -> None:
    term = Term((NumberBins("x", np.array([1.0])), CategoryBins("c", {"a": 1})), np.zeros((4, 3)), np.zeros((4, 3)),
                np.zeros((4, 3)))  # fmt: skip
    columns: Columns = {
        "x": np.array([0.0, 1.0, np.nan, 2.0]),
        "c": Category(np.array([0, 0, -1, 1], np.int32), ("a", "new")),
    }
    table = shape_table(Scorecard(0.0, (term,)), (columns, np.array([1, 0, 1, 1])), (columns, np.array([0, 0, 0, 1])))
    found = {(row["bin_1"], row["bin_2"]): row for row in table.to_pylist() if row["train_n"]}
    assert {place: (row["train_buyers"], row["holdout_buyers"]) for place, row in found.items()} == {
        (1, 1): (1, 0), (2, 1): (0, 0), (0, 0): (1, 0), (2, 2): (1, 1),
    }  # fmt: skip
    assert all(row["train_predicted"] == 0.5 for row in found.values())


def test_golden_rows_have_the_probability_of_interpret(model: Model) -> None:
    ours, theirs = (model.golden[name].to_numpy() for name in (EXPECTED[1], INTERPRET_PROBABILITY))
    assert np.abs(ours - theirs).max() <= 1e-12


columns = st.integers(2, 40).flatmap(
    lambda n: st.tuples(*[arrays.arrays(np.float64, n, elements=st.integers(-3, 3).map(float))] * 2)
)


@given(columns)
def test_ranks_agree_with_scipy(pair: tuple[np.ndarray, np.ndarray]) -> None:
    first, second = pair
    measure, value = data_quality.association(first, second)
    assert measure == "Spearman"
    varies = np.ptp(first) > 0 and np.ptp(second) > 0
    assert value == pytest.approx(stats.spearmanr(first, second).statistic if varies else 0.0)


@given(arrays.arrays(np.int32, (2, 30), elements=st.integers(0, 3)))
def test_cramers_v_agrees_with_scipy(codes: np.ndarray) -> None:
    first, second = (Category(row, ("a", "b", "c", "d")) for row in codes)
    joint = np.zeros((4, 4), int)
    np.add.at(joint, tuple(codes), 1)
    joint = joint[joint.sum(1) > 0][:, joint.sum(0) > 0]
    want = stats.contingency.association(joint, "cramer") if min(joint.shape) > 1 else 0.0
    measure, value = data_quality.association(first, second)
    assert measure == "Cramér's V"
    assert value == pytest.approx(want)


def test_a_number_that_a_category_determines_has_correlation_ratio_1() -> None:
    group = Category(np.array([0, 0, 1, 1, -1], np.int32), ("a", "b"))
    for order in ((group, np.array([1.0, 1.0, 5.0, 5.0, 9.0])), (np.array([1.0, 1.0, 5.0, 5.0, np.nan]), group)):
        measure, value = data_quality.association(*order)
        assert measure == "correlation ratio"
        assert value == pytest.approx(1.0)
    assert data_quality.association(np.full(3, np.nan), np.arange(3.0)) == ("none", 0.0)


def test_only_strongly_associated_features_are_reported(model: Model) -> None:
    pairs = model.evaluation.data.correlated
    assert pairs
    assert all(abs(pair.value) >= CORRELATED for pair in pairs)
    assert {pairs[0].first, pairs[0].second} <= {feature.name for feature in model.contract.model_features}


def test_missing_values_and_splits_are_counted(model: Model, customers: pa.Table, contract: Contract) -> None:
    facts = model.evaluation.data
    label = customers[LABEL].to_numpy()
    assert sum(part.n for part in facts.splits) == len(label)
    assert sum(part.buyers for part in facts.splits) == label.sum()
    assert [item.feature for item in facts.missing] == [feature.name for feature in contract.features]
    for item in facts.missing:
        assert (item.train > 0) == (contract[item.feature].missing is not None)


def test_a_single_bag_agrees_with_the_model(model: Model) -> None:
    bags = model.evaluation.robustness.bags
    assert (bags.bags, bags.n) == (2, 1_200)
    for name in ("same_flag", "same_decile", "same_top_reason", "same_top_three"):
        assert 0.5 < getattr(bags, name) <= 1, name
    assert 0 < bags.probability_spread.mean < bags.probability_spread.p95 < 0.5


def test_far_out_of_range_the_score_is_that_of_the_outermost_bin() -> None:
    term = Term((NumberBins("x", np.array([1.0, 2.0])),), np.array([0.0, -1.0, 0.0, 1.0, 0.0]), np.zeros(5), np.ones(5))
    scorecard, columns = Scorecard(0.0, (term,)), {"x": np.array([1.5, 1.5])}

    class Feature:
        name = "x"

    (facts,) = range_facts(scorecard, {"x": np.array([0.5, 2.5])}, columns, [Feature()], seed=0)  # type: ignore[list-item]
    change = 1 / (1 + np.exp(-1)) - 0.5
    assert (facts.seen_low, facts.seen_high) == (0.5, 2.5)
    assert (facts.below, facts.above, facts.largest) == pytest.approx((-change, change, change))


def test_the_drift_baseline_counts_every_customer_once(model: Model) -> None:
    sums = model.drift.group_by(["of", "name"]).aggregate([("train_n", "sum"), ("holdout_n", "sum")]).to_pylist()
    assert {(row["of"], row["name"]) for row in sums} == {
        *(("feature", feature.name) for feature in model.contract.features),
        ("probability", "probability"),
        ("segment", "segment"),
    }
    assert {(row["train_n_sum"], row["holdout_n_sum"]) for row in sums} == {(4_200, 1_200)}


def test_ranges_of_the_baseline_meet_without_a_gap(model: Model) -> None:
    for name in (feature.name for feature in model.contract.features if feature.kind.numeric):
        ranges = [row for row in model.drift.to_pylist() if (row["name"], row["what"]) == (name, "range")]
        assert ranges[0]["lower"] is None
        assert ranges[-1]["upper"] is None
        assert all(a["upper"] == b["lower"] for a, b in pairwise(ranges))
        assert all(row["train_n"] > 0 for row in ranges)


@given(arrays.arrays(np.int64, 5, elements=st.integers(0, 50)), arrays.arrays(np.int64, 5, elements=st.integers(0, 50)))
def test_the_stability_index_is_zero_for_equal_shares_and_never_negative(first: np.ndarray, second: np.ndarray) -> None:
    first[0] += 1
    second[0] += 1
    assert metrics.population_stability(first, first) == 0
    assert metrics.population_stability(first, second) >= 0
    assert metrics.population_stability(first, second) == pytest.approx(metrics.population_stability(second, first))


def test_a_shift_raises_the_stability_index() -> None:
    shares = np.array([500, 500])
    # (0.7 - 0.5) ln(0.7 / 0.5) + (0.3 - 0.5) ln(0.3 / 0.5)
    assert metrics.population_stability(shares, np.array([700, 300])) == pytest.approx(0.1695, abs=1e-3)


def test_drift_facts_rank_the_holdout(model: Model) -> None:
    facts = drift_baseline.drift_facts(model.drift)
    assert facts == model.evaluation.drift
    sizes = [one.psi for one in facts.holdout]
    assert sizes == sorted(sizes, reverse=True)
    assert 0 <= sizes[-1] <= sizes[0] < PSI_LOOK < PSI_REVIEW
