"""Sheets of paper: each page of the playbook set as large as one A4 page allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from northstar_explain.report.playbook.facts import Playbook
from northstar_explain.report.playbook.segment import Sheet
from northstar_explain.report.render import Press, html

TEMPLATE, STYLE = "playbook.html.j2", "playbook.css"
# Sizes of type that the stylesheet has, largest first, and where to begin: texts may be large, figures need not.
LEVELS = 12
_FIRST = {"segment": 6, "overview": 2}


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
    planned, level, laid = pages(book), _FIRST["segment"], {}
    for page in planned:
        progress(f"setting page {page.number} of {len(planned)}")
        laid[page.id] = _fit(press, book, replace(page, level=level) if page.sheet else page, logo)
        if page.sheet:
            level = laid[page.id].page.level
    for page in planned:
        if page.sheet and laid[page.id].page.level != level:
            laid[page.id] = _fit(press, book, replace(page, level=level), logo)
    return [laid[page.id] for page in planned]


def _fit(press: Press, book: Playbook, page: Page, logo: str) -> Set:
    first = page.level or _FIRST.get(page.kind, 0)

    def at(level: int) -> Set:
        chosen = replace(page, level=level)
        return Set(chosen, press.lay_out(source(book, [chosen], logo)))

    done = at(first)
    low, high = first + 1, LEVELS - 1  # the largest size that may fit, and the smallest there is
    fits = done if done.sheets == 1 else None
    while fits is None or (fits is not done and low < fits.page.level):
        middle = (low + (high if fits is None else fits.page.level)) // 2
        tried = at(middle)
        if tried.sheets == 1:
            fits = tried
        elif middle == high:
            return tried
        else:
            low = middle + 1
    return fits
