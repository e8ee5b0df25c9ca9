"""The model that is updated: the segments it gave, and whether a new model can continue them."""

from __future__ import annotations

import datetime

import pyarrow as pa

from northstar_explain.contract.customer_ids import id_key
from northstar_explain.contract.features import Contract
from northstar_explain.errors import ContractError, Fault, TableError
from northstar_explain.evaluate.migration import Earlier
from northstar_explain.learn.fit_segments import Previous
from northstar_explain.model.learned_model import Model
from northstar_explain.model.names import as_learned
from northstar_explain.tables.named_columns import take_columns


def scored_segments(scores: pa.Table, model: Model, source: str) -> dict[str, str]:
    """Each customer's segment from a file of scores that a model wrote.

    Parameters
    ----------
    scores : pyarrow.Table
    model : Model
        The model that must have made them.
    source : str
        What to call the file in errors.

    Returns
    -------
    dict of str to str
        By the key of the id.

    Raises
    ------
    TableError
        When a column is missing or has a row without a value, or another model made the scores.
    """
    names = [model.contract.id, "segment_id", "model_id"]
    todo = "Give the scores that `explain score` wrote with the model to update."
    columns = take_columns(scores, dict.fromkeys(names, pa.string()), source, todo)
    ids, segments, model_ids = (columns[name].to_pylist() for name in names)
    # Segments of another model have the same ids, and mean others.
    if others := sorted(set(model_ids) - {model.id}):
        raise TableError(source, [Fault("column model_id", f"{model.id} in every row", f"also {others[0]}", todo)])
    return {id_key(id): segment for id, segment in zip(ids, segments, strict=True)}


def previous(earlier: Earlier | None, contract: Contract, date: datetime.date) -> Previous | None:
    """The segments to continue, after checking that every feature in their rules is still there.

    Raises
    ------
    ContractError
        With every feature that is missing, or is of another kind.
    """
    if earlier is None:
        return None
    before = earlier.model
    # A threshold means something else once the kind of its feature has changed.
    faults = [
        Fault(f"feature {name}", f"a {old} feature, as in the model to update", got, todo)
        for name in sorted({c.feature for rule in before.segmentation.rules for c in rule.conditions})
        for old in [before.contract[name].kind]
        if (got := _kind_in(contract, name)) != str(old)
        for todo in ["Keep the feature, or train without --update: segments then get new ids."]
    ]
    if faults:
        raise ContractError(contract.title, faults)
    # Names that people gave stand beside the model, in names.toml; within it, names are those that were learned.
    return Previous(as_learned(before.segmentation, before.names), date.isoformat())


def _kind_in(contract: Contract, name: str) -> str:
    match = next((feature for feature in contract.features if feature.name == name), None)
    return "no such feature" if match is None else str(match.kind)
