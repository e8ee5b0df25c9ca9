"""The segments in each decile of probability: a bar per decile, a section per segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from northstar_explain.model.evaluation.together_facts import DecileCell
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import PAPER

_ROOM = 0.06  # of a bar, which an id needs; in a narrower section it would run into the next


def decile_mix(
    matrix: Mapping[str, Sequence[DecileCell]], names: Mapping[str, str], colors: Mapping[str, str]
) -> Chart:
    """Bars of equal length: they show the mix of a decile, not its size.

    Parameters
    ----------
    matrix : mapping of str to sequence of DecileCell
        By segment id: its deciles 1 to 10.
    names, colors : mapping of str to str

    Returns
    -------
    Chart
    """
    values, said = [], []
    for decile in range(10, 0, -1):
        counts = {id: cells[decile - 1].n for id, cells in matrix.items()}
        total, left = max(1, sum(counts.values())), 0.0
        for id, count in counts.items():
            share = count / total
            if count:
                values.append({
                    "decile": str(decile), "name": f"{id} {names[id]}", "color": colors[id], "left": left,
                    "right": left + share, "share": f"{share:.1%}", "label": id if share > _ROOM else "",
                })  # fmt: skip
            left += share
        shares = ", ".join(f"{id} {count / total:.0%}" for id, count in counts.items() if count)
        said.append(f"decile {decile}: {shares or 'nobody'}")
    ends = {"type": "quantitative", "axis": None, "scale": {"domain": [0, 1], "nice": False}}
    spec = {
        "data": {"values": values},
        "width": 560,
        "height": {"step": 17},
        "encoding": {
            "y": {"field": "decile", "type": "nominal", "title": None, "axis": {"ticks": False, "domain": False},
                  "sort": None, "scale": {"domain": [str(decile) for decile in range(10, 0, -1)]}},
            "x": {"field": "left", **ends},
        },
        "layer": [
            {
                "mark": {"type": "bar", "height": 15, "stroke": PAPER},
                "encoding": {
                    "x2": {"field": "right"},
                    "color": {"field": "color", "type": "nominal", "scale": None},
                    "tooltip": [{"field": "decile", "title": "Decile"}, {"field": "name", "title": "Segment"},
                                {"field": "share", "title": "Share of the decile"}],
                },
            },
            {"mark": {"type": "text", "align": "left", "dx": 5, "color": PAPER, "fontWeight": 600},
             "encoding": {"text": {"field": "label"}}},
        ],
    }  # fmt: skip
    return Chart(spec, f"Segments inside each decile, the highest on top. {'; '.join(said)}.")
