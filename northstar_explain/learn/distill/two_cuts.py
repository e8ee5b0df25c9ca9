"""What is cut off by two cuts, for every pair of thresholds of two features: the costs of three of the quadrants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Corner:
    """The quadrant of rows above two thresholds, its features turned so that it is above them.

    Attributes
    ----------
    cut_off : ndarray of shape (s - 1, t - 1)
        By pair of thresholds, the least that the rows outside the quadrant cost as two leaves: those beyond one
        threshold, and of the others those beyond the other.
    own : ndarray of shape (s - 1, t - 1)
        What the rows within it cost as one leaf.
    first, second : ndarray of int of shape (n,)
        Codes of the rows: those above both thresholds lie within.
    """

    cut_off: np.ndarray
    own: np.ndarray
    first: np.ndarray
    second: np.ndarray

    def rows(self, first: int, second: int) -> np.ndarray:
        """The rows above two thresholds."""
        return np.flatnonzero((self.first > first) & (self.second > second))


def corners(codes: np.ndarray, sizes: np.ndarray, positions: np.ndarray, one: int, other: int) -> Iterator[Corner]:
    """The four corners of two features.

    Parameters
    ----------
    codes : ndarray of int of shape (p, n)
    sizes : ndarray of int of shape (p,)
        One above the highest code of each feature.
    positions : ndarray of shape (n, d)
        About the mean of all.
    one, other : int
        The features; a feature and itself for its intervals.
    """
    first, second = codes[one], codes[other]
    shape = int(sizes[one]), int(sizes[other])
    left, right = _sides(first, shape[0], positions)
    low, high = _sides(second, shape[1], positions)
    below, low_right, high_left, above = _quadrants(first, second, shape, positions)
    turned_first, turned_second = shape[0] - 1 - first, shape[1] - 1 - second
    ways = (
        (np.minimum(left[:, None] + low_right, low + high_left), above, False, False),
        (np.minimum(left[:, None] + above, high + below), low_right, False, True),
        (np.minimum(right[:, None] + below, low + above), high_left, True, False),
        (np.minimum(right[:, None] + high_left, high + low_right), below, True, True),
    )
    for cut_off, own, turn, flip in ways:
        places = (slice(None, None, -1 if turn else 1), slice(None, None, -1 if flip else 1))
        yield Corner(cut_off[places], own[places], turned_first if turn else first, turned_second if flip else second)


def _sides(codes: np.ndarray, size: int, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the rows below and above each threshold cost as one leaf."""
    values = _moments(positions)
    sums = np.zeros((size, values.shape[1]))
    np.add.at(sums, codes, values)
    below = np.cumsum(sums, axis=0)[:-1]
    return _cost_of(below), _cost_of(values.sum(axis=0) - below)


def _quadrants(
    first: np.ndarray, second: np.ndarray, shape: tuple[int, int], positions: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Costs of the quadrants by pair of thresholds: below both, above the first, above the second, above both."""
    values = _moments(positions)
    total = values.sum(axis=0)
    columns = np.zeros((shape[1], values.shape[1]))
    np.add.at(columns, second, values)
    columns = np.cumsum(columns, axis=0)[:-1]
    rows = np.zeros((shape[0] - 1, values.shape[1]))
    corner = np.zeros_like(columns)
    # Of the rows below both thresholds: how many, their squares, and the products of their sum with three sums.
    below = np.empty((5, len(rows), len(columns)))
    order = np.argsort(first, kind="stable")
    ends = np.cumsum(np.bincount(first, minlength=shape[0]))
    begin, before = 0, np.zeros_like(total)
    for place, end in enumerate(ends[:-1]):
        for row in order[begin:end]:
            corner[second[row] :] += values[row]
            before = before + values[row]
        begin = end
        rows[place] = before
        sums = corner[:, 2:]
        below[:2, place] = corner[:, :2].T
        below[2, place] = np.einsum("td,td->t", sums, sums)
        below[3, place] = sums @ before[2:]
        below[4, place] = np.einsum("td,td->t", sums, columns[:, 2:])
    return _from_products(below, rows, columns, total)


def _from_products(
    below: np.ndarray, rows: np.ndarray, columns: np.ndarray, total: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Costs of all quadrants from the sums of one: positions sum to 0, so that the others are what it lacks."""
    held, squares, both, by_row, by_column = below
    row, column = rows[:, None, :], columns[None, :, :]
    in_row, in_column = (np.einsum("td,td->t", sums[:, 2:], sums[:, 2:]) for sums in (rows, columns))
    across = rows[:, 2:] @ columns[:, 2:].T
    low_right = column[..., 0] - held, column[..., 1] - squares, in_column[None] - 2.0 * by_column + both
    high_left = row[..., 0] - held, row[..., 1] - squares, in_row[:, None] - 2.0 * by_row + both
    above = (
        total[0] - row[..., 0] - column[..., 0] + held,
        total[1] - row[..., 1] - column[..., 1] + squares,
        both + in_row[:, None] + in_column[None] + 2.0 * (across - by_row - by_column),
    )
    first, second, third, fourth = (
        np.maximum(squared - length / np.maximum(count, 1.0), 0.0)
        for count, squared, length in ((held, squares, both), low_right, high_left, above)
    )
    return first, second, third, fourth


def _moments(positions: np.ndarray) -> np.ndarray:
    """A one, the squared length, and the position of each row."""
    squares = np.einsum("nd,nd->n", positions, positions)
    return np.concatenate([np.ones((len(positions), 1)), squares[:, None], positions], axis=1)


def _cost_of(sums: np.ndarray) -> np.ndarray:
    lengths = np.einsum("nd,nd->n", sums[:, 2:], sums[:, 2:])
    cost: np.ndarray = np.maximum(sums[:, 1] - lengths / np.maximum(sums[:, 0], 1.0), 0.0)
    return cost
