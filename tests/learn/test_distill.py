"""The distiller: cheaper than published tools, within its limits, and the same each time."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import datasets
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.learn.distill import (
    BinTest,
    Distilled,
    FeatureBins,
    Limits,
    RuleDistiller,
    assign,
    distill,
    engine,
    estimator,
    search,
)
from northstar_explain.learn.distill.running_sums import running_sums
from northstar_explain.model.tree import Tree, depth, leaves, split_tests

# Price of explainability of ExKMC (mercury-explainability 1.2.3, base tree IMM) with KMeans(k, n_init=10,
# random_state=0); `python -m benchmarks.distill` measures it again.
EXKMC = [
    ("iris", 3, 3, 1.0979),
    ("iris", 3, 6, 1.0090),
    ("wine", 3, 3, 1.0470),
    ("wine", 3, 6, 1.0041),
    ("breast_cancer", 2, 2, 1.0272),
    ("breast_cancer", 2, 4, 1.0121),
    ("digits", 10, 10, 1.2569),
    ("digits", 10, 20, 1.1488),
]


def cost_of(Z: np.ndarray, groups: np.ndarray) -> float:
    return sum(float(np.square(Z[groups == g] - Z[groups == g].mean(axis=0)).sum()) for g in np.unique(groups))


def distilled_from(kmeans: KMeans, X: np.ndarray, **limits: Any) -> RuleDistiller:
    return RuleDistiller(kmeans=FrozenEstimator(kmeans), **limits).fit(X)


def columns_of(X: np.ndarray) -> dict[str, np.ndarray]:
    return {f"x{i}": values for i, values in enumerate(X.T)}


@pytest.fixture
def short_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds of every tree holds of one that was searched for a moment only."""
    monkeypatch.setattr(engine, "MOST_PERTURBATIONS", 12)


@pytest.mark.parametrize(("name", "k", "rules", "theirs"), EXKMC)
def test_is_no_dearer_than_exkmc(name: str, k: int, rules: int, theirs: float) -> None:
    X = getattr(datasets, f"load_{name}")().data
    if name != "digits":
        X = StandardScaler().fit_transform(X)
    kmeans = KMeans(k, n_init=10, random_state=0).fit(X)
    distiller = distilled_from(kmeans, X, max_rules=rules)
    assert distiller.price_of_explainability_ <= theirs
    assert len(distiller.rules_) <= rules
    assert set(distiller.predict(X)) == set(range(k))


@settings(max_examples=25, deadline=None)
@given(
    X=st.tuples(st.integers(8, 40), st.integers(1, 4)).flatmap(
        lambda shape: arrays(np.float64, shape, elements=st.sampled_from([-1.5, 0.0, 0.1, 1.0, 2.0, 7.0, 1e6]))
    ),
    k=st.integers(2, 4),
    more=st.integers(0, 3),
    most=st.sampled_from([None, 3, 4]),
)
def test_rules_partition_and_keep_the_limits(X: np.ndarray, k: int, more: int, most: int | None) -> None:
    if len(np.unique(X, axis=0)) < k:
        return
    kmeans = KMeans(k, n_init=2, random_state=0).fit(X)
    try:
        # What holds of every tree holds of one that was searched for a moment only.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(engine, "MOST_PERTURBATIONS", 12)
            distiller = distilled_from(kmeans, X, max_rules=k + more, max_depth=most)
    except ValueError as error:
        assert "no tree" in str(error) and most is not None
        return
    met = np.stack([rule.matches(columns_of(X)) for rule in distiller.rules_])
    assert (met.sum(axis=0) == 1).all()
    by_rule = np.array([int(rule.segment) for rule in distiller.rules_])[met.argmax(axis=0)]
    groups = distiller.predict(X)
    assert (groups == by_rule).all() and (groups == distiller.labels_).all()
    assert set(groups) == set(range(k))
    assert len(distiller.rules_) <= len(list(leaves(distiller.tree_))) <= k + more
    assert most is None or depth(distiller.tree_) <= most
    for rule in distiller.rules_:
        assert len({condition.feature for condition in rule.conditions}) == len(rule.conditions)
    # Where KMeans explains all but rounding errors, a ratio of rounding errors says nothing.
    if kmeans.inertia_ > 1e-12 * np.square(X).sum():
        price = cost_of(X, groups) / kmeans.inertia_
        assert distiller.price_of_explainability_ == pytest.approx(price, rel=1e-6, abs=1e-9)


