"""HTML with its pictures to a tagged PDF; in another process where two can work side by side.

Pictures are handed over beside the page and not inside it: WeasyPrint would look up the style of every line of them.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Mapping

from northstar_explain.report.fonts import inter
from northstar_explain.report.render import FONT, Press, pdf_bytes

STYLE = "audit.css"
_PICTURE = "image/svg+xml"


def pdf(page: str, pictures: Mapping[str, bytes]) -> bytes:
    """Set a page.

    Parameters
    ----------
    page : str
        HTML.
    pictures : mapping
        Address, such as ``asset:1``, to an SVG file: all that the page can fetch beside our font.

    Returns
    -------
    bytes
        A tagged PDF, the same for the same page.
    """
    signs = page + "".join(data.decode() for data in pictures.values())
    assets = {name: (data, _PICTURE) for name, data in pictures.items()} | {FONT: (inter(signs), "font/ttf")}
    return pdf_bytes(Press(STYLE, assets).lay_out(page))


class Setting:
    """Pages that another process is setting.

    Parameters
    ----------
    page : str
    pictures : mapping
        As `pdf` takes them.
    """

    def __init__(self, page: str, pictures: Mapping[str, bytes]):
        self._page, self._pictures = page, pictures
        # A process of its own rather than a pool: it starts from nothing, whatever program this one is.
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdin is not None
        texts = {name: base64.b64encode(data).decode() for name, data in pictures.items()}
        self._process.stdin.write(json.dumps({"page": page, "pictures": texts}).encode())
        self._process.stdin.close()
        self._process.stdin = None

    def result(self) -> bytes:
        """The PDF; set here should the other process have failed."""
        data, _ = self._process.communicate()
        done = self._process.returncode == 0 and data.startswith(b"%PDF")
        return data if done else pdf(self._page, self._pictures)

    def stop(self) -> None:
        """End the process, if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def main() -> None:
    """Set what comes in on stdin, and write the PDF to stdout."""
    work = json.loads(sys.stdin.buffer.read())
    pictures = {name: base64.b64decode(text) for name, text in work["pictures"].items()}
    sys.stdout.buffer.write(pdf(work["page"], pictures))


if __name__ == "__main__":
    main()
