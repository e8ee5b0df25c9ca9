"""Writing the playbook: one PDF of everything, one per segment, and a self-contained HTML page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from northstar_explain import tables
from northstar_explain.model.learned_model import Model
from northstar_explain.report.document.fonts import inter, woff2_url
from northstar_explain.report.document.press import (
    PdfJob,
    PdfWorker,
    Press,
    has_room,
    pdf_bytes,
    rare_garbage_collection,
)
from northstar_explain.report.document.render import FONT, stylesheet
from northstar_explain.report.playbook.facts import Playbook, playbook_facts
from northstar_explain.report.playbook.page_layout import (
    STYLE,
    Page,
    fitted_pdfs,
    lay_out_pages,
    pages,
    segment_texts,
    source,
)
from northstar_explain.report.playbook.plan import Plan

LOGO = "asset:logo"
_OF_SEGMENT = re.compile(r"playbook-S\d+\.pdf")


class WrittenPlaybook(NamedTuple):
    """The files of a playbook."""

    pdf: Path
    html: Path
    segments: tuple[Path, ...]
    long: tuple[str, ...]
    """Pages that take more than one A4 page even in the smallest font size."""

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
) -> WrittenPlaybook:
    """Write ``playbook.pdf``, ``playbook.html`` and a ``playbook-ID.pdf`` for each segment.

    Parameters
    ----------
    model : Model
    folder : Path
        Where to write them; created if missing, otherwise replaced as a whole.
    overwrite : bool, default False
        Replace an existing playbook, with pages of segments that no longer exist.
    progress : callable
        Called with the name of each stage as it begins.
    plan : Plan, optional
        Decisions of marketing.

    Returns
    -------
    WrittenPlaybook

    Raises
    ------
    OutputError
        When there is a playbook already, the folder has other files, or it cannot be written.
    """
    plan = plan or Plan()
    tables.require_apart([folder], [*model.inputs, *plan.files])
    targets = {f"playbook-{one.id}.pdf": one.id for one in model.segmentation.segments}
    for name in ("playbook.pdf", "playbook.html", *targets, *_stale(folder, set(targets))):
        tables.require_free(folder / name, overwrite)
    # The folder is replaced as a whole, so nothing in it may belong to somebody else.
    if folder.is_dir():
        tables.require_only(folder, _is_of_a_playbook, "a folder of a playbook")
    progress("collecting the facts")
    # Started before the facts are collected, as it has half a second of imports to do.
    process = PdfWorker(fitted_pdfs) if has_room() else None
    try:
        with rare_garbage_collection():
            data, long = _files(playbook_facts(model, plan), plan, process, progress)
    finally:
        if process:
            process.stop()
    progress(f"writing {folder}")
    tables.publish_folder(folder, data)
    segments = tuple(folder / name for name in targets)
    return WrittenPlaybook(folder / "playbook.pdf", folder / "playbook.html", segments, long)


def _files(
    book: Playbook, plan: Plan, process: PdfWorker | None, progress: Callable[[str], None]
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Name to content of every file, and the ids of pages that are longer than one A4 page."""
    # One font with the characters of all pages: each PDF of its own would subset it again.
    font = inter(source(book, pages(book)))
    titles = [f"{segment.name}: {book.title}" for segment in book.segments]
    assets = {FONT: (font, "font/ttf")}
    if process:
        process.begin(PdfJob(tuple(segment_texts(book)), (STYLE,), dict(assets), tuple(titles)))
    if plan.logo:
        assets[LOGO] = (plan.logo.data, plan.logo.kind)
    laid_out = lay_out_pages(Press((STYLE,), assets), book, LOGO if plan.logo else "", progress)
    progress("writing the PDFs")
    # Before the whole book: writing a page changes it, so that the order decides the bytes.
    here = [] if process else list(map(pdf_bytes, (one.document for one in laid_out if one.page.segment), titles))
    whole = pdf_bytes(laid_out[0].document.copy([page for one in laid_out for page in one.document.pages]))
    data = {"playbook.pdf": whole, "playbook.html": _page(book, [one.page for one in laid_out], font).encode()}
    for segment, content in zip(book.segments, process.result() if process else here, strict=True):
        data[f"playbook-{segment.id}.pdf"] = content
    return data, tuple(one.page.id for one in laid_out if one.page_count > 1)


def _page(book: Playbook, selected: list[Page], font: bytes) -> str:
    # Our own stylesheet and font, no user input.
    style = Markup(stylesheet(STYLE).replace(FONT, woff2_url(font)))
    return source(book, selected, book.logo, style)


def _is_of_a_playbook(name: str) -> bool:
    return name in ("playbook.pdf", "playbook.html") or bool(_OF_SEGMENT.fullmatch(name))


def _stale(folder: Path, current: set[str]) -> list[str]:
    """Files of segments that only an earlier playbook had."""
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if _is_of_a_playbook(path.name) and path.name not in current)
