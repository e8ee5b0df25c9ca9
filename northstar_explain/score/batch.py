"""Scoring a batch of checked customers: segment, probability, rank, flag and reasons, one row out per row in."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from northstar_explain.contract import Columns, columns_of
from northstar_explain.model import Model
from northstar_explain.model.borders import borderline
from northstar_explain.model.rules import assign
from northstar_explain.model.scorecard import sigmoid

REASONS = 3
# Rows worked on at a time, so that memory depends on this and not on the table.
CHUNK = 1 << 15


class Scorer:
    """A model made ready to score.

    Parameters
    ----------
    model : Model

    Attributes
    ----------
    schema : pyarrow.Schema
        What a result looks like: the customer id (text), ``segment_id``, ``segment_name``,
        ``borderline`` (a rounding step from another segment), ``probability`` (0 to 1),
        ``percentile`` (0 to 100, against the training population), ``decile`` (1 to 10, 10 the highest),
        ``likely_buyer``, ``reason_1`` to ``reason_3`` and ``model_id``.
    """

    def __init__(self, model: Model):
        self.model = model
        words = pa.dictionary(pa.int32(), pa.string())
        self.schema = pa.schema([
            pa.field(model.contract.id, pa.string()),
            pa.field("segment_id", words),
            pa.field("segment_name", words),
            pa.field("borderline", pa.bool_()),
            pa.field("probability", pa.float64()),
            pa.field("percentile", pa.float64()),
            pa.field("decile", pa.int8()),
            pa.field("likely_buyer", pa.bool_()),
            *(pa.field(f"reason_{i + 1}", words) for i in range(REASONS)),
            pa.field("model_id", words),
        ])  # fmt: skip
        features = {*model.scorecard.features, *(f.name for f in model.contract.segment_features)}
        self._features = [feature for feature in model.contract.features if feature.name in features]
        self._ids = [segment.id for segment in model.segmentation.segments]
        self._rules = model.segmentation.rules
        self._names = pa.array([segment.name for segment in model.segmentation.segments])
        terms = model.scorecard.terms
        self._phrases = pa.array([reason for term in terms for reason in term.reasons])
        self._starts = np.cumsum([0, *(term.points.size for term in terms[:-1])])
        self._percentiles = np.array(model.purchase.percentiles)

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
        starts = range(0, accepted.num_rows, CHUNK)
        batches = [self._score(accepted.slice(start, CHUNK)) for start in starts]
        return pa.Table.from_batches(batches, schema=self.schema)

    def _score(self, part: pa.Table) -> pa.RecordBatch:
        columns = columns_of(part, self._features)
        places, points = self.model.scorecard.contributions(columns)
        probability = sigmoid(self.model.scorecard.logit(points))
        percentile = self._percentile(probability)
        segment = self._segment(columns)
        n = part.num_rows
        return pa.record_batch(
            [
                part[self.model.contract.id].combine_chunks(),
                _dictionary(segment, pa.array(self._ids)),
                _dictionary(segment, self._names),
                pa.array(borderline(self._rules, self.model.segmentation.borders, columns)),
                pa.array(probability),
                pa.array(percentile),
                pa.array(np.minimum(percentile // 10, 9).astype(np.int8) + np.int8(1)),
                pa.array(probability >= self.model.purchase.threshold),
                *self._reasons(places, points),
                _dictionary(np.zeros(n, dtype=np.int32), pa.array([self.model.id])),
            ],
            schema=self.schema,
        )

    def _segment(self, columns: Columns) -> np.ndarray:
        ids = assign(self.model.segmentation.tree, columns)
        order = np.argsort(self._ids)
        return order[np.searchsorted(np.array(self._ids)[order], ids)].astype(np.int32)

    def _percentile(self, probability: np.ndarray) -> np.ndarray:
        # A thousand steps: the share of training customers, to 0.1 %, whose probability is not higher.
        steps = np.searchsorted(self._percentiles, probability, side="right") - 1
        return np.clip(steps, 0, 1000) / 10

    def _reasons(self, places: np.ndarray, points: np.ndarray) -> list[pa.DictionaryArray]:
        """The terms with the largest points either way; points are measured against the average customer."""
        size = np.abs(points)
        count = min(REASONS, len(size))
        top = np.argpartition(-size, count - 1, axis=0)[:count]
        order = np.argsort(-np.take_along_axis(size, top, axis=0), axis=0, kind="stable")
        top = np.take_along_axis(top, order, axis=0)
        index = np.take_along_axis(places, top, axis=0) + self._starts[top]
        silent = np.take_along_axis(size, top, axis=0) == 0
        found = [_dictionary(index[i], self._phrases, silent[i]) for i in range(count)]
        nothing = _dictionary(index[0], self._phrases, np.ones(index.shape[1], dtype=bool))
        return found + [nothing] * (REASONS - count)


def _dictionary(index: np.ndarray, values: pa.Array, mask: np.ndarray | None = None) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int32), mask=mask), values)
