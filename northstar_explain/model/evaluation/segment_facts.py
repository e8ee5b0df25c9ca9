"""Facts of the segments and of the KMeans they explain; the label is used by `holdout_outcomes` and, of
`alternatives`, by the ROC-AUC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from northstar_explain.model.evaluation.alternative_facts import AlternativeFacts, SkippedAlternative
from northstar_explain.model.evaluation.certificate_facts import RulesCertificate
from northstar_explain.model.evaluation.frontier_facts import BehaviorFacts, FrontierPoint, ThemeFacts
from northstar_explain.model.evaluation.update_facts import Trend, Update


@dataclass(frozen=True)
class NullTest:
    """The clustering against copies of the data with shuffled columns.

    Attributes
    ----------
    silhouette : float
        Of the data, on a sample.
    null_mean : float
        Mean silhouette of the copies.
    null_max : float
        Highest silhouette of the copies.
    p_value : float
        Share of copies, counting the data itself, that reach the data's silhouette.
    copies : int
        Number of copies.
    natural_clusters : bool
        Whether the clusters may be called natural: clearer than in the copies, and with a silhouette that is not weak
        (Kaufman & Rousseeuw 1990); otherwise the segments are useful slices of a continuum.
    """

    silhouette: float
    null_mean: float
    null_max: float
    p_value: float
    copies: int
    natural_clusters: bool


@dataclass(frozen=True)
class CurvePoint:
    """Price and fidelity at a number of rules.

    Attributes
    ----------
    max_rules : int
        Rules allowed.
    rules : int
        Rules used.
    price_of_explainability : float
        As in `SegmentFacts`.
    fidelity : float
        As in `SegmentFacts`.
    depth : int
        Conditions on the longest path.
    mean_conditions : float
        Per rule, a range counted once.
    """

    max_rules: int
    rules: int
    price_of_explainability: float
    fidelity: float
    depth: int
    mean_conditions: float


@dataclass(frozen=True)
class Borderline:
    """Customers one ordinary step of behavior, such as one order or one week, away from another segment.

    Attributes
    ----------
    share : float
        Of the segment.
    toward : mapping of str to float
        Other segment to the share that one step would put there.
    """

    share: float
    toward: Mapping[str, float]


@dataclass(frozen=True)
class Outcome:
    """Purchases of a segment's customers in the holdout.

    Attributes
    ----------
    n : int
        Customers.
    purchase_rate : float
        Share who bought.
    index : float
        Purchase rate over that of all, times 100.
    predicted_rate : float
        Mean probability.
    share_of_buyers : float
        Of all buyers of the holdout.
    """

    n: int
    purchase_rate: float
    index: float
    predicted_rate: float
    share_of_buyers: float


@dataclass(frozen=True)
class SegmentSpend:
    """A segment's share of the total spend.

    Attributes
    ----------
    share : float
        Of the sum over all segments.
    index : float or None
        The segment's mean over that of all customers, times 100.
    """

    share: float
    index: float | None


@dataclass(frozen=True)
class Spend:
    """Spend by segment.

    Attributes
    ----------
    feature : str
        The first amount with the role ``value``.
    segments : mapping of str to SegmentSpend
        By segment.
    """

    feature: str
    segments: Mapping[str, SegmentSpend]


@dataclass(frozen=True)
class SegmentFacts:
    """How well rules explain the clusters, the evidence for the segments, and their outcomes.

    Attributes
    ----------
    k : int
        Segments.
    rules : int
        Rules of all segments.
    max_conditions : int
        Of the longest rule, a range counted once.
    fidelity : float
        Share of customers, not used to learn the rules, whose segment by rules and KMeans cluster agree.
    fidelity_n : int
        Number of these customers.
    price_of_explainability : float
        K-means cost of the rules over that of KMeans (Dasgupta et al. 2020); 1 is no loss.
    smallest_share : float
        Of the smallest segment.
    rounding_cost : float
        The price minus the price before thresholds were rounded.
    rule_features : tuple of str
        Features in conditions of the rules.
    behavior : BehaviorFacts
        What the segments explain of all that customers do, on customers not used to learn them.
    themes : tuple of ThemeFacts
        What customers are compared by, grouped by what moves together.
    difference : float
        Between the two segments most alike: their largest difference in a theme, in standard deviations.
    silhouette : float
        Of KMeans, on a sample.
    stability : mapping of str to float
        Per segment, mean bootstrap Jaccard of clustering and distilling resampled customers (Hennig 2007).
    null_test : NullTest
        Whether there are natural clusters.
    frontier : tuple of FrontierPoint
        Numbers of segments that were tried.
    eligible : bool
        Whether the number of segments meets every condition of `FrontierPoint`; if not, rely on them with care.
    choice : str
        Why this number of segments was taken.
    curve : tuple of CurvePoint
        One to four times as many rules as segments.
    knee : int
        Fewest rules of the curve from which on one more rule per segment is not worth its length.
    certificate : RulesCertificate or None
        How far the rules are proven to be from the best of as many; null where it was not run (``--deep``).
    alternatives : tuple of AlternativeFacts
        The segments, and beside them what people do instead.
    alternatives_skipped : tuple of SkippedAlternative
        Alternatives whose features the contract does not have.
    holdout_outcomes : mapping of str to Outcome
        By segment that has customers in the holdout.
    funnel : mapping of str to tuple of tuple of int
        Per segment, one list per rule: customers who meet its first condition, its first two, and so on.
    spend : Spend or None
        Null without an amount of role ``value``.
    borderline : mapping of str to Borderline
        By segment.
    trend : Trend or None
        Null for a first model.
    update : Update or None
        Null for a first model.
    """

    k: int
    rules: int
    max_conditions: int
    fidelity: float
    fidelity_n: int
    price_of_explainability: float
    smallest_share: float
    rounding_cost: float
    rule_features: tuple[str, ...]
    behavior: BehaviorFacts
    themes: tuple[ThemeFacts, ...]
    difference: float
    silhouette: float
    stability: Mapping[str, float]
    null_test: NullTest
    frontier: tuple[FrontierPoint, ...]
    eligible: bool
    choice: str
    curve: tuple[CurvePoint, ...]
    knee: int
    certificate: RulesCertificate | None
    alternatives: tuple[AlternativeFacts, ...]
    alternatives_skipped: tuple[SkippedAlternative, ...]
    holdout_outcomes: Mapping[str, Outcome]
    funnel: Mapping[str, tuple[tuple[int, ...], ...]]
    spend: Spend | None
    borderline: Mapping[str, Borderline]
    trend: Trend | None
    update: Update | None
