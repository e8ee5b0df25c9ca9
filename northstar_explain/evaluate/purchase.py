"""The purchase model on rows it has not seen, with intervals, and beside what it must beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from northstar_explain import metrics
from northstar_explain.metrics import Ranked

DRAWS = 200
# Figures that get an interval; the rest follow from them.
_WITH_INTERVAL = ("roc_auc", "average_precision", "f1", "precision", "recall", "brier", "brier_skill", "ece",
                  "lift_10", "lift_20", "lift_30", "capture_10", "capture_20", "capture_30")  # fmt: skip
_GAINS = np.round(np.linspace(0, 1, 41), 3)


@dataclass(frozen=True)
class Judged:
    """A way to score, on the holdout.

    Attributes
    ----------
    probability : ndarray of float, shape (n,)
    threshold : float
        From which a customer is flagged; chosen on validation rows.
    """

    probability: np.ndarray
    threshold: float


def holdout_facts(label: np.ndarray, judged: Judged) -> dict[str, Any]:
    """Every figure of `evaluation.json`'s ``purchase.holdout``.

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
        Both values must occur.
    judged : Judged

    Returns
    -------
    dict
    """
    base = float(label.mean())
    found = _figures(label, judged)
    return {
        "n": len(label),
        "base_rate": base,
        **found,
        "threshold": judged.threshold,
        "f1_everyone": 2 * base / (1 + base),
        "brier_base_rate": base * (1 - base),
        "lift_quality_grade": metrics.lift_quality_grade(found["lift_quality"]),
    }


def _figures(label: np.ndarray, judged: Judged) -> dict[str, float]:
    return Ranked(label, judged.probability, judged.threshold).figures(np.ones(len(label)))


def interval_facts(
    label: np.ndarray,
    ours: Judged,
    others: Mapping[str, Judged],
    seed: int,
    draws: int = DRAWS,
    groups: np.ndarray | None = None,
) -> tuple[dict[str, list[float]], list[dict[str, Any]]]:
    """Bootstrap intervals of the model, and every baseline with its own; all judged on the same draws.

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
    ours : Judged
    others : mapping
        Name to what it gives.
    seed : int
    draws : int
    groups : ndarray, shape (n,), optional
        What each row belongs to: rows of one group are drawn together.

    Returns
    -------
    intervals : dict
        Figure to [low, high]: the 95% percentile interval over the draws.
    baselines : list of dict
        ``name``, the figures, ``intervals`` and ``roc_auc_behind``: how far its AUC lies behind the model's, with
        ``roc_auc_behind_interval`` from the differences on the same draws.
    """
    counts = metrics.bootstrap_counts(len(label), draws, seed, groups)
    mine = _drawn(label, ours, counts)
    here = _figures(label, ours)
    baselines = []
    for name, other in others.items():
        drawn, found = _drawn(label, other, counts), _figures(label, other)
        baselines.append(
            {
                "name": name,
                **found,
                "threshold": other.threshold,
                "intervals": _intervals(drawn),
                "roc_auc_behind": here["roc_auc"] - found["roc_auc"],
                "roc_auc_behind_interval": metrics.interval(mine["roc_auc"] - drawn["roc_auc"]),
            }
        )
    return _intervals(mine), baselines


def _drawn(label: np.ndarray, judged: Judged, counts: np.ndarray) -> dict[str, np.ndarray]:
    ranked = Ranked(label, judged.probability, judged.threshold)
    found = [ranked.figures(row.astype(np.float64)) for row in counts]
    return {name: np.array([one[name] for one in found]) for name in _WITH_INTERVAL}


def _intervals(drawn: dict[str, np.ndarray]) -> dict[str, list[float]]:
    return {name: metrics.interval(values) for name, values in drawn.items()}


def curve_facts(label: np.ndarray, probability: np.ndarray, decile: np.ndarray) -> dict[str, Any]:
    """What charts are drawn from.

    Returns
    -------
    dict
        ``reliability``: ten bins of equal size from the lowest probability up, with ``n``, ``predicted`` and ``actual``
        rate; ``gains``: share of customers, best first, to the share of buyers ``captured``; ``deciles``: of the
        training population, with ``n`` and both rates.
    """
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, metrics.CALIBRATION_BINS) if len(part)]
    captured = Ranked(label, probability).gains(_GAINS)
    return {
        "reliability": [
            {"n": len(part), "predicted": float(probability[part].mean()), "actual": float(label[part].mean())}
            for part in parts
        ],
        "gains": [{"share": float(s), "captured": float(c)} for s, c in zip(_GAINS, captured, strict=True)],
        "deciles": [_decile(step, decile == step, label, probability) for step in range(1, 11)],
    }


def _decile(step: int, inside: np.ndarray, label: np.ndarray, probability: np.ndarray) -> dict[str, Any]:
    some = bool(inside.any())
    return {
        "decile": step,
        "n": int(inside.sum()),
        "predicted_rate": float(probability[inside].mean()) if some else None,
        "purchase_rate": float(label[inside].mean()) if some else None,
    }


def profit_facts(label: np.ndarray, probability: np.ndarray, margin: float, contact_cost: float) -> dict[str, Any]:
    """What contacting the best-scored share would bring, if every buyer among them were won by the contact.

    Parameters
    ----------
    label, probability : ndarray, shape (n,)
    margin : float
        Earned per purchase.
    contact_cost : float
        Spent per customer contacted.

    Returns
    -------
    dict
        ``margin``, ``contact_cost``, ``curve`` (``share`` contacted, ``profit`` per 1,000 customers of the table),
        ``best_share`` and ``best_profit`` on it, and ``break_even``: the probability at which a contact pays.
        It counts buyers who would have bought anyway; only a control group tells those apart.
    """
    captured = Ranked(label, probability).gains(_GAINS)
    profit = 1000 * (margin * captured * label.mean() - contact_cost * _GAINS)
    best = int(profit.argmax())
    return {
        "margin": margin,
        "contact_cost": contact_cost,
        "curve": [{"share": float(s), "profit": float(p)} for s, p in zip(_GAINS, profit, strict=True)],
        "best_share": float(_GAINS[best]),
        "best_profit": float(profit[best]),
        "break_even": contact_cost / margin,
    }


def importance_facts(terms: list[tuple[str, float]]) -> list[dict[str, Any]]:
    """Terms by mean absolute points, the largest first, with their share of the total."""
    total = sum(value for _, value in terms) or 1.0
    ranked = sorted(terms, key=lambda item: (-item[1], item[0]))
    return [{"term": name, "mean_points": value, "share": value / total} for name, value in ranked]
