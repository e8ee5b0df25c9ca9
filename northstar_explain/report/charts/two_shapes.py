"""The points of one feature in two models, on a scale that several such charts share."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.report.audit.shapes.bin_labels import shortened
from northstar_explain.report.audit.shapes.feature_shapes import FeatureShape
from northstar_explain.report.charts.spec_parts import CURVE, Spec, at, domain, points_axis, short
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.numbers import signed
from northstar_explain.report.document.palette import QUIET

_WIDTH, _HEIGHT = 250, 110


def two_shapes(shape: FeatureShape, before: Sequence[float], scale: tuple[float, float]) -> Chart:
    """Plot a numeric feature: the line is the newer model, the dashed one the older.

    Parameters
    ----------
    shape : FeatureShape
        Of the newer model.
    before : sequence of float
        The older model's points in each of its bins.
    scale : tuple of float
        Of the points, the same for all features.
    """
    assert shape.axis is not None
    rows = [
        {"x": short(bin.left), "before": short(old), "after": short(bin.points)}
        for bin, old in zip(shape.bins, before, strict=True)
    ]
    rows.append({**rows[-1], "x": short(shape.bins[-1].right)})
    ticks = at(*zip(*((short(tick.at), tick.label) for tick in shape.ticks), strict=True))
    across = {**ticks, "title": None, "domain": False, "labelOverlap": "greedy", "labelSeparation": 3,
              "labelFlush": True}  # fmt: skip
    x = {"field": "x", "type": "quantitative", "scale": domain((0.0, 1.0)), "axis": across}
    layers = [_line("before", QUIET, [4, 3], scale), _line("after", CURVE, [1, 0], scale)]
    title = shortened(shape.feature.words, 44)
    spec: Spec = {
        "title": title, "width": _WIDTH, "height": _HEIGHT, "data": {"values": rows}, "encoding": {"x": x},
        "layer": layers,
    }  # fmt: skip
    far = max(abs(bin.points - old) for bin, old in zip(shape.bins, before, strict=True))
    reach = [signed(end) for of in (before, [bin.points for bin in shape.bins]) for end in (min(of), max(of))]
    said = f"from {reach[0]} to {reach[1]} before, from {reach[2]} to {reach[3]} now; at most {far:.2f} apart"
    return Chart(spec, f"Points of {shape.feature.words} in two models: {said}.")


def _line(field: str, color: str, dash: list[int], scale: tuple[float, float]) -> Spec:
    mark = {"type": "line", "interpolate": "step-after", "color": color, "strokeDash": dash, "strokeWidth": 1.5}
    y = {"field": field, "type": "quantitative", "scale": domain(scale), "axis": points_axis(scale, 4)}
    return {"mark": mark, "encoding": {"y": {**y, "title": None}}}
