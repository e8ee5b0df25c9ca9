"""Uplifts with their intervals: a row each, and the line at which a contact changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from northstar_explain.model.campaign.money_words import in_points
from northstar_explain.report.charts.chart_encodings import tips
from northstar_explain.report.charts.spec_parts import places
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import INK, LINE, QUIET

# With the labels, as wide as the text of a page; a row as high as a line of its table.
_WIDTH, _ROW = 548, 14


@dataclass(frozen=True)
class UpliftRow:
    """An uplift, and the ends of its interval, as shares."""

    name: str
    uplift: float
    low: float
    high: float


def uplift_points(rows: Sequence[UpliftRow]) -> Chart:
    """A point and its interval for each row, in points of the rate.

    Parameters
    ----------
    rows : sequence of UpliftRow
        At least one.

    Returns
    -------
    Chart
    """
    values = [
        {"row": place, "name": one.name, "value": 100 * one.uplift, "low": 100 * one.low, "high": 100 * one.high,
         "words": in_points(one.uplift), "interval": f"{in_points(one.low)} to {in_points(one.high)}",
         # Beyond chance or not, so that colour is not the only sign.
         "clear": one.low > 0 or one.high < 0}
        for place, one in enumerate(rows)
    ]  # fmt: skip
    y = {"field": "row", "type": "ordinal",
         "axis": {"title": None, "ticks": False, "domain": False, "labelExpr": places([one.name for one in rows]),
                  "labelColor": INK}}  # fmt: skip
    ends = [0.0, *(100 * end for one in rows for end in (one.low, one.high))]
    x = {"type": "quantitative", "title": "Uplift, percentage points; line: 95% interval",
         "scale": {"domain": [min(ends) * 1.05, max(ends) * 1.05], "nice": True}, "axis": {"tickCount": 6}}  # fmt: skip
    spec = {
        "data": {"values": values},
        "width": _WIDTH,
        "height": {"step": _ROW},
        "layer": [
            {"mark": {"type": "rule", "color": QUIET, "strokeDash": [4, 3]}, "encoding": {"x": {"datum": 0, **x}}},
            {"mark": {"type": "rule", "color": LINE, "strokeWidth": 2, "opacity": 0.5},
             "encoding": {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}}},
            {"mark": {"type": "point", "color": LINE, "size": 60, "opacity": 1},
             "encoding": {"y": y, "x": {**x, "field": "value"},
                          "fill": {"condition": {"test": "datum.clear", "value": LINE}, "value": "#ffffff"},
                          "tooltip": tips(name="Where", words="Uplift", interval="95% interval")}},
        ],
    }  # fmt: skip
    said = "; ".join(
        f"{one.name} {in_points(one.uplift)} ({in_points(one.low)} to {in_points(one.high)})" for one in rows
    )
    return Chart(spec, f"Uplift in percentage points with 95% intervals: {said}.")
