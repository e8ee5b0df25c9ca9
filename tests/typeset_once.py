"""Reports that typeset no job a second time in one process: verifying a pack typesets what writing it has typeset."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from northstar_explain.report.document import document, press
from northstar_explain.report.document.press import PdfJob, PdfWorker

_FILES: dict[str, list[bytes]] = {}


def keep_typeset(setter: Callable[[object, str, object], None] = setattr) -> None:
    """Let documents, and the workers of an audit pack, keep the files of each job.

    Parameters
    ----------
    setter : callable
        Such as `setattr` of pytest's `monkeypatch`, which undoes it.
    """
    start, typeset = press.start, press.typeset

    class Worker:
        """One at work, or the files that one has made of the same job."""

        def __init__(self, job: PdfJob):
            self._key = _key(job)
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
        if (key := _key(job)) not in _FILES:
            _FILES[key] = typeset(job)
        return _FILES[key]

    setter(press, "start", start_once)
    setter(document, "typeset", typeset_once)


def _key(job: PdfJob) -> str:
    """Of all that a job holds: another object with the same content is the same."""
    return hashlib.sha256(repr(job).encode(errors="surrogatepass")).hexdigest()
