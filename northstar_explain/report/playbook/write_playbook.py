"""Writing the playbook: the book as PDF, as a page and as an editable document, a PDF for each segment, the summary."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from northstar_explain import tables
from northstar_explain.model.learned_model import Model
from northstar_explain.report.document.blocks import Link
from northstar_explain.report.document.charts import DRAWN
from northstar_explain.report.document.document import Document, links_beside
from northstar_explain.report.document.fonts import no_font, without_font
from northstar_explain.report.document.press import (
    Assets,
    PdfJob,
    PdfWorker,
    Press,
    has_room,
    pdf_bytes,
    rare_garbage_collection,
)
from northstar_explain.report.document.render import html
from northstar_explain.report.document.word import docx
from northstar_explain.report.playbook.page_layout import PRINTED, fit_all, fitted_pdfs
from northstar_explain.report.playbook.plan import Logo, Plan
from northstar_explain.report.playbook.playbook_contents import LOGO, alone, sheets, summary, whole_book
from northstar_explain.report.playbook.playbook_facts import SEGMENT_PDF, Book, book_of

PDF, PAGE, WORD, SUMMARY, SUMMARY_PAGE = "playbook.pdf", "playbook.html", "playbook.docx", "summary.pdf", "summary.html"
_OF_SEGMENT = re.compile(r"playbook-S\d+\.pdf")
_STYLES = ("document.css", "playbook.css")


class WrittenPlaybook(NamedTuple):
    """The files of a playbook."""

    pdf: Path
    html: Path
    word: Path
    summary: Path
    summary_html: Path
    segments: tuple[Path, ...]
    long: tuple[str, ...]
    """Pages that take more than one A4 page even in the smallest font size."""
    without_font: str = ""
    """That no font on this machine has some characters, and which; empty where each has one."""

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them."""
        return (self.pdf, self.html, self.word, self.summary, self.summary_html, *self.segments)


def write_playbook(
    model: Model,
    folder: Path,
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda stage: None,
    plan: Plan | None = None,
    sql: Mapping[str, tuple[str, ...]] | None = None,
    beside: Mapping[str, Path] | None = None,
) -> WrittenPlaybook:
    """Write the playbook as PDF, HTML and Word document, a ``playbook-ID.pdf`` for each segment, and the summary.

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
    sql : mapping of str to tuple of str, optional
        By segment, its rules as conditions in SQL, which the page of the tree prints.
    beside : mapping of str to Path, optional
        The other reports, words to file: the page links to those that exist.

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
    segments = [SEGMENT_PDF.format(one.id) for one in model.segmentation.segments]
    names = (PDF, PAGE, WORD, SUMMARY, SUMMARY_PAGE, *segments)
    for name in (*names, *_stale(folder, set(names))):
        tables.require_free(folder / name, overwrite)
    # The folder is replaced as a whole, so nothing in it may belong to somebody else.
    if folder.is_dir():
        tables.require_only(folder, _is_of_a_playbook, "a folder of a playbook")
    siblings = links_beside(folder / PAGE, beside or {})
    progress("collecting the facts")
    # Started before the facts are collected, as it has half a second of imports to do.
    worker = PdfWorker(rest_of) if has_room() else None
    try:
        with rare_garbage_collection():
            data, long, boxes = _files(book_of(model, plan, sql), siblings, worker, progress)
    finally:
        if worker:
            worker.stop()
    progress(f"writing {folder}")
    tables.publish_folder(folder, data)
    pdf, page, word, summary_pdf, summary_page = (folder / name for name in names[:5])
    alone = tuple(folder / name for name in segments)
    return WrittenPlaybook(pdf, page, word, summary_pdf, summary_page, alone, long, boxes)


class Rest(NamedTuple):
    """What another process makes meanwhile, from the book and the charts that are drawn already."""

    whole: Document
    handouts: tuple[Document, ...]
    logo: Logo | None
    drawn: Mapping[str, str]


def rest_of(job: Rest) -> list[bytes]:
    """The PDFs of the handouts, and the whole book as a Word document and as a page."""
    DRAWN.update(job.drawn)
    pages, titles = tuple(one.page() for one in job.handouts), tuple(one.title for one in job.handouts)
    pdfs = fitted_pdfs(PdfJob(pages, _STYLES, _assets(job.handouts, job.logo), titles))
    return [*pdfs, docx(job.whole, job.logo.data if job.logo else b""), _page(job.whole, job.logo)]


def _assets(documents: Sequence[Document], logo: Logo | None) -> Assets:
    pictures = {url: (data, "image/svg+xml") for one in documents for url, data in one.pictures().items()}
    return pictures | ({LOGO: (logo.data, logo.kind)} if logo else {})


def _files(
    book: Book, siblings: Sequence[Link], worker: PdfWorker | None, progress: Callable[[str], None]
) -> tuple[dict[str, bytes], tuple[str, ...], str]:
    """Name to content of every file, the ids of pages that are longer than one A4 page, characters without a font."""
    whole, short, logo = whole_book(book, siblings), summary(book), book.plan.logo
    parts = sheets(whole)
    progress("drawing the charts")
    with ThreadPoolExecutor(1) as artist:
        drawing = artist.submit(_assets, parts, logo)  # outside of Python's lock, so that this goes on meanwhile
        pages = [one.page() for one in parts]
        import weasyprint  # noqa: F401  (takes half a second, and is needed next)

        assets = drawing.result()
    job = Rest(whole, (*(alone(one, whole, book) for one in book.segments), short), logo, dict(DRAWN))
    if worker:
        worker.begin(job)
    pdf, long = _book_pdf(parts, pages, assets, progress)
    data = {PDF: pdf, SUMMARY_PAGE: html("summary.html.j2", document=short).encode()}
    progress("writing the document and the page")
    made = worker.result() if worker else rest_of(job)
    names = [*(SEGMENT_PDF.format(one.id) for one in book.segments), SUMMARY, WORD, PAGE]
    return (
        data | dict(zip(names, made, strict=True)),
        long,
        no_font(found) if (found := without_font("".join(pages))) else "",
    )


def _book_pdf(
    parts: Sequence[Document], pages: Sequence[str], assets: Assets, progress: Callable[[str], None]
) -> tuple[bytes, tuple[str, ...]]:
    press = Press(_STYLES, assets)
    progress("laying out the pages")
    fitted = []
    for number, one in enumerate(fit_all(press, pages), 1):
        progress(f"laid out page {number} of {len(pages)}")
        fitted.append(one)
    progress("writing the PDF")
    whole = pdf_bytes(fitted[0].document.copy([sheet for one in fitted for sheet in one.document.pages]))
    long = [part for part, one in zip(parts, fitted, strict=True) if not one.fits]
    return whole, tuple(part.chapters[0].id if part.chapters else "cover" for part in long)


def _page(whole: Document, logo: Logo | None) -> bytes:
    # Printed from a browser, all pages have the size with which most of them fit a sheet.
    text = replace(whole, variant=f"playbook fit-{PRINTED}").web_page()
    return (
        text.replace(LOGO, f"data:{logo.kind};base64,{base64.b64encode(logo.data).decode()}") if logo else text
    ).encode()


def _is_of_a_playbook(name: str) -> bool:
    return name in (PDF, PAGE, WORD, SUMMARY, SUMMARY_PAGE) or bool(_OF_SEGMENT.fullmatch(name))


def _stale(folder: Path, current: set[str]) -> list[str]:
    """Files of segments that only an earlier playbook had."""
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if _is_of_a_playbook(path.name) and path.name not in current)
