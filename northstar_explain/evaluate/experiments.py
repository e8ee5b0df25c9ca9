"""Segments and purchase model compared by experiment: why one uses labels and the other must not, and what each sees.

The experiments run on a sample of the training rows, with smaller machines than the model's own, all alike; so their
figures are to be compared with one another, not with the model's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score
from threadpoolctl import threadpool_limits

from northstar_explain import metrics
from northstar_explain.contract import Category, Columns, Contract, Feature, kind_named
from northstar_explain.contract.columns import rows_of
from northstar_explain.evaluate.customers import Customers
from northstar_explain.evaluate.holdout_metrics import measure
from northstar_explain.evaluate.ranking import Ranked
from northstar_explain.learn import choose_segments, clusters, fit_purchase_model, fit_segments, splits, stability
from northstar_explain.learn.fit_segments import LearnedSegments
from northstar_explain.model.evaluation.experiment_facts import (
    Clusters,
    Effect,
    ExperimentFacts,
    LabelAsFeature,
    Separation,
    ShuffledLabel,
    Variant,
)
from northstar_explain.model.evaluation.metric_registry import AVERAGE_PRECISION, CAPTURE_20, LIFT_10, ROC_AUC
from northstar_explain.model.folder import json_bytes
from northstar_explain.model.rules import Node, assign, rules
from northstar_explain.model.segments import to_json
from northstar_explain.model.wording import definition

# Enough to see an AUC to a hundredth, and little beside the training itself.
ROWS = 30_000
# Twenty machines are judged: on so many rows of the holdout at most.
HELD_ROWS = 100_000
# One shuffled label may by chance go with what customers do, or against it, and its machine then ranks them so.
SHUFFLES = 10
# Rows of a segment below which it gets no machine of its own: it then takes the whole sample's.
LEAST_ROWS, LEAST_BUYERS = 300, 30
_MACHINE = fit_purchase_model.PurchaseModelOptions(interactions=3, outer_bags=2, max_bins=128, learning_rate=0.08)
# Effects are compared on these bounds (Cohen 1988): 0.01 small, 0.06 medium, 0.14 large.
MOST_EFFECTS = 8


def compare_facts(
    taught: Customers,
    held: Customers,
    contract: Contract,
    learned: LearnedSegments,
    seed: int,
    progress: Callable[[str], None],
) -> ExperimentFacts:
    """Run every experiment of the comparison.

    Parameters
    ----------
    taught : Customers
        The training rows of the purchase model.
    held : Customers
        The holdout; used to report, never to choose. Of more than 100,000 rows, so many are drawn.
    contract : Contract
    learned : LearnedSegments
    seed : int
    progress : callable
        Told each stage as it begins.

    Returns
    -------
    ExperimentFacts
    """
    rng = np.random.default_rng([seed, 11])
    sample = taught.take(np.sort(rng.choice(len(taught.label), min(ROWS, len(taught.label)), replace=False)))
    held = held.take(splits.sample(len(held), HELD_ROWS, seed, held.groups))
    progress("comparing: the label shuffled")
    shuffled = [replace(sample, label=rng.permutation(sample.label)) for _ in range(SHUFFLES)]
    plain = _machine_auc(sample, held, contract, seed)
    fallen = [_machine_auc(one, held, contract, seed).roc_auc for one in shuffled]
    both = _segments_both_ways(sample, shuffled[0], contract, len(learned.segmentation.segments), seed)
    shuffled_label = ShuffledLabel(both, both[0] == both[1], plain.roc_auc, float(np.mean(fallen)), tuple(fallen))
    progress("comparing: the label given to KMeans")
    given = label_as_feature(sample, contract, learned, seed)
    progress("comparing: the segment as a score, as a feature and as a divide")
    return ExperimentFacts(
        rows=len(sample.label),
        holdout_n=len(held.label),
        shuffled_label=shuffled_label,
        label_as_feature=given,
        variants=_variants(sample, held, plain, contract, learned, seed),
        clusters=cluster_facts(sample.columns, learned, seed),
        effects=effect_facts(sample.columns, contract, assign(learned.segmentation.tree, sample.columns)),
    )


def _segments_both_ways(one: Customers, other: Customers, contract: Contract, k: int, seed: int) -> tuple[str, str]:
    """Learn segments beside the label as it is and beside the shuffled one; give the hashes of what is stored."""
    options = fit_segments.SegmentOptions(k=k, draws=1, effort=0.02)
    hashes = []
    for rows in (one, other):
        # The label is at hand, as it is in training; fit_segments.learn has no place to put it.
        found = fit_segments.learn(rows.columns, contract, options, seed, lambda stage: None, groups=rows.groups)
        hashes.append(hashlib.sha256(json_bytes(to_json(found.segmentation, contract))).hexdigest())
    return hashes[0], hashes[1]


def _machine_auc(taught: Customers, held: Customers, contract: Contract, seed: int) -> Variant:
    return _variant("model", held.label, _fit_predict(taught, held.columns, contract.model_features, seed))


def _fit_predict(taught: Customers, columns: Columns, features: tuple[Feature, ...], seed: int) -> np.ndarray:
    # In one segment alone, a feature may never be known.
    features = tuple(feature for feature in features if _some_known(taught.columns[feature.name]))
    machine = fit_purchase_model.fit(taught.columns, taught.label, features, _MACHINE, seed, groups=taught.groups)
    return np.asarray(machine.predict_proba(fit_purchase_model.frame(columns, features))[:, 1])


def _some_known(column: np.ndarray | Category) -> bool:
    return bool((column.codes >= 0).any() if isinstance(column, Category) else not np.isnan(column).all())


def _variant(name: str, label: np.ndarray, score: np.ndarray) -> Variant:
    found = measure(Ranked(label, score))
    return Variant(name, *(found[one.key] for one in (ROC_AUC, AVERAGE_PRECISION, LIFT_10, CAPTURE_20)))


def label_as_feature(sample: Customers, contract: Contract, learned: LearnedSegments, seed: int) -> LabelAsFeature:
    """Give KMeans the label as one more column, and look at what becomes of the segments."""
    known = Feature(
        name=contract.label,
        group="",
        kind=kind_named("count"),
        words=f"{contract.label} equal to 1",
        minimum=0,
        maximum=1,
        some=f"{contract.label} is 1",
        none=f"{contract.label} is 0",
    )
    features = tuple(axis.feature for axis in learned.space.axes)
    features = (*dict.fromkeys(features), known)
    asked = replace(contract, features=(*contract.features, known))
    columns = {**sample.columns, contract.label: sample.label.astype(np.float64)}
    spread = float(sample.label.std()) or 1.0
    column = (sample.label - sample.label.mean()) / spread  # as wide as every other column
    points = np.column_stack([learned.space.place(sample.columns), column])
    k = len(learned.segmentation.segments)
    kmeans = clusters.fit(points, k, seed)
    material = choose_segments.Material(points, columns, points[:1], rows_of(columns, np.arange(1)), features)
    tree = choose_segments.distil(material, kmeans, 2 * k, fit_segments.SegmentOptions(), seed)
    ids = assign(tree, columns)
    said = rules(tree, asked)
    rates = {str(id): float(sample.label[ids == id].mean()) for id in np.unique(ids)}
    return LabelAsFeature(
        k=k,
        rules=len(said),
        rules_using_label=sum(any(c.feature == contract.label for c in rule.conditions) for rule in said),
        definitions=tuple(definition([rule for rule in said if rule.segment == id], asked) for id in sorted(rates)),
        purchase_rates=tuple(rates[id] for id in sorted(rates)),
        roc_auc_in_sample=metrics.roc_auc(sample.label, np.array([rates[id] for id in ids])),
        undecided=_undecided(tree, columns, contract.label),
    )


def _undecided(tree: Node, columns: Columns, label: str) -> float:
    n = len(columns[label])
    no, yes = (assign(tree, {**columns, label: np.full(n, value)}) for value in (0.0, 1.0))
    return float((no != yes).mean())


def _variants(
    sample: Customers, held: Customers, plain: Variant, contract: Contract, learned: LearnedSegments, seed: int
) -> tuple[Variant, ...]:
    tree = learned.segmentation.tree
    ids, held_ids = assign(tree, sample.columns), assign(tree, held.columns)
    names = tuple(segment.id for segment in learned.segmentation.segments)
    rates = {id: float(sample.label[ids == id].mean()) if (ids == id).any() else 0.0 for id in names}
    by_rate = np.array([rates[id] for id in held_ids])
    segment = Feature("segment", "", kind_named("category"), "segment")

    def wider(columns: Columns, found: np.ndarray) -> Columns:
        return {**columns, "segment": Category(np.array([names.index(id) for id in found], dtype=np.int32), names)}

    with_segment = _fit_predict(
        replace(sample, columns=wider(sample.columns, ids)),
        wider(held.columns, held_ids),
        (*contract.model_features, segment),
        seed,
    )
    apart = _one_each(sample, held, ids, held_ids, contract, seed)
    return (
        _variant("segment_rate", held.label, by_rate),
        plain,
        _variant("model_with_segment", held.label, with_segment),
        _variant("model_per_segment", held.label, apart),
    )


def _one_each(
    sample: Customers, held: Customers, ids: np.ndarray, held_ids: np.ndarray, contract: Contract, seed: int
) -> np.ndarray:
    """Probabilities by one machine a segment; a segment with too few rows takes the whole sample's."""
    probability = np.full(len(held.label), np.nan)
    for id in np.unique(held_ids):
        inside = ids == id
        buyers = int(sample.label[inside].sum())
        enough = inside.sum() >= LEAST_ROWS and LEAST_BUYERS <= buyers <= inside.sum() - LEAST_BUYERS
        taught = sample.take(np.flatnonzero(inside)) if enough else sample
        rows = np.flatnonzero(held_ids == id)
        probability[rows] = _fit_predict(taught, rows_of(held.columns, rows), contract.model_features, seed)
    return probability


