"""Metrics against scikit-learn, by hand, and under bootstrap weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as peer

from northstar_explain import metrics
from northstar_explain.evaluate.holdout_metrics import measure
from northstar_explain.evaluate.ranking import Ranked

SCORES = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0])
ROWS = st.lists(st.tuples(st.integers(0, 1), SCORES, st.integers(0, 3)), min_size=2, max_size=60)


@given(ROWS)
def test_weighted_metrics_equal_those_of_scikit_learn_on_repeated_rows(rows: list[tuple[int, float, int]]) -> None:
    label, score, weight = (np.array(column) for column in zip(*rows, strict=True))
    whole = np.repeat(label, weight)
    if len(np.unique(whole)) < 2:
        return
    long = np.repeat(score, weight)
    values = measure(Ranked(label, score, 0.5), weight.astype(float))
    assert values["roc_auc"] == pytest.approx(peer.roc_auc_score(whole, long))
    assert values["average_precision"] == pytest.approx(peer.average_precision_score(whole, long))
    assert values["brier"] == pytest.approx(peer.brier_score_loss(whole, long))
    flag = long >= 0.5
    assert values["f1"] == pytest.approx(peer.f1_score(whole, flag, zero_division=0))
    assert values["precision"] == pytest.approx(peer.precision_score(whole, flag, zero_division=0))
    assert values["recall"] == pytest.approx(peer.recall_score(whole, flag))
    assert values["lift_10"] == pytest.approx(10 * values["capture_10"])
    assert 0 <= values["capture_10"] <= values["capture_20"] <= values["capture_30"] <= 1 + 1e-12


def test_lift_and_capture_by_hand() -> None:
    label = np.array([1, 1, 0, 0, 1, 0, 0, 0, 0, 0])
    score = np.linspace(1, 0.1, 10)
    values = measure(Ranked(label, score), np.ones(10))
    assert (values["capture_10"], values["capture_20"], values["capture_30"]) == pytest.approx((1 / 3, 2 / 3, 2 / 3))
    assert (values["lift_10"], values["lift_30"]) == pytest.approx((10 / 3, 20 / 9))


def test_equal_scores_count_in_proportion() -> None:
    label = np.array([1, 0, 0, 0, 1, 0, 0, 0, 0, 0])
    values = measure(Ranked(label, np.full(10, 0.3)), np.ones(10))
    assert (values["roc_auc"], values["lift_10"], values["lift_30"]) == pytest.approx((0.5, 1.0, 1.0))
    assert Ranked(label, np.full(10, 0.3)).gains(np.array([0.0, 0.5, 1.0])) == pytest.approx([0, 0.5, 1])


@given(ROWS)
def test_weighted_gains_are_those_of_repeated_rows(rows: list[tuple[int, float, int]]) -> None:
    label, score, weight = (np.array(column) for column in zip(*rows, strict=True))
    if not (label * weight).any():
        return
    shares = np.linspace(0, 1, 7)
    whole = Ranked(np.repeat(label, weight), np.repeat(score, weight)).gains(shares)
    assert Ranked(label, score).gains(shares, weight) == pytest.approx(whole)


def test_calibration_error_by_hand() -> None:
    label, score = np.array([0, 1, 0, 1]), np.array([0.1, 0.2, 0.6, 0.7])
    assert metrics.expected_calibration_error(label, score, 2) == pytest.approx((0.35 + 0.15) / 2)
    assert metrics.expected_calibration_error(label, score, 1) == pytest.approx(0.1)
    assert metrics.expected_calibration_error(label, score, 4) == pytest.approx((0.1 + 0.8 + 0.6 + 0.3) / 4)


@pytest.mark.parametrize("n", [1_000, 1_007])
def test_calibration_error_by_bins_of_equal_size(n: int) -> None:
    rng = np.random.default_rng(0)
    score = rng.random(n)
    label = (rng.random(n) < score).astype(int)
    sizes = np.bincount(metrics.calibration_bins(score))
    assert len(sizes) == 10
    assert sizes.max() - sizes.min() <= 1
    ece = measure(Ranked(label, score), np.ones(n))["ece"]
    assert ece == pytest.approx(metrics.expected_calibration_error(label, score))


def test_equal_scores_share_a_calibration_bin() -> None:
    label = np.array([1, 0, 0, 0] * 25)
    assert set(metrics.calibration_bins(np.full(100, 0.25))) == {5}
    assert metrics.expected_calibration_error(label, np.full(100, 0.25)) == 0
    assert measure(Ranked(label, np.full(100, 0.3)), np.ones(100))["ece"] == pytest.approx(0.05)


def test_the_interval_of_an_auc_has_about_its_nominal_coverage() -> None:
    rng = np.random.default_rng(1)
    # Buyers' scores are normal around 1, others' around 0: the AUC is Phi(1 / sqrt(2)).
    truth, hits, tries = 0.7602, 0, 60
    for _ in range(tries):
        label = (rng.random(400) < 0.3).astype(int)
        ranked = Ranked(label, rng.normal(label, 1.0))
        auc = {"auc": lambda counts, ranked=ranked: np.array(measure(ranked, counts)["roc_auc"])}
        low, high = metrics.interval(metrics.bootstrap(auc, 400, 100, int(rng.integers(1_000_000)))["auc"])
        hits += low <= truth <= high
    assert hits >= 0.85 * tries


def test_draws_keep_the_number_of_rows_and_depend_on_the_seed() -> None:
    def drawn(seed: int) -> dict[str, np.ndarray]:
        return metrics.bootstrap({"counts": lambda counts: counts, "twice": lambda counts: 2 * counts}, 50, 7, seed)

    counts = drawn(3)["counts"]
    assert counts.shape == (7, 50)
    assert (counts.sum(axis=1) == 50).all()
    assert np.array_equal(2 * counts, drawn(3)["twice"])
    assert not np.array_equal(counts, drawn(4)["counts"])


def test_an_interval_holds_the_middle_95_percent() -> None:
    values = np.arange(1_001) / 1_000
    assert metrics.interval(values) == pytest.approx([0.025, 0.975])
    assert metrics.interval(values, 0.6) == pytest.approx([0.125, 1.075])  # moved by the bias, 0.5 - 0.6
    assert metrics.interval(values, 0.1) == pytest.approx([0, 0.575])


@pytest.mark.parametrize(
    ("quality", "word"),
    [(0.95, "excellent"), (0.8, "excellent"), (0.72, "good"), (0.45, "fair"), (0.2, "weak"), (-0.3, "poor")],
)
def test_lift_quality_as_a_word(quality: float, word: str) -> None:
    assert metrics.lift_quality_grade(quality) == word


def test_sample_size_is_that_of_the_textbook() -> None:
    # Fleiss, Levin & Paik (2003), table A.3: 0.20 against 0.25, alpha 0.05, power 0.80, without continuity correction.
    assert metrics.sample_size(0.20, 0.05) == pytest.approx(1_094, abs=1)
    assert metrics.sample_size(0.18, 0.01) > 4 * metrics.sample_size(0.18, 0.02) * 0.9
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        metrics.sample_size(0.99, 0.05)
