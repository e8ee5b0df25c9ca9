"""One search for segments: space, KMeans and the cheapest of several distillations, on whatever rows are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from joblib import delayed
from sklearn.cluster import KMeans

from northstar_explain.contract.columns import Columns, count_rows, rows_of
from northstar_explain.contract.features import Feature
from northstar_explain.learn import clusters, workers
from northstar_explain.learn.distill import Effort, Limits
from northstar_explain.learn.distill_rules import Coded, coded, learn_rules, telling
from northstar_explain.learn.segment_options import SegmentOptions
from northstar_explain.learn.space import Space, learn_space
from northstar_explain.learn.themes import Theme, find_themes, theme_weights
from northstar_explain.learn.workers import Task, in_processes, one_by_one
from northstar_explain.model.evaluation.limits import LEAST_SEGMENT_SHARE, PRICE_DROP_WORTH_A_RULE
from northstar_explain.model.rules import Node, Rule, assign_codes
from northstar_explain.model.rules import rules as rules_of
from northstar_explain.model.tree import leaves

# A rule is read by people: so many conditions on average, a range counted once, and what only says for whom another
# condition has a meaning not counted.
MOST_MEAN_CONDITIONS = 3.0
# The search sees a sample, in which a segment may be larger than it is: a standard error more than the least share is
# asked of the rows that the search was given, and the least share itself, in the end, of all customers. A resample is
# asked for the same, as segments that were searched for under other limits would be others.
_SEARCHED_SHARE = LEAST_SEGMENT_SHARE + 0.001
# A quarter more rules than segments, where each lowers the price of explainability by a hundredth: fewer say as much on
# most tables, each has to be read, and resamples give what says little to other segments.
_RULES_PER_SEGMENT = 1.25
# Starts of KMeans on a resample: with three, one resample in five ended in a worse clustering than the others.
_RESAMPLE_RESTARTS = 10
# Round thresholds are few; on all of them the tree is improved once it is found.
SEARCH_BINS = 16
# Of more features that a rule may ask about, those are searched among that tell most of the clusters.
MOST_RULE_FEATURES = 100


@dataclass(frozen=True)
class Features:
    """Which features serve what.

    Attributes
    ----------
    likeness : tuple of Feature
        Those that customers are compared by.
    rules : tuple of Feature
        Those that a rule may ask about.
    by_name : mapping
        Every feature of the contract.
    theme_weight : float
        As of the contract.
    """

    likeness: tuple[Feature, ...]
    rules: tuple[Feature, ...]
    by_name: Mapping[str, Feature]
    theme_weight: float


@dataclass(frozen=True)
class Material:
    """Customers as a search sees them.

    Attributes
    ----------
    columns : mapping
        Raw features.
    space : Space
    themes : tuple of Theme
    points : ndarray of shape (n, axes)
        In KMeans' space.
    coded : Coded
        As the distiller reads them.
    features : Features
    """

    columns: Columns
    space: Space
    themes: tuple[Theme, ...]
    points: np.ndarray
    coded: Coded
    features: Features


class Searched(NamedTuple):
    """A clustering and the cheapest rules for it; no tree where none keeps the limits."""

    kmeans: KMeans
    tree: Node | None


def prepare(columns: Columns, features: Features, named: bool = True) -> Material:
    """Learn the space, its themes and the round thresholds from rows.

    Parameters
    ----------
    columns : mapping
        Raw features, all of them.
    features : Features
    named : bool, default True
        Whether themes are wanted even where they have no weight in the space.

    Returns
    -------
    Material
    """
    space = learn_space(columns, features.likeness)
    values = space.values(columns)
    themes = find_themes(values, space.owner, features.likeness) if named or features.theme_weight else ()
    space = Space(space.axes, theme_weights(themes, features.theme_weight))
    return Material(
        columns, space, themes, space.points(values), coded(columns, features.rules, features.by_name), features
    )


def search(material: Material, k: int, options: SegmentOptions, seed: int) -> Searched:
    """Cluster the customers and distil the clusters into rules.

    Parameters
    ----------
    material : Material
    k : int
        Segments.
    options : SegmentOptions
    seed : int

    Returns
    -------
    Searched
        Without a tree where none within the limits was found.
    """
    if len(np.unique(material.points, axis=0)) < k:  # KMeans would leave a cluster empty
        return Searched(clusters.fit(material.points, 1, seed, 1), None)
    kmeans = clusters.fit(material.points, k, seed)
    return Searched(kmeans, best_rules(material, kmeans.labels_, k, options, seed))


def best_rules(material: Material, labels: np.ndarray, k: int, options: SegmentOptions, seed: int) -> Node | None:
    """The cheapest rules for a clustering, of `options.tries` searches; None where no tree keeps the limits.

    Where no number of rules is asked for, a segment gets a second rule only if that is worth one more to be read.
    """
    seeds = [seed * 1_000 + turn for turn in range(options.tries)]
    found = cheapest(material, labels, limits_of(k, options), options, seeds, in_processes)
    if options.rules is not None:
        return found
    roomy = limits_of(k, options, int(np.ceil(k * _RULES_PER_SEGMENT)))
    other = cheapest(material, labels, roomy, options, seeds[:1], in_processes)
    if found is None or other is None:
        return found or other
    worth = PRICE_DROP_WORTH_A_RULE * clusters.cost(material.points, labels) * (count_rules(other) - count_rules(found))
    return other if _cost(material, other) < _cost(material, found) - worth else found


def _cost(material: Material, tree: Node) -> float:
    return clusters.cost(material.points, assign_codes(tree, material.columns, names_of(tree)))


def count_rules(tree: Node) -> int:
    """The leaves of a tree."""
    return sum(1 for _ in leaves(tree))


def assign_again(
    columns: Columns, rows: np.ndarray, features: Features, k: int, rules: int, options: SegmentOptions, seed: int
) -> np.ndarray:
    """Learn k segments from a resample of the rows, from the space to the rounding, and assign all rows.

    Nothing is handed over from the segments whose stability is measured but their number and that of their rules.

    Returns
    -------
    ndarray of int8, shape (n,)
        The segment of each row, from 0; all in one where the rows give no segments.
    """
    resampled = prepare(rows_of(columns, rows), features, named=False)
    everybody = np.zeros(count_rows(columns), dtype=np.int8)
    if len(np.unique(resampled.points, axis=0)) < k:
        return everybody
    kmeans = clusters.fit(resampled.points, k, seed, _RESAMPLE_RESTARTS)
    seeds = [seed + turn for turn in range(options.resample_tries)]
    tree = cheapest(resampled, kmeans.labels_, limits_of(k, options, rules), options, seeds, one_by_one)
    if tree is None:
        return everybody
    return assign_codes(tree, columns, names_of(tree)).astype(np.int8)


def names_of(tree: Node) -> list[str]:
    """The segments of a tree, sorted."""
    return sorted({leaf.segment for leaf in leaves(tree)})


def cheapest(
    material: Material,
    labels: np.ndarray,
    limits: Limits,
    options: SegmentOptions,
    seeds: Sequence[int],
    run: Callable[[Sequence[Task], int], list[Any]],
    short: bool = True,
) -> Node | None:
    """The tree of least cost of several searches, among those of large enough segments and short enough rules.

    Parameters
    ----------
    material : Material
    labels : ndarray of int, shape (n,)
        KMeans' clusters.
    limits : Limits
    options : SegmentOptions
    seeds : sequence of int
        One search each.
    run : callable
        Does tasks, such as `in_processes`.
    short : bool, default True
        Whether rules must have at most `MOST_MEAN_CONDITIONS` on average.

    Returns
    -------
    Node or None
        Where none is large or short enough, of those nearest to it; None where no tree keeps the limits.
    """
    given = _given(material, labels)
    searches = [_search_within(given, limits, options, seed) for seed in seeds]
    return _least([one for found in run(searches, len(labels)) for one in found], short)


def one_of_each(
    material: Material, labels: np.ndarray, limits: Sequence[Limits], options: SegmentOptions, seed: int
) -> list[Node | None]:
    """The tree of one search within each of several limits, with rules of any length; None where none keeps them."""
    given = _given(material, labels)
    # The longest searches first, so that none is still running alone at the end.
    order = sorted(range(len(limits)), key=lambda place: -limits[place].max_leaves)
    found = in_processes([_search_within(given, limits[place], options, seed) for place in order], len(labels))
    trees = dict(zip(order, (_least(attempts, short=False) for attempts in found), strict=True))
    return [trees[place] for place in range(len(limits))]


def _given(material: Material, labels: np.ndarray) -> tuple[np.ndarray, Coded, np.ndarray]:
    labels = labels.astype(np.intp)
    return clusters.main_coordinates(material.points), telling(material.coded, labels, MOST_RULE_FEATURES), labels


def _search_within(
    given: tuple[np.ndarray, Coded, np.ndarray], limits: Limits, options: SegmentOptions, seed: int
) -> Any:
    return delayed(_attempt)(*given, limits, seed, Effort(options.effort, SEARCH_BINS))


def _least(attempts: list[_Attempt], short: bool) -> Node | None:
    attempts = _nearest(attempts, lambda one: max(0.0, _SEARCHED_SHARE - one.smallest_share))
    if short:
        attempts = _nearest(attempts, lambda one: max(0.0, one.conditions - MOST_MEAN_CONDITIONS))
    return min(attempts, key=lambda one: one.cost).tree if attempts else None


def _nearest(attempts: Sequence[_Attempt], lacking: Callable[[_Attempt], float]) -> list[_Attempt]:
    least = min(map(lacking, attempts), default=0.0)
    return [one for one in attempts if lacking(one) <= least]


def limits_of(k: int, options: SegmentOptions, rules: int | None = None) -> Limits:
    """What a tree of k segments may look like; with so many rules in all, where the options leave that open."""
    in_all = rules or k
    most = options.rules or (1 if in_all <= k else 2)
    return Limits(
        max_leaves=k * most if options.rules else in_all,
        max_depth=options.conditions,
        # The leaves of a segment share in its smallest share.
        min_leaf_share=_SEARCHED_SHARE / most,
        min_group_share=_SEARCHED_SHARE,
        max_group_leaves=most,
    )


class _Attempt(NamedTuple):
    """A tree, its cost, its mean number of conditions in a rule, and the share of its smallest segment."""

    tree: Node
    cost: float
    conditions: float
    smallest_share: float


def _attempt(
    points: np.ndarray, customers: Coded, labels: np.ndarray, limits: Limits, seed: int, effort: Effort
) -> list[_Attempt]:
    """The best trees of one distillation; none where no tree keeps the limits."""
    try:
        with workers.one_thread():
            found = learn_rules(points, customers, labels, limits, seed, effort)
    except ValueError:  # no tree within the limits
        return []
    attempts = []
    for tree, cost, groups in found:
        sizes = np.bincount(groups, minlength=int(labels.max()) + 1)
        if sizes.min() > 0:
            lengths = [_length(rule, customers.features) for rule in rules_of(tree, customers.features)]
            attempts.append(_Attempt(tree, cost, float(np.mean(lengths)), float(sizes.min()) / len(groups)))
    return attempts


def _length(rule: Rule, features: Mapping[str, Feature]) -> int:
    """Conditions of a rule, without those that only say for whom another one has a meaning."""
    given = {one for condition in rule.conditions for one in features[condition.feature].defined_when}
    return sum(condition not in given for condition in rule.conditions)
