"""Before training: simulated customers, and a first contract for a table of one's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from northstar_explain import contract as contracts
from northstar_explain import tables
from northstar_explain.contract.missing_marks import MISSING_NUMBERS
from northstar_explain.options import CsvOptions
from northstar_explain.tables.number_format import spelled_as_usual

if TYPE_CHECKING:
    from northstar_explain.contract.draft_questions import Question

Progress = Callable[[str], None]


def silent(stage: str) -> None:
    """Progress that is not shown."""


class Simulation(NamedTuple):
    """Simulated customers.

    Attributes
    ----------
    customers : pyarrow.Table
        Id, features and label.
    truth : pyarrow.Table
        Id and true probability of each.
    """

    customers: pa.Table
    truth: pa.Table


def simulate_customers(
    customers: int = 240_000,
    seed: int = 0,
    out: Path | str | None = None,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Simulation:
    """Simulate Northstar Retail's customers.

    Parameters
    ----------
    customers : int, default 240,000
        How many.
    seed : int, default 0
        The same seed gives the same customers; of two sizes, the smaller is the beginning of the larger.
    out : path, optional
        A file to write them to; ``NAME.truth.parquet`` goes beside it.
    overwrite : bool, default False
    progress : callable

    Returns
    -------
    Simulation

    Raises
    ------
    OutputError
        When a file cannot be written.
    ValueError
        When `customers` or `seed` is out of range.
    """
    from northstar_explain import simulate as shop

    places = []
    if out is not None:
        places = [Path(out), Path(out).with_suffix(".truth.parquet")]
        tables.require_format(places[0])
        tables.require_apart(places)
        # Checked before the work, which takes a while for many customers.
        for path in places:
            tables.require_free(path, overwrite)
    waves: list[tuple[pa.RecordBatch, pa.RecordBatch]] = []
    for wave in shop.customers(customers, seed):
        waves.append(wave)
        progress(f"simulated {sum(batch.num_rows for batch, _ in waves):,} of {customers:,} customers")
    simulation = Simulation(*(pa.Table.from_batches(batches) for batches in zip(*waves, strict=True)))
    if places:
        progress(f"writing {places[0]}")
        with tables.Publication() as new:
            for table, path in zip(simulation, places, strict=True):
                tables.write_to(table, new.stage(path), path.suffix)
    return simulation


def draft_contract(
    table: Any,
    id: str | None = None,
    label: str | None = None,
    out: Path | str | None = None,
    overwrite: bool = False,
    csv: CsvOptions | None = None,
    progress: Progress = silent,
    *,
    positive: str | None = None,
    ask: Callable[[Question], str | None] | None = None,
) -> str:
    """Draft a contract for a table: as much as columns and names say, and at most five questions.

    Parameters
    ----------
    table : path, or pandas, Polars, DuckDB or PyArrow table
    id, label : str, optional
        The columns that identify a customer and hold the label; guessed where not given. The id ``"row"``, where no
        column has this name, numbers the rows.
    out : path, optional
        A file to write it to.
    overwrite : bool, default False
    csv : northstar_explain.options.CsvOptions, optional
        How a CSV is written; what it leaves open is found from the file.
    progress : callable
    positive : str, optional
        The value of the label that stands for 1; guessed where not given.
    ask : callable, optional
        Takes each question and gives the answer, or None. What is not answered is marked CONFIRM.

    Returns
    -------
    str
        The contract in TOML; it can be used as it is.

    Raises
    ------
    TableError, OutputError
        When a column is missing or cannot be guessed, or the file cannot be written.
    """
    is_file = isinstance(table, Path | str)
    if out is not None:
        tables.require_apart([Path(out)], [Path(table)] if is_file else [])
    read = _read_file(Path(table), csv, progress) if is_file else tables.from_frame(table)
    source = Path(table).name if is_file else "table"
    text = contracts.draft(read, id, label, source, positive=positive, ask=ask)
    # Read back before it is written: a draft that does not load would cost the user the search for the fault.
    contracts.parse(text, "draft" if out is None else str(out))
    if out is not None:
        tables.write_text(text, out, overwrite)
    return text


def _read_file(path: Path, csv: CsvOptions | None, progress: Progress) -> pa.Table:
    """A table, in which the numbers of a CSV are spelled as usual, so that they are known for numbers."""
    dialect = tables.dialect_of(path, tables.Hints(csv or CsvOptions()))
    table = tables.read(path, dialect=dialect)
    if dialect is None:
        return table
    if not dialect.is_common:
        progress(f"{path} is read with {dialect}")
    columns = [spelled_as_usual(column, dialect.numbers, MISSING_NUMBERS) for column in table.columns]
    return pa.Table.from_arrays(columns, table.column_names)
