"""The columns that a graph reads: numbers as doubles, NaN where missing, and categories as codes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from northstar_explain.contract.features import Contract, Feature
from northstar_explain.contract.missing_marks import marks_of
from northstar_explain.export.onnx.onnx_graph import DOUBLE, TEXT, GraphBuilder
from northstar_explain.export.onnx.text_codes import TextCodes, text_codes
from northstar_explain.model.learned_model import Model


def used_features(model: Model) -> tuple[Feature, ...]:
    """The features that segments, traits and scorecard need, in the contract's order."""
    conditions = [c for rule in model.segmentation.rules for c in rule.conditions]
    conditions += [c for trait in model.contract.traits for c in trait.conditions]
    names = {*model.scorecard.features, *(condition.feature for condition in conditions)}
    return tuple(feature for feature in model.contract.features if feature.name in names)


class Inputs:
    """The inputs of a graph, and each as rules and points read it.

    Attributes
    ----------
    codes : dict of str to TextCodes
        Of the categories.
    """

    def __init__(self, graph: GraphBuilder, model: Model):
        self._graph, self._model = graph, model
        self.codes: dict[str, TextCodes] = text_codes(model)
        self._stand_ins = number_marks(model.contract)
        self._read = {feature.name: self._of(feature) for feature in used_features(model)}
        self._missing: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        """The value of a feature: a double, or the code of a category."""
        return self._read[name]

    @property
    def any(self) -> str:
        """One of the values, for how many rows there are."""
        return next(iter(self._read.values()))

    def missing(self, name: str) -> str:
        """Whether the value of a feature is missing."""
        if name not in self._missing:
            value = self._read[name]
            self._missing[name] = (
                self._graph.node("Equal", value, self._graph.constant(0, np.int64))
                if name in self.codes
                else self._graph.node("IsNaN", value)
            )
        return self._missing[name]

    def _of(self, feature: Feature) -> str:
        graph = self._graph
        missing = "" if feature.missing is None else "; may be missing"
        if feature.kind.numeric:
            what = f"days from {feature.words} to the snapshot" if feature.kind.dated else feature.words
            value = graph.input(feature.name, DOUBLE, f"{what}{missing}" + (": NaN" if missing else ""))
            if self._stand_ins and not feature.kind.dated:
                value = self._without(value, self._stand_ins)
            return value
        value = graph.input(feature.name, TEXT, f"{feature.words}{missing}" + (": an empty text" if missing else ""))
        # A category that only asks whether it is known has no value to look up.
        codes = self.codes.setdefault(feature.name, TextCodes((), {"": 0}))
        texts = list(codes.codes)
        return graph.node(
            "LabelEncoder", value, domain="ai.onnx.ml",
            keys_strings=texts, values_int64s=[codes.codes[text] for text in texts], default_int64=codes.unseen,
        )  # fmt: skip

    def _without(self, value: str, stand_ins: Sequence[float]) -> str:
        """The value, NaN where it is one that stands for a missing value, such as -999."""
        for one in stand_ins:
            same = self._graph.node("Equal", value, self._graph.constant(one, np.float64))
            value = self._graph.node("Where", same, self._graph.constant(math.nan, np.float64), value)
        return value


def number_marks(contract: Contract) -> tuple[float, ...]:
    """Numbers that stand for a missing value in columns of numbers."""

    def number(mark: str) -> float:
        try:
            return float(mark)
        except ValueError:
            return math.nan

    return tuple(dict.fromkeys(x for x in map(number, marks_of(contract, numeric=True)) if math.isfinite(x)))
