"""The segments in each decile of probability: a bar per decile, a section per segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from northstar_explain.model.evaluation.together_facts import DecileCell
from northstar_explain.model.names import with_id
from northstar_explain.report.charts.chart_encodings import COLOR, axis, rows, tips
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import PAPER

_DECILES = range(10, 0, -1)
_ROOM = 0.1  # of a bar, which an id needs; in a narrower section it would run into the next


def decile_mix(
    matrix: Mapping[str, Sequence[DecileCell]], names: Mapping[str, str], colors: Mapping[str, str]
) -> Chart:
    """Bars of equal length: they show the mix of a decile, not its size; everything is by segment id."""
    values, said = [], []
    for decile in _DECILES:
        counts = {id: cells[decile - 1].n for id, cells in matrix.items()}
        total, left = max(1, sum(counts.values())), 0.0
        for id, share in ((id, count / total) for id, count in counts.items() if count):
            values.append({
                "decile": str(decile), "name": with_id(id, names[id]), "color": colors[id], "left": left,
                "right": left + share, "share": f"{share:.1%}", "label": id if share > _ROOM else "",
            })  # fmt: skip
            left += share
        shares = ", ".join(f"{id} {count / total:.0%}" for id, count in counts.items() if count)
        said.append(f"decile {decile}: {shares or 'nobody'}")
    tooltip = tips(decile="Decile", name="Segment", share="Share of the decile")
    every = {**rows("decile"), "title": "Decile", "scale": {"domain": [*map(str, _DECILES)]}}
    label = {"type": "text", "align": "left", "dx": 5, "color": PAPER, "fontWeight": 600}
    spec = {
        "data": {"values": values},
        "width": 250,
        "height": {"step": 17},
        "encoding": {"y": every, "x": axis("left", "Share of the decile", 0, 1, format="%", tickCount=4)},
        "layer": [
            {"mark": {"type": "bar", "height": 15, "stroke": PAPER},
             "encoding": {"x2": {"field": "right"}, "color": COLOR, "tooltip": tooltip}},
            {"mark": label, "encoding": {"text": {"field": "label"}}},
        ],
    }  # fmt: skip
    return Chart(spec, f"Segments inside each decile, the highest on top. {'; '.join(said)}.")
