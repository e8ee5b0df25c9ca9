"""The probabilities inside each segment: their middle half, and their middle 80%."""

from __future__ import annotations

from collections.abc import Mapping

from northstar_explain.model.evaluation.together_facts import Quantiles
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import PAPER, QUIET


def probability_spread(spread: Mapping[str, Quantiles], names: Mapping[str, str], colors: Mapping[str, str]) -> Chart:
    """A bar and a line per segment, on one scale.

    Parameters
    ----------
    spread : mapping of str to Quantiles
        By segment id, in the order in which they are drawn.
    names, colors : mapping of str to str

    Returns
    -------
    Chart
    """
    values = [
        {"id": id, "color": colors[id], "p10": one.p10, "p25": one.p25, "p50": one.p50, "p75": one.p75, "p90": one.p90,
         "name": f"{id} {names[id]}", "top": f"{one.p90:.0%}",
         "middle": f"{one.p50:.1%}", "half": f"{one.p25:.1%} to {one.p75:.1%}",
         "most": f"{one.p10:.1%} to {one.p90:.1%}"}
        for id, one in spread.items()
    ]  # fmt: skip
    tooltip = [{"field": "name", "title": "Segment"}, {"field": "middle", "title": "Median"},
               {"field": "half", "title": "Middle half"}, {"field": "most", "title": "Middle 80%"}]  # fmt: skip
    # The scale ends at the largest 90th percentile: a few high probabilities would squeeze all segments to the left.
    high = max(max(one.p90 for one in spread.values()), 1e-9)
    ends = {"type": "quantitative", "title": None, "scale": {"domain": [0, 1.06 * high], "nice": False},
            "axis": {"format": "%", "tickCount": 6, "grid": True}}  # fmt: skip
    color = {"field": "color", "type": "nominal", "scale": None}
    spec = {
        "data": {"values": values},
        "width": 560,
        "height": {"step": 22},
        "encoding": {
            "y": {"field": "id", "type": "nominal", "sort": None, "title": None,
                  "axis": {"ticks": False, "domain": False, "labelFontWeight": 600}},
        },
        "layer": [
            {"mark": {"type": "rule", "strokeWidth": 2},
             "encoding": {"x": {"field": "p10", **ends}, "x2": {"field": "p90"}, "color": color}},
            {"mark": {"type": "bar", "height": 13},
             "encoding": {"x": {"field": "p25", **ends}, "x2": {"field": "p75"}, "color": color, "tooltip": tooltip}},
            {"mark": {"type": "tick", "color": PAPER, "thickness": 2, "size": 13},
             "encoding": {"x": {"field": "p50", **ends}}},
            {"mark": {"type": "text", "align": "left", "dx": 5, "color": QUIET},
             "encoding": {"x": {"field": "p90", **ends}, "text": {"field": "top"}}},
        ],
    }  # fmt: skip
    said = "; ".join(f"{one['name']}: middle half {one['half']}, median {one['middle']}" for one in values)
    return Chart(spec, f"Probabilities inside each segment. {said}.")
