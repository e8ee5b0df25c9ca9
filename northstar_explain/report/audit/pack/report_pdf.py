"""``audit.pdf``: the report and its appendix, typeset in parallel and merged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from northstar_explain.report.document.blocks import Chapter, Facts, Figure
from northstar_explain.report.document.merge_pdfs import merge_pdfs
from northstar_explain.report.document.press import PdfJob, PdfWorker, font_assets, start, typeset
from northstar_explain.report.document.render import html

_TEMPLATE, _STYLE = "audit-report.html.j2", "audit.css"


@dataclass(frozen=True)
class Cover:
    """The first page."""

    title: str
    lead: str
    facts: Facts
    appendix: str


@dataclass(frozen=True)
class Report:
    """A document of chapters: the report or its appendix.

    Attributes
    ----------
    title : str
    layout : str
        ``report`` or ``appendix``: the class of the page's body in the stylesheet.
    chapters : tuple of Chapter
    running : str
        The footer of every page.
    cover : Cover or None
    """

    title: str
    layout: str
    chapters: tuple[Chapter, ...]
    running: str
    cover: Cover | None = None

    def page(self) -> str:
        """The document as HTML."""
        return html(_TEMPLATE, report=self)

    def pictures(self) -> dict[str, bytes]:
        """URL to SVG of the document's figures."""
        figures = (block for chapter in self.chapters for block in chapter.blocks if isinstance(block, Figure))
        return {figure.address: str(figure.picture).encode() for figure in figures}

    def job(self, fonts: dict[str, tuple[bytes, str]] | None = None) -> PdfJob:
        """What the press needs; with a font of its own characters by default."""
        page, pictures = self.page(), self.pictures()
        assets = {url: (data, "image/svg+xml") for url, data in pictures.items()}
        return PdfJob((page,), (_STYLE,), {**assets, **(fonts or font_assets([page], pictures.values()))})

    def typeset(self) -> bytes:
        """The document as PDF."""
        return typeset(self.job())[0]

    def start_jobs(self, count: int) -> list[PdfWorker]:
        """Typeset the chapters in `count` worker processes, each an equal share of them, in order."""
        # Equal shares: pages of the appendix are alike, so processes end at about the same time.
        bounds = [round(i * len(self.chapters) / count) for i in range(count + 1)]
        chunks = [replace(self, chapters=self.chapters[a:b]) for a, b in pairwise(bounds) if a < b]
        # Subset once, for the characters of all chunks.
        pictures = [data for chunk in chunks for data in chunk.pictures().values()]
        fonts = font_assets([chunk.page() for chunk in chunks], pictures)
        return start([chunk.job(fonts) for chunk in chunks])


def merged_report(front: bytes, appendix: Sequence[bytes]) -> bytes:
    """The report and the chunks of its appendix as one PDF; the same bytes for the same content."""
    # PDF asks for a unique identifier; a hash of the content is unique and reproducible.
    identifier = hashlib.sha256(b"".join([front, *appendix])).digest()[:16]
    return merge_pdfs([front, *appendix], "A", identifier)
