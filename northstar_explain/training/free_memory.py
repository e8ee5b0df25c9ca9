"""Memory that is freed goes back to the system, so that the worker processes of the fits can have it."""

from __future__ import annotations

import contextlib
import ctypes

import pyarrow as pa


def release_free_memory() -> None:
    """Return what Arrow and the C library (glibc) keep for later allocations."""
    pa.default_memory_pool().release_unused()
    with contextlib.suppress(OSError, AttributeError, TypeError):  # a C library without the call
        ctypes.CDLL(None).malloc_trim(0)