def test_is_the_same_each_time() -> None:
    X = StandardScaler().fit_transform(datasets.load_wine().data)
    kmeans = KMeans(3, n_init=10, random_state=0).fit(X)
    first, second = (distilled_from(kmeans, X, max_rules=5, random_state=7) for _ in range(2))
    assert first.rules_ == second.rules_
    assert first.price_of_explainability_ == second.price_of_explainability_


def test_large_data_are_searched_on_a_sample_and_counted_in_full() -> None:
    X, _ = datasets.make_blobs(30_000, 5, centers=4, cluster_std=2.0, random_state=3)
    kmeans = KMeans(4, n_init=2, random_state=0).fit(X)
    distiller = distilled_from(kmeans, X, max_rules=8, max_depth=4)
    price = cost_of(X, distiller.predict(X)) / kmeans.inertia_
    assert distiller.price_of_explainability_ == pytest.approx(price, rel=1e-9)
    assert price < 1.1
    assert depth(distiller.tree_) <= 4


@pytest.mark.parametrize(("rows", "chains"), [(150, 4), (149, 2)])
def test_fewer_trees_are_improved_of_large_data(
    rows: int, chains: int, monkeypatch: pytest.MonkeyPatch, short_search: None
) -> None:
    budgets = []

    def spied(*given: Any) -> Any:
        budgets.append(given[-1])
        return search.search(*given)

    monkeypatch.setattr(engine, "search", spied)
    monkeypatch.setattr(estimator, "EXACT_ROWS", rows)
    X = datasets.load_iris().data
    distiller = distilled_from(KMeans(3, n_init=2, random_state=0).fit(X), X)
    assert [budget.n_kept for budget in budgets] == [chains]
    assert distiller.price_of_explainability_ == pytest.approx(1.0365, abs=1e-4)


def test_a_value_on_a_threshold_is_not_below_it() -> None:
    X = np.array([[0.0], [1.0], [4.0], [5.0]])
    distiller = RuleDistiller(kmeans=KMeans(2, n_init=2)).fit(X)
    assert [rule.conditions for rule in distiller.rules_] == [
        (NumberCondition("x0", None, 2.5),),
        (NumberCondition("x0", 2.5, None),),
    ]
    threshold = 2.5
    below, above = distiller.predict([[np.nextafter(threshold, 0.0)], [threshold]])
    assert below == distiller.predict([[1.0]])[0]
    assert above == distiller.predict([[4.0]])[0]


def test_neighbouring_floats_are_separated() -> None:
    one = 1.0
    X = np.array([[one]] * 5 + [[np.nextafter(one, 2.0)]] * 5)
    codes = (one < X).astype(int)
    distilled = distill(X, codes, [FeatureBins(2)], codes[:, 0], Limits(2))
    assert (distilled.groups == codes[:, 0]).all()


def test_constant_and_repeated_columns_do_no_harm() -> None:
    X = StandardScaler().fit_transform(datasets.load_iris().data)
    wide = np.column_stack([np.full(len(X), 3.0), X, X[:, 2]])
    kmeans = KMeans(3, n_init=10, random_state=0).fit(wide)
    distiller = distilled_from(kmeans, wide, max_rules=4)
    assert all(condition.feature != "x0" for rule in distiller.rules_ for condition in rule.conditions)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_rules": 2}, "max_rules is 2, but each of the 3 clusters needs a rule"),
        ({"max_rules": 4, "max_depth": 1}, "max_depth is 1, too little for 3 clusters"),
    ],
)
def test_refuses_limits_without_room(change: dict[str, int], message: str) -> None:
    X = datasets.load_iris().data
    kmeans = KMeans(3, n_init=1, random_state=0).fit(X)
    with pytest.raises(ValueError, match=message):
        distilled_from(kmeans, X, **change)


