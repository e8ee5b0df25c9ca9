"""Writing the playbook's files: one PDF of everything, one a segment, and an HTML page that holds all it needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from northstar_explain import tables
from northstar_explain.model import Model
from northstar_explain.report.fonts import inter, woff2_url
from northstar_explain.report.playbook.facts import Playbook, playbook_facts
from northstar_explain.report.playbook.page_layout import STYLE, Page, pages, segment_texts, set_pages, source
from northstar_explain.report.playbook.plan import Plan
from northstar_explain.report.playbook.segment_pdfs import Alone, has_room
from northstar_explain.report.render import FONT, Press, pdf_bytes, seldom_collecting, stylesheet

LOGO = "asset:logo"
_OF_SEGMENT = re.compile(r"playbook-S\d+\.pdf")


class Written(NamedTuple):
    """The files of a playbook."""

    pdf: Path
    html: Path
    segments: tuple[Path, ...]
    long: tuple[str, ...]
    """Pages that take more than one sheet, even in the smallest type."""

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them."""
        return (self.pdf, self.html, *self.segments)


def write_playbook(
    model: Model,
    folder: Path,
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda stage: None,
    plan: Plan | None = None,
) -> Written:
    """Write ``playbook.pdf``, ``playbook.html`` and a ``playbook-ID.pdf`` for each segment.

    Parameters
    ----------
    model : Model
    folder : Path
        Where to put them; made when it is not there.
    overwrite : bool, default False
        Replace files that are there; those of segments that are no more are removed.
    progress : callable
        Told each stage as it begins.
    plan : Plan, optional
        What marketing decided.

    Returns
    -------
    Written

    Raises
    ------
    OutputError
        When one of them exists already or cannot be written.
    """
    plan = plan or Plan()
    targets = {f"playbook-{one.id}.pdf": one.id for one in model.segmentation.segments}
    stale = _stale(folder, set(targets))
    for name in ("playbook.pdf", "playbook.html", *targets, *(path.name for path in stale)):
        tables.require_free(folder / name, overwrite)
    progress("collecting the facts")
    alone = Alone() if has_room() else None
    try:
        with seldom_collecting():
            data, long = _files(playbook_facts(model, plan), plan, alone, progress)
    finally:
        if alone:
            alone.stop()
    progress(f"writing {folder}")
    for name, content in data.items():
        with tables.replacing(folder / name) as beside:
            beside.write_bytes(content)
    for path in stale:
        path.unlink()
    segments = tuple(folder / name for name in targets)
    return Written(folder / "playbook.pdf", folder / "playbook.html", segments, long)


def _files(
    book: Playbook, plan: Plan, alone: Alone | None, progress: Callable[[str], None]
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Name to content of every file, and the ids of pages that are longer than a sheet."""
    font = inter(source(book, pages(book)))
    titles = [f"{sheet.name}: {book.title}" for sheet in book.sheets]
    if alone:
        alone.begin(segment_texts(book), titles, font)
    assets = {FONT: (font, "font/ttf")}
    if plan.logo:
        assets[LOGO] = (plan.logo.data, plan.logo.kind)
    laid = set_pages(Press(STYLE, assets), book, LOGO if plan.logo else "", progress)
    progress("writing the PDFs")
    # Before the whole book: what is written of a page first leaves its mark on what is written of it next.
    made = [] if alone else list(map(pdf_bytes, (one.document for one in laid if one.page.sheet), titles))
    whole = pdf_bytes(laid[0].document.copy([sheet for one in laid for sheet in one.document.pages]))
    data = {"playbook.pdf": whole, "playbook.html": _page(book, [one.page for one in laid], font).encode()}
    for sheet, content in zip(book.sheets, alone.result() if alone else made, strict=True):
        data[f"playbook-{sheet.id}.pdf"] = content
    return data, tuple(one.page.id for one in laid if one.sheets > 1)


def _page(book: Playbook, chosen: list[Page], font: bytes) -> str:
    # Our own stylesheet and font, no text of anybody's.
    style = Markup(stylesheet(STYLE).replace(FONT, woff2_url(font)))
    return source(book, chosen, book.logo, style)


def _stale(folder: Path, current: set[str]) -> list[Path]:
    """Files of segments that an earlier playbook had."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if _OF_SEGMENT.fullmatch(path.name) and path.name not in current)
