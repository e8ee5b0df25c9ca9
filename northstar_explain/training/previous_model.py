"""The model that is updated: what it said of each customer, and whether a new one can follow it."""

from __future__ import annotations

import datetime

import pyarrow as pa

from northstar_explain.contract import Contract
from northstar_explain.errors import ContractError, Fault, TableError
from northstar_explain.evaluate.migration import Earlier
from northstar_explain.learn.fit_segments import Previous
from northstar_explain.model import Model
from northstar_explain.model.names import as_learned
from northstar_explain.tables.named_columns import take_columns


def scored_segments(scores: pa.Table, model: Model, source: str) -> dict[str, str]:
    """Each customer's segment from a file of scores that a model wrote.

    Parameters
    ----------
    scores : pyarrow.Table
    model : Model
        The one that must have made them.
    source : str
        What to call the file in errors.

    Returns
    -------
    dict of str to str

    Raises
    ------
    TableError
        When a column is missing or has a row without a value, or another model made the scores.
    """
    wanted = [model.contract.id, "segment_id", "model_id"]
    todo = "Give the scores that `explain score` wrote with the model to update."
    columns = take_columns(scores, dict.fromkeys(wanted, pa.string()), source, todo)
    ids, found, made_by = (columns[name].to_pylist() for name in wanted)
    if others := sorted(set(made_by) - {model.id}):
        raise TableError(source, [Fault("column model_id", f"{model.id} in every row", f"also {others[0]}", todo)])
    return dict(zip(ids, found, strict=True))


def previous(earlier: Earlier | None, contract: Contract, date: datetime.date) -> Previous | None:
    """The segments to continue, once it is sure that they can be: every feature they ask about is still there.

    Raises
    ------
    ContractError
        With every feature that is not, or is of another kind.
    """
    if earlier is None:
        return None
    before = earlier.model
    faults = [
        Fault(f"feature {name}", f"a {old} feature, as the model to update asks about it", got, todo)
        for name in sorted({c.feature for rule in before.segmentation.rules for c in rule.conditions})
        for old in [before.contract[name].kind]
        if (got := _kind_in(contract, name)) != str(old)
        for todo in ["Keep the feature, or train without --update: segments then get new ids."]
    ]
    if faults:
        raise ContractError(contract.title, faults)
    # Names that people gave go on beside the model; within it, names are those that were learned.
    return Previous(as_learned(before.segmentation, before.names), date.isoformat())


def _kind_in(contract: Contract, name: str) -> str:
    found = next((feature for feature in contract.features if feature.name == name), None)
    return "no such feature" if found is None else str(found.kind)
