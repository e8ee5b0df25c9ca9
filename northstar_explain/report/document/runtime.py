"""Charts in pages: Vega, which interprets its expressions and so needs no `eval`, and our script that draws with it.

A page with charts has their figures, the style `charts.css`, and the scripts `runtime` and `drawing`. Each chart is
drawn when it comes near the window; without JavaScript its picture stays.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from markupsafe import Markup

from northstar_explain.report.document.charts import VERSION, Chart, svg
from northstar_explain.report.document.fonts import ASSETS
from northstar_explain.report.document.render import stylesheet

BUNDLE = "vega.js.gz"


@dataclass(frozen=True)
class Inlined:
    """A script or a style that stands in a page.

    Attributes
    ----------
    text : Markup
        Without its element.
    source : str
        Its hash, as a source of a content security policy: the browser uses only what has exactly these bytes.
    """

    text: Markup
    source: str


def inlined(text: str) -> Inlined:
    """A script or a style of our own."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Inlined(Markup(text), f"'sha256-{digest}'")


@cache
def runtime() -> Inlined:
    """Vega and Vega-Lite, 0.9 MB; read once per process."""
    packed = (ASSETS / BUNDLE).read_bytes()
    return inlined(gzip.decompress(packed).decode())


@cache
def drawing() -> Inlined:
    """Our script, which goes after `runtime`."""
    return inlined(stylesheet("charts.js"))


def figure(chart: Chart) -> Markup:
    """A chart as a page holds it: a picture, and what the script draws instead."""
    script = f'<script type="application/json">{json_script(chart.themed)}</script>'
    return Markup(f'<figure class="chart">{svg(chart)}{script}</figure>')


def json_script(value: Mapping[str, Any]) -> Markup:
    """JSON for a script element, which no text in it can close."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


def packed(value: Mapping[str, Any]) -> str:
    """JSON, compressed, for a script that unpacks it: a fifth of the size, as texts and charts repeat their words."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def bundled(library: Any) -> str:
    """The runtime, as the library that draws our charts holds it; bundling takes it more than a second."""
    text = str(library.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VERSION))
    # As a later version might hold; none does so far.
    if re.search(r"</script|<!--", text, re.IGNORECASE):
        raise ValueError("the charts' runtime holds a text that would end its script element")
    return text
