"""Batches through threads: read ahead, worked on side by side, handed on in order. NumPy and Arrow use both cores."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

READ_AHEAD = 1
# At most eight: reading and writing are done by one thread each, and every batch in work takes memory.
WORKERS = max(2, min(8, os.cpu_count() or 2))


def ordered(work: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
    """Work on items side by side and give the results in the items' order.

    Parameters
    ----------
    work : callable
        Called in several threads at once.
    items : iterable
        Taken from in a thread of its own, a few items ahead.

    Yields
    ------
    object
        What `work` gave. An error in reading or in working is raised in its turn.
    """
    pending: deque[Future[R]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            for item in ahead(items, READ_AHEAD):
                # Threads suffice: NumPy and Arrow release the GIL in all that takes long.
                pending.append(pool.submit(work, item))
                # Bounded: with results waiting for the writer, memory would otherwise grow with the input.
                if len(pending) > WORKERS:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            # After an error or an interrupt, what has not begun need not be done.
            for future in pending:
                future.cancel()


class _End:
    """Says that there are no more items, and why."""

    def __init__(self, error: BaseException | None):
        self.error = error


def ahead(items: Iterable[T], count: int) -> Iterator[T]:
    """The same items, taken in a thread of its own up to `count` before they are needed."""
    ready: queue.Queue[T | _End] = queue.Queue(count)
    stop = threading.Event()

    def fill() -> None:
        end = _End(None)
        iterator = iter(items)
        try:
            for item in iterator:
                ready.put(item)
                # After the put, which may have waited for room while the reader stopped.
                if stop.is_set():
                    break
        # Whatever it is, it has to reach the reader of the queue, which would wait for ever otherwise.
        except BaseException as error:
            end = _End(error)
        finally:
            close = getattr(iterator, "close", None)
            if close:
                close()
            ready.put(end)

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    try:
        while True:
            item = ready.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        stop.set()
        while thread.is_alive():  # it may wait for room: make some
            try:
                ready.get(timeout=0.05)
            except queue.Empty:
                continue
