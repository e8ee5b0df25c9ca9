"""Chapters 2 and 3 of the memo: what the label does to each, and how well each ranks."""

from __future__ import annotations

from northstar_explain.model.evaluation.experiment_facts import ExperimentFacts, LabelAsFeature, ShuffledLabel, Variant
from northstar_explain.model.evaluation.limits import AUC_DIFFERENCE_THAT_MATTERS
from northstar_explain.model.evaluation.metric_registry import ROC_AUC
from northstar_explain.model.learned_model import Model
from northstar_explain.model.names import without_id
from northstar_explain.report.charts.decile_mix import decile_mix
from northstar_explain.report.charts.probability_spread import probability_spread
from northstar_explain.report.document.blocks import (
    Chapter,
    ChapterBuilder,
    Columns,
    Figure,
    KeyFigures,
    Tags,
    Text,
    rich,
    table,
)
from northstar_explain.report.document.numbers import signed
from northstar_explain.report.document.palette import accents

VARIANTS = {
    "segment_rate": "the segment's rate",
    "model": "the model",
    "model_with_segment": "the model plus the segment",
    "model_per_segment": "one model per segment",
}
RANKING_HEAD = ("Score", "ROC-AUC", "Average precision", "Lift, best 10%")
# As far as a mean of shuffles may be from 0.5 and still be called chance.
_CHANCE = 0.05


def why_one_uses_labels(model: Model, experiments: ExperimentFacts) -> Chapter:
    """Both are learned again from a label without information, and KMeans from the label."""
    noun, shuffled = model.contract.noun, experiments.shuffled_label
    chapter = ChapterBuilder()
    chapter.paragraphs(
        f"We shuffled the label of {experiments.rows:,} {noun}, so that it carries no information, and trained both "
        "again."
    )
    before, after = (one[:12] for one in shuffled.segments_sha256)
    same = "identical" if shuffled.segments_identical else "changed"
    ends = f"{min(shuffled.roc_aucs_shuffled):.2f} to {max(shuffled.roc_aucs_shuffled):.2f}"
    chapter.add(
        KeyFigures((
            (same, f"segments, before and after: stored bytes {before}… and {after}… (SHA-256)"),
            (f"{shuffled.roc_auc:.3f} → {shuffled.roc_auc_shuffled:.2f}",
             f"ROC-AUC of the classifier, on {experiments.holdout_n:,} {noun} of the holdout; 0.5 is chance. The "
             f"second is the mean of {len(shuffled.roc_aucs_shuffled)} shuffles, which ranged from {ends}"),
        ))
    )  # fmt: skip
    chapter.paragraphs(of_shuffling(shuffled))
    label = experiments.label_as_feature
    chapter.section("And if KMeans were given the label?", *label_blocks(label, model.contract.label, noun))
    return chapter.chapter("labels", "2. Why one uses labels and the other must not")


def of_shuffling(facts: ShuffledLabel) -> str:
    """What is left without the information of the label."""
    left = "nothing" if abs(facts.roc_auc_shuffled - 0.5) < _CHANCE else "little"
    text = f"The classifier depends on the label: without its information, {left} is left. "
    if not facts.segments_identical:
        return text + "The segments should not, and here they did: do not use them before the reason is known."
    return text + (
        "The segments never use it. They describe behavior, so they apply where the outcome is not known yet, "
        "and they do not change because a month was good."
    )


def label_blocks(facts: LabelAsFeature, label: str, noun: str) -> tuple[Text, ...]:
    """What happens where KMeans is given the label."""
    given = rich("We added <em>{}</em> as one more column. {} of {} rules then have a condition on it.",
                 label, facts.rules_using_label, facts.rules)  # fmt: skip
    if not facts.rules_using_label:
        return (Text(given),)
    # Of a rule that asks for the label, which is what the experiment is about; the shortest, as it is an example.
    reads = min(facts.definitions, key=lambda text: (f"{label} is" not in text, len(text)))
    rates = f"{min(facts.purchase_rates):.0%} to {max(facts.purchase_rates):.0%}"
    return (
        Text(given + " One segment reads:"),
        Text(reads, "quote"),
        Text(
            f"In the training table these segments have outcome rates from {rates}, and as a score a ROC-AUC of "
            f"{facts.roc_auc_in_sample:.2f}. On the day of scoring the label is not known yet, and "
            f"{facts.undecided:.0%} of {noun} cannot be assigned to a segment without it. This is leakage: the label "
            "is an input."
        ),
    )


def what_each_can_tell(model: Model, experiments: ExperimentFacts) -> Chapter:
    """Segments and model as rankings, and how they lie across each other."""
    noun, evaluation = model.contract.noun, model.evaluation
    variants = {one.name: one for one in experiments.variants}
    names = {segment.id: segment.name for segment in model.segmentation.segments}
    colors = accents(list(names))
    chapter = ChapterBuilder()
    chapter.paragraphs(
        f"As a ranking, the segment's outcome rate is a valid but coarse score: it has {evaluation.segments.k} "
        f"values. The model also ranks {noun} inside each segment. {_effect(variants)}"
    )
    rows = [
        (VARIANTS[name], f"{one.roc_auc:.3f}", f"{one.average_precision:.3f}", f"{one.lift_10:.2f}")
        for name, one in variants.items()
    ]
    chapter.add(table(RANKING_HEAD, rows))
    chapter.paragraphs(
        f"Small models with the same options, fitted to {experiments.rows:,} {noun} and evaluated on "
        f"{experiments.holdout_n:,}: comparable with one another, not with the model in use, whose ROC-AUC is "
        f"{evaluation.purchase.holdout.figures[ROC_AUC]:.3f}.",
        style="fine",
    )
    together = evaluation.together
    spread = Figure(probability_spread(together.quantiles, names, colors))
    mix = Figure(decile_mix(together.matrix, names, colors))
    chapter.section(
        "Probabilities inside segments, segments inside deciles",
        Tags(tuple((id, without_id(id, name), colors[id]) for id, name in names.items())),
        Columns(
            (
                (
                    Text("Probabilities of a segment: the bar is the middle half, the line the middle 80%", "fine"),
                    spread,
                ),
                (Text("Segments in a decile of probability; 10 is the highest", "fine"), mix),
            )
        ),
    )
    return chapter.chapter("ranking", "3. What each of them can tell")


def _effect(variants: dict[str, Variant]) -> str:
    """How much the segment improves the model, in words."""
    plain = variants["model"].roc_auc
    as_feature, per_segment = (variants[name].roc_auc - plain for name in ("model_with_segment", "model_per_segment"))
    verdict = (
        "neither matters for a campaign"
        if max(as_feature, per_segment) < AUC_DIFFERENCE_THAT_MATTERS
        else "the better of the two is worth a trial"
    )
    return (
        f"With the segment as a feature, the ROC-AUC changes by {signed(as_feature, 3)}; with one model per segment, "
        f"by {signed(per_segment, 3)}: {verdict}."
    )
