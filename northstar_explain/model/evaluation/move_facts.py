"""Facts on two models of the same rows: whose decile is another one, and which terms moved them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

DECILES = 10
# By how many deciles a row can have moved: down first, 0 in the middle.
STEPS = tuple(range(1 - DECILES, DECILES))
MOST_MOVERS = 20
FAR = 2  # deciles: who moved by as many is no borderline case


@dataclass(frozen=True)
class Mover:
    """A row in another decile than before.

    Attributes
    ----------
    row : int
        Of its table, the first 1.
    deciles : tuple of int
        Before and after, each among the training customers of its model.
    probabilities : tuple of float
    term : str
        The term whose points differ most.
    points : tuple of float
        Its points before and after.
    """

    row: int
    deciles: tuple[int, int]
    probabilities: tuple[float, float]
    term: str
    points: tuple[float, float]


@dataclass(frozen=True)
class MovedGroup:
    """Rows of a segment, or rows that one term moved most.

    Attributes
    ----------
    name : str
        A segment's id, or a term.
    n : int
        Rows of the segment; of a term, rows in another decile whose points it changed most.
    up, down : int
        How many of them are in a higher decile, and in a lower one.
    """

    name: str
    n: int
    up: int
    down: int


@dataclass(frozen=True)
class TermShift:
    """What one term adds to the difference of the two scores.

    Attributes
    ----------
    term : str
    sums : tuple of float
        Its points, newer less older, summed over the rows that moved by each of `STEPS`.
    """

    term: str
    sums: tuple[float, ...]

    def over(self, of: Callable[[int], bool]) -> float:
        """The sum over the rows whose step `of` accepts."""
        return math.fsum(value for step, value in zip(STEPS, self.sums, strict=True) if of(step))


@dataclass(frozen=True)
class Moves:
    """Rows scored by both models.

    Attributes
    ----------
    n : int
        How many were scored.
    lacking : tuple of str
        Features of the older model that the newer one's table lacks; if there are any, nothing was scored.
    counts : tuple of tuple of int
        Rows by decile before (1 to 10) and, within, by decile now.
    segments : tuple of MovedGroup
        Those with rows, by number.
    terms : tuple of MovedGroup
        Those that moved most rows first.
    moved : tuple of Mover
        Of the rows in another decile those that moved farthest, `MOST_MOVERS` at most; then in the table's order.
    intercept : float
        Newer less older: what every row's log-odds differ by beside its terms.
    shifts : tuple of TermShift
        Every term of either model; together with the intercept, the whole difference of the log-odds.
    """

    n: int
    lacking: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    segments: tuple[MovedGroup, ...]
    terms: tuple[MovedGroup, ...]
    moved: tuple[Mover, ...]
    intercept: float
    shifts: tuple[TermShift, ...]

    @property
    def by_step(self) -> dict[int, int]:
        """How many rows moved by each of `STEPS`."""
        found = dict.fromkeys(STEPS, 0)
        for before, row in enumerate(self.counts):
            for now, n in enumerate(row):
                found[now - before] += n
        return found

    @property
    def in_another(self) -> int:
        """Rows in another decile than before."""
        return self.n - sum(row[place] for place, row in enumerate(self.counts))

    @property
    def contradiction(self) -> str:
        """What of these facts cannot be, as they come from elsewhere; empty where they fit each other."""
        if self.lacking:
            return ""
        if len(self.counts) != DECILES or any(len(row) != DECILES or min(row) < 0 for row in self.counts):
            return f"counts that are not {DECILES} x {DECILES} numbers of rows"
        if any(len(one.sums) != len(STEPS) for one in self.shifts):
            return f"shifts without a sum for each of {len(STEPS)} steps"
        rows = self.by_step
        if any(value and not rows[step] for one in self.shifts for step, value in zip(STEPS, one.sums, strict=True)):
            return "shifts of rows that there are not"
        sums = {
            "rows by decile": (sum(rows.values()), self.n),
            "rows by segment": (sum(one.n for one in self.segments), self.n),
            "moved by segment": (sum(one.up + one.down for one in self.segments), self.in_another),
            "moved by term": (sum(one.up + one.down for one in self.terms), self.in_another),
        }
        return next((f"{got:,} {name}, of {n:,}" for name, (got, n) in sums.items() if got != n), "")
