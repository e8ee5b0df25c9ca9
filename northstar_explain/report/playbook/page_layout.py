"""Sheets of paper: each page of the playbook set as large as one A4 page allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from northstar_explain.report.playbook.facts import Playbook
from northstar_explain.report.playbook.segment_page import Sheet
from northstar_explain.report.render import Press, html

TEMPLATE, STYLE = "playbook.html.j2", "playbook.css"
# Sizes of type that the stylesheet has, largest first, and where to begin: texts may be large, figures need not.
LEVELS = 12
_FIRST = {"cover": 1, "segment": 7}


@dataclass(frozen=True)
class Page:
    """A page of the playbook.

    Attributes
    ----------
    kind : str
        Which template shows it.
    id : str
        Where links to it lead.
    number : int
        From 1.
    sheet : Sheet or None
        The segment, on its own page.
    level : int
        The size of type it is set in, 0 the largest.
    """

    kind: str
    id: str
    number: int
    sheet: Sheet | None = None
    level: int = 0


class Fitted(NamedTuple):
    """A size of type, and what a page is in it, as a `weasyprint.Document`."""

    level: int
    document: Any

    @property
    def sheets(self) -> int:
        """How many sheets of paper it takes."""
        return len(self.document.pages)


class Set(NamedTuple):
    """A page that has been set, as a `weasyprint.Document`."""

    page: Page
    document: Any

    @property
    def sheets(self) -> int:
        """How many sheets of paper it takes."""
        return len(self.document.pages)


def pages(book: Playbook) -> list[Page]:
    """The playbook's pages in order."""
    front = [("cover", "cover", None), ("overview", "overview", None)]
    segments = [("segment", one.id, one) for one in book.sheets]
    back = [(kind, kind, None) for kind in ("contacts", "tree", "method", "glossary")]
    return [Page(*one[:2], number, one[2]) for number, one in enumerate([*front, *segments, *back], 1)]


def source(book: Playbook, chosen: list[Page], logo: str = "", style: Any = None) -> str:
    """Some pages as HTML.

    Parameters
    ----------
    book : Playbook
    chosen : list of Page
    logo : str
        Where the logo comes from; empty where there is none.
    style : Markup, optional
        The stylesheet, for a page that stands by itself: it gets navigation as well.

    Returns
    -------
    str
    """
    return html(TEMPLATE, book=book, pages=chosen, logo=logo, style=style)


def set_pages(press: Press, book: Playbook, logo: str = "", progress: Callable[[str], None] = print) -> list[Set]:
    """Set each page in the largest type with which it fits one sheet; the segments' all in one size.

    Parameters
    ----------
    press : Press
    book : Playbook
    logo : str
        Where the logo comes from; empty where there is none.
    progress : callable
        Told which page is set.

    Returns
    -------
    list of Set
        Longer than a sheet only where even the smallest type does not fit: then nothing is cut off.
    """
    planned = pages(book)
    segments = [page for page in planned if page.sheet]
    progress("setting the segments")
    found = dict(zip((page.id for page in segments), fit_alike(press, segment_texts(book)), strict=True))
    for page in planned:
        if page.id not in found:
            progress(f"setting page {page.number} of {len(planned)}")
            found[page.id] = fit(press, source(book, [page], logo), _first(page, book))
    return [Set(replace(page, level=found[page.id].level), found[page.id].document) for page in planned]


def segment_texts(book: Playbook) -> list[str]:
    """The segments' pages as HTML, each by itself."""
    return [source(book, [page]) for page in pages(book) if page.sheet]


def fit_alike(press: Press, texts: Sequence[str]) -> list[Fitted]:
    """Set segments' pages, all in the largest type with which each fits one sheet."""
    level, found = _FIRST["segment"], []
    for text in texts:
        found.append(fit(press, text, level))
        level = found[-1].level
    return [one if one.level == level else fit(press, text, level) for one, text in zip(found, texts, strict=True)]


def _first(page: Page, book: Playbook) -> int:
    """The size of type to begin with: near the one that will fit, as each that is tried takes time."""
    more = max(0, len(book.sheets) - 4)
    first = {"overview": 1 + 2 * more, "contacts": (1 + more) // 2, "tree": (book.tree.leaves - 4) // 2}
    return min(LEVELS - 1, max(0, first.get(page.kind, _FIRST.get(page.kind, 0))))


def fit(press: Press, text: str, first: int) -> Fitted:
    """Set a page in the first size of type, or, where that is too large, in the largest that fits one sheet.

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
        # The texts of others are escaped: this quotation mark can only be the template's.
        return Fitted(level, press.lay_out(text.replace(' fit-0"', f' fit-{level}"', 1)))

    found = at(first)
    low, high, step = first, first, 1  # at `low` it does not fit, at `high` it may
    while found.sheets > 1 and high < LEVELS - 1:
        low, high, step = high, min(high + step, LEVELS - 1), 2 * step
        found = at(high)
    while high - low > 1 and found.sheets == 1:
        middle = (low + high) // 2
        tried = at(middle)
        if tried.sheets == 1:
            found, high = tried, middle
        else:
            low = middle
    return found
