"""The seeds of a dbt package: the scorecard's lookup tables, and golden rows with what they must score."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from northstar_explain.contract.days_before import with_dates
from northstar_explain.errors import Fault, ModelError
from northstar_explain.export.sql.lookup_tables import lookups
from northstar_explain.export.sql.score_sql import KEYS, default_prefix, used
from northstar_explain.model.golden_scores import EXPECTED
from northstar_explain.model.learned_model import Model

GOLDEN = "golden"
ROW = "golden_row"  # the column that numbers golden rows
# What dbt reads as missing in any column of a seed, beside an empty cell.
_MISSING = "null"


@dataclass(frozen=True)
class Seed:
    """A table of a dbt package.

    Attributes
    ----------
    name : str
        With the model's id, as another model's table has other columns, and dbt keeps those of a table that is there.
    table : pyarrow.Table
    about : str
        What it holds.
    columns : dict of str to str
        What single columns hold, where their names do not say it.
    """

    name: str
    table: pa.Table
    about: str
    columns: dict[str, str]


def seeds(model: Model) -> dict[str, Seed]:
    """The seeds of a model by their kind: those of `score_sql.KEYS`, and ``golden``.

    Raises
    ------
    ModelError
        When a category is called ``null``, which dbt reads as missing.
    """
    found, prefix = lookups(model.scorecard, model.contract), default_prefix(model)
    if _MISSING in found.categories["category"].to_pylist():
        todo = "Name that value otherwise in the table, and train again; or take the SQL without dbt."
        fault = Fault("a category", f"values other than {_MISSING!r}, which dbt reads as missing", repr(_MISSING), todo)
        raise ModelError(f"model {model.id}", [fault])
    about = {
        "cuts": "Cuts between the bins of each axis, in blocks.",
        "categories": "The bin of each category that the scorecard knows.",
        "points": "Points of each bin of each term.",
    }
    made = {kind: Seed(f"{prefix}_{kind}", getattr(found, kind), about[kind], {}) for kind in KEYS}
    return {**made, GOLDEN: _golden(model, f"{prefix}_{GOLDEN}")}


def golden_columns(model: Model) -> dict[str, str]:
    """Column of the customer table to its column in the seed of golden rows, whose names need no quotes anywhere."""
    contract = model.contract
    names = [*used(model), *([contract.snapshot] if contract.snapshot else [])]
    return {contract.id: ROW, **{name: f"feature_{place}" for place, name in enumerate(names, start=1)}}


def golden_table(model: Model) -> pa.Table:
    """The golden rows as a customer table, numbered from 1, with the columns that the model uses."""
    rows = [str(row + 1) for row in range(model.golden.num_rows)]
    table = with_dates(model.golden.select(list(used(model))), model.contract)
    return table.add_column(0, model.contract.id, pa.array(rows))


def _golden(model: Model, name: str) -> Seed:
    columns = golden_columns(model)
    table = golden_table(model).select(list(columns)).rename_columns(list(columns.values()))
    for expected in EXPECTED:
        table = table.append_column(expected, model.golden[expected])
    about = "Golden rows of the model, and the segment and probability that each must have."
    return Seed(name, table, about, {seed: column for column, seed in columns.items() if seed != ROW})
