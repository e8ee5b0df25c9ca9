"""The deciles of probability of a segment, as ten columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import tint

_WIDTH, _HEIGHT = 240, 80


def decile_columns(shares: Sequence[float], color: str, strength: Mapping[int, float], noun: str) -> Chart:
    """The share of a segment in each decile; the darker, the earlier they are contacted.

    Parameters
    ----------
    shares : sequence of float
        Of the segment in deciles 1 to 10, 0 to 1.
    color : str
    strength : mapping of int to float
        How dark the column of a decile is, 0 to 1.
    noun : str

    Returns
    -------
    Chart
    """
    values = [
        {"decile": place, "share": share, "color": tint(color, strength[place]),
         "label": f"{100 * share:.0f}" if share >= 0.005 else ""}
        for place, share in enumerate(shares, 1)
    ]  # fmt: skip
    spec = {
        "width": _WIDTH,
        "height": _HEIGHT,
        "data": {"values": values},
        "encoding": {
            "x": {"field": "decile", "type": "ordinal", "scale": {"paddingInner": 0.2, "paddingOuter": 0.1},
                  "axis": {"title": None, "labelAngle": 0, "ticks": False}},
            # At least 20%, so that an even segment shows ten low columns and not ten towers.
            "y": {"field": "share", "type": "quantitative", "axis": None,
                  "scale": {"domain": [0, max(0.2, *shares)], "nice": False}},
        },
        "layer": [
            {
                "mark": {"type": "bar"},
                "encoding": {
                    "color": {"field": "color", "type": "nominal", "scale": None},
                    "tooltip": [{"field": "decile", "title": "Decile"},
                                {"field": "share", "type": "quantitative", "format": ".1%",
                                 "title": "Share of the segment"}],
                },
            },
            {"mark": {"type": "text", "baseline": "bottom", "dy": -2}, "encoding": {"text": {"field": "label"}}},
        ],
    }  # fmt: skip
    said = ", ".join(f"{place}: {share:.0%}" for place, share in enumerate(shares, 1))
    return Chart(
        spec, f"Share of the segment in each decile of probability, 10 the highest: {said}. Of all {noun}: 10% each."
    )