def test_refuses_data_that_do_not_fit() -> None:
    X = datasets.load_iris().data
    frozen = FrozenEstimator(KMeans(3, n_init=1, random_state=0).fit(X))
    distiller = RuleDistiller(max_rules=4, kmeans=frozen)
    with pytest.raises(ValueError, match="X has 3 features, but KMeans is expecting 4 features"):
        distiller.fit(X[:, :3])
    with pytest.raises(ValueError, match="no row of X lies in cluster"):
        distiller.fit(X[:40])
    with pytest.raises(ValueError, match="NaN"):
        distiller.fit(np.where(X > 7.0, np.nan, X))
    with pytest.raises(ValueError, match="n_samples=2 should be >= n_clusters=3"):
        RuleDistiller(kmeans=KMeans(3)).fit(X[:2])
    with pytest.raises(NotFittedError):
        RuleDistiller(kmeans=FrozenEstimator(KMeans(3))).fit(X)
    with pytest.raises(NotFittedError):
        RuleDistiller().predict(X)
    with pytest.raises(ValueError, match="X has 2 features, but RuleDistiller is expecting 4 features"):
        distiller.fit(X).predict(X[:, :2])


# Checks of scikit-learn that are skipped, and why.
NOT_APPLICABLE = {"check_array_api_input": "for estimators that take arrays of other libraries: here all is NumPy"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "distiller", [RuleDistiller(), RuleDistiller(max_rules=4, kmeans=KMeans(3, n_init=1))], ids=str
)
def test_keeps_the_conventions_of_scikit_learn(distiller: RuleDistiller, short_search: None) -> None:
    results = check_estimator(distiller, on_skip=None)
    assert len(results) > 40
    others = {result["check_name"] for result in results if result["status"] != "passed"}
    assert others == set(NOT_APPLICABLE)


def test_fits_a_copy_of_the_clustering_and_uses_a_frozen_one_as_it_is(short_search: None) -> None:
    X = datasets.load_iris().data
    fitted = KMeans(3, n_init=1, random_state=0).fit(X)
    copied = RuleDistiller(kmeans=fitted).fit(X[:120])
    assert copied.kmeans_ is not fitted and len(copied.kmeans_.labels_) == 120
    frozen = RuleDistiller(kmeans=FrozenEstimator(fitted)).fit(X)
    assert (frozen.kmeans_.cluster_centers_ == fitted.cluster_centers_).all()
    again = clone(frozen)
    assert not hasattr(again, "tree_") and again.fit(X).rules_ == frozen.rules_


def test_gives_its_seed_to_a_clustering_without_one(short_search: None) -> None:
    X = datasets.load_iris().data
    inside = RuleDistiller(kmeans=KMeans(4, n_init=1), random_state=5).fit(X)
    assert inside.kmeans_.random_state == 5 and inside.kmeans.random_state is None
    assert RuleDistiller(kmeans=KMeans(4, n_init=1, random_state=2)).fit(X).kmeans_.random_state == 2
    with_state = RuleDistiller(kmeans=KMeans(4), random_state=np.random.RandomState(3)).fit(X)
    assert isinstance(with_state.kmeans_.random_state, int)


def test_rules_speak_of_the_names_of_a_frame(short_search: None) -> None:
    frame = datasets.load_iris(as_frame=True).data
    distiller = RuleDistiller(kmeans=KMeans(3, n_init=1)).fit(frame)
    asked = {condition.feature for rule in distiller.rules_ for condition in rule.conditions}
    assert asked <= set(frame.columns)
    assert (distiller.predict(frame) == distiller.labels_).all()


