"""Learning segments, start to end: space, KMeans, rules, names and facts. No label is ever passed in here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.cluster import KMeans

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, count_rows, rows_of
from northstar_explain.contract.compact_columns import compact_rows
from northstar_explain.contract.definedness import defined
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.errors import Fault, TableError
from northstar_explain.learn import (
    certify_rules,
    choose_segments,
    clusters,
    match_segments,
    naming,
    segment_search,
    splits,
    stability,
    standing,
)
from northstar_explain.learn.frontier import Checks, Point
from northstar_explain.learn.match_segments import Continuity
from northstar_explain.learn.profiles import profiles_of
from northstar_explain.learn.round_numbers import border
from northstar_explain.learn.segment_options import SegmentOptions
from northstar_explain.learn.space import Space
from northstar_explain.learn.themes import Theme
from northstar_explain.model.borders import Borders, thresholds
from northstar_explain.model.evaluation.certificate_facts import RulesCertificate
from northstar_explain.model.evaluation.segment_facts import NullTest
from northstar_explain.model.rules import Node, assign, rename
from northstar_explain.model.segments import Retired, Segment, Segmentation, rules_by_segment
from northstar_explain.model.wording import definition

__all__ = [
    "CHECK_SHARE", "Evidence", "LearnedSegments", "Previous", "SegmentOptions", "describe", "learn",
    "segmentation_alone", "usable",
]  # fmt: skip

CHECK_SHARE = 0.2
# KMeans and rules are searched for on so many rows: more change hardly a threshold.
SEARCH_ROWS = 30_000
# With many features on fewer: rows times features, but never fewer rows than this.
SEARCH_VALUES, FEWEST_SEARCH_ROWS = 3_000_000, 5_000


@dataclass(frozen=True)
class Evidence:
    """Why these segments, and how well their rules describe them.

    Attributes
    ----------
    themes : tuple of Theme
        The features that customers are compared by, grouped by what moves together.
    chosen : Chosen
        The number of segments, and all that were tried.
    curve : tuple of Point
        One to four times as many rules as segments.
    unrounded : Point
        The same number of rules with any threshold instead of a round one.
    stability : dict
        Segment id to bootstrap Jaccard of the rules.
    null : NullTest
    certificate : RulesCertificate or None
        How far the rules are proven to be from the best; None where it was not asked for.
    """

    themes: tuple[Theme, ...]
    chosen: choose_segments.Chosen
    curve: tuple[Point, ...]
    unrounded: Point
    stability: dict[str, float]
    null: NullTest
    certificate: RulesCertificate | None


@dataclass(frozen=True)
class LearnedSegments:
    """A segmentation, and what is needed to evaluate it.

    Attributes
    ----------
    segmentation : Segmentation
    space : Space
    kmeans : KMeans
    cluster_of : dict
        Segment id to the KMeans cluster it explains.
    themes : tuple of Theme
    learn, check : ndarray of int
        Rows it was learned from, and rows kept to check it.
    evidence : Evidence
    continuity : Continuity or None
        How the segments continue those of an earlier model, where one was given.
    """

    segmentation: Segmentation
    space: Space
    themes: tuple[Theme, ...]
    kmeans: KMeans
    cluster_of: dict[str, int]
    learn: np.ndarray
    check: np.ndarray
    evidence: Evidence
    continuity: Continuity | None = None


@dataclass(frozen=True)
class Previous:
    """The segments of an earlier model.

    Attributes
    ----------
    segmentation : Segmentation
    date : str
        The day on which those that are not found again are retired.
    """

    segmentation: Segmentation
    date: str


def learn(
    columns: Columns,
    contract: Contract,
    options: SegmentOptions,
    seed: int,
    progress: Callable[[str], None],
    previous: Previous | None = None,
    groups: np.ndarray | None = None,
    fit_rows: int = splits.FIT_ROWS,
    certify: bool = False,
) -> LearnedSegments:
    """Learn segments from customers.

    Parameters
    ----------
    columns : mapping
        Every feature of the contract, all customers.
    contract : Contract
    options : SegmentOptions
    seed : int
    progress : callable
        Takes the name of each stage as it begins.
    previous : Previous, optional
        Its rules are kept while they are eligible; of others, segments found again keep their ids and names.
    groups : ndarray, shape (n,), optional
        What each row belongs to: rules are then checked on other groups than they were learned from.
    fit_rows : int
        Most rows to learn from. They are checked on, and segments are measured on, all the others and all.
    certify : bool, default False
        Whether to prove how far the rules are from the best of as many: up to a minute.

    Returns
    -------
    LearnedSegments

    Raises
    ------
    TableError
        When too few features may define segments.
    """
    before = None if previous is None else previous.segmentation.tree
    searched = _search(columns, contract, options, seed, progress, groups, fit_rows, before)
    continuity = None
    if previous is not None:
        continuity = _continue(searched.tree, columns, previous)
        cluster_of = {continuity.names[id]: cluster for id, cluster in searched.cluster_of.items()}
        searched = replace(searched, tree=rename(searched.tree, continuity.names), cluster_of=cluster_of)
    evidence = _evidence(searched, options, seed, progress, certify)
    segmentation = _described(searched, columns, contract, _kept_names(continuity, previous))
    # Ids of retired segments are kept, so that none is ever given to another segment.
    segmentation = replace(segmentation, retired=_retired(continuity, previous))
    return LearnedSegments(
        segmentation, searched.material.space, searched.material.themes, searched.chosen.candidate.kmeans,
        searched.cluster_of, searched.learn, searched.check, evidence, continuity,
    )  # fmt: skip


def segmentation_alone(
    columns: Columns, contract: Contract, options: SegmentOptions, seed: int, groups: np.ndarray | None = None
) -> Segmentation:
    """The segmentation that `learn` gives, without the evidence for it, which takes longer than the segments.

    Parameters
    ----------
    columns, contract, options, seed, groups
        As of `learn`.

    Returns
    -------
    Segmentation
    """
    searched = _search(columns, contract, options, seed, lambda stage: None, groups, splits.FIT_ROWS)
    return _described(searched, columns, contract, {})


@dataclass(frozen=True)
class _Searched:
    """The segments that were found, and what they were found in."""

    material: segment_search.Material
    checks: Checks
    chosen: choose_segments.Chosen
    tree: Node
    cluster_of: dict[str, int]
    learn: np.ndarray
    check: np.ndarray


def _search(
    columns: Columns,
    contract: Contract,
    options: SegmentOptions,
    seed: int,
    progress: Callable[[str], None],
    groups: np.ndarray | None,
    fit_rows: int,
    before: Node | None = None,
) -> _Searched:
    features = _features(contract, columns)
    # Behavior explained and fidelity are measured on rows that neither KMeans nor the rules have seen.
    learn_rows, check_rows = splits.label_free(count_rows(columns), CHECK_SHARE, seed, groups)
    compared = len(features.likeness)
    narrow, most = max(FEWEST_SEARCH_ROWS, SEARCH_VALUES // compared), min(fit_rows, SEARCH_ROWS)
    few = f" on {narrow:,} rows, since the features are many" if narrow < min(most, len(learn_rows)) else ""
    most = min(most, narrow)
    learn_rows = learn_rows[splits.sample(len(learn_rows), most, seed, None if groups is None else groups[learn_rows])]
    progress(f"comparing customers by {compared} features{few}")
    material = segment_search.prepare(rows_of(columns, learn_rows), features)
    check_columns = compact_rows(columns, check_rows)
    values = material.space.values(check_columns)
    checks = Checks(check_columns, values, material.space.points(values), columns)
    chosen = choose_segments.choose(material, checks, options, seed, progress, before)
    assert chosen.candidate.tree is not None
    # Ids by size over all customers, not over the sample that was fitted to.
    return _Searched(material, checks, chosen, *_ordered(chosen.candidate.tree, columns), learn_rows, check_rows)


def _described(searched: _Searched, columns: Columns, contract: Contract, kept: Mapping[str, str]) -> Segmentation:
    agreement = _agreement(searched.tree, searched.cluster_of, searched.checks, searched.chosen.candidate.kmeans)
    theme_of = {name: theme.name for theme in searched.material.themes for name in theme.features}
    return describe(searched.tree, columns, contract, agreement, kept, theme_of)


def _features(contract: Contract, columns: Columns) -> segment_search.Features:
    likeness = tuple(feature for feature in contract.likeness_features if _varies(columns[feature.name]))
    rules = tuple(usable(contract, columns))
    by_name = {feature.name: feature for feature in contract.features}
    # Where a contract lets customers be compared by nothing, by what the rules may ask about.
    return segment_search.Features(likeness or rules, rules, by_name, contract.theme_weight)


def _continue(tree: Node, columns: Columns, previous: Previous) -> Continuity:
    before = previous.segmentation
    used = [one.id for one in before.segments] + [one.id for one in before.retired]
    return match_segments.match(assign(before.tree, columns), assign(tree, columns), used)


def _kept_names(continuity: Continuity | None, previous: Previous | None) -> dict[str, str]:
    if continuity is None or previous is None:
        return {}
    return {one.id: previous.segmentation[one.id].name for one in continuity.matches}


def _retired(continuity: Continuity | None, previous: Previous | None) -> tuple[Retired, ...]:
    if continuity is None or previous is None:
        return ()
    before = previous.segmentation
    kept = {one.id for one in continuity.matches}
    gone = (Retired(one.id, one.name, one.definition, previous.date) for one in before.segments if one.id not in kept)
    return (*before.retired, *gone)


def _evidence(
    searched: _Searched, options: SegmentOptions, seed: int, progress: Callable[[str], None], certify: bool
) -> Evidence:
    material, checks, one = searched.material, searched.checks, searched.chosen.candidate
    assert one.tree is not None
    progress("running the null test")
    null = stability.null_test(material.points, one.k, seed, options.draws)
    curve = choose_segments.curve(material, checks, one, options, seed, progress)
    certificate = None
    if certify:
        progress("proving how far the rules are from the best")
        certificate = certify_rules.certified(material, one.tree, seed)
    jaccard = dict(zip(segment_search.names_of(one.tree), one.jaccard, strict=True))
    return Evidence(
        themes=material.themes,
        chosen=searched.chosen,
        curve=curve,
        unrounded=choose_segments.unrounded(material, checks, one, options, seed),
        stability={id: jaccard[str(cluster)] for id, cluster in searched.cluster_of.items()},
        null=null,
        certificate=certificate,
    )


def describe(
    tree: Node,
    columns: Columns,
    contract: Contract,
    agreement: dict[str, tuple[float, float]],
    kept: Mapping[str, str] | None = None,
    themes: Mapping[str, str] | None = None,
) -> Segmentation:
    """Measure and name the segments of a tree on all customers.

    Parameters
    ----------
    tree : Node
        With final segment ids.
    columns : mapping
    contract : Contract
    agreement : dict
        Segment id to (precision, recall) against KMeans.
    kept : mapping, optional
        Segment id to the name it has already.
    themes : mapping, optional
        Feature to its theme; by default, the contract's groups.

    Returns
    -------
    Segmentation
    """
    # Names are learned for all segments, also those that keep one: a new name must differ from them.
    kept = kept or {}
    ids = assign(tree, columns)
    by_segment = rules_by_segment(tree, contract)
    order = sorted(by_segment, key=match_segments.number)
    # Only numbers have a mean that can be compared.
    numeric = [feature for feature in contract.features if feature.kind.numeric]
    # What is not applicable to a customer enters no mean and no level.
    applicable = {one.name: mask for one in numeric if (mask := defined(one, columns)) is not None}
    by_feature = [profiles_of(one, columns, [ids == id for id in order], applicable.get(one.name)) for one in numeric]
    profiles = list(zip(*by_feature, strict=True)) if numeric else [() for _ in order]
    nameable = [feature for feature in numeric if not feature.sensitive]
    levels = standing.standings(columns, ids, order, nameable, _thresholds(tree), applicable)
    learned = naming.names(order, profiles, [by_segment[id] for id in order], levels, contract, themes)
    names = naming.keep(order, learned, kept)
    segments = tuple(
        Segment(
            id=id,
            name=name,
            definition=definition(by_segment[id], contract),
            rules=by_segment[id],
            customers=int((ids == id).sum()),
            share=float((ids == id).mean()),
            profile=profile,
            precision=agreement[id][0],
            recall=agreement[id][1],
        )
        for id, name, profile in zip(order, names, profiles, strict=True)
    )
    return Segmentation(tree, segments, _borders(tree, columns, contract))


def _borders(tree: Node, columns: Columns, contract: Contract) -> Borders:
    borders: dict[str, dict[float, tuple[float, float]]] = {}
    for name, found in _thresholds(tree).items():
        values = columns[name]
        assert isinstance(values, np.ndarray)
        ends = {threshold: border(contract[name], values, threshold) for threshold in found}
        if near := {threshold: pair for threshold, pair in ends.items() if pair is not None}:
            borders[name] = near
    return borders


def _thresholds(tree: Node) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for name, threshold in thresholds(tree):
        found.setdefault(name, []).append(threshold)
    return found


def usable(contract: Contract, columns: Columns) -> Sequence[Feature]:
    """The features that may define segments and vary; those that define one must be allowed to, too.

    Raises
    ------
    TableError
        When there are fewer than two.
    """
    allowed = {feature.name for feature in contract.segment_features}
    features = [
        feature
        for feature in contract.segment_features
        if _varies(columns[feature.name]) and allowed.issuperset(one.feature for one in feature.defined_when)
    ]
    if len(features) < 2:
        expected = "at least two features with segments = true that vary"
        todo = "Allow more features to define segments."
        raise TableError("contract", [Fault("features", expected, f"{len(features)}", todo)])
    return features


def _varies(column: np.ndarray | Category) -> bool:
    if isinstance(column, Category):
        return len(column.values) > 1
    return bool(np.nanmax(column) > np.nanmin(column)) if not np.isnan(column).all() else False


def _ordered(tree: Node, columns: Columns) -> tuple[Node, dict[str, int]]:
    """Ids by size: S1 is the largest."""
    before, counts = np.unique(assign(tree, columns), return_counts=True)
    order = sorted(range(len(before)), key=lambda i: (-counts[i], before[i]))
    names = {str(before[i]): f"S{place + 1}" for place, i in enumerate(order)}
    return rename(tree, names), {new: int(old) for old, new in names.items()}


def _agreement(
    tree: Node, cluster_of: dict[str, int], checks: Checks, kmeans: KMeans
) -> dict[str, tuple[float, float]]:
    ids = assign(tree, checks.columns)
    labels = clusters.predict(kmeans, checks.points)
    agreement = {}
    for id, cluster in cluster_of.items():
        by_rule, by_kmeans = ids == id, labels == cluster
        both = int((by_rule & by_kmeans).sum())
        agreement[id] = (both / max(1, int(by_rule.sum())), both / max(1, int(by_kmeans.sum())))
    return agreement
