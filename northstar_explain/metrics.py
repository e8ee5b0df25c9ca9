"""Metrics as functions of arrays, each with its source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import NormalDist

import numpy as np

CALIBRATION_BINS = 10


def roc_auc(label: np.ndarray, probability: np.ndarray) -> float:
    """Area under the ROC curve: the probability that a buyer scores above a non-buyer (Hanley & McNeil 1982).

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
    probability : ndarray of float, shape (n,)

    Returns
    -------
    float
        0.5 is chance, 1 is perfect.
    """
    # Imported here: most of this module needs NumPy only, and scikit-learn takes long to import.
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(label, probability))


def average_precision(label: np.ndarray, probability: np.ndarray) -> float:
    """Precision averaged over recall (Zhu 2004); chance reaches the base rate."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(label, probability))


def brier(label: np.ndarray, probability: np.ndarray) -> float:
    """Mean squared error of the probability (Brier 1950); lower is better."""
    return float(np.mean((probability - label) ** 2))


def calibration_bins(probability: np.ndarray, bins: int = CALIBRATION_BINS) -> np.ndarray:
    """The bin of equal size that each row falls into, by rank; rows with equal probability share a bin.

    Parameters
    ----------
    probability : ndarray of float, shape (n,)
    bins : int, default 10

    Returns
    -------
    ndarray of int, shape (n,)
        0 for the lowest probabilities, up to bins - 1. With ties, some bins may be empty.
    """
    ranked = np.sort(probability)
    below, within = (np.searchsorted(ranked, probability, side) for side in ("left", "right"))
    # By the middle of the ranks that equal values span, so that they stay together.
    return (below + within) * bins // (2 * len(probability))


def expected_calibration_error(label: np.ndarray, probability: np.ndarray, bins: int = CALIBRATION_BINS) -> float:
    """Mean gap between predicted and actual rate over bins of equal size (Naeini et al. 2015).

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
    probability : ndarray of float, shape (n,)
    bins : int, default 10

    Returns
    -------
    float
        Between 0 (calibrated) and 1; bins are weighted by size.
    """
    gaps = np.bincount(calibration_bins(probability, bins), probability - label)
    return float(np.abs(gaps).sum() / len(label))


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
    # F1 is 2 x hits / (flagged + buyers), here for the best row flagged, the best two, and so on.
    f1 = 2 * hits / (np.arange(1, len(label) + 1) + hits[-1])
    # Rows with equal probability are flagged together, so only the last of them is a possible threshold.
    last = np.append(sorted_probability[1:] < sorted_probability[:-1], True)
    return float(sorted_probability[np.argmax(np.where(last, f1, -1.0))])


def brier_skill(brier_score: float, base_rate: float) -> float:
    """Relative reduction of the base rate's Brier score (Murphy 1973): 1 is perfect, 0 is no better."""
    reference = base_rate * (1 - base_rate)
    return 1 - brier_score / reference if reference else 0.0


# Words for twice the AUC less one, as model reviewers use them: chance is 0, perfect is 1.
_GRADES = ((0.8, "excellent"), (0.6, "good"), (0.4, "fair"), (0.2, "weak"), (-1.0, "poor"))


def lift_quality_grade(lift_quality: float) -> str:
    """One word for a lift quality (2 AUC - 1, the Gini coefficient): excellent from 0.8, good from 0.6, fair from 0.4,
    weak from 0.2, else poor."""
    return next(word for least, word in _GRADES if lift_quality >= least)


