"""What chance alone would give in a group, and intervals of what is compared between groups."""

from __future__ import annotations

import numpy as np

from northstar_explain import metrics
from northstar_explain.model.evaluation import Interval

# Quantile of the normal distribution for 95%.
_Z = 1.959964


def roc_auc_interval(label: np.ndarray, probability: np.ndarray) -> Interval | None:
    """95% interval of the ROC-AUC (DeLong, DeLong & Clarke-Pearson 1988).

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
    probability : ndarray of float, shape (n,)

    Returns
    -------
    Interval or None
        Within 0 and 1; None with fewer than two rows of either label, which have no variance.
    """
    hits, others = (np.sort(probability[label == value]) for value in (1, 0))
    if len(hits) < 2 or len(others) < 2:
        return None
    # The share of rows of the other label that each row is ranked above; ties count half.
    above = _placed(hits, others)
    below = 1 - _placed(others, hits)
    spread = (above.var(ddof=1) / len(hits) + below.var(ddof=1) / len(others)) ** 0.5
    auc = float(above.mean())
    return Interval(max(0.0, auc - _Z * spread), min(1.0, auc + _Z * spread))


def _placed(ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    lower, upper = (np.searchsorted(others, ones, side) for side in ("left", "right"))
    placed: np.ndarray = (lower + upper) / (2 * len(others))
    return placed


def rate_spread(probability: np.ndarray) -> float:
    """Standard deviation of a group's actual rate, were every probability right: a Poisson binomial count over n."""
    return float(np.sqrt((probability * (1 - probability)).sum()) / len(probability))


def rate_by_chance(probability: np.ndarray) -> Interval:
    """Where the actual rate would lie in 95 of 100 samples, were every probability right; normal approximation."""
    mean, spread = float(probability.mean()), rate_spread(probability)
    return Interval(max(0.0, mean - _Z * spread), min(1.0, mean + _Z * spread))


def calibration_z(label: np.ndarray, probability: np.ndarray) -> float | None:
    """Actual less predicted rate in standard deviations of chance (Spiegelhalter 1986, of a group's rate).

    None where every probability is 0 or 1, so that chance has no spread.
    """
    spread = rate_spread(probability)
    return float(label.mean() - probability.mean()) / spread if spread else None


def ece_by_chance(probability: np.ndarray, bins: int) -> float:
    """The calibration error to expect, were every probability right: each bin's gap is then normal, of mean 0."""
    group = metrics.calibration_bins(probability, bins)
    variances = np.bincount(group, probability * (1 - probability))
    # The mean of the absolute value of a normal variable of mean 0.
    return float(np.sqrt(2 * variances / np.pi).sum() / len(probability))


def ratio_interval(hits: int, n: int, reference_hits: int, reference_n: int) -> Interval | None:
    """95% interval of the ratio of two shares, by its logarithm (Katz et al. 1978); None where a share is 0."""
    if not hits or not reference_hits:
        return None
    ratio = hits / n / (reference_hits / reference_n)
    spread = (1 / hits - 1 / n + 1 / reference_hits - 1 / reference_n) ** 0.5
    return Interval(ratio * float(np.exp(-_Z * spread)), ratio * float(np.exp(_Z * spread)))
