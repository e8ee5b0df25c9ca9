"""The Spark session of a run: the one given, the one that is active, or a new one on the master that was named."""

from __future__ import annotations

import os
import socket
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from northstar_explain.errors import Fault, NorthstarError
from northstar_explain.score.spark_faults import root_cause
from northstar_explain.score.start_thread import start

if TYPE_CHECKING:
    from pyspark import SparkConf
    from pyspark.sql import SparkSession

_SOURCE = "--engine spark"
_INSTALL = "Install it: pip install 'northstar-explain[spark]'; it needs Java 17 or later."
_ANSWER_S = 10.0
_SCHEDULER = "org.apache.spark.scheduler.TaskSchedulerImpl"


@contextmanager
def opened(session: SparkSession | None, progress: Callable[[str], None]) -> Iterator[SparkSession]:
    """Give the session of a run, and stop it afterwards if it was made here.

    Parameters
    ----------
    session : pyspark.sql.SparkSession or None
        Used as it is. Without one, the active session is used, and without that a new one: on the master named by
        ``spark-submit``, ``PYSPARK_SUBMIT_ARGS``, ``spark-defaults.conf`` or the variable ``MASTER`` or
        ``SPARK_MASTER``, otherwise on this machine.
    progress : callable
        Called with warnings of Spark's scheduler, for example that no worker is free.

    Yields
    ------
    pyspark.sql.SparkSession
    """
    if session is not None:
        _require_classic(session)
        yield session
        return
    try:
        from py4j.protocol import Py4JError
        from pyspark import SparkContext
    except ImportError as error:
        raise NorthstarError(_SOURCE, [Fault("pyspark", "the library", "none", _INSTALL)]) from error
    # A context that was there before belongs to somebody else, and is not stopped.
    ours = SparkContext._active_spark_context is None
    java = _Stderr(progress)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
            session = _start(java) if ours else _active()
        yield session
    finally:
        if ours and session is not None:
            with suppress(Py4JError):  # of a Java that has died, which another error reports
                session.stop()
        java.release()


def engine(session: SparkSession) -> dict[str, Any]:
    """Where a run was done, for its report.

    Parameters
    ----------
    session : pyspark.sql.SparkSession

    Returns
    -------
    dict
        Plain data; docs/run-report.md explains each key.
    """
    context = session.sparkContext
    return {
        "name": "spark",
        "version": session.version,
        "master": context.master,
        "application_id": context.applicationId,
        "python": context.pythonExec,
    }


def _require_classic(session: SparkSession) -> None:
    if type(session).__module__.startswith("pyspark.sql.connect"):
        todo = "Start it without SPARK_REMOTE, or give a session made with a master."
        raise NorthstarError(_SOURCE, [Fault("session", "one with a driver of its own", "Spark Connect", todo)])


def _active() -> SparkSession:
    from pyspark.sql import SparkSession

    session = SparkSession.builder.getOrCreate()
    _require_classic(session)
    return session


def _start(java: _Stderr) -> SparkSession:
    from py4j.protocol import Py4JError
    from pyspark import SparkConf
    from pyspark.errors import PySparkException

    if "SPARK_MASTER" in os.environ:
        os.environ.setdefault("MASTER", os.environ["SPARK_MASTER"])  # the name that Spark itself reads
    master = "local[*]"
    try:
        _launch(java)
        # Only Java knows the settings: before it runs, PySpark's own are empty, under spark-submit too.
        settings = SparkConf()
        master = settings.get("spark.master", master)
        _require_answer(master)
        # The interpreter that runs this command has the package; the `python3` of the PATH may not.
        python = settings.get("spark.pyspark.python", None)
        with _variable("PYSPARK_PYTHON", python or os.environ.get("PYSPARK_PYTHON") or sys.executable):
            session = _built(settings, master)
    except (Py4JError, PySparkException, OSError) as error:
        got = " ".join([root_cause(error), *list(java.lines)[-3:]])
        if "stopped SparkContext" in got:  # all that Spark says when a master takes no registration
            got = "no answer from it in Spark's time for that"
        todo = "Check the master and its log; Spark needs Java 17 or later."
        raise NorthstarError(_SOURCE, [Fault("session", f"one that starts on {master}", got, todo)]) from error
    _require_classic(session)
    # With the rest silenced, this alone reports lost workers and a cluster without free ones.
    log4j = session.sparkContext._jvm.org.apache.logging.log4j  # type: ignore[union-attr]
    log4j.core.config.Configurator.setLevel(_SCHEDULER, log4j.Level.WARN)
    return session


def _launch(java: _Stderr) -> None:
    """Have Java running: spark-submit's, one of before, or a new one whose messages are collected."""
    from pyspark import SparkContext
    from pyspark.java_gateway import launch_gateway

    if SparkContext._gateway is None and "PYSPARK_GATEWAY_PORT" not in os.environ:
        with java.collecting() as stderr:
            gateway = launch_gateway(popen_kwargs={"stderr": stderr})  # type: ignore[no-untyped-call]
            SparkContext._ensure_initialized(gateway=gateway)
    SparkContext._ensure_initialized()


def _built(settings: SparkConf, master: str) -> SparkSession:
    from pyspark.sql import SparkSession

    defaults = {"spark.app.name": "explain score", "spark.log.level": "OFF", "spark.ui.showConsoleProgress": "false"}
    if master.startswith("local"):  # nothing else has to reach the driver
        loopback = "127.0.0.1"
        defaults |= {"spark.ui.enabled": "false", "spark.driver.host": loopback, "spark.driver.bindAddress": loopback}
    builder = SparkSession.builder
    for key, value in defaults.items():
        # spark-submit sets these two itself where the user did not.
        if key in ("spark.app.name", "spark.ui.showConsoleProgress") or not settings.contains(key):
            builder = builder.config(key, value)
    return builder.getOrCreate()


def _require_answer(master: str) -> None:
    """Refuse a standalone master that does not listen, which Spark itself notices after more than a minute."""
    scheme, _, places = master.partition("://")
    if scheme != "spark":
        return
    tried = []
    # Several masters stand by for one another: one that listens is enough.
    for place in places.split(","):
        host, _, port = place.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER_S).close()
        except (OSError, ValueError) as error:
            tried.append(f"{place}: {error}")
        else:
            return
    todo = "Check its address, and that the master runs."
    raise NorthstarError(_SOURCE, [Fault(f"master {master}", "a master that answers", "; ".join(tried), todo)])


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


class _Stderr:
    """Reads the stderr of a Java process of ours: kept for errors; the scheduler's warnings go to progress."""

    def __init__(self, progress: Callable[[str], None]):
        self.lines: deque[str] = deque(maxlen=20)
        self._progress = progress
        self._released = False

    @contextmanager
    def collecting(self) -> Iterator[int]:
        """Give a file descriptor for the process to write to."""
        reader, writer = os.pipe()
        thread = threading.Thread(target=self._read, args=(reader,), daemon=True)
        start(thread)
        try:
            yield writer
        except BaseException:
            os.close(writer)
            thread.join(_ANSWER_S)  # it has died; its last lines say why
            raise
        os.close(writer)

    def release(self) -> None:
        """Pass on all that follows: Java lives on, perhaps for a session of the caller's."""
        self._released = True

    def _read(self, reader: int) -> None:
        with os.fdopen(reader, encoding="utf-8", errors="replace") as stream:
            for line in stream:
                self.lines.append(line.strip())
                _, is_scheduler, message = line.partition(" TaskSchedulerImpl: ")
                if self._released:
                    sys.stderr.write(line)
                elif is_scheduler:
                    self._progress(f"Spark: {message.strip()}")
