"""The shape of a numeric feature: its points enlarged and on the scale of all features, and its customers per bin."""

from __future__ import annotations

from collections.abc import Iterator

from northstar_explain.report.audit.shapes.bin_labels import percent, shortened
from northstar_explain.report.audit.shapes.feature_shapes import Bin, FeatureShape
from northstar_explain.report.audit.shapes.point_ranges import (
    Range,
    own_range,
    predicted_points,
    probability_ticks,
    rate_points,
    tallest,
)
from northstar_explain.report.charts.spec_parts import (
    ACTUAL,
    BAND,
    COUNT,
    CURVE,
    LATER,
    REFITS,
    WASH,
    Spec,
    at,
    domain,
    points_axis,
    short,
)
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.numbers import signed

_WIDTH, _COMMON_WIDTH, _HEIGHT, _COUNT_HEIGHT = 350, 160, 172, 44
_PAGE_WIDTH, _PAGE_HEIGHT = 540, 230
_DOTS = "holdout rates: dots actual, rings predicted"
# Labels of all points axes are this wide, so that plots above one another are in line.
_EXTENT = {"minExtent": 42, "maxExtent": 42}
# Where values are missing, to the left of the axis from 0 to 1.
_MISSING = (-0.11, -0.04)


def number_shape(shape: FeatureShape, common: Range, intercept: float) -> Chart:
    """Plot a numeric feature.

    Parameters
    ----------
    shape : FeatureShape
    common : tuple of float
        The scale of all features.
    intercept : float
        Log-odds of the average customer.

    Returns
    -------
    Chart
        Grey behind the curve where bins are thin; dashed where no customer is.
    """
    layers = _layers(shape, own_range(shape), intercept)
    own = _panel("Points", "right: probability, all else average", layers, _WIDTH, _across(shape, labels=False))
    below = _panel(_counted(shape), "", _customers(shape), _WIDTH, _across(shape, title=True), _COUNT_HEIGHT)
    compared = _compared(shape, common, intercept)
    beside = _panel("On the scale of all features", _DOTS, compared, _COMMON_WIDTH, _across(shape))
    columns = {"hconcat": [own, beside], "spacing": 24}
    spec = {"data": {"values": list(_rows(shape))}, "vconcat": [columns, below], "spacing": 4}
    return Chart(spec, alt_text(shape))


def number_on_scale(shape: FeatureShape, scale: Range, intercept: float) -> Chart:
    """Plot a numeric feature for a page: on one scale, with the actual rates that lie within it.

    Parameters
    ----------
    shape : FeatureShape
    scale : tuple of float
    intercept : float
        Log-odds of the average customer.

    Returns
    -------
    Chart
        Each bin can be pointed at; its place is the datum's ``i``: 0 is missing.
    """
    layers = [*_layers(shape, scale, intercept), *_rates(shape, scale, intercept), _TARGETS]
    across = _across(shape, labels=False)
    above = _panel("Points", "right: probability, all else at the average", layers, _PAGE_WIDTH, across, _PAGE_HEIGHT)
    below = _panel(_counted(shape), "", _customers(shape), _PAGE_WIDTH, _across(shape, title=True), _COUNT_HEIGHT)
    return Chart({"data": {"values": list(_rows(shape))}, "vconcat": [above, below], "spacing": 4}, alt_text(shape))


def alt_text(shape: FeatureShape) -> str:
    """What a plot of a feature shows, numeric or not."""
    low, high = shape.reach
    return (
        f"Points of {shape.feature.words}: from {signed(low)} to {signed(high)} over {len(shape.bins)} bins; "
        f"missing {signed(shape.missing.points)} ({shape.missing.train_n:,} rows), unseen "
        f"{signed(shape.unseen.points)}; share of all importance {percent(shape.share)}. The table has the values."
    )


def _may_miss(shape: FeatureShape) -> bool:
    return shape.feature.missing is not None or shape.missing.train_n > 0


