"""The shape of a category, a row per value: points enlarged and on the scale of all features, and customers."""

from __future__ import annotations

from northstar_explain.report.audit.shapes.bin_labels import shortened
from northstar_explain.report.audit.shapes.feature_shapes import FeatureShape
from northstar_explain.report.audit.shapes.point_ranges import Range, own_range, predicted_points, rate_points
from northstar_explain.report.charts.number_shape import alt_text
from northstar_explain.report.charts.spec_parts import ACTUAL, COUNT, CURVE, Spec, domain, places, points_axis, short
from northstar_explain.report.document.charts import Chart

_WIDTH, _COUNT_WIDTH, _LABEL = 185, 95, 24


def category_shape(shape: FeatureShape, common: Range, intercept: float, values: bool = False) -> Chart:
    """Plot a category; missing and unseen last. The parameters are those of `number_shape`.

    Returns
    -------
    Chart
        Diamonds of thin values are white; with `values`, the place of a row is the datum's ``i``.
    """
    bins = [*(shape.bins if values else shape.shown_groups), shape.missing, shape.unseen]
    rows = []
    for place, bin in enumerate(bins):
        row = {"i": place, "p": bin.points, "low": bin.points - bin.spread, "high": bin.points + bin.spread}
        rate = rate_points(bin, intercept, common)
        rates = dict(zip(("rate", "rate_low", "rate_high"), rate, strict=True)) if rate else {}
        if (expected := predicted_points(bin, intercept, common)) is not None:
            rates["predicted"] = expected
        rows.append(
            {**{key: short(value) for key, value in {**row, **rates}.items()}, "n": bin.train_n, "thin": bin.thin}
        )
    # Rows shrink so that plot and table of the largest number of categories still fit on one page.
    step = min(24.0, 250 / len(bins))
    axis = {
        "labelExpr": places([shortened(bin.label, _LABEL) for bin in bins]),
        "title": None,
        "domain": False,
        "ticks": False,
    }
    y = {"field": "i", "type": "ordinal", "axis": axis}
    panels = [
        _points("Points", own_range(shape), y, ("low", "high"), CURVE),
        _points("On the scale of all features", common, {**y, "axis": None}, ("rate_low", "rate_high"), ACTUAL, "rate"),
        _customers({**y, "axis": None}),
    ]
    if values:
        panels[0]["layer"].append(_TARGETS)
    sized = [{"height": {"step": step}, **panel} for panel in panels]
    return Chart({"data": {"values": rows}, "hconcat": sized, "spacing": 22}, alt_text(shape))


_TARGETS: Spec = {
    "mark": {"type": "rect", "opacity": 0},
    "encoding": {"x": {"value": 0}, "x2": {"value": "width"}, "tooltip": {"value": "bin"}},
}


def _points(title: str, scale: Range, y: Spec, ends: tuple[str, str], color: str, dot: str = "") -> Spec:
    """A diamond for the points of a value, a line from end to end; a dot, and a ring beside it, where one is named."""
    both = {"type": "quantitative", "scale": domain(scale), "axis": points_axis(scale, 4)}
    fill = {"condition": {"test": "datum.thin", "value": "white"}, "value": CURVE}
    line = {"x": {"field": ends[0], **both}, "x2": {"field": ends[1]}}
    layers: list[Spec] = [{"mark": {"type": "rule", "color": color}, "encoding": line}]
    if dot:
        ring = {"type": "point", "color": color, "size": 30, "strokeWidth": 1.2, "opacity": 1}
        layers.append({"mark": ring, "encoding": {"x": {"field": "predicted", **both}}})
        circle = {"type": "circle", "color": color, "size": 30, "opacity": 1}
        layers.append({"mark": circle, "encoding": {"x": {"field": dot, **both}}})
    diamond = {"type": "point", "shape": "diamond", "size": 70, "color": CURVE, "opacity": 1}
    layers.append({"mark": diamond, "encoding": {"x": {"field": "p", **both}, "fill": fill}})
    return {"title": title, "width": _WIDTH, "encoding": {"y": y}, "layer": layers}


def _customers(y: Spec) -> Spec:
    x = {"field": "n", "type": "quantitative", "axis": None}
    bars = {"mark": {"type": "bar", "color": COUNT, "height": {"band": 0.55}}, "encoding": {"x": x}}
    text = {
        "mark": {"type": "text", "align": "left", "dx": 4},
        "encoding": {"x": x, "text": {"field": "n", "format": ","}},
    }
    return {"title": "Customers", "width": _COUNT_WIDTH, "encoding": {"y": y}, "layer": [bars, text]}
