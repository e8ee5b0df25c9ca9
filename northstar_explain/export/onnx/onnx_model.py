"""A model as an ONNX graph: inputs, segments, traits, points."""

from __future__ import annotations

import onnx

from northstar_explain.contract.outcomes import model_words
from northstar_explain.errors import Fault, ModelError
from northstar_explain.export.onnx.onnx_graph import GraphBuilder
from northstar_explain.export.onnx.onnx_inputs import Inputs
from northstar_explain.export.onnx.onnx_points import Points
from northstar_explain.export.onnx.onnx_segments import add_segments, add_traits
from northstar_explain.model.learned_model import Model


def onnx_bytes(model: Model) -> bytes:
    """The model as an ONNX file.

    Parameters
    ----------
    model : Model

    Returns
    -------
    bytes
        Inputs are the features that the model uses, each a vector of ``rows``: doubles, NaN where missing, and texts,
        empty where missing. Outputs are vectors as long: ``segment_id``, ``segment_name``, ``logit``, ``probability``,
        the flags (``flag_f1``, and ``flag_break_even`` where the contract has economics), ``reason_1`` to
        ``reason_3``, and for each trait of the contract a boolean.

    Raises
    ------
    ModelError
        When a feature is called like an output, or the empty text is a value of a category.
    """
    graph = GraphBuilder()
    inputs = Inputs(graph, model)
    add_segments(graph, inputs, model)
    Points(graph, inputs, model).add()
    add_traits(graph, inputs, model)
    contract = model.contract
    properties = {
        "model_id": model.id,
        "outcome": contract.outcome,
        **{f"threshold of {name}": repr(threshold) for name, threshold in model.purchase.flags.items()},
        "intercept": repr(model.scorecard.intercept),
    }
    made = graph.model("scorecard", f"{contract.title}: segments and {model_words(contract)} {model.id}", properties)
    _require_distinct(made, model)
    onnx.checker.check_model(made, full_check=True)
    return bytes(made.SerializeToString(deterministic=True))


def _require_distinct(made: onnx.ModelProto, model: Model) -> None:
    inputs = {one.name for one in made.graph.input}
    names = {name for node in made.graph.node for name in node.output} | {one.name for one in made.graph.initializer}
    faults = [
        Fault(f"column {name}", "names that are not those of outputs", "an output of that name",
              "Rename it in table and contract, and train again.")
        for name in sorted(inputs & names)
    ]  # fmt: skip
    if faults:
        raise ModelError(f"model {model.id}", faults)
