"""How long a run takes, and how it is told."""

from __future__ import annotations

import time
from collections.abc import Callable

TELL_EVERY_S = 5.0


class Clock:
    """Seconds of each stage."""

    def __init__(self) -> None:
        self._begun = self._last = time.perf_counter()
        self.seconds: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """Note that a stage is over."""
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._last, 3)
        self.seconds["total"] = round(now - self._begun, 3)
        self._last = now


class Pace:
    """Tells, every few seconds, how many rows are done, how fast, and how long the rest will take."""

    def __init__(self, say: Callable[[str], None], what: str, total: int = 0, done: int = 0):
        self._say, self._what, self._total = say, what, total
        self._begun = self._last = time.monotonic()
        self._first = done

    def tell(self, rows: int) -> None:
        """Take note of the rows done so far."""
        now = time.monotonic()
        if now - self._last < TELL_EVERY_S:
            return
        self._last = now
        speed = (rows - self._first) / (now - self._begun)
        of = f" of {self._total:,}" if self._total else ""
        left = f", {(self._total - rows) / speed:,.0f} s left" if self._total and speed else ""
        self._say(f"{self._what} {rows:,}{of} rows, {speed:,.0f} a second{left}")