def bootstrap(
    statistics: Mapping[str, Callable[[np.ndarray], np.ndarray]],
    n: int,
    draws: int,
    seed: int,
    groups: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Compute statistics on rows sampled with replacement (Efron 1979), all on the same draws.

    Parameters
    ----------
    statistics : mapping of str to callable
        Each takes how often every row was drawn, ndarray of int of shape (n,), and returns an array.
    n : int
        Rows.
    draws : int
    seed : int
    groups : ndarray, shape (n,), optional
        Group of each row. Whole groups are then sampled: the cluster bootstrap (Field & Welsh 2007), as rows of one
        group are correlated and carry less information than independent ones. A draw then has about n rows.

    Returns
    -------
    dict
        Name to ndarray of shape (draws, ...).
    """
    names, member = (np.arange(n), None) if groups is None else np.unique(groups, return_inverse=True)
    count = len(names)
    # The second number gives the bootstrap draws of its own, whatever else uses the seed.
    rng = np.random.default_rng([seed, 12])
    results: dict[str, list[np.ndarray]] = {name: [] for name in statistics}
    for _ in range(draws):  # one at a time: all draws of a large table would not fit into memory
        drawn = np.bincount(rng.integers(0, count, count), minlength=count)
        counts = drawn if member is None else drawn[member]
        for name, statistic in statistics.items():
            results[name].append(statistic(counts))
    return {name: np.array(values) for name, values in results.items()}


def interval(values: np.ndarray, around: float | None = None) -> list[float]:
    """The middle 95% of bootstrap values: the percentile interval (Efron 1981).

    Parameters
    ----------
    values : ndarray of float, shape (draws,)
    around : float, optional
        The estimate itself, for a metric that every draw overstates, as it does a mean of absolute gaps: the ends are
        corrected by the bootstrap bias (Efron & Tibshirani 1993, chapter 10), but not below 0.

    Returns
    -------
    list of float
        Lower and upper end.
    """
    low, high = np.quantile(values, (0.025, 0.975))
    if around is None:
        return [float(low), float(high)]
    # Draws overstate as much beyond the estimate as it overstates the truth: their bias is taken off both ends.
    bias = float(values.mean()) - around
    return [max(0.0, float(low) - bias), max(0.0, float(high) - bias)]


def sample_size(base_rate: float, uplift: float, power: float = 0.8, significance: float = 0.05) -> int:
    """Customers in each of two equal groups to detect an uplift of the purchase rate (Fleiss 1981, two-sided).

    Parameters
    ----------
    base_rate : float
        Purchase rate without the campaign, 0 to 1.
    uplift : float
        Difference to detect, in the same unit.
    power, significance : float
        Probability to detect it when it exists, and to detect one when there is none.

    Returns
    -------
    int
    """
    other = base_rate + uplift
    if not (0 < base_rate < 1 and 0 < other < 1 and uplift):
        raise ValueError(f"rates must lie between 0 and 1 and differ; got {base_rate} and {other}")
    normal = NormalDist().inv_cdf
    mean = (base_rate + other) / 2
    first = normal(1 - significance / 2) * np.sqrt(2 * mean * (1 - mean))
    second = normal(power) * np.sqrt(base_rate * (1 - base_rate) + other * (1 - other))
    return int(np.ceil(((first + second) / uplift) ** 2))


def population_stability(expected: np.ndarray, actual: np.ndarray) -> float:
    """Population stability index of two sets of counts: how far shares have moved (Siddiqi 2006).

    Parameters
    ----------
    expected, actual : ndarray of int, shape (bins,)
        Rows per bin, before and now; both with at least one row.

    Returns
    -------
    float
        0 where the shares are the same. Half a row is added to every bin, so that an empty one does not make it
        infinite; bins empty on both sides are left out.
    """
    filled = (expected > 0) | (actual > 0)
    shares = [(counts[filled] + 0.5) / (counts[filled] + 0.5).sum() for counts in (expected, actual)]
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def wilson(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Interval of a share, 95% where z is as given (Wilson 1927).

    Parameters
    ----------
    hits, n : int
        How many of how many; n at least 1.
    z : float
        Quantile of the normal distribution.

    Returns
    -------
    tuple of float
        Lower and upper end, within 0 and 1.
    """
    share, extra = hits / n, z * z / n
    middle = (share + extra / 2) / (1 + extra)
    half = z / (1 + extra) * (share * (1 - share) / n + extra / n / 4) ** 0.5
    # Rounding must not leave the share itself outside.
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))
