"""Work in other processes: told as it goes on, and done beside what this process does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from joblib import cpu_count, parallel_config
from joblib.parallel import LokyBackend
from threadpoolctl import threadpool_limits

T = TypeVar("T")


class _Counting(LokyBackend):
    """joblib's own processes, with word of each task that is done."""

    def __init__(self, done: Callable[[int], None]):
        super().__init__()
        self._done = done
        self._count = 0

    def batch_completed(self, batch_size: int, duration: float) -> None:
        super().batch_completed(batch_size, duration)
        self._count += batch_size
        self._done(self._count)


@contextlib.contextmanager
def counted(done: Callable[[int], None]) -> Iterator[None]:
    """Tell how many of joblib's tasks are done, of all that are started within.

    Parameters
    ----------
    done : callable
        Takes the number so far. Called from another thread; never called where joblib has but one processor.
    """
    with parallel_config(backend=_Counting(done)):
        yield


@contextlib.contextmanager
def beside(task: Callable[..., T], *args: Any) -> Iterator[Callable[[], T]]:
    """Start a task that waits for other processes most of the time, and go on.

    Parameters
    ----------
    task : callable
    *args
        What to call it with.

    Yields
    ------
    callable
        Gives the task's result when it is there, or raises what it raised. Where joblib has but one processor, the
        task is done only then.
    """
    if cpu_count() == 1:
        yield lambda: task(*args)
        return
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(task, *args).result


def one_thread() -> contextlib.AbstractContextManager[object]:
    """Keep linear algebra and OpenMP to one thread: with more, sums are added in the order in which threads finish."""
    limits: contextlib.AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits
