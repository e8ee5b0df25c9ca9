"""What Spark raises becomes one line that holds the root cause."""

from __future__ import annotations

from typing import Any

import pytest

from northstar_explain.score.spark_faults import one_line, root_cause
from northstar_explain.score.spark_session import _require_answer

ABORTED = (
    "org.apache.spark.SparkException: Job aborted due to stage failure: Task 1 in stage 3.0 failed 4 times, most recent "
    "failure: Lost task 1.3 in stage 3.0 (TID 12) (10.0.0.5 executor 2): "
)
PYTHON = (
    "org.apache.spark.api.python.PythonException: Traceback (most recent call last):\n"
    '  File "/opt/worker.py", line 12, in main\n    process()\n'
    "ModuleNotFoundError: No module named 'northstar_explain'\n"
    "\n\tat org.apache.spark.api.python.BasePythonRunner.read(PythonRunner.scala:9)\n"
)
LOST = "ExecutorLostFailure (executor 2 exited caused by one of the running tasks) Reason: worker lost"


class Throwable:
    """A Java exception as Py4J shows it."""

    def __init__(self, text: str, cause: Throwable | None = None):
        self._text, self._cause = text, cause

    def toString(self) -> str:
        return self._text

    def getCause(self) -> Throwable | None:
        return self._cause


def raised(*texts: str) -> Exception:
    """An error whose chain of causes says these, the outermost first."""
    found: Any = None
    for text in reversed(texts):
        found = Throwable(text, found)
    error = Exception("An error occurred while calling o51.collectToPython.")
    error.java_exception = found  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (PYTHON, "ModuleNotFoundError: No module named 'northstar_explain'"),
        (ABORTED + PYTHON + "\nDriver stacktrace:", "ModuleNotFoundError: No module named 'northstar_explain'"),
        (ABORTED + LOST + "\nDriver stacktrace:", LOST),
        ("java.io.IOException: No space left on device\n\tat java.base/x.Y.z(Y.java:1)", "No space left on device"),
        ("java.lang.NullPointerException", ""),
        ("a line.\nand  another", "a line. and another"),
    ],
)
def test_a_text_is_told_without_its_traces(text: str, line: str) -> None:
    assert one_line(text) == line


def test_the_innermost_cause_is_told_with_what_names_the_file() -> None:
    assert root_cause(raised(ABORTED + LOST)) == LOST
    reading = "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file file:///week/b.parquet. SQLSTATE: KD001"
    error = raised(ABORTED + "x", f"org.apache.spark.SparkException: {reading}", "java.io.IOException: broken page")
    assert root_cause(error) == f"{reading}: broken page"
    error = raised('java.io.IOException: Cannot run program "/no/python": error=2', "java.io.IOException: error=2")
    assert root_cause(error) == 'Cannot run program "/no/python": error=2'


def test_an_error_without_a_cause_or_a_text_is_told_all_the_same() -> None:
    assert root_cause(ValueError()) == "ValueError"
    assert root_cause(raised("java.lang.NullPointerException")) == "Exception"
    long = root_cause(ValueError("x" * 5_000))
    assert len(long) == 600
    assert long.endswith("…")


def test_only_the_masters_of_standalone_clusters_are_asked() -> None:
    for master in ("local[*]", "yarn", "k8s://https://127.0.0.1:1"):
        _require_answer(master)
    with pytest.raises(Exception, match="expected a master that answers; got nowhere: .*; 127.0.0.1:1: "):
        _require_answer("spark://nowhere,127.0.0.1:1")
