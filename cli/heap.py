"""One heap for all threads of a command."""

from __future__ import annotations

import contextlib
import ctypes

# glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_MOST_MMAP, _TRIM = 1 << 25, 1 << 28  # bytes; the first is the most that glibc takes


def share_one_heap() -> None:
    """Have all threads of this process allocate from one heap, where the C library can (glibc).

    To be called before NumPy and Arrow are loaded, as their threads begin heaps of their own.

    What one thread frees in a heap of its own another cannot use: with batches handed from thread to thread, memory
    grew by half while a long run went on. The work is done in large arrays, so that threads rarely wait for the lock.

    What a batch frees the next one needs again: it is not given back to the system between them, which took 6% of the
    processor time of scoring CSV.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, _MOST_MMAP)
        mallopt(_M_TRIM_THRESHOLD, _TRIM)
