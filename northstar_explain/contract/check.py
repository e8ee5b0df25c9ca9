"""Checking a customer table against its contract: valid rows, rejected rows with reasons, nothing lost.

Faults of the table (columns missing, repeated or renamed; wrong types) stop the run and are reported all at once.
Faults of single rows do not: such rows are rejected, their cells unchanged, with every reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain.contract.broken_relations import relation_violations
from northstar_explain.contract.categories import Category
from northstar_explain.contract.cells import Violation, read_categories, read_numbers
from northstar_explain.contract.columns import one_array
from northstar_explain.contract.customer_ids import id_keys, id_texts
from northstar_explain.contract.days_before import days_before, snapshot_of
from northstar_explain.contract.faults import needed_columns, no_rows, numbers_rows, require_columns, require_types
from northstar_explain.contract.features import Contract
from northstar_explain.contract.labels import read_groups, read_labels
from northstar_explain.contract.missing_marks import marks_of
from northstar_explain.contract.rejected import Reason, reasons_of, rejected_rows
from northstar_explain.contract.texts import readable
from northstar_explain.tables.number_format import PLAIN, NumberFormat
from northstar_explain.tables.plain_types import with_plain_types


class Checked(NamedTuple):
    """The result of a check: every row is in one of the two tables.

    Attributes
    ----------
    accepted : pyarrow.Table
        Identifier (string), features (float64 or string, null where missing) and, where asked for, the label
        (int8) and the group (string), if the contract names one; rows in their order.
    rejected : pyarrow.Table
        The other rows, unchanged, after a column ``row`` (position in the input, first row 1) and a column
        ``reasons``; without columns that Parquet has no type for (see `contract.rejected`).
    ignored : tuple of str
        Columns that the contract does not know and that were not used.
    """

    accepted: pa.Table
    rejected: pa.Table
    ignored: tuple[str, ...]


@dataclass(frozen=True)
class CheckedBatch:
    """A batch of rows after the check: the valid ones as columns, the rejected ones with their reasons.

    Attributes
    ----------
    ids : pyarrow.Array of string
        Of the valid rows.
    columns : dict
        The features of the valid rows: name to float64 array or `Category`.
    valid : ndarray of bool or None
        Which rows are valid; None where all are.
    rejected : pyarrow.Table
        The others, unchanged, after ``row`` and ``reasons``.
    reasons : tuple of Reason
        The rules that rejected them.
    """

    ids: pa.Array
    columns: dict[str, np.ndarray | Category]
    valid: np.ndarray | None
    rejected: pa.Table
    reasons: tuple[Reason, ...]


def check(
    table: pa.Table, contract: Contract, *, label: bool = False, source: str = "table", as_text: bool = False,
    numbers: NumberFormat = PLAIN,
) -> Checked:  # fmt: skip
    """Check a customer table against a contract.

    Parameters
    ----------
    table : pyarrow.Table
        One row per customer.
    contract : Contract
    label : bool, default False
        Whether the label is needed, and with it the group; otherwise both are ignored.
    source : str
        What to call the table in errors.
    as_text : bool, default False
        Whether numbers may be given as text, as in CSV.
    numbers : NumberFormat
        How they are then written.

    Returns
    -------
    Checked

    Raises
    ------
    TableError
        With every fault of the table as a whole.
    """
    return check_with_reasons(table, contract, label=label, source=source, as_text=as_text, numbers=numbers)[0]


def check_with_reasons(
    table: pa.Table, contract: Contract, *, label: bool, source: str, as_text: bool = False,
    numbers: NumberFormat = PLAIN,
) -> tuple[Checked, tuple[Reason, ...]]:  # fmt: skip
    """Check a customer table, and tell by which rules its rows were rejected; else as `check`."""
    ignored = require_columns(table.schema, contract, label, source)
    if table.num_rows == 0:
        raise no_rows(source)
    require_types(table, contract, label, source, as_text, numbers)
    numbered = numbers_rows(contract, table.schema)
    repeated = None if numbered else repeated_ids(with_plain_types(table, [contract.id])[contract.id])
    more: dict[str, pa.Array] = {}
    violations: list[Violation] = []
    # Scoring must not fail on a column that it does not use, so the label is read in training only.
    if label:
        names = [name for name in (contract.label, contract.group) if name]
        table, violations = readable(table, names)
        plain = with_plain_types(table, names)
        more[contract.label], in_labels = read_labels(plain[contract.label], contract.label, contract.positive)
        violations += in_labels
        if contract.group:
            more[contract.group], in_groups = read_groups(plain[contract.group], contract.group)
            violations += in_groups
    batch = check_batch(table, contract, repeated, more=violations, numbers=numbers)
    accepted = _table(batch, contract)
    for name, column in more.items():
        accepted = accepted.append_column(name, column if batch.valid is None else column.filter(batch.valid))
    return Checked(accepted, batch.rejected, ignored), batch.reasons


def check_batch(
    table: pa.Table, contract: Contract, repeated: pa.Array | None = None, *, first_row: int = 1,
    more: list[Violation] | None = None, original_text: Callable[[], pa.Table] | None = None,
    numbers: NumberFormat = PLAIN,
) -> CheckedBatch:  # fmt: skip
    """Check some rows of a table whose columns have been checked.

    Parameters
    ----------
    table : pyarrow.Table
        Some rows of a table that `require_columns` and `require_types` passed.
    contract : Contract
    repeated : pyarrow.Array of string, optional
        Ids that occur more than once, in these rows or elsewhere in the table.
    first_row : int, default 1
        Position in the input of the first of these rows.
    more : list of Violation, optional
        Violations that were found before.
    original_text : callable, optional
        Returns the same rows with the cells of their file, where the table holds parsed numbers. Called only if rows
        are rejected.
    numbers : NumberFormat
        How numbers are written, where they are text.

    Returns
    -------
    CheckedBatch
    """
    needed = needed_columns(contract, label=False)
    numbered = numbers_rows(contract, table.schema)
    if numbered:
        needed = needed[1:]
    table, broken_texts = readable(table, needed)
    # Bytes may have become texts.
    plain, more_broken_texts = readable(with_plain_types(table, needed), needed)
    violations: list[Violation] = []
    if numbered:
        ids = pa.array(range(first_row, first_row + table.num_rows), pa.int64()).cast(pa.string())
    else:
        ids, violations = _identifiers(plain[contract.id], contract.id, repeated)
    violations += broken_texts + more_broken_texts
    columns: dict[str, np.ndarray | Category] = {}
    for_numbers, for_categories = marks_of(contract, numeric=True), marks_of(contract, numeric=False)
    snapshot = None
    if contract.snapshot:
        snapshot, undated = snapshot_of(one_array(plain[contract.snapshot]), contract.snapshot, for_numbers)
        violations += undated
    for feature in contract.features:
        column = one_array(plain[feature.name])
        columns[feature.name], in_column = (
            days_before(column, feature, snapshot, for_numbers)
            if snapshot is not None and feature.kind.dated
            else read_numbers(column, feature, numbers, for_numbers)
            if feature.kind.numeric
            else read_categories(column, feature, for_categories)
        )
        violations += in_column
    violations += relation_violations(contract, columns)
    violations += more or []
    invalid = np.zeros(table.num_rows, dtype=bool)
    for violation in violations:
        invalid[violation.rows] = True
    # Rejected rows keep their original cells, which parsing has replaced: "1e3" is 1000.0 by now.
    if violations and original_text is not None:
        table = original_text()
    rejected = rejected_rows(table, violations, np.flatnonzero(invalid), first_row)
    reasons = reasons_of(table, violations, first_row)
    # The usual batch: no row is copied.
    if not violations:
        return CheckedBatch(ids, columns, None, rejected, reasons)
    valid = ~invalid
    taken = {n: c.take(valid) if isinstance(c, Category) else c[valid] for n, c in columns.items()}
    return CheckedBatch(ids.filter(pa.array(valid)), taken, valid, rejected, reasons)


def repeated_ids(column: pa.ChunkedArray) -> pa.Array:
    """The keys of ids that occur more than once: see `contract.identifiers`."""
    import pyarrow.compute as pc

    counts = id_keys(id_texts(column)).value_counts()
    return counts.field("values").filter(pc.greater(counts.field("counts"), 1))


def _table(batch: CheckedBatch, contract: Contract) -> pa.Table:
    columns = {contract.id: batch.ids}
    for name, column in batch.columns.items():
        if isinstance(column, Category):
            values = pa.array(column.values, pa.string())
            columns[name] = values.take(pa.array(column.codes, mask=column.codes < 0))
        else:
            columns[name] = pa.array(column, mask=np.isnan(column))
    return pa.table(columns)


def _identifiers(column: pa.ChunkedArray, name: str, repeated: pa.Array | None) -> tuple[pa.Array, list[Violation]]:
    ids = id_texts(column)
    keys = id_keys(ids)
    empty = _empty(keys)
    violations = [Violation(np.flatnonzero(empty), name, "a customer id")] if empty.any() else []
    if repeated is not None and len(repeated):
        import pyarrow.compute as pc

        # Nobody can tell which of the rows is right, so all of them are rejected.
        repeats = pc.is_in(keys, value_set=repeated).to_numpy(zero_copy_only=False) & ~empty
        if repeats.any():
            violations.append(Violation(np.flatnonzero(repeats), name, "an id that occurs once in the table"))
    return ids, violations


def _empty(ids: pa.Array) -> np.ndarray:
    """Ids that are missing or empty, as a mask."""
    # Arrow writes a null with length zero, but other writers need not.
    empty: np.ndarray = np.diff(text_ends(ids)) == 0
    if ids.null_count:
        empty |= ids.is_null().to_numpy(zero_copy_only=False)
    return empty


def text_ends(texts: pa.Array) -> np.ndarray:
    """Where each text of a string array begins in its buffer, and where the last one ends: shape (n + 1,)."""
    # Arrow allows an empty array without an offsets buffer.
    if not len(texts):
        return np.zeros(1, dtype=np.int32)
    return np.frombuffer(texts.buffers()[1], dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
