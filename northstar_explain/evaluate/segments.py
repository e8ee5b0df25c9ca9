"""The segments against the KMeans they explain, and against outcomes they have never seen."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from northstar_explain.learn.choice import Candidate
from northstar_explain.learn.segments import Learnt


def segment_facts(learnt: Learnt) -> dict[str, Any]:
    """What saying the clusters as rules costs, and the evidence for the segments.

    Parameters
    ----------
    learnt : Learnt

    Returns
    -------
    dict
        Price of explainability on the rows the rules were learnt from (Dasgupta et al. 2020), fidelity on the rows
        kept to check them, the size of the rules, and the evidence as `learn.segments.Evidence` describes it.
    """
    segments, evidence = learnt.segmentation.segments, learnt.evidence
    rules = [rule for segment in segments for rule in segment.rules]
    point = evidence.chosen.point
    return {
        "k": len(segments),
        "fidelity": point.fidelity,
        "fidelity_n": len(learnt.check),
        "price_of_explainability": point.price,
        "rules": len(rules),
        "max_conditions": max(len(rule.conditions) for rule in rules),
        "smallest_share": min(segment.share for segment in segments),
        "rounding_cost": point.price - evidence.unrounded.price,
        "features": sorted({c.feature for rule in rules for c in rule.conditions}),
        "space": [{"feature": name, "explains": gain} for name, gain in evidence.principal],
        "silhouette": evidence.chosen.silhouette,
        "stability": evidence.stability,
        "null_test": asdict(evidence.null),
        "candidates": [_candidate(one) for one in evidence.candidates],
        "curve": [asdict(one) for one in evidence.curve],
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "k": candidate.k,
        "rules": candidate.point.used,
        "price": candidate.point.price,
        "fidelity": candidate.point.fidelity,
        "silhouette": candidate.silhouette,
        "least_jaccard": min(candidate.jaccard),
        "smallest_share": candidate.smallest_share,
        "meets_targets": candidate.good,
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
