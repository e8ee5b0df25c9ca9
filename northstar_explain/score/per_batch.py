"""The same scoring for callers with batches of their own: Ray, Dask, Spark, a notebook."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from northstar_explain import tables
from northstar_explain.contract.check import CheckedBatch, check_batch
from northstar_explain.contract.customer_ids import id_keys, id_texts
from northstar_explain.contract.faults import needed_columns, numbers_rows, require_columns, require_types
from northstar_explain.errors import Fault, TableError
from northstar_explain.model.learned_model import Model
from northstar_explain.model.load_folder import load
from northstar_explain.options import Control
from northstar_explain.score import ids
from northstar_explain.score.counts import Tally, count
from northstar_explain.score.score_columns import Scored, Scorer
from northstar_explain.score.unseen import require_seen
from northstar_explain.tables.number_format import PLAIN, NumberFormat
from northstar_explain.tables.plain_types import with_plain_types


class ScoredBatch(NamedTuple):
    """The result of a batch: every row is in one of the two.

    Attributes
    ----------
    scores : pyarrow.RecordBatch
        The valid rows, in their order, with the columns of `Scorer.schema`.
    rejected : pyarrow.Table
        The rejected rows unchanged, after ``row`` (position in the batch, first row 1) and ``reasons``.
    """

    scores: pa.RecordBatch
    rejected: pa.Table


def batches(
    model: Model | Path | str | Any,
    batches: Iterable[Any],
    repeated: Sequence[str | int] = (),
    control: Control | None = None,
    as_text: bool = False,
    accept_unseen: Collection[str] = (),
) -> Iterator[ScoredBatch]:
    """Score batches one after the other, as they are asked for.

    Parameters
    ----------
    model : Model or path
        What `northstar_explain.load` gives, or the model folder.
    batches : iterable of pandas, Polars, DuckDB or PyArrow tables or record batches
    repeated : sequence of str or int, optional
        Ids that occur in more than one batch. An id that occurs twice in one batch is found here; which ones occur in
        several, only the caller can know, who has all of them.
    control : Control, optional
        Who is kept out of campaigns.
    as_text : bool, default False
        Whether numbers may come as text, as they do from CSV.
    accept_unseen : collection of str, optional
        Columns most of whose values may be unseen in training.

    Returns
    -------
    iterator of ScoredBatch
        One for each batch; none where there are no batches.

    Raises
    ------
    TableError
        When a single table is given for the batches (at once), or when a batch as a whole is not what the contract
        says (as it is asked for); and after the last batch, when most values of a column were unseen in training, so
        that what was made of the scores is not published. An error that the iterable itself raises is not changed.

    Examples
    --------
    >>> from northstar_explain import score
    >>> for scores, rejected in score.batches("model/", table.to_batches()):   # doctest: +SKIP
    ...     sink.write(scores)
    """
    # This is no generator itself: a wrong argument is refused here, and not when the first batch is asked for.
    _require_batches(batches)
    return _scored(Scorer(_model(model), control), batches, repeated, as_text, accept_unseen)


def _scored(
    scorer: Scorer, batches: Iterable[Any], repeated: Iterable[object], as_text: bool, accepted: Collection[str]
) -> Iterator[ScoredBatch]:
    tally = Tally()
    contract = scorer.model.contract
    known = id_keys(pa.array(list(map(str, repeated)), pa.string()))
    for batch in batches:
        table = tables.from_frame(batch, needed_columns(contract, label=False), source="batch")
        require_columns(table.schema, contract, label=False, source="batch")
        require_types(table, contract, label=False, source="batch", as_text=as_text)
        own = ids.repeated([_ids(table, scorer)])
        checked, scored = check_and_score(scorer, table, pa.concat_arrays([known, own]))
        tally.add(count(checked, scored, scorer))
        yield ScoredBatch(scored.rows, checked.rejected)
    require_seen(tally, scorer, accepted, "batches")


def _require_batches(batches: object) -> None:
    """Raise TableError where a single table, or none, is given for several: it would be taken apart by columns."""
    reader = isinstance(batches, pa.RecordBatchReader)  # hands out Arrow, and batches too
    table = isinstance(batches, pa.Table | pa.RecordBatch) or hasattr(batches, "__arrow_c_stream__")
    if isinstance(batches, str | bytes | Path | Mapping) or (table and not reader) or not _iterable(batches):
        todo = "Put a single table into a list: [table]; of files, `explain score` or `score.run` makes batches."
        fault = Fault("batches", "an iterable of tables or record batches", type(batches).__name__, todo)
        raise TableError("score.batches", [fault])


def _iterable(thing: object) -> bool:
    # Not by calling iter: what can be indexed by number only, as a lazy table, gives an iterator that fails.
    return hasattr(thing, "__iter__")


def check_and_score(
    scorer: Scorer, table: pa.Table, repeated: pa.Array, first_row: int = 1,
    original_text: Callable[[], pa.Table] | None = None, numbers: NumberFormat = PLAIN,
) -> tuple[CheckedBatch, Scored]:  # fmt: skip
    """Check and score some rows of a table: what every engine does, wherever the rows come from.

    Parameters
    ----------
    scorer : Scorer
    table : pyarrow.Table
    repeated : pyarrow.Array of string
        Keys of ids that occur more than once in the whole.
    first_row : int, default 1
        Position in the input of the first of these rows.
    original_text : callable, optional
        Gives the same rows with the cells of their file: see `northstar_explain.contract.check.check_batch`.
    numbers : NumberFormat
        How numbers are written, where they are text.

    Returns
    -------
    checked : CheckedBatch
    scored : Scored
        Its valid rows.
    """
    checked = check_batch(
        table, scorer.contract, repeated, first_row=first_row, original_text=original_text, numbers=numbers
    )
    return checked, scorer.score(checked.ids, checked.columns)


def _ids(table: pa.Table, scorer: Scorer) -> pa.Array:
    name = scorer.contract.id
    if numbers_rows(scorer.contract, table.schema):
        return pa.nulls(table.num_rows, pa.string())
    return id_keys(id_texts(with_plain_types(table, [name])[name]))


def _model(model: Any) -> Model:
    if isinstance(model, Path | str):
        return load(model)
    data = getattr(model, "data", model)  # what `northstar_explain.load` gives holds it
    if not isinstance(data, Model):
        raise TypeError(f"expected a model or the path of its folder; got {type(model).__name__}")
    return data
