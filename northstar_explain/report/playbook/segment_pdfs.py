"""The PDF of each segment alone, made by another process while this one sets the whole book.

It is handed pages as HTML, and never runs where there is but one core.
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

from northstar_explain.report.playbook.page_layout import STYLE, fit_alike
from northstar_explain.report.render import FONT, Press, pdf_bytes, seldom_collecting


class Work(NamedTuple):
    """Pages as HTML, the title of each one's PDF, and our font in base64."""

    texts: list[str]
    titles: list[str]
    font: str


class Alone:
    """A process that waits for pages, and meanwhile loads what setting them takes.

    A process of its own rather than a pool: it starts from nothing, whatever program this one is.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    _work: Work | None = None

    def begin(self, texts: Sequence[str], titles: Sequence[str], font: bytes) -> None:
        """Hand over the pages.

        Parameters
        ----------
        texts : sequence of str
            HTML.
        titles : sequence of str
            One a page, for the PDFs.
        font : bytes
            Our font with the signs of all pages.
        """
        self._work = Work(list(texts), list(titles), base64.b64encode(font).decode())
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # where it has ended, `result` makes up for it
            self._process.stdin.write(json.dumps(self._work).encode())
            self._process.stdin.close()
        self._process.stdin = None

    def result(self) -> list[bytes]:
        """The PDFs in the order of the pages; made here should the other process have failed."""
        assert self._work is not None
        data, _ = self._process.communicate()
        if self._process.returncode == 0:
            return [base64.b64decode(one) for one in json.loads(data)]
        return made(self._work)

    def stop(self) -> None:
        """End the process, if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def has_room() -> bool:
    """Whether this machine lets us run two processes side by side."""
    return len(os.sched_getaffinity(0)) > 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) > 1


def made(work: Work) -> list[bytes]:
    """The PDFs of some pages."""
    press = Press(STYLE, {FONT: (base64.b64decode(work.font), "font/ttf")})
    with seldom_collecting():
        laid = fit_alike(press, work.texts)
        return [pdf_bytes(one.document, title) for one, title in zip(laid, work.titles, strict=True)]


def main() -> None:
    """Set the pages that come in on stdin, and write their PDFs to stdout."""
    with ThreadPoolExecutor(1) as reader:
        given = reader.submit(sys.stdin.buffer.read)
        import weasyprint  # noqa: F401  (takes half a second, in which the pages are still being made)

        data = given.result()
    if data:  # else whoever started us has ended
        sys.stdout.write(json.dumps([base64.b64encode(one).decode() for one in made(Work(*json.loads(data)))]))


if __name__ == "__main__":
    main()
