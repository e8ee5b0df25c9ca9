"""The purchase model's facts: baselines, groups, leakage alarms, and the experiments of the comparison."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from helpers import TINY, learn, with_column

from northstar_explain.contract import Category, Contract, columns_of, parse
from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Feature
from northstar_explain.contract.kinds.registry import kind_named
from northstar_explain.errors import ContractError, TableError
from northstar_explain.evaluate.groups import group_facts
from northstar_explain.evaluate.leakage import require_credible, require_no_leak
from northstar_explain.evaluate.logistic_all import logistic_all
from northstar_explain.evaluate.model_quality import Predictions, Trial, figures_of, purchase_facts
from northstar_explain.evaluate.segments_by_decile import driver_facts, matrix_facts
from northstar_explain.learn import splits
from northstar_explain.metrics import best_f1_threshold, roc_auc
from northstar_explain.model import Model
from northstar_explain.model.evaluation.limits import SUBGROUP_MIN_CUSTOMERS as FEWEST
from northstar_explain.model.evaluation.metric_registry import BRIER_SKILL, ECE, F1, METRICS, ROC_AUC
from northstar_explain.model.evaluation.purchase_facts import Gaps
from northstar_explain.model.evaluation.rate_facts import Decile
from northstar_explain.model.evaluation.together_facts import DecileCell
from northstar_explain.model.rules import assign
from northstar_explain.simulate import simulate
from northstar_explain.training import Source, train

LABEL = "purchased_next_30d"


COMPARED = replace(
    TINY, experiments=True, segments=replace(TINY.segments, k=5, conditions=4), margin=20.0, contact_cost=1.0
)


@pytest.fixture(scope="module")
def compared(customers: pa.Table, contract: Contract) -> Model:
    """A small model with everything in its evaluation; with three segments, KMeans has none left for the label."""
    return learn(customers.slice(0, 3_000), contract, COMPARED).model


def trial(seed: int = 0, n: int = 500, **changes: Any) -> Trial:
    """A synthetic holdout, an informative score, and a black box."""
    rng = np.random.default_rng(seed)
    probability = rng.beta(1, 3, n)
    label = (rng.random(n) < probability).astype(int)
    others = {"black_box": Predictions(probability**2, 0.1)}
    return replace(Trial(label, Predictions(probability, 0.3), others, rng.integers(1, 11, n)), **changes)


def test_every_interval_holds_its_figure(model: Model) -> None:
    held = model.evaluation.purchase.holdout
    assert held.figures.values.keys() == METRICS.keys()
    assert held.figures.intervals.keys() == {one.key for one in METRICS.values() if one.interval}
    known = [(held.figures[METRICS[name]], ends) for name, ends in held.figures.intervals.items()]
    known += [(held.base_rate, held.base_rate_interval), (held.f1_everyone, held.f1_everyone_interval)]
    for value, (low, high) in known:
        assert low - 0.02 <= value <= high + 0.02
        assert low < high
    low, high = held.figures.intervals[ECE.key]
    assert low <= held.figures[ECE] <= high  # though every draw overstates it


def test_baselines_are_evaluated_like_the_model(model: Model) -> None:
    purchase = model.evaluation.purchase
    baselines = {one.name: one for one in purchase.baselines}
    names = ["base_rate", "recency_rule", "logistic_rfv", "segment_rate", "logistic_five", "logistic_all", "black_box"]
    assert list(baselines) == names
    assert baselines["base_rate"].figures[ROC_AUC] == 0.5
    assert baselines["base_rate"].figures[F1] == pytest.approx(purchase.holdout.f1_everyone)
    for one in baselines.values():
        assert one.figures[ROC_AUC] + one.roc_auc_behind == pytest.approx(purchase.holdout.figures[ROC_AUC])
        assert one.roc_auc_behind_interval.low <= one.roc_auc_behind_interval.high
    assert purchase.gaps.black_box is not None
    assert purchase.gaps.black_box.behind == pytest.approx(-baselines["black_box"].roc_auc_behind)


def test_a_model_against_itself_is_never_behind() -> None:
    ours = trial().ours
    facts = purchase_facts(trial(others={"twin": ours, "black_box": ours}, truth=ours.probability), 20, seed=0)
    for one in facts.baselines:
        assert one.roc_auc_behind == 0
        assert one.roc_auc_behind_interval == (0, 0)
        assert one.figures.intervals[ROC_AUC.key] == facts.holdout.figures.intervals[ROC_AUC.key]
    assert facts.gaps.true_probability == facts.gaps.black_box
    assert facts.gaps.true_probability is not None and facts.gaps.true_probability.behind == 0
    assert facts.gaps.true_probability.roc_auc == facts.holdout.figures[ROC_AUC]


def test_gaps_are_differences_on_the_same_draws() -> None:
    better = trial().label * 0.5 + trial().ours.probability
    facts = purchase_facts(trial(truth=better), 50, seed=0).gaps
    assert facts.black_box is not None and facts.true_probability is not None
    assert (facts.black_box.behind, facts.black_box.behind_interval) == (0, (0, 0))  # its square ranks alike
    assert facts.true_probability.behind > 0.1
    low, high = facts.true_probability.behind_interval
    assert low < facts.true_probability.behind < high
    assert purchase_facts(trial(others={}), 5, seed=0).gaps == Gaps(None, None)


def test_the_facts_depend_on_the_seed_and_nothing_else() -> None:
    first = purchase_facts(trial(), 20, seed=1)
    assert first == purchase_facts(trial(), 20, seed=1)
    other = purchase_facts(trial(), 20, seed=2)
    assert first.holdout.figures.values == other.holdout.figures.values
    assert first.gains != other.gains


def test_intervals_do_not_depend_on_what_else_is_evaluated() -> None:
    alone = figures_of(trial().label, trial().ours, 20, seed=1)
    assert alone == purchase_facts(trial(), 20, seed=1).holdout.figures


def test_curves_and_cells_count_every_customer_once(model: Model) -> None:
    purchase, together = model.evaluation.purchase, model.evaluation.together
    n = purchase.holdout.n
    buyers = round(n * purchase.holdout.base_rate)
    assert sum(one.n for one in purchase.reliability) == n
    assert sum(one.n for one in purchase.deciles) == n
    cells = [cell for row in together.matrix.values() for cell in row]
    assert sum(cell.n for cell in cells) == n
    assert sum(cell.actual_buyers for cell in cells) == buyers
    captured = [one.captured for one in purchase.gains]
    assert captured == sorted(captured)
    assert (captured[0], captured[-1]) == (0, 1)
    by_segment = [one for one in purchase.subgroups if one.by == "segment"]
    assert sum(one.n for one in by_segment) == n
    ages = [one for one in purchase.subgroups if one.by == "age_band"]
    assert sum(one.n for one in ages) == n


def test_a_small_group_gets_no_metrics(contract: Contract, customers: pa.Table) -> None:
    rng = np.random.default_rng(0)
    columns = columns_of(customers, contract.features)
    n = customers.num_rows
    ids = np.array(["S1"] * (n - FEWEST - FEWEST + 1) + ["S2"] * FEWEST + ["S3"] * (FEWEST - 1))
    label, probability = (rng.random(n) < 0.2).astype(int), rng.random(n)
    groups = {one.name: one for one in group_facts(contract, columns, ids, label, probability, 0.5)}
    assert groups["S2"].n == FEWEST
    assert groups["S2"].base_rate is not None
    by, group, n, *figures = astuple(groups["S3"])
    assert (by, group, n) == ("segment", "S3", FEWEST - 1)
    assert set(figures) == {None}


def test_guests_are_a_group(model: Model) -> None:
    groups = [one.name for one in model.evaluation.purchase.subgroups if one.by == "unknown"]
    assert "Profile: nothing known" in groups
    assert any(one.by == "tenure" for one in model.evaluation.purchase.subgroups)


@pytest.mark.parametrize("form", ["direct", "reversed", "both ends", "missing"])
def test_a_leak_of_any_form_is_found(form: str, customers: pa.Table, contract: Contract) -> None:
    label = customers[LABEL].to_numpy()
    rng = np.random.default_rng(0)
    noise = rng.random(len(label))
    leak = {
        "direct": label + noise,
        "reversed": 2 - label + noise,
        "both ends": np.where(label == 1, 10 * np.sign(noise - 0.5), 0) + noise,
        "missing": np.where(label == 1, np.nan, noise),
    }[form]
    columns = {**columns_of(customers, contract.features), "sessions_30d": leak}
    with pytest.raises(TableError, match="column sessions_30d: expected a ROC-AUC of at most 0.90"):
        require_no_leak(contract, columns, label, "customers", (), seed=0)
    require_no_leak(contract, columns, label, "customers", ("sessions_30d",), seed=0)


def test_a_category_of_many_values_is_no_leak(customers: pa.Table, contract: Contract) -> None:
    """Rates are never evaluated on the rows they came from, so a value that occurs once carries no information."""
    label = customers[LABEL].to_numpy()
    n = len(label)
    own = Category(np.arange(n, dtype=np.int32), tuple(map(str, range(n))))
    columns = {**columns_of(customers, contract.features), "country": own}
    require_no_leak(contract, columns, label, "customers", (), seed=0)


def test_a_model_with_an_implausible_auc_is_refused() -> None:
    with pytest.raises(TableError, match=r"train with --accept-leakage spend, otherwise"):
        require_credible("customers", 0.98, "spend", ())
    require_credible("customers", 0.98, "spend", ("spend",))
    require_credible("customers", 0.97, "spend", ())


def test_training_stops_at_a_leak_unless_it_is_accepted(few: pa.Table, contract: Contract) -> None:
    leaking = with_column(few, "product_views_30d", (few[LABEL].to_numpy() * 50 + 1).astype(float))
    with pytest.raises(TableError, match="--accept-leakage product_views_30d"):
        learn(leaking, contract, TINY)
    accepted = learn(leaking, contract, replace(TINY, accept_leakage=("product_views_30d",))).model
    assert accepted.evaluation.purchase.holdout.figures[ROC_AUC] > 0.99
    assert list(accepted.manifest["options"]["accept_leakage"]) == ["product_views_30d"]


def test_a_leak_of_two_features_together_is_refused(few: pa.Table, contract: Contract) -> None:
    """Two features with half of the label each, so that neither leaks alone: odd rows' purchases, and even rows'."""
    label = few[LABEL].to_numpy()
    odd = np.arange(len(label)) % 2 == 1
    halves = with_column(few, "product_views_30d", np.where(odd, 50.0 * label, 0.0))
    halves = with_column(halves, "wishlist_adds_90d", np.where(odd, 0.0, 50.0 * label))
    with pytest.raises(
        TableError, match=r"fitted model: .* on validation rows, most of it by (product_views_30|wishlist_adds_90)d"
    ):
        learn(halves, contract, TINY)


def test_a_leak_in_the_holdout_alone_changes_nothing(few: pa.Table, contract: Contract) -> None:
    """The leakage check uses training rows only: nothing is decided on the holdout."""
    label = few[LABEL].to_numpy()
    holdout = splits.stratified(label, TINY.validation, TINY.holdout, TINY.seed).holdout
    leak = few["product_views_30d"].to_numpy().astype(float)
    leak[holdout] = 50.0 * label[holdout]
    learn(with_column(few, "product_views_30d", leak), contract, TINY)


def test_accepting_leakage_of_an_unknown_feature_is_refused(few: pa.Table, contract: Contract) -> None:
    with pytest.raises(ContractError, match="--accept-leakage sessions_30: expected a feature that the model may use"):
        learn(few, contract, replace(TINY, accept_leakage=("sessions_30",)))


def test_captured_behind_by_hand() -> None:
    label = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    ours = np.linspace(1.0, 0.1, 10)
    facts = purchase_facts(
        trial(label=label, ours=Predictions(ours, 0.5), others={"other": Predictions(ours[::-1], 0.5)},
              decile=np.full(10, 3)), 50, seed=0,
    )  # fmt: skip
    (other,) = facts.baselines
    assert other.captured_behind == pytest.approx(1.0)  # both buyers are in our best fifth, none in the other's
    low, high = other.captured_behind_interval
    assert 0 <= low <= 1 <= high + 1e-9


def test_logistic_regression_on_all_features_uses_logs_categories_and_what_is_missing() -> None:
    """A label that follows a logarithm, a category and whether a value is known: one that used less would miss it."""
    rng = np.random.default_rng(5)
    n = 4_000
    spend, mail = rng.lognormal(3, 2, n), np.where(rng.random(n) < 0.3, np.nan, rng.random(n))
    place = Category(rng.integers(-1, 3, n).astype(np.int32), ("a", "b", "c"))
    logit = 0.8 * (np.log1p(spend) - 3) + 1.5 * np.isnan(mail) + 2.0 * (place.codes == 1) - 2.0 * (place.codes < 0)
    probability = 1 / (1 + np.exp(-logit))
    label = (rng.random(n) < probability).astype(np.int64)
    features = tuple(
        Feature(name, "", kind_named(kind), name)
        for name, kind in (("spend", "amount"), ("mail", "rate"), ("place", "category"))
    )
    columns: Columns = {"spend": spend, "mail": mail, "place": place}
    score = logistic_all(features, columns, label)
    assert np.abs(score(columns) - probability).mean() < 0.03
    # Values that training has not seen, and none known at all, are scored and change no other row.
    other: Columns = {"spend": np.array([np.nan]), "mail": np.array([0.5]), "place": Category(np.array([0]), ("new",))}
    assert np.isfinite(score(other)).all()


@pytest.mark.parametrize(("margin", "cost"), [(0, 1), (-5, 1), (5, -1), (5, None), (None, 1), (float("nan"), 1)])
def test_invalid_campaign_costs_are_refused(margin: float, cost: float, few: pa.Table, contract: Contract) -> None:
    with pytest.raises(ValueError, match="margin above 0 and a contact_cost of 0 or more, or neither"):
        learn(few, contract, replace(TINY, margin=margin, contact_cost=cost))


def test_reliability_and_deciles_by_hand() -> None:
    label = np.array([0, 0, 1, 0, 1, 1, 0, 1, 1, 1])
    probability = np.linspace(0.05, 0.95, 10)
    decile = np.array([1, 1, 1, 1, 1, 10, 10, 10, 10, 10])
    facts = purchase_facts(
        trial(label=label, ours=Predictions(probability, 0.5), others={}, decile=decile), 200, seed=0
    )
    assert [(one.n, one.purchase_rate) for one in facts.reliability] == [(1, float(bought)) for bought in label]
    assert [one.predicted_rate for one in facts.reliability] == pytest.approx(probability)
    first, last = facts.deciles[0], facts.deciles[9]
    assert (first.n, first.purchase_rate, last.purchase_rate) == (5, 0.4, 0.8)
    assert first.predicted_rate == pytest.approx(0.25)
    assert first.purchase_rate_interval is not None
    low, high = first.purchase_rate_interval
    assert 0 <= low < 0.4 < high <= 1
    assert facts.deciles[4] == Decile(5, 0, None, None, None)


def test_baselines_that_the_contract_does_not_allow_are_named(few: pa.Table, contract: Contract) -> None:
    text = contract.text.replace('role = "recency"\n', "").replace('role = "value"\n', "")
    purchase = learn(few, parse(text), TINY).model.evaluation.purchase
    assert [one.name for one in purchase.baselines] == [
        "base_rate",
        "segment_rate",
        "logistic_five",
        "logistic_all",
        "black_box",
    ]
    left_out = {one.name: one.reason for one in purchase.baselines_skipped}
    assert list(left_out) == ["recency_rule", "logistic_rfv"]
    assert "has the role recency in" in left_out["recency_rule"]
    assert "has the role recency or value in" in left_out["logistic_rfv"]


def test_a_category_may_have_the_role_of_a_number(few: pa.Table, contract: Contract) -> None:
    text = contract.text.replace('role = "recency"\n', "")
    text = text.replace('role = "device"\n', 'role = "recency"\n')
    purchase = learn(few, parse(text), TINY).model.evaluation.purchase
    assert [one.name for one in purchase.baselines_skipped] == ["recency_rule", "logistic_rfv"]


def test_with_a_shuffled_label_the_auc_is_that_of_chance(few: pa.Table, contract: Contract) -> None:
    label = np.random.default_rng(3).permutation(few[LABEL].to_numpy())
    purchase = learn(with_column(few, LABEL, label), contract, TINY).model.evaluation.purchase
    low, high = purchase.holdout.figures.intervals[ROC_AUC.key]
    assert low < 0.5 < high
    assert abs(purchase.holdout.figures[BRIER_SKILL]) < 0.05


def test_the_best_score_is_the_true_probability(customers: pa.Table, contract: Contract) -> None:
    table, truth = simulate(2_000, seed=7)
    known = dict(zip(truth["customer_id"].to_pylist(), truth["true_probability"].to_pylist(), strict=True))
    facts = train(Source(table, "customers", truth=known), contract, TINY).model.evaluation.purchase
    best, ours = facts.gaps.true_probability, facts.holdout.figures[ROC_AUC]
    assert best is not None
    assert best.roc_auc > ours
    assert best.behind == pytest.approx(best.roc_auc - ours)
    with pytest.raises(TableError, match="every customer of the holdout"):
        train(Source(table, "customers", truth={}), contract, TINY)


def test_the_experiments_show_what_they_should(compared: Model) -> None:
    facts = compared.evaluation.experiments
    assert facts is not None
    shuffled = facts.shuffled_label
    assert shuffled.segments_identical
    assert shuffled.segments_sha256[0] == shuffled.segments_sha256[1]
    assert shuffled.roc_auc > 0.75
    # Features move together, so that a model of chance ranks by what they share, one way or the other: single shuffles
    # lie far from 0.5, and their mean only as far as so many of them may.
    chance = np.std(shuffled.roc_aucs_shuffled, ddof=1) / len(shuffled.roc_aucs_shuffled) ** 0.5
    assert shuffled.roc_auc_shuffled == pytest.approx(np.mean(shuffled.roc_aucs_shuffled))
    assert abs(shuffled.roc_auc_shuffled - 0.5) < 3 * chance < 0.25
    label = facts.label_as_feature
    assert 0 < label.rules_using_label <= label.rules
    # Without the label, which nobody has when scoring, the rules do not say where these customers belong.
    assert label.undecided > 0.05
    assert [one.name for one in facts.variants] == [
        "segment_rate", "model", "model_with_segment", "model_per_segment",
    ]  # fmt: skip
    ranks = {one.name: one.roc_auc for one in facts.variants}
    assert ranks["segment_rate"] < ranks["model"]
    assert label.roc_auc_in_sample > ranks["segment_rate"] + 0.05
    shares = [one.eta_squared for one in facts.effects]
    assert shares == sorted(shares, reverse=True)
    assert all(0 <= share <= 1 for share in shares)


def test_the_experiments_are_the_same_twice_and_change_nothing_else(
    compared: Model, customers: pa.Table, contract: Contract
) -> None:
    few = customers.slice(0, 3_000)
    again = learn(few, contract, COMPARED).model
    assert again.files == compared.files
    without = learn(few, contract, replace(COMPARED, experiments=False)).model
    assert without.id == compared.id
    assert without.evaluation.experiments is None
    assert without.evaluation.segments == compared.evaluation.segments


def test_drivers_and_matrix_by_hand(model: Model, customers: pa.Table, contract: Contract) -> None:
    columns = columns_of(customers, contract.features)
    ids = assign(model.segmentation.tree, columns)
    points = model.scorecard.contributions(columns)[1]
    order = [segment.id for segment in model.segmentation.segments]
    drivers = driver_facts(model.scorecard, columns, ids, order, count=2)
    names = [term.name for term in model.scorecard.terms]
    for id in order:
        means = points[:, ids == id].mean(axis=1)
        assert drivers[id][0].term == names[int(np.abs(means).argmax())]
        assert abs(drivers[id][0].mean_points) >= abs(drivers[id][1].mean_points)
    label, probability = np.array([1, 0, 1]), np.array([0.5, 0.25, 1.0])
    cells = matrix_facts(np.array(["S1", "S1", "S2"]), np.array([3, 3, 10]), label, probability, ["S1", "S2"])
    assert cells["S1"][2] == DecileCell(3, 2, 0.75, 1)
    assert cells["S2"][9] == DecileCell(10, 1, 1.0, 1)


def test_thresholds_of_baselines_come_from_validation_rows(model: Model) -> None:
    rng = np.random.default_rng(0)
    label, score = (rng.random(300) < 0.3).astype(int), rng.random(300)
    assert best_f1_threshold(label, score) in score
    assert 0.3 < roc_auc(label, score) < 0.7
    assert all(0 < one.threshold < 1 for one in model.evaluation.purchase.baselines)


def test_a_large_holdout_gets_fewer_draws_and_the_facts_record_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("northstar_explain.evaluate.model_quality.LARGE", 500)
    monkeypatch.setattr("northstar_explain.evaluate.model_quality.DRAWS_WHEN_LARGE", 20)
    by_size = [purchase_facts(trial(n=n), 30, 0) for n in (500, 501)]
    assert [facts.bootstrap_draws for facts in by_size] == [30, 20]
    assert by_size[1].holdout.n == 501  # every row counts, however few the draws
    assert purchase_facts(trial(n=501), 10, 0).bootstrap_draws == 10
