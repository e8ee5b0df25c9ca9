"""The segments beside what people do instead: named quintiles, KMeans without rules, a grid of two features.

All are learned from the rows that the segments were learned from, and measured on the same other rows. The label
enters one figure, the ROC-AUC of each group's purchase rate, and nothing is chosen by it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from northstar_explain.contract import Columns, Contract
from northstar_explain.contract.columns import rows_of
from northstar_explain.evaluate.baselines import features_by_role
from northstar_explain.evaluate.customers import Customers
from northstar_explain.evaluate.handmade_groups import best_pair, median_grid, recency_frequency_groups, rfv_groups
from northstar_explain.evaluate.score_cells import ScoreCells
from northstar_explain.learn import clusters, splits, stability
from northstar_explain.learn.behavior import explained
from northstar_explain.learn.fit_segments import LearnedSegments
from northstar_explain.metrics import roc_auc
from northstar_explain.model.evaluation.alternative_facts import (
    KMEANS,
    MEDIAN_GRID,
    RECENCY_FREQUENCY,
    RFV,
    SEGMENTS,
    AlternativeFacts,
    SkippedAlternative,
)
from northstar_explain.model.evaluation.limits import SENTENCE_RULES
from northstar_explain.model.rules import assign

# Rows, draws and KMeans' restarts of each draw for stability: seconds at any size of the table.
SAMPLE_ROWS, DRAWS, RESTARTS = 10_000, 10, 3

Place = Callable[[Columns], np.ndarray]
# Learns a grouping from rows of the sample, by position, and a seed; gives the group of each row of the sample.
Refit = Callable[[np.ndarray, int], np.ndarray]


@dataclass(frozen=True)
class AlternativeRows:
    """The rows of the comparison.

    Attributes
    ----------
    fit : mapping
        Raw columns of the rows that all groupings are learned from.
    check : mapping
        Those of other rows, on which the behavior explained is measured; chosen without the label.
    train, holdout : Customers
        The rows of the purchase model: rates are learned on the first and ranked on the second.
    """

    fit: Columns
    check: Columns
    train: Customers
    holdout: Customers


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
        Takes a sample of the rows learned from and its groups, and returns the Jaccard similarity of each group that
        has rows there.
    """

    name: str
    how: str
    k: int
    place: Place
    rules: Sequence[int] | None
    stability: Callable[[Columns, np.ndarray], np.ndarray]


class Alternatives(NamedTuple):
    """The fields of `SegmentFacts` about alternatives."""

    alternatives: tuple[AlternativeFacts, ...]
    alternatives_skipped: tuple[SkippedAlternative, ...]


def alternative_facts(
    learned: LearnedSegments, contract: Contract, rows: AlternativeRows, seed: int
) -> Alternatives:
    """Measure the segments and their alternatives.

    Parameters
    ----------
    learned : LearnedSegments
    contract : Contract
    rows : AlternativeRows
    seed : int

    Returns
    -------
    Alternatives
        The segments first. Skipped is what needs features that the contract does not have.
    """
    n = len(next(iter(rows.fit.values())))
    sample = rows_of(rows.fit, splits.sample(n, SAMPLE_ROWS, seed))
    skipped: list[SkippedAlternative] = []
    groupings = [
        _segments(learned),
        _kmeans(learned, seed),
        *_by_role(contract, rows.fit, skipped, seed),
        *_grid(learned, contract, rows.fit, sample, skipped, seed),
    ]
    values = learned.space.values(rows.check)
    return Alternatives(
        tuple(_measured(grouping, learned, rows, sample, values) for grouping in groupings), tuple(skipped)
    )


def _measured(
    grouping: Grouping, learned: LearnedSegments, rows: AlternativeRows, sample: Columns, values: np.ndarray
) -> AlternativeFacts:
    groups = grouping.place(rows.check)
    behavior = explained(values, _owner(learned), learned.themes, groups)
    counts = np.bincount(groups, minlength=grouping.k)
    similarity = grouping.stability(sample, grouping.place(sample))
    per_group = grouping.rules
    return AlternativeFacts(
        name=grouping.name,
        how=grouping.how,
        groups=int((np.bincount(grouping.place(rows.fit), minlength=grouping.k) > 0).sum()),
        rules=None if per_group is None else sum(per_group),
        said_in_a_sentence=per_group is not None and max(per_group) <= SENTENCE_RULES,
        runs_in_sql=per_group is not None,
        behavior_explained=behavior.mean,
        behavior_explained_themes=behavior.themes_mean,
        by_theme=behavior.by_theme,
        smallest_share=float(counts[counts > 0].min() / len(groups)),
        min_jaccard=float(similarity.min()),
        mean_jaccard=float(similarity.mean()),
        rate_roc_auc=_rate_auc(grouping, rows.train, rows.holdout),
    )


def _owner(learned: LearnedSegments) -> list[str]:
    """The feature of each column of the space's values."""
    return [axis.feature.name for axis in learned.space.axes]


def _rate_auc(grouping: Grouping, train: Customers, holdout: Customers) -> float:
    """ROC-AUC on the holdout of each group's purchase rate among the training rows."""
    groups = grouping.place(train.columns)
    counts = np.bincount(groups, minlength=grouping.k)
    buyers = np.bincount(groups, weights=train.label, minlength=grouping.k)
    # A group without training rows has no rate of its own.
    rates = np.where(counts > 0, buyers / np.maximum(counts, 1), train.label.mean())
    return roc_auc(holdout.label, rates[grouping.place(holdout.columns)])


