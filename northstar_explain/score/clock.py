"""Seconds of each stage of a run, and progress with rows per second."""

from __future__ import annotations

import time
from collections.abc import Callable

REPORT_EVERY_S = 5.0


class Clock:
    """Measures the seconds of each stage."""

    def __init__(self) -> None:
        self._begun = self._last = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """End a stage."""
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._last, 3)
        self.seconds["total"] = round(now - self._begun, 3)
        self._last = now


class RowProgress:
    """Reports every few seconds how many rows are done, how many per second, and the seconds left."""

    def __init__(self, progress: Callable[[str], None], verb: str, total: int = 0, done: int = 0):
        self._progress, self._verb, self._total = progress, verb, total
        # Wall clocks are set back and forth; this one only goes on.
        self._begun = self._last = time.monotonic()
        self._first = done

    def update(self, rows: int) -> None:
        """Report the rows done so far, if the last report is old enough."""
        now = time.monotonic()
        if now - self._last < REPORT_EVERY_S:
            return
        self._last = now
        speed = (rows - self._first) / (now - self._begun)
        of = f" of {self._total:,}" if self._total else ""
        # The speed is that of this process: a resumed run must not count the rows of an earlier one.
        left = f", {(self._total - rows) / speed:,.0f} s left" if self._total and speed else ""
        self._progress(f"{self._verb} {rows:,}{of} rows, {speed:,.0f} per second{left}")
