"""The share of all with the outcome that is found among the best-scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from northstar_explain.model.evaluation.rate_facts import GainsPoint
from northstar_explain.report.charts.chart_encodings import axis, tips
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import LINE, QUIET, RULE

_X, _Y = (
    axis(field, title, 0, 1, format="%", values=[0, 0.2, 0.4, 0.6, 0.8, 1])
    for field, title in (("x", "Share taken, best first"), ("y", "Share found"))
)
_MANY = 15  # points that would hide their line


def gains_curve(
    gains: Sequence[GainsPoint],
    segments: Sequence[tuple[float, float]] = (),
    title: str = "Share of the outcomes found",
) -> Chart:
    """The curve by probability; dashed, that of whole segments: shares taken and found, the highest rate first."""
    found = [(one.share, one.captured) for one in gains]
    layers = [diagonal(1.0, _X, _Y)]
    if segments:
        layers += [_curve(segments, "by segment", QUIET, [4, 3]), _key(0.04, "dashed: by segment", QUIET)]
    layers += [_curve(found, "by probability", LINE, [1, 0]), _key(0.14, "line: by probability", LINE)]
    said = "; ".join(f"the best {share:.0%} hold {captured:.0%}" for share, captured in found)
    spec = {"title": title, "width": 270, "height": 140, "layer": layers}
    return Chart(spec, f"{title}, by probability: {said}.")


def diagonal(most: float, x: Mapping[str, Any], y: Mapping[str, Any]) -> dict[str, Any]:
    """The line from the origin on which both axes are equal, as a layer."""
    ends = [{"x": 0, "y": 0}, {"x": most, "y": most}]
    return {"data": {"values": ends}, "mark": {"type": "line", "color": RULE}, "encoding": {"x": x, "y": y}}


def _key(height: float, words: str, color: str) -> dict[str, Any]:
    mark = {"type": "text", "align": "right", "dx": -4, "baseline": "bottom", "color": color, "text": words}
    return {"data": {"values": [{"x": 1, "y": height}]}, "mark": mark, "encoding": {"x": _X, "y": _Y}}


def _curve(points: Sequence[tuple[float, float]], how: str, color: str, dash: list[int]) -> dict[str, Any]:
    values = [{"x": a, "y": b, "taken": f"{a:.0%}", "found": f"{b:.0%}", "how": how} for a, b in points]
    point = {"type": "circle", "color": color, "size": 40, "opacity": 0 if len(values) > _MANY else 1}
    line = {"mark": {"type": "line", "color": color, "strokeDash": dash}}
    said = {"tooltip": tips(how="Taken", taken="Share taken", found="Share found")}
    both = {"x": _X, "y": _Y}
    return {"data": {"values": values}, "encoding": both, "layer": [line, {"mark": point, "encoding": said}]}
