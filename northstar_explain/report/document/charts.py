"""Charts as Vega-Lite specifications: one theme for all of them, drawn as SVG without a browser.

A chart is a function in a file of its own under `report/charts/` that returns a `Chart`. PDFs show it as the SVG that
`svg` draws; HTML pages show the same specification, drawn by Vega in the page.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from markupsafe import Markup, escape

from northstar_explain.report.document.fonts import ASSETS
from northstar_explain.report.document.palette import INK, QUIET, RULE
from northstar_explain.report.document.slim_svg import slim

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
VERSION = "6.4"
FONT = "Inter"
# What has been drawn, by its specification: a report shows a chart twice, on paper and in a page, and hands the
# drawings to the process that makes the rest of it.
DRAWN: dict[str, str] = {}
_KEPT = 512
# Control characters and surrogates, which XML does not allow, not even escaped.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
# Sizes are in pixels of the chart, of which 640 are as wide as the text of a page.
THEME: Mapping[str, Any] = {
    "font": FONT,
    "background": None,
    # Vega measures a line of text without all of its descenders.
    "padding": {"left": 0, "right": 0, "top": 1, "bottom": 3},
    "view": {"stroke": None},
    "axis": {
        "labelColor": QUIET, "labelFontSize": 12, "titleColor": INK, "titleFontSize": 12, "titleFontWeight": "normal",
        "gridColor": "#e4e7eb", "domainColor": RULE, "tickColor": RULE, "labelLimit": 260,
    },
    "axisX": {"grid": False},
    "legend": {"labelColor": INK, "labelFontSize": 12, "titleColor": INK, "titleFontSize": 12, "labelLimit": 260},
    "header": {"labelColor": INK, "labelFontSize": 12, "titleColor": INK, "titleFontSize": 12},
    "title": {
        "color": INK, "fontSize": 12, "fontWeight": 600, "anchor": "start",
        "subtitleColor": QUIET, "subtitleFontSize": 12,
    },
    "text": {"color": INK, "fontSize": 12},
    "rule": {"color": RULE},
}  # fmt: skip


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes
    ----------
    spec : mapping
        A Vega-Lite specification with its data, without a theme.
    alt_text : str
        What it shows, for readers who do not see it.
    """

    spec: Mapping[str, Any]
    alt_text: str

    @property
    def themed(self) -> dict[str, Any]:
        """The complete specification, with the theme, as a page's runtime draws it."""
        return {
            "$schema": SCHEMA,
            "description": self.alt_text,
            **printable(self.spec),
            "config": {**THEME, **self.spec.get("config", {})},
        }


def svg(chart: Chart) -> Markup:
    """Draw a chart.

    Parameters
    ----------
    chart : Chart

    Returns
    -------
    Markup
        An SVG whose title is the alternative text; the same for the same chart.
    """
    opening, rest = _drawn(json.dumps(chart.themed)).split(">", 1)
    return Markup(f'{opening} role="img"><title>{escape(printable(chart.alt_text))}</title>{rest}')


def _drawn(spec: str) -> str:
    if spec not in DRAWN:
        if len(DRAWN) >= _KEPT:
            DRAWN.clear()
        DRAWN[spec] = _own_ids(slim(library().vegalite_to_svg(spec, vl_version=VERSION)))
    return DRAWN[spec]


def _own_ids(drawn: str) -> str:
    """The drawing with ids that follow from its content: Vega counts on from chart to chart, and pages hold several."""
    names = dict.fromkeys(re.findall(r'\bid="([^"]+)"', drawn))
    for place, name in enumerate(names):
        drawn = re.sub(rf'(\bid="|url\(#){re.escape(name)}(?=["\)])', rf"\g<1>v-{place}", drawn)
    mark = hashlib.sha256(drawn.encode()).hexdigest()[:10]
    return re.sub(r'(\bid="|url\(#)v-', rf"\g<1>v{mark}-", drawn)


@cache
def library() -> Any:
    """The drawing library, with our font."""
    # Loaded when the first chart is drawn: it brings a JavaScript engine with it.
    import vl_convert

    vl_convert.register_font_directory(str(ASSETS))
    return vl_convert


def printable(value: Any) -> Any:
    """A text, or a value that holds texts, with a mark in place of every character that XML forbids."""
    if isinstance(value, str):
        return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, float | int):  # most of a chart
        return value
    if isinstance(value, Mapping):
        return {key: printable(one) for key, one in value.items()}
    return [printable(one) for one in value] if isinstance(value, list | tuple) else value
