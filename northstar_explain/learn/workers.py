"""Work in other processes, which end with this one, report their progress, and run beside what this process does."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, TypeVar

from joblib import Parallel, cpu_count, parallel_config
from joblib.externals.loky import reusable_executor
from joblib.parallel import LokyBackend
from threadpoolctl import threadpool_limits

T = TypeVar("T")
Task = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
_ROWS_WORTH_PROCESSES = 5_000
# How often a worker checks that the process which started it still runs.
_WATCH_S = 0.5
_stopping = threading.Event()


class Stopped(Exception):
    """The work was stopped, as the work beside it has failed."""


class _Processes(LokyBackend):  # type: ignore[misc]  # joblib has no types
    """joblib's own processes, made to end with this one and to report each task that is done."""

    def __init__(self, done: Callable[[int], None]):
        super().__init__(initializer=_begin_worker, initargs=(os.getpid(),))
        self._done = done
        self._count = 0

    def batch_completed(self, batch_size: int, duration: float) -> None:
        super().batch_completed(batch_size, duration)
        self._count += batch_size
        self._done(self._count)


@contextlib.contextmanager
def processes(done: Callable[[int], None] = lambda count: None) -> Iterator[None]:
    """Let joblib's tasks that are started within run in processes that end when this one does, however it ends.

    Parameters
    ----------
    done : callable
        Takes the number of tasks done so far. Called from another thread, where it must not raise; never called where
        joblib has but one processor.

    Raises
    ------
    Stopped
        When the work beside which this is done has failed.
    """
    if _stopping.is_set():
        raise Stopped
    # Arrays are handed over as bytes. Those that joblib maps from files would lie in a folder that the purchase model
    # and the segments share while they are learned side by side, and that the one which ends first empties.
    with parallel_config(backend=_Processes(done), max_nbytes=None):
        yield


def in_processes(tasks: Iterable[Task], rows: int) -> list[Any]:
    """Do tasks side by side, in order; here and one by one where there are few rows, or one processor.

    Parameters
    ----------
    tasks : iterable
        As `joblib.delayed` makes them. Each does all of its work in its own process.
    rows : int
        That each task works on: starting processes takes longer than work on a few thousand.

    Returns
    -------
    list
        The results, in the order of the tasks.
    """
    if rows < _ROWS_WORTH_PROCESSES or cpu_count() == 1:
        return one_by_one(tasks, rows)
    with processes():
        done: list[Any] = Parallel(n_jobs=cpu_count())(tasks)
        return done


def one_by_one(tasks: Iterable[Task], rows: int = 0) -> list[Any]:
    """Do tasks in order in this process; the number of rows makes no difference."""
    return [function(*args, **named) for function, args, named in tasks]


def _begin_worker(parent: int) -> None:
    """Prepare a worker: watch the process that started it, release its standard output, and let it start no workers.

    A signal on the parent's death (Linux's PR_SET_PDEATHSIG) would come as soon as the thread that started the worker
    ends, so the parent's id is watched instead, which serves every Unix.
    """
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    os.environ["LOKY_MAX_CPU_COUNT"] = "1"  # the other processors have workers of their own
    # A reader of this program's output must see its end when the program ends, not when its last worker does.
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), 1)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_S)
    os._exit(1)  # nobody waits for its result; the resource trackers then remove what it shared


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
        task is done only then. If the work within fails first, the task's processes are ended rather than waited for.
    """
    # One processor: side by side would only take turns, and hold the memory of both.
    if cpu_count() == 1:
        yield lambda: task(*args)
        return
    with ThreadPoolExecutor(1) as pool:
        started = pool.submit(task, *args)
        try:
            yield started.result
        except BaseException:
            _give_up(started)
            raise


def _give_up(task: Future[Any]) -> None:
    """End a task's processes, so that it fails, and let it start no others; wait until it has noticed."""
    _stopping.set()
    try:
        while not task.done():
            executor = reusable_executor._executor
            if executor is not None:
                executor.shutdown(wait=False, kill_workers=True)
            wait([task], _WATCH_S)
    finally:
        _stopping.clear()


def one_thread() -> contextlib.AbstractContextManager[object]:
    """Keep linear algebra and OpenMP to one thread: with more, sums are added in the order in which threads finish."""
    limits: contextlib.AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits
