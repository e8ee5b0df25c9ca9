"""Segments and traits in a graph: the rules, each a conjunction of conditions on the inputs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from northstar_explain.contract.conditions import CategoryCondition, Condition, MissingCondition, NumberCondition
from northstar_explain.export.onnx.onnx_graph import TEXT, TRUTH, GraphBuilder
from northstar_explain.export.onnx.onnx_inputs import Inputs
from northstar_explain.model.learned_model import Model


def add_segments(graph: GraphBuilder, inputs: Inputs, model: Model) -> None:
    """Add the outputs ``segment_id`` and ``segment_name``, empty where no rule matches."""
    segments = model.segmentation.segments
    number = graph.node("Expand", graph.constant(0, np.int64), graph.node("Shape", inputs.any))
    for place, segment in enumerate(segments, start=1):
        for rule in segment.rules:
            here = graph.constant(place, np.int64)
            met = all_met(graph, inputs, rule.conditions)
            # Without conditions, every row is of this segment.
            number = graph.node("Where", met, here, number) if met else graph.node("Add", number, here)
    for name, words, about in (
        ("segment_id", [one.id for one in segments], "the segment; empty where a value that its rules need is missing"),
        ("segment_name", [one.name for one in segments], "the name of the segment"),
    ):
        graph.output(name, graph.node("Gather", graph.constant(["", *words]), number), TEXT, about)


def add_traits(graph: GraphBuilder, inputs: Inputs, model: Model) -> None:
    """Add an output for each trait of the contract."""
    for trait in model.contract.traits:
        met = all_met(graph, inputs, trait.conditions)
        assert met is not None
        graph.output(trait.column, met, TRUTH, trait.words)


def all_met(graph: GraphBuilder, inputs: Inputs, conditions: Sequence[Condition]) -> str | None:
    """Whether a row meets every condition; None without any."""
    return graph.all_of([_met(graph, inputs, condition) for condition in conditions])


def _met(graph: GraphBuilder, inputs: Inputs, condition: Condition) -> str:
    if isinstance(condition, MissingCondition):
        return inputs.missing(condition.feature)
    if isinstance(condition, CategoryCondition):
        return _in_category(graph, inputs, condition)
    fits = graph.all_of(_within(graph, inputs[condition.feature], condition))
    if fits is None:
        known = graph.node("Not", inputs.missing(condition.feature))
        return graph.node("Or", known, inputs.missing(condition.feature)) if condition.missing else known
    # A comparison with NaN is not true, so a missing value meets a condition only where the condition says so.
    return graph.node("Or", fits, inputs.missing(condition.feature)) if condition.missing else fits


def _within(graph: GraphBuilder, value: str, condition: NumberCondition) -> list[str]:
    bounds = (("GreaterOrEqual", condition.lower), ("Less", condition.upper))
    return [graph.node(how, value, graph.constant(at, np.float64)) for how, at in bounds if at is not None]


def _in_category(graph: GraphBuilder, inputs: Inputs, condition: CategoryCondition) -> str:
    listed = [(one in condition.values) == condition.inside for one in inputs.codes[condition.feature].values]
    truths = [condition.missing, *listed, not condition.inside]
    return graph.node("Gather", graph.constant(truths, np.bool_), inputs[condition.feature])
