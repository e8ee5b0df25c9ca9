"""Charts in HTML pages: Vega, our script that draws with it, and the policy under which nothing else runs."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from markupsafe import Markup, escape

from northstar_explain.report.document.charts import VERSION, Chart, library, svg

_OWN_SCRIPT, _OWN_STYLE = "charts.js", "charts.css"


@dataclass(frozen=True)
class Inlined:
    """A script or a style that stands in the page.

    Attributes
    ----------
    text : Markup
        Without its element.
    source : str
        Its hash, as a source of a content security policy.
    """

    text: Markup
    source: str


def inlined(text: str) -> Inlined:
    """A script or a style of our own, with its hash: the browser runs only what has exactly these bytes."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Inlined(Markup(text), f"'sha256-{digest}'")


def asset(name: str) -> str:
    """The text of a script or a stylesheet in the templates folder."""
    return resources.files("northstar_explain.templates").joinpath(name).read_text(encoding="utf-8")


def prepare() -> None:
    """Begin to make the runtime in the background; it takes more than a second, and a report has other work."""
    _bundle()


@cache
def runtime() -> Inlined:
    """Vega, Vega-Lite and their interpreter of expressions, which needs no `eval`; made once per process."""
    return inlined(_bundle().result())


@cache
def drawing() -> Inlined:
    """Our script: draws the charts of a page when they come near the window; goes after `runtime`."""
    return inlined(asset(_OWN_SCRIPT))


@cache
def chart_style() -> Inlined:
    """The style of charts in pages: tooltip, mark of the chosen value, focus."""
    return inlined(asset(_OWN_STYLE))


def policy(scripts: tuple[Inlined, ...], styles: tuple[Inlined, ...]) -> str:
    """A content security policy under which a page fetches nothing and runs these scripts only.

    Parameters
    ----------
    scripts, styles : tuple of Inlined
        All that the page holds; fonts and pictures may be data URLs.

    Returns
    -------
    str
        For a `<meta http-equiv="Content-Security-Policy">`.
    """
    run = " ".join(one.source for one in scripts) or "'none'"
    look = " ".join(one.source for one in styles) or "'none'"
    return (
        f"default-src 'none'; img-src data:; font-src data:; style-src {look}; script-src {run}; "
        "base-uri 'none'; form-action 'none'"
    )


def figure(chart: Chart) -> Markup:
    """A chart as a page holds it: a picture for readers without JavaScript, and what the script draws instead.

    Parameters
    ----------
    chart : Chart

    Returns
    -------
    Markup
        A `<figure>`.
    """
    return Markup(
        f'<figure class="chart" data-name="{escape(chart.alt_text)}">{svg(chart)}'
        f'<script type="application/json">{json_script(chart.themed)}</script></figure>'
    )


def json_script(value: Mapping[str, Any]) -> Markup:
    """JSON for a script element, which no text in it can close."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


@cache
def _bundle() -> Future[str]:
    # The library lets other threads run while it works.
    with_one_thread = ThreadPoolExecutor(1)
    future = with_one_thread.submit(_bundled)
    with_one_thread.shutdown(wait=False)
    return future


def _bundled() -> str:
    text = str(library().javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VERSION))
    # What it would mean inside a script element is undefined enough to refuse.
    if re.search(r"</script|<!--", text, re.IGNORECASE):
        raise ValueError("the charts' runtime has a text that would end its script element")
    return text
