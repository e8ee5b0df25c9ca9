"""Scores side by side as bars, each with its value."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import LINE


def score_bars(rows: Sequence[tuple[str, float]], low: float, metric: str) -> Chart:
    """Horizontal bars from a common start.

    Parameters
    ----------
    rows : sequence of (str, float)
    low : float
        Where the bars start: 0.5 for an AUC, which chance reaches.
    metric : str
        What they measure.

    Returns
    -------
    Chart
    """
    values = [
        {"name": name, "value": max(low, value), "from": low, "label": f"{value:.3f}"} for name, value in rows
    ]  # fmt: skip
    # Room beyond the longest bar for its value.
    high = max(low + 1e-9, *(value for _, value in rows))
    spec = {
        "data": {"values": values},
        "width": 440,
        "height": {"step": 20},
        "encoding": {
            "y": {"field": "name", "type": "nominal", "sort": None, "title": None,
                  "axis": {"ticks": False, "domain": False}},
            "x": {"field": "value", "type": "quantitative", "axis": None,
                  "scale": {"domain": [low, high + 0.25 * (high - low)], "zero": False, "nice": False}},
        },
        "layer": [
            {
                "mark": {"type": "bar", "color": LINE, "height": 14},
                "encoding": {
                    "x2": {"field": "from"},
                    "tooltip": [{"field": "name", "title": "Score"}, {"field": "label", "title": metric}],
                },
            },
            {"mark": {"type": "text", "align": "left", "dx": 6}, "encoding": {"text": {"field": "label"}}},
        ],
    }  # fmt: skip
    return Chart(spec, f"{metric}, from {low:g}: " + "; ".join(f"{name} {value:.3f}" for name, value in rows) + ".")
