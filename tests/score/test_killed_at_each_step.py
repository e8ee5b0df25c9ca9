"""A run that ends, or fails, at each step it takes in the file system: old or new whole, and what comes next finishes."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from helpers import contents, explain, with_cells

from northstar_explain import tables
from northstar_explain.errors import OutputError
from northstar_explain.model import Model
from northstar_explain.score import ScoringOptions, inputs, run
from northstar_explain.tables import journal

STEPS = ("rename", "replace", "unlink", "rmdir", "fsync")


class Killed(BaseException):
    """The process is gone."""


class Steps:
    """Counts the steps that change names or wait for the disk, and lets one of them, or all from one on, fail.

    In this process, so that hundreds of kills take seconds: once killed, no further step is done, as no further step is
    done by a process that is gone.
    """

    def __init__(self, patch: pytest.MonkeyPatch):
        self.taken = 0
        self._at, self._kill = 0, False
        for name in STEPS:
            patch.setattr(os, name, self._counted(getattr(os, name)))
        patch.setattr(journal, "exchange", self._counted(journal.exchange))

    def arm(self, at: int, kill: bool) -> None:
        self.taken, self._at, self._kill = 0, at, kill

    def _counted(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **named: Any) -> Any:
            self.taken += 1
            if self._kill and self._at and self.taken >= self._at:
                raise Killed
            if self.taken == self._at:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real(*args, **named)

        return step


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    monkeypatch.setattr(inputs, "BATCH", 64)
    monkeypatch.setattr("northstar_explain.score.runner.CHUNK_ROWS", 128)
    return Steps(monkeypatch)


@pytest.fixture(scope="module")
def weeks(some: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An older week, a week all of whose rows are valid, and one with a rejected row in each of its parts."""
    folder = tmp_path_factory.mktemp("weeks")
    made = {
        "old": with_cells(some.slice(0, 200), "sessions_30d", {0: -1}),
        "valid": some,
        "faulty": with_cells(some, "sessions_30d", {1: -1, 150: -2}),
    }
    for name, table in made.items():
        tables.write(table, folder / f"{name}.parquet")
    return {name: folder / f"{name}.parquet" for name in made}


def results(folder: Path, hidden: bool = False) -> dict[str, bytes | None]:
    """The files there except the report, which holds the seconds; with `hidden`, whatever a run left."""
    found = contents(folder) if folder.exists() else {}
    return {
        name: data
        for name, data in found.items()
        if not name.endswith(".report.json") and (hidden or not name.startswith("."))
    }


def scores_of(found: dict[str, bytes | None], name: str) -> dict[str, bytes | None]:
    return {path: data for path, data in found.items() if path.split("/")[0] == name}


def each_step(steps: Steps, again: Callable[[], Path], attempt: Callable[[Path], None], kill: bool) -> Iterator[Path]:
    """The folder after a kill, or an error, at each step in turn, until an attempt takes fewer."""
    at = 0
    while True:
        at += 1
        steps.arm(0, False)
        folder = again()
        steps.arm(at, kill)
        with contextlib.suppress(Killed, OutputError):
            attempt(folder)
        reached = steps.taken >= at
        steps.arm(0, False)
        if not reached:
            assert at > 20
            return
        yield folder


CASES = [
    ("s.csv", "faulty", False, True),
    ("s", "valid", True, False),
    *(
        pytest.param(*case, marks=pytest.mark.slow)
        for case in (
            ("s.csv", "faulty", False, False),
            ("s", "valid", True, True),
            ("s", "faulty", False, True),
            ("s.parquet", "valid", True, True),
            ("s.parquet", "valid", True, False),
        )
    ),
]


@pytest.mark.parametrize(("name", "week", "older", "kill"), CASES)
def test_at_each_step_the_result_is_old_or_new_and_the_next_run_ends_the_same(
    name: str, week: str, older: bool, kill: bool, steps: Steps, weeks: dict[str, Path], model: Model, tmp_path: Path
) -> None:
    many = ScoringOptions(overwrite=older, publish_anyway=True)
    before, whole, folder = tmp_path / "before", tmp_path / "whole", tmp_path / "folder"
    before.mkdir()
    if older:
        run(model, weeks["old"], before / name, many)
    run(model, weeks[week], whole / name, many)
    old, new = results(before), results(whole)

    def again() -> Path:
        shutil.rmtree(folder, ignore_errors=True)
        return Path(shutil.copytree(before, folder))

    def attempt(folder: Path) -> None:
        run(model, weeks[week], folder / name, many)

    for number, found in enumerate(each_step(steps, again, attempt, kill)):
        held = results(found)
        assert scores_of(held, name) in (scores_of(old, name), scores_of(new, name))
        if not kill:
            assert held in (old, new)
        resumed = ScoringOptions(overwrite=older or number % 2 == 1, publish_anyway=True, resume=number % 2 == 0)
        run(model, weeks[week], found / name, resumed)
        left = results(found, hidden=True)
        drafts = [path for path in left if path.endswith(".part")]  # of this process, which lives
        assert {path: left[path] for path in left if path not in drafts} == new
        assert len(drafts) <= 1