def cluster_facts(columns: Columns, learned: LearnedSegments, seed: int) -> Clusters:
    """How well apart the groups lie, KMeans' own and those of the rules, in the space of KMeans."""
    points = learned.space.place(columns)
    groups = (
        clusters.predict(learned.kmeans, points),
        np.unique(assign(learned.segmentation.tree, columns), return_inverse=True)[1],
    )
    with threadpool_limits(limits=1):
        return Clusters(*(
            Separation(
                stability.silhouette(points, group, seed),
                float(davies_bouldin_score(points, group)),
                float(calinski_harabasz_score(points, group)),
            )
            for group in groups
        ))  # fmt: skip


def effect_facts(columns: Columns, contract: Contract, ids: np.ndarray) -> tuple[Effect, ...]:
    """Which features differ most between the segments: eta squared, the share of variance between them (Fisher 1925).

    The largest come first.
    """
    found: list[tuple[float, str]] = []
    for feature in contract.features:
        column = columns[feature.name]
        if not isinstance(column, np.ndarray):
            continue
        known = ~np.isnan(column)
        values, groups = column[known], ids[known]
        total = float(((values - values.mean()) ** 2).sum())
        between = sum(
            (groups == id).sum() * (values[groups == id].mean() - values.mean()) ** 2 for id in np.unique(groups)
        )
        found.append((float(between) / total if total else 0.0, feature.name))
    ranked = sorted(found, key=lambda one: (-one[0], one[1]))[:MOST_EFFECTS]
    return tuple(Effect(name, share) for share, name in ranked)
