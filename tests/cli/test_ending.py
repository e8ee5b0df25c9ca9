"""A command that is stopped, or that lacks what every program needs, ends with one true line and a stated exit code."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import hostile
import pyarrow as pa
import pytest
from helpers import contents, explain, plain

from northstar_explain import model as models
from northstar_explain import tables

MAIN = "from northstar_explain.cli import main; main()"
# Batches and parts so small that a signal comes in the midst of 6,000 customers.
SLOWLY = f"from northstar_explain.score import inputs, runner; inputs.BATCH, runner.CHUNK_ROWS = 16, 64; {MAIN}"
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.fixture(scope="module")
def week(customers: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("week") / "week.parquet"
    tables.write(customers, path)
    return path


@pytest.fixture(scope="module")
def hostile_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model of six features, whose reports are short."""
    path = tmp_path_factory.mktemp("hostile") / "model"
    models.save(hostile.model(), path)
    return path


def begin(*args: object, code: str = MAIN) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str], number: int) -> str:
    """Send the signal, and give the last line on stderr; a traceback fails the test."""
    process.send_signal(number)
    stdout, message = process.communicate(timeout=60)
    assert process.returncode == CODES[signal.Signals(number)], message
    assert "Traceback" not in message
    assert stdout == ""
    last: str = message.splitlines()[-1]
    return last


def wait_for(there: Callable[[], bool]) -> None:
    since = time.monotonic()
    while not there():
        assert time.monotonic() - since < 60
        time.sleep(0.005)


@pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)
def test_a_stopped_run_says_that_it_can_be_resumed(number: int, week: Path, model_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "s.csv"
    process = begin("score", week, "--model", model_dir, "--out", out, code=SLOWLY)
    wait_for((out.parent / ".s.csv.work" / "part-00001.json").exists)
    line = ended(process, number)
    parts = len(list(out.parent.glob(".s.csv.work/part-*.json")))
    assert parts >= 2
    name = signal.Signals(number).name
    assert line == f"explain: interrupted ({name}); `--resume` continues after {parts} finished chunks"
    assert [path.name for path in out.parent.iterdir()] == [".s.csv.work"]
    command = [sys.executable, "-c", SLOWLY, "score", week, "--model", model_dir, "--out", out, "--resume"]
    again = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert f"resuming after {parts} finished chunks" in again.stderr
    explain("score", week, "--model", model_dir, "--out", tmp_path / "whole" / "s.csv")
    assert out.read_bytes() == (tmp_path / "whole" / "s.csv").read_bytes()
    assert sorted(path.name for path in out.parent.iterdir()) == ["s.csv", "s.csv.report.json"]


@pytest.mark.parametrize(
    ("command", "number"),
    [("simulate", signal.SIGTERM), ("simulate", signal.SIGHUP), ("train", signal.SIGTERM), ("playbook", signal.SIGTERM),
     ("audit", signal.SIGINT)],
)  # fmt: skip
def test_a_stopped_command_leaves_nothing(
    command: str, number: int, week: Path, model_dir: Path, tmp_path: Path
) -> None:
    args: dict[str, list[object]] = {
        "simulate": [tmp_path / "c.parquet"],
        "train": [week, "--model", tmp_path / "m"],
        "playbook": ["--model", model_dir, "--out", tmp_path / "p"],
        "audit": ["--model", model_dir, "--out", tmp_path / "a"],
    }
    process = begin(command, *args[command])
    assert process.stderr is not None
    first = process.stderr.readline()
    assert first.startswith("["), first
    line = ended(process, number)
    assert line == f"explain: interrupted ({signal.Signals(number).name}); nothing was left half written"
    assert contents(tmp_path) == {}


LOSING = """
import os, signal, sys, time
from northstar_explain.cli.ending import one_line

class PutAway:
    def __del__(self):
        os.kill(os.getpid(), int(sys.argv[1]))
        time.sleep(1)  # the signal raises here, where Python drops it

with one_line():
    PutAway()
    print("went on", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", CODES, ids=lambda number: number.name)
def test_a_signal_that_comes_while_an_object_is_put_away_is_not_lost(number: int) -> None:
    process = begin(number, code=LOSING)
    stdout, message = process.communicate(timeout=30)
    assert stdout == "went on\n"
    assert message == f"explain: interrupted ({signal.Signals(number).name}); nothing was left half written\n"
    assert process.returncode == CODES[signal.Signals(number)]


def test_a_signal_that_is_ignored_stays_ignored(week: Path, model_dir: Path, tmp_path: Path) -> None:
    """As under nohup."""
    out = tmp_path / "s.csv"
    code = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); {SLOWLY}"
    process = begin("score", week, "--model", model_dir, "--out", out, "--quiet", code=code)
    wait_for((tmp_path / ".s.csv.work" / "part-00001.json").exists)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.exists()


def shell(line: str, *args: object, before: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as a shell does; `$@` is the command with these arguments."""
    command = ["bash", "-c", line, "bash", sys.executable, "-c", MAIN, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, preexec_fn=before, timeout=300)


@pytest.mark.parametrize(
    ("line", "got"),
    [
        ('"$@" > /dev/full', "No space left on device"),
        ('"$@" >&-', "one that is closed"),
        ('set -o pipefail; exec 3> >(:); sleep 0.3; "$@" >&3', "Broken pipe"),
    ],
)
def test_a_report_that_cannot_be_printed_is_said_and_so_are_the_scores(
    line: str, got: str, some_file: Path, model_dir: Path, tmp_path: Path
) -> None:
    out = tmp_path / "s.parquet"
    done = shell(line, "score", some_file, "--model", model_dir, "--out", out, "--quiet")
    assert done.stderr == (
        f"explain: stdout: output: expected a stream that can be written; got {got}. The scores are published: {out}.\n"
    )
    assert done.returncode == 1
    assert sorted(contents(tmp_path)) == ["s.parquet", "s.parquet.report.json"]


# Without `compare`: this model was trained without the experiments that its memo shows.
WRITTEN = {"playbook": "playbook", "audit": "pack"}
PRINTING = [["show"], ["show", "--json"], ["sql", "--dialect", "duckdb"], ["monitor"], ["--help"], ["score", "--help"],
            ["--version"], *(pytest.param([name], marks=pytest.mark.slow) for name in ("verify", *WRITTEN))]  # fmt: skip


@pytest.mark.parametrize("args", PRINTING)
def test_every_command_says_that_stdout_is_full(
    args: list[str], some_file: Path, model_dir: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    done = ""
    more: list[object] = [model_dir] if args[0] in ("show", "sql", "verify") else []
    if args[0] == "monitor":
        scores = tmp_path / "s.parquet"
        explain("score", some_file, "--model", model_dir, "--out", scores)
        more = ["--model", model_dir, "--scores", scores, "--scores", scores]
    elif args[0] in WRITTEN:
        out = tmp_path / "folder"
        more = ["--model", request.getfixturevalue("hostile_dir"), "--out", out]
        done = f" The {WRITTEN[args[0]]} is written to {out}."
    quiet = ["--quiet"] if args[0] in ("verify", *WRITTEN) else []
    found = shell('"$@" > /dev/full', *args, *more, *quiet)
    assert found.returncode == 1
    assert "No space left on device" in found.stderr
    assert found.stderr.rstrip("\n").endswith(done)
    assert len(found.stderr.splitlines()) == 1, found.stderr


def test_results_are_not_mixed_with_what_nobody_hears(some_file: Path, model_dir: Path, tmp_path: Path) -> None:
    for line in ('"$@" 2>&-', '"$@" 2> /dev/full', '"$@" <&- 2>&-'):
        command = ["score", some_file, "--model", model_dir, "--out", tmp_path / "s.csv", "--overwrite"]
        done = shell(line, *command)
        assert done.returncode == 0
        assert done.stdout.endswith(" likely buyers\n") and done.stdout.count("\n") == 1


def test_standard_input_that_is_closed_is_said(model_dir: Path, tmp_path: Path) -> None:
    done = shell('"$@" <&-', "score", "-", "--model", model_dir, "--out", tmp_path / "s.csv", "--quiet")
    assert done.returncode == 1
    assert done.stderr.startswith("explain: -: stream: expected customers on standard input; got one that is closed.")
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MemoryError("Unable to allocate 2 GiB"), "memory: system: expected as much as the work needs; got Unable to"),
        (pa.ArrowMemoryError("malloc of size 64 failed"), "memory: system: expected as much as the work needs; got malloc"),
        (RuntimeError("can't start new thread"), "threads: system: expected as many as the work needs; got can't start"),
        (OSError(24, "Too many open files", "/a/b"), "/a/b: system: expected what can be read and written; got Too many"),
    ],
    ids=["numpy", "arrow", "threads", "files"],
)  # fmt: skip
def test_what_every_program_needs_is_named_when_it_is_lacking(
    error: Exception, message: str, week: Path, model_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(*args: object, **named: object) -> None:
        raise error

    monkeypatch.setattr("northstar_explain.model.load", lacking)
    result = explain("show", model_dir)
    assert result.exit_code == 1
    assert plain(result.stderr).startswith(f"explain: {message}")
    assert len(result.stderr.splitlines()) == 1


def test_an_error_of_ours_is_not_dressed_up(model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("a mistake in the program")

    monkeypatch.setattr("northstar_explain.model.load", broken)
    with pytest.raises(RuntimeError, match="a mistake"):
        explain("show", model_dir)


def test_a_lock_that_a_signal_broke_does_not_hide_the_signal(model_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise RuntimeError("release unlocked lock")

    monkeypatch.setattr("northstar_explain.model.load", interrupted)
    result = explain("show", model_dir)
    assert result.exit_code == 130
    assert result.stderr == "explain: interrupted (SIGINT); nothing was left half written\n"


@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [450, 550, 700, 900])
def test_too_little_memory_is_one_line(megabytes: int, week: Path, model_dir: Path, tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    found = shell('"$@"', "score", week, "--model", model_dir, "--out", tmp_path / "s.csv", "--quiet", before=limit)
    assert "Traceback" not in found.stderr
    assert found.returncode in (0, 1), found.stderr
    if found.returncode:
        assert "explain: " in found.stderr
        assert not (tmp_path / "s.csv").exists()
