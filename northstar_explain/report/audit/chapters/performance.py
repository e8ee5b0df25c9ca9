"""How good it is: figures with intervals, calibration, gains, deciles, other models on the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from northstar_explain.model import Model
from northstar_explain.model.wording import capital
from northstar_explain.report.audit.shapes.axis import nice_values
from northstar_explain.report.audit.shapes.bin_labels import percent, plain_percent
from northstar_explain.report.document import svg
from northstar_explain.report.document.blocks import Block, Chapter, Figure, Text, Writer, table
from northstar_explain.report.document.svg import Canvas

NOT_MEASURED = "Not measured in this model."
# Key of the holdout to its words and what it is read against; in the order in which they are shown.
FIGURES = {
    "roc_auc": ("ROC-AUC", "how often a buyer is scored above a non-buyer; 0.5 is chance"),
    "average_precision": ("Average precision", "precision over recall; chance reaches the base rate"),
    "f1": ("F1", "of the likely-buyer flag"),
    "precision": ("Precision", "of the flagged, share who bought"),
    "recall": ("Recall", "of the buyers, share who were flagged"),
    "brier": ("Brier score", "mean squared error of the probability; lower is better"),
    "brier_skill": ("Brier skill", "share of the base rate's error that is taken off"),
    "ece": ("Calibration error", "mean gap of predicted and actual rate over ten bins"),
    "lift_quality": ("Lift quality", "twice the ROC-AUC less one; chance is 0"),
    "lift_10": ("Lift of the best tenth", "purchase rate there over that of all"),
    "capture_10": ("Captured by the best tenth", "share of all buyers who are there"),
    "capture_30": ("Captured by the best three tenths", "share of all buyers who are there"),
    "base_rate": ("Base rate", "share of the holdout who bought"),
    "threshold": ("Threshold", "probability from which a customer is flagged"),
    "f1_everyone": ("F1 of flagging everyone", "what the flag must beat"),
    "brier_base_rate": ("Brier score of the base rate", "what the probability must beat"),
}
_BASELINES = {
    "base_rate": "the base rate for everyone",
    "recency_rule": "rule on recency alone",
    "logistic_rfv": "logistic regression on recency, frequency, value",
    "segment_rate": "the segment's purchase rate",
    "black_box": "black box (gradient boosting)",
}
_COMPARED = ("roc_auc", "average_precision", "f1", "brier", "ece")


def performance(model: Model) -> Chapter:
    """The purchase model on customers it has not seen."""
    page = Writer()
    purchase = model.evaluation["purchase"]
    held = purchase["holdout"]
    later = "at a later date" if purchase["out_of_time"] else "kept apart"
    page.say(
        f"Measured once, on {held['n']:,} {model.contract.noun} {later}, whom the model has not seen. Every figure is "
        "stored in model/evaluation.json; this report only shows it.",
        style="lead",
    )
    page.add(_figures(held, purchase.get("intervals")))
    page.say(_intervals_words(purchase), style="fine")
    page.under("Calibration and gains", *_curves(purchase))
    page.under("By decile of the training population, 10 the highest", *_deciles(purchase))
    page.under("Against other models, taught and judged on the same rows", *_baselines(held, purchase))
    return page.chapter("performance", "Performance", flows=True)


def _figures(held: Mapping[str, Any], intervals: Mapping[str, Any] | None) -> Block:
    rows = [
        (words, reading, figure(held[key]), interval_words((intervals or {}).get(key)))
        for key, (words, reading) in FIGURES.items()
        if isinstance(held.get(key), int | float)
    ]
    heads = ("Figure", "Read as", "Value", "95% interval")
    return table(heads, rows, words=2, style="small", says="Figures on the holdout")


def _intervals_words(purchase: Mapping[str, Any]) -> str:
    if not purchase.get("intervals"):
        return "Intervals: not measured in this model."
    return f"Intervals are percentiles over {purchase['draws']:,} bootstrap draws of the holdout."


def figure(value: object) -> str:
    """A figure to four digits; a dash where there is none."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


def interval_words(ends: Sequence[float] | None) -> str:
    """``0.1234 to 0.2345``; a dash where there is no interval."""
    return f"{ends[0]:.4f} to {ends[1]:.4f}" if ends and None not in ends else "–"


def _curves(purchase: Mapping[str, Any]) -> list[Block]:
    bins, gains = purchase.get("reliability"), purchase.get("gains")
    if not bins or not gains:
        return [Text(NOT_MEASURED)]
    rows = [
        (str(i), f"{one['n']:,}", percent(one["predicted"], 2), percent(one["actual"], 2), _gap(one))
        for i, one in enumerate(bins, start=1)
    ]
    heads = ("Tenth by probability", "Customers", "Predicted", "Bought", "Gap, points of a percent")
    shown = table(heads, rows, style="bins", says="Predicted and actual rates")
    return [_calibration_and_gains(bins, gains), shown]


