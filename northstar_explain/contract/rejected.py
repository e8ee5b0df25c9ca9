"""Rejected rows: kept unchanged, each with every reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain.contract.cells import Violation, is_text
from northstar_explain.contract.texts import readable_column

_LONGEST = 60  # characters of a cell in a message


class Example(NamedTuple):
    """A cell that broke a rule.

    Attributes
    ----------
    row : int
        Its position in the input; the first row is 1.
    got : str
        What it holds.
    """

    row: int
    got: str


class Reason(NamedTuple):
    """A rule that rejected rows.

    Attributes
    ----------
    column, expected : str
        The column, and what the rule expects there.
    rows : int
        How many rows broke it.
    example : Example
        The first of them.
    """

    column: str
    expected: str
    rows: int
    example: Example

    def __str__(self) -> str:
        first = f"row {self.example.row:,}: {self.example.got}"
        return f"{self.column}: expected {self.expected}; {self.rows:,} rows with others, such as {first}"


def reasons_of(table: pa.Table, violations: Sequence[Violation], first_row: int) -> tuple[Reason, ...]:
    """The rules that were broken, each with its first row; those that reject most rows first."""
    found = [
        Reason(one.column, one.expected, len(one.rows), Example(int(one.rows[0]) + first_row, _got(table, one)))
        for one in violations
        if len(one.rows)
    ]
    return tuple(sorted(found, key=lambda reason: (-reason.rows, reason.column, reason.expected)))


def _got(table: pa.Table, violation: Violation) -> str:
    row = violation.rows[:1]
    text = _values(table, violation, row)[0]
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _values(table: pa.Table, violation: Violation, rows: np.ndarray) -> list[str]:
    """What each of some rows holds where the rule was broken: a cell, or two."""
    names = [violation.column, *([violation.beside] if violation.beside else [])]
    cells = [map(_value, table[name].take(pa.array(rows)).to_pylist()) for name in names]
    return list(map(" and ".join, zip(*cells, strict=True)))


def _value(value: Any) -> str:
    return "nothing" if value is None else repr(value)


def rejected_rows(table: pa.Table, violations: list[Violation], rows: np.ndarray, first_row: int) -> pa.Table:
    """The rejected rows, after a column ``row`` and a column ``reasons``.

    Parameters
    ----------
    table : pyarrow.Table
        All rows; texts in the columns of the contract are UTF-8 (see `texts.readable`).
    violations : list of Violation
        Every violation in these rows.
    rows : ndarray of int
        Positions of the rejected rows.
    first_row : int
        Position in the input of the first row of the table.

    Returns
    -------
    pyarrow.Table
        Without the columns that `is_kept` leaves out. Where a text of another column is not UTF-8, its bytes are
        escaped and the row's reasons say so.
    """
    reasons = _reasons(table, violations, rows)
    table = table.select([place for place, field in enumerate(table.schema) if is_kept(field.type)])
    taken = table.take(pa.array(rows)) if len(rows) else table.slice(0, 0)
    for place, field in enumerate(taken.schema):
        if not is_text(field.type):
            continue
        column, escaped = readable_column(taken.column(place))
        if len(escaped):
            taken = taken.set_column(place, field, column)
        for row in escaped:
            reasons[row] += f"; {field.name}: not UTF-8, so other bytes are shown as \\xNN"
    taken = taken.add_column(0, "row", pa.array(rows + first_row, pa.int64()))
    return taken.add_column(1, "reasons", pa.array(reasons, pa.string()))


def is_kept(kind: pa.DataType) -> bool:
    """Whether rejected rows keep a column of this type: rows can be taken from it, and Parquet has the type."""
    # Arrow has no `take` for run-end encoded columns, and Parquet no type for intervals and unions.
    if pa.types.is_interval(kind) or pa.types.is_union(kind) or pa.types.is_run_end_encoded(kind):
        return False
    if isinstance(kind, pa.BaseExtensionType):
        return is_kept(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return not pa.types.is_nested(kind.value_type) and is_kept(kind.value_type)
    children = [kind.field(place).type for place in range(kind.num_fields)]
    return all(is_kept(child) and not _is_view(child) for child in children)


def left_out(schema: pa.Schema) -> tuple[str, ...]:
    """The columns that rejected rows do not keep."""
    return tuple(field.name for field in schema if not is_kept(field.type))


def _is_view(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string_view(kind) or pa.types.is_binary_view(kind))


def _reasons(table: pa.Table, violations: list[Violation], rows: np.ndarray) -> list[str]:
    place = {int(row): at for at, row in enumerate(rows)}
    reasons: list[list[str]] = [[] for _ in rows]
    for violation in violations:
        values = _values(table, violation, violation.rows)
        for row, value in zip(violation.rows, values, strict=True):
            text = f"{violation.column}: expected {violation.expected}, got {value}"
            reasons[place[int(row)]].append(text)
    return ["; ".join(texts) for texts in reasons]
