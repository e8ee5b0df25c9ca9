"""The segments compared with the KMeans clusters they explain, and their outcomes on the holdout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from northstar_explain.contract import Columns
from northstar_explain.learn import choose_segments
from northstar_explain.learn.fit_segments import LearnedSegments
from northstar_explain.model.borders import within_reach
from northstar_explain.model.evaluation.segment_facts import (
    Borderline,
    CandidateFacts,
    CurvePoint,
    NullTest,
    Outcome,
    SpaceFeature,
)
from northstar_explain.model.rules import assign
from northstar_explain.model.segments import Segmentation


class SegmentMeasures(NamedTuple):
    """The fields of `SegmentFacts` that are measured while segments are learned."""

    k: int
    rules: int
    max_conditions: int
    fidelity: float
    fidelity_n: int
    price_of_explainability: float
    smallest_share: float
    rounding_cost: float
    rule_features: tuple[str, ...]
    space: tuple[SpaceFeature, ...]
    silhouette: float
    stability: Mapping[str, float]
    null_test: NullTest
    candidates: tuple[CandidateFacts, ...]
    curve: tuple[CurvePoint, ...]
    knee: int


def segment_facts(learned: LearnedSegments) -> SegmentMeasures:
    """The cost of explaining clusters by rules, and the evidence for the segments.

    Parameters
    ----------
    learned : LearnedSegments

    Returns
    -------
    SegmentMeasures
        Price of explainability on the rows the rules were learned from (Dasgupta et al. 2020), fidelity on rows not
        used to learn them, the size of the rules, and the evidence described in `learn.fit_segments.Evidence`.
    """
    segments, evidence = learned.segmentation.segments, learned.evidence
    rules = [rule for segment in segments for rule in segment.rules]
    point = evidence.chosen.point
    return SegmentMeasures(
        k=len(segments),
        rules=len(rules),
        max_conditions=max(len(rule.conditions) for rule in rules),
        fidelity=point.fidelity,
        fidelity_n=len(learned.check),
        price_of_explainability=point.price,
        smallest_share=min(segment.share for segment in segments),
        rounding_cost=point.price - evidence.unrounded.price,
        rule_features=tuple(sorted({c.feature for rule in rules for c in rule.conditions})),
        space=tuple(SpaceFeature(name, gain) for name, gain in evidence.principal),
        silhouette=evidence.chosen.silhouette,
        stability=evidence.stability,
        null_test=evidence.null,
        candidates=tuple(_candidate(one) for one in evidence.candidates),
        curve=tuple(_curve_point(one) for one in evidence.curve),
        knee=choose_segments.knee(evidence.curve, len(segments)).rules,
    )


def _candidate(candidate: choose_segments.Candidate) -> CandidateFacts:
    return CandidateFacts(
        k=candidate.k,
        rules=candidate.point.used,
        price_of_explainability=candidate.point.price,
        fidelity=candidate.point.fidelity,
        silhouette=candidate.silhouette,
        min_jaccard=min(candidate.jaccard),
        smallest_share=candidate.smallest_share,
        meets_targets=candidate.good,
    )


def _curve_point(point: choose_segments.Point) -> CurvePoint:
    return CurvePoint(
        max_rules=point.rules,
        rules=point.used,
        price_of_explainability=point.price,
        fidelity=point.fidelity,
        depth=point.most_conditions,
        mean_conditions=point.conditions,
    )


def border_facts(segmentation: Segmentation, columns: Columns) -> dict[str, Borderline]:
    """The share of each segment that one ordinary step of behavior would move to another segment.

    Parameters
    ----------
    segmentation : Segmentation
    columns : mapping
        Raw features of the customers to count.

    Returns
    -------
    dict of str to Borderline
        By segment id.
    """
    ids = assign(segmentation.tree, columns)
    reachable = within_reach(segmentation.rules, segmentation.borders, columns)
    # A customer matches its own segment, so being within reach of more than one means a step from another.
    close = np.add.reduce(list(reachable.values()), dtype=np.int8) > 1
    facts = {}
    for id in (segment.id for segment in segmentation.segments):
        inside = ids == id
        size = max(1, int(inside.sum()))
        toward = {other: int((inside & near).sum()) / size for other, near in reachable.items() if other != id}
        near_others = {other: share for other, share in sorted(toward.items()) if share}
        facts[id] = Borderline(int((inside & close).sum()) / size, near_others)
    return facts


def outcome_facts(ids: np.ndarray, label: np.ndarray, probability: np.ndarray) -> dict[str, Outcome]:
    """Purchases in each segment, actual and predicted.

    Parameters
    ----------
    ids : ndarray of str, shape (n,)
        Each row's segment.
    label : ndarray of 0 and 1, shape (n,)
    probability : ndarray of float, shape (n,)

    Returns
    -------
    dict of str to Outcome
        By id of the segments that have rows.
    """
    # Without buyers, shares of buyers are 0 rather than undefined.
    buyers = max(1, int(label.sum()))
    return {
        str(id): Outcome(
            n=int((ids == id).sum()),
            purchase_rate=float(label[ids == id].mean()),
            index=float(100 * label[ids == id].mean() / max(label.mean(), 1 / len(label))),
            predicted_rate=float(probability[ids == id].mean()),
            share_of_buyers=float(label[ids == id].sum() / buyers),
        )
        for id in np.unique(ids)
    }
