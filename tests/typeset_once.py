"""Reports that typeset no job a second time in one process: verifying a pack typesets what writing it has typeset."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence

from northstar_explain.report.document import document, press
from northstar_explain.report.document.charts import Chart
from northstar_explain.report.document.press import PdfJob, PdfWorker

_FILES: dict[str, list[bytes]] = {}


def keep_typeset(setter: Callable[[object, str, object], None] = setattr) -> None:
    """Let documents, and the workers of an audit pack, keep the files of each job.

    Parameters
    ----------
    setter : callable
        Such as `setattr` of pytest's `monkeypatch`, which undoes it.
    """
    start, typeset = press.start, document.typeset  # type: ignore[attr-defined]

    class Worker:
        """One at work, or the files that one has made of the same job."""

        def __init__(self, job: PdfJob):
            self._key = key_of(job)
            self._at_work: list[PdfWorker] = [] if self._key in _FILES else start([job])

        def result(self) -> list[bytes]:
            for one in self._at_work:
                _FILES[self._key] = one.result()
            return _FILES[self._key]

        def stop(self) -> None:
            for one in self._at_work:
                one.stop()

    def start_once(jobs: Sequence[PdfJob]) -> list[Worker]:
        return [Worker(job) for job in jobs]

    def typeset_once(job: PdfJob) -> list[bytes]:
        if (key := key_of(job)) not in _FILES:
            _FILES[key] = typeset(job)
        return _FILES[key]

    setter(press, "start", start_once)
    setter(document, "typeset", typeset_once)


def key_of(job: PdfJob) -> str:
    """A hash of all that a job holds, in full; what JSON cannot say of a chart is an error, never left out."""
    pictures = {
        url: ["chart", one.spec, one.alt_text] if isinstance(one, Chart) else ["picture", str(one)]
        for url, one in job.charts.items()
    }
    assets = {url: [hashlib.sha256(data).hexdigest(), kind] for url, (data, kind) in job.assets.items()}
    # ASCII, as a hostile text may hold half of a character; the order of a chart's keys stays, as it may be drawn by it.
    text = json.dumps([job.pages, job.styles, assets, job.titles, pictures])
    return hashlib.sha256(text.encode("ascii")).hexdigest()
