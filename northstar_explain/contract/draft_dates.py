"""Dates of a table for a draft: the column that says the day of the snapshot, and the others as days before it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain.contract.cells import is_text
from northstar_explain.contract.columns import one_array
from northstar_explain.contract.days_before import Days, read_days
from northstar_explain.contract.draft_guess import Guess
from northstar_explain.contract.kinds.registry import kind_named

_SNAPSHOT = re.compile(
    r"(^|_)(snapshot|as_?of|export(ed)?|extract(ed|ion)?|cut_?off|reference|report(ing|ed)?)(_|$)", re.I
)
_TODO = (
    "a date; to use it, add a column with the day that the table looks up to, name it in as_of and in ignore, and "
    "describe this one with kind date"
)


class Dates(NamedTuple):
    """The dates of a table.

    Attributes
    ----------
    snapshot : str
        The column with the day that each row looks up to; empty where none is.
    days : dict
        Name to whole days before that, as float64 with nulls; empty without a snapshot.
    guesses : dict
        Name to the guess for each column of dates, the snapshot too.
    """

    snapshot: str
    days: dict[str, pa.ChunkedArray]
    guesses: dict[str, Guess]


def dates_of(columns: Mapping[str, pa.ChunkedArray]) -> Dates:
    """Find the columns of dates.

    Parameters
    ----------
    columns : mapping
        Name to column: dates, times, or texts of which each begins with a day.

    Returns
    -------
    Dates
    """
    found = {name: days for name, column in columns.items() if (days := _days(column)) is not None}
    snapshot = _snapshot(found)
    empty = {name: Guess(name, None, None, None, 0.0, _TODO) for name in found}
    if not snapshot:
        return Dates("", {}, empty)
    guesses = {snapshot: replace(empty[snapshot], note="the day that each row looks up to")}
    counted: dict[str, pa.ChunkedArray] = {}
    for name in found:
        if name != snapshot:
            before = (found[snapshot].values - found[name].values).astype(np.float64)
            before[np.isnat(found[name].values)] = np.nan
            counted[name] = pa.chunked_array([pa.array(before, mask=np.isnan(before))])
            guesses[name] = _guess(empty[name], found[name].values, before, snapshot)
    return Dates(snapshot, counted, guesses)


def _days(column: pa.ChunkedArray) -> Days | None:
    """The days of a column that holds days and nothing else."""
    kind = column.type
    if not (pa.types.is_date(kind) or pa.types.is_timestamp(kind) or is_text(kind)):
        return None
    # A glance at some rows is enough for most texts.
    if is_text(kind) and read_days(one_array(column.slice(0, 100))).unreadable.any():
        return None
    days = read_days(one_array(column))
    return None if days.unreadable.any() or np.isnat(days.values).all() else days


def _snapshot(found: Mapping[str, Days]) -> str:
    """The column that is named as a snapshot is, or else the only one that has one day in all rows."""
    full = {name: days.values for name, days in found.items() if not np.isnat(days.values).any()}
    named = [name for name in full if _SNAPSHOT.search(name)]
    same = [name for name, days in full.items() if days.min() == days.max()]
    return named[0] if named else same[0] if len(same) == 1 else ""


def _guess(empty: Guess, days: np.ndarray, before: np.ndarray, snapshot: str) -> Guess:
    known = before[~np.isnan(before)]
    if after := int((known < 0).sum()):
        return replace(empty, note=f"in {after:,} rows it lies after {snapshot}")
    if known.min() == known.max():
        return replace(empty, note=f"always {known[0]:g} days before {snapshot}")
    seen = f"{np.nanmin(days)} to {np.nanmax(days)} seen, counted in days before {snapshot}"
    missing = float(np.isnan(before).mean())
    return replace(empty, kind=kind_named("date"), low=0.0, missing=missing, note=seen, whole=True)