def test_the_text_of_a_tree_names_features_rows_and_costs(short_search: None) -> None:
    frame = datasets.load_iris(as_frame=True).data
    distiller = RuleDistiller(max_rules=4, kmeans=KMeans(3, n_init=1)).fit(frame)
    assert distiller.leaf_rows_.sum() == len(frame)
    assert distiller.leaf_costs_.sum() == pytest.approx(cost_of(frame.to_numpy(), distiller.labels_))
    ends = [line for line in distiller.export_text(1).splitlines() if "cluster" in line]
    for line, rows, cost, leaf in zip(
        ends, distiller.leaf_rows_, distiller.leaf_costs_, leaves(distiller.tree_), strict=True
    ):
        assert line.endswith(f"cluster {leaf.segment}: {rows} rows, cost {cost:.1f}")
    asked = [line for line in distiller.export_text(1).splitlines() if "cluster" not in line]
    assert len(asked) == 2 * (len(ends) - 1)
    assert all(any(name in line for name in frame.columns) for line in asked)
    with pytest.raises(NotFittedError):
        RuleDistiller().export_text()


def test_the_picture_of_a_tree_says_what_its_text_says(short_search: None) -> None:
    frame = datasets.load_iris(as_frame=True).data.rename(columns={"petal width (cm)": "width <&> cm"})
    distiller = RuleDistiller(max_rules=4, kmeans=KMeans(3, n_init=2, random_state=0)).fit(frame)
    picture = distiller.plot(decimals=3)
    texts = [str(one.text) for one in ElementTree.fromstring(picture.svg).iter("{http://www.w3.org/2000/svg}text")]
    lines = [line.strip("| ") for line in distiller.export_text(decimals=3).splitlines()]
    assert sorted(one for one in texts if "<" in one) == sorted(one for one in lines if " < " in one)
    ends = [f"{cluster}: {rest}" for cluster, rest in pairwise(texts) if "cluster" in cluster]
    assert ends == [one for one in lines if one.startswith("cluster")]
    assert picture.svg == distiller.plot(decimals=3).svg == picture._repr_svg_()


