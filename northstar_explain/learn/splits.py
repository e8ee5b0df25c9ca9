"""Which rows teach, which choose, and which only judge."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Split(NamedTuple):
    """Row positions, each in ascending order; together every row once."""

    train: np.ndarray
    validation: np.ndarray
    holdout: np.ndarray


def label_free(n: int, check_share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn segments from, and rows to check them on, chosen without the label.

    A split stratified by label would let the label into the segments through the back door.

    Parameters
    ----------
    n : int
        Rows in all.
    check_share : float
        Share to keep for checking, 0 to 1.
    seed : int

    Returns
    -------
    learn, check : ndarray of int
        Row positions in ascending order.
    """
    order = np.random.default_rng([seed, 1]).permutation(n)
    cut = n - round(n * check_share)
    return np.sort(order[:cut]), np.sort(order[cut:])


def stratified(label: np.ndarray, validation: float, holdout: float, seed: int) -> Split:
    """Split rows so that each part has the same share of positives.

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
    validation, holdout : float
        Shares, 0 to 1; the rest trains.
    seed : int

    Returns
    -------
    Split
    """
    rng = np.random.default_rng([seed, 2])
    parts: tuple[list[np.ndarray], ...] = ([], [], [])
    for value in (0, 1):
        rows = rng.permutation(np.flatnonzero(label == value))
        first, second = round(len(rows) * holdout), round(len(rows) * (holdout + validation))
        for part, chosen in zip(parts, (rows[second:], rows[first:second], rows[:first]), strict=True):
            part.append(chosen)
    return Split(*(np.sort(np.concatenate(part)) for part in parts))
