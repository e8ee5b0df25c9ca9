"""What sets a segment apart: bars from the average to its index, with the averages behind them."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.palette import INK, PAPER, QUIET

_WIDTH, _LABELS, _LINE = 335, 215, 13
_LETTERS = 35  # that surely fit beside the bars
# Bars end at a tenth and at ten times the average; beyond, only the number beside them tells.
_WIDEST = 10.0


@dataclass(frozen=True)
class Difference:
    """A feature, its averages as they are printed, and its index (100 is the average)."""

    words: str
    here: str
    everybody: str
    index: float


def differences(rows: Sequence[Difference], color: str) -> Chart:
    """A row for each feature, in the given order; bars of twice and of half the average have the same length."""
    edge = math.log(_WIDEST)
    values = [
        {"words": one.words, "here": one.here, "all": one.everybody, "index": f"{one.index:,.0f}", "row": place,
         "length": max(-edge, min(edge, math.log(max(one.index, 1) / 100))), "above": one.index >= 100}
        for place, one in enumerate(rows)
    ]  # fmt: skip
    # The labels of an axis are texts: these are looked up by the number of their row.
    labels = [
        textwrap.wrap(f"{one.words}: {_together(f'{one.here} (all: {one.everybody})')}", _LETTERS) for one in rows
    ]
    lines = max((len(one) for one in labels), default=1)
    spec = {
        "width": _WIDTH - _LABELS,
        "height": {"step": _LINE * lines + 5},
        "data": {"values": values},
        "params": [{"name": "labels", "value": labels}],
        "encoding": {
            "y": {"field": "row", "type": "ordinal",
                  "axis": {"title": None, "ticks": False, "domain": False, "labelExpr": "labels[datum.value]",
                           "labelColor": INK, "labelAlign": "left", "labelPadding": _LABELS, "labelLimit": _LABELS,
                           "labelLineHeight": _LINE}},
            # Room for the index at the end of the longest bar on either side.
            "x": {"field": "length", "type": "quantitative", "axis": None,
                  "scale": {"domain": [-1.5 * edge, 1.5 * edge], "nice": False}},
        },
        "layer": [
            {"mark": {"type": "rule", "color": QUIET}, "encoding": {"x": {"datum": 0}, "y": None}},
            {
                "mark": {"type": "bar", "height": 12, "stroke": color, "strokeWidth": 1.2},
                "encoding": {
                    "x2": {"datum": 0},
                    # Hollow below the average, so that colour is not the only sign.
                    "fill": {"condition": {"test": "datum.above", "value": color}, "value": PAPER},
                    "tooltip": [{"field": "words", "title": "What"}, {"field": "here", "title": "Here"},
                                {"field": "all", "title": "All"}, {"field": "index", "title": "Index"}],
                },
            },
            *({"transform": [{"filter": f"datum.above == {above}"}],
               "mark": {"type": "text", "align": align, "dx": dx, "fontWeight": 600},
               "encoding": {"text": {"field": "index"}}}
              for above, align, dx in (("true", "left", 4), ("false", "right", -4))),
        ],
    }  # fmt: skip
    said = "; ".join(f"{one.words}: here {one.here}, all {one.everybody}, index {one.index:,.0f}" for one in rows)
    return Chart(spec, f"What sets the segment apart. {said}.")


def _together(text: str) -> str:
    """The text with no blank at which a line may break."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")
