"""Reasons of a score: one for each theme, ranked by what its terms add up to.

Themes are those of the space that segments are looked for in. A theme's contribution is the sum of its terms' points;
the themes with the largest sums either way are the reasons, each worded by its largest term of the same sign. Points
are rounded to a millionth for it and added as whole numbers, so that every program finds the same reasons in any order.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from northstar_explain.contract.features import Contract
from northstar_explain.model.scorecard import Scorecard, Term

REASONS = 3
# Log-odds of a unit, and the most units of a bin: with a sum of 60 log-odds, a probability is 1 to 26 digits.
UNIT, MOST = 1e-6, 60_000_000


def units(points: np.ndarray) -> np.ndarray:
    """Points in millionths, as whole numbers: shape (...) to int64 of the same shape."""
    # As floor(x + .5), which JavaScript has as well; its round goes elsewhere at halves below zero.
    whole = np.floor(np.clip(points, -MOST * UNIT, MOST * UNIT) * 1e6 + 0.5)
    rounded: np.ndarray = whole.astype(np.int64)
    return rounded


def theme_of_terms(scorecard: Scorecard, contract: Contract, themes: Mapping[str, str]) -> tuple[str, ...]:
    """The theme of each term.

    Parameters
    ----------
    scorecard : Scorecard
    contract : Contract
    themes : mapping
        Feature to its theme. A feature without one has that of the contract, where it names one, and else is a theme
        of its own, named by its words.

    Returns
    -------
    tuple of str
        A pair belongs to the theme of both features, or, if they differ, to that of the feature whose own term is the
        more important; of equal ones, to that of the first.
    """
    alone = {term.features[0]: term.importance for term in scorecard.terms if len(term.axes) == 1}
    found = []
    for term in scorecard.terms:
        feature = contract[max(term.features, key=lambda name: alone.get(name, 0.0))]
        found.append(themes.get(feature.name) or feature.theme or feature.words)
    return tuple(found)


def groups_of(scorecard: Scorecard) -> list[list[int]]:
    """The terms of each theme, themes and terms in the order of the scorecard; a term without a theme stands alone."""
    found: dict[tuple[str, str], list[int]] = {}
    for number, term in enumerate(scorecard.terms):
        found.setdefault(_key(term), []).append(number)
    return list(found.values())


def _key(term: Term) -> tuple[str, str]:
    return (term.theme, "") if term.theme else ("", term.name)


def group_sums(points: np.ndarray, groups: list[list[int]]) -> np.ndarray:
    """What the terms of each group add up to, in millionths: shape (terms, n) to int64 of shape (groups, n)."""
    whole = units(points)
    return np.stack([whole[group].sum(axis=0) for group in groups])


def top_reasons(scorecard: Scorecard, places: np.ndarray, points: np.ndarray) -> list[list[str | None]]:
    """The reasons of each customer, plainly: what `Lookup` and every export must agree with.

    Parameters
    ----------
    scorecard : Scorecard
    places, points : ndarray, shape (terms, n)
        As of `Scorecard.contributions`.

    Returns
    -------
    list of list of str or None
        For each of the `REASONS` ranks, one reason per customer; None where no further theme contributes.
    """
    groups, whole = groups_of(scorecard), units(points)
    rows: list[list[str | None]] = []
    for row in range(points.shape[1]):
        sums = [sum(int(whole[term, row]) for term in group) for group in groups]
        order = sorted((number for number, total in enumerate(sums) if total), key=lambda number: -abs(sums[number]))
        said: list[str | None] = []
        for number in order[:REASONS]:
            sign = 1 if sums[number] > 0 else -1
            term = max(groups[number], key=lambda term: sign * int(whole[term, row]))
            said.append(scorecard.terms[term].reasons[int(places[term, row])])
        rows.append(said + [None] * (REASONS - len(said)))
    return [list(rank) for rank in zip(*rows, strict=True)] if rows else [[] for _ in range(REASONS)]
