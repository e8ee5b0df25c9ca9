"""What changed over runs: shares of segments as lines, and a figure with its interval as a point for each run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from northstar_explain.report.charts.chart_encodings import COLOR, tips
from northstar_explain.report.charts.spec_parts import places
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import LINE, QUIET

_WIDTH, _HEIGHT = 520, 200
_LABEL = 13  # the height of a label, with what keeps it from the next, in pixels


@dataclass(frozen=True)
class Point:
    """A figure of a run with the ends of its interval; `solid` where it can be believed."""

    run: str
    value: float
    low: float
    high: float
    solid: bool = True


def _runs_axis(runs: Sequence[str]) -> dict[str, Any]:
    """An axis with a place for each run; two runs may have the same name."""
    axis = {"title": None, "labelExpr": places(runs), "labelAngle": 0, "values": [*range(len(runs))], "labelLimit": 120}
    return {"field": "place", "type": "ordinal", "axis": axis, "scale": {"padding": 0.5}}


def shares_over_runs(runs: Sequence[str], shares: Mapping[str, Sequence[float]], colors: Mapping[str, str]) -> Chart:
    """A line per segment: its share of the customers of each run.

    Parameters
    ----------
    runs : sequence of str
        Their names, in order.
    shares : mapping of str to sequence of float
        Segment to its share in each run.
    colors : mapping of str to str

    Returns
    -------
    Chart
    """
    values = [
        {"place": place, "run": runs[place], "id": id, "share": share, "words": f"{share:.1%}", "color": colors[id]}
        for id, of_runs in shares.items() for place, share in enumerate(of_runs)
    ]  # fmt: skip
    top = 1.08 * max((share for of_runs in shares.values() for share in of_runs), default=1.0)
    labels = [
        {"place": len(runs) - 1, "id": id, "at": at, "color": colors[id]}
        for id, at in label_heights({id: of_runs[-1] for id, of_runs in shares.items()}, top * _LABEL / _HEIGHT).items()
    ]
    y = {"field": "share", "type": "quantitative", "title": "Share of the run",
         "scale": {"domain": [0, top], "nice": False}, "axis": {"format": "%", "tickCount": 5}}  # fmt: skip
    both = {"x": _runs_axis(runs), "y": y, "color": COLOR, "detail": {"field": "id", "type": "nominal"}}
    spec = {
        "data": {"values": values},
        "width": _WIDTH,
        "height": _HEIGHT,
        "encoding": both,
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 2}},
            {"mark": {"type": "circle", "size": 45, "opacity": 1},
             "encoding": {"tooltip": tips(id="Segment", run="Run", words="Share")}},
            {"data": {"values": labels},
             "mark": {"type": "text", "align": "left", "dx": 7, "fontWeight": 600},
             "encoding": {"y": {**y, "field": "at"}, "text": {"field": "id"}}},
        ],
    }  # fmt: skip
    said = "; ".join(f"{id} {', '.join(f'{share:.1%}' for share in of_runs)}" for id, of_runs in shares.items())
    return Chart(spec, f"Share of each segment over {len(runs)} runs. {said}.")


def label_heights(ends: Mapping[str, float], gap: float) -> dict[str, float]:
    """Where the labels of lines stand: at their ends, moved up where they would be nearer than the gap to one below."""
    heights: dict[str, float] = {}
    for id, end in sorted(ends.items(), key=lambda item: item[1]):
        heights[id] = max(end, max(heights.values(), default=-gap) + gap)
    return heights


def figure_over_runs(points: Sequence[Point], title: str, holdout: float) -> Chart:
    """A point with its interval for each run, beside the figure of the holdout; hollow where it cannot be believed.

    Parameters
    ----------
    points : sequence of Point
        At least one.
    title : str
        What the figure is.
    holdout : float
        The same of the holdout, as a dashed line.

    Returns
    -------
    Chart
    """
    values = [
        {"place": place, "run": one.run, "value": one.value, "low": one.low, "high": one.high, "solid": one.solid,
         "words": f"{one.value:.3f}", "interval": f"{one.low:.3f} to {one.high:.3f}"}
        for place, one in enumerate(points)
    ]  # fmt: skip
    ends = [holdout, *(end for one in points for end in (one.low, one.high))]
    margin = 0.15 * (max(ends) - min(ends)) or 0.01
    # So many decimals that two ticks are never written alike.
    written = ".2f" if max(ends) - min(ends) > 0.04 else ".3f"
    y = {"type": "quantitative", "title": title, "axis": {"format": written, "tickCount": 5},
         "scale": {"domain": [min(ends) - margin, max(ends) + margin], "nice": False, "zero": False}}  # fmt: skip
    x = _runs_axis([one.run for one in points])
    spec = {
        "data": {"values": values},
        "width": _WIDTH + 20,  # where the other chart has its labels
        "height": 150,
        "layer": [
            {"data": {"values": [{"value": holdout}]},
             "mark": {"type": "rule", "color": QUIET, "strokeDash": [4, 3]},
             "encoding": {"y": {**y, "field": "value"}}},
            {"mark": {"type": "rule", "color": LINE, "strokeWidth": 2, "opacity": 0.5},
             "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}}},
            {"mark": {"type": "point", "color": LINE, "size": 60, "opacity": 1},
             "encoding": {"x": x, "y": {**y, "field": "value"},
                          "fill": {"condition": {"test": "datum.solid", "value": LINE}, "value": "#ffffff"},
                          "tooltip": tips(run="Run", words="Expected", interval="90% interval")}},
        ],
    }  # fmt: skip
    said = "; ".join(f"{one.run}: {one.value:.3f}, {one.low:.3f} to {one.high:.3f}" for one in points)
    return Chart(spec, f"{title} by run, with 90% intervals; {holdout:.3f} on the holdout. {said}.")
