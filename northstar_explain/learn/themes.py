"""Themes: features that move together say one thing, and differences between segments are reported by theme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from northstar_explain.contract.features import Feature

# Features belong together where their rank correlation is at least this, on average over their pairs.
TOGETHER = 0.5
# Ranks of so many rows place a correlation within .01 of that of all.
CORRELATION_ROWS = 20_000


@dataclass(frozen=True)
class Theme:
    """Features that move together.

    Attributes
    ----------
    name : str
        The contract's, or the words of the feature that is nearest to the others.
    features : tuple of str
        In the contract's order.
    """

    name: str
    features: tuple[str, ...]


def find_themes(values: np.ndarray, owner: Sequence[str], features: Sequence[Feature]) -> tuple[Theme, ...]:
    """Group features by the contract's word where it names a theme, else by rank correlation.

    Parameters
    ----------
    values : ndarray of float, shape (n, axes)
        As of `Space.values`: NaN where a value is missing or not applicable.
    owner : sequence of str
        The feature of each axis.
    features : sequence of Feature
        Those of the space.

    Returns
    -------
    tuple of Theme
        In the order of their first features. Average linkage of 1 - abs(Spearman's rho), cut at 1 - `TOGETHER`.
        Unordered categories are themes of their own.
    """
    by_name = {feature.name: feature for feature in features}
    present = [name for name in by_name if name in owner]
    named: dict[str, list[str]] = {}
    for name in present:
        if by_name[name].theme:
            named.setdefault(by_name[name].theme, []).append(name)
    single = [name for name in present if not by_name[name].theme and owner.count(name) == 1]
    alone = [name for name in present if not by_name[name].theme and owner.count(name) > 1]
    likeness = _rank_correlations(values[:, [owner.index(name) for name in single]])
    groups = [(theme, tuple(members)) for theme, members in named.items()]
    groups += [("", (name,)) for name in alone]
    groups += [("", tuple(single[place] for place in members)) for members in _clusters(likeness)]
    taken = {theme for theme, _ in groups if theme}
    themes = []
    for theme, members in sorted(groups, key=lambda group: present.index(group[1][0])):
        words = theme or by_name[_central(members, single, likeness)].words
        themes.append(Theme(words if theme or words not in taken else f"{words} (theme)", members))
    return tuple(themes)


def theme_weights(themes: Sequence[Theme], theme_weight: float) -> dict[str, float]:
    """What each feature's columns are multiplied with, so that at 1 themes count alike and at 0 features do.

    Parameters
    ----------
    themes : sequence of Theme
    theme_weight : float
        From 0 to 1: the squared distance in a theme of m features is divided by m to this power.

    Returns
    -------
    dict of str to float
    """
    return {name: len(theme.features) ** (-theme_weight / 2) for theme in themes for name in theme.features}


def theme_scores(values: np.ndarray, owner: Sequence[str], themes: Sequence[Theme]) -> Mapping[str, np.ndarray]:
    """Where each row lies on each theme, in standard deviations of all rows.

    Parameters
    ----------
    values : ndarray of float, shape (n, axes)
    owner : sequence of str
    themes : sequence of Theme

    Returns
    -------
    dict of str to ndarray of float, shape (n, columns)
        One column: the mean of the theme's features, each turned so that it rises with the first one. Of a category,
        a column for each indicator. NaN where no feature of the theme applies.
    """
    return {theme.name: _scores(values, owner, theme) for theme in themes}


def _scores(values: np.ndarray, owner: Sequence[str], theme: Theme) -> np.ndarray:
    places = [place for place, name in enumerate(owner) if name in theme.features]
    columns = values[:, places]
    if len(places) > len(theme.features):  # indicators of a category: their mean is the same for everybody
        return _standardized(columns)
    lead = columns[:, :1]
    both = ~np.isnan(columns) & ~np.isnan(lead)
    turned = np.where(np.where(both, columns * lead, 0.0).sum(axis=0) < 0, -1.0, 1.0)
    known = ~np.isnan(columns)
    sums = np.where(known, columns * turned, 0.0).sum(axis=1)
    counts = known.sum(axis=1)
    return _standardized(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)[:, None])


def _standardized(columns: np.ndarray) -> np.ndarray:
    known = ~np.isnan(columns)
    counts = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, columns, 0.0).sum(axis=0) / counts
    spread = np.sqrt(np.where(known, np.square(columns - means), 0.0).sum(axis=0) / counts)
    scaled: np.ndarray = (columns - means) / np.where(spread > 0, spread, 1.0)
    return scaled


def _rank_correlations(values: np.ndarray) -> np.ndarray:
    """Absolute Spearman correlations of shape (axes, axes), each over the rows in which both features apply."""
    step = max(1, len(values) // CORRELATION_ROWS)
    values = values[::step]
    count = values.shape[1]
    matrix = np.eye(count)
    # One feature after another in memory: there are many pairs.
    columns = np.ascontiguousarray(values.T)
    known = ~np.isnan(columns)
    complete = known.all(axis=1)
    # Ranking takes nearly all the time: a column is ranked again only for a partner that lacks some of its rows.
    own = [_centred_ranks(column[mask]) for column, mask in zip(columns, known, strict=True)]
    for i in range(count):
        for j in range(i):
            pair = own[i], own[j]
            if not (complete[i] and complete[j]):
                both = known[i] & known[j]
                rows = int(both.sum())
                one, other = (own[k] if len(own[k][0]) == rows else _centred_ranks(columns[k, both]) for k in (i, j))
                pair = one, other
            matrix[i, j] = matrix[j, i] = abs(_correlation(*pair))
    return matrix


def _centred_ranks(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Ranks less their mean, and their squared length."""
    ranks: np.ndarray = rankdata(values) - (len(values) + 1) / 2
    return ranks, float(ranks @ ranks)


def _correlation(one: tuple[np.ndarray, float], other: tuple[np.ndarray, float]) -> float:
    if len(one[0]) < 3:
        return 0.0
    length = float(np.sqrt(one[1] * other[1]))
    return float(one[0] @ other[0]) / length if length > 0 else 0.0


def _clusters(likeness: np.ndarray) -> list[list[int]]:
    if len(likeness) < 2:
        return [[place] for place in range(len(likeness))]
    distance = np.clip(1 - likeness, 0.0, 1.0)
    np.fill_diagonal(distance, 0.0)
    numbers = fcluster(linkage(squareform(distance, checks=False), "average"), 1 - TOGETHER, "distance")
    return [np.flatnonzero(numbers == number).tolist() for number in dict.fromkeys(numbers.tolist())]


def _central(members: Sequence[str], single: Sequence[str], likeness: np.ndarray) -> str:
    if len(members) == 1:
        return members[0]
    places = [single.index(name) for name in members]
    nearness = likeness[np.ix_(places, places)].sum(axis=1)
    return members[int(np.argmax(np.round(nearness, 9)))]
