"""Rows in two halves, so that what is measured on one ranks the other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from northstar_explain.contract.columns import Columns, rows_of


class Halves(NamedTuple):
    """A sample of rows, and which of them are in the first half.

    Attributes
    ----------
    columns : mapping
    label : ndarray of 0 and 1, shape (n,)
    first : ndarray of bool, shape (n,)
    """

    columns: Columns
    label: np.ndarray
    first: np.ndarray


def halves(
    columns: Columns, label: np.ndarray, groups: np.ndarray | None, most: int, rng: np.random.Generator
) -> Halves:
    """Split rows into two halves by chance.

    Parameters
    ----------
    columns : mapping
    label : ndarray of 0 and 1, shape (n,)
    groups : ndarray, shape (n,), or None
        Group of each row; no group is in both halves.
    most : int
        Of more rows, so many are sampled.
    rng : numpy.random.Generator

    Returns
    -------
    Halves
    """
    if len(label) > most:
        rows = np.sort(rng.choice(len(label), most, replace=False))
        columns, label = rows_of(columns, rows), label[rows]
        groups = None if groups is None else groups[rows]
    first = rng.random(len(label)) < 0.5
    if groups is not None:
        # The draw of a group decides for all of its rows.
        first = first[np.unique(groups, return_inverse=True)[1]]
    return Halves(columns, label, first)
