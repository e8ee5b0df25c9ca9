"""Progress of a fit whose bags run in other processes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from joblib import parallel_config
from joblib.parallel import LokyBackend


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
