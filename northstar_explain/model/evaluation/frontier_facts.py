"""Facts of the numbers of segments that were tried: what they explain, what it takes to say it, how steady they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from northstar_explain.model.evaluation.limits import (
    BEHAVIOR_ABOVE_SHUFFLED,
    JACCARD_STABLE,
    LEAST_DIFFERENCE,
    LEAST_SEGMENT_SHARE,
)

# Why a number of segments is not eligible, in the words of every report.
FAULTS = {
    "no_rules": "no rules within the limits",
    "small": f"a segment below {LEAST_SEGMENT_SHARE:.0%}",
    "alike": f"two segments less than {LEAST_DIFFERENCE} standard deviations apart",
    "chance": f"less than {BEHAVIOR_ABOVE_SHUFFLED} above column-shuffled data",
    "unstable": f"a segment with a Jaccard below {JACCARD_STABLE}",
}


@dataclass(frozen=True)
class ThemeFacts:
    """Features that move together.

    Attributes
    ----------
    name : str
        The contract's, or the words of its most central feature.
    features : tuple of str
        Their columns.
    """

    name: str
    features: tuple[str, ...]


@dataclass(frozen=True)
class BehaviorFacts:
    """Shares of variance between segments (eta squared), on customers not used to learn them.

    Attributes
    ----------
    mean : float
        Over the features, each among the customers for whom it has a meaning.
    themes_mean : float
        Over the themes.
    by_theme : mapping of str to float
        Per theme, the mean over its features.
    of_kmeans : float
        The mean as a share of that of KMeans with as many clusters and no rules.
    shuffled : float
        The mean of KMeans on column-shuffled data.
    """

    mean: float
    themes_mean: float
    by_theme: Mapping[str, float]
    of_kmeans: float
    shuffled: float


@dataclass(frozen=True)
class FrontierPoint:
    """A number of segments that was tried.

    Attributes
    ----------
    k : int
        Segments.
    rules : int
        Rules used; 0 where none within the limits were found, and all that follows is then 0 or null.
    mean_conditions : float
        Per rule, a range counted once.
    behavior : BehaviorFacts or None
        Of the rule segments.
    price_of_explainability : float
        As in `SegmentFacts`.
    fidelity : float
        As in `SegmentFacts`.
    silhouette : float
        Of KMeans, on a sample.
    smallest_share : float
        Of the smallest segment, on all customers.
    difference : float
        Between the two segments most alike, as in `SegmentFacts`.
    min_jaccard : float or None
        Bootstrap stability of the least stable rule segment (SLSw of Dolnicar, Gruen & Leisch 2018), every step
        repeated on each resample; null where the choice did not depend on it.
    draws : int
        Resamples that it rests on: fewer than usual where the first ones already decided.
    min_across : float or None
        Stability of the segment that comes least out of one segment of the number before (SLSa of the same book);
        null for the first.
    faults : tuple of str
        Why it is not eligible: ``no_rules``, ``small``, ``alike``, ``chance``, ``unstable``.
    eligible : bool
        Whether all conditions were measured and met.
    """

    k: int
    rules: int
    mean_conditions: float
    behavior: BehaviorFacts | None
    price_of_explainability: float
    fidelity: float
    silhouette: float
    smallest_share: float
    difference: float
    min_jaccard: float | None
    draws: int
    min_across: float | None
    faults: tuple[str, ...]
    eligible: bool
