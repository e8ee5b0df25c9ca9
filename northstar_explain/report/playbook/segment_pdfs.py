"""The PDF of each segment, made by another process while this one lays out the whole book.

It gets pages as HTML, and is not used on a machine with one core.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from northstar_explain.report.document.render import FONT, Press, pdf_bytes, rare_garbage_collection
from northstar_explain.report.playbook.page_layout import STYLE, fit_alike


class PdfJob(NamedTuple):
    """Pages as HTML, the title of each PDF, and our font in base64."""

    texts: list[str]
    titles: list[str]
    font: str


class SegmentPdfProcess:
    """A process that waits for pages, and meanwhile imports what laying them out needs.

    A new process rather than a pool: it must start in any host program, also one that cannot be forked or re-imported.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    _job: PdfJob | None = None

    def begin(self, texts: Sequence[str], titles: Sequence[str], font: bytes) -> None:
        """Send the pages.

        Parameters
        ----------
        texts : sequence of str
            HTML.
        titles : sequence of str
            One a page, for the PDFs.
        font : bytes
            Our font with the characters of all pages.
        """
        self._job = PdfJob(list(texts), list(titles), base64.b64encode(font).decode())
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # if it has ended, `result` makes the PDFs here
            self._process.stdin.write(json.dumps(self._job).encode())
            self._process.stdin.close()
        self._process.stdin = None

    def result(self) -> list[bytes]:
        """The PDFs in the order of the pages; made in this process if the other one failed."""
        assert self._job is not None
        data, _ = self._process.communicate()
        # Any failure there, even a kill for want of memory, costs time only.
        if self._process.returncode == 0:
            return [base64.b64decode(one) for one in json.loads(data)]
        return make_pdfs(self._job)

    def stop(self) -> None:
        """End the process if it is still running."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def has_room() -> bool:
    """Whether this machine can run two processes in parallel."""
    return len(os.sched_getaffinity(0)) > 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) > 1


def make_pdfs(job: PdfJob) -> list[bytes]:
    """Make the PDFs of a job."""
    press = Press(STYLE, {FONT: (base64.b64decode(job.font), "font/ttf")})
    with rare_garbage_collection():
        fitted = fit_alike(press, job.texts)
        return [pdf_bytes(one.document, title) for one, title in zip(fitted, job.titles, strict=True)]


def main() -> None:
    """Lay out the pages that arrive on stdin, and write their PDFs to stdout."""
    with ThreadPoolExecutor(1) as reader:
        received = reader.submit(sys.stdin.buffer.read)
        import weasyprint  # noqa: F401  (takes half a second, while the pages are still being made)

        data = received.result()
    if data:  # no data if the process that started this one has ended
        sys.stdout.write(json.dumps([base64.b64encode(one).decode() for one in make_pdfs(PdfJob(*json.loads(data)))]))


if __name__ == "__main__":
    main()
