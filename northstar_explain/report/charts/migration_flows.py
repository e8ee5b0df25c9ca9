"""Where the customers of each segment went from one run to the next: bands as wide as the moves are many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from northstar_explain.report.charts.chart_encodings import COLOR, tips
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import PAPER, QUIET

_WIDTH, _HEIGHT, _STEPS = 560, 300, 16
# Of the height: between two blocks, and the height from which a block has room for its label.
_SPACE, _ROOM = 0.012, 0.035
_BAR = 0.045  # of the width
# The ids of customers who are in one of the runs only.
NEW, GONE = "new", "gone"
_OUTSIDE = "#9aa3ac"


@dataclass(frozen=True)
class Flow:
    """Customers who were in one segment and are in another, or `NEW` or `GONE`."""

    source: str
    target: str
    customers: int


def migration_flows(flows: Sequence[Flow], ids: Sequence[str], colors: Mapping[str, str], noun: str) -> Chart:
    """Blocks on the left for then, on the right for now, and a band for every move.

    Parameters
    ----------
    flows : sequence of Flow
    ids : sequence of str
        The segments, in order.
    colors : mapping of str to str
    noun : str
        What customers are called, plural.

    Returns
    -------
    Chart
    """
    flows = [one for one in flows if one.customers]
    left, right = [*ids, NEW], [*ids, GONE]
    unit = (1 - _SPACE * len(ids)) / max(1, sum(one.customers for one in flows))
    starts = {"source": _starts(flows, "source", left, unit), "target": _starts(flows, "target", right, unit)}
    bands, blocks = [], []
    for place, flow in enumerate(sorted(flows, key=lambda one: (left.index(one.source), right.index(one.target)))):
        color = colors.get(flow.source, _OUTSIDE)
        bands += _band(place, flow, starts["source"][flow], starts["target"][flow], unit, color)
    for side, order in (("source", left), ("target", right)):
        blocks += _blocks(flows, side, order, starts[side], unit, colors)
    x = {"field": "x", "type": "quantitative", "axis": None, "scale": {"domain": [-0.06, 1.06], "nice": False}}
    # Down, as a page is read.
    y = {"field": "y", "type": "quantitative", "axis": None,
         "scale": {"domain": [1, 0], "nice": False, "zero": False}}  # fmt: skip
    tooltip = tips(source="Then", target="Now", customers=noun.capitalize())
    spec = {
        "width": _WIDTH,
        "height": _HEIGHT,
        "layer": [
            {"data": {"values": bands}, "mark": {"type": "area", "opacity": 0.45},
             "encoding": {"x": x, "y": y, "y2": {"field": "y2"}, "detail": {"field": "band", "type": "nominal"},
                          "color": COLOR, "tooltip": tooltip}},
            {"data": {"values": blocks}, "mark": {"type": "rect"},
             "encoding": {"x": x, "x2": {"field": "x2"}, "y": y, "y2": {"field": "y2"}, "color": COLOR}},
            {"data": {"values": [one for one in blocks if one["label"]]},
             "mark": {"type": "text", "color": PAPER, "fontWeight": 600, "baseline": "middle"},
             "encoding": {"x": {**x, "field": "middle"}, "y": {**y, "field": "center"}, "text": {"field": "label"}}},
            {"data": {"values": [{"x": 0, "y": 0, "text": "then"}, {"x": 1, "y": 0, "text": "now"}]},
             "mark": {"type": "text", "color": QUIET, "dy": -9, "clip": False},
             "encoding": {"x": x, "y": y, "text": {"field": "text"}}},
        ],
    }  # fmt: skip
    said = "; ".join(f"{one.source} to {one.target} {one.customers:,}" for one in flows if one.source != one.target)
    kept = sum(one.customers for one in flows if one.source == one.target)
    return Chart(spec, f"Moves between segments, of {noun}: {said or 'none'}. In the same segment: {kept:,}.")


def _starts(flows: Sequence[Flow], side: str, order: Sequence[str], unit: float) -> dict[Flow, float]:
    """Where each band begins on one side, from the top: by block, and in a block by the other end."""
    other = "target" if side == "source" else "source"
    places = {id: place for place, id in enumerate(order)}
    starts, top = {}, 0.0
    for id in order:
        here = [one for one in flows if getattr(one, side) == id]
        for one in sorted(here, key=lambda one: places.get(getattr(one, other), len(order))):
            starts[one] = top
            top += one.customers * unit
        top += _SPACE
    return starts


def _band(place: int, flow: Flow, start: float, end: float, unit: float, color: str) -> list[dict[str, Any]]:
    """A band as a row of points: a smooth step from its start to its end."""
    rows = []
    for step in range(_STEPS + 1):
        t = step / _STEPS
        top = start + (end - start) * t * t * (3 - 2 * t)
        rows.append({
            "band": place, "x": round(t, 4), "y": round(top, 5), "y2": round(top + flow.customers * unit, 5),
            "color": color, "source": flow.source, "target": flow.target, "customers": f"{flow.customers:,}",
        })  # fmt: skip
    return rows


def _blocks(
    flows: Sequence[Flow], side: str, order: Sequence[str], starts: Mapping[Flow, float], unit: float,
    colors: Mapping[str, str],
) -> list[dict[str, Any]]:  # fmt: skip
    rows = []
    for id in order:
        here = [one for one in flows if getattr(one, side) == id]
        if not here:
            continue
        top, height = min(starts[one] for one in here), unit * sum(one.customers for one in here)
        low, high = (-_BAR, 0.0) if side == "source" else (1.0, 1.0 + _BAR)
        rows.append({
            "x": low, "x2": high, "middle": (low + high) / 2, "y": round(top, 5), "y2": round(top + height, 5),
            "center": round(top + height / 2, 5), "color": colors.get(id, _OUTSIDE),
            "label": id if height > _ROOM else "",
        })  # fmt: skip
    return rows
