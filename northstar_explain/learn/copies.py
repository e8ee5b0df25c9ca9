"""Rows that are there more than once, as when tables were joined or appended by mistake.

A copy adds no information. Where some copies of a row are fitted to and others decide on early stopping, boosting never
stops; where others are in the holdout, the model is evaluated on what it was fitted to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Feature

# Fewer copies change no figure that is reported.
_LEAST_SHARE = 0.01
# Of rows that many customers share, such as those of whom nothing is known, none is a copy of another.
_LARGEST_SHARE = 0.05
# Customers who are alike by chance buy or do not, each by themselves; copies have one label. Its variance within
# equal rows, as a share of that among all rows that have an equal, separates the two cases.
_ALIKE = 0.1


class Copies(NamedTuple):
    """Rows that repeat others.

    Attributes
    ----------
    groups : ndarray of int, shape (n,)
        The same number for rows that are equal in every feature.
    repeated : int
        Rows that repeat an earlier one.
    """

    groups: np.ndarray
    repeated: int


def find_copies(columns: Columns, features: Sequence[Feature], label: np.ndarray) -> Copies | None:
    """Find rows that are copies of others.

    Parameters
    ----------
    columns : mapping
        The features of all rows.
    features : sequence of Feature
        Those that must be equal.
    label : ndarray of 0 and 1, shape (n,)

    Returns
    -------
    Copies or None
        None where less than 1% of the rows repeat another, or where equal rows are different customers who are alike:
        their labels differ, or more than 5% of all rows are one and the same.
    """
    _, groups, rows = np.unique(_hashes(columns, features, len(label)), return_inverse=True, return_counts=True)
    repeated = len(label) - len(rows)
    if repeated < _LEAST_SHARE * len(label) or rows.max() > _LARGEST_SHARE * len(label):
        return None
    buyers = np.bincount(groups, label, len(rows))
    several = rows > 1
    within = float((buyers * (1 - buyers / rows))[several].sum())
    rate = float(buyers[several].sum() / rows[several].sum())
    among = rate * (1 - rate) * float(rows[several].sum())
    return Copies(groups, repeated) if within < _ALIKE * among else None


def _hashes(columns: Columns, features: Sequence[Feature], n: int) -> np.ndarray:
    """A 64-bit hash of each row: of two million different rows, two share one with a chance of one in ten million."""
    hashes = np.full(n, 0x9E3779B97F4A7C15, dtype=np.uint64)
    for feature in features:
        hashes ^= _bits(columns[feature.name])
        # The finalizer of SplitMix64 (Steele, Lea & Flood 2014).
        hashes ^= hashes >> np.uint64(30)
        hashes *= np.uint64(0xBF58476D1CE4E5B9)
        hashes ^= hashes >> np.uint64(27)
        hashes *= np.uint64(0x94D049BB133111EB)
        hashes ^= hashes >> np.uint64(31)
    return hashes


def _bits(column: np.ndarray | Category) -> np.ndarray:
    if isinstance(column, Category):
        return column.codes.astype(np.int64).view(np.uint64)
    # Negative zero equals zero, and missing is one value whatever its bits.
    return np.where(np.isnan(column), np.nan, column + 0.0).view(np.uint64)
