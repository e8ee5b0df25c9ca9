"""Predicted against actual rate, by bins of equal size."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.model.evaluation.rate_facts import CalibrationBin
from northstar_explain.report.charts.chart_encodings import axis, tips
from northstar_explain.report.charts.gains_curve import diagonal
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import LINE


def reliability_curve(bins: Sequence[CalibrationBin], title: str = "Predicted and actual rate") -> Chart:
    """A point per bin with the 95% interval of its actual rate, and the diagonal on which both are equal."""
    # Both axes end at the highest rate, not at 100%, else the points of a rare outcome would lie in a corner.
    most = max(max(one.predicted_rate, one.purchase_rate) for one in bins) * 1.05 or 1.0
    values = [
        {"x": one.predicted_rate, "y": one.purchase_rate, "low": min(one.purchase_rate_interval[0], most),
         "high": min(one.purchase_rate_interval[1], most), "predicted": f"{one.predicted_rate:.1%}",
         "actual": f"{one.purchase_rate:.1%}", "n": f"{one.n:,}",
         "interval": "{:.1%} to {:.1%}".format(*one.purchase_rate_interval)}
        for one in bins
    ]  # fmt: skip
    x, y, low = (
        axis(field, words, 0, most, format="%", tickCount=5)
        for field, words in (("x", "Predicted"), ("y", "Actual"), ("low", "Actual"))
    )
    tooltip = tips(predicted="Predicted", actual="Actual", interval="95% interval", n="Number")
    spec = {
        "title": title,
        "data": {"values": values},
        "width": 270,
        "height": 140,
        "layer": [
            diagonal(most, x, y),
            {"mark": {"type": "rule", "color": LINE, "opacity": 0.45, "strokeWidth": 2},
             "encoding": {"x": x, "y": low, "y2": {"field": "high"}}},
            {"mark": {"type": "line", "color": LINE}, "encoding": {"x": x, "y": y}},
            {"mark": {"type": "circle", "color": LINE, "size": 50, "opacity": 1},
             "encoding": {"x": x, "y": y, "tooltip": tooltip}},
        ],
    }  # fmt: skip
    said = "; ".join(f"predicted {one.predicted_rate:.1%}, actual {one.purchase_rate:.1%}" for one in bins)
    return Chart(spec, f"{title}. {said}.")
