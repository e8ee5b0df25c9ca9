"""A document of chapters, as the page that is typeset and as the page that a browser shows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from northstar_explain.report.document.blocks import Block, Chapter, Link, figures
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.fonts import embedded
from northstar_explain.report.document.press import PdfJob, typeset
from northstar_explain.report.document.render import html, stylesheet
from northstar_explain.report.document.runtime import drawing, inlined, json_script, runtime

_TEMPLATE, _STYLE = "document.html.j2", "document.css"
_STYLE_HERE = Markup("<!-- style -->")  # which no escaped text holds


@dataclass(frozen=True)
class Tool:
    """Something to try in a page: a script of ours, and what it computes with.

    Attributes
    ----------
    script : str
        Its file in the templates folder.
    id : str
        Of the element that holds the data.
    data : mapping
        As JSON has it.
    """

    script: str
    id: str
    data: Mapping[str, Any]

    @property
    def element(self) -> Markup:
        """The data as an element, which no browser runs."""
        return Markup(f'<script type="application/json" id="{self.id}">{json_script(self.data)}</script>\n')


@dataclass(frozen=True)
class Document:
    """A report, or a part of it.

    Attributes
    ----------
    title : str
        The title of file and window.
    variant : str
        A class of the stylesheet: ``memo``, ``audit``, ``appendix`` or ``playbook``.
    chapters : tuple of Chapter
    heading : str
        The headline of the first page; none where it is empty.
    eyebrow : str
        A line above the headline.
    front : tuple of Block
        What stands below the headline, before the first chapter.
    running : str
        The footer of every page.
    siblings : tuple of Link
        The reports beside it, for the page in a browser; only those that exist.
    styles : tuple of str
        Stylesheets in addition to that of all documents.
    language : str
        As HTML names it.
    tools : tuple of Tool
        What a page in a browser offers to try; paper has none of it.
    """

    title: str
    variant: str
    chapters: tuple[Chapter, ...]
    heading: str = ""
    eyebrow: str = ""
    front: tuple[Block, ...] = ()
    running: str = ""
    siblings: tuple[Link, ...] = ()
    styles: tuple[str, ...] = ()
    language: str = "en"
    tools: tuple[Tool, ...] = ()

    @property
    def _blocks(self) -> tuple[Block, ...]:
        return (*self.front, *(block for chapter in self.chapters for block in chapter.blocks))

    def page(self) -> str:
        """The HTML that is typeset; it asks for its pictures by their addresses."""
        return html(_TEMPLATE, document=self, web=None)

    def pictures(self) -> dict[str, bytes]:
        """URL to SVG of its figures."""
        return {figure.address: str(figure.picture).encode() for figure in figures(self._blocks)}

    def job(self) -> PdfJob:
        """What the press needs to typeset it; the press draws its charts."""
        charts = {figure.address: figure.chart for figure in figures(self._blocks)}
        return PdfJob((self.page(),), (_STYLE, *self.styles), charts=charts)

    def pdf(self) -> bytes:
        """The document as a tagged PDF; the same for the same document."""
        return typeset(self.job())[0]

    def jobs(self, count: int) -> list[PdfJob]:
        """Up to `count` jobs, each an equal share of its chapters, in order."""
        bounds = [round(i * len(self.chapters) / count) for i in range(count + 1)]
        return [replace(self, chapters=self.chapters[a:b]).job() for a, b in pairwise(bounds) if a < b]

    def web_page(self) -> str:
        """One HTML file that loads nothing: font, style, charts and the script that draws them are inside."""
        charts = any(isinstance(figure.chart, Chart) for figure in figures(self._blocks))
        scripts = (
            *((runtime(), drawing()) if charts else ()),
            *(inlined(stylesheet(one.script)) for one in self.tools),
        )
        policy = Markup(" ".join(one.source for one in scripts) or "'none'")
        page = html(_TEMPLATE, document=self, web={"policy": policy, "style": _STYLE_HERE})
        # The font needs the characters of the page, so it comes in last, and the scripts, which need none, after it.
        style = "\n".join(map(stylesheet, ("charts.css", _STYLE, *self.styles)))
        page = page.replace(_STYLE_HERE, embedded(style, page), 1)
        ends = [*(str(one.element) for one in self.tools), *(f"<script>{one.text}</script>\n" for one in scripts)]
        return page.replace("</body>", "".join(ends) + "</body>")


def links_beside(page: Path, reports: Mapping[str, Path]) -> tuple[Link, ...]:
    """Links from a page to other reports, relative to it.

    Parameters
    ----------
    page : Path
    reports : mapping of str to Path
        Words to file. Whoever names one says that it stands there when the page is read.

    Returns
    -------
    tuple of Link
    """
    # As an address: with slashes, and every other character that has a meaning in one escaped.
    return tuple(
        Link(words, address=quote(Path(os.path.relpath(path, page.parent)).as_posix()))
        for words, path in reports.items()
    )
