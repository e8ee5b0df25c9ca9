"""Performance estimated from probabilities alone: right where they are right, corrected where the holdout says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from northstar_explain import metrics
from northstar_explain.evaluate.monitoring.calibration_fit import MONTHLY, USUAL, expected_of, logit, of_rows, sigmoid
from northstar_explain.evaluate.monitoring.estimate_validity import drift_of_scores, reasons_against
from northstar_explain.evaluate.monitoring.expected_performance import expected_performance
from northstar_explain.model import Model
from northstar_explain.model.evaluation import Interval
from northstar_explain.model.evaluation.limits import MONITOR_DRIFTED_IMPORTANCE, PSI_REVIEW, SUBGROUP_MIN_CUSTOMERS
from northstar_explain.model.evaluation.rate_facts import CalibrationBin
from northstar_explain.model.monitoring.expected_facts import Calibration, ExpectedFigures
from northstar_explain.model.monitoring.monitor_facts import FeatureDrift

CERTAIN = Calibration(10**6, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
THRESHOLD = 0.3


@pytest.fixture(scope="module")
def probability() -> np.ndarray:
    return np.random.default_rng(3).beta(0.8, 3.2, 3_000)


def figures_of(probability: np.ndarray, calibration: Calibration = CERTAIN, seed: int = 0) -> ExpectedFigures:
    segments = np.full(len(probability), "S1")
    return expected_performance(probability, segments, ["S1"], THRESHOLD, calibration, seed=seed).overall


def real(label: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    """The figures as outcomes show them, by functions that the estimate does not use."""
    return {
        "roc_auc": metrics.roc_auc(label, probability),
        "average_precision": metrics.average_precision(label, probability),
        "brier": metrics.brier(label, probability),
        "f1": metrics.precision_recall_f1(label, probability >= THRESHOLD)[2],
        "positives": float(label.sum()),
    }


def bins_of(label: np.ndarray, probability: np.ndarray) -> list[CalibrationBin]:
    place = metrics.calibration_bins(probability)
    return [
        CalibrationBin(
            int((place == one).sum()), float(probability[place == one].mean()), float(label[place == one].mean()),
            Interval(0.0, 1.0),
        )
        for one in np.unique(place)
    ]  # fmt: skip


def test_calibrated_probabilities_foretell_every_figure(probability: np.ndarray) -> None:
    """Over many sets of outcomes: no bias, and 90% of them inside the interval."""
    expected = figures_of(probability)
    rng = np.random.default_rng(0)
    drawn = [real((rng.random(len(probability)) < probability).astype(int), probability) for _ in range(200)]
    for name in ("roc_auc", "average_precision", "brier", "f1", "positives"):
        values = np.array([one[name] for one in drawn])
        one = getattr(expected, name)
        assert one.value == pytest.approx(values.mean(), abs=0.3 * values.std()), name
        inside = float(((one.interval.low <= values) & (values <= one.interval.high)).mean())
        assert 0.83 <= inside <= 0.97, (name, inside)


def test_the_holdout_corrects_probabilities_that_are_too_far_apart(probability: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    sample = rng.choice(probability, 200_000)
    holdout = (rng.random(len(sample)) < sigmoid(0.85 * logit(sample))).astype(int)
    found = expected_of(bins_of(holdout, sample))
    assert found.slope == pytest.approx(0.85, abs=0.02)
    truth = [
        metrics.roc_auc((rng.random(3_000) < sigmoid(0.85 * logit(probability))).astype(int), probability)
        for _ in range(50)
    ]
    corrected, plain = figures_of(probability, found).roc_auc.value, figures_of(probability).roc_auc.value
    assert corrected == pytest.approx(np.mean(truth), abs=0.004)
    assert plain > np.mean(truth) + 0.02


def test_a_small_holdout_is_weighed_against_what_is_usual(probability: np.ndarray) -> None:
    rng = np.random.default_rng(2)
    small = (rng.random(300) < probability[:300]).astype(int)
    found = expected_of(bins_of(small, probability[:300]))
    assert abs(found.slope - 1) < USUAL[1]
    assert found.slope_error >= MONTHLY[1] and found.intercept_error >= MONTHLY[0]
    uncertain = figures_of(probability, found).roc_auc.interval
    certain = figures_of(probability).roc_auc.interval
    assert uncertain.high - uncertain.low > certain.high - certain.low


@pytest.mark.parametrize("label", [0, 1])
def test_outcomes_all_alike_still_have_a_calibration(label: int, probability: np.ndarray) -> None:
    found = of_rows(np.full(100, label), probability[:100])
    assert np.isfinite([found.intercept, found.slope, found.slope_error]).all()
    assert np.isfinite(expected_of(bins_of(np.full(100, label), probability[:100])).slope)


def test_small_segments_get_no_figures_and_each_is_estimated_by_itself(probability: np.ndarray) -> None:
    segments = np.array(["S1"] * (SUBGROUP_MIN_CUSTOMERS - 1) + ["S2"] * (3_000 - SUBGROUP_MIN_CUSTOMERS + 1))
    facts = expected_performance(probability, segments, ["S1", "S2", "S3"], THRESHOLD, CERTAIN)
    assert [(one.id, one.n) for one in facts.segments] == [("S1", 49), ("S2", 2_951), ("S3", 0)]
    assert facts.segments[0].figures is None and facts.segments[2].figures is None
    second = facts.segments[1].figures
    assert second is not None
    assert second.positives.value == pytest.approx(probability[49:].sum(), rel=0.03)
    overall = facts.overall.roc_auc.interval
    # Less is known of a segment: here it is nearly all customers.
    assert second.roc_auc.interval.high - second.roc_auc.interval.low > overall.high - overall.low


def test_the_same_seed_gives_the_same_figures(probability: np.ndarray) -> None:
    assert figures_of(probability) == figures_of(probability)
    assert figures_of(probability) != figures_of(probability, seed=1)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.2])
def test_probabilities_all_alike(value: float) -> None:
    figures = figures_of(np.full(60, value))
    assert figures.roc_auc.value == pytest.approx(0.5)
    assert figures.positives.value == pytest.approx(60 * value, abs=1.5)


def test_an_estimate_is_void_where_the_scores_are_unlike_those_of_training(model: Model) -> None:
    rows = model.drift.to_pylist()
    bins = [row for row in rows if row["of"] == "probability" and row["what"] == "range"]
    inside = [(row["lower"] or 0.0) + 1e-9 for row in bins]
    alike = np.repeat(inside, [row["train_n"] for row in bins])
    drift = drift_of_scores(alike, model)
    assert drift.psi < 0.001 and reasons_against(drift, {}, model) == ()
    other = drift_of_scores(alike[len(alike) // 2 :], model)
    (reason,) = reasons_against(other, None, model)
    assert f"PSI {other.psi:.2f} above 0.10" in reason
    # Of two dozen customers, a drift as large as that is chance.
    few = drift_of_scores(alike[len(alike) // 5 :: len(alike) // 30], model)
    assert few.psi > 0.1 and reasons_against(few, {}, model) == ()


def test_an_estimate_is_void_where_most_of_the_score_drifted(model: Model) -> None:
    quiet = replace(drift_of_scores(np.array([0.1]), model), psi=0.0, shifted=False)
    names = sorted({name for term in model.scorecard.terms for name in term.features})

    def drifted(some: list[str], psi: float) -> dict[str, FeatureDrift]:
        return {name: FeatureDrift(psi, 4_000, 10, 0.1, psi > 0.1) for name in some}

    (reason,) = reasons_against(quiet, drifted(names, PSI_REVIEW), model)
    assert reason.startswith("100% of the score is made of features") and f"{MONITOR_DRIFTED_IMPORTANCE:.0%}" in reason
    assert reasons_against(quiet, drifted(names, PSI_REVIEW - 0.01), model) == ()
    weakest = min(names, key=lambda name: sum(one.importance for one in model.scorecard.terms if name in one.features))
    assert reasons_against(quiet, drifted([weakest], 9.0), model) == ()
