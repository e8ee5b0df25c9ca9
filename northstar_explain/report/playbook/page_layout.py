"""Page layout: each page of the playbook in the largest type with which it fits its sheets of A4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from northstar_explain.report.document.press import PdfJob, Press, pdf_bytes, rare_garbage_collection

# How tall a page is at each size of type in playbook.css, the largest first, beside one another; the last ones leave
# out what a page can do without. Rough: the sizes that it makes one think of are tried.
_HEIGHTS = (1.87, 1.7, 1.54, 1.4, 1.33, 1.26, 1.17, 1.13, 1.0, 0.96)
LEVELS, PRINTED = len(_HEIGHTS), 7
VARIANT = "playbook fit-0"


class Fitted(NamedTuple):
    """A page laid out at a level, as a `weasyprint.Document`, and whether it takes no more sheets than it should."""

    level: int
    document: Any
    fits: bool


def fit(press: Press, page: str, first: int = 0) -> Fitted:
    """Lay out a page at the first level with which each of its sections fits one sheet.

    Parameters
    ----------
    press : Press
    page : str
        HTML, at level 0.
    first : int
        The level to try first: how full its sheets are says which one to try next.

    Returns
    -------
    Fitted
        At the last level where none fits: nothing is cut off.
    """
    sheets = page.count("<section")
    tried: dict[int, Fitted] = {}
    level: int | None = first
    while level is not None:
        # Texts are escaped: this class can only be the template's.
        document = press.lay_out(page.replace(f'<body class="{VARIANT}', f'<body class="playbook fit-{level}', 1))
        tried[level] = Fitted(level, document, len(document.pages) <= sheets)
        level = _next(tried, tried[level], sheets)
    return min((one for one in tried.values() if one.fits), default=max(tried.values()), key=lambda one: one.level)


def _next(tried: dict[int, Fitted], last: Fitted, sheets: int) -> int | None:
    """The level to try after the last one; None where the best is known."""
    high = _HEIGHTS[last.level] / _filled(last.document, sheets)
    # What a sheet of this fullness would hold, at most.
    roomy = next((level for level, height in enumerate(_HEIGHTS) if height <= high), LEVELS - 1)
    too_large = max((one.level for one in tried.values() if not one.fits), default=-1)
    best = min((one.level for one in tried.values() if one.fits), default=LEVELS)
    wanted = min(max(roomy, too_large + 1), LEVELS - 1)
    if last.fits:
        return wanted if wanted < best else None
    return min(max(wanted, last.level + 1), best - 1) if last.level + 1 < best else None


def _filled(document: Any, sheets: int) -> float:
    """How much of its sheets the content takes: 1 is all of the fullest."""
    parts = [page._page_box.children[0].margin_height() / page._page_box.height for page in document.pages]
    if len(parts) <= sheets:
        return float(max(parts))
    # Of several sections it is not known which one runs over.
    return len(parts) - 1 + float(parts[-1]) if sheets == 1 else 1.0


def fit_all(press: Press, pages: Iterable[str]) -> Iterator[Fitted]:
    """Lay out pages one after the other."""
    first = PRINTED
    for page in pages:
        # Pages that follow one another are much alike, and each attempt takes time.
        fitted = fit(press, page, first)
        yield fitted
        first = fitted.level


def fitted_pdfs(job: PdfJob) -> list[bytes]:
    """The PDFs of a job, each of its pages in the largest type with which it fits."""
    press = Press(job.styles, job.assets)
    with rare_garbage_collection():
        fitted = fit_all(press, job.pages)
        return [pdf_bytes(one.document, title) for one, title in zip(fitted, job.titles, strict=True)]
