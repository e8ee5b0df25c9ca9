"""Processes that training starts: they end with it, however it ends, and leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from northstar_explain import tables

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
SHARED = Path("/dev/shm")
# What must happen within seconds, on a computer that may be busy.
PATIENCE_S = 60
COMMAND = [sys.executable, "-c", "from northstar_explain.cli.main import main; main()", "train"]


@pytest.fixture
def file(customers: pa.Table, tmp_path: Path) -> Path:
    path = tmp_path / "customers.parquet"
    tables.write(customers, path)
    return path


def start(file: Path, **options: Any) -> subprocess.Popen[bytes]:
    """Train in two worker processes, however many processors there are."""
    environment = {**os.environ, "LOKY_MAX_CPU_COUNT": "2"}
    command = [*COMMAND, str(file), "--model", str(file.parent / "model"), "--segments", "4"]
    process: subprocess.Popen[bytes] = subprocess.Popen(command, env=environment, **options)
    return process


def parents() -> dict[int, int]:
    """Every process with the one that started it."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:  # it has just ended
            continue
        if state != "Z":
            parents[int(path.parent.name)] = int(parent)
    return parents


def descendants(root: int) -> set[int]:
    """Processes that a process has started, and theirs."""
    of = parents()
    descendants: set[int] = set()
    while more := {child for child, parent in of.items() if parent in {root, *descendants}} - descendants:
        descendants |= more
    return descendants


def shared_by(process: int) -> list[str]:
    """What a process has in shared memory."""
    return [path.name for path in SHARED.glob(f"*{process}*")]


def until(true: Callable[[], object], what: str) -> None:
    """Wait for something that must happen soon."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def test_killed_training_leaves_no_process_no_shared_memory_and_no_open_pipe(file: Path) -> None:
    process = start(file, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        until(lambda: len(descendants(process.pid)) >= 4, "two workers and their trackers")
        until(lambda: shared_by(process.pid), "rows that workers share")
        started = descendants(process.pid)
    finally:
        process.kill()
    since = time.monotonic()
    process.communicate(timeout=PATIENCE_S)  # reads both pipes to their end
    assert time.monotonic() - since < PATIENCE_S
    until(lambda: not started & set(parents()), "workers and trackers end")
    assert shared_by(process.pid) == []
    assert not (file.parent / "model").exists()


def test_training_ends_when_nobody_reads_its_progress(file: Path) -> None:
    process = start(file, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if b"fitting the EBM to" in line:
                break
        until(lambda: len(descendants(process.pid)) >= 4, "two workers and their trackers")
        started = descendants(process.pid)
        process.stderr.close()
        assert process.wait(timeout=PATIENCE_S) not in (0, -9)
    finally:
        process.kill()
    until(lambda: not started & set(parents()), "workers and trackers end")
    assert not (file.parent / "model").exists()


@pytest.mark.parametrize("fails", ["the work beside it", "the task"])
def test_processes_end_when_what_they_are_for_has_failed(fails: str) -> None:
    """In a process of its own, since this one has but one processor for workers."""
    script = f"""
import time
from joblib import Parallel, delayed
from northstar_explain.learn.workers import beside, processes

def task():
    with processes():
        Parallel(n_jobs=2)(delayed(time.sleep)(600) for _ in range(4))

if __name__ == "__main__":
    since = time.monotonic()
    try:
        with beside(task if {fails == "the work beside it"} else lambda: 1 / 0) as result:
            time.sleep(2)
            result() if {fails == "the task"} else 1 / 0
    except ZeroDivisionError:
        print("failed at once" if time.monotonic() - since < 60 else "waited")
    with processes():  # and others may be started
        print(Parallel(n_jobs=2)(delayed(abs)(n) for n in (-1, -2)))
"""
    environment = {**os.environ, "LOKY_MAX_CPU_COUNT": "2"}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=100, check=True
    )
    assert done.stdout.split("\n")[:2] == ["failed at once", "[1, 2]"]