def _gap(one: Mapping[str, float]) -> str:
    return f"{100 * (one['actual'] - one['predicted']):+.2f}"


def _calibration_and_gains(bins: Sequence[Mapping[str, Any]], gains: Sequence[Mapping[str, Any]]) -> Figure:
    says = (
        f"Left: actual against predicted rate in {len(bins)} bins; the diagonal is perfect. Right: share of buyers "
        "among the highest scored; the diagonal is chance."
    )
    canvas = Canvas(890, 262, says)
    most = max(max(one["predicted"], one["actual"]) for one in bins) * 1.08 or 1.0
    dots = [(one["predicted"], one["actual"]) for one in bins]
    _square(canvas, 60, most, dots, ("predicted rate", "bought"), marked=True)
    curve = [(0.0, 0.0), *((one["share"], one["captured"]) for one in gains)]
    _square(canvas, 500, 1.0, curve, ("share of customers, the highest scored first", "share of buyers"), marked=False)
    return canvas.done()


def _square(
    canvas: Canvas,
    left: float,
    most: float,
    points: Sequence[tuple[float, float]],
    names: tuple[str, str],
    marked: bool,
) -> None:
    """A plot whose axes both run from 0 to the same end, with its diagonal."""
    width, height, top = 330.0, 196.0, 22.0

    def at(x: float, y: float) -> tuple[float, float]:
        return left + width * x / most, top + height * (1 - y / most)

    canvas.path(svg.rectangle(left, top, width, height), stroke=svg.RULE)
    canvas.path(svg.line([at(0, 0), at(most, most)]), stroke=svg.SOFT, dash="4,3")
    canvas.path(svg.line([at(*point) for point in points]), stroke=svg.CURVE, width=1.6)
    if marked:
        canvas.path("".join(svg.circle(*at(*point), 3.4) for point in points), fill=svg.CURVE)
    for share in nice_values(0, most, 5):
        canvas.text(at(share, 0)[0], top + height + 15, plain_percent(share), anchor="middle")
        canvas.text(left - 6, at(0, share)[1] + 4, plain_percent(share), anchor="end")
    canvas.text(left + width / 2, top + height + 33, names[0], anchor="middle")
    canvas.text(left, top - 8, names[1])


def _deciles(purchase: Mapping[str, Any]) -> list[Block]:
    deciles = purchase.get("deciles")
    if not deciles:
        return [Text(NOT_MEASURED)]
    rows = [
        (str(one["decile"]), f"{one['n']:,}", percent(one["predicted_rate"], 2), percent(one["purchase_rate"], 2))
        for one in deciles
    ]
    return [table(("Decile", "Customers", "Predicted", "Bought"), rows, style="bins", says="Rates by decile")]


def _baselines(held: Mapping[str, Any], purchase: Mapping[str, Any]) -> list[Block]:
    baselines = purchase.get("baselines")
    if not baselines:
        return [Text(NOT_MEASURED)]
    keys = [key for key in _COMPARED if key in held]
    rows = [("this model", *(figure(held[key]) for key in keys), "")]
    for one in baselines:
        words = _BASELINES.get(str(one.get("name")), str(one.get("name")))
        rows.append((words, *(figure(one.get(key)) for key in keys), _behind(one)))
    heads = ("Model", *(FIGURES[key][0] for key in keys), "ROC-AUC behind this model, 95% interval")
    blocks: list[Block] = [table(heads, rows, style="small", says="Baselines")]
    known = (purchase.get("gaps") or {}).get("knowable")
    if known is not None:
        blocks.append(Text(f"Behind the best that can be known in this simulation, ROC-AUC: {known:+.4f}.", "fine"))
    return blocks


def _behind(one: Mapping[str, Any]) -> str:
    ends = one.get("roc_auc_behind_interval")
    if one.get("roc_auc_behind") is None:
        return "–"
    return f"{one['roc_auc_behind']:+.4f}" + (f" ({ends[0]:+.4f} to {ends[1]:+.4f})" if ends else "")


def sensitive_words(model: Model) -> list[str]:
    """What each sensitive feature is used for."""
    said = []
    for feature in model.contract.sensitive_features:
        uses = [use for use in ("segments", "model") if feature.may_serve(use)]
        allowed = f"allowed for {' and '.join(uses)} by the contract"
        use = allowed if uses else "used neither for segments nor for the purchase model"
        said.append(f"{capital(feature.words)} ({feature.name}) is marked as sensitive. It is {use}.")
    return said or ["The contract marks no feature as sensitive."]
