"""Arrays in, numbers out; each with its source."""

from __future__ import annotations

import numpy as np

CALIBRATION_BINS = 10


def roc_auc(label: np.ndarray, probability: np.ndarray) -> float:
    """Area under the ROC curve: how often a buyer is scored above a non-buyer (Hanley & McNeil 1982).

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
    probability : ndarray of float, shape (n,)

    Returns
    -------
    float
        0.5 is chance, 1 is perfect.
    """
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(label, probability))


def average_precision(label: np.ndarray, probability: np.ndarray) -> float:
    """Precision averaged over recall (Zhu 2004); the base rate is what chance reaches."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(label, probability))


def brier(label: np.ndarray, probability: np.ndarray) -> float:
    """Mean squared distance of probability and outcome (Brier 1950); lower is better."""
    return float(np.mean((probability - label) ** 2))


def expected_calibration_error(label: np.ndarray, probability: np.ndarray) -> float:
    """Mean gap between predicted and actual rate over ten bins of equal size (Naeini et al. 2015).

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
    probability : ndarray of float, shape (n,)

    Returns
    -------
    float
        Between 0 (calibrated) and 1; bins weigh by their size.
    """
    order = np.argsort(probability, kind="stable")
    parts = np.array_split(order, CALIBRATION_BINS)
    gaps = [abs(probability[part].mean() - label[part].mean()) * len(part) for part in parts if len(part)]
    return float(sum(gaps) / len(label))


def precision_recall_f1(label: np.ndarray, flag: np.ndarray) -> tuple[float, float, float]:
    """Precision, recall and their harmonic mean (van Rijsbergen 1979); 0 where nothing is flagged."""
    hits = float(np.sum(flag & (label == 1)))
    precision = hits / max(1.0, float(np.sum(flag)))
    recall = hits / max(1.0, float(np.sum(label == 1)))
    return precision, recall, 2 * precision * recall / (precision + recall) if hits else 0.0


def best_f1_threshold(label: np.ndarray, probability: np.ndarray) -> float:
    """The threshold with the highest F1; a row is flagged when its probability is at or above it.

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
        With at least one 1.
    probability : ndarray of float, shape (n,)

    Returns
    -------
    float
        One of the probabilities.
    """
    order = np.argsort(-probability, kind="stable")
    sorted_probability = probability[order]
    hits = np.cumsum(label[order])
    f1 = 2 * hits / (np.arange(1, len(label) + 1) + hits[-1])
    # Rows of equal probability are flagged together: only the last of them is a place to cut.
    last = np.append(sorted_probability[1:] < sorted_probability[:-1], True)
    return float(sorted_probability[np.argmax(np.where(last, f1, -1.0))])
