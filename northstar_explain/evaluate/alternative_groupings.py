"""The segments and what people do instead, as groupings of one kind: how they place rows, and how stable they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from northstar_explain.contract.columns import Columns, rows_of
from northstar_explain.contract.features import Contract
from northstar_explain.evaluate.baselines import features_by_role
from northstar_explain.evaluate.handmade_groups import (
    PAIRED_FEATURES,
    best_pair,
    median_grid,
    recency_frequency_groups,
    rfv_groups,
)
from northstar_explain.evaluate.score_cells import ScoreCells, numbers
from northstar_explain.learn import clusters, splits, stability
from northstar_explain.learn.behavior import explained
from northstar_explain.model.evaluation.alternative_facts import (
    KMEANS,
    MEDIAN_GRID,
    RECENCY_FREQUENCY,
    RFV,
    SEGMENTS,
    SkippedAlternative,
)
from northstar_explain.model.rules import assign

# Bootstrap draws for stability.
DRAWS = 6
# Rows for comparing pairs of features, of which there may be hundreds.
PAIR_ROWS = 3_000

if TYPE_CHECKING:
    from northstar_explain.learn.fit_segments import LearnedSegments


@dataclass(frozen=True)
class Grouping:
    """One way to group customers.

    Attributes
    ----------
    name, how : str
        As in `AlternativeFacts`.
    k : int
        Groups, with or without rows.
    place : callable
        Takes columns and returns groups from 0 to k - 1, ndarray of int of shape (n,).
    rules : sequence of int or None
        How many rules each group takes; None where no rules select it.
    stability : callable
        Takes a sample of the rows learned from and the groups of these, and returns the bootstrap Jaccard similarity
        of each group that has rows there, ndarray of float.
    """

    name: str
    how: str
    k: int
    place: Callable[[Columns], np.ndarray]
    rules: Sequence[int] | None
    stability: Callable[[Columns, np.ndarray], np.ndarray]


def segments_grouping(learned: LearnedSegments) -> Grouping:
    """The segments themselves; their stability is what was measured when they were learned."""
    segments = learned.segmentation.segments
    order = {segment.id: place for place, segment in enumerate(segments)}
    measured = np.array([learned.evidence.stability[segment.id] for segment in segments])

    def place(columns: Columns) -> np.ndarray:
        # Looked up once per id, and not once per row.
        ids, inverse = np.unique(assign(learned.segmentation.tree, columns), return_inverse=True)
        return np.array([order[str(id)] for id in ids])[inverse]

    rules = [len(segment.rules) for segment in segments]
    how = f"{sum(rules)} rules, learned from the clusters of KMeans"
    return Grouping(SEGMENTS, how, len(segments), place, rules, lambda sample, groups: measured)


def kmeans_grouping(learned: LearnedSegments, seed: int) -> Grouping:
    """The clusters that the segments' rules explain: each row is in that of the nearest centroid."""
    k = learned.kmeans.n_clusters

    def place(columns: Columns) -> np.ndarray:
        return clusters.predict(learned.kmeans, learned.space.place(columns))

    def similarity(sample: Columns, groups: np.ndarray) -> np.ndarray:
        # Half the width takes less time, and this is most of the time of all alternatives.
        points = learned.space.place(sample).astype(np.float32)

        def refit(rows: np.ndarray, draw_seed: int) -> np.ndarray:
            return clusters.predict(clusters.fit(points[rows], k, draw_seed), points)

        return _jaccard(groups, k, refit, seed)

    how = f"the nearest of {k} centroids in {len(set(learned.space.owner))} features, which the segments' rules explain"
    return Grouping(KMEANS, how, k, place, None, similarity)


def rfv_grouping(contract: Contract, fit: Columns, seed: int) -> Grouping | SkippedAlternative:
    """Quintiles of recency, frequency and value in eleven named groups; see `rfv_groups`."""
    features = _with_roles(RFV, contract, "recency", "frequency", "value")
    if isinstance(features, SkippedAlternative):
        return features
    recency, frequency, value = features
    words = [_words(contract, name) for name in features]
    how = (
        f"quintiles of {words[0]}, {words[1]} and {words[2]} among those who have any, in the usual eleven named groups"
    )
    return _cells(RFV, how, features, lambda rows: rfv_groups(rows, recency, frequency, value), fit, seed)


