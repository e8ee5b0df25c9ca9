"""Arrays in, numbers out; each with its source."""

from __future__ import annotations

from statistics import NormalDist

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


def lift(label: np.ndarray, score: np.ndarray, share: float) -> float:
    """Purchase rate among the best-scored share over the rate of all; rows of equal score count in proportion."""
    return Ranked(label, score).figures(np.ones(len(label)))[f"lift_{round(100 * share)}"]


def brier_skill(brier_score: float, base_rate: float) -> float:
    """Share of the base rate's Brier score that is taken off (Murphy 1973): 1 is perfect, 0 no better."""
    reference = base_rate * (1 - base_rate)
    return 1 - brier_score / reference if reference else 0.0


SHARES = (0.1, 0.2, 0.3)
# Words for twice the AUC less one, as model reviewers use them: chance is 0, perfect is 1.
_GRADES = ((0.8, "excellent"), (0.6, "good"), (0.4, "fair"), (0.2, "weak"), (-1.0, "poor"))


def lift_quality_grade(lift_quality: float) -> str:
    """One word for a lift quality (2 AUC - 1, the Gini coefficient): excellent from 0.8, good from 0.6, fair from 0.4,
    weak from 0.2, else poor."""
    return next(word for least, word in _GRADES if lift_quality >= least)


class Ranked:
    """Rows sorted by score, ready to be judged many times under different weights.

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
    score : ndarray of float, shape (n,)
        Probabilities.
    threshold : float, default 0.5
        From which a row is flagged.

    Notes
    -----
    A bootstrap draw is a vector of counts: how often each row was drawn. Sorting once and adding up counts makes a draw
    cost a few passes over the rows.
    """

    def __init__(self, label: np.ndarray, score: np.ndarray, threshold: float = 0.5):
        self._order = np.argsort(-score, kind="stable")
        self._score = score[self._order]
        self._label = np.asarray(label, dtype=np.float64)[self._order]
        changes = np.flatnonzero(np.diff(self._score)) + 1
        self._last = np.append(changes, len(score)) - 1  # last row of each run of equal scores
        self._flagged = int(np.searchsorted(-self._score, -threshold, side="right"))
        bounds = np.linspace(0, len(score), CALIBRATION_BINS + 1).astype(int)
        self._bins = np.unique(bounds[:-1])

    def figures(self, weights: np.ndarray) -> dict[str, float]:
        """Every figure, with each row counted as often as its weight says.

        Parameters
        ----------
        weights : ndarray of float, shape (n,)
            In the order in which the rows were given; 1 for the rows as they are.

        Returns
        -------
        dict
            ``roc_auc``, ``average_precision``, ``f1``, ``precision``, ``recall``, ``brier``, ``brier_skill``, ``ece``,
            ``lift_quality``, and ``lift_10`` and ``capture_10`` to 30: the purchase rate among the best-scored share
            over that of all, and the share of buyers found there.
        """
        w = weights[self._order]
        seen, hits = np.cumsum(w), np.cumsum(w * self._label)
        n, buyers = float(seen[-1]), float(hits[-1])
        others = n - buyers
        end_seen, end_hits = seen[self._last], hits[self._last]
        run_hits = np.diff(end_hits, prepend=0.0)
        run_misses = np.diff(end_seen, prepend=0.0) - run_hits
        # A buyer beats every other below it, and half of those beside it.
        beaten = others - np.cumsum(run_misses) + run_misses / 2
        auc = float((run_hits * beaten).sum() / (buyers * others)) if buyers and others else 0.5
        flagged = float(seen[self._flagged - 1]) if self._flagged else 0.0
        found = float(hits[self._flagged - 1]) if self._flagged else 0.0
        brier_score = float((w * (self._score - self._label) ** 2).sum() / n)
        gaps = np.add.reduceat(w * (self._score - self._label), self._bins)
        facts = {
            "roc_auc": auc,
            "average_precision": float(
                (run_hits * end_hits / np.maximum(end_seen, 1e-300)).sum() / max(buyers, 1e-300)
            ),
            "f1": 2 * found / (flagged + buyers) if flagged + buyers else 0.0,
            "precision": found / flagged if flagged else 0.0,
            "recall": found / buyers if buyers else 0.0,
            "brier": brier_score,
            "brier_skill": brier_skill(brier_score, buyers / n),
            "ece": float(np.abs(gaps).sum() / n),
            "lift_quality": 2 * auc - 1,
        }
        ends = np.concatenate([[0.0], end_seen])
        captured = np.interp(np.array(SHARES) * n, ends, np.concatenate([[0.0], end_hits])) / max(buyers, 1e-300)
        for share, capture in zip(SHARES, captured, strict=True):
            facts[f"lift_{round(100 * share)}"] = float(capture / share)
            facts[f"capture_{round(100 * share)}"] = float(capture)
        return facts

    def gains(self, shares: np.ndarray) -> np.ndarray:
        """The share of buyers among each best-scored share of the rows; rows of equal score count in proportion."""
        seen, hits = np.arange(1, len(self._label) + 1), np.cumsum(self._label)
        ends, found = np.append(0, seen[self._last]), np.append(0.0, hits[self._last])
        return np.interp(shares * len(self._label), ends, found) / max(hits[-1], 1.0)


def bootstrap_counts(n: int, draws: int, seed: int, groups: np.ndarray | None = None) -> np.ndarray:
    """How often each of n rows is in each of several draws with replacement (Efron 1979), as int16 (draws, n).

    Rows that belong together are drawn together where `groups`, shape (n,), says which do: the cluster bootstrap
    (Field and Welsh 2007), as they are alike and tell less than as many rows by themselves.
    """
    if groups is not None:
        found, member = np.unique(groups, return_inverse=True)
        return bootstrap_counts(len(found), draws, seed)[:, member]
    rng = np.random.default_rng([seed, 12])
    return np.stack([np.bincount(rng.integers(0, n, n), minlength=n).astype(np.int16) for _ in range(draws)])


def interval(values: np.ndarray) -> list[float]:
    """The middle 95% of bootstrap values: the percentile interval (Efron 1981)."""
    low, high = np.quantile(values, (0.025, 0.975))
    return [float(low), float(high)]


def sample_size(base_rate: float, uplift: float, power: float = 0.8, significance: float = 0.05) -> int:
    """Customers in each of two equal groups that show an uplift of the purchase rate (Fleiss 1981, two-sided).

    Parameters
    ----------
    base_rate : float
        Purchase rate without the campaign, 0 to 1.
    uplift : float
        Difference to be seen, in the same unit.
    power, significance : float
        Chance to see it when it is there, and to see one when there is none.

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
