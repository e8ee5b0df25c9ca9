"""Every number of segments that was tried, with what it explains, what it takes to say it, and how steady it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from joblib import delayed
from sklearn.cluster import KMeans

from northstar_explain.contract.columns import Columns, count_rows, rows_of
from northstar_explain.learn import clusters, kept_rules, stability
from northstar_explain.learn.behavior import Behavior, explained, least_difference
from northstar_explain.learn.segment_options import SegmentOptions
from northstar_explain.learn.segment_search import Material, assign_again, count_rules, names_of, search
from northstar_explain.learn.workers import in_processes
from northstar_explain.model.evaluation.limits import (
    BEHAVIOR_ABOVE_SHUFFLED,
    JACCARD_STABLE,
    LEAST_DIFFERENCE,
    LEAST_SEGMENT_SHARE,
)
from northstar_explain.model.rules import Node, assign_codes
from northstar_explain.model.rules import rules as rules_of
from northstar_explain.model.tree import depth

# Each draw learns segments from a resample of so many customers: enough for shares of 3%.
STABILITY_ROWS = 20_000
SHUFFLED_ROWS = 10_000
# Draws before it is asked whether more are worth it.
AT_ONCE = 4
# A mean so many standard errors below the limit is not waited for.
_ERRORS_BELOW = 4.0


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


@dataclass(frozen=True)
class Candidate:
    """One number of segments, with the evidence for and against it.

    Attributes
    ----------
    k : int
    kmeans : KMeans
    tree : Node or None
        None where no tree within the limits was found; all that follows is then empty.
    point : Point or None
    behavior : Behavior or None
        Of the rule segments, on the rows kept to check.
    kmeans_mean : float
        The mean of the same measure for KMeans.
    shuffled_mean : float
        The same for KMeans on column-shuffled data.
    silhouette : float
    smallest_share : float
        Of the rule segments, 0 to 1, on all rows.
    difference : float
        Between the two segments most alike; see `behavior.least_difference`.
    found_again : tuple of tuple of float
        On each resample, how well each rule segment was found again, in the order of their names; empty where
        stability was not needed.
    across : tuple of float
        Stability of each rule segment across numbers of segments; empty for the first.
    """

    k: int
    kmeans: KMeans
    tree: Node | None
    point: Point | None = None
    behavior: Behavior | None = None
    kmeans_mean: float = 0.0
    shuffled_mean: float = 0.0
    silhouette: float = 0.0
    smallest_share: float = 0.0
    difference: float = 0.0
    found_again: tuple[tuple[float, ...], ...] = ()
    across: tuple[float, ...] = ()

    @property
    def draws(self) -> int:
        """Resamples that the stability rests on."""
        return len(self.found_again)

    @property
    def jaccard(self) -> tuple[float, ...]:
        """Bootstrap stability of each rule segment, in the order of their names; empty where nothing was resampled."""
        return tuple(map(float, np.mean(self.found_again, axis=0))) if self.found_again else ()

    @property
    def mean(self) -> float:
        """Behavior explained, mean over the features; 0 without a tree."""
        return self.behavior.mean if self.behavior else 0.0

    @property
    def faults(self) -> tuple[str, ...]:
        """Why it is not eligible, but for its stability: keys of `model.evaluation.frontier_facts.FAULTS`."""
        if self.tree is None:
            return ("no_rules",)
        failed = {
            "small": self.smallest_share < LEAST_SEGMENT_SHARE,
            "alike": self.difference < LEAST_DIFFERENCE,
            "chance": self.mean - self.shuffled_mean < BEHAVIOR_ABOVE_SHUFFLED,
        }
        return tuple(name for name, is_so in failed.items() if is_so)

    @property
    def steady(self) -> bool:
        """Whether every segment was found again on resamples."""
        return bool(self.jaccard) and min(self.jaccard) >= JACCARD_STABLE


@dataclass(frozen=True)
class Checks:
    """Rows that nothing was learned from, and all rows.

    Attributes
    ----------
    columns : mapping
        Raw features of the rows kept to check.
    values, points : ndarray of shape (n, axes)
        The same rows in the space.
    everybody : mapping
        Raw features of all customers.
    """

    columns: Columns
    values: np.ndarray
    points: np.ndarray
    everybody: Columns


def candidate(
    material: Material, checks: Checks, k: int, options: SegmentOptions, seed: int, before: Node | None = None
) -> Candidate:
    """Search for k segments, or take the rules ``before``, and measure them, but for their stability."""
    if before is None:
        kmeans, tree = search(material, k, options, seed)
    else:
        kmeans = clusters.fit(material.points, k, seed)
        tree = kept_rules.by_cluster(before, names_of(before), material.columns, kmeans.labels_)
    if tree is None:
        return Candidate(k, kmeans, None)
    names = names_of(tree)
    by_rule = assign_codes(tree, checks.columns, names)
    owner, themes = material.space.owner, material.themes
    shares = np.bincount(assign_codes(tree, checks.everybody, names), minlength=k) / count_rows(checks.everybody)
    nearest = clusters.predict(kmeans, checks.points)
    return Candidate(
        k=k,
        kmeans=kmeans,
        tree=tree,
        point=measure(material, checks, kmeans, tree, len(names)),
        behavior=explained(checks.values, owner, themes, by_rule),
        kmeans_mean=explained(checks.values, owner, themes, nearest).mean,
        shuffled_mean=_shuffled_mean(material, checks, k, seed),
        silhouette=stability.silhouette(material.points, kmeans.labels_, seed),
        smallest_share=float(shares.min()),
        difference=least_difference(checks.values, owner, themes, by_rule),
    )


def measure(material: Material, checks: Checks, kmeans: KMeans, tree: Node, allowed: int) -> Point:
    """Price, fidelity and length of a tree whose segments are named by their cluster's number."""
    names = names_of(tree)
    groups = assign_codes(tree, material.columns, names)
    price = clusters.cost(material.points, groups) / float(kmeans.inertia_)
    by_rule = np.array(names, dtype=np.intp)[assign_codes(tree, checks.columns, names)]
    # On rows that were not learned from; the price is on those that were, as the inertia of KMeans is.
    fidelity = float((by_rule == clusters.predict(kmeans, checks.points)).mean())
    conditions = [len(rule.conditions) for rule in rules_of(tree, material.features.by_name)]
    return Point(allowed, len(conditions), price, fidelity, depth(tree), float(np.mean(conditions)))


