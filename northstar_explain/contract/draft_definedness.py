"""Guessing for whom a feature has a meaning: where a count is 0, an average of what was counted has none.

A column shows it by being missing there, or by having one value there: 0 for an average, 366 for days since the last.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain.contract.kinds.kind import Kind

_FEWEST_ROWS = 10  # with a count of 0; fewer are constant by chance
# A constant there must be this improbable, if values there were as elsewhere.
_CHANCE = 1e-6
_GLANCE = 1_000  # rows that show at once that most columns are not constant


class Definition(NamedTuple):
    """What a feature's meaning depends on.

    Attributes
    ----------
    by : str
        The feature has a meaning where this count is above 0.
    rows : int
        Rows where it is 0.
    value : float or None
        The feature's value in all of them; None where it is missing there.
    """

    by: str
    rows: int
    value: float | None


class _Zeros(NamedTuple):
    """The rows where a count is 0, as a mask and as positions."""

    by: str
    mask: np.ndarray
    rows: np.ndarray


class _Match(NamedTuple):
    """A definition, and the share of other rows that look like those where the count is 0."""

    definition: Definition
    elsewhere: float


def definitions(
    columns: Mapping[str, pa.ChunkedArray], kinds: Mapping[str, Kind], counts: Sequence[str]
) -> dict[str, Definition]:
    """The features that seem to have a meaning only where a count is above 0.

    Parameters
    ----------
    columns : mapping
        Name to column, numbers as numbers.
    kinds : mapping
        Name to kind, of every feature.
    counts : sequence of str
        Counts that others may depend on.

    Returns
    -------
    dict of str to Definition
    """
    zeros = [one for name in counts if (one := _zeros(name, numbers(columns[name]))) is not None]
    found = {}
    for name, kind in kinds.items():
        values = numbers(columns[name]) if kind.numeric else _missing_only(columns[name])
        if best := _best(list(_matches(name, kind, values, zeros))):
            found[name] = best.definition
    return found


def numbers(column: pa.ChunkedArray) -> np.ndarray:
    """A column of numbers as float64, NaN where missing."""
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def _missing_only(column: pa.ChunkedArray) -> np.ndarray:
    """NaN where missing, and a value of its own in every other row: categories are never undefined by a value."""
    missing = np.asarray(column.is_null().to_numpy(), dtype=bool)
    return np.where(missing, np.nan, np.arange(1.0, len(missing) + 1.0))


def _zeros(name: str, values: np.ndarray) -> _Zeros | None:
    mask = values == 0
    rows = np.flatnonzero(mask)
    some = _FEWEST_ROWS <= len(rows) < len(values)
    return _Zeros(name, mask, rows) if some and not np.isnan(values).any() else None


def _matches(name: str, kind: Kind, values: np.ndarray, zeros: Sequence[_Zeros]) -> Iterator[_Match]:
    for one in zeros:
        if one.by == name or not _is_constant(values[one.rows[:_GLANCE]]) or not _is_constant(values[one.rows]):
            continue
        there, others = values[one.rows], values[~one.mask]
        known = there[~np.isnan(there)]
        value = float(known[0]) if len(known) else None
        if value is not None:  # the unknown say nothing: a guest's value is missing, with orders and without
            others = others[~np.isnan(others)]
        same = np.isnan(others) if value is None else others == value
        elsewhere = float(same.mean()) if len(same) else 1.0
        rows = len(known) if len(known) else len(there)
        improbable = elsewhere == 0.0 or rows * math.log(elsewhere) < math.log(_CHANCE)
        if rows >= _FEWEST_ROWS and improbable and (value is None or kind.is_filler(name, value, elsewhere == 0.0)):
            yield _Match(Definition(one.by, len(one.rows), value), elsewhere)


def _is_constant(values: np.ndarray) -> bool:
    known = values[~np.isnan(values)]
    return not len(known) or bool(np.all(known == known[0]))


def _best(matches: Sequence[_Match]) -> _Match | None:
    """The count that explains most, those first that explain every such value; the first in the table of equal ones."""
    return max(matches, key=lambda match: (match.elsewhere == 0.0, match.definition.rows), default=None)
