"""Batches through threads: read ahead, worked on side by side, handed on in order. NumPy and Arrow use both cores."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, TypeVar

from northstar_explain.score.start_thread import start

T = TypeVar("T")
R = TypeVar("R")

# At most eight: reading and writing are done by one thread each, and every batch in work takes memory.
WORKERS = max(2, min(8, os.cpu_count() or 2))
READ_AHEAD = 1
_BEGINS_WITHIN_S = 1.0


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
    return ahead(lambda: _side_by_side(work, items))


def _side_by_side(work: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
    pending: deque[Future[R]] = deque()
    iterator = iter(items)
    unread: Exception | None = None
    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            while True:
                try:
                    item = next(iterator)
                except StopIteration:
                    break
                except Exception as error:
                    unread = error  # after the results of what was read before it
                    break
                # Threads suffice: NumPy and Arrow release the GIL in all that takes long.
                pending.append(pool.submit(work, item))
                # Bounded: with results waiting for the writer, memory would otherwise grow with the input.
                if len(pending) > WORKERS:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
            if unread is not None:
                raise unread
        finally:
            # After an error or an interrupt, what has not begun need not be done.
            for future in pending:
                future.cancel()
            close = getattr(iterator, "close", None)
            if close:
                close()


@dataclass
class _End:
    """There are no more items, and why."""

    error: BaseException | None


def ahead(items: Callable[[], Generator[T, None, None]]) -> Generator[T, None, None]:
    """The same items, made in a thread of its own, one ahead of the one that is needed.

    Parameters
    ----------
    items : callable
        Gives the generator, which runs in that thread alone.

    Notes
    -----
    A signal may raise in the main thread between any two of its steps. A lock written in Python, as those of `Queue`,
    `Condition` and `Future` are, would then stay taken, and the threads that need it would wait for ever. So the thread
    that calls this waits at a `SimpleQueue`, which takes and gives in one step; all other locks are in other threads,
    where no signal raises.
    """
    maker = _Maker(items)
    try:
        maker.start()
        while True:
            item = maker.made.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            maker.permits.put(True)
            yield item
    finally:
        maker.stop()


class _Maker(Generic[T]):
    def __init__(self, items: Callable[[], Generator[T, None, None]]):
        self.made: SimpleQueue[T | _End] = SimpleQueue()
        self.permits: SimpleQueue[bool] = SimpleQueue()
        self._items = items
        self._begun = self._ended = False
        for _ in range(READ_AHEAD):
            self.permits.put(True)

    def start(self) -> None:
        # A daemon: a second signal during the clean-up ends the program even while it works.
        start(threading.Thread(target=self._make, daemon=True))

    def stop(self) -> None:
        """Let it make no more, and wait until it has put away what it has begun."""
        self.permits.put(False)
        while not self._ended:
            try:
                self.made.get(timeout=_BEGINS_WITHIN_S)
            except queue.Empty:
                if not self._begun:  # the signal came before the thread was started
                    return

    def _make(self) -> None:
        self._begun = True
        end = _End(None)
        try:
            with closing(self._items()) as items:
                for item in items:
                    if not self.permits.get():
                        break
                    self.made.put(item)
        # Whatever it is, it has to reach the reader of the queue, which would wait for ever otherwise.
        except BaseException as error:
            end = _End(error)
        self._ended = True
        self.made.put(end)
