"""Batches through threads: order, errors in their turn, bounds, and an end however it is interrupted."""

from __future__ import annotations

import gc
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.score.pipeline import READ_AHEAD, WORKERS, ordered
from northstar_explain.score.start_thread import start

ABOUT_S = 0.004  # how long the work below takes
PATIENCE_S = 60


@given(st.lists(st.integers(), max_size=40))
def test_results_come_in_the_order_of_the_items(items: list[int]) -> None:
    assert list(ordered(lambda item: item * 2, items)) == [item * 2 for item in items]


@given(st.integers(0, 20), st.integers(0, 20))
def test_an_error_in_working_is_raised_in_its_turn(count: int, bad: int) -> None:
    def work(item: int) -> int:
        if item == bad:
            raise ValueError("this one")
        return item

    got = []
    if bad < count:
        with pytest.raises(ValueError, match="this one"):
            for result in ordered(work, range(count)):
                got.append(result)
        assert got == list(range(bad))
    else:
        assert list(ordered(work, range(count))) == list(range(count))


@given(st.integers(0, 20))
def test_an_error_in_reading_is_raised_in_its_turn(good: int) -> None:
    def items() -> Iterator[int]:
        yield from range(good)
        raise OSError("the disk")

    got = []
    with pytest.raises(OSError, match="the disk"):
        for result in ordered(lambda item: item, items()):
            got.append(result)
    assert got == list(range(good))


def test_no_more_is_read_than_the_writer_will_soon_take() -> None:
    read: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            read.append(item)
            yield item

    results = ordered(lambda item: item, items())
    for taken in range(1, 20):
        next(results)
        time.sleep(ABOUT_S)
        assert len(read) <= taken + WORKERS + 1 + READ_AHEAD + 1
    results.close()


def test_left_early_it_closes_the_items_and_ends_its_threads() -> None:
    closed = []

    def items() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            closed.append(True)

    before = threading.active_count()
    results = ordered(lambda item: item, items())
    assert next(results) == 0
    results.close()
    assert closed == [True]
    assert threading.active_count() == before


class _Asked(KeyboardInterrupt):
    pass


def test_a_signal_at_any_moment_ends_it() -> None:
    """A lock that the interrupted thread had just taken must not stay taken: the run would wait for ever."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise _Asked

    handler = signal.signal(signal.SIGALRM, interrupt)
    # Python drops what is raised in a callback of its garbage collection, such as hypothesis has: the only signal would be
    # lost in it, and results go on for ever.
    gc.disable()
    try:
        for moment in range(120):
            with pytest.raises(_Asked):
                # The signal may come while threads are started as well as in the midst of results.
                signal.setitimer(signal.ITIMER_REAL, 1e-4 + moment * 4.1e-5 % 5e-3)
                since = time.monotonic()
                for _ in ordered(lambda item: item, iter(int, 1)):
                    assert time.monotonic() - since < PATIENCE_S, "the signal was lost"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        gc.enable()


def test_an_interrupt_while_a_thread_starts_is_raised_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock at which `Thread.start` waits fails at its release if a signal raised while it was taken again."""
    interrupts = iter([_Asked()])
    take_again = threading.Condition._acquire_restore  # type: ignore[attr-defined]

    def interrupted(self: threading.Condition, state: object) -> None:
        if threading.current_thread() is threading.main_thread():  # where signals raise
            for interrupt in interrupts:
                raise interrupt
        take_again(self, state)

    monkeypatch.setattr(threading.Condition, "_acquire_restore", interrupted)
    with pytest.raises(_Asked):
        list(ordered(lambda item: item, range(3)))
    assert list(ordered(lambda item: item, range(3))) == [0, 1, 2]


def test_that_no_thread_can_be_had_is_said() -> None:
    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    with pytest.raises(RuntimeError, match="can't start"):
        start(NoThread())
