"""Segments and probabilities together: customers by segment and decile, and the drivers in each segment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from northstar_explain import metrics
from northstar_explain.contract.columns import Columns
from northstar_explain.model.evaluation.together_facts import ControlSize, DecileCell, Driver, Quantiles
from northstar_explain.model.scorecard import Scorecard

# Uplifts of the purchase rate, in the same unit, that a campaign may reach.
UPLIFTS = (0.005, 0.01, 0.02, 0.03, 0.05)
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def matrix_facts(
    ids: np.ndarray, decile: np.ndarray, label: np.ndarray, probability: np.ndarray, segments: Sequence[str]
) -> dict[str, tuple[DecileCell, ...]]:
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
        Ids in reporting order.

    Returns
    -------
    dict of str to tuple of DecileCell
        Segment id to ten cells, from decile 1 to 10.
    """
    return {
        id: tuple(_cell(step, (ids == id) & (decile == step), label, probability) for step in range(1, 11))
        for id in segments
    }


def _cell(decile: int, inside: np.ndarray, label: np.ndarray, probability: np.ndarray) -> DecileCell:
    return DecileCell(decile, int(inside.sum()), float(probability[inside].sum()), int(label[inside].sum()))


def quantile_facts(ids: np.ndarray, probability: np.ndarray, segments: Sequence[str]) -> dict[str, Quantiles]:
    """Quantiles of the probability inside each segment that has rows."""
    return {
        id: Quantiles(*map(float, np.quantile(probability[ids == id], QUANTILES)))
        for id in segments
        if (ids == id).any()
    }


def driver_facts(
    scorecard: Scorecard, columns: Columns, ids: np.ndarray, segments: Sequence[str], count: int = 6
) -> dict[str, tuple[Driver, ...]]:
    """The terms with the largest mean points in a segment, relative to the average customer.

    Parameters
    ----------
    scorecard : Scorecard
    columns : mapping
        Raw features of the rows.
    ids : ndarray of str, shape (n,)
    segments : sequence of str
    count : int, default 6
        Maximum of terms per segment.

    Returns
    -------
    dict of str to tuple of Driver
        By segment id, the largest absolute points first. Points are centred: 0 is the average training customer.
    """
    names = [term.name for term in scorecard.terms]
    inside = [np.flatnonzero(ids == id) for id in segments]
    means = np.zeros((len(segments), len(names)))
    # Term by term, as the points of all terms of a large holdout would take gigabytes.
    for place, term in enumerate(scorecard.terms):
        points = term.points.ravel()[term.index(columns)]
        means[:, place] = [points[rows].mean() if len(rows) else 0.0 for rows in inside]
    # Stable: of equal drivers the earlier term comes first, on every machine.
    largest = np.argsort(-np.abs(means), axis=1, kind="stable")[:, :count]
    return {id: tuple(Driver(names[i], float(means[row, i])) for i in largest[row]) for row, id in enumerate(segments)}


def control_facts(base_rate: float) -> tuple[ControlSize, ...]:
    """Customers needed in each of campaign and control group to detect the uplifts of `UPLIFTS`."""
    possible = [uplift for uplift in UPLIFTS if base_rate + uplift < 1]
    return tuple(ControlSize(uplift, metrics.sample_size(base_rate, uplift)) for uplift in possible)
