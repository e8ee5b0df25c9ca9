"""What draws charts in a page: Vega, which interprets its expressions and so needs no `eval`, and our script."""

from __future__ import annotations

import re
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

from northstar_explain.report.document.charts import VERSION, library
from northstar_explain.report.document.render import stylesheet

STYLE = "charts.css"  # the stylesheet of charts in pages
_DRAWING = "charts.js"


def prepare() -> None:
    """Begin to make the scripts in the background: it takes more than a second, and a report has other work."""
    _bundle()


def scripts() -> tuple[str, str]:
    """The scripts of a page with charts, in this order: Vega with Vega-Lite (0.9 MB), and ours.

    A page with them needs `STYLE`, and charts as `templates/blocks.html.j2` writes them: each is drawn when it comes
    near the window, and without JavaScript its picture stays.

    Returns
    -------
    tuple of str
        For the policy's hashes and for script elements; made once per process.
    """
    return _bundle().result(), stylesheet(_DRAWING)


@cache
def _bundle() -> Future[str]:
    # A thread is enough: the library lets others run while it works.
    pool = ThreadPoolExecutor(1)
    future = pool.submit(_bundled)
    pool.shutdown(wait=False)
    return future


def _bundled() -> str:
    text = str(library().javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VERSION))
    # As a later version might hold; none does so far.
    if re.search(r"</script|<!--", text, re.IGNORECASE):
        raise ValueError("the charts' runtime holds a text that would end its script element")
    return text
