"""Models for trying the playbook on: as full as a page gets, and one that follows another."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle

import numpy as np
import pyarrow as pa

from northstar_explain.contract import columns_of
from northstar_explain.contract.conditions import Condition, NumberCondition
from northstar_explain.evaluate.audiences import audience_facts
from northstar_explain.evaluate.segment_context import detectable_facts, funnel_facts, spend_facts
from northstar_explain.evaluate.segment_quality import border_facts, outcome_facts
from northstar_explain.evaluate.segments_by_decile import control_facts, driver_facts, matrix_facts, quantile_facts
from northstar_explain.model import Model, ranks
from northstar_explain.model.campaign.money import money_facts
from northstar_explain.model.evaluation.together_facts import TogetherFacts
from northstar_explain.model.evaluation.update_facts import (
    AddedSegment,
    MatchedSegment,
    Moves,
    RetiredSegment,
    SegmentTrend,
    Trend,
    Update,
)
from northstar_explain.model.rules import Leaf, Node, Rule, Split, assign
from northstar_explain.model.segments import Segment, Segmentation, rules_by_segment
from northstar_explain.model.wording import definition

# Four questions with long answers, each cutting the customers about in half.
QUESTIONS: tuple[Condition, ...] = (
    NumberCondition("days_since_last_order", None, 120.0),
    NumberCondition("email_open_rate", 0.2, None, True),
    NumberCondition("sessions_90d", 10.0, None),
    NumberCondition("avg_order_value", 30.0, None),
)
LABEL = "purchased_next_30d"


def long_name(id: str) -> str:
    """A name of 60 characters."""
    return f"{id} people who come back for more than one reason, and stay on".ljust(60, "!")[:60]


def crowded(model: Model, customers: pa.Table, segments: int = 8) -> Model:
    """Two rules of four conditions for each of eight segments (or fewer, with more rules), and names of 60 characters."""
    tree = _grown(QUESTIONS, (), segments)
    return _measured(model, customers, tree, [f"S{place + 1}" for place in range(segments)])


def _grown(left: tuple[Condition, ...], path: tuple[int, ...], segments: int) -> Node:
    if not left:
        leaf = int("".join(map(str, path)), 2)
        # A leaf and the one that answers every question the other way share a segment: their rules cannot be joined.
        return Leaf(f"S{min(leaf, 15 - leaf) % segments + 1}")
    return Split(left[0], _grown(left[1:], (*path, 1), segments), _grown(left[1:], (*path, 0), segments))


def _measured(model: Model, customers: pa.Table, tree: Node, ids: list[str]) -> Model:
    contract = model.contract
    columns, label = columns_of(customers, contract.features), customers[LABEL].to_numpy()
    who, rules = assign(tree, columns), rules_by_segment(tree, contract)
    like = cycle(model.segmentation.segments)
    found = tuple(_segment(next(like), id, rules[id], int((who == id).sum()), len(who), model) for id in ids)
    segmentation = Segmentation(tree, found, model.segmentation.borders)
    probability = model.scorecard.probability(columns)
    decile = ranks.decile(ranks.Percentiles(model.purchase.percentiles)(probability))
    outcomes = outcome_facts(who, label, probability)
    segments = replace(
        model.evaluation.segments,
        funnel=funnel_facts(found, columns),
        spend=spend_facts(contract, found),
        borderline=border_facts(segmentation, columns),
        holdout_outcomes=outcomes,
        stability={id: 0.6 + 0.05 * place for place, id in enumerate(ids)},
    )
    together = TogetherFacts(
        matrix=matrix_facts(who, decile, label, probability, ids),
        quantiles=quantile_facts(who, probability, ids),
        drivers=driver_facts(model.scorecard, columns, who, ids),
        control_sizes=control_facts(float(np.mean(label))),
        segment_control_sizes=detectable_facts(outcomes),
    )
    audiences = audience_facts(
        contract, columns, tree, model.scorecard, model.purchase.percentiles, together.matrix
    )  # fmt: skip
    money = money_facts(audiences, model.evaluation.purchase, contract.economics) if contract.economics else None
    evaluation = replace(
        model.evaluation, segments=segments, together=together, audiences=audiences, traits=None, money=money
    )
    return replace(model, contract=replace(contract, traits=()), segmentation=segmentation, evaluation=evaluation)


def _segment(one: Segment, id: str, rules: tuple[Rule, ...], customers: int, total: int, model: Model) -> Segment:
    return replace(
        one,
        id=id,
        name=long_name(id),
        definition=definition(rules, model.contract),
        rules=rules,
        customers=customers,
        share=customers / total,
        profile=tuple(replace(item, known=customers) for item in one.profile),
    )


def updated(model: Model) -> Model:
    """The model as if it followed another: two segments kept, one new, one gone, and a trend."""
    ids = [segment.id for segment in model.segmentation.segments]
    sizes = {segment.id: segment.customers for segment in model.segmentation.segments}
    matched = tuple(MatchedSegment(id, id, 0.91, sizes[id] + 20, sizes[id]) for id in ids[:-1])
    update = Update(
        previous_model_id="m-0123456789ab",
        previous_date="2026-02-01",
        same_above=0.5,
        matched=matched,
        retired=(RetiredSegment("S99", "Summer guests", {ids[0]: 55}),),
        added=(AddedSegment(ids[-1], ids[-1], {"S99": 40, ids[0]: 2}),),
        customers=6_000,
        moved_by_model=117,
        model_moves={},
        since_scores=Moves(5_800, 200, 31, 640, 110, 12, 3, {}),
    )
    trend = Trend("2026-02-01", 5_831, 0.029, {id: SegmentTrend(sizes[id] - 9, 0.25, 0.0123) for id in ids[:-1]})
    segments = replace(model.evaluation.segments, update=update, trend=trend)
    return replace(model, evaluation=replace(model.evaluation, segments=segments))
