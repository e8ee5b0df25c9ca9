"""One heap for all threads of a command."""

from __future__ import annotations

import contextlib
import ctypes

_M_ARENA_MAX = -8  # glibc's malloc.h


def share_one_heap() -> None:
    """Have all threads of this process allocate from one heap, where the C library can (glibc).

    To be called before NumPy and Arrow are loaded, as their threads begin heaps of their own.

    What one thread frees in a heap of its own another cannot use: with batches handed from thread to thread, memory
    grew by half while a long run went on. The work is done in large arrays, so that threads rarely wait for the lock.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
