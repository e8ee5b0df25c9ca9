"""Chapter 3 of the memo: how segments and model are evaluated, and what they are compared with."""

from __future__ import annotations

from northstar_explain.model.evaluation.experiment_facts import Clusters, ExperimentFacts
from northstar_explain.model.evaluation.limits import stability_scale
from northstar_explain.model.evaluation.metric_registry import (
    AVERAGE_PRECISION,
    F1,
    LIFT_10,
    LIFT_QUALITY,
    MEMO,
    ROC_AUC,
)
from northstar_explain.model.evaluation.profit_facts import Profit
from northstar_explain.model.evaluation.purchase_facts import Holdout, PurchaseFacts
from northstar_explain.model.evaluation.segment_facts import SegmentFacts
from northstar_explain.model.learned_model import Model
from northstar_explain.model.wording import capital
from northstar_explain.report.charts.gains_curve import gains_curve
from northstar_explain.report.charts.reliability_curve import reliability_curve
from northstar_explain.report.charts.rules_curve import rules_curve
from northstar_explain.report.comparison.alternatives_table import alternatives_blocks
from northstar_explain.report.comparison.ranking_chapters import RANKING_HEAD
from northstar_explain.report.document.blocks import (
    Block,
    Chapter,
    ChapterBuilder,
    Columns,
    Figure,
    Table,
    Text,
    rich,
    table,
)

BASELINES = {
    "base_rate": "the base rate",
    "recency_rule": "a recency rule",
    "logistic_rfv": "logistic regression, log recency-frequency-value",
    "segment_rate": "the segment's rate",
    "black_box": "a black box (gradient boosting)",
}
# What the memo adds to the meaning of a metric, filled from the holdout.
_REMARKS = {
    AVERAGE_PRECISION.key: "; here {base_rate:.3f}",
    LIFT_QUALITY.key: "; as a word: {lift_quality_grade}",
    F1.key: "; flagging everyone reaches {f1_everyone:.3f}",
}
_EFFECTS = 5  # features listed


def metrics_that_fit(model: Model, experiments: ExperimentFacts) -> Chapter:
    """Segments by separation, stability and price; the model by ranks and rates."""
    noun, segments, purchase = model.contract.noun, model.evaluation.segments, model.evaluation.purchase
    chapter = ChapterBuilder()
    what = (
        "These are clearer than any clustering of shuffled columns and may be called natural clusters."
        if segments.null_test.natural_clusters
        else f"These are useful slices of a continuum rather than natural clusters: some {noun} are always near a "
        "border."
    )
    effects = experiments.effects[:_EFFECTS]
    chapter.add(
        Text("Segments have no true label to be compared with, so they are evaluated by their separation, their "
             f"stability and the price of explaining them by rules. {what}"),
        segment_metrics(segments, experiments.clusters),
        table(("Behavior that differs most between segments", "Share of its variance that lies between them"),
              [(capital(model.contract[one.feature].words), f"{one.eta_squared:.0%}") for one in effects]),
    )  # fmt: skip
    chapter.section("Beside what people do today", *alternatives_blocks(segments, noun))
    chapter.section("Price and fidelity of more rules", _rules(segments))
    chapter.section("The model on the holdout", *_model_blocks(purchase, segments, noun))
    chapter.section("Compared with baselines", _baselines(purchase), _no_accuracy(purchase.holdout))
    return chapter.chapter("metrics", "3. Metrics that fit")


