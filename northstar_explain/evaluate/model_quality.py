"""The purchase model on the holdout, with bootstrap intervals, compared with its baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from northstar_explain import metrics
from northstar_explain.evaluate import curves
from northstar_explain.evaluate.holdout_metrics import Measured, interval, on_draws
from northstar_explain.evaluate.ranking import Ranked
from northstar_explain.model.evaluation import Figures, Interval
from northstar_explain.model.evaluation.metric_registry import CAPTURE_20, LIFT_QUALITY, ROC_AUC
from northstar_explain.model.evaluation.purchase_facts import Baseline, Gap, Gaps, Holdout, TermImportance
from northstar_explain.model.evaluation.rate_facts import CalibrationBin, Decile, GainsPoint

DRAWS = 500
# The time of a draw grows with the holdout, while the intervals of a large one are narrow, so that fewer draws suffice.
LARGE, DRAWS_WHEN_LARGE = 100_000, 200


@dataclass(frozen=True)
class Predictions:
    """Scores of the holdout and the threshold of their flag.

    Attributes
    ----------
    probability : ndarray of float, shape (n,)
    threshold : float
        From which a customer is flagged; chosen on validation rows.
    features : tuple of str
        Those that the score uses, where they are a choice.
    """

    probability: np.ndarray
    threshold: float
    features: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trial:
    """The holdout with the scores of the model and of every baseline.

    Attributes
    ----------
    label : ndarray of 0 and 1, shape (n,)
        Both values must occur.
    ours : Predictions
    others : mapping of str to Predictions
        The baselines by name, in reporting order.
    decile : ndarray of int, shape (n,)
        1 to 10 against the training population, 10 the highest.
    truth : ndarray of float, shape (n,), optional
        True probabilities, where they are known.
    groups : ndarray, shape (n,), optional
        Group of each row: rows of one group are resampled together.
    """

    label: np.ndarray
    ours: Predictions
    others: Mapping[str, Predictions]
    decile: np.ndarray
    truth: np.ndarray | None = None
    groups: np.ndarray | None = None


class HoldoutMeasures(NamedTuple):
    """The fields of `PurchaseFacts` that `purchase_facts` measures."""

    holdout: Holdout
    bootstrap_draws: int
    baselines: tuple[Baseline, ...]
    reliability: tuple[CalibrationBin, ...]
    gains: tuple[GainsPoint, ...]
    deciles: tuple[Decile, ...]
    gaps: Gaps


def purchase_facts(trial: Trial, draws: int, seed: int) -> HoldoutMeasures:
    """Evaluate the model and its baselines on the same bootstrap draws.

    Parameters
    ----------
    trial : Trial
    draws : int
        At most 200 on a holdout of more than 100,000 rows.
    seed : int

    Returns
    -------
    HoldoutMeasures
    """
    label, probability = trial.label, trial.ours.probability
    if len(label) > LARGE:
        draws = min(draws, DRAWS_WHEN_LARGE)
    ranked = Ranked(label, probability, trial.ours.threshold)
    reliability = curves.Reliability(label, probability)
    gains = curves.Gains(ranked)
    deciles = curves.Deciles(label, probability, trial.decile)
    # The model has the empty name, which no baseline can have.
    rankings = {"": ranked} | {
        name: Ranked(label, other.probability, other.threshold) for name, other in trial.others.items()
    }
    if trial.truth is not None:
        rankings["truth"] = Ranked(label, trial.truth)
    statistics: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "reliability": reliability.draw,
        "gains": gains.draw,
        "deciles": deciles.draw,
        "base_rate": lambda counts: np.array(counts @ label / counts.sum()),
    }
    statistics |= {f"figures {name}": on_draws(one) for name, one in rankings.items()}
    # All statistics share the draws, so that the interval of a difference accounts for their correlation.
    results = metrics.bootstrap(statistics, len(label), draws, seed, trial.groups)
    measured = {name: Measured(one, results[f"figures {name}"]) for name, one in rankings.items()}
    return HoldoutMeasures(
        holdout=_holdout(label, trial.ours, measured[""].figures, interval(results["base_rate"])),
        bootstrap_draws=draws,
        baselines=tuple(_baseline(name, other, measured) for name, other in trial.others.items()),
        reliability=reliability.facts(results["reliability"]),
        gains=gains.facts(results["gains"]),
        deciles=deciles.facts(results["deciles"]),
        gaps=Gaps(_gap(measured, "black_box"), _gap(measured, "truth")),
    )


def figures_of(
    label: np.ndarray, predictions: Predictions, draws: int, seed: int, groups: np.ndarray | None = None
) -> Figures:
    """Every metric of one score with its bootstrap interval; both labels must occur."""
    ranked = Ranked(label, predictions.probability, predictions.threshold)
    results = metrics.bootstrap({"figures": on_draws(ranked)}, len(label), draws, seed, groups)
    return Measured(ranked, results["figures"]).figures


def _holdout(label: np.ndarray, predictions: Predictions, figures: Figures, base_rates: Interval) -> Holdout:
    base = float(label.mean())
    return Holdout(
        n=len(label),
        base_rate=base,
        base_rate_interval=base_rates,
        threshold=predictions.threshold,
        f1_everyone=_f1_everyone(base),
        # It increases with the base rate, so the ends of its interval follow from those of the base rate.
        f1_everyone_interval=Interval(*map(_f1_everyone, base_rates)),
        brier_base_rate=base * (1 - base),
        lift_quality_grade=metrics.lift_quality_grade(figures[LIFT_QUALITY]),
        figures=figures,
    )


def _f1_everyone(base_rate: float) -> float:
    return 2 * base_rate / (1 + base_rate)


def _baseline(name: str, predictions: Predictions, measured: Mapping[str, Measured]) -> Baseline:
    ours, other = measured[""], measured[name]
    return Baseline(
        name=name,
        features=predictions.features,
        threshold=predictions.threshold,
        figures=other.figures,
        roc_auc_behind=ours.figures[ROC_AUC] - other.figures[ROC_AUC],
        roc_auc_behind_interval=interval(ours.roc_auc_draws - other.roc_auc_draws),
        captured_behind=ours.figures[CAPTURE_20] - other.figures[CAPTURE_20],
        captured_behind_interval=interval(ours.capture_draws - other.capture_draws),
    )


def _gap(measured: Mapping[str, Measured], name: str) -> Gap | None:
    """How far the ROC-AUC lies behind that of a better score; None where there is no such score."""
    ours, better = measured[""], measured.get(name)
    if better is None:
        return None
    reached = better.figures[ROC_AUC]
    return Gap(reached, reached - ours.figures[ROC_AUC], interval(better.roc_auc_draws - ours.roc_auc_draws))


def importance_facts(terms: list[tuple[str, float]]) -> tuple[TermImportance, ...]:
    """Terms by mean absolute points, the largest first, with their share of the total."""
    # Where no term has any effect, shares are 0 and not undefined.
    total = sum(value for _, value in terms) or 1.0
    ranked = sorted(terms, key=lambda item: (-item[1], item[0]))
    return tuple(TermImportance(name, value, value / total) for name, value in ranked)
