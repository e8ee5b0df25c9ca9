"""The function that computes each metric described in `model.evaluation.metric_registry`.

To add a metric, add an entry there and a function here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from northstar_explain import metrics
from northstar_explain.evaluate.ranking import Ranked, Weighted
from northstar_explain.model.evaluation import Figures, Interval, metric_registry
from northstar_explain.model.evaluation.metric_registry import METRICS, Metric

# By key: each takes the sums of `Weighted` and returns the metric's value.
FUNCTIONS: dict[str, Callable[[Weighted], float]] = {
    metric_registry.ROC_AUC.key: lambda w: w.roc_auc,
    metric_registry.AVERAGE_PRECISION.key: lambda w: w.average_precision,
    metric_registry.F1.key: lambda w: 2 * w.flagged_buyers / (w.flagged + w.buyers) if w.flagged + w.buyers else 0.0,
    metric_registry.PRECISION.key: lambda w: w.flagged_buyers / w.flagged if w.flagged else 0.0,
    metric_registry.RECALL.key: lambda w: w.flagged_buyers / w.buyers if w.buyers else 0.0,
    metric_registry.BRIER.key: lambda w: w.brier,
    metric_registry.BRIER_SKILL.key: lambda w: metrics.brier_skill(w.brier, w.buyers / w.rows),
    metric_registry.ECE.key: lambda w: w.calibration_gap,
    metric_registry.LIFT_QUALITY.key: lambda w: 2 * w.roc_auc - 1,
    metric_registry.LIFT_10.key: lambda w: w.captured(0.1) / 0.1,
    metric_registry.LIFT_20.key: lambda w: w.captured(0.2) / 0.2,
    metric_registry.LIFT_30.key: lambda w: w.captured(0.3) / 0.3,
    metric_registry.CAPTURE_10.key: lambda w: w.captured(0.1),
    metric_registry.CAPTURE_20.key: lambda w: w.captured(0.2),
    metric_registry.CAPTURE_30.key: lambda w: w.captured(0.3),
}


def measure(ranked: Ranked, weights: np.ndarray | None = None) -> dict[str, float]:
    """Every metric by its key, with each row weighted."""
    weighted = ranked.weighted(weights)
    return {key: float(FUNCTIONS[key](weighted)) for key in METRICS}


class Measured:
    """Every metric of one score, with intervals from bootstrap draws.

    Parameters
    ----------
    ranked : Ranked
    draws : ndarray of float, shape (draws, metrics with an interval)
        Results of `on_draws`, one row per draw.
    """

    def __init__(self, ranked: Ranked, draws: np.ndarray):
        described = _with_interval()
        values = measure(ranked)
        self.roc_auc_draws = draws[:, described.index(metric_registry.ROC_AUC)]
        self.capture_draws = draws[:, described.index(metric_registry.CAPTURE_20)]
        self.figures = Figures(
            values,
            {
                one.key: interval(column, values[one.key] if one.overstated else None)
                for one, column in zip(described, draws.T, strict=True)
            },
        )


def on_draws(ranked: Ranked) -> Callable[[np.ndarray], np.ndarray]:
    """A statistic for the bootstrap: the metrics with an interval, each row weighted by how often it was drawn."""
    described = _with_interval()

    def statistic(counts: np.ndarray) -> np.ndarray:
        values = measure(ranked, counts)
        return np.array([values[one.key] for one in described])

    return statistic


def _with_interval() -> Sequence[Metric]:
    return [one for one in METRICS.values() if one.interval]


def interval(values: np.ndarray, around: float | None = None) -> Interval:
    """The 95% interval of bootstrap values, as in `metrics.interval`."""
    return Interval(*metrics.interval(values, around))
