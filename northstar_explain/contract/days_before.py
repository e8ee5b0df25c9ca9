"""Columns of dates as whole days before the snapshot, and back."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from northstar_explain.contract.cells import NEVER_MISSING, Violation, bounds_words, is_text, missing_texts
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.contract.missing_marks import MISSING_NUMBERS

A_DAY = "a day such as 2026-03-01, with or without a time"
# A day that every database knows, with a century of days before and after it.
_ANY_DAY = datetime.date(2000, 1, 1)
_MISSING = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Days:
    """A column of days of the calendar.

    Attributes
    ----------
    values : ndarray of datetime64[D], shape (n,)
        NaT where missing or no day.
    unreadable : ndarray of bool, shape (n,)
        Cells that hold something else than a day.
    """

    values: np.ndarray
    unreadable: np.ndarray


def is_dated(kind: pa.DataType) -> bool:
    """Whether a type is one of days or times, or of texts that may hold them."""
    return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind) or pa.types.is_null(kind) or is_text(kind))


def read_days(column: pa.Array, marks: Sequence[str] = MISSING_NUMBERS) -> Days:
    """Read a column of days: dates, times (their day in their own time zone), or texts that begin with one.

    Parameters
    ----------
    column : pyarrow.Array
        Of a type that `is_dated`.
    marks : sequence of str
        Texts that stand for a missing day.

    Returns
    -------
    Days
    """
    if is_text(column.type):
        texts = column.cast(pa.string()).dictionary_encode()
        # Each distinct text is read once.
        days = np.array([_day(text) for text in texts.dictionary.to_pylist()] + [_MISSING], dtype="datetime64[D]")
        codes = texts.indices.fill_null(len(days) - 1).to_numpy(zero_copy_only=False)
        values = days[codes]
        return Days(values, np.isnat(values) & ~missing_texts(column, marks))
    if pa.types.is_null(column.type):
        values = np.full(len(column), _MISSING)
    else:
        values = column.cast(pa.date32()).to_numpy(zero_copy_only=False).astype("datetime64[D]")
    return Days(values, np.zeros(len(column), dtype=bool))


def _day(text: str | None) -> np.datetime64:
    """The day that a text begins with, if what follows can be a time."""
    text = (text or "").strip()
    if len(text) > 10 and text[10] not in " T":
        return _MISSING
    try:
        day = datetime.date.fromisoformat(text[:10])
    except ValueError:
        return _MISSING
    return np.datetime64(day, "D") if day.isoformat() == text[:10] else _MISSING


def days_before(
    column: pa.Array, feature: Feature, snapshot: Days, marks: Sequence[str] = MISSING_NUMBERS
) -> tuple[np.ndarray, list[Violation]]:
    """Read a feature of kind ``date``.

    Parameters
    ----------
    column : pyarrow.Array
    feature : Feature
    snapshot : Days
        The day that each row looks up to.
    marks : sequence of str

    Returns
    -------
    values : ndarray of float64, shape (n,)
        Whole days from the cell's day to the snapshot, negative after it; NaN where missing.
    violations : list of Violation
    """
    days = read_days(column, marks)
    known = ~np.isnat(days.values) & ~np.isnat(snapshot.values)
    values = np.full(len(column), np.nan)
    values[known] = (snapshot.values[known] - days.values[known]).astype(np.float64)
    violations = [*_violation(days.unreadable, feature.name, A_DAY)]
    if feature.missing is None:
        violations += _violation(np.isnat(days.values) & ~days.unreadable, feature.name, NEVER_MISSING)
    low = -np.inf if feature.minimum is None else feature.minimum
    high = np.inf if feature.maximum is None else feature.maximum
    outside = known & ((values < low) | (values > high))
    if outside.any():
        violations += _violation(outside, feature.name, f"a day {bounds_words(feature)} days before the snapshot")
    return values, violations


def snapshot_of(column: pa.Array, name: str, marks: Sequence[str] = MISSING_NUMBERS) -> tuple[Days, list[Violation]]:
    """The day that each row looks up to, and the rows that say none."""
    days = read_days(column, marks)
    return days, _violation(np.isnat(days.values), name, A_DAY)


def with_dates(table: pa.Table, contract: Contract) -> pa.Table:
    """Checked rows as a table of customers has them: whole days before the snapshot as dates, beside a snapshot.

    Parameters
    ----------
    table : pyarrow.Table
        Features as numbers and texts.
    contract : Contract

    Returns
    -------
    pyarrow.Table
        Unchanged where no feature is a date.
    """
    if not contract.snapshot:
        return table
    for name in (one.name for one in contract.features if one.kind.dated and one.name in table.column_names):
        days = [None if day is None else _ANY_DAY - datetime.timedelta(day) for day in table[name].to_pylist()]
        table = table.set_column(table.column_names.index(name), name, pa.array(days, pa.date32()))
    return table.append_column(contract.snapshot, pa.array([_ANY_DAY] * table.num_rows, pa.date32()))


def _violation(mask: np.ndarray, name: str, expected: str) -> list[Violation]:
    rows = np.flatnonzero(mask)
    return [Violation(rows, name, expected)] if len(rows) else []
