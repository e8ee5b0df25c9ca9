"""Chapter 4 of the memo: how segments and model are evaluated, and what they are compared with."""

from __future__ import annotations

from northstar_explain.model.evaluation.experiment_facts import Clusters, ExperimentFacts
from northstar_explain.model.evaluation.limits import stability_figure, stability_scale
from northstar_explain.model.evaluation.metric_registry import AVERAGE_PRECISION, F1, MEMO
from northstar_explain.model.evaluation.purchase_facts import Holdout, PurchaseFacts
from northstar_explain.model.evaluation.segment_facts import SegmentFacts
from northstar_explain.model.learned_model import Model
from northstar_explain.report.charts.gains_curve import gains_curve
from northstar_explain.report.charts.reliability_curve import reliability_curve
from northstar_explain.report.document.blocks import Block, Chapter, ChapterBuilder, Columns, Figure, Table, Text, table
from northstar_explain.report.memo.alternatives_table import alternatives_blocks
from northstar_explain.report.memo.baseline_table import baseline_blocks
from northstar_explain.report.memo.weak_groups import weak_blocks

# What the memo adds to the meaning of a metric, filled from the holdout.
_REMARKS = {AVERAGE_PRECISION.key: "; here {base_rate:.3f}", F1.key: "; flagging every row reaches {f1_everyone:.3f}"}
_EFFECTS = 5  # features listed


def metrics_that_fit(model: Model, experiments: ExperimentFacts) -> Chapter:
    """Segments by separation, stability and price; the model by ranks and rates, beside its baselines and in groups."""
    noun, segments, purchase = model.contract.noun, model.evaluation.segments, model.evaluation.purchase
    chapter = ChapterBuilder()
    what = (
        "These are clearer than any clustering of shuffled columns and may be called natural clusters."
        if segments.null_test.natural_clusters
        else f"These are useful slices of a continuum rather than natural clusters: some {noun} are always near a "
        "border."
    )
    effects = "; ".join(
        f"{model.contract[one.feature].words} {one.eta_squared:.0%}" for one in experiments.effects[:_EFFECTS]
    )
    chapter.add(
        Text("Segments have no true label to be compared with, so they are evaluated by their separation, their "
             f"stability and the price of explaining them by rules. {what}"),
        segment_metrics(segments, experiments.clusters),
        Text(f"Behavior that differs most between segments, by the share of its variance that lies between them: "
             f"{effects}.", "fine"),
    )  # fmt: skip
    chapter.section("Segments beside what people do today", *alternatives_blocks(segments, noun))
    chapter.section("The model on the holdout", Text(_when(purchase)), *_model_blocks(purchase, segments))
    chapter.section("Baselines, and what the difference is worth", *baseline_blocks(model))
    chapter.section("Weak groups", *weak_blocks(model))
    return chapter.chapter("metrics", "4. Metrics that fit")


def _when(purchase: PurchaseFacts) -> str:
    """Whether the figures are out of time, and where they are not, what is missing."""
    if purchase.out_of_time:
        return (
            "Out of time: the holdout is the table of a later date, so these figures hold what has changed since the "
            "model was fitted."
        )
    return (
        "Not out of time: the holdout is of the same date as the training rows. What a month of change takes away is "
        "not measured; give a later table as the holdout to measure it."
    )


def segment_metrics(segments: SegmentFacts, clusters: Clusters) -> Table:
    """The metrics of the segments, with those of KMeans without rules."""
    kmeans, rules, null = clusters.kmeans, clusters.rules, segments.null_test

    def both(of_rules: float, of_kmeans: float, form: str = "{:.3f}") -> str:
        return f"{form.format(of_rules)} ({form.format(of_kmeans)})"

    behavior, worst = segments.behavior, min(segments.stability.values())
    rows = [
        ("Behavior explained", f"{behavior.mean:.2f}",
         f"share of a feature's variance between segments; {behavior.of_kmeans:.0%} of KMeans without rules"),
        ("Price of explainability", f"{segments.price_of_explainability:.3f}",
         "k-means cost of the rules over that of KMeans; 1 is no loss"),
        ("Fidelity", f"{segments.fidelity:.1%}",
         "share of rows, not used to learn the rules, whose rule and cluster agree"),
        ("Davies-Bouldin", both(rules.davies_bouldin, kmeans.davies_bouldin), "lower is better"),
        ("Least stable segment", stability_figure(worst), f"bootstrap Jaccard; {stability_scale()}"),
        ("Null test", f"{null.silhouette:.3f} against {null.null_max:.3f}",
         "silhouette (1 is well separated, 0 is not), and the highest of any copy with shuffled columns"),
    ]  # fmt: skip
    return table(("Segments", "Rules (KMeans)", "What it means"), rows, last_words=1, widths=(20, 21, 59))


def _model_blocks(purchase: PurchaseFacts, segments: SegmentFacts) -> tuple[Block, ...]:
    curves = Columns((
        (Figure(reliability_curve(purchase.reliability)),),
        (Figure(gains_curve(purchase.gains, gains_by_segment(segments))),),
    ))  # fmt: skip
    return model_metrics(purchase.holdout), curves


def gains_by_segment(segments: SegmentFacts) -> list[tuple[float, float]]:
    """Shares of rows and of outcomes, whole segments taken from the highest rate down."""
    outcomes = sorted(segments.holdout_outcomes.values(), key=lambda one: -one.purchase_rate)
    total, points = sum(one.n for one in outcomes), [(0.0, 0.0)]
    for one in outcomes:
        points.append((points[-1][0] + one.n / total, points[-1][1] + one.share_of_buyers))
    return points


def model_metrics(holdout: Holdout) -> Table:
    """The metrics of the model in use."""
    rows = []
    for one in holdout.figures.listed(MEMO):
        ends = holdout.figures.interval(one)
        interval = "{} to {}".format(*map(one.format.format, ends)) if ends else "–"
        meaning = one.meaning + _REMARKS.get(one.key, "").format(**vars(holdout))
        rows.append((one.label, one.format.format(holdout.figures[one]), interval, meaning))
    head = ("Model", "Holdout", "95% interval", "What it means")
    return table(head, rows, last_words=1, widths=(19, 8, 15, 58))
