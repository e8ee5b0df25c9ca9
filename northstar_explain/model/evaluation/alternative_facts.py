"""The segments beside the groupings that people make instead, measured alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SEGMENTS, KMEANS, RFV, RECENCY_FREQUENCY, MEDIAN_GRID = "segments", "kmeans", "rfv", "recency_frequency", "median_grid"
# What reports call them, in the order in which they are shown.
ALTERNATIVE_LABELS = {
    SEGMENTS: "these segments",
    KMEANS: "KMeans, no rules",
    RFV: "RFV quintiles",
    RECENCY_FREQUENCY: "recency × frequency",
    MEDIAN_GRID: "median grid",
}


@dataclass(frozen=True)
class AlternativeFacts:
    """A grouping of the customers: the segments themselves, or what people do instead.

    Attributes
    ----------
    name : str
        ``segments``, ``kmeans``, ``rfv``, ``recency_frequency`` or ``median_grid``.
    how : str
        How the groups are made, in a sentence.
    groups : int
        Groups that have customers among the rows they were learned from.
    rules : int or None
        Rules that select all groups, each of conditions that all must hold; null where no rules do.
    said_in_a_sentence : bool
        Whether each group takes at most two rules.
    runs_in_sql : bool
        Whether comparisons of columns with thresholds select each group, as a CRM or a WHERE clause can.
    behavior_explained : float
        Share of the variance of behavior that is between groups, on rows not used to learn; mean over features.
    behavior_explained_themes : float
        The same, mean over themes.
    by_theme : mapping of str to float
        The same, by theme.
    smallest_share : float
        Of the smallest group, of the same rows.
    min_jaccard : float
        Bootstrap stability of the least stable group: of the segments as measured when they were learned; of the others
        with cuts or centroids learned again from resamples of at most 15,000 rows.
    mean_jaccard : float
        Mean over groups.
    rate_roc_auc : float
        Of each group's own purchase rate as a score: learned on the training rows, measured on the holdout. Nothing is
        chosen by it.
    """

    name: str
    how: str
    groups: int
    rules: int | None
    said_in_a_sentence: bool
    runs_in_sql: bool
    behavior_explained: float
    behavior_explained_themes: float
    by_theme: Mapping[str, float]
    smallest_share: float
    min_jaccard: float
    mean_jaccard: float
    rate_roc_auc: float


@dataclass(frozen=True)
class SkippedAlternative:
    """A grouping that could not be made.

    Attributes
    ----------
    name : str
        As in `AlternativeFacts`.
    reason : str
        What it needs and the contract lacks.
    """

    name: str
    reason: str
