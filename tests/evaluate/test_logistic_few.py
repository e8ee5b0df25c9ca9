"""Logistic regression on five features: they are chosen on training rows alone, and say most together."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from northstar_explain.contract import Category, Contract, check
from northstar_explain.contract.columns import columns_of
from northstar_explain.evaluate.logistic_all import logistic_all
from northstar_explain.evaluate.logistic_few import FEW, choose_few, logistic_few
from northstar_explain.metrics import roc_auc
from northstar_explain.model import Model


def test_a_copy_of_what_was_chosen_is_not_chosen(customers: pa.Table, contract: Contract) -> None:
    columns = dict(columns_of(check(customers, contract).accepted, contract.features))
    rng, n = np.random.default_rng(0), customers.num_rows
    loud, quiet = rng.normal(size=n), rng.normal(size=n)
    columns |= {"orders_90d": loud, "orders_365d": loud + 0.01 * rng.normal(size=n), "return_rate": quiet}
    country = columns["country"]
    assert isinstance(country, Category)
    home = country.codes == 0
    label = (rng.random(n) < 1 / (1 + np.exp(-2 * loud - 0.5 * quiet - home))).astype(int)
    names = choose_few(contract.model_features, columns, label, 1)
    assert len(set(names)) == FEW
    # Alone the copy says much more than the last two; beside the first it says nothing.
    assert set(names[:3]) == {names[0], "return_rate", "country"} and names[0] in ("orders_90d", "orders_365d")
    assert choose_few(contract.model_features[:3], columns, label, 1) != names
    assert len(choose_few(contract.model_features[:3], columns, label, 1)) == 3
    score, used = logistic_few(contract.model_features, columns, label, 1)
    others = [feature for feature in contract.model_features if feature.name in used]
    assert (score(columns) == logistic_all(others, columns, label)(columns)).all()
    assert roc_auc(label, score(columns)) > 0.85


def test_the_facts_name_them_and_what_the_search_tried(model: Model) -> None:
    purchase = model.evaluation.purchase
    five = next(one for one in purchase.baselines if one.name == "logistic_five")
    assert len(five.features) == FEW and {*five.features} <= {one.name for one in model.contract.model_features}
    assert five.roc_auc_behind_interval[0] <= five.roc_auc_behind <= five.roc_auc_behind_interval[1]
    assert next(one for one in purchase.baselines if one.name == "logistic_all").features == ()
    assert not purchase.black_box_search.deep and sum(one.chosen for one in purchase.black_box_search.settings) == 1
    assert model.evaluation.money is not None
    assert "logistic_five" in {one.baseline for one in model.evaluation.money.rankings}
