"""Page layout: each page of the playbook in the largest type with which it fits its sheets of A4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from northstar_explain.report.document.press import PdfJob, Press, pdf_bytes, rare_garbage_collection

# Sizes of type in playbook.css, the largest first; the last ones leave out what a page can do without.
LEVELS, PRINTED = 7, 4
VARIANT = "playbook fit-0"


class Fitted(NamedTuple):
    """A page laid out at a level, as a `weasyprint.Document`, and whether it takes no more sheets than it should."""

    level: int
    document: Any
    fits: bool


def fit(press: Press, page: str, first: int = 0) -> Fitted:
    """Lay out a page at the first level from `first` on with which each of its sections fits one sheet.

    Parameters
    ----------
    press : Press
    page : str
        HTML, at level 0.
    first : int

    Returns
    -------
    Fitted
        At the last level where none fits: nothing is cut off.
    """
    sheets = page.count("<section")
    for level in range(first, LEVELS):
        # Texts are escaped: this class can only be the template's.
        document = press.lay_out(page.replace(f'<body class="{VARIANT}', f'<body class="playbook fit-{level}', 1))
        if len(document.pages) <= sheets:
            return Fitted(level, document, True)
    return Fitted(level, document, False)


def fit_all(press: Press, pages: Iterable[str]) -> Iterator[Fitted]:
    """Lay out pages one after the other."""
    first, before = 0, 0
    for page in pages:
        # Pages that follow one another are much alike, and each attempt takes time: a longer one begins at the level of
        # the one before, a shorter one at the next larger size.
        fitted = fit(press, page, max(0, first - (len(page) < before)))
        yield fitted
        first, before = fitted.level, len(page)


def fitted_pdfs(job: PdfJob) -> list[bytes]:
    """The PDFs of a job, each of its pages in the largest type with which it fits."""
    press = Press(job.styles, job.assets)
    with rare_garbage_collection():
        fitted = fit_all(press, job.pages)
        return [pdf_bytes(one.document, title) for one, title in zip(fitted, job.titles, strict=True)]
