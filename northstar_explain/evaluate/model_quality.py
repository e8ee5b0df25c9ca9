"""The purchase model on rows it has not seen, with intervals, and beside what it must beat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from northstar_explain import metrics
from northstar_explain.evaluate import curves
from northstar_explain.metrics import Ranked

DRAWS = 500
# A draw takes as long as the holdout is large, and of a large one the intervals are narrow: their ends then need not be
# known as exactly.
LARGE, DRAWS_WHEN_LARGE = 100_000, 200
# Figures that get an interval; the rest follow from them.
_WITH_INTERVAL = ("roc_auc", "average_precision", "f1", "precision", "recall", "brier", "brier_skill", "ece",
                  "lift_quality", "lift_10", "lift_20", "lift_30",
                  "capture_10", "capture_20", "capture_30")  # fmt: skip
# A mean of absolute gaps: what a draw adds by chance is added twice.
_OVERSTATED = "ece"


@dataclass(frozen=True)
class Predictions:
    """A way to score, on the holdout.

    Attributes
    ----------
    probability : ndarray of float, shape (n,)
    threshold : float
        From which a customer is flagged; chosen on validation rows.
    """

    probability: np.ndarray
    threshold: float


@dataclass(frozen=True)
class CampaignCosts:
    """What a campaign costs and earns, in the same currency.

    Attributes
    ----------
    margin : float
        Earned per purchase; above 0.
    contact_cost : float
        Spent per customer contacted; 0 or more.
    """

    margin: float
    contact_cost: float


@dataclass(frozen=True)
class Trial:
    """The holdout, and all that was scored on it.

    Attributes
    ----------
    label : ndarray of 0 and 1, shape (n,)
        Both values must occur.
    ours : Predictions
    others : mapping of str to Predictions
        The baselines by name, in the order in which they are reported.
    decile : ndarray of int, shape (n,)
        1 to 10 against the training population, 10 the highest.
    truth : ndarray of float, shape (n,), optional
        True probabilities, where they are known.
    stakes : CampaignCosts, optional
    groups : ndarray, shape (n,), optional
        What each row belongs to: rows of one group are drawn together.
    """

    label: np.ndarray
    ours: Predictions
    others: Mapping[str, Predictions]
    decile: np.ndarray
    truth: np.ndarray | None = None
    stakes: CampaignCosts | None = None
    groups: np.ndarray | None = None


def purchase_facts(trial: Trial, draws: int, seed: int) -> dict[str, Any]:
    """Judge the model and all that it is compared with, on the same bootstrap draws.

    Parameters
    ----------
    trial : Trial
    draws : int
        At most 200 on a holdout of more than 100,000 rows.
    seed : int

    Returns
    -------
    dict
        ``holdout``, ``intervals``, ``draws``, ``baselines``, ``reliability``, ``gains``, ``deciles``, ``profit`` and
        ``gaps`` of `evaluation.json`'s ``purchase``.
    """
    label, probability = trial.label, trial.ours.probability
    if len(label) > LARGE:
        draws = min(draws, DRAWS_WHEN_LARGE)
    ranked = Ranked(label, probability, trial.ours.threshold)
    parts: dict[str, curves.Part] = {
        "reliability": curves.Reliability(label, probability),
        "gains": curves.Gains(ranked),
        "deciles": curves.Deciles(label, probability, trial.decile),
    }
    if trial.stakes is not None:
        stakes = trial.stakes
        parts["profit"] = curves.Profit(label, probability, stakes.margin, stakes.contact_cost)
    every = {"": ranked} | {
        name: Ranked(label, other.probability, other.threshold) for name, other in trial.others.items()
    }
    if trial.truth is not None:
        every["truth"] = Ranked(label, trial.truth)
    statistics: dict[str, Callable[[np.ndarray], np.ndarray]]
    statistics = {f"part {name}": part.draw for name, part in parts.items()}
    statistics |= {f"figures {name}": _figures(one) for name, one in every.items()}
    statistics["base_rate"] = lambda counts: np.array(counts @ label / counts.sum())
    drawn = metrics.bootstrap(statistics, len(label), draws, seed, trial.groups)
    found = {name: _Found(one, drawn[f"figures {name}"]) for name, one in every.items()}
    return {
        "holdout": _holdout(label, trial.ours, found[""].figures),
        "intervals": found[""].intervals | _base_intervals(drawn["base_rate"]),
        "draws": draws,
        "baselines": [_baseline(name, other, found) for name, other in trial.others.items()],
        "profit": None,
        **{name: part.facts(drawn[f"part {name}"]) for name, part in parts.items()},
        "gaps": _gaps(found),
    }


def holdout_facts(label: np.ndarray, judged: Predictions) -> dict[str, Any]:
    """Every figure of `evaluation.json`'s ``purchase.holdout``; both labels must occur."""
    return _holdout(label, judged, Ranked(label, judged.probability, judged.threshold).figures(np.ones(len(label))))


