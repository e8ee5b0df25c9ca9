"""The segments against the KMeans they explain, and against outcomes they have never seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from northstar_explain.contract import Columns
from northstar_explain.contract.columns import rows_of
from northstar_explain.learn import clusters
from northstar_explain.learn.segments import Learnt
from northstar_explain.model.rules import assign


def segment_facts(learnt: Learnt, columns: Columns) -> dict[str, Any]:
    """What saying the clusters as rules costs.

    Parameters
    ----------
    learnt : Learnt
    columns : mapping
        All customers the segments were learnt from and checked on.

    Returns
    -------
    dict
        Price of explainability on the rows the rules were learnt from (Dasgupta et al. 2020), fidelity on the rows
        kept to check them, and the size of the rules.
    """
    segments = learnt.segmentation.segments
    taught = rows_of(columns, learnt.learn)
    points = learnt.space.place(taught)
    by_rules = assign(learnt.segmentation.tree, taught)
    checked = rows_of(columns, learnt.check)
    labels = clusters.predict(learnt.kmeans, learnt.space.place(checked))
    meant = np.array([learnt.cluster_of[id] for id in assign(learnt.segmentation.tree, checked)])
    rules = [rule for segment in segments for rule in segment.rules]
    return {
        "k": len(segments),
        "fidelity": float((labels == meant).mean()),
        "fidelity_n": len(labels),
        "price_of_explainability": clusters.cost(points, by_rules) / float(learnt.kmeans.inertia_),
        "rules": len(rules),
        "max_conditions": max(len(rule.conditions) for rule in rules),
        "smallest_share": min(segment.share for segment in segments),
        "features": sorted({c.feature for rule in rules for c in rule.conditions}),
        "space": [axis.feature.name for axis in learnt.space.axes],
    }


def outcome_facts(ids: np.ndarray, label: np.ndarray, probability: np.ndarray) -> dict[str, dict[str, Any]]:
    """Purchases in each segment, actual and predicted.

    Parameters
    ----------
    ids : ndarray of str, shape (n,)
        Each row's segment.
    label : ndarray of 0 and 1, shape (n,)
    probability : ndarray of float, shape (n,)

    Returns
    -------
    dict
        Segment id to ``n``, ``purchase_rate``, ``predicted_rate`` and ``share_of_buyers``.
    """
    buyers = max(1, int(label.sum()))
    return {
        str(id): {
            "n": int((ids == id).sum()),
            "purchase_rate": float(label[ids == id].mean()),
            "predicted_rate": float(probability[ids == id].mean()),
            "share_of_buyers": float(label[ids == id].sum() / buyers),
        }
        for id in np.unique(ids)
    }
