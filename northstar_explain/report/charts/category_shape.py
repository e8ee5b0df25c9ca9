"""The shape of a category, a row per value: points enlarged and on the scale of all features, and customers."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.report.audit.shapes.bin_labels import shortened
from northstar_explain.report.audit.shapes.feature_shapes import Bin, FeatureShape
from northstar_explain.report.audit.shapes.point_ranges import Range, own_range, predicted_points, rate_points
from northstar_explain.report.charts.number_shape import alt_text
from northstar_explain.report.charts.spec_parts import (
    ACTUAL,
    COUNT,
    CURVE,
    LATER,
    REFITS,
    Spec,
    domain,
    places,
    points_axis,
    short,
)
from northstar_explain.report.document.charts import Chart

_WIDTH, _COUNT_WIDTH, _LABEL = 185, 95, 24
_PAGE_WIDTH = 340


def category_shape(shape: FeatureShape, common: Range, intercept: float) -> Chart:
    """Plot a category; missing and unseen last. The parameters are those of `number_shape`.

    Returns
    -------
    Chart
        Diamonds of thin values are white.
    """
    bins = [*shape.shown_groups, shape.missing, shape.unseen]
    rows = _rows(bins, common, intercept)
    # Rows shrink so that plot and table of the largest number of categories still fit on one page.
    step = min(24.0, 250 / len(bins))
    y = _down(bins)
    panels = [
        _again(_points("Points", own_range(shape), y, ("low", "high"), CURVE), shape),
        _points("On the scale of all features", common, {**y, "axis": None}, ("rate_low", "rate_high"), ACTUAL, "rate"),
        _customers({**y, "axis": None}),
    ]
    sized = [{"height": {"step": step}, **panel} for panel in panels]
    return Chart({"data": {"values": rows}, "hconcat": sized, "spacing": 22}, alt_text(shape))


def category_on_scale(shape: FeatureShape, scale: Range, intercept: float) -> Chart:
    """Plot a category for a page: on one scale, with the actual rates that lie within it.

    The parameters are those of `number_on_scale`; the place of a row is the datum's ``i``.
    """
    bins = [*shape.bins, shape.missing, shape.unseen]
    y = _down(bins)
    points = _again(_points("Points", scale, y, ("low", "high"), CURVE), shape)
    actual = _points("", scale, y, ("rate_low", "rate_high"), ACTUAL, "rate")["layer"][:3]
    # Rates go below the points, which they may hide.
    points |= {"width": _PAGE_WIDTH, "layer": [*actual, *points["layer"], _TARGETS]}
    panels = [{"height": {"step": 24}, **panel} for panel in (points, _customers({**y, "axis": None}))]
    return Chart({"data": {"values": _rows(bins, scale, intercept)}, "hconcat": panels, "spacing": 22}, alt_text(shape))


def _rows(bins: Sequence[Bin], scale: Range, intercept: float) -> list[Spec]:
    """A row for each value, with its actual rate where the scale holds it."""
    rows = []
    for place, bin in enumerate(bins):
        row = {"i": place, "p": bin.points, **dict(zip(("low", "high"), bin.ends, strict=True))}
        row |= {} if bin.refits is None else dict(zip(("least", "most"), bin.refits, strict=True))
        row |= {} if bin.later is None else {"later": bin.later}
        rate = rate_points(bin, intercept, scale)
        rates = dict(zip(("rate", "rate_low", "rate_high"), rate, strict=True)) if rate else {}
        if (expected := predicted_points(bin, intercept, scale)) is not None:
            rates["predicted"] = expected
        rows.append(
            {**{key: short(value) for key, value in {**row, **rates}.items()}, "n": bin.train_n, "thin": bin.thin}
        )
    return rows


def _down(bins: Sequence[Bin]) -> Spec:
    axis = {
        "labelExpr": places([shortened(bin.label, _LABEL) for bin in bins]),
        "title": None,
        "domain": False,
        "ticks": False,
    }
    return {"field": "i", "type": "ordinal", "axis": axis}


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


def _again(panel: Spec, shape: FeatureShape) -> Spec:
    """With a tick at the lowest and the highest points where the model was fitted again, and for the later table."""
    x = panel["layer"][-1]["encoding"]["x"]
    drawn = [("least", REFITS), ("most", REFITS)] if shape.missing.refits else []
    drawn += [("later", LATER)] if shape.missing.later is not None else []
    ticks = [
        {"mark": {"type": "tick", "color": color, "thickness": 1.2, "height": {"band": 0.7}},
         "encoding": {"x": {**x, "field": field}}}
        for field, color in drawn
    ]  # fmt: skip
    return {**panel, "layer": [*ticks, *panel["layer"]]}


def _customers(y: Spec) -> Spec:
    x = {"field": "n", "type": "quantitative", "axis": None}
    bars = {"mark": {"type": "bar", "color": COUNT, "height": {"band": 0.55}}, "encoding": {"x": x}}
    text = {
        "mark": {"type": "text", "align": "left", "dx": 4},
        "encoding": {"x": x, "text": {"field": "n", "format": ","}},
    }
    return {"title": "Rows", "width": _COUNT_WIDTH, "encoding": {"y": y}, "layer": [bars, text]}
