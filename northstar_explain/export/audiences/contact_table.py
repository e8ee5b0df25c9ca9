"""Tables of contacts and consent. Nothing that stands in their cells is ever shown: a message may be logged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from northstar_explain import tables
from northstar_explain.contract.customer_ids import id_keys, id_texts
from northstar_explain.errors import Fault, TableError
from northstar_explain.tables.plain_types import with_plain_types

COLUMNS = ("email", "phone", "first_name", "last_name", "country", "zip")
# A column of 1, 0 and nothing is written with decimals by a data frame.
_YES, _NO = ("true", "yes", "y", "1", "1.0"), ("false", "no", "n", "0", "0.0", "")
_UNREADABLE = "?"
_HIDDEN = "one that cannot be read; what it holds is not shown, as it may be contacts"
# What a reader says of a file and not of its cells.
_SAFE = ("no such file", "a folder", "an empty file")
_PLACE = re.compile(r"Row #\d+: Expected \d+ columns, got \d+|Expected \d+ columns, got \d+")


@dataclass(frozen=True)
class Contacts:
    """Contacts and consent of customers.

    Attributes
    ----------
    keys : list of str
        What each customer's id is compared by; each once.
    consent : ndarray of bool, shape (n,)
        Whether the customer agreed to be contacted; a missing value is no.
    columns : dict
        Those of `COLUMNS` that there are: n texts each, or None.
    """

    keys: list[str]
    consent: np.ndarray
    columns: dict[str, list[str | None]]

    def __len__(self) -> int:
        return len(self.keys)

    def of(self, row: int) -> dict[str, str | None]:
        """The contacts of one row."""
        return {name: values[row] for name, values in self.columns.items()}


def read_hidden(source: Any, name: str) -> pa.Table:
    """A table whose cells are not shown in errors.

    Parameters
    ----------
    source : path, or pandas, Polars, DuckDB or PyArrow table
    name : str
        What to call a table in memory.

    Raises
    ------
    TableError
        When it cannot be read; the message says nothing of its cells.
    """
    try:
        return tables.read(source) if isinstance(source, Path | str) else tables.from_frame(source, source=name)
    except TableError as error:
        faults = [Fault(one.where, one.expected, _without_cells(one.got), one.todo) for one in error.faults]
        # Without the first error, whose text a log with a traceback would show.
        raise TableError(error.source, faults) from None


def _without_cells(got: str) -> str:
    if got in _SAFE:
        return got
    place = _PLACE.search(got)
    return f"{_HIDDEN} ({place[0]})" if place else _HIDDEN


def read_contacts(table: pa.Table, id: str, consent: str, source: str, needed: bool = False) -> Contacts:
    """Read contacts and consent.

    Parameters
    ----------
    table : pyarrow.Table
    id : str
        Its column of customers.
    consent : str
        Its column of consent: true or false, yes or no, 1 or 0; nothing is no.
    source : str
        Its name in errors.
    needed : bool
        Whether there must be a column of addresses or of phone numbers.

    Raises
    ------
    TableError
        When a column is missing or repeated, an id is missing or occurs twice, or a consent is none of these values.
    """
    names = table.column_names
    faults = [
        Fault(f"column {name}", "one column of this name", str(names.count(name) or "none"), "Add or rename it.")
        for name in (id, consent)
        if names.count(name) != 1
    ]
    faults += [
        Fault(f"column {name}", "one column of this name", str(names.count(name)), "Rename the others.")
        for name in COLUMNS
        if names.count(name) > 1
    ]
    if consent in (id, *COLUMNS):
        faults.append(Fault("consent", "a column of its own", consent, "Name the column that says who agreed."))
    if needed and not {"email", "phone"} & set(names):
        faults.append(Fault("columns", "email or phone", "neither", f"Rename them; known are {', '.join(COLUMNS)}."))
    if faults:
        raise TableError(source, faults)
    known = [name for name in COLUMNS if name in names]
    # Customers may be known by their address: then one column is both.
    used = list(dict.fromkeys([id, consent, *known]))
    table = with_plain_types(table.select(used), used)
    _require_values(table, source)
    keys = id_keys(id_texts(table[id])).to_pylist()
    _require_ids(keys, id, source)
    columns = {name: _texts(table[name]) for name in known}
    return Contacts(keys, _consents(_texts(table[consent], _UNREADABLE), consent, source), columns)


def _require_values(table: pa.Table, source: str) -> None:
    """Raise TableError unless every column holds texts, numbers or booleans."""
    types, faults = pa.types, []
    for field in table.schema:
        kind = field.type.value_type if types.is_dictionary(field.type) else field.type
        simple = (types.is_string, types.is_large_string, types.is_integer, types.is_floating, types.is_boolean)
        if not any(one(kind) for one in (*simple, types.is_decimal, types.is_null)):
            faults.append(Fault(f"column {field.name}", "texts or numbers", str(kind), "Convert the column."))
    if faults:
        raise TableError(source, faults)


def _texts(column: pa.ChunkedArray, unreadable: str | None = None) -> list[str | None]:
    """Cells as text; a whole number, such as a phone number may be, without decimals, and no other number."""
    if pa.types.is_floating(column.type):
        # Beyond this, a float is not the number that was meant, but one close to it: somebody else's.
        largest = 2.0**53 if pa.types.is_float64(column.type) else 2.0**24

        def text(value: float) -> str | None:
            return f"{value + 0.0:.0f}" if value.is_integer() and abs(value) < largest else unreadable

        return [None if one is None or one != one else text(one) for one in column.to_pylist()]
    if pa.types.is_boolean(column.type):
        return [None if one is None else str(one).lower() for one in column.to_pylist()]
    values = column.cast(pa.string()).to_pylist()
    return list(values)


def _require_ids(keys: Sequence[str | None], id: str, source: str) -> None:
    missing = [row for row, key in enumerate(keys, start=1) if not key]
    if missing:
        fault = Fault(f"row {missing[0]:,}, column {id}", "a customer id", "none", "Complete or remove the row.")
        raise TableError(source, [fault])
    seen: set[str | None] = set()
    for row, key in enumerate(keys, start=1):
        if key in seen:
            fault = Fault(f"row {row:,}, column {id}", "each customer once", "one twice", "Keep one row of each.")
            raise TableError(source, [fault])
        seen.add(key)


def _consents(values: Sequence[str | None], name: str, source: str) -> np.ndarray:
    given = [(value or "").strip().casefold() for value in values]
    wrong = [row for row, value in enumerate(given, start=1) if value not in (*_YES, *_NO)]
    if wrong:
        got = "another value" if len(wrong) == 1 else f"{len(wrong):,} other values"
        fault = Fault(f"row {wrong[0]:,}, column {name}", "true or false, yes or no, 1 or 0", got, "Correct them.")
        raise TableError(source, [fault])
    return np.array([value in _YES for value in given], dtype=bool)
