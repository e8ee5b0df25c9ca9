"""The segments compared with the KMeans clusters they explain, and their outcomes on the holdout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from northstar_explain.contract.columns import Columns
from northstar_explain.learn import choose_segments
from northstar_explain.learn.fit_segments import LearnedSegments
from northstar_explain.learn.frontier import Candidate, Point
from northstar_explain.model.borders import within_reach
from northstar_explain.model.evaluation.certificate_facts import RulesCertificate
from northstar_explain.model.evaluation.frontier_facts import BehaviorFacts, FrontierPoint, ThemeFacts
from northstar_explain.model.evaluation.segment_facts import (
    Borderline,
    CurvePoint,
    NullTest,
    Outcome,
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
    behavior: BehaviorFacts
    themes: tuple[ThemeFacts, ...]
    difference: float
    silhouette: float
    stability: Mapping[str, float]
    null_test: NullTest
    frontier: tuple[FrontierPoint, ...]
    eligible: bool
    choice: str
    curve: tuple[CurvePoint, ...]
    knee: int
    certificate: RulesCertificate | None


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
    chosen = evidence.chosen.candidate
    point, behavior = chosen.point, _behavior(chosen)
    assert point is not None and behavior is not None, "a number of segments without rules is never chosen"
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
        behavior=behavior,
        themes=tuple(ThemeFacts(theme.name, theme.features) for theme in evidence.themes),
        difference=chosen.difference,
        silhouette=chosen.silhouette,
        stability=evidence.stability,
        null_test=evidence.null,
        frontier=tuple(_frontier_point(one) for one in evidence.chosen.frontier),
        eligible=evidence.chosen.eligible,
        choice=evidence.chosen.reason,
        curve=tuple(_curve_point(one) for one in evidence.curve),
        knee=choose_segments.knee(evidence.curve, len(segments)).rules,
        certificate=evidence.certificate,
    )


def _frontier_point(one: Candidate) -> FrontierPoint:
    point = one.point
    # Where nothing was resampled, as the choice did not depend on it, instability is no fault.
    steady = one.steady or not one.jaccard
    return FrontierPoint(
        k=one.k,
        rules=point.used if point else 0,
        mean_conditions=point.conditions if point else 0.0,
        behavior=_behavior(one),
        price_of_explainability=point.price if point else 0.0,
        fidelity=point.fidelity if point else 0.0,
        silhouette=one.silhouette,
        smallest_share=one.smallest_share,
        difference=one.difference,
        min_jaccard=min(one.jaccard, default=None),
        draws=one.draws,
        min_across=min(one.across, default=None),
        faults=one.faults if steady else (*one.faults, "unstable"),
        eligible=one.steady and not one.faults,
    )


def _behavior(one: Candidate) -> BehaviorFacts | None:
    found = one.behavior
    if found is None:
        return None
    of_kmeans = found.mean / one.kmeans_mean if one.kmeans_mean else 1.0
    return BehaviorFacts(found.mean, found.themes_mean, found.by_theme, of_kmeans, one.shuffled_mean)


def _curve_point(point: Point) -> CurvePoint:
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
