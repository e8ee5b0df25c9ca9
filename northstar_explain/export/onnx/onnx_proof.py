"""Proof that an ONNX file scores as the model does: its golden rows, by ONNX's own evaluator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
import pyarrow as pa
from onnx.reference import ReferenceEvaluator

from northstar_explain.contract.columns import numbers_of, one_array
from northstar_explain.errors import Fault, ModelError
from northstar_explain.export.onnx.onnx_inputs import used_features
from northstar_explain.model.golden_scores import EXPECTED, EXPECTED_REASONS
from northstar_explain.model.learned_model import Model

_TOLERANCE = 1e-9
_UNLIKE = "Nothing is written; report this."


@dataclass(frozen=True)
class OnnxProof:
    """What the golden rows showed.

    Attributes
    ----------
    rows : int
        Golden rows, all of which have the segment and the reasons that they must have.
    largest_difference : float
        Of a probability from the one it must be, 0 to 1; at most 1e-9.
    """

    rows: int
    largest_difference: float


def feeds(model: Model, table: pa.Table) -> dict[str, np.ndarray]:
    """The inputs of the model's graph from rows that a check accepted.

    Parameters
    ----------
    model : Model
    table : pyarrow.Table
        Float64 and string columns, null where missing.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        Doubles with NaN, and texts of which a missing one is empty.
    """

    def column(name: str, numeric: bool) -> np.ndarray:
        values = one_array(table[name])
        if numeric:
            return numbers_of(values)
        return np.array([text or "" for text in values.to_pylist()], dtype=object)

    return {feature.name: column(feature.name, feature.kind.numeric) for feature in used_features(model)}


def prove(model: Model, data: bytes) -> OnnxProof:
    """Score the golden rows with a file, by the evaluator that defines what ONNX's operators mean.

    Parameters
    ----------
    model : Model
    data : bytes
        The file.

    Returns
    -------
    OnnxProof

    Raises
    ------
    ModelError
        When a row has another segment or reason, or a probability that differs by more than 1e-9.
    """
    evaluator = ReferenceEvaluator(onnx.load_model_from_string(data))
    # A probability that has no fine digits left is 0: no warning for that.
    with np.errstate(under="ignore"):
        found = dict(zip(evaluator.output_names, evaluator.run(None, feeds(model, model.golden)), strict=True))
    segment, probability = found["segment_id"], found["probability"]
    wanted, wanted_probability = (model.golden[name].to_numpy(zero_copy_only=False) for name in EXPECTED)
    difference = np.abs(probability - wanted_probability)
    wrong = np.flatnonzero((np.asarray(segment, dtype=object) != wanted) | ~(difference <= _TOLERANCE))
    if len(wrong):
        row = int(wrong[0])
        expected = f"segment {wanted[row]}, probability {wanted_probability[row]:.12f}"
        got = f"{segment[row]}, {probability[row]:.12f}"
        fault = Fault(f"golden row {row + 1} in ONNX", expected, got, _UNLIKE)
        raise ModelError(f"model {model.id}", [fault])
    for name in EXPECTED_REASONS:
        said = found.get(name.removeprefix("expected_"), np.full(model.golden.num_rows, ""))
        asked = model.golden[name].to_pylist()
        if unlike := [row for row, text in enumerate(asked) if (text or "") != said[row]]:
            row = unlike[0]
            fault = Fault(f"golden row {row + 1} in ONNX", f"{asked[row]}", f"{said[row]}", _UNLIKE)
            raise ModelError(f"model {model.id}", [fault])
    return OnnxProof(model.golden.num_rows, float(difference.max(initial=0.0)))
