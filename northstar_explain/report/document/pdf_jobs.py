"""Typeset HTML and its pictures as a tagged PDF, in this process or in a worker process.

Pictures are passed as separate files rather than inline: WeasyPrint would match every stylesheet rule against every
element of an inline SVG.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping

from northstar_explain.report.document.fonts import inter
from northstar_explain.report.document.render import FONT, Press, pdf_bytes

STYLE = "audit.css"
_PICTURE = "image/svg+xml"


def font_for(pages: Iterable[str], pictures: Iterable[bytes]) -> bytes:
    """The font with the characters of pages and pictures; subsetting takes a second, so jobs share it."""
    return inter("".join(sorted({char for text in (*pages, *map(bytes.decode, pictures)) for char in text})))


def pdf(page: str, pictures: Mapping[str, bytes], font: bytes | None = None) -> bytes:
    """Typeset a page.

    Parameters
    ----------
    page : str
        HTML.
    pictures : mapping
        URL, such as ``asset:1``, to an SVG file: all that the page can fetch besides the font.
    font : bytes, optional
        The font with at least the characters needed; by default it is subset for this page.

    Returns
    -------
    bytes
        A tagged PDF; the same bytes for the same page.
    """
    font = font or font_for([page], pictures.values())
    assets = {name: (data, _PICTURE) for name, data in pictures.items()} | {FONT: (font, "font/ttf")}
    return pdf_bytes(Press(STYLE, assets).lay_out(page))


class PdfJob:
    """A page that a worker process is typesetting.

    Parameters
    ----------
    page : str
    pictures : mapping
    font : bytes, optional
        As for `pdf`.
    """

    def __init__(self, page: str, pictures: Mapping[str, bytes], font: bytes | None = None):
        self._page, self._pictures, self._font = page, pictures, font
        # A fresh interpreter rather than a multiprocessing pool: forking copies locks that other threads hold, and
        # spawning imports the caller's main module again, which may be a notebook or a script without a guard.
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdin is not None
        texts = {name: base64.b64encode(data).decode() for name, data in pictures.items()}
        encoded_font = base64.b64encode(font).decode() if font else None
        job = json.dumps({"page": page, "pictures": texts, "font": encoded_font}).encode()
        # A worker that has died already breaks the pipe; `result` then typesets the page here.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(job)
        with contextlib.suppress(BrokenPipeError):  # closing flushes what is left, so it can fail as well
            self._process.stdin.close()
        self._process.stdin = None

    def result(self) -> bytes:
        """Wait for the PDF; it is typeset in this process if the worker failed."""
        data, _ = self._process.communicate()
        succeeded = self._process.returncode == 0 and data.startswith(b"%PDF")
        return data if succeeded else pdf(self._page, self._pictures, self._font)

    def stop(self) -> None:
        """Kill the worker if it is still running."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def main() -> None:
    """Typeset the job read from stdin and write the PDF to stdout."""
    if hasattr(os, "nice"):
        os.nice(10)  # the parent's own work is on the critical path, so the worker yields the CPU to it
    job = json.loads(sys.stdin.buffer.read())
    pictures = {name: base64.b64decode(text) for name, text in job["pictures"].items()}
    font = base64.b64decode(job["font"]) if job["font"] else None
    sys.stdout.buffer.write(pdf(job["page"], pictures, font))


if __name__ == "__main__":
    main()
