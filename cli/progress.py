"""Progress on stderr: the stage and how long the whole has taken, with a sign of life in long stages."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

_LIFE_SIGN_S = 10.0


@contextlib.contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str], None]]:
    """Give a function that tells the stage.

    Parameters
    ----------
    quiet : bool
        Tell nothing.

    Yields
    ------
    callable
        Takes the words for the stage that begins.
    """
    if quiet or sys.stderr is None:  # closed: to print to None is to print to stdout
        yield lambda stage: None
        return
    started = time.monotonic()
    current = ["starting"]
    done = threading.Event()

    def tell(stage: str, still: bool = False) -> None:
        seconds = time.monotonic() - started
        with contextlib.suppress(OSError):  # that nobody can hear it is no reason to fail
            print(f"[{seconds:6.1f} s] {'still ' if still else ''}{stage}", file=sys.stderr, flush=True)

    def say(stage: str) -> None:
        current[0] = stage
        tell(stage)

    def live() -> None:
        while not done.wait(_LIFE_SIGN_S):
            tell(current[0], still=True)

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    try:
        yield say
    finally:
        done.set()
        thread.join()
