"""What went wrong inside Spark, in one line of the hundreds that Java prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from northstar_explain.errors import Fault, NorthstarError

_TRACEBACK = "Traceback (most recent call last):"
_JAVA_TRACE = re.compile(r"\n\s*at [\w.$/]+\(|\nDriver stacktrace:|\nThis stopped SparkContext|\nJVM stacktrace:")
_ATTEMPTS = re.compile(r"^.*most recent failure: Lost task \S+ in stage \S+ \(TID \d+\) \([^)]*\): ", re.DOTALL)
_JAVA_CLASS = re.compile(r"^(?:[a-z_]\w*\.)+[A-Z][\w$]*(?:: |$)")
_LONGEST = 600  # characters: a path or two and a sentence


@contextmanager
def one_fault(kind: type[NorthstarError], source: str, where: str, expected: str, todo: str) -> Iterator[None]:
    """Turn whatever Spark raises into one error of ours, which names the root cause.

    Parameters
    ----------
    kind : type of NorthstarError
        What to raise.
    source, where, expected, todo : str
        As in the error and its `Fault`; what was got is the root cause.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (Py4JError, PySparkException) as error:
        raise kind(source, [Fault(where, expected, root_cause(error), todo)]) from error


def root_cause(error: Exception) -> str:
    """The innermost cause, with the error around it where that says more, for example which file.

    Parameters
    ----------
    error : Exception
        From Py4J or PySpark.

    Returns
    -------
    str
        One line.
    """
    throwable = getattr(error, "java_exception", None) or getattr(error, "_origin", None)
    texts = [str(error)] if throwable is None else _chain(throwable)
    lines = [line for line in map(one_line, texts) if line] or [type(error).__name__]
    cause, wrappers = lines[-1], [line for line in lines[:-1] if not line.startswith("Job aborted")]
    if wrappers:
        # The one that names a file says most; otherwise the nearest.
        wrapper = next((line for line in wrappers if "://" in line), wrappers[-1])
        cause = wrapper if cause in wrapper else f"{wrapper}: {cause}"
    return cause if len(cause) <= _LONGEST else cause[: _LONGEST - 1] + "…"


def one_line(text: str) -> str:
    """A message of Java or Python without its stack traces.

    Parameters
    ----------
    text : str
        A message, with or without a Python traceback or a Java stack trace in it.

    Returns
    -------
    str
    """
    if _TRACEBACK in text:
        # The exception itself is the first line after the frames, which are indented.
        after = [line for line in text.rpartition(_TRACEBACK)[2].splitlines() if line.strip()]
        text = next((line for line in after if not line[0].isspace()), text)
    text = _ATTEMPTS.sub("", _JAVA_TRACE.split(text)[0])
    return _JAVA_CLASS.sub("", " ".join(text.split())).rstrip(".")


def _chain(throwable: Any) -> list[str]:
    # Spark wraps an error of a worker several times; the innermost cause names the fault.
    texts: list[str] = []
    while throwable is not None and len(texts) < 20:  # a cause can be its own
        texts.append(throwable.toString())
        throwable = throwable.getCause()
    return texts
