"""Everybody as one band with a stripe for each segment: the picture on the cover."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.report.charts.segment_sizes import WIDE, SizeRow
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import PAPER

# A stripe narrower than this, in pixels, has no room for its id.
_NARROW = 22
_HEIGHT = 150


def segment_band(rows: Sequence[SizeRow], noun: str) -> Chart:
    """The band; stripes stand in the order of the rows, as wide as their share."""
    values, left = [], 0.0
    for one in rows:
        share = one.share or 0.0
        values.append({"id": one.id, "color": one.color, "share": share, "left": left, "right": left + share})
        left += share
    place = {"type": "quantitative", "axis": None, "scale": {"domain": [0, 1], "nice": False}}
    spec = {
        "width": WIDE,
        "height": _HEIGHT,
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "rect"},
                "encoding": {
                    "x": {"field": "left", **place},
                    "x2": {"field": "right"},
                    "color": {"field": "color", "type": "nominal", "scale": None},
                    "tooltip": [{"field": "id", "title": "Segment"},
                                {"field": "share", "type": "quantitative", "format": ".1%",
                                 "title": f"Share of {noun}"}],
                },
            },
            {
                "mark": {"type": "text", "align": "left", "baseline": "bottom", "dx": 7, "y": _HEIGHT - 8,
                         "color": PAPER, "fontWeight": 700},
                "encoding": {"x": {"field": "left", **place},
                             "text": {"condition": {"test": f"datum.share * width >= {_NARROW}", "field": "id"},
                                      "value": ""}},
            },
        ],
    }  # fmt: skip
    said = ", ".join(f"{one.id} {one.share or 0.0:.1%}" for one in rows)
    return Chart(spec, f"All {noun} by segment: {said}.")
