"""Sheets of paper: each page of the playbook set as large as one A4 page allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from northstar_explain.report.playbook.facts import Playbook
from northstar_explain.report.playbook.segment import Sheet
from northstar_explain.report.render import Press, html

TEMPLATE, STYLE = "playbook.html.j2", "playbook.css"
# Sizes of type that the stylesheet has, largest first.
LEVELS = 7


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
        How many sizes smaller than usual it is set.
    """

    kind: str
    id: str
    number: int
    sheet: Sheet | None = None
    level: int = 0


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


def set_page(press: Press, book: Playbook, page: Page, logo: str = "") -> tuple[Page, Any]:
    """Set a page in the largest type with which it fits one sheet.

    Returns
    -------
    Page, weasyprint.Document
        Longer than a sheet only where even the smallest type does not fit: then nothing is cut off.
    """
    for level in range(LEVELS):
        tried = replace(page, level=level)
        laid = press.lay_out(source(book, [tried], logo))
        if len(laid.pages) == 1:
            break
    return tried, laid
