"""Standard error under spark-submit, which hands the driver's stderr to its own stdout."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

_PORT = "PYSPARK_GATEWAY_PORT"  # set by spark-submit for the Python program that it starts


def separate_stderr() -> None:
    """Have ``sys.stderr`` reach the stderr of spark-submit, so that stdout holds results only.

    spark-submit starts a Python driver with one pipe for both streams and copies it to its stdout
    (``PythonRunner``, ``redirectErrorStream``): a progress line would end up in the middle of a report. Java's own
    stderr is the one that the user sees. Elsewhere, nothing changes.
    """
    if _PORT not in os.environ or not _share_one_pipe():
        return
    # Only here: everywhere else the command must not load Spark.
    from pyspark import SparkContext

    SparkContext._ensure_initialized()
    raw = io.BufferedWriter(_JavaStderr(SparkContext._jvm))
    sys.stderr = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)


def _share_one_pipe() -> bool:
    try:
        return os.path.samestat(os.fstat(1), os.fstat(2))
    except OSError:  # one of them is closed
        return False


class _JavaStderr(io.RawIOBase):
    """What is written here, Java prints to its stderr.

    Parameters
    ----------
    jvm : py4j.java_gateway.JVMView
    """

    def __init__(self, jvm: Any):
        system = jvm.java.lang.System
        self._stream = system.err
        # Threads that Spark stops in their work print their traces here past its log and its level: one error of a
        # task would be hundreds of lines. What went wrong comes to Python as an exception.
        system.setErr(jvm.java.io.PrintStream(jvm.java.io.OutputStream.nullOutputStream()))

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Print bytes; raises OSError when Java has died."""
        from py4j.protocol import Py4JError

        content = bytes(data)
        try:
            self._stream.write(content, 0, len(content))
            self._stream.flush()
        except Py4JError as error:
            raise OSError(f"Java has ended: {error}") from error
        return len(content)
