"""Heat maps of a pair: the points of every combination of two features' bins, and its customers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.report.audit.shapes.bin_labels import shortened
from northstar_explain.report.audit.shapes.pair_shapes import PairShape
from northstar_explain.report.charts.spec_parts import ACTUAL, CURVE, Spec, at, places, short
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.numbers import signed

_WIDTH, _HEIGHT, _CELL, _LABEL = 235, 270, 26, 18


def pair_map(pair: PairShape, strongest: float, values: bool = False) -> Chart:
    """Plot the points and the customers of every cell.

    Parameters
    ----------
    pair : PairShape
    strongest : float
        The points at the end of the colours, the same for all pairs, so that pairs can be compared.
    values : bool, default False
        Whether each cell can be pointed at, as in a page; its places are the datum's ``i`` and ``j``.

    Returns
    -------
    Chart
        Cells of few customers are small squares, those of none are blank.
    """
    count, points = pair.train_n, pair.points
    rows = [
        {"i": i, "j": j, "p": short(float(points[i, j])), "n": int(count[i, j])} for i, j in np.argwhere(count).tolist()
    ]
    most = max(2, int(count.max()))
    # In few digits: of 17, the drawing library may read the last one differently, and then finds no label.
    steps = [short(step) for step in (-strongest, -strongest / 2, 0, strongest / 2, strongest)]
    # Beyond the scale are cells of few customers only: they take its last colour.
    around = {"domain": [-strongest, 0, strongest], "range": [CURVE, "#e6e6e6", ACTUAL], "clamp": True}
    colour = _colours("p", around, {**at(steps, [*map(signed, steps)]), "title": "Points"})
    counts = [*(10**power for power in range(len(str(most - 1)))), most]
    greys = {"type": "log", "domain": [1, most], "range": ["#e4e6e9", "#1d2126"]}
    grey = _colours("n", greys, {"values": counts, "format": ",d", "title": "Rows"})
    first, second = (_axis(side.labels, side.feature.words) for side in (pair.first, pair.second))
    maps = [_map(colour, first, second, pair), _map(grey, None, second, pair)]
    if values:
        # Over all cells, in reading order, and of full size where the cell is a small square.
        maps[0]["layer"].append({"mark": {"type": "rect", "opacity": 0}, "encoding": {"tooltip": {"value": "bin"}}})
    spec = {"data": {"values": rows}, "hconcat": maps, "spacing": 24, "resolve": {"scale": {"color": "independent"}}}
    return Chart(spec, _alt_text(pair))


def _colours(field: str, scale: Spec, legend: Spec) -> Spec:
    # Squares rather than a gradient, which not every reader of SVG draws.
    squares = {"type": "symbol", "symbolType": "square", "symbolStrokeWidth": 0, "symbolOpacity": 1}
    below = {"orient": "bottom", "columns": 3, "columnPadding": 10, **squares, **legend}
    return {"field": field, "type": "quantitative", "scale": scale, "legend": below}


def _axis(labels: Sequence[str], words: str) -> Spec:
    return {
        "labelExpr": places([shortened(label, _LABEL) for label in labels]), "title": shortened(words, 44),
        "labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 4, "domain": False, "ticks": False,
    }  # fmt: skip


def _map(colour: Spec, down: Spec | None, across: Spec, pair: PairShape) -> Spec:
    height = min(_HEIGHT, _CELL * pair.points.shape[0])
    y, x = ({"field": field, "type": "ordinal", "axis": axis} for field, axis in (("i", down), ("j", across)))
    # All places, so that a row without customers keeps its place.
    for channel, length in ((y, pair.points.shape[0]), (x, pair.points.shape[1])):
        channel["scale"] = {"domain": list(range(length))}
    layers = [
        {"transform": [{"filter": f"datum.n {few} {THIN_BIN_CUSTOMERS}"}], "mark": mark, "encoding": {"color": colour}}
        for few, mark in (
            (">=", {"type": "rect"}),
            ("<", {"type": "rect", "width": {"band": 0.4}, "height": {"band": 0.4}}),
        )
    ]
    frame = {"stroke": "#d5d9de"}
    return {"width": _WIDTH, "height": height, "view": frame, "encoding": {"x": x, "y": y}, "layer": layers}


def _alt_text(pair: PairShape) -> str:
    return (
        f"Heat maps of points and of rows for each combination of {pair.first.feature.words} and "
        f"{pair.second.feature.words}, {pair.points.shape[0]} by {pair.points.shape[1]} cells; points from "
        f"{signed(float(pair.points.min()))} to {signed(float(pair.points.max()))}. The table lists the strongest."
    )