def interval_facts(
    label: np.ndarray, judged: Predictions, draws: int, seed: int, groups: np.ndarray | None = None
) -> dict[str, list[float]]:
    """Figure to its 95% bootstrap interval, [low, high], where nothing else is judged beside it."""
    ranked = Ranked(label, judged.probability, judged.threshold)
    drawn = metrics.bootstrap({"figures": _figures(ranked)}, len(label), draws, seed, groups)
    return _Found(ranked, drawn["figures"]).intervals


def _figures(ranked: Ranked) -> Callable[[np.ndarray], np.ndarray]:
    def statistic(counts: np.ndarray) -> np.ndarray:
        found = ranked.figures(counts)
        return np.array([found[name] for name in _WITH_INTERVAL])

    return statistic


class _Found:
    """Figures of one way to score, and the same on every draw."""

    def __init__(self, ranked: Ranked, drawn: np.ndarray):
        self.figures = ranked.figures(np.ones(ranked.rows))
        self.roc_auc = drawn[:, _WITH_INTERVAL.index("roc_auc")]
        self.intervals = {
            name: metrics.interval(values, self.figures[name] if name == _OVERSTATED else None)
            for name, values in zip(_WITH_INTERVAL, drawn.T, strict=True)
        }


def _holdout(label: np.ndarray, judged: Predictions, figures: Mapping[str, float]) -> dict[str, Any]:
    base = float(label.mean())
    return {
        "n": len(label),
        "base_rate": base,
        **figures,
        "threshold": judged.threshold,
        "f1_everyone": _f1_everyone(base),
        "brier_base_rate": base * (1 - base),
        "lift_quality_grade": metrics.lift_quality_grade(figures["lift_quality"]),
    }


def _f1_everyone(base_rate: float) -> float:
    return 2 * base_rate / (1 + base_rate)


def _base_intervals(drawn: np.ndarray) -> dict[str, list[float]]:
    ends = metrics.interval(drawn)
    return {"base_rate": ends, "f1_everyone": [_f1_everyone(end) for end in ends]}


def _baseline(name: str, judged: Predictions, found: Mapping[str, _Found]) -> dict[str, Any]:
    ours, other = found[""], found[name]
    return {
        "name": name,
        **other.figures,
        "threshold": judged.threshold,
        "intervals": other.intervals,
        "roc_auc_behind": ours.figures["roc_auc"] - other.figures["roc_auc"],
        "roc_auc_behind_interval": metrics.interval(ours.roc_auc - other.roc_auc),
    }


def _gaps(found: Mapping[str, _Found]) -> dict[str, Any]:
    """How far the AUC lies behind the black box, and behind the best that can be known where that is known."""
    facts: dict[str, Any] = {}
    for name, other in (("black_box", found.get("black_box")), ("knowable", found.get("truth"))):
        facts |= {name: None, f"{name}_interval": None, f"{name}_roc_auc": None}
        if other is not None:
            best, ours = other.figures["roc_auc"], found[""].figures["roc_auc"]
            facts |= {name: best - ours, f"{name}_roc_auc": best}
            facts[f"{name}_interval"] = metrics.interval(other.roc_auc - found[""].roc_auc)
    return facts


def importance_facts(terms: list[tuple[str, float]]) -> list[dict[str, Any]]:
    """Terms by mean absolute points, the largest first, with their share of the total."""
    total = sum(value for _, value in terms) or 1.0
    ranked = sorted(terms, key=lambda item: (-item[1], item[0]))
    return [{"term": name, "mean_points": value, "share": value / total} for name, value in ranked]