def _segments(learned: LearnedSegments) -> Grouping:
    segments = learned.segmentation.segments
    order = {segment.id: place for place, segment in enumerate(segments)}
    measured = np.array([learned.evidence.stability[segment.id] for segment in segments])

    def place(columns: Columns) -> np.ndarray:
        ids, inverse = np.unique(assign(learned.segmentation.tree, columns), return_inverse=True)
        return np.array([order[str(id)] for id in ids])[inverse]

    per_segment = [len(segment.rules) for segment in segments]
    how = f"{sum(per_segment)} rules, learned from the clusters of KMeans"
    # Their stability is measured where they are learned: each draw takes more than all that is done here.
    return Grouping(SEGMENTS, how, len(segments), place, per_segment, lambda sample, groups: measured)


def _kmeans(learned: LearnedSegments, seed: int) -> Grouping:
    k = learned.kmeans.n_clusters

    def place(columns: Columns) -> np.ndarray:
        return clusters.predict(learned.kmeans, learned.space.place(columns))

    def similarity(sample: Columns, groups: np.ndarray) -> np.ndarray:
        points = learned.space.place(sample)

        def refit(rows: np.ndarray, draw_seed: int) -> np.ndarray:
            return clusters.predict(clusters.fit(points[rows], k, draw_seed, RESTARTS), points)

        return _jaccard(groups, k, refit, seed)

    features = len(set(_owner(learned)))
    how = f"the nearest of {k} centroids in {features} features, which the rules of the segments explain"
    return Grouping(KMEANS, how, k, place, None, similarity)


def _by_role(contract: Contract, fit: Columns, skipped: list[SkippedAlternative], seed: int) -> list[Grouping]:
    """The groupings by roles of features, and in `skipped` those whose roles the contract does not have."""
    by_role = features_by_role(contract)
    recipes: tuple[tuple[str, tuple[str, ...], Callable[..., ScoreCells], str], ...] = (
        (RFV, ("recency", "frequency", "value"), rfv_groups,
         "quintiles of {}, {} and {} among those who have any, in the usual eleven named groups"),
        (RECENCY_FREQUENCY, ("recency", "frequency"), recency_frequency_groups,
         "thirds of {} by halves of {}, both among those who have any"),
    )  # fmt: skip
    groupings = []
    for name, roles, recipe, how in recipes:
        missing = [role for role in roles if role not in by_role]
        if missing:
            reason = f"no numeric feature of the model has the role {' or '.join(missing)} in the contract"
            skipped.append(SkippedAlternative(name, reason))
            continue
        features = [by_role[role] for role in roles]

        def learn(columns: Columns, recipe: Callable[..., ScoreCells] = recipe, features: list[str] = features) -> ScoreCells:
            return recipe(columns, *features)

        groupings.append(_cells(name, how.format(*(contract[feature].words for feature in features)), learn, fit, seed))
    return groupings


def _grid(
    learned: LearnedSegments,
    contract: Contract,
    fit: Columns,
    sample: Columns,
    skipped: list[SkippedAlternative],
    seed: int,
) -> list[Grouping]:
    """The grid of two features, or a line in `skipped`."""
    features = [one.name for one in contract.segment_features if one.kind.numeric and _varies(fit, one.name)]
    if len(features) < 2:
        skipped.append(SkippedAlternative(MEDIAN_GRID, "fewer than two numeric features with segments = true vary"))
        return []
    values = learned.space.values(sample)
    pair = best_pair(
        sample, features, lambda groups: explained(values, _owner(learned), learned.themes, groups).mean
    )
    first, second = (contract[name].words for name in pair)
    how = f"{first} by {second}, each cut at its median: of all pairs, the one that explains most"
    # A draw cuts anew and keeps the pair, which is favorable to the grid.
    return [_cells(MEDIAN_GRID, how, lambda columns: median_grid(columns, pair), fit, seed)]


def _varies(columns: Columns, name: str) -> bool:
    column = columns[name]
    assert isinstance(column, np.ndarray)
    known = column[~np.isnan(column)]
    return len(known) > 0 and bool(known.min() < known.max())


def _cells(name: str, how: str, learn: Callable[[Columns], ScoreCells], fit: Columns, seed: int) -> Grouping:
    """A grouping by cells of scores, whose cuts are learned again from each resample."""
    cells = learn(fit)
    if cells.counted is not None:
        how += "; those without any are one group more"

    def similarity(sample: Columns, groups: np.ndarray) -> np.ndarray:
        return _jaccard(groups, cells.k, lambda rows, _: learn(rows_of(sample, rows)).place(sample), seed)

    return Grouping(name, how, cells.k, cells.place, cells.rules(), similarity)


def _jaccard(groups: np.ndarray, k: int, refit: Refit, seed: int) -> np.ndarray:
    # A group without rows in the sample can be neither found again nor lost.
    present = np.bincount(groups, minlength=k) > 0
    return stability.jaccard(groups, k, refit, seed, DRAWS)[present]
