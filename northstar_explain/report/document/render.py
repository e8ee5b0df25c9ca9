"""Templates to HTML, HTML to PDF: without network access, and without files other than our own assets."""

from __future__ import annotations

import contextlib
import copy
import gc
import logging
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from northstar_explain.report.document.fonts import inter

FONT = "asset:inter"
# Characters that the last words of a text should have together.
TIED = 8
# With Python's default of 700, garbage collection takes a fifth of the time of a playbook.
_GC_THRESHOLD = 200_000
# Characters that could reorder the text around them, or are invisible: shown by their code point.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def html(template: str, **facts: Any) -> str:
    """Fill a template.

    Parameters
    ----------
    template : str
        Its name in the templates folder.
    **facts
        Its variables; all text is escaped, control characters are shown by their code point, and an undefined variable
        is an error.

    Returns
    -------
    str
    """
    return _environment().get_template(template).render(**facts)


def stylesheet(name: str) -> str:
    """The text of one of our stylesheets."""
    return resources.files("northstar_explain.templates").joinpath(name).read_text(encoding="utf-8")


def pdf(page: str, style: str) -> bytes:
    """Turn HTML into a tagged PDF.

    Parameters
    ----------
    page : str
        HTML.
    style : str
        The name of its stylesheet in the templates folder.

    Returns
    -------
    bytes
        The same for the same page.
    """
    return pdf_bytes(Press(style, {FONT: (inter(page), "font/ttf")}).lay_out(page))


class Press:
    """Lays out HTML in pages, with the same stylesheet and fonts for all of them.

    Parameters
    ----------
    style : str
        The name of the stylesheet in the templates folder.
    assets : mapping
        URL to content and media type: everything that a page can fetch.
    """

    def __init__(self, style: str, assets: Mapping[str, tuple[bytes, str]]):
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration

        # WeasyPrint warns of every CSS rule it does not know; what matters is refused or tested.
        logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
        logging.getLogger("fontTools").setLevel(logging.ERROR)
        self._fonts, self._fetcher = FontConfiguration(), _fetcher(assets)
        self._css = weasyprint.CSS(
            string=stylesheet(style), font_config=self._fonts, url_fetcher=self._fetcher, base_url="asset:"
        )

    def lay_out(self, page: str) -> Any:
        """The laid out pages of an HTML page, as a `weasyprint.Document`."""
        import weasyprint

        document = weasyprint.HTML(string=page, url_fetcher=self._fetcher, base_url="asset:")
        return document.render(font_config=self._fonts, stylesheets=[self._css], pdf_variant="pdf/ua-1")


def pdf_bytes(document: Any, title: str | None = None) -> bytes:
    """A document as PDF, with another title where one is given."""
    if title is not None:
        document.metadata = copy.copy(document.metadata)
        document.metadata.title = title
    # The identifier is fixed as well, so that the same facts give the same bytes.
    with _fixed_clock():
        return bytes(document.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=b"northstar-explain"))


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("northstar_explain.templates", ""),
        autoescape=True,
        # A fact that is missing must not print as nothing.
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    environment.filters["tied"] = tied
    return environment


def tied(text: str) -> str:
    """Join the last words by no-break spaces, so that no short word stands alone on the last line.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        With no-break spaces between as many last words as make up `TIED` characters, where they are short enough.
    """
    head, blank, tail = text.rpartition(" ")
    while blank and len(tail) < TIED:
        head, blank, word = head.rpartition(" ")
        if len(word) > TIED:
            return f"{head}{blank}{word} {tail}"
        tail = f"{word}\N{NO-BREAK SPACE}{tail}"
    return f"{head}{blank}{tail}"


def _visible(value: Any) -> Any:
    if isinstance(value, Markup):  # our own SVG and CSS; charts escape their texts
        return Markup(_HIDDEN.sub(_code_point, str(value)))
    return _HIDDEN.sub(_code_point, value) if isinstance(value, str) else value


def _code_point(match: re.Match[str]) -> str:
    return f"[U+{ord(match[0]):04X}]"


@contextlib.contextmanager
def rare_garbage_collection() -> Iterator[None]:
    """Collect garbage rarely: laying out pages makes millions of objects that live until the pages are written."""
    before = gc.get_threshold()
    gc.set_threshold(_GC_THRESHOLD, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextlib.contextmanager
def _fixed_clock() -> Iterator[None]:
    """Keep the clock out of the fonts: the subsetter writes its time of day into each, and bytes would differ."""
    name, before = "SOURCE_DATE_EPOCH", os.environ.get("SOURCE_DATE_EPOCH")
    os.environ[name] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _fetcher(assets: Mapping[str, tuple[bytes, str]]) -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OwnAssets(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no types
        """Serves our own assets and refuses everything else: a report fetches nothing."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            # Texts of a contract or a plan reach the page, and must not make it fetch files or addresses.
            if url not in assets:
                raise ValueError(f"a report may not fetch {url!r}")
            body, kind = assets[url]
            return URLFetcherResponse(url, body=body, headers={"Content-Type": kind})

    return OwnAssets()
