"""The purchase model on rows it has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from northstar_explain import metrics


def holdout_facts(label: np.ndarray, probability: np.ndarray, threshold: float) -> dict[str, Any]:
    """Every figure of `evaluation.json`'s ``purchase.holdout``.

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
        Both values must occur.
    probability : ndarray of float, shape (n,)
    threshold : float
        From which probability a customer is flagged; chosen elsewhere.

    Returns
    -------
    dict
    """
    precision, recall, f1 = metrics.precision_recall_f1(label, probability >= threshold)
    return {
        "n": len(label),
        "base_rate": float(label.mean()),
        "roc_auc": metrics.roc_auc(label, probability),
        "average_precision": metrics.average_precision(label, probability),
        "f1": f1,
        "precision": precision,
        "recall": recall,
        "threshold": threshold,
        "f1_everyone": metrics.precision_recall_f1(label, np.ones(len(label), dtype=bool))[2],
        "brier": metrics.brier(label, probability),
        "brier_base_rate": metrics.brier(label, np.full(len(label), label.mean())),
        "ece": metrics.expected_calibration_error(label, probability),
    }


def importance_facts(terms: list[tuple[str, float]]) -> list[dict[str, Any]]:
    """Terms by mean absolute points, the largest first, with their share of the total."""
    total = sum(value for _, value in terms) or 1.0
    ranked = sorted(terms, key=lambda item: (-item[1], item[0]))
    return [{"term": name, "mean_points": value, "share": value / total} for name, value in ranked]
