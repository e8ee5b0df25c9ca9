"""The same scoring for whoever has batches of their own: Ray, Dask, Spark, a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from northstar_explain import tables
from northstar_explain.contract.check import CheckedBatch, part
from northstar_explain.contract.columns import one_array
from northstar_explain.contract.faults import require_columns, require_types
from northstar_explain.model import Model, load
from northstar_explain.score import ids
from northstar_explain.score.batch import Scored, Scorer
from northstar_explain.score.control import Control


class ScoredBatch(NamedTuple):
    """What came of a batch: every row is in one of the two.

    Attributes
    ----------
    scores : pyarrow.RecordBatch
        The good rows, in their order, with the columns of `Scorer.schema`.
    rejected : pyarrow.Table
        The others as they came, after ``row`` (position in the batch, first row 1) and ``reasons``.
    """

    scores: pa.RecordBatch
    rejected: pa.Table


def batches(
    model: Model | Path | str | Any,
    batches: Iterable[Any],
    repeated: Sequence[str] = (),
    control: Control | None = None,
    as_text: bool = False,
) -> Iterator[ScoredBatch]:
    """Score batches one after the other, as they are asked for.

    Parameters
    ----------
    model : Model or path
        What `northstar_explain.load` gives, or the model folder.
    batches : iterable of pandas, Polars, DuckDB or PyArrow tables or record batches
    repeated : sequence of str, optional
        Ids that occur in more than one batch. An id that occurs twice in one batch is found here; which ones occur in
        several, only somebody can say who has seen them all.
    control : Control, optional
        Who is kept out of campaigns.
    as_text : bool, default False
        Whether numbers may come as text, as they do from CSV.

    Yields
    ------
    ScoredBatch
        One for each batch.

    Raises
    ------
    TableError
        When a batch as a whole is not what the contract says.

    Examples
    --------
    >>> from northstar_explain import score
    >>> for scores, rejected in score.batches("model/", table.to_batches()):   # doctest: +SKIP
    ...     sink.write(scores)
    """
    scorer = Scorer(_model(model), control)
    known = pa.array(list(repeated), pa.string())
    for batch in batches:
        table = tables.from_frame(batch)
        require_columns(table.schema, scorer.model.contract, label=False, source="batch")
        require_types(table, scorer.model.contract, label=False, source="batch", as_text=as_text)
        own = ids.repeated([_ids(table, scorer)])
        parted, scored = score_part(scorer, table, pa.concat_arrays([known, own]))
        yield ScoredBatch(scored.rows, parted.rejected)


def score_part(scorer: Scorer, table: pa.Table, repeated: pa.Array, first_row: int = 1) -> tuple[CheckedBatch, Scored]:
    """Check and score some rows of a table: what every engine does, wherever the rows come from.

    Parameters
    ----------
    scorer : Scorer
    table : pyarrow.Table
    repeated : pyarrow.Array of string
        Ids that occur more than once in the whole.
    first_row : int, default 1
        Position in the input of the first of these rows.

    Returns
    -------
    parted : CheckedBatch
    scored : Scored
        Its good rows.
    """
    parted = part(table, scorer.model.contract, repeated, first_row=first_row)
    return parted, scorer.score(parted.ids, parted.columns)


def _ids(table: pa.Table, scorer: Scorer) -> pa.Array:
    return one_array(table[scorer.model.contract.id].cast(pa.string()))


def _model(model: Any) -> Model:
    if isinstance(model, Path | str):
        return load(model)
    found = getattr(model, "data", model)  # what `northstar_explain.load` gives holds it
    if not isinstance(found, Model):
        raise TypeError(f"expected a model or the path of its folder; got {type(model).__name__}")
    return found
