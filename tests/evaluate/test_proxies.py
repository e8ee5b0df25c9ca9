"""The proxy check: a feature that stands in for a sensitive one is found by name, and chance is told from it."""

from __future__ import annotations

import hostile
import numpy as np
import pytest

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, columns_of
from northstar_explain.evaluate.groups import sensitive_groups
from northstar_explain.evaluate.proxies import proxy_facts
from northstar_explain.model.evaluation import from_json, to_json
from northstar_explain.model.evaluation.proxy_facts import Proxy

AGES = ("18-34", "35-54", "55+")


def rows(seed: int, n: int = 1_500, planted: float = 0.8) -> Columns:
    """Customers of the hostile contract: the tier says the age of a share of them, all else is by chance."""
    rng = np.random.default_rng(seed)
    columns = dict(columns_of(hostile.customers(n), hostile.contract().features))
    columns = {
        name: one.take(order) if isinstance(one, Category) else one[order]
        for name, one in columns.items()
        for order in [rng.permutation(n)]
    }
    age = rng.integers(0, 3, n).astype(np.int32)
    tier = np.where(rng.random(n) < planted, age, rng.integers(0, 3, n)).astype(np.int32)
    return columns | {"age_band": Category(age, AGES), "tier": Category(tier, ("low", "mid", "high"))}


def test_a_feature_that_stands_in_for_a_sensitive_one_is_named() -> None:
    found = proxy_facts(hostile.contract(), rows(1), rows(2), seed=0)
    assert [(one.by, one.name) for one in found] == [("age_band", age) for age in AGES]
    for one in found:
        assert one.alone.feature == "tier" and one.together.feature is None
        assert one.alone.roc_auc > 0.85 and one.together.roc_auc > 0.85
        low, high = one.together.roc_auc_interval
        assert low < one.together.roc_auc < high
    assert proxy_facts(hostile.contract(), rows(1), rows(2), seed=0) == found
    assert from_json(to_json(found[0]), Proxy) == found[0]


def test_chance_tells_nothing() -> None:
    for one in proxy_facts(hostile.contract(), rows(1, planted=0), rows(2, planted=0), seed=0):
        low, high = one.together.roc_auc_interval
        assert low - 0.03 < 0.5 < high + 0.03


def test_each_figure_follows_from_its_counts() -> None:
    held = rows(2)
    for one in proxy_facts(hostile.contract(), rows(1), held, seed=0):
        inside = int((held["age_band"].codes == AGES.index(one.name)).sum())  # type: ignore[union-attr]
        for score in (one.together, one.alone):
            assert (sum(score.inside), sum(score.outside)) == (inside, 1_500 - inside)
            # A pair of customers at a time: above counts one, the same level a half.
            wins = sum(
                a * b * (1.0 if i > j else 0.5 if i == j else 0.0)
                for i, a in enumerate(score.inside)
                for j, b in enumerate(score.outside)
            )
            assert score.roc_auc == pytest.approx(wins / (inside * (1_500 - inside)), abs=1e-12)


def test_small_groups_and_tables_without_sensitive_features_have_none() -> None:
    held = dict(rows(2))
    age = held["age_band"].codes.copy()  # type: ignore[union-attr]
    age[np.flatnonzero(age == 2)[49:]] = 0
    found = proxy_facts(hostile.contract(), rows(1), held | {"age_band": Category(age, AGES)}, seed=0)
    assert [one.name for one in found] == ["18-34", "35-54"]


def test_bands_of_numbers_are_cut_as_in_the_holdout() -> None:
    contract = hostile.contract()
    spend = contract["spend"]
    held, fitted = np.array([1.0, 2.0, 3.0, 4.0, np.nan]), np.array([10.0, 0.0, np.nan])
    names = [name for _, name, _ in sensitive_groups(contract, spend, held, held)]
    found = {name: mask.tolist() for _, name, mask in sensitive_groups(contract, spend, fitted, held)}
    assert list(found) == names
    assert found[names[0]] == [False, True, False] and found[names[-2]] == [True, False, False]
    assert found["unknown"] == [False, False, True]
