"""``audit.pdf``: the report and its appendix as HTML, set side by side and joined."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from northstar_explain.report.document.blocks import Chapter, Facts, Figure
from northstar_explain.report.document.merge_pdfs import merge_pdfs
from northstar_explain.report.document.pdf_jobs import PdfJob, font_for, pdf
from northstar_explain.report.render import html

_TEMPLATE = "audit-report.html.j2"


@dataclass(frozen=True)
class Cover:
    """The first page."""

    title: str
    lead: str
    facts: Facts
    appendix: str


@dataclass(frozen=True)
class Report:
    """One of the two parts; `running` stands at the foot of its pages."""

    title: str
    part: str
    chapters: tuple[Chapter, ...]
    running: str
    cover: Cover | None = None

    def page(self) -> str:
        """The part as HTML."""
        return html(_TEMPLATE, report=self)

    def pictures(self) -> dict[str, bytes]:
        """Its pictures, by the addresses at which the page asks for them."""
        figures = (block for chapter in self.chapters for block in chapter.blocks if isinstance(block, Figure))
        return {figure.address: str(figure.picture).encode() for figure in figures}

    def set(self) -> bytes:
        """The part as PDF."""
        return pdf(self.page(), self.pictures())

    def start_jobs(self, count: int) -> list[PdfJob]:
        """Have its chapters set by other processes, as many as asked for, each a stretch of about equal length."""
        bounds = [round(i * len(self.chapters) / count) for i in range(count + 1)]
        stretches = (replace(self, chapters=self.chapters[a:b]) for a, b in pairwise(bounds) if a < b)
        parts = [(part.page(), part.pictures()) for part in stretches]
        font = font_for((page for page, _ in parts), (data for _, pictures in parts for data in pictures.values()))
        return [PdfJob(page, pictures, font) for page, pictures in parts]


def whole(front: bytes, appendix: Sequence[bytes]) -> bytes:
    """The report and the stretches of its appendix as one PDF; the same for the same content."""
    identifier = hashlib.sha256(b"".join([front, *appendix])).digest()[:16]
    return merge_pdfs([front, *appendix], "A", identifier)
