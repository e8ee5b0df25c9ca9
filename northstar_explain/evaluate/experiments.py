"""Experiments that compare segments and purchase model: which of them needs the label, and what each can tell.

The experiments run on a sample of the training rows, with EBMs that are smaller than the model's own and have the same
options; their figures are comparable with one another, not with the model's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from joblib import delayed
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score
from threadpoolctl import threadpool_limits

from northstar_explain import metrics
from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, rows_of
from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.contract.definedness import defined
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.contract.kinds.registry import kind_named
from northstar_explain.evaluate.customers import Customers
from northstar_explain.evaluate.holdout_metrics import measure
from northstar_explain.evaluate.ranking import Ranked
from northstar_explain.learn import clusters, fit_purchase_model, fit_segments, segment_search, splits, stability
from northstar_explain.learn.fit_segments import LearnedSegments
from northstar_explain.learn.segment_options import SegmentOptions
from northstar_explain.learn.workers import Task, in_processes
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
from northstar_explain.model.folder_format import json_bytes
from northstar_explain.model.rules import Leaf, Node, Split, assign, rules
from northstar_explain.model.segments import to_json
from northstar_explain.model.wording import definition

# Enough to know an AUC to a hundredth, and little compared with the training itself.
ROWS = 30_000
# Some twenty EBMs are evaluated, each on at most this many rows of the holdout.
HOLDOUT_ROWS = 100_000
# One shuffled label may correlate with the features, so that the AUC of an EBM fitted to it is not exactly 0.5.
SHUFFLES = 10
# A segment with fewer rows or buyers gets no EBM of its own: it is scored by that of the whole sample.
LEAST_ROWS, LEAST_BUYERS = 300, 30
_EBM_OPTIONS = fit_purchase_model.PurchaseModelOptions(interactions=3, outer_bags=2, max_bins=128, learning_rate=0.08)
# Cohen (1988) calls an eta squared of 0.01 small, 0.06 medium, 0.14 large.
MOST_EFFECTS = 8


def compare_facts(
    train: Customers,
    holdout: Customers,
    contract: Contract,
    learned: LearnedSegments,
    seed: int,
    progress: Callable[[str], None],
) -> ExperimentFacts:
    """Run every experiment of the comparison.

    Parameters
    ----------
    train : Customers
        Training rows of the purchase model.
    holdout : Customers
        Used to report, never to choose; sampled down to 100,000 rows.
    contract : Contract
    learned : LearnedSegments
    seed : int
    progress : callable
        Called with the name of each stage as it begins.

    Returns
    -------
    ExperimentFacts
    """
    rng = np.random.default_rng([seed, 11])
    sample = train.take(np.sort(rng.choice(len(train.label), min(ROWS, len(train.label)), replace=False)))
    holdout = holdout.take(splits.sample(len(holdout), HOLDOUT_ROWS, seed, holdout.groups))
    progress("running the experiments, 1 of 2: shuffled labels")
    shuffled = [replace(sample, label=rng.permutation(sample.label)) for _ in range(SHUFFLES)]
    k = len(learned.segmentation.segments)
    one, other, plain, *by_chance = in_processes(
        [
            *(delayed(_segments_hash)(rows, contract, k, seed) for rows in (sample, shuffled[0])),
            *(delayed(_ebm_variant)(rows, holdout, contract, seed) for rows in (sample, *shuffled)),
        ],
        len(sample),
    )
    aucs = [variant.roc_auc for variant in by_chance]
    shuffled_label = ShuffledLabel((one, other), one == other, plain.roc_auc, float(np.mean(aucs)), tuple(aucs))
    progress(
        "running the experiments, 2 of 2: the label as a feature of KMeans, the segment as a score, as a feature, and "
        "one EBM per segment"
    )
    use = _SegmentUse(sample, holdout, contract, learned, seed)
    as_feature, with_segment, *per_segment = in_processes(
        [delayed(label_as_feature)(sample, contract, learned, seed), use.as_feature(), *use.each_alone()], len(sample)
    )
    return ExperimentFacts(
        rows=len(sample.label),
        holdout_n=len(holdout.label),
        shuffled_label=shuffled_label,
        label_as_feature=as_feature,
        variants=(
            use.as_score(),
            plain,
            use.variant("model_with_segment", with_segment),
            use.put_together(per_segment),
        ),
        clusters=cluster_facts(sample.columns, learned, seed),
        effects=effect_facts(sample.columns, contract, assign(learned.segmentation.tree, sample.columns)),
    )


def _segments_hash(rows: Customers, contract: Contract, k: int, seed: int) -> str:
    """Learn segments; the hash of what would be stored."""
    # As little work as possible: only whether two labels give the same is of interest. The label is present here as in
    # training, but nothing that learns segments has a parameter that takes one.
    options = SegmentOptions(k=k, draws=1, tries=1)
    found = fit_segments.segmentation_alone(rows.columns, contract, options, seed, rows.groups)
    return hashlib.sha256(json_bytes(to_json(found, contract))).hexdigest()


def _ebm_variant(train: Customers, holdout: Customers, contract: Contract, seed: int) -> Variant:
    return _variant("model", holdout.label, _fit_predict(train, holdout.columns, contract.model_features, seed))


def _fit_predict(train: Customers, columns: Columns, features: tuple[Feature, ...], seed: int) -> np.ndarray:
    # Within a single segment, a feature may be missing in every row.
    features = tuple(feature for feature in features if _some_known(train.columns[feature.name]))
    ebm = fit_purchase_model.fit(train.columns, train.label, features, _EBM_OPTIONS, seed, groups=train.groups)
    return np.asarray(
        ebm.predict_proba(fit_purchase_model.frame(columns, features, fit_purchase_model.rare_values(ebm)))[:, 1]
    )


def _some_known(column: np.ndarray | Category) -> bool:
    return bool((column.codes >= 0).any() if isinstance(column, Category) else not np.isnan(column).all())


def _variant(name: str, label: np.ndarray, score: np.ndarray) -> Variant:
    values = measure(Ranked(label, score))
    return Variant(name, *(values[one.key] for one in (ROC_AUC, AVERAGE_PRECISION, LIFT_10, CAPTURE_20)))


def label_as_feature(sample: Customers, contract: Contract, learned: LearnedSegments, seed: int) -> LabelAsFeature:
    """Add the label to the columns of KMeans and measure the segments that result."""
    label_feature = Feature(
        name=contract.label,
        group="",
        kind=kind_named("count"),
        words=f"{contract.label} equal to 1",
        minimum=0,
        maximum=1,
        some=f"{contract.label} is 1",
        none=f"{contract.label} is 0",
    )
    compared = {name for theme in learned.themes for name in theme.features}
    likeness = tuple(feature for feature in contract.features if feature.name in compared)
    asked = (*(feature for feature in fit_segments.usable(contract, sample.columns)), label_feature)
    with_label = replace(contract, features=(*contract.features, label_feature))
    columns = {**sample.columns, contract.label: sample.label.astype(np.float64)}
    by_name = {feature.name: feature for feature in with_label.features}
    k = len(learned.segmentation.segments)
    features = segment_search.Features((*likeness, label_feature), asked, by_name, contract.theme_weight)
    material = segment_search.prepare(columns, features)
    _, found = segment_search.search(material, k, SegmentOptions(rules=2), seed)
    # Without rules for so many segments there is nothing to show but the label itself.
    tree = found or Split(NumberCondition(contract.label, 1.0), Leaf("0"), Leaf("1"))
    ids = assign(tree, columns)
    label_rules = rules(tree, with_label)
    rates = {str(id): float(sample.label[ids == id].mean()) for id in np.unique(ids)}
    return LabelAsFeature(
        k=k,
        rules=len(label_rules),
        rules_using_label=sum(any(c.feature == contract.label for c in rule.conditions) for rule in label_rules),
        definitions=tuple(
            definition([rule for rule in label_rules if rule.segment == id], with_label) for id in sorted(rates)
        ),
        purchase_rates=tuple(rates[id] for id in sorted(rates)),
        roc_auc_in_sample=metrics.roc_auc(sample.label, np.array([rates[id] for id in ids])),
        undecided=_undecided(tree, columns, contract.label),
    )


def _undecided(tree: Node, columns: Columns, label: str) -> float:
    n = len(columns[label])
    # The same customers with either label: who is in another segment then cannot be placed before the outcome is known.
    no, yes = (assign(tree, {**columns, label: np.full(n, value)}) for value in (0.0, 1.0))
    return float((no != yes).mean())


class _SegmentUse:
    """The segment as a score, as a feature, and as what decides which of several EBMs is asked."""

    def __init__(self, sample: Customers, holdout: Customers, contract: Contract, learned: LearnedSegments, seed: int):
        self._sample, self._holdout = sample, holdout
        self._features, self._seed = contract.model_features, seed
        self._names = tuple(segment.id for segment in learned.segmentation.segments)
        tree = learned.segmentation.tree
        self._ids, self._holdout_ids = assign(tree, sample.columns), assign(tree, holdout.columns)

    def variant(self, name: str, score: np.ndarray) -> Variant:
        """How well a score ranks the holdout."""
        return _variant(name, self._holdout.label, score)

    def as_score(self) -> Variant:
        """Each customer scored by the rate of their segment."""
        label, ids = self._sample.label, self._ids
        rates = {id: float(label[ids == id].mean()) if (ids == id).any() else 0.0 for id in self._names}
        return self.variant("segment_rate", np.array([rates[id] for id in self._holdout_ids]))

    def as_feature(self) -> Task:
        """One EBM of all features and the segment."""
        segment = Feature("segment", "", kind_named("category"), "segment")
        train = replace(self._sample, columns=self._with_ids(self._sample.columns, self._ids))
        columns = self._with_ids(self._holdout.columns, self._holdout_ids)
        return self._fit(train, columns, (*self._features, segment))

    def each_alone(self) -> list[Task]:
        """One EBM per segment; a segment with too few rows is scored by one fitted to the whole sample."""
        tasks = []
        for id in np.unique(self._holdout_ids):
            inside = self._ids == id
            buyers = int(self._sample.label[inside].sum())
            enough = inside.sum() >= LEAST_ROWS and LEAST_BUYERS <= buyers <= inside.sum() - LEAST_BUYERS
            train = self._sample.take(np.flatnonzero(inside)) if enough else self._sample
            rows = np.flatnonzero(self._holdout_ids == id)
            tasks.append(self._fit(train, rows_of(self._holdout.columns, rows), self._features))
        return tasks

    def put_together(self, probabilities: Sequence[np.ndarray]) -> Variant:
        """The variant of what `each_alone` gave."""
        score = np.full(len(self._holdout), np.nan)
        for id, probability in zip(np.unique(self._holdout_ids), probabilities, strict=True):
            score[self._holdout_ids == id] = probability
        return self.variant("model_per_segment", score)

    def _fit(self, train: Customers, columns: Columns, features: tuple[Feature, ...]) -> Task:
        task: Task = delayed(_fit_predict)(train, columns, features, self._seed)
        return task

    def _with_ids(self, columns: Columns, ids: np.ndarray) -> Columns:
        codes = np.array([self._names.index(id) for id in ids], dtype=np.int32)
        return {**columns, "segment": Category(codes, self._names)}


def cluster_facts(columns: Columns, learned: LearnedSegments, seed: int) -> Clusters:
    """How well separated KMeans' clusters and the rules' segments are, in the space of KMeans."""
    points = learned.space.place(columns)
    labelings = (
        clusters.predict(learned.kmeans, points),
        np.unique(assign(learned.segmentation.tree, columns), return_inverse=True)[1],
    )
    # With more threads, sums are added in another order each time, and their last digits differ.
    with threadpool_limits(limits=1):
        return Clusters(*(
            Separation(
                stability.silhouette(points, labels, seed),
                float(davies_bouldin_score(points, labels)),
                float(calinski_harabasz_score(points, labels)),
            )
            for labels in labelings
        ))  # fmt: skip


def effect_facts(columns: Columns, contract: Contract, ids: np.ndarray) -> tuple[Effect, ...]:
    """The features that differ most between segments, by eta squared: the share of variance between them (Fisher 1925).

    The largest come first.
    """
    shares: list[tuple[float, str]] = []
    for feature in contract.features:
        column = columns[feature.name]
        if not isinstance(column, np.ndarray):
            continue
        applicable = defined(feature, columns)
        known = ~np.isnan(column) if applicable is None else applicable & ~np.isnan(column)
        if not known.any():
            continue
        values, segments = column[known], ids[known]
        total = float(((values - values.mean()) ** 2).sum())
        between = sum(
            (segments == id).sum() * (values[segments == id].mean() - values.mean()) ** 2 for id in np.unique(segments)
        )
        shares.append((float(between) / total if total else 0.0, feature.name))
    ranked = sorted(shares, key=lambda one: (-one[0], one[1]))[:MOST_EFFECTS]
    return tuple(Effect(name, share) for share, name in ranked)
