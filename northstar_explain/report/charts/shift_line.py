"""Population stability indices on a line, with the limits from which to look and to review."""

from __future__ import annotations

from collections.abc import Sequence

from northstar_explain.model.evaluation.data_facts import Shift
from northstar_explain.model.evaluation.limits import PSI_LOOK, PSI_REVIEW
from northstar_explain.report.charts.spec_parts import at
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import LINE, QUIET

# The line ends at twice the limit for a review: how far beyond it an index lies changes no decision.
_END = 2 * PSI_REVIEW


def shift_line(shifts: Sequence[Shift]) -> Chart:
    """A dot for each feature, for the probability and for the segments; those beyond the line stand at its end.

    Parameters
    ----------
    shifts : sequence of Shift

    Returns
    -------
    Chart
    """
    rows = [{"x": min(_END, one.psi), "name": one.name, "index": f"{one.psi:.4f}"} for one in shifts]
    beyond = [one.psi for one in shifts if one.psi > _END]
    end = f"{len(beyond)} beyond {_END}, up to {max(beyond):.2f}" if beyond else str(_END)
    labels = ["0", f"{PSI_LOOK}: inspect", f"{PSI_REVIEW}: review", end]
    axis = {**at([0, PSI_LOOK, PSI_REVIEW, _END], labels), "grid": True, "title": None, "labelFlush": True}
    x = {"field": "x", "type": "quantitative", "scale": {"domain": [0, _END], "nice": False}, "axis": axis}
    tooltip = [{"field": "name", "title": "Feature"}, {"field": "index", "title": "Population stability index"}]
    spec = {
        "title": {"text": "Each dot is a feature, the probability or the segments", "color": QUIET, "fontWeight": 400},
        "data": {"values": rows},
        "width": 600,
        "height": 26,
        "mark": {"type": "circle", "color": LINE, "size": 40, "opacity": 1},
        "encoding": {"x": x, "y": {"value": 13}, "tooltip": tooltip},
    }
    said = f"Population stability indices of {len(shifts)} features on a line; marks at {PSI_LOOK} and {PSI_REVIEW}."
    return Chart(spec, said)
