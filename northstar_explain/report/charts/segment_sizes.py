"""All segments side by side: how many they are, how likely they act, and how much of all action is theirs."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from northstar_explain.contract.features import Contract
from northstar_explain.contract.outcomes import those_with
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import INK, QUIET

# Pixels: a chart as wide as the text of a page, in which a letter of 11 pixels is more than 9 points high.
WIDE = 600
_ROW, _NAMES, _LETTERS = 19, 36, 30


@dataclass(frozen=True)
class SizeRow:
    """A segment, or all customers, in the chart; shares are 0 to 1, and None where they say nothing."""

    id: str
    color: str
    share: float | None
    rate: float | None
    of_all: float | None


def segment_sizes(rows: Sequence[SizeRow], contract: Contract) -> Chart:
    """Three panels of bars, a row for each segment.

    Parameters
    ----------
    rows : sequence of SizeRow
        In the order of the table below the chart; the last is everybody.
    contract : Contract

    Returns
    -------
    Chart
    """
    panels = (
        ("share", f"Share of all {contract.noun}"),
        ("rate", f"Rate: {contract.outcome}"),
        ("of_all", f"Of {those_with(contract)}"),
    )
    said = "; ".join(
        f"{one.id}: " + ", ".join(f"{title.lower()} {getattr(one, key):.1%}" for key, title in panels
                                  if getattr(one, key) is not None)
        for one in rows
    )  # fmt: skip
    data = [{"id": one.id, "color": one.color, **{key: getattr(one, key) for key, _ in panels}} for one in rows]
    width = (WIDE - _NAMES) // 3 - 16
    spec = {
        "data": {"values": data},
        "hconcat": [_panel(key, title, [one.id for one in rows], width, place == 0)
                    for place, (key, title) in enumerate(panels)],
        "spacing": 16,
    }  # fmt: skip
    return Chart(spec, f"Segments by size and rate. {said}.")


def _panel(key: str, title: str, order: list[str], width: int, names: bool) -> dict[str, Any]:
    axis = {
        "title": None,
        "ticks": False,
        "domain": False,
        "labelFontWeight": 600,
        "labelColor": INK,
        "labelPadding": 6,
    }
    y = {"field": "id", "type": "nominal", "sort": order, "axis": axis if names else None}
    # Room at the right end for the figure of the longest bar.
    x = {"field": key, "type": "quantitative", "axis": None, "scale": {"domainMin": 0, "range": [0, width - 42]}}
    return {
        "title": {"text": textwrap.wrap(title, _LETTERS), "fontSize": 12, "fontWeight": "normal", "color": QUIET,
                  "frame": "group"},
        "width": width,
        "height": {"step": _ROW},
        "encoding": {"y": y, "x": x},
        "layer": [
            {
                "mark": {"type": "bar", "height": 13},
                "encoding": {
                    "color": {"field": "color", "type": "nominal", "scale": None},
                    "tooltip": [{"field": "id", "title": "Segment"},
                                {"field": key, "type": "quantitative", "format": ".1%", "title": title}],
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 4},
                "encoding": {"text": {"field": key, "type": "quantitative", "format": ".1%"}},
            },
        ],
    }  # fmt: skip
