"""Start a thread from the main thread, where a signal may raise at any moment."""

from __future__ import annotations

import threading


def start(thread: threading.Thread) -> None:
    """Start a thread; an interrupt meanwhile is raised as what it is.

    Parameters
    ----------
    thread : threading.Thread

    Raises
    ------
    RuntimeError
        There is no thread to be had.

    Notes
    -----
    `Thread.start` waits until the thread runs, at a lock that is written in Python. A signal that raises while this
    lock is taken again makes its release fail, and the RuntimeError of that would hide that the work was interrupted.
    """
    try:
        thread.start()
    except RuntimeError as error:
        interrupt = error.__context__
        if interrupt is None or isinstance(interrupt, Exception):
            raise
        raise interrupt from None
