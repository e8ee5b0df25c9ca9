"""Templates to HTML, HTML to PDF: without network, and without a file but our own assets."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2

_FONT = "asset:inter"


def html(template: str, **facts: Any) -> str:
    """Fill a template.

    Parameters
    ----------
    template : str
        Its name in the templates folder.
    **facts
        What it shows; everything is escaped, and a name it does not find is an error.

    Returns
    -------
    str
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("northstar_explain.templates", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**facts)


def pdf(page: str, stylesheet: str) -> bytes:
    """Turn HTML into a tagged PDF.

    Parameters
    ----------
    page : str
        HTML.
    stylesheet : str
        Its name in the templates folder.

    Returns
    -------
    bytes
        The same for the same page.
    """
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration

    # WeasyPrint speaks of every CSS rule it does not know; what matters is refused or tested.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    fonts, fetcher = FontConfiguration(), _fetcher()
    css = resources.files("northstar_explain.templates").joinpath(stylesheet).read_text(encoding="utf-8")
    style = weasyprint.CSS(string=css, font_config=fonts, url_fetcher=fetcher, base_url="asset:")
    document = weasyprint.HTML(string=page, url_fetcher=fetcher, base_url="asset:")
    with _fixed_clock():
        return document.write_pdf(
            stylesheets=[style], font_config=fonts, pdf_variant="pdf/ua-1", pdf_identifier=b"northstar-explain"
        )


@contextlib.contextmanager
def _fixed_clock() -> Iterator[None]:
    """Keep the time of day out of the fonts: what subsets them stamps each with the hour of its making."""
    name, before = "SOURCE_DATE_EPOCH", os.environ.get("SOURCE_DATE_EPOCH")
    os.environ[name] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _fetcher() -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OwnAssets(URLFetcher):
        """Hands out our font and refuses everything else: a report fetches nothing."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url != _FONT:
                raise ValueError(f"a report may not fetch {url!r}")
            return URLFetcherResponse(url, body=_font(), headers={"Content-Type": "font/ttf"})

    return OwnAssets()


def _font() -> bytes:
    import fontpkg_inter

    return (Path(fontpkg_inter.ROOT) / "files" / "Inter[opsz,wght].ttf").read_bytes()
