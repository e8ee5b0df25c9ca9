"""Scores side by side as bars, each with its value."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.report.charts.encodings import axis, rows, tips
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import LINE


def score_bars(scores: Sequence[tuple[str, float]], low: float, metric: str) -> Chart:
    """Horizontal bars that start at `low`: at 0.5 for an AUC, which chance reaches."""
    values = [{"name": name, "value": max(low, score), "from": low, "label": f"{score:.3f}"} for name, score in scores]
    high = max(low + 1e-9, *(score for _, score in scores))
    bars = {
        "mark": {"type": "bar", "color": LINE, "height": 14},
        "encoding": {"x2": {"field": "from"}, "tooltip": tips(name="Score", label=metric)},
    }
    spec = {
        "data": {"values": values},
        "width": 440,
        "height": {"step": 20},
        # Room beyond the longest bar for its value.
        "encoding": {"y": rows("name"), "x": axis("value", None, low, high + 0.25 * (high - low))},
        "layer": [bars, {"mark": {"type": "text", "align": "left", "dx": 6}, "encoding": {"text": {"field": "label"}}}],
    }
    return Chart(spec, f"{metric}, from {low:g}: " + "; ".join(f"{name} {score:.3f}" for name, score in scores) + ".")
