"""The probabilities inside each segment: their middle half, and their middle 80%."""

from __future__ import annotations

from collections.abc import Mapping

from northstar_explain.model.evaluation.together_facts import Quantiles
from northstar_explain.model.names import with_id
from northstar_explain.report.charts.chart_encodings import COLOR, axis, rows, tips
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import PAPER, QUIET


def probability_spread(spread: Mapping[str, Quantiles], names: Mapping[str, str], colors: Mapping[str, str]) -> Chart:
    """A bar and a line per segment, all on one scale; everything is by segment id."""
    values = [
        {"id": id, "name": with_id(id, names[id]), "color": colors[id], **vars(one), "top": f"{one.p90:.0%}",
         "middle": f"{one.p50:.1%}", "half": f"{one.p25:.1%} to {one.p75:.1%}",
         "most": f"{one.p10:.1%} to {one.p90:.1%}"}
        for id, one in spread.items()
    ]  # fmt: skip
    # The scale ends at the largest 90th percentile: a few high probabilities would squeeze all segments to the left.
    high = 1.06 * max(1e-9, *(one.p90 for one in spread.values()))
    tooltip = tips(name="Segment", middle="Median", half="Middle half", most="Middle 80%")

    def x(field: str) -> dict[str, object]:
        return axis(field, "Probability", 0, high, format="%", tickCount=4, grid=True)

    spec = {
        "data": {"values": values},
        "width": 250,
        "height": {"step": 22},
        "encoding": {"y": rows("id", labelFontWeight=600)},
        "layer": [
            {"mark": {"type": "rule", "strokeWidth": 2},
             "encoding": {"x": x("p10"), "x2": {"field": "p90"}, "color": COLOR}},
            {"mark": {"type": "bar", "height": 13},
             "encoding": {"x": x("p25"), "x2": {"field": "p75"}, "color": COLOR, "tooltip": tooltip}},
            {"mark": {"type": "tick", "color": PAPER, "thickness": 2, "size": 13}, "encoding": {"x": x("p50")}},
            {"mark": {"type": "text", "align": "left", "dx": 5, "color": QUIET},
             "encoding": {"x": x("p90"), "text": {"field": "top"}}},
        ],
    }  # fmt: skip
    said = "; ".join(f"{one['name']}: middle half {one['half']}, median {one['middle']}" for one in values)
    return Chart(spec, f"Probabilities inside each segment. {said}.")
