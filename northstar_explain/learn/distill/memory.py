"""Sums over the left side of every candidate split, cached for the rows and subtrees used last.

The search perturbs a few splits of a tree at a time and sweeps over it until nothing changes: it needs most sums again
and again. None of them depends on where the centres are, so that they stay valid.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from .problem import Problem

# Most bytes of sums to keep: the cache must not grow with the length of the search.
ROOM = 150_000_000


@dataclass(frozen=True)
class LeftSums:
    """What lies left of each candidate split, or moves there.

    Attributes
    ----------
    left : ndarray of shape (n_candidates, 1 + d)
        Count, then sums.
    squares : ndarray of shape (n_candidates,)
        Squared lengths of the sums.
    """

    left: np.ndarray
    squares: np.ndarray

    @classmethod
    def of(cls, left: np.ndarray) -> LeftSums:
        """Square the sums."""
        return cls(left, np.einsum("ij,ij->i", left[:, 1:], left[:, 1:]))

    def explained_with(self, base: np.ndarray) -> np.ndarray:
        """What a group that holds ``base`` explains once the left side has joined it."""
        squares = self.squares + 2.0 * (self.left[:, 1:] @ base[1:]) + base[1:] @ base[1:]
        gains: np.ndarray = squares / np.maximum(self.left[:, 0] + base[0], 1e-9)
        return gains


class Memory:
    """Computes left sums of one problem, each only once while it is cached."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._kept: dict[bytes, tuple[LeftSums, ...]] = {}
        self._bytes = 0

    def no_anchor(self) -> np.ndarray:
        """No mass added to any group: the centres move freely."""
        return np.zeros((self.problem.n_groups, self.problem.moments.shape[1]))

    def leaf(self, rows: np.ndarray) -> LeftSums:
        """Sum the rows left of each candidate; of features in order only."""
        key = _key(rows)
        known = self._recall(key)
        if known is None:
            known = self._keep(key, (LeftSums.of(self.problem.layout.left_sums(self.problem.histogram(rows), None)),))
        return known[0]

    def transfer(
        self, rows: np.ndarray, to_left: np.ndarray, to_right: np.ndarray, used: np.ndarray
    ) -> tuple[LeftSums, ...]:
        """Sum what each used group gains with each candidate; of features in order only.

        Parameters
        ----------
        rows, to_left, to_right : ndarray of int of shape (m,)
            Rows, and the groups they reach when sent left and right.
        used : ndarray of int
            The groups that occur, ascending.
        """
        key = _key(rows, to_left.astype(np.int16), to_right.astype(np.int16))
        known = self._recall(key)
        if known is None:
            slot = slots_of(used, self.problem.n_groups)
            moved = self.problem.transfer(rows, slot[to_left], slot[to_right], len(used))
            known = self._keep(key, tuple(LeftSums.of(self.problem.layout.left_sums(one, None)) for one in moved))
        return known

    def _recall(self, key: bytes) -> tuple[LeftSums, ...] | None:
        known = self._kept.pop(key, None)
        if known is not None:
            # At the end again: the first entry is always the one that was not used for longest.
            self._kept[key] = known
        return known

    def _keep(self, key: bytes, sums: tuple[LeftSums, ...]) -> tuple[LeftSums, ...]:
        self._kept[key] = sums
        self._bytes += _size(sums)
        # What was just computed stays even where it is larger than the room.
        while self._bytes > ROOM and len(self._kept) > 1:
            self._bytes -= _size(self._kept.pop(next(iter(self._kept))))
        return sums


def slots_of(used: np.ndarray, n_groups: int) -> np.ndarray:
    """Number the used groups from 0."""
    slot = np.zeros(n_groups, dtype=np.int32)
    slot[used] = np.arange(len(used), dtype=np.int32)
    return slot


def _size(sums: tuple[LeftSums, ...]) -> int:
    return sum(one.left.nbytes + one.squares.nbytes for one in sums)


def _key(*arrays: np.ndarray) -> bytes:
    # A digest as the key: the arrays themselves would take more memory than some of the sums.
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        digest.update(array.tobytes())
        # A mark between them, as other arrays could join to the same bytes.
        digest.update(b"|")
    return digest.digest()
