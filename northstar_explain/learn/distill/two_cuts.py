"""What is cut off by two cuts, for every pair of thresholds of two features: the costs of three of the quadrants."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .running_sums import running_sums

# Positions are summed by pair of thresholds where that takes at most so many numbers for each pair of rows.
NUMBERS_A_PAIR = 2


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


class _Sides(NamedTuple):
    """Of one feature: costs of the rows up to each threshold and above it, and the moments of those up to it."""

    below: np.ndarray
    above: np.ndarray
    moments: np.ndarray


class _Sums(NamedTuple):
    """Of the rows below both thresholds: how many, their squares, and the products of their sum with three sums.

    These are it itself, the sum of all rows below the first threshold, and of all below the second.
    """

    held: np.ndarray
    squares: np.ndarray
    both: np.ndarray
    by_first: np.ndarray
    by_second: np.ndarray


class Corners:
    """The corners of any two features of one data set.

    Parameters
    ----------
    codes : ndarray of int of shape (p, n)
    sizes : ndarray of int of shape (p,)
        One above the highest code of each feature.
    positions : ndarray of shape (n, d)
        About the mean of all.
    """

    def __init__(self, codes: np.ndarray, sizes: np.ndarray, positions: np.ndarray) -> None:
        self.codes, self.sizes = codes, sizes
        squares = np.einsum("nd,nd->n", positions, positions)
        self._values = np.concatenate([np.ones((len(positions), 1)), squares[:, None], positions], axis=1)
        self._orders = np.argsort(codes, axis=1, kind="stable")
        # Written over for each pair of features: to have new memory costs more than what is computed in it.
        self._memory: dict[str, np.ndarray] = {}

    def of(self, one: int, other: int) -> Iterator[Corner]:
        """The four corners of two features, or of a feature and itself: its intervals.

        The arrays of each are written over when the next is asked for.
        """
        first, second = self.codes[one], self.codes[other]
        ends, sides = self._sides(one), self._sides(other)
        shape = len(ends.below), len(sides.below)
        below, low_right, high_left, above = self._quadrants(self._sums(one, other, ends, sides), ends, sides)
        (left, right), (low, high) = ((side.below[:, None], side.above[:, None]) for side in (ends, sides))
        low, high = low.T, high.T
        turned_first, turned_second = shape[0] - first, shape[1] - second
        ways = (
            ((left, low_right), (low, high_left), above, False, False),
            ((left, above), (high, below), low_right, False, True),
            ((right, below), (low, above), high_left, True, False),
            ((right, high_left), (high, low_right), below, True, True),
        )
        for by_first, by_second, own, turn, flip in ways:
            cut_off = np.add(*by_first, out=self._room("cut off", shape))
            np.minimum(cut_off, np.add(*by_second, out=self._room("other", shape)), out=cut_off)
            places = (slice(None, None, -1 if turn else 1), slice(None, None, -1 if flip else 1))
            turned = turned_first if turn else first, turned_second if flip else second
            yield Corner(cut_off[places], own[places], *turned)

    def _sides(self, feature: int) -> _Sides:
        sums = np.zeros((int(self.sizes[feature]), self._values.shape[1]))
        np.add.at(sums, self.codes[feature], self._values)
        below = running_sums(sums)[:-1]
        return _Sides(_cost_of(below), _cost_of(self._values.sum(axis=0) - below), below)

    def _sums(self, one: int, other: int, ends: _Sides, sides: _Sides) -> _Sums:
        cells, width = len(ends.below) * len(sides.below), self._values.shape[1]
        if cells * width > NUMBERS_A_PAIR * len(self._values) ** 2:
            return self._from_products(one, other)
        return self._from_positions(one, other, ends, sides)

    def _from_positions(self, one: int, other: int, ends: _Sides, sides: _Sides) -> _Sums:
        """With few thresholds: the positions summed by pair of bins."""
        sums = np.zeros((int(self.sizes[one]), int(self.sizes[other]), self._values.shape[1]))
        np.add.at(sums, (self.codes[one], self.codes[other]), self._values)
        sums = sums.cumsum(axis=0).cumsum(axis=1)[:-1, :-1]
        below = sums[..., 2:]
        return _Sums(
            sums[..., 0],
            sums[..., 1],
            np.einsum("std,std->st", below, below),
            np.einsum("std,sd->st", below, ends.moments[:, 2:]),
            np.einsum("std,td->st", below, sides.moments[:, 2:]),
        )

    def _from_products(self, one: int, other: int) -> _Sums:
        """With about as many thresholds as rows: the inner products of the rows, summed.

        The squared length of a sum that a row joins grows by the row's own, and by twice its products with the rows
        that are there.
        """
        squares, n = self._values[:, 1], len(self._values)
        rows, columns = self._orders[one], self._orders[other]
        place, every = np.empty(n, dtype=np.intp), np.arange(n)
        place[rows] = every
        # Rows in the order of the first feature, columns in that of the second.
        column_place = place[columns]
        place[columns] = every
        row_place = place[rows]
        inside, there = row_place[:, None] <= every, column_place <= every[:, None]
        products, room = self._ordered(one), self._room
        across = np.take(products, columns, axis=1, out=room("across", (n, n)), mode="clip")

        def summed(name: str, values: np.ndarray, axis: int, within: np.ndarray | None = None) -> np.ndarray:
            out = room(name, (n, n))
            if within is not None:
                values = np.multiply(values, within, out=out)
            return np.cumsum(values, axis=axis, out=out)

        by_first = summed("by first", summed("work", across, 0), 1, there)
        by_second = summed("by second", summed("work", across, 1), 0, inside)
        both = summed("work", across, 1, column_place < every[:, None])
        both *= 2.0
        both += squares[rows][:, None]
        both = summed("both", both, 0, inside)
        held = summed("held", there, 1)
        sums = held, summed("squares", squares[columns], 1, there), both, by_first, by_second
        at = [np.cumsum(np.bincount(self.codes[feature]))[:-1] - 1 for feature in (one, other)]
        if all(len(ends) == n - 1 for ends in at):
            return _Sums(*(values[:-1, :-1] for values in sums))
        return _Sums(*(values[np.ix_(*at)] for values in sums))

    def _ordered(self, feature: int) -> np.ndarray:
        """Inner products of the rows, in the order of a feature."""
        return np.take(self._products, self._orders[feature], axis=0, out=self._room("products", self._products.shape),
                       mode="clip")  # fmt: skip

    @cached_property
    def _products(self) -> np.ndarray:
        products: np.ndarray = self._values[:, 2:] @ self._values[:, 2:].T
        return products

    def _quadrants(self, sums: _Sums, ends: _Sides, sides: _Sides) -> tuple[np.ndarray, ...]:
        """Costs by pair of thresholds: below both, above the first, above the second, above both.

        Positions sum to 0, so that the other quadrants are what those below both lack.
        """
        total, shape = self._values.sum(axis=0), sums.held.shape
        row, column = ends.moments[:, None, :], sides.moments[None, :, :]
        in_row, in_column = (np.square(one[..., 2:]).sum(axis=-1) for one in (row, column))
        room = self._room
        across = np.matmul(ends.moments[:, 2:], sides.moments[:, 2:].T, out=room("across", shape))
        lengths = room("lengths", shape)

        def cost(name: str, count: np.ndarray, squares: np.ndarray) -> np.ndarray:
            np.maximum(count, 1.0, out=count)
            np.divide(lengths, count, out=lengths)
            out = room(name, shape)
            np.subtract(squares, lengths, out=out)
            np.maximum(out, 0.0, out=out)
            return out

        held, squares, both, by_first, by_second = sums
        count, rest = room("count", shape), room("rest", shape)
        np.multiply(by_second, -2.0, out=lengths)
        lengths += both
        lengths += in_column
        low_right = cost("low right", np.subtract(column[..., 0], held, out=count),
                         np.subtract(column[..., 1], squares, out=rest))  # fmt: skip
        np.multiply(by_first, -2.0, out=lengths)
        lengths += both
        lengths += in_row
        high_left = cost("high left", np.subtract(row[..., 0], held, out=count),
                         np.subtract(row[..., 1], squares, out=rest))  # fmt: skip
        np.subtract(across, by_first, out=lengths)
        lengths -= by_second
        lengths *= 2.0
        lengths += both
        lengths += in_row
        lengths += in_column
        np.subtract(held, row[..., 0], out=count)
        count += total[0] - column[..., 0]
        np.subtract(squares, row[..., 1], out=rest)
        rest += total[1] - column[..., 1]
        above = cost("above", count, rest)
        np.copyto(lengths, both)
        np.copyto(count, held)
        return cost("below", count, squares), low_right, high_left, above

    def _room(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        size = int(np.prod(shape))
        held = self._memory.get(name)
        if held is None or held.size < size:
            held = self._memory[name] = np.empty(size)
        return held[:size].reshape(shape)


def _cost_of(sums: np.ndarray) -> np.ndarray:
    lengths = np.einsum("nd,nd->n", sums[:, 2:], sums[:, 2:])
    cost: np.ndarray = np.maximum(sums[:, 1] - lengths / np.maximum(sums[:, 0], 1.0), 0.0)
    return cost
