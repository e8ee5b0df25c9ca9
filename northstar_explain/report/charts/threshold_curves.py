"""The ROC and the precision-recall curve, through the thresholds whose figures are stored."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.model.evaluation.rate_facts import OperatingPoint
from northstar_explain.report.charts.chart_encodings import axis, tips
from northstar_explain.report.charts.gains_curve import diagonal
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import LINE, RULE

_TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1]
_Point = tuple[float, float, OperatingPoint]


def roc_curve(points: Sequence[OperatingPoint]) -> Chart:
    """Recall over the share of false positives; the diagonal is chance, the ring is the model's own threshold."""
    title = "ROC curve"
    found: list[_Point] = [(one.false_positive_rate, one.recall, one) for one in points]
    x, y = (axis(field, words, 0, 1, format="%", values=_TICKS) for field, words in
            (("x", "False positives"), ("y", "Recall")))  # fmt: skip
    # Both ends are known without any threshold: nobody is flagged, and everybody.
    line = [(0.0, 0.0), *((a, b) for a, b, _ in found), (1.0, 1.0)]
    return _chart(title, diagonal(1.0, x, y), line, found, x, y)


def precision_recall_curve(points: Sequence[OperatingPoint], base_rate: float) -> Chart:
    """Precision over recall; the grey line is the base rate, the ring is the model's own threshold."""
    title = "Precision-recall curve"
    found: list[_Point] = [(one.recall, one.precision, one) for one in points if one.precision is not None]
    x, y = (axis(field, words, 0, 1, format="%", values=_TICKS) for field, words in
            (("x", "Recall"), ("y", "Precision")))  # fmt: skip
    ends = [{"x": 0, "y": base_rate}, {"x": 1, "y": base_rate}]
    chance = {"data": {"values": ends}, "mark": {"type": "line", "color": RULE}, "encoding": {"x": x, "y": y}}
    return _chart(title, chance, [*((a, b) for a, b, _ in found), (1.0, base_rate)], found, x, y)


def _chart(
    title: str,
    chance: dict[str, object],
    line: Sequence[tuple[float, float]],
    found: Sequence[_Point],
    x: dict[str, object],
    y: dict[str, object],
) -> Chart:
    both = {"x": x, "y": y}
    values = [
        {"x": a, "y": b, "threshold": f"{one.threshold:.4f}", "across": f"{a:.1%}", "up": f"{b:.1%}",
         "chosen": one.chosen}
        for a, b, one in found
    ]  # fmt: skip
    titles = {"threshold": "Threshold", "across": str(x["title"]), "up": str(y["title"])}
    drawn = {"data": {"values": [{"x": a, "y": b} for a, b in line]}, "encoding": both,
             "mark": {"type": "line", "color": LINE}}  # fmt: skip
    dots = {"data": {"values": values}, "encoding": {**both, "tooltip": tips(**titles)}, "layer": [
        {"mark": {"type": "circle", "color": LINE, "size": 18, "opacity": 1}},
        {"transform": [{"filter": "datum.chosen"}],
         "mark": {"type": "point", "color": LINE, "size": 130, "strokeWidth": 2, "opacity": 1}},
    ]}  # fmt: skip
    said = "; ".join(f"{one.threshold:.3f}: {a:.0%}, {b:.0%}" for a, b, one in found)
    spec = {"title": title, "width": 270, "height": 140, "layer": [chance, drawn, dots]}
    return Chart(spec, f"{title}, {x['title']} and {y['title']} by threshold. {said}.")
