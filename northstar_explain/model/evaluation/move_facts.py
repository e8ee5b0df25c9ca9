"""Facts on two models of the same rows: whose decile is another one, and which terms moved them."""

from __future__ import annotations

from dataclasses import dataclass


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
    """

    n: int
    lacking: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    segments: tuple[MovedGroup, ...]
    terms: tuple[MovedGroup, ...]
    moved: tuple[Mover, ...]

    @property
    def in_another(self) -> int:
        """Rows in another decile than before."""
        return self.n - sum(row[place] for place, row in enumerate(self.counts))


MOST_MOVERS = 20
