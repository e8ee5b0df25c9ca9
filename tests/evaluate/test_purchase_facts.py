"""The purchase model's facts: baselines, groups, leakage alarms, profit, and the experiments of the comparison."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from helpers import TINY, learn, with_column

from northstar_explain.contract import Category, Contract, columns_of
from northstar_explain.errors import TableError
from northstar_explain.evaluate.groups import FEWEST, group_facts
from northstar_explain.evaluate.leakage import require_credible, require_no_leak
from northstar_explain.evaluate.purchase import Judged, curve_facts, interval_facts, profit_facts
from northstar_explain.evaluate.together import driver_facts, matrix_facts
from northstar_explain.metrics import best_f1_threshold, roc_auc
from northstar_explain.model import Model
from northstar_explain.model.rules import assign

LABEL = "purchased_next_30d"


@pytest.fixture(scope="module")
def compared(customers: pa.Table, contract: Contract) -> Model:
    """A small model with everything in its evaluation."""
    return learn(customers, contract, replace(TINY, experiments=True, margin=20.0, contact_cost=1.0)).model


def test_every_interval_holds_its_figure(model: Model) -> None:
    purchase = model.evaluation["purchase"]
    for name, (low, high) in purchase["intervals"].items():
        assert low <= high
        # Calibration error is biased upwards in a draw, so the figure itself may lie below its interval.
        if name != "ece":
            assert low - 0.02 <= purchase["holdout"][name] <= high + 0.02, name


def test_baselines_are_judged_like_the_model(model: Model) -> None:
    purchase = model.evaluation["purchase"]
    found = {one["name"]: one for one in purchase["baselines"]}
    assert list(found) == ["base_rate", "recency_rule", "logistic_rfv", "segment_rate", "black_box"]
    assert found["base_rate"]["roc_auc"] == 0.5
    assert found["base_rate"]["f1"] == pytest.approx(purchase["holdout"]["f1_everyone"])
    for one in found.values():
        assert one["roc_auc"] + one["roc_auc_behind"] == pytest.approx(purchase["holdout"]["roc_auc"])
        assert one["roc_auc_behind_interval"][0] <= one["roc_auc_behind_interval"][1]
    assert purchase["gaps"]["black_box"] == pytest.approx(-found["black_box"]["roc_auc_behind"])


def test_a_model_against_itself_is_never_behind() -> None:
    rng = np.random.default_rng(0)
    label = (rng.random(500) < 0.3).astype(int)
    judged = Judged(rng.random(500), 0.5)
    _, (twin,) = interval_facts(label, judged, {"twin": judged}, seed=0, draws=20)
    assert twin["roc_auc_behind"] == 0
    assert twin["roc_auc_behind_interval"] == [0, 0]


def test_curves_and_cells_count_everybody_once(model: Model) -> None:
    purchase, together = model.evaluation["purchase"], model.evaluation["together"]
    n = purchase["holdout"]["n"]
    buyers = round(n * purchase["holdout"]["base_rate"])
    assert sum(one["n"] for one in purchase["reliability"]) == n
    assert sum(one["n"] for one in purchase["deciles"]) == n
    cells = [cell for row in together["matrix"].values() for cell in row]
    assert sum(cell["n"] for cell in cells) == n
    assert sum(cell["actual"] for cell in cells) == buyers
    captured = [one["captured"] for one in purchase["gains"]]
    assert captured == sorted(captured)
    assert (captured[0], captured[-1]) == (0, 1)
    by_segment = [one for one in purchase["groups"] if one["by"] == "segment"]
    assert sum(one["n"] for one in by_segment) == n
    ages = [one for one in purchase["groups"] if one["by"] == "age_band"]
    assert sum(one["n"] for one in ages) == n


def test_nothing_is_shown_of_a_small_group(contract: Contract, customers: pa.Table) -> None:
    rng = np.random.default_rng(0)
    columns = columns_of(customers, contract.features)
    n = customers.num_rows
    ids = np.array(["S1"] * (n - FEWEST - FEWEST + 1) + ["S2"] * FEWEST + ["S3"] * (FEWEST - 1))
    label, probability = (rng.random(n) < 0.2).astype(int), rng.random(n)
    found = {one["group"]: one for one in group_facts(contract, columns, ids, label, probability, 0.5)}
    assert found["S2"]["n"] == FEWEST
    assert found["S2"]["base_rate"] is not None
    assert [value for key, value in found["S3"].items() if key not in ("by", "group", "n")] == [None] * 6


def test_guests_are_a_group(model: Model) -> None:
    groups = [one["group"] for one in model.evaluation["purchase"]["groups"] if one["by"] == "unknown"]
    assert "Profile: nothing known" in groups
    assert any(one["by"] == "tenure" for one in model.evaluation["purchase"]["groups"])


@pytest.mark.parametrize("form", ["direct", "reversed", "both ends", "missing"])
def test_a_leak_shows_whatever_its_form(form: str, customers: pa.Table, contract: Contract) -> None:
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
    """Each customer's own value says nothing of another's: rates are never judged on rows they came from."""
    label = customers[LABEL].to_numpy()
    n = len(label)
    own = Category(np.arange(n, dtype=np.int32), tuple(map(str, range(n))))
    columns = {**columns_of(customers, contract.features), "country": own}
    require_no_leak(contract, columns, label, "customers", (), seed=0)


def test_a_model_too_good_to_be_true_is_stopped() -> None:
    with pytest.raises(TableError, match=r"train with --accept-leakage spend, else"):
        require_credible("customers", 0.98, ["spend", "orders"], ())
    require_credible("customers", 0.98, ["spend", "orders"], ("spend",))
    require_credible("customers", 0.97, ["spend", "orders"], ())


def test_training_stops_at_a_leak(customers: pa.Table, contract: Contract) -> None:
    leaking = with_column(customers, "sessions_30d", (customers[LABEL].to_numpy() * 50 + 1).astype(float))
    with pytest.raises(TableError, match="--accept-leakage sessions_30d"):
        learn(leaking, contract, TINY)


def test_profit_by_hand() -> None:
    label = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0])
    found = profit_facts(label, np.linspace(1, 0.1, 10), margin=10, contact_cost=1)
    assert found["best_share"] == pytest.approx(0.2)
    assert found["best_profit"] == pytest.approx(1000 * (10 * 0.2 - 0.2))
    assert found["break_even"] == pytest.approx(0.1)
    assert (found["curve"][0]["profit"], found["curve"][-1]["profit"]) == pytest.approx((0, 1000.0))


def test_deciles_without_customers_have_no_rate() -> None:
    label, probability = np.array([0, 1]), np.array([0.2, 0.9])
    found = curve_facts(label, probability, np.array([1, 10]))["deciles"]
    assert found[4] == {"decile": 5, "n": 0, "predicted_rate": None, "purchase_rate": None}


def test_the_best_knowable_is_the_truths_auc(customers: pa.Table, contract: Contract) -> None:
    from helpers import OPTIONS  # noqa: F401

    from northstar_explain.simulate import simulate
    from northstar_explain.training import Source, train

    table, truth = simulate(2_000, seed=7)
    known = dict(zip(truth["customer_id"].to_pylist(), truth["true_probability"].to_pylist(), strict=True))
    facts = train(Source(table, "customers", truth=known), contract, TINY).model.evaluation["purchase"]
    assert facts["gaps"]["knowable_roc_auc"] > facts["holdout"]["roc_auc"]
    assert facts["gaps"]["knowable"] == pytest.approx(facts["gaps"]["knowable_roc_auc"] - facts["holdout"]["roc_auc"])
    with pytest.raises(TableError, match="every customer of the holdout"):
        train(Source(table, "customers", truth={}), contract, TINY)


def test_the_experiments_show_what_they_should(compared: Model) -> None:
    facts = compared.evaluation["comparison"]
    shuffled = facts["shuffled_label"]
    assert shuffled["segments_identical"]
    assert shuffled["segments_sha256"][0] == shuffled["segments_sha256"][1]
    assert shuffled["roc_auc"] > 0.75
    assert abs(shuffled["roc_auc_shuffled"] - 0.5) < 0.08
    label = facts["label_as_feature"]
    assert 0 < label["rules_that_ask"] <= label["rules"]
    assert label["undecided"] > 0.5
    assert label["roc_auc_in_sample"] > 0.9
    assert [one["name"] for one in facts["variants"]] == [
        "segment_rate", "model", "model_with_segment", "model_per_segment",
    ]  # fmt: skip
    ranks = {one["name"]: one["roc_auc"] for one in facts["variants"]}
    assert ranks["segment_rate"] < ranks["model"]
    shares = [one["eta_squared"] for one in facts["effects"]]
    assert shares == sorted(shares, reverse=True)
    assert all(0 <= share <= 1 for share in shares)


def test_the_experiments_are_the_same_twice_and_change_nothing_else(
    compared: Model, customers: pa.Table, contract: Contract
) -> None:
    again = learn(customers, contract, replace(TINY, experiments=True, margin=20.0, contact_cost=1.0)).model
    assert again.files == compared.files
    without = learn(customers, contract, TINY).model
    assert without.id == compared.id
    assert without.evaluation["comparison"] is None
    assert json.dumps(without.evaluation["segments"]) == json.dumps(compared.evaluation["segments"])


def test_every_experiments_figure_is_documented(compared: Model) -> None:
    from pathlib import Path

    text = (Path(__file__).parents[2] / "docs" / "model-folder.md").read_text(encoding="utf-8")
    for part, facts in compared.evaluation["comparison"].items():
        assert f"`{part}`" in text
        if isinstance(facts, dict):
            assert all(f"`{key}`" in text for key in facts), part
    assert all(f"`{key}`" in text for key in compared.evaluation["purchase"]["profit"])


def test_drivers_and_matrix_by_hand(model: Model, customers: pa.Table, contract: Contract) -> None:
    columns = columns_of(customers, contract.features)
    ids = assign(model.segmentation.tree, columns)
    points = model.scorecard.contributions(columns)[1]
    order = [segment.id for segment in model.segmentation.segments]
    found = driver_facts(model.scorecard, columns, ids, order, count=2)
    names = [term.name for term in model.scorecard.terms]
    for id in order:
        means = points[:, ids == id].mean(axis=1)
        assert found[id][0]["term"] == names[int(np.abs(means).argmax())]
        assert abs(found[id][0]["mean_points"]) >= abs(found[id][1]["mean_points"])
    label, probability = np.array([1, 0, 1]), np.array([0.5, 0.25, 1.0])
    cells = matrix_facts(np.array(["S1", "S1", "S2"]), np.array([3, 3, 10]), label, probability, ["S1", "S2"])
    assert cells["S1"][2] == {"decile": 3, "n": 2, "expected": 0.75, "actual": 1}
    assert cells["S2"][9] == {"decile": 10, "n": 1, "expected": 1.0, "actual": 1}


def test_thresholds_of_baselines_come_from_validation_rows(model: Model) -> None:
    rng = np.random.default_rng(0)
    label, score = (rng.random(300) < 0.3).astype(int), rng.random(300)
    assert best_f1_threshold(label, score) in score
    assert 0.3 < roc_auc(label, score) < 0.7
    assert all(0 < one["threshold"] < 1 for one in model.evaluation["purchase"]["baselines"])
