"""HTML with its pictures to a tagged PDF; in another process where two can work side by side.

Pictures are handed over beside the page and not inside it: WeasyPrint would look up the style of every line of them.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping

from northstar_explain.report.fonts import inter
from northstar_explain.report.render import FONT, Press, pdf_bytes

STYLE = "audit.css"
_PICTURE = "image/svg+xml"


def font_for(pages: Iterable[str], pictures: Iterable[bytes]) -> bytes:
    """Our font with the signs of pages and pictures; making it takes a second, so parts of a document share it."""
    return inter("".join(sorted({sign for text in (*pages, *map(bytes.decode, pictures)) for sign in text})))


def pdf(page: str, pictures: Mapping[str, bytes], font: bytes | None = None) -> bytes:
    """Set a page.

    Parameters
    ----------
    page : str
        HTML.
    pictures : mapping
        Address, such as ``asset:1``, to an SVG file: all that the page can fetch beside our font.
    font : bytes, optional
        Our font with at least the signs that are needed; made for this page where not given.

    Returns
    -------
    bytes
        A tagged PDF, the same for the same page.
    """
    font = font or font_for([page], pictures.values())
    assets = {name: (data, _PICTURE) for name, data in pictures.items()} | {FONT: (font, "font/ttf")}
    return pdf_bytes(Press(STYLE, assets).lay_out(page))


class PdfJob:
    """Pages that another process is setting.

    Parameters
    ----------
    page : str
    pictures : mapping
    font : bytes, optional
        As `pdf` takes them.
    """

    def __init__(self, page: str, pictures: Mapping[str, bytes], font: bytes | None = None):
        self._page, self._pictures, self._font = page, pictures, font
        # A process of its own rather than a pool: it starts from nothing, whatever program this one is.
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdin is not None
        texts = {name: base64.b64encode(data).decode() for name, data in pictures.items()}
        given = base64.b64encode(font).decode() if font else None
        self._process.stdin.write(json.dumps({"page": page, "pictures": texts, "font": given}).encode())
        self._process.stdin.close()
        self._process.stdin = None

    def result(self) -> bytes:
        """The PDF; set here should the other process have failed."""
        data, _ = self._process.communicate()
        done = self._process.returncode == 0 and data.startswith(b"%PDF")
        return data if done else pdf(self._page, self._pictures, self._font)

    def stop(self) -> None:
        """End the process, if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def main() -> None:
    """Set what comes in on stdin, and write the PDF to stdout."""
    if hasattr(os, "nice"):
        os.nice(10)  # whoever waits for this has work of its own on which the rest depends
    work = json.loads(sys.stdin.buffer.read())
    pictures = {name: base64.b64decode(text) for name, text in work["pictures"].items()}
    font = base64.b64decode(work["font"]) if work["font"] else None
    sys.stdout.buffer.write(pdf(work["page"], pictures, font))


if __name__ == "__main__":
    main()
