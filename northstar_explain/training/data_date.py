"""The day up to which a table looks: from the command line, the contract or the table, and whether it can be true."""

from __future__ import annotations

import datetime
import re

import pyarrow as pa

from northstar_explain.contract.cells import is_text
from northstar_explain.contract.consistency import is_day
from northstar_explain.contract.features import Contract
from northstar_explain.contract.texts import readable_column
from northstar_explain.errors import Fault, TableError
from northstar_explain.training.training_options import TrainingOptions

_AHEAD = re.compile(r"\b(\d+) (day|week)s?\b", re.IGNORECASE)
_DAYS = {"day": 1, "week": 7}


def data_date(table: pa.Table, contract: Contract, options: TrainingOptions, source: str) -> datetime.date | None:
    """The day up to which a table looks.

    Parameters
    ----------
    table : pyarrow.Table
    contract : Contract
        Its `as_of` is a day, or the column that has it: the latest day of that column is taken.
    options : TrainingOptions
        Their `as_of` is taken before what the contract says.
    source : str
        What to call the table in errors.

    Returns
    -------
    datetime.date or None
        None where nobody says it.

    Raises
    ------
    TableError
        When the column is missing or holds no days, or the label cannot be known yet: the window that the contract
        names ends after the day on which the model is made.
    """
    found = options.as_of or _of_contract(table, contract, source)
    if found is None:
        return None
    ahead = label_days(contract)
    if found + datetime.timedelta(days=ahead) > options.date:
        words = f"a day at least {ahead} days before {options.date}" if ahead else f"{options.date} or a day before it"
        window = f", as the label looks {ahead} days ahead" if ahead else ""
        todo = "Take an earlier table, or give the day that it looks up to with --as-of."
        raise TableError(source, [Fault("as of", words + window, str(found), todo)])
    return found


def label_days(contract: Contract) -> int:
    """The days that the label looks ahead, as the contract's horizon or outcome says them; 0 where neither does."""
    said = _AHEAD.search(contract.horizon) or _AHEAD.search(contract.outcome)
    return int(said[1]) * _DAYS[said[2].lower()] if said else 0


def _of_contract(table: pa.Table, contract: Contract, source: str) -> datetime.date | None:
    if not contract.as_of:
        return None
    if is_day(contract.as_of):
        return datetime.date.fromisoformat(contract.as_of)
    where, expected = f"column {contract.as_of}", "days such as 2026-03-01, as table.as_of of the contract names it"
    if table.column_names.count(contract.as_of) != 1:
        raise TableError(source, [Fault(where, expected, "no such column", "Add it, or change the contract.")])
    column = table[contract.as_of]
    if is_text(column.type):
        column, _ = readable_column(column)
    # Each day once: a table of millions of rows has few of them.
    values = [value for value in column.unique().to_pylist() if value is not None]
    days = [_day(value) for value in values]
    if not days or None in days:
        got = "no value" if not days else repr(values[days.index(None)])
        raise TableError(source, [Fault(where, expected, got, "Correct the column, or change the contract.")])
    return max(day for day in days if day is not None)


def _day(value: object) -> datetime.date | None:
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    text = str(value)
    # A time of day may follow, which does not matter here.
    return datetime.date.fromisoformat(text[:10]) if is_day(text[:10]) else None
