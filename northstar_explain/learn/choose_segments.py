"""The number of segments and of rules, chosen with evidence that is kept and shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.cluster import KMeans

from northstar_explain.contract.columns import Columns, rows_of
from northstar_explain.contract.features import Feature
from northstar_explain.learn import clusters, stability
from northstar_explain.learn.distill.bin_tree import Limits
from northstar_explain.learn.distill_rules import LEAST_SHARE, learn_rules
from northstar_explain.model.evaluation.limits import (
    FIDELITY_TARGET,
    JACCARD_STABLE,
    PRICE_DROP_WORTH_A_RULE,
    PRICE_TARGET,
)
from northstar_explain.model.rules import Node, assign
from northstar_explain.model.rules import rules as rules_of
from northstar_explain.model.tree import depth, leaves

TRIED = range(4, 9)
# KMeans is refitted on resamples of this many rows: enough for shares of 3%, and quick.
STABILITY_ROWS = 10_000
# Rules learned again on a resample are only compared with the others: a shorter search will do.
_RESAMPLE_EFFORT = 0.02


@dataclass(frozen=True)
class SegmentOptions:
    """How segments are learned.

    Attributes
    ----------
    k : int or None
        Segments; None chooses from 4 to 8.
    rules : int
        Most rules a segment may have.
    conditions : int
        Most conditions on the way to a segment.
    draws : int
        Bootstrap resamples for the stability of clusters and of rules, and shuffled copies for the null test.
    effort : float
        Share of the distiller's usual work. A few features and round thresholds leave few trees to choose
        from: a short search finds the best one.
    """

    k: int | None = None
    rules: int = 2
    conditions: int = 4
    draws: int = 20
    effort: float = 0.15


@dataclass(frozen=True)
class Material:
    """Customers to learn segments from, and customers to check them on.

    Attributes
    ----------
    points, check_points : ndarray of shape (n, d)
        In KMeans' space.
    columns, check_columns : mapping
        Raw features.
    features : tuple of Feature
        Those that a rule may ask about.
    """

    points: np.ndarray
    columns: Columns
    check_points: np.ndarray
    check_columns: Columns
    features: tuple[Feature, ...]


@dataclass(frozen=True)
class Point:
    """One number of rules: what it costs and what it gives.

    Attributes
    ----------
    rules : int
        Most rules allowed; `used` is how many the tree has.
    price : float
        On the rows learned from.
    fidelity : float
        On the rows kept to check.
    most_conditions : int
        Depth of the tree: conditions on the longest path.
    conditions : float
        Mean number of conditions in a rule, as it is written: a range counts once.
    """

    rules: int
    used: int
    price: float
    fidelity: float
    most_conditions: int
    conditions: float

    @property
    def good(self) -> bool:
        """Whether price and fidelity meet their targets."""
        return self.price <= PRICE_TARGET and self.fidelity >= FIDELITY_TARGET


@dataclass(frozen=True)
class Candidate:
    """One number of segments, with the evidence for and against it.

    Attributes
    ----------
    k : int
    point : Point
        Of the fewest rules that meet the targets, or else of the most that were tried.
    silhouette : float
    jaccard : tuple of float
        Stability of each KMeans cluster.
    smallest_share : float
        Of the rule segments, 0 to 1.
    """

    k: int
    point: Point
    silhouette: float
    jaccard: tuple[float, ...]
    smallest_share: float

    @property
    def good(self) -> bool:
        """Whether every target is met."""
        return self.point.good and min(self.jaccard) >= JACCARD_STABLE and self.smallest_share >= LEAST_SHARE


@dataclass(frozen=True)
class Chosen:
    """A number of segments, learned."""

    candidate: Candidate
    kmeans: KMeans
    tree: Node


def choose(
    material: Material, options: SegmentOptions, seed: int, progress: Callable[[str], None]
) -> tuple[Chosen, tuple[Candidate, ...]]:
    """Try several numbers of segments and take one.

    Of those that meet every target (price, fidelity, stability, smallest share), the one with the highest silhouette;
    where none does, the one whose least stable cluster is the most stable.

    Parameters
    ----------
    material : Material
    options : SegmentOptions
    seed : int
    progress : callable

    Returns
    -------
    chosen : Chosen
    candidates : tuple of Candidate
        The evidence, by k.
    """
    tried = []
    for k in TRIED if options.k is None else (options.k,):
        progress(f"trying {k} segments")
        tried.append(_try(material, k, options, seed))
    good = [one for one in tried if one.candidate.good]
    if good:
        best = max(good, key=lambda one: one.candidate.silhouette)
    else:
        best = max(tried, key=lambda one: min(one.candidate.jaccard))
    return best, tuple(one.candidate for one in tried)


def distil(
    material: Material,
    kmeans: KMeans,
    rules: int,
    options: SegmentOptions,
    seed: int,
    round_thresholds: bool = True,
) -> Node:
    """The tree of at most `rules` leaves that explains the clusters, by default with round thresholds."""
    # A segment of two rules has two leaves, which may each have half of the smallest share.
    limits = Limits(
        max_leaves=rules,
        max_depth=options.conditions,
        min_leaf_share=LEAST_SHARE / 2,
        min_group_share=LEAST_SHARE,
        max_group_leaves=options.rules,
    )
    labels = kmeans.labels_.astype(np.intp)
    return learn_rules(
        material.points, material.columns, material.features, labels, limits, seed, round_thresholds, options.effort
    )


def measure(material: Material, kmeans: KMeans, tree: Node, rules: int) -> Point:
    """Price and fidelity of a tree; its segments are named by cluster number."""
    price = clusters.cost(material.points, assign(tree, material.columns)) / float(kmeans.inertia_)
    by_rule = assign(tree, material.check_columns).astype(np.intp)
    # On rows that were not learned from; the price is on those that were, as the inertia of KMeans is.
    fidelity = float((by_rule == clusters.predict(kmeans, material.check_points)).mean())
    conditions = [len(rule.conditions) for rule in rules_of(tree, {one.name: one for one in material.features})]
    return Point(rules, len(conditions), price, fidelity, depth(tree), float(np.mean(conditions)))


def _try(material: Material, k: int, options: SegmentOptions, seed: int) -> Chosen:
    kmeans = clusters.fit(material.points, k, seed)
    # Every rule has to be read: the fewest that meet the targets are taken, and the most where none do.
    for rules in sorted({k, k + k // 2, k * options.rules}):
        if k <= rules <= k * options.rules:
            tree = distil(material, kmeans, rules, options, seed)
            point = measure(material, kmeans, tree, rules)
            if point.good:
                break
    shares = np.unique(assign(tree, material.columns), return_counts=True)[1] / len(material.points)
    candidate = Candidate(
        k=k,
        point=point,
        silhouette=stability.silhouette(material.points, kmeans.labels_, seed),
        jaccard=tuple(map(float, _cluster_stability(material.points, k, options.draws, seed))),
        smallest_share=float(shares.min()),
    )
    return Chosen(candidate, kmeans, tree)


def _cluster_stability(points: np.ndarray, k: int, draws: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng([seed, 7])
    sample = points[rng.choice(len(points), min(STABILITY_ROWS, len(points)), replace=False)]
    groups = clusters.fit(sample, k, seed).labels_

    def refit(rows: np.ndarray, resample_seed: int) -> np.ndarray:
        return clusters.predict(clusters.fit(sample[rows], k, resample_seed, restarts=3), sample)

    return stability.jaccard(groups, k, refit, seed, draws)


def rule_stability(
    material: Material, k: int, rules: int, options: SegmentOptions, tree: Node, seed: int
) -> dict[str, float]:
    """Stability of the rule segments themselves: KMeans and the distiller both run again on each resample.

    Returns
    -------
    dict
        Segment, as the tree names it, to bootstrap Jaccard.
    """
    short = replace(options, effort=min(options.effort, _RESAMPLE_EFFORT))
    rng = np.random.default_rng([seed, 8])
    rows = rng.choice(len(material.points), min(STABILITY_ROWS, len(material.points)), replace=False)
    points, columns = material.points[rows], rows_of(material.columns, rows)
    names = sorted({leaf.segment for leaf in leaves(tree)})
    # Jaccard counts groups from 0; names are sorted, so that places in them are such numbers.
    groups = np.searchsorted(names, assign(tree, columns))

    def refit(sampled: np.ndarray, resample_seed: int) -> np.ndarray:
        # Nothing is checked on a resample; one row stands for the rows to check on.
        resample = Material(points[sampled], rows_of(columns, sampled), points[:1], columns, material.features)
        kmeans = clusters.fit(resample.points, k, resample_seed, restarts=3)
        again = distil(resample, kmeans, rules, short, resample_seed)
        return assign(again, columns).astype(np.intp)

    similarity = stability.jaccard(groups, k, refit, seed, options.draws)
    return {name: float(value) for name, value in zip(names, similarity, strict=True)}


def curve(
    material: Material, kmeans: KMeans, k: int, options: SegmentOptions, seed: int, progress: Callable[[str], None]
) -> tuple[Point, ...]:
    """Price, fidelity and conditions for one to four times as many rules as segments."""
    roomy = replace(options, rules=4, conditions=options.conditions + 2)
    points: list[Point] = []
    for rules in sorted({k, k + (k + 1) // 2, 2 * k, 3 * k, 4 * k}):
        progress(f"measuring the curve at {rules} rules")
        tree = distil(material, kmeans, rules, roomy, seed)
        point = measure(material, kmeans, tree, rules)
        # A tree may use fewer rules than allowed: where the search gives no better one, the last one stands.
        if points and points[-1].price <= point.price:
            point = replace(points[-1], rules=rules)
        points.append(point)
    return tuple(points)


def knee(points: Sequence[Point], k: int) -> Point:
    """The fewest rules after which one more rule a segment lowers the price by less than `PRICE_DROP_WORTH_A_RULE`."""
    for place, point in enumerate(points):
        savings = ((point.price - more.price) * k / (more.rules - point.rules) for more in points[place + 1 :])
        if all(saving < PRICE_DROP_WORTH_A_RULE for saving in savings):
            return point
    raise AssertionError("the last point has no other after it")
