"""The segments against the KMeans they explain, and against outcomes they have never seen."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from northstar_explain.contract import Columns
from northstar_explain.learn.choose_segments import Candidate, knee
from northstar_explain.learn.fit_segments import LearnedSegments
from northstar_explain.model.borders import within_reach
from northstar_explain.model.rules import assign
from northstar_explain.model.segments import Segmentation


def segment_facts(learned: LearnedSegments) -> dict[str, Any]:
    """What saying the clusters as rules costs, and the evidence for the segments.

    Parameters
    ----------
    learned : LearnedSegments

    Returns
    -------
    dict
        Price of explainability on the rows the rules were learned from (Dasgupta et al. 2020), fidelity on the rows
        kept to check them, the size of the rules, and the evidence as `learn.segments.Evidence` describes it.
    """
    segments, evidence = learned.segmentation.segments, learned.evidence
    rules = [rule for segment in segments for rule in segment.rules]
    point = evidence.chosen.point
    return {
        "k": len(segments),
        "fidelity": point.fidelity,
        "fidelity_n": len(learned.check),
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
        "knee": knee(evidence.curve, len(segments)).rules,
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


def border_facts(segmentation: Segmentation, columns: Columns) -> dict[str, dict[str, Any]]:
    """How many of each segment lie so close to a threshold that a rounding step could put them in another.

    Parameters
    ----------
    segmentation : Segmentation
    columns : mapping
        Raw features of the customers to count.

    Returns
    -------
    dict
        Segment id to ``share``, 0 to 1, and ``toward``: for each other segment the share that is close to it.
    """
    ids = assign(segmentation.tree, columns)
    reached = within_reach(segmentation.rules, segmentation.borders, columns)
    close = np.add.reduce(list(reached.values()), dtype=np.int8) > 1
    facts = {}
    for id in (segment.id for segment in segmentation.segments):
        inside = ids == id
        size = max(1, int(inside.sum()))
        toward = {other: int((inside & near).sum()) / size for other, near in reached.items() if other != id}
        facts[id] = {
            "share": int((inside & close).sum()) / size,
            "toward": {other: share for other, share in sorted(toward.items()) if share},
        }
    return facts


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
        Segment id to ``n``, ``purchase_rate``, its ``index`` (over the rate of all, times 100), ``predicted_rate`` and
        ``share_of_buyers``.
    """
    buyers = max(1, int(label.sum()))
    return {
        str(id): {
            "n": int((ids == id).sum()),
            "purchase_rate": float(label[ids == id].mean()),
            "index": float(100 * label[ids == id].mean() / max(label.mean(), 1 / len(label))),
            "predicted_rate": float(probability[ids == id].mean()),
            "share_of_buyers": float(label[ids == id].sum() / buyers),
        }
        for id in np.unique(ids)
    }
