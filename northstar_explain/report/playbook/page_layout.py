"""Page layout: each page of the playbook in the largest font size with which it fits one A4 page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from northstar_explain.report.document.press import PdfJob, Press, pdf_bytes, rare_garbage_collection
from northstar_explain.report.document.render import html
from northstar_explain.report.playbook.facts import Playbook
from northstar_explain.report.playbook.segment_page import SegmentPage

TEMPLATE, STYLE = "playbook.html.j2", "playbook.css"
# Font sizes of the stylesheet, largest first, and where to begin: texts may be large, figures need not.
LEVELS = 12
_FIRST = {"cover": 1, "segment": 7}


@dataclass(frozen=True)
class Page:
    """A page of the playbook.

    Attributes
    ----------
    kind : str
        Which template renders it.
    id : str
        The target of links to it.
    number : int
        From 1.
    segment : SegmentPage or None
        The facts, where it is the page of a segment.
    level : int
        Its font size, 0 the largest.
    """

    kind: str
    id: str
    number: int
    segment: SegmentPage | None = None
    level: int = 0


class Fitted(NamedTuple):
    """A font size, and a page laid out in it, as a `weasyprint.Document`."""

    level: int
    document: Any

    @property
    def page_count(self) -> int:
        """How many A4 pages it takes."""
        return len(self.document.pages)


class LaidOutPage(NamedTuple):
    """A page that has been laid out, as a `weasyprint.Document`."""

    page: Page
    document: Any

    @property
    def page_count(self) -> int:
        """How many A4 pages it takes."""
        return len(self.document.pages)


def pages(book: Playbook) -> list[Page]:
    """The playbook's pages in order."""
    front = [("cover", "cover", None), ("overview", "overview", None)]
    segments = [("segment", one.id, one) for one in book.segments]
    back = [(kind, kind, None) for kind in ("contacts", "tree", "method", "glossary")]
    return [Page(*one[:2], number, one[2]) for number, one in enumerate([*front, *segments, *back], 1)]


def source(book: Playbook, selected: list[Page], logo: str = "", style: Any = None) -> str:
    """Some pages as HTML.

    Parameters
    ----------
    book : Playbook
    selected : list of Page
    logo : str
        URL of the logo; empty where there is none.
    style : Markup, optional
        The stylesheet, for a page of its own, which also gets navigation.

    Returns
    -------
    str
    """
    return html(TEMPLATE, book=book, pages=selected, logo=logo, style=style)


def lay_out_pages(
    press: Press, book: Playbook, logo: str = "", progress: Callable[[str], None] = print
) -> list[LaidOutPage]:
    """Lay out each page in the largest font size with which it fits one A4 page; segments all in the same size.

    Parameters
    ----------
    press : Press
    book : Playbook
    logo : str
        URL of the logo; empty where there is none.
    progress : callable
        Called with the page that is laid out next.

    Returns
    -------
    list of LaidOutPage
        Longer than one A4 page only where even the smallest font size does not fit: nothing is cut off.
    """
    planned = pages(book)
    segments = [page for page in planned if page.segment]
    progress("laying out the segments")
    fitted = dict(zip((page.id for page in segments), fit_alike(press, segment_texts(book)), strict=True))
    for page in planned:
        # Segments are laid out already: all have one size, so that pages of equals look alike.
        if page.id not in fitted:
            progress(f"laying out page {page.number} of {len(planned)}")
            fitted[page.id] = fit(press, source(book, [page], logo), _first(page, book))
    return [LaidOutPage(replace(page, level=fitted[page.id].level), fitted[page.id].document) for page in planned]


def segment_texts(book: Playbook) -> list[str]:
    """The segments' pages as separate HTML texts."""
    return [source(book, [page]) for page in pages(book) if page.segment]


def fit_alike(press: Press, texts: Sequence[str]) -> list[Fitted]:
    """Lay out the segments' pages, all in the largest font size with which each fits one A4 page."""
    # Each page begins with the size of the one before: sizes only go down, and most pages are laid out once.
    level, fitted = _FIRST["segment"], []
    for text in texts:
        fitted.append(fit(press, text, level))
        level = fitted[-1].level
    return [one if one.level == level else fit(press, text, level) for one, text in zip(fitted, texts, strict=True)]


def fitted_pdfs(job: PdfJob) -> list[bytes]:
    """The PDF of each segment's page, all in the largest font size with which each fits one A4 page."""
    press = Press(job.styles, job.assets)
    with rare_garbage_collection():
        fitted = fit_alike(press, job.pages)
        return [pdf_bytes(one.document, title) for one, title in zip(fitted, job.titles, strict=True)]


def _first(page: Page, book: Playbook) -> int:
    """The font size to begin with: near the one that will fit, as each attempt takes time."""
    more = max(0, len(book.segments) - 4)
    # These pages grow with the number of segments, or of leaves.
    first = {"overview": 1 + 2 * more, "contacts": (1 + more) // 2, "tree": (book.tree.leaves - 4) // 2}
    return min(LEVELS - 1, max(0, first.get(page.kind, _FIRST.get(page.kind, 0))))


def fit(press: Press, text: str, first: int) -> Fitted:
    """Lay out a page in the first font size or, where that is too large, in the largest that fits one A4 page.

    Parameters
    ----------
    press : Press
    text : str
        The page as HTML, at level 0.
    first : int
        The level to begin with.

    Returns
    -------
    Fitted
    """

    def at(level: int) -> Fitted:
        # Texts are escaped: this quotation mark can only be the template's.
        return Fitted(level, press.lay_out(text.replace(' fit-0"', f' fit-{level}"', 1)))

    best = at(first)
    low, high, step = first, first, 1  # at `low` it does not fit, at `high` it may
    while best.page_count > 1 and high < LEVELS - 1:
        # Doubled steps, then halving: a long page needs few attempts, and each takes time.
        low, high, step = high, min(high + step, LEVELS - 1), 2 * step
        best = at(high)
    while high - low > 1 and best.page_count == 1:
        middle = (low + high) // 2
        candidate = at(middle)
        if candidate.page_count == 1:
            best, high = candidate, middle
        else:
            low = middle
    return best
