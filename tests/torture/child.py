"""The command line in a forked process: it starts at once, as everything is imported already."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import importlib
import os
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from torture import tracer

_ANY_TRACER, _ANY = 0x59616D61, -1  # of prctl: whoever may signal a process may trace it
UNCAUGHT = 99
SECONDS = 120.0  # after which a trial hangs
# So that a fork has nothing left to import.
MODULES = (
    "cli.commands", "cli.main", "cli.scoring", "cli.training_run", "model", "report.audit.pack.write_pack", "report.memo.write_memo", "report.playbook",
    "api.audience_calls", "cli.audience_runs", "cli.monitoring", "evaluate.monitoring.monitor", "export.audiences.write_audiences",
    "export.dbt.dbt_folder", "export.onnx.onnx_model", "export.onnx.onnx_proof", "report.monitor.monitor_page",
    "cli.campaign_runs", "evaluate.campaigns.plan_campaign", "evaluate.campaigns.read_campaign", "api.monthly_tables", "export.sql", "score",
    "simulate", "tables", "training",
)  # fmt: skip


class Ended(NamedTuple):
    """How a process ended: its exit code or the negated signal, and what it said."""

    code: int
    out: str
    err: str


def load() -> None:
    """Import what the commands import."""
    for name in MODULES:
        importlib.import_module(f"northstar_explain.{name}")
    importlib.import_module("pyarrow.parquet")


def explain(
    args: Sequence[str],
    said: Path,
    patches: Mapping[str, Any] | None = None,
    log: Path | None = None,
    inject: str | None = None,
    most_bytes: int | None = None,
    before: Callable[[], None] = lambda: None,
    seconds: float = SECONDS,
) -> Ended:
    """Run the command in a process of its own.

    Parameters
    ----------
    args : sequence of str
    said : Path
        Folder that keeps what it printed, also when it hangs.
    patches : mapping, optional
        ``module:name`` to what stands there instead.
    log : Path, optional
        Where strace writes the calls; without it the process is not traced.
    inject : str, optional
        A fault, as strace wants it said.
    most_bytes : int, optional
        No file may grow beyond.
    before : callable
        Called in the new process.
    seconds : float
        When it counts as hanging.
    """

    def main() -> None:
        for name, value in (patches or {}).items():
            module, attribute = name.split(":")
            setattr(importlib.import_module(module), attribute, value)
        before()
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
        sys.argv = ["explain", *args]
        importlib.import_module("northstar_explain.cli.main").main()

    return call(main, said, log, inject, seconds)


def call(
    main: Callable[[], None], said: Path, log: Path | None = None, inject: str | None = None, seconds: float = SECONDS
) -> Ended:
    """Call a function in a process of its own, traced where there is a log."""
    ready, go = os.pipe()
    # Pipes, as a limit on the size of files must not cut off what is said; wide enough for all of it.
    said_by = [_wide_pipe() for _ in ("stdout", "stderr")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads: Arrow starts its own again in the child
        pid = os.fork()
    if not pid:
        os.close(go)
        _in_child(main, ready, [into for _, into in said_by])
    for file in (ready, *(into for _, into in said_by)):
        os.close(file)
    tracing = tracer.attached(pid, log, inject) if log else contextlib.nullcontext()
    try:
        with tracing:
            os.write(go, b"1")
            os.close(go)
            code = _wait(pid, seconds)
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        raise
    finally:
        texts = [_all_of(file) for file, _ in said_by]
        for name, text in zip(("stdout", "stderr"), texts, strict=True):
            (said / name).write_text(text, encoding="utf-8")
    return Ended(code, *texts)


def _wide_pipe() -> tuple[int, int]:
    out, into = os.pipe()
    with contextlib.suppress(AttributeError, OSError):
        fcntl.fcntl(into, fcntl.F_SETPIPE_SZ, 1 << 20)
    os.set_blocking(out, False)
    return out, into


def _all_of(file: int) -> str:
    """What lies in a pipe; who wrote it has ended, though a process of its own may not have."""
    pieces = []
    with contextlib.suppress(BlockingIOError):
        while piece := os.read(file, 1 << 20):
            pieces.append(piece)
    os.close(file)
    return b"".join(pieces).decode("utf-8", "replace")


def _in_child(main: Callable[[], None], ready: int, said: Sequence[int]) -> None:
    code = UNCAUGHT
    try:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_ANY_TRACER, _ANY, 0, 0, 0)
        for number, file in enumerate(said, start=1):
            os.dup2(file, number)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        # What pytest or a pool made of these is of no use here.
        sys.stdout, sys.stderr = (open(n, "w", encoding="utf-8", closefd=False) for n in (1, 2))  # noqa: SIM115
        os.read(ready, 1)
        main()
        code = 0
    except SystemExit as exit:
        code = exit.code if isinstance(exit.code, int) else int(exit.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _wait(pid: int, seconds: float) -> int:
    until = time.monotonic() + seconds
    pause = 0.0005
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise TimeoutError(f"a command hung for {seconds:.0f} s")