def test_a_complete_run_is_reported_and_not_scored_again(
    weeks: dict[str, Path], model_dir: Path, model: Model, tmp_path: Path
) -> None:
    out = tmp_path / "s.csv"
    command = ["score", weeks["faulty"], "--model", model_dir, "--out", out]
    first = explain(*command)
    before = contents(tmp_path)
    again = explain(*command, "--resume")
    assert again.exit_code == 0
    assert again.stdout == first.stdout
    assert f"nothing is left to do: {out} holds the scores of these customers" in again.stderr
    assert contents(tmp_path) == before
    for changed in (["--control-salt", "other"], []):
        if not changed:
            out.write_bytes(out.read_bytes() + b"\n")
        refused = explain(*command, "--resume", *changed)
        assert refused.exit_code == 1
        assert "expected a path that is free; got one that exists" in refused.stderr
    assert explain(*command, "--resume", "--overwrite").exit_code == 0
    assert contents(tmp_path).keys() == before.keys()
    assert out.read_bytes() == before["s.csv"]


def test_parts_of_an_old_result_are_never_published_with_new_ones(
    steps: Steps, weeks: dict[str, Path], model: Model, tmp_path: Path
) -> None:
    """As after an exchange of folders: the work folder holds more parts than its journal knows."""
    run(model, weeks["faulty"], tmp_path / "whole" / "s")

    def stop(stage: str) -> None:
        if stage.startswith("writing"):
            raise KeyboardInterrupt

    out = tmp_path / "cut" / "s"
    with pytest.raises(KeyboardInterrupt):
        run(model, weeks["faulty"], out, progress=stop)
    work = out.with_name(".s.work")
    shutil.copy(work / "scores" / "part-00000.parquet", work / "scores" / "part-00007.parquet")
    shutil.copy(work / "rejects" / "part-00000-00000.arrow", work / "rejects" / "part-00000-00009.arrow")
    run(model, weeks["faulty"], out, ScoringOptions(resume=True))
    assert results(out.parent, hidden=True) == results(tmp_path / "whole")


def test_a_refused_run_leaves_the_finished_parts_of_another(
    steps: Steps, weeks: dict[str, Path], model: Model, tmp_path: Path
) -> None:
    out = tmp_path / "s"
    run(model, weeks["old"], out)

    def stop(stage: str) -> None:
        if stage.startswith("writing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as interrupted:
        run(model, weeks["valid"], out, ScoringOptions(overwrite=True), progress=stop)
    assert interrupted.value.__notes__ == ["`--resume` continues after 3 finished chunks"]
    before = contents(tmp_path)
    with pytest.raises(OutputError, match="expected a path that is free"):
        run(model, weeks["valid"], out)
    assert contents(tmp_path) == before


def test_two_outputs_of_one_base_name_are_two_results(
    weeks: dict[str, Path], model: Model, model_dir: Path, tmp_path: Path
) -> None:
    run(model, weeks["faulty"], tmp_path / "s.csv")
    run(model, weeks["valid"], tmp_path / "s.parquet")
    run(model, weeks["faulty"], tmp_path / "s.arrow")
    run(model, weeks["valid"], tmp_path / "s")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["s", "s.report.json", *(f"s.{kind}" for kind in ("csv", "parquet", "arrow")),
         *(f"s.{kind}.report.json" for kind in ("csv", "parquet", "arrow")),
         "s.csv.rejected.csv", "s.arrow.rejected.parquet"]
    )  # fmt: skip


# A process of its own, ended by the system's own call at a step that is named; what stands is what the disk has.
ENDED = """
import os, sys
from pathlib import Path
from northstar_explain import model as models
from northstar_explain.score import ScoringOptions, inputs, run, runner
from northstar_explain.tables import journal
inputs.BATCH, runner.CHUNK_ROWS = 64, 128
model, source, out, name, at = sys.argv[1:]
count = 0
def counted(real):
    def step(*args, **named):
        global count
        count += 1
        if count == int(at):
            os._exit(9)
        return real(*args, **named)
    return step
if name == "exchange":
    journal.exchange = counted(journal.exchange)
else:
    setattr(os, name, counted(getattr(os, name)))
run(models.load(model), source, Path(out), ScoringOptions(overwrite=True))
"""


@pytest.mark.parametrize(("name", "at"), [("exchange", 1), ("exchange", 2), ("unlink", 1)])
def test_ended_by_the_system_in_the_midst_of_publishing(
    name: str, at: int, weeks: dict[str, Path], model_dir: Path, model: Model, steps: Steps, tmp_path: Path
) -> None:
    out = tmp_path / "killed" / "s"
    run(model, weeks["old"], out)
    old = results(out.parent)
    run(model, weeks["valid"], tmp_path / "whole" / "s")
    new = results(tmp_path / "whole")
    command = [sys.executable, "-c", ENDED, str(model_dir), str(weeks["valid"]), str(out), name, str(at)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 9, ended.stderr
    assert scores_of(results(out.parent), "s") in (scores_of(old, "s"), scores_of(new, "s"))
    run(model, weeks["valid"], out, ScoringOptions(resume=True, overwrite=at % 2 == 0))
    assert results(out.parent, hidden=True) == new