def _rows(shape: FeatureShape) -> Iterator[Spec]:
    """A row where each bin begins, and one where the last ends, as steps need it; missing is a part of its own."""
    if _may_miss(shape):
        for x in _MISSING:
            yield {"part": 0, "i": 0, "x": x, "end": _MISSING[1], **_heights(shape.missing)}
    for place, bin in enumerate(shape.bins, start=1):
        yield {"part": 1, "i": place, "x": short(bin.left), "end": short(bin.right), **_heights(bin)}
    last = shape.bins[-1]
    yield {"part": 1, "i": len(shape.bins), "x": short(last.right), "end": short(last.right), **_heights(last)}


def _heights(bin: Bin) -> Spec:
    low, high = bin.ends
    again = {} if bin.refits is None else dict(zip(("least", "most"), map(short, bin.refits), strict=True))
    later = {} if bin.later is None else {"later": short(bin.later)}
    return {"p": short(bin.points), "low": short(low), "high": short(high), "n": bin.train_n, **again, **later}


def _panel(title: str, subtitle: str, layers: list[Spec], width: int, x: Spec, height: int = _HEIGHT) -> Spec:
    heading = {"text": title, "frame": "group", "offset": 10, **({"subtitle": subtitle} if subtitle else {})}
    resolve = {"axis": {"y": "independent"}}
    return {
        "title": heading,
        "width": width,
        "height": height,
        "encoding": {"x": x},
        "layer": layers,
        "resolve": resolve,
    }


