"""Segments and probabilities side by side: who is where, and what drives buying in each segment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from northstar_explain import metrics
from northstar_explain.contract import Columns
from northstar_explain.model import Scorecard

# Uplifts of the purchase rate, in the same unit, that a campaign may hope for.
UPLIFTS = (0.005, 0.01, 0.02, 0.03, 0.05)
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def matrix_facts(
    ids: np.ndarray, decile: np.ndarray, label: np.ndarray, probability: np.ndarray, segments: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """Customers, expected and actual buyers in each segment and decile.

    Parameters
    ----------
    ids : ndarray of str, shape (n,)
        Each row's segment.
    decile : ndarray of int, shape (n,)
        1 to 10, 10 the most likely to buy.
    label : ndarray of 0 and 1, shape (n,)
    probability : ndarray of float, shape (n,)
    segments : sequence of str
        Ids in the order to report.

    Returns
    -------
    dict
        Segment id to ten cells from decile 1 to 10: ``decile``, ``n``, ``expected`` (the sum of probabilities) and
        ``actual`` buyers.
    """
    return {
        id: [_cell(step, (ids == id) & (decile == step), label, probability) for step in range(1, 11)]
        for id in segments
    }


def _cell(decile: int, inside: np.ndarray, label: np.ndarray, probability: np.ndarray) -> dict[str, Any]:
    return {
        "decile": decile,
        "n": int(inside.sum()),
        "expected": float(probability[inside].sum()),
        "actual": int(label[inside].sum()),
    }


def spread_facts(ids: np.ndarray, probability: np.ndarray, segments: Sequence[str]) -> dict[str, dict[str, float]]:
    """Quantiles of the probability inside each segment that has rows: ``p10`` to ``p90``."""
    return {
        id: {
            f"p{100 * q:.0f}": float(value)
            for q, value in zip(QUANTILES, np.quantile(probability[ids == id], QUANTILES), strict=True)
        }
        for id in segments
        if (ids == id).any()
    }


def driver_facts(
    scorecard: Scorecard, columns: Columns, ids: np.ndarray, segments: Sequence[str], count: int = 6
) -> dict[str, list[dict[str, Any]]]:
    """The terms that move a segment's customers most, against the average customer.

    Parameters
    ----------
    scorecard : Scorecard
    columns : mapping
        Raw features of the rows.
    ids : ndarray of str, shape (n,)
    segments : sequence of str
    count : int, default 6
        Most terms a segment.

    Returns
    -------
    dict
        Segment id to ``term`` and ``mean_points`` (log-odds), the largest either way first. Points are centred: 0 is
        the average customer of the training rows.
    """
    points = scorecard.contributions(columns)[1]
    names = [term.name for term in scorecard.terms]
    facts = {}
    for id in segments:
        means = points[:, ids == id].mean(axis=1) if (ids == id).any() else np.zeros(len(names))
        order = np.argsort(-np.abs(means), kind="stable")[:count]
        facts[id] = [{"term": names[i], "mean_points": float(means[i])} for i in order]
    return facts


def control_facts(base_rate: float) -> list[dict[str, Any]]:
    """Customers needed in the campaign and in the control group, each, to see an uplift.

    Returns
    -------
    list of dict
        ``uplift`` of the purchase rate and ``each`` (at 80% power and 5% significance, two-sided).
    """
    possible = [uplift for uplift in UPLIFTS if base_rate + uplift < 1]
    return [{"uplift": uplift, "each": metrics.sample_size(base_rate, uplift)} for uplift in possible]
