"""Matching this month's segments with last month's, by the customers they share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from northstar_explain.model.evaluation.limits import JACCARD_SAME_SEGMENT


@dataclass(frozen=True)
class Match:
    """A segment of the earlier model that a new one continues.

    Attributes
    ----------
    id : str
    jaccard : float
        Customers in both, over customers in either; by the old rules and by the new, on the same customers.
    before, now : int
        Customers by the old rules, and by the new.
    """

    id: str
    jaccard: float
    before: int
    now: int


@dataclass(frozen=True)
class Continuity:
    """How new segments continue old ones.

    Attributes
    ----------
    names : dict
        What a new segment was called, to the id it gets.
    matches : tuple of Match
    added : tuple of str
        New ids.
    """

    names: dict[str, str]
    matches: tuple[Match, ...]
    added: tuple[str, ...]


def match(old: np.ndarray, new: np.ndarray, used: Iterable[str]) -> Continuity:
    """Give new segments the ids of the old ones they continue.

    Segments are paired so that the sum of their Jaccard similarities is the largest (Kuhn 1955); a pair above one
    half is the same segment. All others get ids that were never used.

    Parameters
    ----------
    old, new : ndarray of str, shape (n,)
        Each customer's segment by the old rules, and by the new.
    used : iterable of str
        Every id that was ever given, S and a number.

    Returns
    -------
    Continuity
    """
    used = list(used)
    before, from_codes = np.unique(old, return_inverse=True)
    now, to_codes = np.unique(new, return_inverse=True)
    common = np.zeros((len(before), len(now)))
    np.add.at(common, (from_codes, to_codes), 1)
    sizes, new_sizes = common.sum(axis=1), common.sum(axis=0)
    similarity = common / (sizes[:, None] + new_sizes[None, :] - common)
    names: dict[str, str] = {}
    matches = []
    for i, j in zip(*linear_sum_assignment(-similarity), strict=True):
        if similarity[i, j] > JACCARD_SAME_SEGMENT:
            names[str(now[j])] = str(before[i])
            matches.append(Match(str(before[i]), float(similarity[i, j]), int(sizes[i]), int(new_sizes[j])))
    # Above every id that was ever given: a retired one never comes back as another segment.
    last = max((number(id) for id in used), default=0)
    # New segments by size, as the ids of a first model are.
    rest = sorted((j for j in range(len(now)) if str(now[j]) not in names), key=lambda j: (-new_sizes[j], now[j]))
    added = tuple(f"S{last + 1 + place}" for place in range(len(rest)))
    names |= {str(now[j]): id for j, id in zip(rest, added, strict=True)}
    return Continuity(names, tuple(sorted(matches, key=lambda one: number(one.id))), added)


def number(id: str) -> int:
    """The number in a segment's id, which is S and a number."""
    return int(id.removeprefix("S"))
