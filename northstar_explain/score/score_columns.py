"""The columns of scores: segment, probability, rank, flag and reasons of a batch of checked customers, row by row."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, columns_of, one_array
from northstar_explain.contract.customer_ids import id_keys
from northstar_explain.contract.traits import TRAITS
from northstar_explain.model.borders import borderline
from northstar_explain.model.known_values import with_known_values
from northstar_explain.model.learned_model import Model
from northstar_explain.model.lookup import Lookup
from northstar_explain.model.ranks import Percentiles, decile
from northstar_explain.model.reasons import REASONS
from northstar_explain.model.rules import assign_codes
from northstar_explain.model.scorecard import sigmoid
from northstar_explain.options import Control
from northstar_explain.score.control import control_group
from northstar_explain.score.trait_column import TraitColumn

# Rows scored at a time: few enough for all their intermediate arrays to stay in the processor's cache.
CACHE_ROWS = 1 << 15


class Scored(NamedTuple):
    """The scores of some rows.

    Attributes
    ----------
    rows : pyarrow.RecordBatch
        One row for each, with the columns of `Scorer.schema`.
    bins : dict
        How many of them fall into each fine bin of a feature: see `Lookup.axes`.
    """

    rows: pa.RecordBatch
    bins: dict[str, np.ndarray]


class Scorer:
    """A model made ready to score.

    Parameters
    ----------
    model : Model
    control : Control, optional
        Who is kept out of campaigns.

    Attributes
    ----------
    contract : Contract
        The model's, with the values of its categories, by which others are spelled.
    schema : pyarrow.Schema
        What a result looks like: the customer id (text), ``segment_id``, ``segment_name``,
        ``borderline`` (one ordinary step from another segment), ``traits`` (where the contract has any: the names of
        the customer's, joined by semicolons, empty for none), ``probability`` (0 to 1),
        ``percentile`` (0 to 100, against the training population), ``decile`` (1 to 10, 10 the highest),
        ``flag_f1`` (the probability reaches the threshold of highest F1), ``flag_break_even`` (where the contract has
        economics: a contact pays), ``likely_buyer`` (the old name of ``flag_f1``), ``control_group`` (not to be
        contacted by any campaign), ``reason_1`` to ``reason_3`` and ``model_id``.
    """

    def __init__(self, model: Model, control: Control | None = None):
        self.model = model
        self.contract = with_known_values(model)
        self.control = control or Control()
        # Dictionaries hold each segment, reason and model id once per batch, and not in every row.
        text = pa.dictionary(pa.int32(), pa.string())
        self._traits = TraitColumn(model.contract) if model.contract.traits else None
        self.schema = pa.schema([
            pa.field(model.contract.id, pa.string()),
            pa.field("segment_id", text),
            pa.field("segment_name", text),
            pa.field("borderline", pa.bool_()),
            *([pa.field(TRAITS, self._traits.type)] if self._traits else []),
            pa.field("probability", pa.float64()),
            pa.field("percentile", pa.float64()),
            pa.field("decile", pa.int8()),
            *(pa.field(name, pa.bool_()) for name in model.purchase.flag_columns),
            pa.field("control_group", pa.bool_()),
            *(pa.field(f"reason_{i + 1}", text) for i in range(REASONS)),
            pa.field("model_id", text),
        ])  # fmt: skip
        # Columns of neither are not read at all, whatever else the contract holds.
        features = {*model.scorecard.features, *(f.name for f in model.contract.segment_features)}
        features |= {*(self._traits.features if self._traits else ())}
        self._features = [feature for feature in model.contract.features if feature.name in features]
        self.lookup = model.lookup
        self._segments = [segment.id for segment in model.segmentation.segments]
        self._words = {
            "segment_id": pa.array(self._segments),
            "segment_name": pa.array([segment.name for segment in model.segmentation.segments]),
            "model_id": pa.array([model.id]),
        }
        self._rules = model.segmentation.rules
        self._percentiles = Percentiles(model.purchase.percentiles)
        self._reasons = _Reasons(model)

    def __call__(self, accepted: pa.Table) -> pa.Table:
        """Score customers that `contract.check` accepted.

        Parameters
        ----------
        accepted : pyarrow.Table

        Returns
        -------
        pyarrow.Table
            As many rows, in the same order, with the columns of `schema`.
        """
        ids = one_array(accepted[self.model.contract.id])
        return pa.Table.from_batches([self.score(ids, columns_of(accepted, self._features)).rows])

    def score(self, ids: pa.Array, columns: Columns) -> Scored:
        """Score customers whose features are read.

        Parameters
        ----------
        ids : pyarrow.Array of string, length n
        columns : mapping
            Name to float64 array or `Category`, for every feature of the model.

        Returns
        -------
        Scored
        """
        arrays = _BatchArrays(len(ids), self.lookup)
        # Rules, borders and terms pass over the same rows one after another: in small slices these stay in the cache.
        for start in range(0, len(ids), CACHE_ROWS):
            self._fill(arrays, slice(start, start + CACHE_ROWS), columns)
        percentile = self._percentiles(arrays.probability)
        fields = {
            self.model.contract.id: ids,
            "segment_id": _dictionary(arrays.segment, self._words["segment_id"]),
            "segment_name": _dictionary(arrays.segment, self._words["segment_name"]),
            "borderline": pa.array(arrays.borderline),
            **({TRAITS: self._traits(arrays.traits)} if self._traits else {}),
            "probability": pa.array(arrays.probability),
            "percentile": pa.array(percentile),
            "decile": pa.array(decile(percentile)),
            **{name: pa.array(arrays.probability >= one) for name, one in self.model.purchase.flag_columns.items()},
            "control_group": pa.array(control_group(id_keys(ids), self.control)),
            **{f"reason_{i + 1}": self._reasons(places) for i, places in enumerate(arrays.reasons)},
            "model_id": _dictionary(np.zeros(len(ids), dtype=np.int32), self._words["model_id"]),
        }
        return Scored(pa.record_batch([fields[name] for name in self.schema.names], schema=self.schema), arrays.bins)

    def _fill(self, arrays: _BatchArrays, rows: slice, columns: Columns) -> None:
        chunk = {feature.name: _slice(columns[feature.name], rows) for feature in self._features}
        sums = self.lookup(chunk, REASONS, arrays.bins)
        arrays.probability[rows] = sigmoid(sums.logit)
        for column, places in zip(arrays.reasons, sums.top, strict=True):
            column[rows] = places
        arrays.segment[rows] = assign_codes(self.model.segmentation.tree, chunk, self._segments)
        arrays.borderline[rows] = borderline(self._rules, self.model.segmentation.borders, chunk)
        if self._traits:
            arrays.traits[rows] = self._traits.codes(chunk)


class _BatchArrays:
    """Columns of the scores of a batch, filled chunk by chunk."""

    def __init__(self, rows: int, lookup: Lookup):
        self.probability = np.empty(rows)
        self.segment = np.empty(rows, dtype=np.int32)
        self.borderline = np.empty(rows, dtype=bool)
        self.traits = np.empty(rows, dtype=np.int64)
        self.reasons = [np.empty(rows, dtype=np.int32) for _ in range(REASONS)]
        self.bins = lookup.empty_counts()


class _Reasons:
    """The phrases, written in training, of the themes with the largest points either way.

    Points are measured against the average customer: a theme that adds nothing is no reason.
    """

    def __init__(self, model: Model):
        every = [reason for term in model.scorecard.terms for reason in term.reasons]
        phrases = {phrase: place for place, phrase in enumerate(dict.fromkeys(every))}
        self._phrases = pa.array(list(phrases), pa.string())
        # Place 0 is for no reason; it is masked, so its phrase does not matter.
        self._of_place = np.array([0, *(phrases[phrase] for phrase in every)], dtype=np.int32)

    def __call__(self, places: np.ndarray) -> pa.DictionaryArray:
        silent = places == 0
        return _dictionary(self._of_place.take(places), self._phrases, silent if silent.any() else None)


def _slice(column: np.ndarray | Category, rows: slice) -> np.ndarray | Category:
    return Category(column.codes[rows], column.values) if isinstance(column, Category) else column[rows]


def _dictionary(codes: np.ndarray, values: pa.Array, mask: np.ndarray | None = None) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=mask), values)
