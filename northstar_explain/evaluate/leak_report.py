"""What the ranking rests on, before the long fit: each feature alone, and what a quick model loses without it.

A leak need not rank perfectly: the length of a call is known only after it, and reaches 0.81 alone. It shows by how
much a model loses without it. No figure proves it, so the report asks whether the feature is known beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Contract
from northstar_explain.contract.rank_alone import auc_alone, binned
from northstar_explain.evaluate.halves import halves
from northstar_explain.metrics import roc_auc

# A feature carries much of the ranking if it ranks so well alone, and a quick model without it loses so much: in
# ROC-AUC, and of what it is better than chance.
CARRIES_ALONE, CARRIES_LOSS, CARRIES_SHARE = 0.75, 0.06, 0.20
# From this rank correlation on, two features are one told twice, and are left out together.
_COPY = 0.95
_ROWS, _FEATURES, _LEFT_OUT = 12_000, 60, 4  # of the quick model; features left out one at a time
_SHOWN = 5
_FEWEST_OF_EACH = 50  # rows with either label; of fewer, a difference is chance
_TREES: dict[str, Any] = {"max_iter": 60, "max_leaf_nodes": 15, "learning_rate": 0.15, "min_samples_leaf": 20}


@dataclass(frozen=True)
class FeatureRanking:
    """How much of the ranking is one feature's.

    Attributes
    ----------
    feature : str
    alone : float
        ROC-AUC by itself.
    whole, without : float or None
        ROC-AUC of a quick model with and without it; None where that was not tried, as it ranks too little alone.
    copies : tuple of str
        Features that rank customers as it does, and were left out with it.
    accepted : bool
        Whether somebody has looked into it.
    """

    feature: str
    alone: float
    whole: float | None = None
    without: float | None = None
    copies: tuple[str, ...] = ()
    accepted: bool = False

    @property
    def carries_much(self) -> bool:
        """Whether so much of the ranking is its own that somebody should look at it."""
        if self.accepted or self.whole is None or self.without is None or self.alone < CARRIES_ALONE:
            return False
        loss = self.whole - self.without
        return loss >= CARRIES_LOSS and loss >= CARRIES_SHARE * (self.whole - 0.5)

    def warning(self) -> str:
        """What to look at, with both figures; only where it carries much."""
        with_copies = f" (and {', '.join(self.copies)}, which rank alike)" if self.copies else ""
        return (
            f"{self.feature} carries much of the ranking: ROC-AUC {self.alone:.2f} alone; a quick model reaches "
            f"{self.whole:.2f} with it and {self.without:.2f} without it{with_copies}. Is it known before the outcome? "
            f"If not, write known_after = true into [features.{self.feature}] of the contract"
        )


def leak_report(
    contract: Contract,
    columns: Columns,
    label: np.ndarray,
    seed: int,
    groups: np.ndarray | None = None,
) -> tuple[FeatureRanking, ...]:
    """Measure what the ranking rests on.

    Parameters
    ----------
    contract : Contract
    columns : mapping
        Training rows; at most 12,000 are sampled.
    label : ndarray of 0 and 1, shape (n,)
    seed : int
    groups : ndarray, shape (n,), optional
        Group of each row; no group is in both halves.

    Returns
    -------
    tuple of FeatureRanking
        One for each feature of the model, those that rank best alone first. ROC-AUC of the quick model, a histogram
        gradient boosting (Ke et al. 2017), are of rows it was not fitted to: each half predicts the other.
    """
    rng = np.random.default_rng([seed, 17])
    columns, label, half = halves(columns, label, groups, _ROWS, rng)
    names = [feature.name for feature in contract.model_features]
    alone = {name: auc_alone(columns[name], label, half) for name in names}
    names.sort(key=lambda name: -alone[name])
    tried = _tried(names, alone, columns, label, half, seed)
    return tuple(tried.get(name) or FeatureRanking(name, alone[name]) for name in names)


def report_lines(rankings: Sequence[FeatureRanking]) -> list[str]:
    """The report for a terminal: the features that rank best alone, and a warning for each that carries much.

    Parameters
    ----------
    rankings : sequence of FeatureRanking
        As `leak_report` gives them.

    Returns
    -------
    list of str
    """
    best = ", ".join(f"{one.feature} {one.alone:.2f}" for one in rankings[:_SHOWN])
    more = f" and {len(rankings) - _SHOWN:,} more" if len(rankings) > _SHOWN else ""
    return [f"ROC-AUC of features alone: {best}{more}", *(one.warning() for one in rankings if one.carries_much)]


def _tried(
    names: list[str], alone: Mapping[str, float], columns: Columns, label: np.ndarray, half: np.ndarray, seed: int
) -> dict[str, FeatureRanking]:
    """The best features with what a quick model loses without each."""
    candidates = [name for name in names[:_LEFT_OUT] if alone[name] >= CARRIES_ALONE]
    if not candidates or min(_fewest(label[half]), _fewest(label[~half])) < _FEWEST_OF_EACH:
        return {}
    used = names[:_FEATURES]
    numbers = {name: _numbers(columns[name], label, half) for name in used}
    measure = _quick_auc(numbers, label, half, seed)
    whole = measure(used)
    found = {}
    for name in candidates:
        copies = tuple(other for other in used if other != name and _alike(numbers[name], numbers[other]))
        others = [other for other in used if other != name and other not in copies]
        # Without any feature there is no ranking: chance.
        without = measure(others) if others else 0.5
        found[name] = FeatureRanking(name, alone[name], whole, without, copies)
    return found


def _fewest(label: np.ndarray) -> int:
    return int(min(label.sum(), len(label) - label.sum()))


def _numbers(column: np.ndarray | Category, label: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Numbers as they are; categories by their frequency rank, which the label does not enter."""
    if not isinstance(column, Category):
        return column
    counts = np.bincount(binned(column), minlength=len(column.values) + 1)
    rank = np.empty(len(counts))
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    ranked: np.ndarray = rank[binned(column)]
    return ranked


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    known = ~np.isnan(one) & ~np.isnan(other)
    if known.sum() < _FEWEST_OF_EACH:
        return False
    first, second = _ranks(one[known]), _ranks(other[known])
    if not np.ptp(first) or not np.ptp(second):
        return False
    return bool(abs(np.corrcoef(first, second)[0, 1]) >= _COPY)


def _ranks(values: np.ndarray) -> np.ndarray:
    """Equal values share their rank: two columns that are mostly 0 are not alike for it."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: np.ndarray = (np.cumsum(counts) - counts / 2)[places]
    return ranks


def _quick_auc(
    numbers: Mapping[str, np.ndarray], label: np.ndarray, half: np.ndarray, seed: int
) -> Callable[[list[str]], float]:
    from sklearn.ensemble import HistGradientBoostingClassifier

    def measure(names: list[str]) -> float:
        rows = np.column_stack([numbers[name] for name in names])
        found = []
        for fitted in (half, ~half):
            trees = HistGradientBoostingClassifier(early_stopping=False, random_state=seed, **_TREES)
            # Threads would wait for each other at every leaf of so few rows.
            with threadpool_limits(limits=1):
                trees.fit(rows[fitted], label[fitted])
            found.append(roc_auc(label[~fitted], trees.predict_proba(rows[~fitted])[:, 1]))
        return float(np.mean(found))

    return measure
