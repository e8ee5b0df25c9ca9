"""Checking a customer table against its contract: good rows, rejected rows with reasons, nothing lost.

Faults of the table (columns missing, repeated or renamed; wrong types) stop the run and are reported all at once.
Faults of single rows do not: such rows are set aside, as they came, with every reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain.contract.cells import Violation, read_categories, read_numbers
from northstar_explain.contract.columns import Category, one_array
from northstar_explain.contract.faults import no_rows, require_columns, require_types
from northstar_explain.contract.features import Contract
from northstar_explain.contract.labels import read_groups, read_labels


class Checked(NamedTuple):
    """What came of a check: every row is in one of the two tables.

    Attributes
    ----------
    accepted : pyarrow.Table
        Identifier (string), features (float64 or string, null where missing) and, where asked for, the label
        (int8) and the group (string), if the contract names one; rows in their order.
    rejected : pyarrow.Table
        The other rows as they came, after a column ``row`` (position in the input, first row 1) and a column
        ``reasons``.
    ignored : tuple of str
        Columns that the contract does not know and that were not used.
    """

    accepted: pa.Table
    rejected: pa.Table
    ignored: tuple[str, ...]


@dataclass(frozen=True)
class CheckedBatch:
    """Some rows of a table, parted into good ones, ready for work, and rejected ones.

    Attributes
    ----------
    ids : pyarrow.Array of string
        Of the good rows.
    columns : dict
        The features of the good rows: name to float64 array or `Category`.
    good : ndarray of bool or None
        Which rows are good; None where all are.
    rejected : pyarrow.Table
        The others as they came, after ``row`` and ``reasons``.
    broken : dict
        How many rows break a rule: (column, what was expected) to count.
    """

    ids: pa.Array
    columns: dict[str, np.ndarray | Category]
    good: np.ndarray | None
    rejected: pa.Table
    broken: dict[tuple[str, str], int]


def check(
    table: pa.Table, contract: Contract, *, label: bool = False, source: str = "table", as_text: bool = False
) -> Checked:
    """Check a customer table against a contract.

    Parameters
    ----------
    table : pyarrow.Table
        Customers, one a row.
    contract : Contract
    label : bool, default False
        Whether the label is needed, and with it the group; otherwise they may be there and are left out.
    source : str
        What to call the table in errors.
    as_text : bool, default False
        Whether numbers may come as text, as they do from CSV.

    Returns
    -------
    Checked

    Raises
    ------
    TableError
        With every fault of the table as a whole.
    """
    ignored = require_columns(table.schema, contract, label, source)
    if table.num_rows == 0:
        raise no_rows(source)
    require_types(table, contract, label, source, as_text)
    more: dict[str, pa.Array] = {}
    violations: list[Violation] = []
    if label:
        more[contract.label], violations = read_labels(table[contract.label], contract.label)
        if contract.group:
            more[contract.group], found = read_groups(table[contract.group], contract.group)
            violations = [*violations, *found]
    parted = part(table, contract, repeated_ids(table[contract.id]), more=violations)
    accepted = _table(parted, contract)
    for name, column in more.items():
        accepted = accepted.append_column(name, column if parted.good is None else column.filter(parted.good))
    return Checked(accepted, parted.rejected, ignored)


def part(
    table: pa.Table, contract: Contract, repeated: pa.Array | None = None, *, first_row: int = 1,
    more: list[Violation] | None = None,
) -> CheckedBatch:  # fmt: skip
    """Part rows into good and rejected ones.

    Parameters
    ----------
    table : pyarrow.Table
        Some rows of a table of which `require_columns` and `require_types` think well.
    contract : Contract
    repeated : pyarrow.Array of string, optional
        Ids that occur more than once, be it in these rows or elsewhere.
    first_row : int, default 1
        Position in the input of the first of these rows.
    more : list of Violation, optional
        What else is wrong with some of them.

    Returns
    -------
    CheckedBatch
    """
    ids, violations = _identifiers(one_array(table[contract.id]), contract.id, repeated)
    columns: dict[str, np.ndarray | Category] = {}
    for feature in contract.features:
        column = one_array(table[feature.name])
        columns[feature.name], found = (
            read_numbers(column, feature) if feature.kind.numeric else read_categories(column, feature)
        )
        violations += found
    violations += more or []
    bad = np.zeros(table.num_rows, dtype=bool)
    for violation in violations:
        bad[violation.rows] = True
    rejected = _rejected(table, violations, np.flatnonzero(bad), first_row)
    broken = {(violation.column, violation.expected): len(violation.rows) for violation in violations}
    if not violations:
        return CheckedBatch(ids, columns, None, rejected, broken)
    good = ~bad
    taken = {n: c.take(good) if isinstance(c, Category) else c[good] for n, c in columns.items()}
    return CheckedBatch(ids.filter(pa.array(good)), taken, good, rejected, broken)


def repeated_ids(column: pa.ChunkedArray) -> pa.Array:
    """The ids that occur more than once, as text."""
    import pyarrow.compute as pc

    counts = one_array(column.cast(pa.string())).value_counts()
    return counts.field("values").filter(pc.greater(counts.field("counts"), 1))


def _table(parted: CheckedBatch, contract: Contract) -> pa.Table:
    columns = {contract.id: parted.ids}
    for name, column in parted.columns.items():
        if isinstance(column, Category):
            values = pa.array(column.values, pa.string())
            columns[name] = values.take(pa.array(column.codes, mask=column.codes < 0))
        else:
            columns[name] = pa.array(column, mask=np.isnan(column))
    return pa.table(columns)


def _rejected(table: pa.Table, violations: list[Violation], rows: np.ndarray, first_row: int) -> pa.Table:
    rejected = table.take(pa.array(rows)) if len(rows) else table.slice(0, 0)
    rejected = rejected.add_column(0, "row", pa.array(rows + first_row, pa.int64()))
    return rejected.add_column(1, "reasons", pa.array(_reasons(table, violations, rows), pa.string()))


def _reasons(table: pa.Table, violations: list[Violation], rows: np.ndarray) -> list[str]:
    place = {int(row): at for at, row in enumerate(rows)}
    said: list[list[str]] = [[] for _ in rows]
    for violation in violations:
        values = table[violation.column].take(pa.array(violation.rows)).to_pylist()
        for row, value in zip(violation.rows, values, strict=True):
            got = "nothing" if value is None else repr(value)
            said[place[int(row)]].append(f"{violation.column}: expected {violation.expected}, got {got}")
    return ["; ".join(texts) for texts in said]


def _identifiers(column: pa.Array, name: str, repeated: pa.Array | None) -> tuple[pa.Array, list[Violation]]:
    ids = column if pa.types.is_string(column.type) else column.cast(pa.string())
    empty = _empty(ids)
    violations = [Violation(np.flatnonzero(empty), name, "a customer id")] if empty.any() else []
    if repeated is not None and len(repeated):
        import pyarrow.compute as pc

        # Which of them is right cannot be known, so none of them is taken.
        twice = pc.is_in(ids, value_set=repeated).to_numpy(zero_copy_only=False) & ~empty
        if twice.any():
            violations.append(Violation(np.flatnonzero(twice), name, "an id that occurs once in the table"))
    return ids, violations


def _empty(ids: pa.Array) -> np.ndarray:
    """Ids that are missing or without a letter, as a mask."""
    # A null has no letters either, in what Arrow writes; where it has, it is looked at by itself.
    empty = np.diff(text_ends(ids)) == 0
    if ids.null_count:
        empty |= ids.is_null().to_numpy(zero_copy_only=False)
    return empty


def text_ends(texts: pa.Array) -> np.ndarray:
    """Where each text of a string array begins in its buffer, and where the last one ends: shape (n + 1,)."""
    if not len(texts):
        return np.zeros(1, dtype=np.int32)
    return np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