def segment_metrics(segments: SegmentFacts, clusters: Clusters) -> Table:
    """The metrics of the segments, with those of KMeans without rules."""
    kmeans, rules, null = clusters.kmeans, clusters.rules, segments.null_test

    def both(of_rules: float, of_kmeans: float, form: str = "{:.3f}") -> str:
        return f"{form.format(of_rules)} ({form.format(of_kmeans)})"

    calinski = both(rules.calinski_harabasz, kmeans.calinski_harabasz, "{:,.0f}")
    behavior, worst = segments.behavior, min(segments.stability.values())
    rows = [
        ("Behavior explained", f"{behavior.mean:.2f}",
         f"share of a feature's variance between segments; {behavior.of_kmeans:.0%} of KMeans without rules"),
        ("Price of explainability", f"{segments.price_of_explainability:.3f}",
         "k-means cost of the rules over that of KMeans; 1 is no loss"),
        ("Fidelity", f"{segments.fidelity:.1%}",
         "share of rows, not used to learn the rules, whose rule and cluster agree"),
        ("Silhouette", both(rules.silhouette, kmeans.silhouette), "1 is well separated, 0 is not"),
        ("Davies-Bouldin", both(rules.davies_bouldin, kmeans.davies_bouldin), "lower is better"),
        ("Calinski-Harabasz", calinski, "higher is better, within one table only"),
        ("Least stable segment", f"{worst:.2f}", f"bootstrap Jaccard; {stability_scale()}"),
        ("Null test", f"{null.silhouette:.3f} against {null.null_max:.3f}",
         "silhouette here, and the highest with shuffled columns"),
    ]  # fmt: skip
    return table(("Segments", "Rules (KMeans)", "What it means"), rows, last_words=1, widths=(25, 21, 54))


def _rules(segments: SegmentFacts) -> Columns:
    """Price and fidelity over the number of rules; both mark the knee and what is used."""
    curve, knee = segments.curve, segments.knee
    # Pruning may have left fewer rules than allowed, so the point is the first that allows as many.
    used = next((one.max_rules for one in curve if one.max_rules >= segments.rules), curve[-1].max_rules)
    marks = {knee: "knee, used"} if knee == used else {used: "used", knee: "knee"}
    price = [(one.max_rules, one.price_of_explainability) for one in curve]
    fidelity = [(one.max_rules, one.fidelity) for one in curve]
    return Columns((
        (Figure(rules_curve(price, marks, "Price of explainability (1 is no loss)", "{:.3f}")),),
        (Figure(rules_curve(fidelity, marks, "Fidelity on rows not used to learn", "{:.1%}")),),
    ))  # fmt: skip


def _model_blocks(purchase: PurchaseFacts, segments: SegmentFacts, noun: str) -> tuple[Block, ...]:
    curves = Columns((
        (Figure(reliability_curve(purchase.reliability)),),
        (Figure(gains_curve(purchase.gains, gains_by_segment(segments))),),
    ))  # fmt: skip
    profit = (Text(_of_profit(purchase.profit, noun)),) if purchase.profit else ()
    return model_metrics(purchase.holdout), curves, *profit


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
    return table(head, rows, last_words=1, widths=(23, 11, 19, 47))


def _of_profit(profit: Profit, noun: str) -> str:
    paying = profit.above_break_even
    low, high = paying.profit_interval
    return (
        f"At a margin of {profit.margin:g} and {profit.contact_cost:g} a contact, a contact pays from a probability of "
        f"{profit.break_even:.1%}: for {paying.share:.0%} of the {noun}, which earns {paying.profit:,.0f} per 1,000 "
        f"of all ({low:,.0f} to {high:,.0f}) if the contact wins every outcome among them."
    )


def _baselines(purchase: PurchaseFacts) -> Table:
    rows = [("this model", purchase.holdout.figures, "")]
    for one in purchase.baselines:
        low, high = one.roc_auc_behind_interval
        rows.append((BASELINES[one.name], one.figures, f"{low:+.3f} to {high:+.3f}"))
    head = (*RANKING_HEAD, "Behind in ROC-AUC (95%)")
    return table(head, [
        (name, f"{of[ROC_AUC]:.3f}", f"{of[AVERAGE_PRECISION]:.3f}", f"{of[LIFT_10]:.2f}", behind)
        for name, of, behind in rows
    ])  # fmt: skip


def _no_accuracy(holdout: Holdout) -> Text:
    return Text(
        rich("<strong>Why not accuracy?</strong> Predicting “no outcome” for everyone has an accuracy of {}, as the "
             "outcome is that of {}, and finds none of them. A campaign uses ranks and rates, so these are measured.",
             f"{1 - holdout.base_rate:.0%}", f"{holdout.base_rate:.1%}")
    )  # fmt: skip
