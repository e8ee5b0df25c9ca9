"""Progress on stderr: the stage and how long the whole has taken, with a sign of life in long stages.

When whoever read it has gone (``explain train … 2>&1 | head``), the command ends, as other commands do.
"""

from __future__ import annotations

import _thread
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
        Takes the words for the stage that begins. May be called from any thread; only in the main thread does it raise.

    Raises
    ------
    BrokenPipeError
        When nobody reads stderr any more.
    """
    if quiet or sys.stderr is None:  # closed: to print to None is to print to stdout
        yield lambda stage: None
        return
    started = time.monotonic()
    current = ["starting"]
    done = threading.Event()

    def tell(stage: str, still: bool = False) -> None:
        seconds = time.monotonic() - started
        try:
            print(f"[{seconds:6.1f} s] {'still ' if still else ''}{stage}", file=sys.stderr, flush=True)
        except BrokenPipeError:
            if threading.current_thread() is threading.main_thread():
                raise
            # Raised here, it would end this thread alone, and whoever waits for the thread would wait for ever.
            if not done.is_set():
                done.set()
                _thread.interrupt_main()
        except OSError:
            pass  # such as a full device: that nobody can read it is no reason to fail

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
