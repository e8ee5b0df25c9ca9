"""Page layout: each page of the playbook in the largest type with which it fits its sheets of A4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from northstar_explain.report.document.press import PdfJob, Press, pdf_bytes, rare_garbage_collection

# Sizes of type in playbook.css, the largest first; the last ones leave out what a page can do without.
LEVELS = 6
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


def fit_alike(press: Press, pages: Sequence[str]) -> list[Fitted]:
    """Lay out pages that are to look alike, all in the largest type with which each fits."""
    # Each page begins with the level of the one before: they only go down, and most pages are laid out once.
    level, fitted = 0, list[Fitted]()
    for page in pages:
        fitted.append(fit(press, page, level))
        level = fitted[-1].level
    return [one if one.level == level else fit(press, page, level) for one, page in zip(fitted, pages, strict=True)]


def fitted_pdfs(job: PdfJob) -> list[bytes]:
    """The PDFs of a job, each of its pages in the largest type with which it fits."""
    press = Press(job.styles, job.assets)
    alike, others = [page for page in job.pages if page.count("<section") > 1], [page for page in job.pages if page.count("<section") == 1]
    with rare_garbage_collection():
        fitted = [*fit_alike(press, alike), *(fit(press, page) for page in others)]
        return [pdf_bytes(one.document, title) for one, title in zip(fitted, job.titles, strict=True)]
