"""``audit.pdf``: the report and its appendix, set side by side in two processes and joined."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from northstar_explain.report.audit.blocks import Chapter, Facts
from northstar_explain.report.audit.joining import joined
from northstar_explain.report.render import html, pdf

_TEMPLATE, _STYLE = "audit-report.html.j2", "audit.css"


@dataclass(frozen=True)
class Cover:
    """The first page."""

    title: str
    lead: str
    facts: Facts
    appendix: str


@dataclass(frozen=True)
class Report:
    """One of the two parts; `running` stands at the foot of its pages."""

    title: str
    part: str
    chapters: tuple[Chapter, ...]
    running: str
    cover: Cover | None = None


class Setting:
    """A part that another process is setting.

    Parameters
    ----------
    page : str
        HTML.
    """

    def __init__(self, page: str):
        # A process of its own rather than a pool: it starts from nothing, whatever program this one is.
        self._page = page
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self._process.stdin is not None
        self._process.stdin.write(page.encode())
        self._process.stdin.close()
        self._process.stdin = None

    def result(self) -> bytes:
        """The PDF; set here should the other process have failed."""
        data, _ = self._process.communicate()
        return data if self._process.returncode == 0 and data.startswith(b"%PDF") else pdf(self._page, _STYLE)

    def stop(self) -> None:
        """End the process, if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def page_of(report: Report) -> str:
    """A part as HTML."""
    return html(_TEMPLATE, report=report)


def joined_report(front: Report, appendix: Setting) -> bytes:
    """The whole as one PDF.

    Parameters
    ----------
    front : Report
    appendix : Setting
        Under way since it could be.

    Returns
    -------
    bytes
        Tagged; the same for the same content.
    """
    page = page_of(front)
    first = pdf(page, _STYLE)
    second = appendix.result()
    identifier = hashlib.sha256(first + second).digest()[:16]
    return joined(first, second, "A", identifier)


def main() -> None:
    """Set the page that comes in on stdin, and write the PDF to stdout."""
    sys.stdout.buffer.write(pdf(sys.stdin.buffer.read().decode(), _STYLE))


def chapters_of(*parts: Chapter | Sequence[Chapter] | None) -> tuple[Chapter, ...]:
    """Chapters in order, without those that are not there."""
    found: list[Any] = []
    for part in parts:
        found += [] if part is None else [part] if isinstance(part, Chapter) else list(part)
    return tuple(found)


if __name__ == "__main__":
    main()
