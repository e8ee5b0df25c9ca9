"""The memo that compares segments and purchase model; every number comes from the model folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from markupsafe import Markup

from northstar_explain import tables
from northstar_explain.errors import Fault, ModelError, OutputError
from northstar_explain.model.evaluation import PurchaseFacts
from northstar_explain.model.evaluation.experiment_facts import Clusters, LabelAsFeature, ShuffledLabel, Variant
from northstar_explain.model.evaluation.limits import (
    AUC_DIFFERENCE_THAT_MATTERS,
    AUDIENCE_MIN_CUSTOMERS,
    MONITOR_AUC_DROP,
    MONITOR_CALIBRATION_GAP,
    MONITOR_SEGMENT_CHANGE,
    REJECTED_SHARE,
    stability_scale,
)
from northstar_explain.model.evaluation.metric_registry import (
    AVERAGE_PRECISION,
    CAPTURE_20,
    F1,
    LIFT_10,
    LIFT_QUALITY,
    MEMO,
    ROC_AUC,
)
from northstar_explain.model.evaluation.profit_facts import Profit
from northstar_explain.model.evaluation.purchase_facts import Holdout
from northstar_explain.model.evaluation.segment_facts import SegmentFacts
from northstar_explain.model.evaluation.together_facts import DecileCell, Quantiles
from northstar_explain.model.learned_model import Model
from northstar_explain.model.wording import capital
from northstar_explain.report.comparison_alternatives import alternatives_facts
from northstar_explain.report.comparison_charts import bars_svg, curves_svg, mix_svg, spread_svg
from northstar_explain.report.curve import curve_svg
from northstar_explain.report.document.palette import ACCENTS
from northstar_explain.report.document.render import html, pdf
from northstar_explain.report.playbook.plays import plays_of
from northstar_explain.report.treatments import TREATMENTS

VARIANTS = {
    "segment_rate": "the segment's purchase rate",
    "model": "the purchase model",
    "model_with_segment": "the model plus the segment",
    "model_per_segment": "one model per segment",
}
BASELINES = {
    "base_rate": "the base rate",
    "recency_rule": "a recency rule",
    "logistic_rfv": "logistic regression, log recency-frequency-value",
    "segment_rate": "the segment's purchase rate",
    "black_box": "a black box (gradient boosting)",
}


@dataclass(frozen=True)
class AudienceCell:
    """The customers of a segment in one decile or in a band of deciles."""

    customers: str
    expected: str
    actual: str
    band: str
    treatment: str = ""


def write_comparison(
    model: Model, out: Path, overwrite: bool = False, progress: Callable[[str], None] = lambda stage: None
) -> tuple[Path, Path]:
    """Write the memo as PDF and as one HTML page.

    Parameters
    ----------
    model : Model
        Trained with its experiments.
    out : Path
        The PDF; the page goes beside it, with the ending ``.html``.
    overwrite : bool, default False
    progress : callable
        Called with the name of each stage as it begins.

    Returns
    -------
    pdf, html : Path

    Raises
    ------
    ModelError
        When the model was trained without experiments.
    OutputError
        When a file already exists or cannot be written.
    """
    if out.suffix != ".pdf":
        raise OutputError(str(out), [Fault("name", "an ending of .pdf", out.suffix or "none", "Rename it.")])
    page_path = out.with_suffix(".html")
    tables.require_apart([out, page_path], model.inputs)
    for path in (out, page_path):
        tables.require_free(path, overwrite)
    progress("collecting the facts")
    memo = comparison_facts(model)
    css = resources.files("northstar_explain.templates").joinpath("comparison.css").read_text(encoding="utf-8")
    progress("laying out the pages")
    data = pdf(html("comparison.html.j2", memo=memo, style=None), "comparison.css")
    page = html("comparison.html.j2", memo=memo, style=Markup(css))  # our own file, not user input
    tables.publish({out: data, page_path: page.encode()})
    return out, page_path


def comparison_facts(model: Model) -> dict[str, Any]:
    """The formatted facts of the memo.

    Raises
    ------
    ModelError
        When the model was trained without experiments.
    """
    facts = model.evaluation.experiments
    if facts is None:
        todo = "Train again without --no-experiments."
        raise ModelError(model.id, [Fault("evaluation.json", "the experiments of a comparison", "none", todo)])
    contract, segments, purchase = model.contract, model.evaluation.segments, model.evaluation.purchase
    together, holdout = model.evaluation.together, purchase.holdout
    names = {segment.id: segment.name for segment in model.segmentation.segments}
    figures = holdout.figures
    variants = {one.name: one for one in facts.variants}
    baselines = {one.name: one for one in purchase.baselines}
    return {
        "title": contract.title,
        "date": str(model.manifest["date"]),
        "model_id": model.id,
        "noun": contract.noun,
        "outcome": contract.outcome,
        "k": segments.k,
        "rows": f"{facts.rows:,}",
        "holdout": f"{facts.holdout_n:,}",
        "base_rate": f"{holdout.base_rate:.1%}",
        # What a model reaches that flags nobody: why accuracy is not among the metrics.
        "accuracy_of_nothing": f"{1 - holdout.base_rate:.0%}",
        "auc": f"{figures[ROC_AUC]:.3f}",
        "auc_interval": "{:.3f} to {:.3f}".format(*figures.intervals[ROC_AUC.key]),
        "out_of_time": purchase.out_of_time,
        "shuffled": _shuffled(facts.shuffled_label),
        "label": _label(facts.label_as_feature, contract.label),
        "variants": [
            (VARIANTS[name], f"{one.roc_auc:.3f}", f"{one.average_precision:.3f}", f"{one.lift_10:.2f}")
            for name, one in variants.items()
        ],
        "variants_chart": Markup(
            bars_svg([(VARIANTS[n], v.roc_auc) for n, v in variants.items()], 0.5, "ROC-AUC on the holdout, from 0.5")
        ),
        "segment_effect": _segment_effect(variants),
        "captured": f"{figures[CAPTURE_20]:.0%}",
        "captured_by_segment": f"{baselines['segment_rate'].figures[CAPTURE_20]:.0%}",
        "widest": _widest_spread(together.quantiles, names),
        "spread_chart": Markup(spread_svg(together.quantiles, names, "Probabilities inside each segment")),
        "mix_chart": Markup(mix_svg(together.matrix, "Segments inside each decile, the best decile on top")),
        "names": [(id, name, ACCENTS[place % len(ACCENTS)]) for place, (id, name) in enumerate(names.items())],
        "segment_metrics": _segment_metrics(segments, facts.clusters),
        "stability": [(id, names[id], f"{value:.2f}") for id, value in segments.stability.items()],
        "alternatives": alternatives_facts(segments),
        "natural": segments.null_test.natural_clusters,
        "curve": Markup(curve_svg(segments.curve, segments.knee, _rules_allowed(segments))),
        "effects": [(capital(contract[one.feature].words), f"{one.eta_squared:.0%}") for one in facts.effects[:5]],
        "curves": Markup(curves_svg(purchase.reliability, purchase.gains, _gains_by_segment(segments))),
        "profit": _profit(purchase.profit),
        "model_metrics": _model_metrics(holdout),
        "baselines": _baselines(purchase),
        "matrix": _matrix(together.matrix, names, [(step,) for step in range(10, 0, -1)]),
        "treatments": _treatments(model),
        "bands": [(key, _deciles_words(steps), todo) for steps, key, todo in TREATMENTS],
        "few": AUDIENCE_MIN_CUSTOMERS,
        "limits": _limits(),
        "control": [(f"{one.uplift:.1%}", f"{one.customers_each:,}") for one in together.control_sizes],
    }


def _shuffled(facts: ShuffledLabel) -> dict[str, Any]:
    before, after = facts.segments_sha256
    return {
        "before": before[:12],
        "after": after[:12],
        "identical": facts.segments_identical,
        "auc": f"{facts.roc_auc:.3f}",
        "auc_shuffled": f"{facts.roc_auc_shuffled:.2f}",
        "times": len(facts.roc_aucs_shuffled),
        "lowest": f"{min(facts.roc_aucs_shuffled):.2f}",
        "highest": f"{max(facts.roc_aucs_shuffled):.2f}",
    }


def _segment_effect(variants: dict[str, Variant]) -> str:
    """How much the segment improves the model, in words."""
    plain = variants["model"].roc_auc
    as_feature, per_segment = (variants[name].roc_auc - plain for name in ("model_with_segment", "model_per_segment"))
    verdict = (
        "neither matters for a campaign"
        if max(as_feature, per_segment) < AUC_DIFFERENCE_THAT_MATTERS
        else "the better of the two is worth a trial"
    )
    return (
        f"With the segment as a feature, the ROC-AUC changes by {_change(as_feature)}; with one model per segment, by "
        f"{_change(per_segment)}: {verdict}."
    )


def _change(value: float) -> str:
    text = f"{value:+.3f}"
    # Neither +0.000 nor -0.000: no change has no sign.
    return text[1:] if float(text) == 0 else text


def _widest_spread(spread: Mapping[str, Quantiles], names: dict[str, str]) -> dict[str, str]:
    """The segment with the widest spread of probabilities."""
    # By the middle 80%, as single customers at the ends say nothing of a segment.
    id = max(spread, key=lambda one: spread[one].p90 - spread[one].p10)
    return {"id": id, "name": names[id], "low": f"{spread[id].p10:.0%}", "high": f"{spread[id].p90:.0%}"}


def _gains_by_segment(segments: SegmentFacts) -> list[tuple[float, float]]:
    """Shares of customers and of buyers, whole segments taken from the highest purchase rate down."""
    # The gains of taking whole segments, comparable with the gains curve of the probability.
    outcomes = sorted(segments.holdout_outcomes.values(), key=lambda one: -one.purchase_rate)
    total, points = sum(one.n for one in outcomes), [(0.0, 0.0)]
    for one in outcomes:
        points.append((points[-1][0] + one.n / total, points[-1][1] + one.share_of_buyers))
    return points


def _profit(profit: Profit | None) -> dict[str, str] | None:
    if profit is None:
        return None
    paying = profit.above_break_even
    low, high = paying.profit_interval
    return {
        "margin": f"{profit.margin:g}",
        "cost": f"{profit.contact_cost:g}",
        "break_even": f"{profit.break_even:.1%}",
        "share": f"{paying.share:.0%}",
        "profit": f"{paying.profit:,.0f}",
        "interval": f"{low:,.0f} to {high:,.0f}",
    }


def _label(facts: LabelAsFeature, label: str) -> dict[str, Any]:
    return {
        "name": label,
        "rules_using_label": facts.rules_using_label,
        "rules": facts.rules,
        "definition": facts.definitions[0],
        "lowest": f"{min(facts.purchase_rates):.0%}",
        "highest": f"{max(facts.purchase_rates):.0%}",
        "auc": f"{facts.roc_auc_in_sample:.2f}",
        "undecided": f"{facts.undecided:.0%}",
    }


def _rules_allowed(segments: SegmentFacts) -> int:
    """The point of the curve that corresponds to the segments in use."""
    # Pruning may have left fewer rules than allowed, so the point is the first that allows as many.
    enough = [one.max_rules for one in segments.curve if one.max_rules >= segments.rules]
    return enough[0] if enough else segments.curve[-1].max_rules


def _segment_metrics(segments: SegmentFacts, clusters: Clusters) -> list[tuple[str, str, str]]:
    kmeans, rules, null = clusters.kmeans, clusters.rules, segments.null_test

    def both(of_rules: float, of_kmeans: float, form: str = "{:.3f}") -> str:
        return f"{form.format(of_rules)} ({form.format(of_kmeans)})"

    calinski = both(rules.calinski_harabasz, kmeans.calinski_harabasz, "{:,.0f}")
    price, worst = segments.price_of_explainability, min(segments.stability.values())
    null_test = f"{null.silhouette:.3f} against {null.null_max:.3f}"
    behavior = segments.behavior
    return [
        (
            "Behavior explained",
            f"{behavior.mean:.2f}",
            f"share of a feature's variance between segments; {behavior.of_kmeans:.0%} of KMeans without rules",
        ),
        ("Price of explainability", f"{price:.3f}", "k-means cost of the rules over that of KMeans; 1 is no loss"),
        (
            "Fidelity",
            f"{segments.fidelity:.1%}",
            "share of rows, not used to learn the rules, whose rule and cluster agree",
        ),
        ("Silhouette", both(rules.silhouette, kmeans.silhouette), "1 is well separated, 0 is not"),
        ("Davies-Bouldin", both(rules.davies_bouldin, kmeans.davies_bouldin), "lower is better"),
        ("Calinski-Harabasz", calinski, "higher is better, within one table only"),
        ("Least stable segment", f"{worst:.2f}", f"bootstrap Jaccard; {stability_scale()}"),
        ("Null test", null_test, "silhouette here, and the highest with shuffled columns"),
    ]


# What the memo adds to the meaning of a metric, filled from the holdout.
_REMARKS = {
    AVERAGE_PRECISION.key: "; here {base_rate:.3f}",
    LIFT_QUALITY.key: "; as a word: {lift_quality_grade}",
    F1.key: "; flagging everyone reaches {f1_everyone:.3f}",
}


def _model_metrics(holdout: Holdout) -> list[tuple[str, str, str, str]]:
    rows = []
    for one in holdout.figures.listed(MEMO):
        ends = holdout.figures.interval(one)
        interval = "{} to {}".format(*map(one.format.format, ends)) if ends else "–"
        meaning = one.meaning + _REMARKS.get(one.key, "").format(**vars(holdout))
        rows.append((one.label, one.format.format(holdout.figures[one]), interval, meaning))
    return rows


def _baselines(purchase: PurchaseFacts) -> list[tuple[str, str, str, str, str]]:
    rows = [("this model", purchase.holdout.figures, "")]
    for one in purchase.baselines:
        low, high = one.roc_auc_behind_interval
        rows.append((BASELINES[one.name], one.figures, f"{low:+.3f} to {high:+.3f}"))
    return [
        (name, f"{of[ROC_AUC]:.3f}", f"{of[AVERAGE_PRECISION]:.3f}", f"{of[LIFT_10]:.2f}", behind)
        for name, of, behind in rows
    ]


def _limits() -> dict[str, str]:
    """The limits of `explain monitor`, formatted."""
    return {
        "rejected": f"{REJECTED_SHARE:.0%}",
        "segment": f"{MONITOR_SEGMENT_CHANGE:.0%} of itself",
        "auc": f"{MONITOR_AUC_DROP:g}",
        "calibration": f"{100 * MONITOR_CALIBRATION_GAP:g} points",
    }


def _matrix(
    matrix: Mapping[str, Sequence[DecileCell]], names: dict[str, str], columns: Sequence[tuple[int, ...]]
) -> list[tuple[str, str, list[AudienceCell]]]:
    """One row per segment, one cell per group of deciles."""
    bands = {step: key for steps, key, _ in TREATMENTS for step in steps}
    return [
        (id, names[id], [_cell([cells[step - 1] for step in steps], bands[steps[0]]) for steps in columns])
        for id, cells in matrix.items()
    ]


def _cell(deciles: Sequence[DecileCell], band: str, treatment: str = "") -> AudienceCell:
    n, actual = sum(cell.n for cell in deciles), sum(cell.actual_buyers for cell in deciles)
    expected = sum(cell.expected_buyers for cell in deciles)
    # No treatment for a cell of a few customers: they are no audience of their own.
    return AudienceCell(
        f"{n:,}", f"{expected:,.0f}", f"{actual:,}", band, treatment if n >= AUDIENCE_MIN_CUSTOMERS else ""
    )


def _treatments(model: Model) -> list[tuple[str, str, list[AudienceCell]]]:
    """The treatment of each segment in each band: the segment's play, with the effort that the band is worth."""
    rows, plays = [], plays_of(model)
    for segment in model.segmentation.segments:
        play = plays[segment.id]
        cells = model.evaluation.together.matrix[segment.id]
        offer = play.offer or play.message
        texts = {"first": f"Contact first. {play.message}.", "next": f"As the budget goes. {offer}.",
                "rest": "Newsletter and on-site only."}  # fmt: skip
        in_bands = [_cell([cells[step - 1] for step in steps], key, texts[key]) for steps, key, _ in TREATMENTS]
        rows.append((segment.id, segment.name, in_bands))
    return rows


def _deciles_words(steps: tuple[int, ...]) -> str:
    return f"deciles {max(steps)} to {min(steps)}" if len(steps) > 2 else f"deciles {max(steps)} and {min(steps)}"
