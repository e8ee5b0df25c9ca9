"""What a number of rules costs or reaches, with the numbers that matter marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from northstar_explain.report.charts.encodings import axis, tips
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import LINE, PAPER


def rules_curve(points: Sequence[tuple[int, float]], marks: Mapping[int, str], title: str, form: str) -> Chart:
    """A line over the number of rules allowed; `marks` names some of them, `form` prints a value."""
    low, high = min(value for _, value in points), max(value for _, value in points)
    # A flat curve still gets a range, and no point touches the frame.
    room = max(high - low, 0.01) * 0.2
    bottom = low - 2.5 * room  # where the marks' names stand
    values = [
        {"rules": rules, "value": value, "label": form.format(value), "mark": marks.get(rules, ""),
         "at": f"{rules}, {marks[rules]}" if rules in marks else f"{rules}"}
        for rules, value in points
    ]  # fmt: skip
    marked = {"condition": {"test": "datum.mark !== ''", "value": LINE}, "value": PAPER}
    tooltip = tips(at="Rules allowed", label=title)
    ticks = {"values": [rules for rules, _ in points], "format": "d"}
    format = ".1%" if form.endswith("%}") else ".3f"
    spec = {
        "title": title,
        "data": {"values": values},
        "width": 280,
        "height": 96,
        "encoding": {
            "x": {"field": "rules", "type": "quantitative", "title": "Rules allowed", "axis": ticks,
                  "scale": {"zero": False, "nice": False, "padding": 14}},
            "y": axis("value", None, bottom, high + room, tickCount=4, format=format, domain=False),
        },
        "layer": [
            {"transform": [{"filter": "datum.mark !== ''"}], "mark": {"type": "rule", "strokeDash": [2, 3]},
             "encoding": {"y2": {"datum": bottom + room}}},
            {"mark": {"type": "line", "color": LINE}},
            {"mark": {"type": "circle", "size": 60, "opacity": 1, "stroke": LINE, "strokeWidth": 2},
             "encoding": {"color": marked, "tooltip": tooltip}},
            {"mark": {"type": "text", "dy": -8, "fontWeight": 600},
             "encoding": {"y": {"datum": bottom}, "text": {"field": "mark"}}},
        ],
    }  # fmt: skip
    said = "; ".join(f"{rules} rules: {form.format(value)}" for rules, value in points)
    names = "; ".join(f"{words}: {rules} rules" for rules, words in marks.items())
    return Chart(spec, f"{title}. {said}. {names}.")
