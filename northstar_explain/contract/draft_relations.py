"""Relations that a draft proposes: the same thing counted over 30, 90 and 365 days grows with the window."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain.contract.draft_definedness import numbers
from northstar_explain.contract.draft_guess import Guess
from northstar_explain.contract.expressions import name_text
from northstar_explain.contract.time_units import DAYS_IN

# Windows nearer to each other are one window in two units: 12 months and 365 days.
_NEAR = 1.05
_AVERAGES = ("avg", "average", "mean", "median", "rate", "share", "ratio", "per", "min", "last", "first")
_FEWEST_ROWS = 30  # with both values, and as many in which they differ: fewer say little


class ProposedRelation(NamedTuple):
    """A relation for a person to confirm.

    Attributes
    ----------
    text : str
        As the contract writes it.
    rows : int
        Those that hold both values; it holds in all of them.
    """

    text: str
    rows: int


def relations(columns: Mapping[str, pa.ChunkedArray], guesses: Sequence[Guess]) -> list[ProposedRelation]:
    """The relations that names say and every row bears out.

    Parameters
    ----------
    columns : mapping
        Name to column, numbers as numbers.
    guesses : sequence of Guess
        Of the features.

    Returns
    -------
    list of ProposedRelation
        Of features with one name, each beside the next longer window.
    """
    families: dict[tuple[str, ...], list[tuple[float, str]]] = {}
    for guess in guesses:
        if _grows(guess):
            families.setdefault(guess.parts.tokens, []).append((_days(guess.parts.window), guess.name))
    pairs = [pair for family in families.values() for pair in itertools.pairwise(sorted(family))]
    found = (_relation(shorter, longer, columns) for (days, shorter), (more, longer) in pairs if more > days * _NEAR)
    return [relation for relation in found if relation is not None]


def _grows(guess: Guess) -> bool:
    """Whether a longer window can only add to the value: an average over 30 days may be above that over 90."""
    if guess.kind is None or not guess.parts.window or guess.parts.has(*_AVERAGES):
        return False
    return guess.kind.counts or guess.kind.money or guess.whole


def _days(window: str) -> float:
    number, unit = window.split()
    return int(number) * DAYS_IN[unit.removesuffix("s")]


def _relation(shorter: str, longer: str, columns: Mapping[str, pa.ChunkedArray]) -> ProposedRelation | None:
    lower, upper = numbers(columns[shorter]), numbers(columns[longer])
    known = ~(np.isnan(lower) | np.isnan(upper))
    lower, upper = lower[known], upper[known]
    if (lower > upper).any() or (lower < upper).sum() < _FEWEST_ROWS:
        return None
    return ProposedRelation(f"{name_text(shorter)} <= {name_text(longer)}", len(lower))
