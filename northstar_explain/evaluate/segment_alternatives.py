"""The segments beside what people do instead: named quintiles, KMeans without rules, a grid of two features.

All are learned from the rows that the segments were learned from, and measured on the same other rows. The label
enters one figure, the ROC-AUC of each group's purchase rate, and nothing is chosen by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from northstar_explain.contract.columns import Columns, count_rows, rows_of
from northstar_explain.contract.features import Contract
from northstar_explain.evaluate.alternative_groupings import (
    Grouping,
    grid_grouping,
    kmeans_grouping,
    recency_frequency_grouping,
    rfv_grouping,
    segments_grouping,
)
from northstar_explain.evaluate.customers import Customers
from northstar_explain.learn import splits
from northstar_explain.learn.behavior import explained
from northstar_explain.learn.fit_segments import LearnedSegments
from northstar_explain.metrics import roc_auc
from northstar_explain.model.evaluation.alternative_facts import AlternativeFacts, SkippedAlternative
from northstar_explain.model.evaluation.limits import SENTENCE_RULES

# Rows that are resampled for stability, which takes seconds at any size of the table.
SAMPLE_ROWS = 15_000


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


class Alternatives(NamedTuple):
    """The fields of `SegmentFacts` about alternatives."""

    alternatives: tuple[AlternativeFacts, ...]
    alternatives_skipped: tuple[SkippedAlternative, ...]


def alternative_facts(learned: LearnedSegments, contract: Contract, rows: AlternativeRows, seed: int) -> Alternatives:
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
    tried = (
        segments_grouping(learned),
        kmeans_grouping(learned, seed),
        rfv_grouping(contract, rows.fit, seed),
        recency_frequency_grouping(contract, rows.fit, seed),
        grid_grouping(learned, contract, rows.fit, seed),
    )
    sampled = splits.sample(count_rows(rows.fit), SAMPLE_ROWS, seed)
    sample, values = rows_of(rows.fit, sampled), learned.space.values(rows.check)
    return Alternatives(
        tuple(_measured(one, learned, rows, sample, values) for one in tried if isinstance(one, Grouping)),
        tuple(one for one in tried if isinstance(one, SkippedAlternative)),
    )


def _measured(
    grouping: Grouping, learned: LearnedSegments, rows: AlternativeRows, sample: Columns, values: np.ndarray
) -> AlternativeFacts:
    groups = grouping.place(rows.check)
    behavior = explained(values, learned.space.owner, learned.themes, groups)
    counts = np.bincount(groups, minlength=grouping.k)
    similarity = grouping.stability(sample, grouping.place(sample))
    return AlternativeFacts(
        name=grouping.name,
        how=grouping.how,
        groups=len(np.unique(grouping.place(rows.fit))),
        rules=None if grouping.rules is None else sum(grouping.rules),
        said_in_a_sentence=grouping.rules is not None and max(grouping.rules) <= SENTENCE_RULES,
        runs_in_sql=grouping.rules is not None,
        behavior_explained=behavior.mean,
        behavior_explained_themes=behavior.themes_mean,
        by_theme=behavior.by_theme,
        smallest_share=float(counts[counts > 0].min() / len(groups)),
        min_jaccard=float(similarity.min()),
        mean_jaccard=float(similarity.mean()),
        rate_roc_auc=rate_roc_auc(grouping, rows.train, rows.holdout),
    )


def rate_roc_auc(grouping: Grouping, train: Customers, holdout: Customers) -> float:
    """ROC-AUC on the holdout of each group's purchase rate among the training rows."""
    groups = grouping.place(train.columns)
    counts = np.bincount(groups, minlength=grouping.k)
    buyers = np.bincount(groups, weights=train.label, minlength=grouping.k)
    # A group without training rows has no rate of its own.
    rates = np.where(counts > 0, buyers / np.maximum(counts, 1), train.label.mean())
    return roc_auc(holdout.label, rates[grouping.place(holdout.columns)])