def with_across(candidates: Sequence[Candidate], checks: Checks) -> list[Candidate]:
    """Add to each candidate how its segments come out of those of the one before it."""
    result: list[Candidate] = []
    before: np.ndarray | None = None
    for one in candidates:
        if one.tree is None:
            result.append(one)
            continue
        now = assign_codes(one.tree, checks.columns, names_of(one.tree))
        by_group = {} if before is None else stability.across(before, now)
        result.append(replace(one, across=tuple(by_group[group] for group in sorted(by_group))))
        before = now
    return result


def with_stability(
    one: Candidate, material: Material, options: SegmentOptions, seed: int, draws: int | None = None
) -> Candidate:
    """Measure the stability of a candidate's segments: every step is repeated on each resample.

    Parameters
    ----------
    one : Candidate
        With a tree. Resamples that it rests on already are not drawn again.
    material : Material
    options : SegmentOptions
    seed : int
    draws : int, optional
        Resamples that it shall rest on, at most those of the options. Where not given, drawing ends once further
        resamples could not make every segment stable.

    Returns
    -------
    Candidate
    """
    assert one.tree is not None
    rng = np.random.default_rng([seed, 8])
    total = len(material.points)
    chosen = np.sort(rng.choice(total, min(STABILITY_ROWS, total), replace=False))
    columns = rows_of(material.columns, chosen)
    groups, rules = assign_codes(one.tree, columns, names_of(one.tree)), count_rules(one.tree)
    every = [(rng.integers(0, len(chosen), len(chosen)), int(rng.integers(2**31))) for _ in range(options.draws)]
    found = [np.array(similarities) for similarities in one.found_again]
    while len(found) < len(every if draws is None else every[:draws]):
        some = every[len(found) : len(found) + AT_ONCE]
        tasks = (
            delayed(assign_again)(columns, rows, material.features, one.k, rules, options, draw_seed)
            for rows, draw_seed in some
        )
        for (rows, _), again in zip(some, in_processes(tasks, len(chosen)), strict=True):
            found.append(stability.similarities(groups, again, rows, one.k))
        if draws is None and _cannot_be_stable(np.array(found), len(every)):
            break
    return replace(one, found_again=tuple(tuple(map(float, similarities)) for similarities in found))


def _cannot_be_stable(found: np.ndarray, draws: int) -> bool:
    """Whether a segment stays below the limit even if all further draws are perfect, or is far below it already."""
    best_possible = (found.sum(axis=0) + draws - len(found)) / draws
    if best_possible.min() < JACCARD_STABLE:
        return True
    if len(found) < AT_ONCE * 2:
        return False
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    return bool((found.mean(axis=0) + _ERRORS_BELOW * error < JACCARD_STABLE).any())


def _shuffled_mean(material: Material, checks: Checks, k: int, seed: int) -> float:
    """What KMeans explains where features have nothing to do with each other."""
    rng = np.random.default_rng([seed, 9])
    rows = rng.choice(len(material.points), min(SHUFFLED_ROWS, len(material.points)), replace=False)
    owner = material.space.owner
    fit, check = material.points[rows].copy(), checks.values[:SHUFFLED_ROWS].copy()
    for name in dict.fromkeys(owner):
        mine = [place for place, one in enumerate(owner) if one == name]
        for data in (fit, check):
            data[:, mine] = data[rng.permutation(len(data))][:, mine]
    if len(np.unique(fit, axis=0)) < k:
        return 0.0
    kmeans = clusters.fit(fit, k, seed, restarts=2)
    return explained(check, owner, material.themes, clusters.predict(kmeans, material.space.points(check))).mean