def recency_frequency_grouping(contract: Contract, fit: Columns, seed: int) -> Grouping | SkippedAlternative:
    """Thirds of recency by halves of frequency; see `recency_frequency_groups`."""
    features = _with_roles(RECENCY_FREQUENCY, contract, "recency", "frequency")
    if isinstance(features, SkippedAlternative):
        return features
    recency, frequency = features
    how = f"thirds of {_words(contract, recency)} by halves of {_words(contract, frequency)} among those who have any"
    return _cells(
        RECENCY_FREQUENCY, how, features, lambda rows: recency_frequency_groups(rows, recency, frequency), fit, seed
    )


def grid_grouping(
    learned: LearnedSegments, contract: Contract, fit: Columns, seed: int
) -> Grouping | SkippedAlternative:
    """The two features, of those that may define segments, whose grid of medians explains most behavior."""
    features = [one.name for one in contract.segment_features if one.kind.numeric and _varies(fit, one.name)]
    if len(features) < 2:
        return SkippedAlternative(MEDIAN_GRID, "fewer than two numeric features with segments = true vary")
    few = rows_of(fit, splits.sample(len(numbers(fit, features[0])), PAIR_ROWS, seed))
    values = np.asfortranarray(learned.space.values(few))  # it is read by columns
    pair = best_pair(few, features, lambda groups: explained(values, learned.space.owner, learned.themes, groups).mean)
    first, second = (_words(contract, name) for name in pair)
    few_paired = len(features) > PAIRED_FEATURES
    pairs = f"of the {PAIRED_FEATURES} features that explain most alone" if few_paired else "that may define segments"
    how = f"{first} by {second}, each cut at its median: of all pairs {pairs}, it explains most"
    # A draw cuts again but keeps the pair, which is to the grid's advantage.
    return _cells(MEDIAN_GRID, how, pair, lambda rows: median_grid(rows, pair), fit, seed)


def _with_roles(name: str, contract: Contract, *roles: str) -> list[str] | SkippedAlternative:
    """The features that have the roles, or which of them none has."""
    by_role = features_by_role(contract)
    if missing := [role for role in roles if role not in by_role]:
        reason = f"no numeric feature of the model has the role {' or '.join(missing)} in the contract"
        return SkippedAlternative(name, reason)
    return [by_role[role] for role in roles]


def _words(contract: Contract, name: str) -> str:
    """A feature in words, without the remark in brackets that may follow them."""
    return contract[name].words.partition(" (")[0]


def _varies(columns: Columns, name: str) -> bool:
    column = numbers(columns, name)
    known = column[~np.isnan(column)]
    return len(known) > 0 and bool(known.min() < known.max())


def _cells(
    name: str, how: str, features: Sequence[str], learn: Callable[[Columns], ScoreCells], fit: Columns, seed: int
) -> Grouping:
    """A grouping by cells of scores, whose cuts are learned again from each resample."""
    cells = learn(fit)
    if cells.counted is not None:
        how += "; those without any are one group more"

    def similarity(sample: Columns, groups: np.ndarray) -> np.ndarray:
        # Other columns would be resampled in every draw for nothing.
        asked = {feature: sample[feature] for feature in features}
        return _jaccard(groups, cells.k, lambda rows, _: learn(rows_of(asked, rows)).place(asked), seed)

    return Grouping(name, how, cells.k, cells.place, cells.rules(), similarity)


def _jaccard(groups: np.ndarray, k: int, refit: Callable[[np.ndarray, int], np.ndarray], seed: int) -> np.ndarray:
    # A group without rows in the sample can be neither found again nor lost.
    present = np.bincount(groups, minlength=k) > 0
    return stability.jaccard(groups, k, refit, seed, DRAWS)[present]
