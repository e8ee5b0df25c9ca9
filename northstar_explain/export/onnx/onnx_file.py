"""The model as an ONNX file on disk, written once its golden rows have proved it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from northstar_explain import tables
from northstar_explain.errors import Fault, NorthstarError, OutputError
from northstar_explain.model.learned_model import Model

if TYPE_CHECKING:
    from northstar_explain.export.onnx.onnx_proof import OnnxProof


@dataclass(frozen=True)
class WrittenOnnx:
    """An ONNX file.

    Attributes
    ----------
    path : Path
    size_bytes : int
    inputs : tuple of str
        The features that a call must bring.
    proof : OnnxProof
    """

    path: Path
    size_bytes: int
    inputs: tuple[str, ...]
    proof: OnnxProof


def write_onnx(model: Model, out: Path, overwrite: bool = False) -> WrittenOnnx:
    """Write the model as an ONNX file.

    Parameters
    ----------
    model : Model
    out : Path
        For example ``scorecard.onnx``.
    overwrite : bool, default False

    Returns
    -------
    WrittenOnnx

    Raises
    ------
    ModelError
        When the model cannot be said in ONNX, or a golden row is scored differently; nothing is written then.
    NorthstarError
        When the package onnx is not installed.
    OutputError
        When the path is not free, ends otherwise or cannot be written.
    """
    if out.suffix != ".onnx":
        fault = Fault("output", "a file whose name ends in .onnx", repr(out.name), "Name it so.")
        raise OutputError(str(out), [fault])
    tables.require_apart([out], model.inputs)
    tables.require_free(out, overwrite)
    _require_onnx()
    from northstar_explain.export.onnx.onnx_inputs import used_features
    from northstar_explain.export.onnx.onnx_model import onnx_bytes
    from northstar_explain.export.onnx.onnx_proof import prove

    data = onnx_bytes(model)
    proof = prove(model, data)
    tables.publish({out: data})
    return WrittenOnnx(out, len(data), tuple(feature.name for feature in used_features(model)), proof)


def _require_onnx() -> None:
    if find_spec("onnx") is None:
        todo = "Install it: pip install 'northstar-explain[onnx]'."
        raise NorthstarError("--onnx", [Fault("package onnx", "one that is installed", "none", todo)])
