"""Progress on stderr: the stage and the seconds since the start, repeated while a long stage lasts.

When its reader has gone (``explain train … 2>&1 | head``), the command ends, as other commands do.
"""

from __future__ import annotations

import _thread
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

_REPEAT_S = 10.0


@contextlib.contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str], None]]:
    """Give a function that reports the stage.

    Parameters
    ----------
    quiet : bool
        Report nothing.

    Yields
    ------
    callable
        Takes the name of the stage that begins. May be called from any thread; raises in the main thread only.

    Raises
    ------
    BrokenPipeError
        When the reader of stderr has gone.
    """
    if quiet or sys.stderr is None:  # closed: to print to None is to print to stdout
        yield lambda stage: None
        return
    started = time.monotonic()
    current = ["starting"]
    done = threading.Event()

    def show(stage: str, still: bool = False) -> None:
        seconds = time.monotonic() - started
        try:
            print(f"[{seconds:6.1f} s] {'still ' if still else ''}{stage}", file=sys.stderr, flush=True)
        except BrokenPipeError:
            if threading.current_thread() is threading.main_thread():
                raise
            # Raised here, it would end this thread alone, and a caller that waits for the thread would wait for ever.
            if not done.is_set():
                done.set()
                _thread.interrupt_main()
        except OSError:
            pass  # such as a full device: progress that is lost is no reason to fail

    def report(stage: str) -> None:
        current[0] = stage
        show(stage)

    def repeat() -> None:
        while not done.wait(_REPEAT_S):
            show(current[0], still=True)

    # A daemon, so that a command which ends in an unforeseen way does not wait for it.
    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield report
    finally:
        done.set()
        thread.join()
