"""The certificate: equal to brute force on little data, never above the truth elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import datasets
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.frozen import FrozenEstimator
from sklearn.preprocessing import StandardScaler

from northstar_explain.learn.distill import RuleDistiller, certificate, engine, two_cuts
from northstar_explain.learn.distill.best_cut import BestCut
from northstar_explain.learn.distill.certificate import certify, certify_over
from northstar_explain.learn.distill.numeric_bins import thresholds_of
from northstar_explain.learn.distill.two_cuts import Corners

LITTLE = st.tuples(st.integers(1, 12), st.integers(1, 2)).flatmap(
    lambda shape: arrays(
        np.float64, shape, elements=st.sampled_from([-3.0, 0.0, 0.5, 1.0, 2.0, 7.0]) | st.floats(-9, 9)
    )
)


def cost_of(X: np.ndarray) -> float:
    return float(np.square(X - X.mean(axis=0)).sum())


def brute_force(X: np.ndarray, leaves: int, thresholds: list[np.ndarray] | None = None) -> float:
    """The lowest cost of every tree of at most so many leaves, over some thresholds of each feature or over all."""
    best = cost_of(X)
    for feature, column in enumerate(X.T if leaves > 1 else ()):
        for threshold in np.unique(column)[1:] if thresholds is None else thresholds[feature]:
            left, right = X[column < threshold], X[column >= threshold]
            if len(left) == 0 or len(right) == 0:
                continue
            for first in range(1, leaves):
                cost = brute_force(left, first, thresholds) + brute_force(right, leaves - first, thresholds)
                best = min(best, cost)
    return best


def standardised(name: str) -> np.ndarray:
    X: np.ndarray = StandardScaler().fit_transform(getattr(datasets, f"load_{name}")().data)
    return X


@settings(max_examples=40, deadline=None)
@given(X=LITTLE, leaves=st.integers(1, 3), share=st.sampled_from([1.0, 1.0 + 1e-6, 1.3, 10.0]))
def test_is_what_brute_force_finds(X: np.ndarray, leaves: int, share: float) -> None:
    best = brute_force(X, leaves)
    cost = best * share
    found = certify(X, cost, leaves, leaves)
    rounding = 1e-9 * cost + 1e-11 * cost_of(X)
    assert found.lower_bound == pytest.approx(best, abs=rounding)
    assert found.reason.startswith("proven over all thresholds")
    if cost - best > rounding:
        assert found.gap == pytest.approx(share - 1.0, rel=1e-3)
        assert "the best tree costs" in found.reason
    elif cost == best:
        assert found.gap == 0.0


@settings(max_examples=8, deadline=None)
@given(X=arrays(np.float64, (9, 2), elements=st.integers(0, 9).map(float)))
def test_four_leaves_are_what_brute_force_finds(X: np.ndarray) -> None:
    best = brute_force(X, 4)
    assert certify(X, 2.0 * best + 1.0, 4, 4).lower_bound == pytest.approx(best, abs=1e-8)


def cheapest(Z: np.ndarray, codes: np.ndarray, rows: np.ndarray, leaves: int) -> float:
    """As `brute_force`, of rows that are cut by codes and measured elsewhere."""
    best = cost_of(Z[rows])
    for column in codes if leaves > 1 else ():
        for cut in np.unique(column[rows])[1:]:
            left, right = rows[column[rows] < cut], rows[column[rows] >= cut]
            for first in range(1, leaves):
                best = min(best, cheapest(Z, codes, left, first) + cheapest(Z, codes, right, leaves - first))
    return best


@settings(max_examples=30, deadline=None)
@given(
    codes=arrays(np.int64, (3, 11), elements=st.integers(0, 9)),
    X=arrays(np.float64, (11, 2), elements=st.floats(-9, 9)),
    numbers=st.sampled_from([0, 1000]),
)
def test_what_two_cuts_cut_off_is_what_its_rows_cost(codes: np.ndarray, X: np.ndarray, numbers: int) -> None:
    codes = np.stack([np.unique(one, return_inverse=True)[1] for one in codes])
    X = X - X.mean(axis=0)

    def cost(rows: np.ndarray) -> float:
        return cost_of(X[rows]) if rows.any() else 0.0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(two_cuts, "NUMBERS_A_PAIR", numbers)
        for one, other in ((0, 1), (2, 2)):
            for corner in Corners(codes, codes.max(axis=1) + 1, X).of(one, other):
                for place in np.ndindex(corner.cut_off.shape):
                    first, second = corner.first > place[0], corner.second > place[1]
                    assert np.flatnonzero(first & second).tolist() == corner.rows(*place).tolist()
                    ways = cost(~first) + cost(first & ~second), cost(~second) + cost(second & ~first)
                    assert corner.cut_off[place] == pytest.approx(min(ways), abs=1e-7)
                    assert corner.own[place] == pytest.approx(cost(first & second), abs=1e-7)


@settings(max_examples=30, deadline=None)
@given(
    codes=arrays(np.int64, (3, 40), elements=st.integers(0, 19)),
    X=arrays(np.float64, (40, 2), elements=st.floats(-9, 9)),
    held=st.integers(2, 40),
)
def test_the_best_cut_is_that_of_all_cuts(codes: np.ndarray, X: np.ndarray, held: int) -> None:
    codes = np.stack([np.unique(one, return_inverse=True)[1] for one in codes])
    rows, features = np.arange(40)[:held], np.array([2, 0])
    # Few rows and many: in the order of each feature, and summed by code.
    for found, feature in zip(BestCut(codes, X - X.mean(axis=0)).exact(rows, features), features, strict=True):
        column = codes[feature][rows]
        costs = [cost_of(X[rows][column < cut]) + cost_of(X[rows][column >= cut]) for cut in np.unique(column)[1:]]
        assert found == pytest.approx(min(costs, default=np.inf), abs=1e-7)


@pytest.mark.parametrize("seed", range(4))
def test_four_leaves_are_what_brute_force_finds_in_another_space(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 5, (2, 26))
    Z = np.column_stack([codes[0] % 3, codes[1] > 2, codes.sum(axis=0) % 2]) + 0.4 * rng.normal(size=(26, 3))
    # From inner products of the rows, or from positions summed by pair of bins.
    monkeypatch.setattr(two_cuts, "NUMBERS_A_PAIR", 100 * (seed % 2))
    best = cheapest(Z, codes, np.arange(26), 4)
    for share in (1.0, 1.05, 1.7):
        found = certify_over(Z, list(codes), share * best, 4, 4, "over these")
        assert found.reason.startswith("proven over these")
        assert found.lower_bound == pytest.approx(best) and found.gap == pytest.approx(share - 1.0, abs=1e-6)
    assert certify_over(Z, list(codes), 1.3 * best, 4, 4, "over these", 1e5).lower_bound <= best * (1.0 + 1e-9)


@settings(max_examples=25, deadline=None)
@given(X=LITTLE, leaves=st.integers(2, 3), work=st.sampled_from([0.0, 3e4, 1e5, 3e5]))
def test_a_search_that_is_cut_short_claims_no_more_than_is_true(X: np.ndarray, leaves: int, work: float) -> None:
    best = brute_force(X, leaves)
    cost = best * 1.2
    found = certify(X, cost, leaves, leaves, work)
    rounding = 1e-9 * cost + 1e-11 * cost_of(X)
    assert found.lower_bound <= best + rounding
    assert found.gap >= 0.2 - 1e-6 or cost - best <= rounding


@pytest.mark.parametrize("name", ["iris", "wine", "diabetes"])
def test_three_leaves_of_real_data_are_proven(name: str) -> None:
    X = standardised(name)
    best = certify(X, cost_of(X), 3, 3)
    assert best.reason.startswith("proven over all thresholds: the best tree costs")
    # From the best cost itself no cheaper tree is met, which is another way through the search.
    assert certify(X, best.lower_bound, 3, 3).gap == 0.0
    assert certify(X, best.lower_bound * 1.01, 3, 3).gap == pytest.approx(0.01, abs=1e-8)


# What RuleDistiller's trees cost with KMeans(4, n_init=10, random_state=0).
@pytest.mark.parametrize(
    ("name", "cost"), [("iris", 124.93834222787228), pytest.param("wine", 1214.1199438191934, marks=pytest.mark.slow)]
)
def test_four_leaves_of_real_data_are_proven(name: str, cost: float) -> None:
    found = certify(standardised(name), cost, 4, 4)
    assert (found.gap, found.reason) == (0.0, "proven over all thresholds: no tree costs less")


def test_many_rows_are_compared_over_few_thresholds(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(4).normal(size=(24, 3)).round(1)
    monkeypatch.setattr(certificate, "FEW_THRESHOLDS", 4)
    monkeypatch.setattr(certificate, "ALL_THRESHOLDS_ROWS", 24)
    everywhere = certify(X, cost_of(X), 3, 3)
    assert "over all thresholds" in everywhere.reason
    monkeypatch.setattr(certificate, "ALL_THRESHOLDS_ROWS", 23)
    found = certify(X, cost_of(X), 3, 3)
    best = brute_force(X, 3, [thresholds_of(column, 4) for column in X.T])
    assert found.lower_bound == pytest.approx(best) and found.lower_bound > everywhere.lower_bound + 1e-6
    assert found.reason.startswith("proven over 4 thresholds a feature: the best tree costs")
    # A tree of other thresholds can cost less than every one of these.
    assert certify(X, everywhere.lower_bound, 3, 3).gap == 0.0


def test_the_same_input_has_the_same_certificate() -> None:
    X = standardised("wine")
    first, second = (certify(X, 1400.0, 4, 4, work=3e6) for _ in range(2))
    assert first == second
    assert first.reason == "not proven: the search reached its bound on work, over all thresholds" and first.gap > 0.0


@pytest.mark.parametrize(
    ("clusters", "leaves", "words"),
    [(2, 3, "3 leaves share 2 clusters"), (3, 5, "5 leaves share 3 clusters")],
)
def test_what_is_not_searched_has_a_lower_bound_and_says_why(clusters: int, leaves: int, words: str) -> None:
    X = np.random.default_rng(0).normal(size=(12, 2))
    found = certify(X, 2.0 * cost_of(X), clusters, leaves)
    assert found.reason == f"not proven, a lower bound from principal directions only: {words}"
    assert 0.0 <= found.lower_bound <= brute_force(X, 3) + 1e-9
    assert found.gap >= 1.0


def test_more_leaves_have_the_nearest_bound_that_the_work_allows() -> None:
    X = np.random.default_rng(0).normal(size=(9, 2))
    best = brute_force(X, 5)
    proven = certify(X, 1.5 * best, 5, 5)
    assert proven.lower_bound == pytest.approx(best) and proven.reason.startswith("proven")
    assert certify(X, best, 5, 5).gap == 0.0
    X = standardised("iris")
    cost = 80.0  # less than every tree of five leaves: the more work, the more of it is proven
    gaps = [certify(X, cost, 5, 5, work).gap for work in (0.0, 1e7, 3e7)]
    assert gaps == sorted(gaps, reverse=True) and gaps[-1] < gaps[0]


def test_many_rows_have_a_lower_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate, "MOST_SUMS", 100)
    X = np.random.default_rng(0).normal(size=(30, 2))
    found = certify(X, cost_of(X), 2, 2)
    assert "30 rows of 2 features are more than are searched" in found.reason
    assert 0.0 < found.lower_bound <= brute_force(X, 2)


def test_the_distiller_tells_the_gap_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MOST_PERTURBATIONS", 12)
    X = standardised("iris")
    kmeans = FrozenEstimator(KMeans(3, n_init=2, random_state=0).fit(X))
    plain = RuleDistiller(kmeans=kmeans).fit(X)
    asked = clone(plain).set_params(certify=True).fit(X)
    assert plain.gap_ is None and plain.gap_reason_ is None
    assert asked.rules_ == plain.rules_
    assert asked.gap_ == 0.0 and asked.gap_reason_ == "proven over all thresholds: no tree costs less"
    more = RuleDistiller(max_rules=4, kmeans=kmeans, certify=True).fit(X)
    assert more.gap_ is not None and more.gap_ > 0.0
    assert more.gap_reason_ is not None and "4 leaves share 3 clusters" in more.gap_reason_


def test_rows_of_one_value_cost_nothing() -> None:
    assert certify(np.ones((5, 2)), 0.0, 2, 2).gap == 0.0
