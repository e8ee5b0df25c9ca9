"""Training from Python: tables or files in, a model out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from northstar_explain import contract as contracts
from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.api.first_table import Progress, silent
from northstar_explain.api.trained_model import Model
from northstar_explain.contract.customer_ids import id_key
from northstar_explain.contract.faults import needed_columns, require_default
from northstar_explain.contract.features import Contract
from northstar_explain.options import CsvOptions
from northstar_explain.score.named_inputs import hints

if TYPE_CHECKING:
    from northstar_explain.training import Source, TrainingOptions


def train(
    frame: Any,
    contract: Contract | Path | str | None = None,
    *,
    seed: int = 0,
    options: TrainingOptions | None = None,
    holdout: Any = None,
    truth: Any = None,
    update: Model | Path | str | None = None,
    since: Any = None,
    csv: CsvOptions | None = None,
    progress: Progress = silent,
) -> Model:
    """Learn segments and a purchase model from a table of customers.

    Parameters
    ----------
    frame : path, or pandas, Polars, DuckDB or PyArrow table
        Customers with their label.
    contract : Contract or path, optional
        What the table holds; where not given, that of the updated model, or else Northstar Retail's.
    seed : int, default 0
        Decides every random choice; not used where `options` are given.
    options : northstar_explain.training.TrainingOptions, optional
        Everything that can be set.
    holdout : path or table, optional
        Customers at a later date, to evaluate on. By default a fifth of the customers.
    truth : mapping of id to probability, path or table, optional
        True probabilities of a simulation, to evaluate against; never used in fitting.
    update : Model or path, optional
        A model to follow: segments that are found again keep their ids and names.
    since : path or table, optional
        The last scores of that model: who moved because the customer changed, not because the rules did.
    csv : northstar_explain.options.CsvOptions, optional
        How CSV files are written; what it leaves open, the contract says, or the files show.
    progress : callable
        Called with the name of each stage as it begins.

    Returns
    -------
    Model

    Raises
    ------
    TableError, ContractError
        When table and contract do not agree, or there is too little to learn from.
    ValueError
        When `since` is given without `update`.
    """
    from northstar_explain.training import Earlier, TrainingOptions, scored_segments
    from northstar_explain.training import train as run

    if since is not None and update is None:
        raise ValueError("since: expected none without a model to update; give update as well")
    earlier = None
    if update is not None:
        before = update.data if isinstance(update, Model) else models.load(update)
        earlier = Earlier(before) if since is None else Earlier(before, scored_segments(*_read(since, "since", before)))
    # A table with none of Northstar's features was meant for another contract: one fault says so, not one per column.
    unnamed = contract is None and earlier is None
    if not isinstance(contract, Contract):
        default = contracts.northstar() if earlier is None else earlier.model.contract
        contract = default if contract is None else contracts.load(contract)
    known = truth if truth is None or isinstance(truth, Mapping) else _truth(truth, contract)
    source = partial(source_of, contract=contract, truth=known, csv=csv or CsvOptions(), progress=progress)
    # The tables are not kept here: the run lets go of them before it fits.
    trained = run(
        _of_default(source(frame), contract) if unnamed else source(frame),
        contract,
        options or TrainingOptions(seed=seed),
        progress,
        None if holdout is None else source(holdout),
        earlier,
    )
    return Model(trained.model, trained)


def source_of(
    customers: Any, contract: Contract, truth: Mapping[str, float] | None, csv: CsvOptions, progress: Progress
) -> Source:
    """A table as `train` reads it; parameters as there."""
    from northstar_explain.training import Source

    # The day of the data may be in a column that nothing else needs.
    needed = needed_columns(contract, label=True)
    needed += [contract.as_of] if contract.as_of in contract.ignore and contract.as_of not in needed else []
    if not isinstance(customers, Path | str):
        return Source(tables.from_frame(customers, needed), truth=truth)
    dialect = tables.dialect_of(customers, hints(contract, csv))
    # From a file, texts may be other than UTF-8: the check rejects those rows and names them.
    table = tables.read(customers, any_text=True, dialect=dialect)
    if dialect is None:
        return Source(table, str(customers), truth=truth)
    if not dialect.is_common:
        progress(f"{customers} is read with {dialect}")
    return Source(table, str(customers), True, dialect.numbers, truth)


def _of_default(source: Source, contract: Contract) -> Source:
    require_default(source.table.schema, contract, source.name)
    return source


def _read(frame: Any, name: str, model: models.Model) -> tuple[pa.Table, models.Model, str]:
    if isinstance(frame, Path | str):
        return tables.read(frame), model, str(frame)
    return tables.from_frame(frame, source=name), model, name


def _truth(truth: Any, contract: Contract) -> dict[str, float]:
    from northstar_explain.simulate import TRUTH
    from northstar_explain.tables.named_columns import take_columns

    name = str(truth) if isinstance(truth, Path | str) else "truth"
    table = tables.read(truth) if isinstance(truth, Path | str) else tables.from_frame(truth, source=name)
    todo = "Give the file that `explain simulate` wrote beside the customers."
    columns = take_columns(table, {contract.id: pa.string(), TRUTH: pa.float64()}, name, todo)
    ids, values = (column.to_pylist() for column in columns.values())
    return {id_key(id): value for id, value in zip(ids, values, strict=True)}
