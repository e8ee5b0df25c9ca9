"""HTML to tagged PDF, in this process or in a worker process: the same bytes for the same page.

A page fetches nothing but the assets that it is given. Pictures are assets rather than inline: WeasyPrint would match
every stylesheet rule against every element of an inline SVG.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import importlib
import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from northstar_explain.report.document.charts import Chart, svg
from northstar_explain.report.document.fonts import font_assets
from northstar_explain.report.document.render import stylesheet

# URL to content and media type.
Assets = Mapping[str, tuple[bytes, str]]
# With Python's default of 700, garbage collection takes a fifth of the time of a playbook.
_GC_THRESHOLD = 200_000


@dataclass(frozen=True)
class PdfJob:
    """Pages to typeset, each as a PDF of its own.

    Attributes
    ----------
    pages : tuple of str
        HTML.
    styles : tuple of str
        The names of their stylesheets in the templates folder; of two rules alike, the later holds.
    assets : mapping
        URL to content and media type, besides the fonts.
    titles : tuple of str
        One a page; none to keep the titles that the pages have.
    charts : mapping
        URL to chart, or to picture in SVG: drawing takes long, so that the process which typesets does it.
    """

    pages: tuple[str, ...]
    styles: tuple[str, ...]
    assets: Assets = field(default_factory=dict)
    titles: tuple[str, ...] = ()
    charts: Mapping[str, Chart | Markup] = field(default_factory=dict)


def typeset(job: PdfJob) -> list[bytes]:
    """The PDFs of a job, in the order of its pages."""
    drawn = {url: svg(one) if isinstance(one, Chart) else one for url, one in job.charts.items()}
    pictures = {url: (one.encode(), "image/svg+xml") for url, one in drawn.items()}
    press = Press(job.styles, {**job.assets, **pictures})
    titles = job.titles or (None,) * len(job.pages)
    with rare_garbage_collection():
        return [pdf_bytes(press.lay_out(page), title) for page, title in zip(job.pages, titles, strict=True)]


class Press:
    """Lays out HTML in pages, with the same stylesheets and fonts for all of them.

    Parameters
    ----------
    styles : sequence of str
        The names of the stylesheets in the templates folder.
    assets : mapping
        URL to content and media type: everything that a page can fetch besides our fonts.
    """

    def __init__(self, styles: Sequence[str], assets: Assets):
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration

        # WeasyPrint warns of every CSS rule it does not know; what matters is refused or tested.
        logging.getLogger("weasyprint").setLevel(logging.CRITICAL)
        logging.getLogger("fontTools").setLevel(logging.ERROR)
        self._fonts, self._fetcher = FontConfiguration(), _fetcher({**font_assets(), **assets})
        text = "\n".join(map(stylesheet, styles))
        self._css = weasyprint.CSS(
            string=text, font_config=self._fonts, url_fetcher=self._fetcher, base_url="asset:"
        )  # fmt: skip

    def lay_out(self, page: str) -> Any:
        """The laid out pages of an HTML page, as a `weasyprint.Document`."""
        import weasyprint

        document = weasyprint.HTML(string=page, url_fetcher=self._fetcher, base_url="asset:")
        return document.render(font_config=self._fonts, stylesheets=[self._css], pdf_variant="pdf/ua-1")


def pdf_bytes(document: Any, title: str | None = None) -> bytes:
    """A `weasyprint.Document` as PDF, with another title where one is given."""
    if title is not None:
        document.metadata = copy.copy(document.metadata)
        document.metadata.title = title
    # The identifier is fixed as well, so that the same facts give the same bytes.
    with _fixed_clock():
        return bytes(document.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=b"northstar-explain"))


class PdfWorker:
    """A process that typesets, beside this one; on starting it imports what that needs, and then waits for its job.

    Parameters
    ----------
    make : callable
        What it does with its job, by default a `PdfJob`: a function at the top of a module, from a job to files.
    """

    # Job and result are pickled, as they go from a process to one that it started and back; no file is ever unpickled.
    def __init__(self, make: Callable[[Any], list[bytes]] = typeset):
        self._make = make
        self._job: Any = None
        # A fresh interpreter rather than a multiprocessing pool: forking copies locks that other threads hold, and
        # spawning imports the caller's main module again, which may be a notebook or a script without a guard.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "northstar_explain.report.document.press", make.__module__, make.__name__],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def begin(self, job: Any) -> None:
        """Send the job; the worker has one only."""
        self._job = job
        assert self._process.stdin is not None
        # A worker that has died already breaks the pipe; `result` then typesets the pages here.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(pickle.dumps(job))
        with contextlib.suppress(BrokenPipeError):  # closing flushes what is left, so it can fail as well
            self._process.stdin.close()
        self._process.stdin = None

    def result(self) -> list[bytes]:
        """Wait for the files; made in this process if the worker failed."""
        data, _ = self._process.communicate()
        # Any failure there, even a kill for want of memory, costs time only.
        if self._process.returncode == 0 and data:
            files: list[bytes] = pickle.loads(data)
            return files
        return self._make(self._job)

    def stop(self) -> None:
        """Kill the worker if it is still running."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def start(jobs: Sequence[PdfJob]) -> list[PdfWorker]:
    """A worker for each job, at work."""
    workers = [PdfWorker() for _ in jobs]
    for worker, job in zip(workers, jobs, strict=True):
        worker.begin(job)
    return workers


def has_room() -> bool:
    """Whether this machine can run two processes in parallel."""
    return len(os.sched_getaffinity(0)) > 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) > 1


@contextlib.contextmanager
def rare_garbage_collection() -> Iterator[None]:
    """Collect garbage rarely: laying out pages makes millions of objects that live until the pages are written."""
    before = gc.get_threshold()
    gc.set_threshold(_GC_THRESHOLD, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextlib.contextmanager
def _fixed_clock() -> Iterator[None]:
    """Keep the clock out of the fonts: the subsetter writes its time of day into each, and bytes would differ."""
    name, before = "SOURCE_DATE_EPOCH", os.environ.get("SOURCE_DATE_EPOCH")
    os.environ[name] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _fetcher(assets: Assets) -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OwnAssets(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no types
        """Serves our own assets and refuses everything else: a report fetches nothing."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            # Texts of a contract or a plan reach the page, and must not make it fetch files or addresses.
            if url not in assets:
                raise ValueError(f"a report may not fetch {url!r}")
            body, kind = assets[url]
            return URLFetcherResponse(url, body=body, headers={"Content-Type": kind})

    return OwnAssets()


def main() -> None:
    """Do the job that arrives on stdin by the function named in the arguments, and write its files to stdout."""
    if hasattr(os, "nice"):
        os.nice(10)  # the parent's own work is on the critical path, so the worker yields the CPU to it
    make = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])
    # Read beside the imports, so that the parent need not wait for them until it has written a long job.
    with ThreadPoolExecutor(2) as helpers:
        received = helpers.submit(sys.stdin.buffer.read)
        if sys.argv[2] == typeset.__name__:
            # It draws, and the first chart takes half a second, outside of Python's lock.
            helpers.submit(svg, Chart({"data": {"values": []}, "mark": "point"}, ""))
        import weasyprint  # noqa: F401  (takes half a second, while the parent still collects its facts)

        data = received.result()
    if data:  # no data if the process that started this one has ended
        sys.stdout.buffer.write(pickle.dumps(make(pickle.loads(data))))


if __name__ == "__main__":
    main()