def _across(shape: FeatureShape, labels: bool = True, title: bool = False) -> Spec:
    """From left to right: missing, where it may be, and the axis of the shape."""
    assert shape.axis is not None
    ticks = [(short(tick.at), tick.label) for tick in shape.ticks]
    start = _MISSING[0] if _may_miss(shape) else 0.0
    if _may_miss(shape):
        ticks.insert(0, (short(sum(_MISSING) / 2), "missing"))
    scale = "" if shape.axis.scale is None else ", logarithmic"
    unit = f", {shape.unit}" if shape.unit else ""
    words = shortened(f"{shape.feature.words}{unit}{scale}", _WIDTH // 6)
    axis = {
        **at(*zip(*ticks, strict=True)), "title": words if title else None, "labels": labels, "domain": False,
        "labelOverlap": "greedy", "labelSeparation": 3, "labelFlush": True,
    }  # fmt: skip
    return {"field": "x", "type": "quantitative", "scale": domain((start, 1.0)), "axis": axis}


def _y(field: str, scale: Range, axis: Spec | None = None) -> Spec:
    return {"field": field, "type": "quantitative", "scale": domain(scale), "axis": axis, "title": None, "stack": None}


_PART = {"field": "part", "type": "nominal"}
# A transparent column over each bin.
_TARGETS: Spec = {
    "mark": {"type": "rect", "opacity": 0},
    "encoding": {"x2": {"field": "end"}, "y": {"value": 0}, "y2": {"value": "height"}, "tooltip": {"value": "bin"}},
}


def _thin(shape: FeatureShape) -> Spec:
    """Grey behind thin bins, neighbours as one."""
    runs: list[Spec] = [{"x": _MISSING[0], "end": _MISSING[1]}] if _may_miss(shape) and shape.missing.thin else []
    joins = False
    for bin in shape.bins:
        if bin.thin and joins:
            runs[-1]["end"] = short(bin.right)
        elif bin.thin:
            runs.append({"x": short(bin.left), "end": short(bin.right)})
        joins = bin.thin
    behind = {"x2": {"field": "end"}, "y": {"value": 0}, "y2": {"value": "height"}}
    # A stroke of its own, so that a bin narrower than a pixel shows.
    mark = {"type": "rect", "color": WASH, "stroke": WASH, "strokeWidth": 1}
    return {"data": {"values": runs}, "mark": mark, "encoding": behind}


def _curve(shape: FeatureShape, scale: Range) -> list[Spec]:
    zero = {
        "data": {"values": [{"p": 0}]},
        "mark": {"type": "rule", "color": "#8b939c"},
        "encoding": {"x": None, "y": _y("p", scale)},
    }
    line = {"type": "line", "interpolate": "step-after", "color": CURVE, "strokeWidth": 1.6}
    reached = {"condition": {"test": "datum.n > 0 || datum.part == 1", "value": [1, 0]}, "value": [3, 3]}
    drawn = {"y": _y("p", scale, {**points_axis(scale), **_EXTENT}), "detail": _PART, "strokeDash": reached}
    return [zero, {"mark": line, "encoding": drawn}]


def _layers(shape: FeatureShape, scale: Range, intercept: float) -> list[Spec]:
    """Enlarged: the curve with its interval, and probabilities at the right."""
    ticks = at(*zip(*probability_ticks(scale, intercept), strict=True))
    right = {**ticks, "orient": "right", "grid": False, "title": None, "domain": False}
    band = {"y": _y("low", scale, right), "y2": {"field": "high"}, "detail": _PART}
    area = {"mark": {"type": "area", "interpolate": "step-after", "color": BAND}, "encoding": band}
    return [_thin(shape), area, *_again(shape, scale), *_curve(shape, scale)]


def _again(shape: FeatureShape, scale: Range) -> list[Spec]:
    """Where the model was fitted again: its lowest and highest points, and those of a fit to the later table."""
    line = {"type": "line", "interpolate": "step-after", "strokeWidth": 0.8, "clip": True}
    drawn = [("least", REFITS, [1, 0]), ("most", REFITS, [1, 0])] if shape.bins[0].refits else []
    drawn += [("later", LATER, [4, 2])] if shape.bins[0].later is not None else []
    return [
        {"mark": {**line, "color": color, "strokeDash": dash}, "encoding": {"y": _y(field, scale), "detail": _PART}}
        for field, color, dash in drawn
    ]


def _compared(shape: FeatureShape, scale: Range, intercept: float) -> list[Spec]:
    """On the scale of all features: the curve, and actual rates of the holdout."""
    return [_thin(shape), *_curve(shape, scale), *_rates(shape, scale, intercept)]


def _rates(shape: FeatureShape, scale: Range, intercept: float) -> list[Spec]:
    """Actual rates of the holdout with their intervals, where they are within the scale."""
    places = [((bin.left + bin.right) / 2, bin) for bin in shape.groups]
    places += [(sum(_MISSING) / 2, shape.missing)] if _may_miss(shape) else []
    found = [(x, rate_points(bin, intercept, scale)) for x, bin in places]
    rates = [dict(zip(("x", "p", "low", "high"), map(short, (x, *rate)), strict=True)) for x, rate in found if rate]
    whisker = {"y": _y("low", scale), "y2": {"field": "high"}}
    dots = [
        {"mark": {"type": "rule", "color": ACTUAL}, "encoding": whisker},
        {"mark": {"type": "circle", "color": ACTUAL, "size": 26, "opacity": 1}, "encoding": {"y": _y("p", scale)}},
    ]
    expected = [(x, predicted_points(bin, intercept, scale)) for x, bin in places]
    rings = {
        "data": {"values": [{"x": short(x), "p": short(points)} for x, points in expected if points is not None]},
        "mark": {"type": "point", "color": ACTUAL, "size": 26, "strokeWidth": 1.2, "opacity": 1},
        "encoding": {"y": _y("p", scale)},
    }
    return [rings, *({"data": {"values": rates}, **one} for one in dots)]


def _customers(shape: FeatureShape) -> list[Spec]:
    most = tallest(shape)
    axis = {
        **_EXTENT,
        "values": [0, most],
        "format": ",d",
        "grid": False,
        "title": None,
        "domain": False,
        "ticks": False,
    }
    # A thin stroke, so that a bin narrower than a pixel shows.
    mark = {
        "type": "area",
        "interpolate": "step-after",
        "color": COUNT,
        "line": {"color": COUNT, "strokeWidth": 0.7},
        "clip": True,
    }
    return [{"mark": mark, "encoding": {"y": _y("n", (0, most), axis), "detail": _PART}}]


def _counted(shape: FeatureShape) -> str:
    most = tallest(shape)
    bins = [*shape.bins, *([shape.missing] if _may_miss(shape) else [])]
    cut = sorted((bin for bin in bins if bin.train_n > most), key=lambda bin: -bin.train_n)
    over = ", ".join(f"{bin.train_n:,} ({shortened(bin.label, 16)})" for bin in cut[:2])
    return "Rows per bin" + (f"; cut off: {over}" if cut else "")
