"""A graph of ONNX operators, put together value by value."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROWS = "rows"  # the one dimension of inputs and outputs, however many rows a call brings
# Of 2022: whatever runs ONNX today knows these. Operators for texts are in a domain of their own.
_OPSET, _TEXTS, _IR = 17, ("ai.onnx.ml", 3), 8


class GraphBuilder:
    """Collects nodes and constants; a value is known by its name.

    Names made here begin with a slash, which keeps them apart from the names of features.
    """

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, type: int, about: str) -> str:
        """Declare a column that a call must bring."""
        self._inputs.append(helper.make_tensor_value_info(name, type, [ROWS], about))
        return name

    def output(self, name: str, value: str, type: int, about: str) -> None:
        """Give a value as a column of the result."""
        self._nodes.append(helper.make_node("Identity", [value], [name], name=f"/{name}"))
        self._outputs.append(helper.make_tensor_value_info(name, type, [ROWS], about))

    def constant(self, value: Any, type: Any = None) -> str:
        """A constant; equal ones are kept once."""
        array = np.asarray(value, dtype=type)
        # NumPy's texts are of a fixed width; ONNX takes Python's own.
        array = array.astype(object) if array.dtype.kind == "U" else array
        content = repr(array.tolist()).encode() if array.dtype == object else array.tobytes()
        key = array.dtype.str, array.shape, content
        if key not in self._constants:
            self._constants[key] = numpy_helper.from_array(array, f"/constant_{len(self._constants)}")
        return str(self._constants[key].name)

    def node(self, operator: str, *inputs: str, domain: str = "", **settings: Any) -> str:
        """Apply an operator and name its one result."""
        (name,) = self.nodes(operator, *inputs, results=1, domain=domain, **settings)
        return name

    def nodes(self, operator: str, *inputs: str, results: int, domain: str = "", **settings: Any) -> list[str]:
        """Apply an operator of several results and name each."""
        stem = f"/{operator}_{len(self._nodes)}"
        names = [stem if place == 0 else f"{stem}_{place}" for place in range(results)]
        self._nodes.append(helper.make_node(operator, list(inputs), names, name=stem, domain=domain, **settings))
        return names

    def all_of(self, truths: list[str]) -> str | None:
        """Whether all are true; None without any."""
        found = None
        for truth in truths:
            found = truth if found is None else self.node("And", found, truth)
        return found

    def model(self, name: str, about: str, properties: dict[str, str]) -> onnx.ModelProto:
        """The whole as a model."""
        graph = helper.make_graph(
            self._nodes, name, self._inputs, self._outputs, initializer=list(self._constants.values())
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(*_TEXTS)]
        made = helper.make_model(
            graph, producer_name="northstar-explain", doc_string=about, opset_imports=opsets, ir_version=_IR
        )
        helper.set_model_props(made, properties)
        return made


DOUBLE, TEXT, TRUTH = TensorProto.DOUBLE, TensorProto.STRING, TensorProto.BOOL
