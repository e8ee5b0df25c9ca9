"""What a number of rules costs or reaches, with the numbers that matter marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import LINE, PAPER


def rules_curve(points: Sequence[tuple[int, float]], marks: Mapping[int, str], title: str, form: str) -> Chart:
    """A line over the number of rules.

    Parameters
    ----------
    points : sequence of (int, float)
        Rules allowed, and the value.
    marks : mapping of int to str
        Numbers of rules that are marked, and what they are called.
    title : str
    form : str
        How a value is printed, as `str.format` takes it.

    Returns
    -------
    Chart
    """
    low, high = min(value for _, value in points), max(value for _, value in points)
    # A flat curve still gets a range, and no point touches the frame.
    room = max(high - low, 0.01) * 0.2
    bottom = low - 2.5 * room  # where the marks' names stand
    values = [
        {"rules": rules, "value": value, "label": form.format(value), "mark": marks.get(rules, ""),
         "said": f"{rules} rules" + (f" ({marks[rules]})" if rules in marks else "")}
        for rules, value in points
    ]  # fmt: skip
    percent = form.endswith("%}")
    spec = {
        "title": title,
        "data": {"values": values},
        "width": 280,
        "height": 96,
        "encoding": {
            "x": {"field": "rules", "type": "quantitative", "title": "Rules allowed",
                  "axis": {"values": [rules for rules, _ in points], "format": "d"},
                  "scale": {"zero": False, "nice": False, "padding": 14}},
            "y": {"field": "value", "type": "quantitative", "title": None,
                  "axis": {"tickCount": 4, "format": ".1%" if percent else ".3f", "domain": False},
                  "scale": {"domain": [bottom, high + room], "zero": False, "nice": False}},
        },
        "layer": [
            {"transform": [{"filter": "datum.mark !== ''"}], "mark": {"type": "rule", "strokeDash": [2, 3]},
             "encoding": {"y2": {"datum": bottom + room}}},
            {"mark": {"type": "line", "color": LINE}},
            {
                "mark": {"type": "circle", "size": 60, "opacity": 1, "stroke": LINE, "strokeWidth": 2},
                "encoding": {
                    "color": {"condition": {"test": "datum.mark !== ''", "value": LINE}, "value": PAPER},
                    "tooltip": [{"field": "said", "title": "At"}, {"field": "label", "title": title}],
                },
            },
            {"mark": {"type": "text", "dy": -8, "fontWeight": 600},
             "encoding": {"y": {"datum": bottom}, "text": {"field": "mark"}}},
        ],
    }  # fmt: skip
    said = "; ".join(f"{rules} rules: {form.format(value)}" for rules, value in points)
    marked = "; ".join(f"{words}: {rules} rules" for rules, words in marks.items())
    return Chart(spec, f"{title}. {said}. {marked}.")