def test_the_picture_of_one_cluster_is_a_leaf(tmp_path: Path, short_search: None) -> None:
    distiller = RuleDistiller(kmeans=KMeans(1, n_init=1, random_state=0)).fit(np.arange(12.0).reshape(6, 2))
    distiller.plot().save(tmp_path / "tree.svg")
    drawn = ElementTree.fromstring((tmp_path / "tree.svg").read_text(encoding="utf-8"))
    assert [one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")] == ["cluster 0", "6 rows, cost 140.00"]
    with pytest.raises(NotFittedError):
        RuleDistiller().plot()


@pytest.mark.parametrize("how", ["second argument", "keyword"])
def test_a_fitted_clustering_handed_to_fit_works_for_a_version_with_a_warning(how: str, short_search: None) -> None:
    X = datasets.load_iris().data
    kmeans = KMeans(3, n_init=1, random_state=0).fit(X)
    with pytest.warns(FutureWarning, match="FrozenEstimator"):
        old = RuleDistiller(4).fit(X, kmeans) if how == "second argument" else RuleDistiller(4).fit(X, kmeans=kmeans)
    new = distilled_from(kmeans, X, max_rules=4)
    assert old.kmeans_ is kmeans and old.rules_ == new.rules_
    assert old.price_of_explainability_ == new.price_of_explainability_
    with pytest.warns(FutureWarning), pytest.raises(NotFittedError):
        RuleDistiller(4).fit(X, KMeans(3))


def features_of(tree: Tree[BinTest, Any]) -> set[int]:
    return {test.feature for test in split_tests(tree)}


def engine_case(seed: int, n: int = 400) -> tuple[np.ndarray, np.ndarray, list[FeatureBins], np.ndarray]:
    """Rows in three groups that a missing value, a category and a number separate, each a little noisy."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    Z = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])[labels] + rng.normal(scale=0.6, size=(n, 2))
    number = np.where(labels == 1, 0, rng.integers(1, 8, n))
    category = np.where(labels == 2, rng.choice([1, 4], n), rng.choice([0, 2, 3], n))
    codes = np.stack([number, category, rng.integers(0, 6, n)], axis=1)
    return Z, codes, [FeatureBins(8, missing=True), FeatureBins(5, categorical=True), FeatureBins(6)], labels


def check_engine(
    distilled: Distilled, Z: np.ndarray, codes: np.ndarray, bins: list[FeatureBins], limits: Limits
) -> None:
    reached, groups = assign(distilled.tree, codes, bins)
    assert (reached == distilled.leaves).all() and (groups == distilled.groups).all()
    assert distilled.cost == pytest.approx(cost_of(Z, groups))
    sizes = np.bincount(reached)
    assert len(list(leaves(distilled.tree))) == len(sizes) <= limits.max_leaves
    assert sizes.min() >= max(1, limits.min_leaf_share * len(Z))
    assert np.bincount(groups).min() >= max(1, limits.min_group_share * len(Z))
    assert limits.max_depth is None or depth(distilled.tree) <= limits.max_depth
    assert limits.max_features is None or len(features_of(distilled.tree)) <= limits.max_features
    if limits.max_group_leaves is not None:
        assert np.bincount([leaf.segment for leaf in leaves(distilled.tree)]).max() <= limits.max_group_leaves


def test_engine_splits_on_missing_values_and_categories() -> None:
    Z, codes, bins, labels = engine_case(0)
    distilled = distill(Z, codes, bins, labels, Limits(3))
    assert (distilled.groups == labels).all()
    check_engine(distilled, Z, codes, bins, Limits(3))
    assert features_of(distilled.tree) == {0, 1}
    for test in split_tests(distilled.tree):
        assert isinstance(test, BinTest)
        if test.feature == 0:
            assert test.missing == (test.cut == 1) and test.cut in (1, 8)
        else:
            assert test.codes is not None and set(test.codes) in ({1, 4}, {0, 2, 3})


@pytest.mark.parametrize(
    "limits",
    [
        Limits(6, max_depth=2),
        Limits(8, min_leaf_share=0.08),
        Limits(6, min_group_share=0.25),
        Limits(6, max_group_leaves=2),
        Limits(6, max_features=2),
        Limits(6, max_depth=3, min_leaf_share=0.05, max_features=2, max_group_leaves=3),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_engine_keeps_every_limit(limits: Limits, seed: int) -> None:
    Z, codes, bins, labels = engine_case(seed)
    rng = np.random.default_rng(seed)
    noisy = np.where(rng.random(codes.shape) < 0.2, codes[rng.permutation(len(codes))], codes)
    check_engine(distill(Z, noisy, bins, labels, limits, seed), Z, noisy, bins, limits)


def test_engine_refuses_what_does_not_agree() -> None:
    Z, codes, bins, labels = engine_case(3, 30)
    with pytest.raises(ValueError, match="must agree in rows"):
        distill(Z[:-1], codes, bins, labels, Limits(3))
    with pytest.raises(ValueError, match="3 columns but bins describes 2.*max_leaves is 2, fewer than the 3 groups"):
        distill(Z, codes, bins[:2], labels, Limits(2))
    with pytest.raises(ValueError, match="outside 0 .. n_bins - 1"):
        distill(Z, codes + 4, bins, labels, Limits(3))
    with pytest.raises(ValueError, match="no tree within the limits"):
        distill(Z, np.zeros_like(codes), bins, labels, Limits(3))


@pytest.mark.parametrize("shape", [(3,), (2500,), (1024, 3), (2500, 3)])
def test_running_sums_in_blocks_are_those_in_one_go(shape: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).normal(size=shape)
    assert np.array_equal(running_sums(values), np.cumsum(values, axis=0))
