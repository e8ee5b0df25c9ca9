"""Killed, out of disk, or with an input cut off: the output is the old result or the whole new one, never between."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from helpers import contents, with_cells

from northstar_explain import tables
from northstar_explain.errors import OutputError, TableError
from northstar_explain.model import Model
from northstar_explain.score import ScoringOptions, inputs, run

KILLS = 20
# The run of the command, in batches and parts so small that 6,000 customers are many.
SCRIPT = """
import sys
from pathlib import Path
from northstar_explain import model as models
from northstar_explain.errors import NorthstarError
from northstar_explain.score import ScoringOptions, inputs, run, runner
inputs.BATCH, runner.CHUNK_ROWS = 128, 512
model, source, out, how = sys.argv[1:]
model = models.load(model)
print("ready", flush=True)
try:
    run(model, source, Path(out), ScoringOptions(overwrite=True, resume=how == "resume"))
except NorthstarError as error:
    sys.exit(str(error))
"""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "BATCH", 128)
    monkeypatch.setattr("northstar_explain.score.runner.CHUNK_ROWS", 512)


@pytest.fixture(scope="module")
def week(customers: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """6,000 customers, some of them to be rejected: in many parts, and one twice at both ends."""
    path = tmp_path_factory.mktemp("week") / "week.parquet"
    ids = {5_900: customers["customer_id"][40].as_py()}
    changed = with_cells(customers, "sessions_30d", dict.fromkeys(range(0, 6_000, 500), -1))
    tables.write(with_cells(changed, "customer_id", ids), path)
    return path


def start(
    model_dir: Path, source: Path, out: Path, how: str, before: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, str(model_dir), str(source), str(out), how]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=before)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def results(folder: Path) -> dict[str, bytes | None]:
    """What stands at the places of the results; not the folder that a run works in."""
    found = {name: data for name, data in contents(folder).items() if not name.startswith(".")}
    return {name: data for name, data in found.items() if not name.endswith(".report.json")}  # it holds the seconds


def of(found: dict[str, bytes | None], name: str) -> dict[str, bytes | None]:
    return {path: data for path, data in found.items() if path.split("/")[0] == name}


@pytest.mark.slow
@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(("name", "seed"), [("s.csv", 1), ("s", 2)])
def test_killed_at_any_moment_the_output_is_old_or_new_and_resuming_ends_the_same(
    name: str, seed: int, model: Model, model_dir: Path, some_file: Path, week: Path, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    whole, folder = tmp_path / "whole", tmp_path / "killed"
    run(model, week, whole / name)
    new = results(whole)
    run(model, some_file, folder / name)
    old = results(folder)
    process = start(model_dir, week, tmp_path / "timed" / name, "restart")
    since = time.monotonic()
    process.communicate()
    length = time.monotonic() - since
    assert process.returncode == 0
    killed = kept = number = 0
    # Beside other work a run may be slower than the one that was timed: until one is killed amid finished chunks.
    while number < KILLS // 2 or (not kept and number < 4 * KILLS):
        # In turns from the start and after the finished chunks, as a person would who has to begin again and again.
        process = start(model_dir, week, folder / name, "resume" if number % 2 else "restart")
        time.sleep(rng.uniform(0, length))
        process.kill()
        process.communicate()
        killed += process.returncode == -9
        kept += any(folder.glob(".*.work/part-*.json"))
        found = results(folder)
        assert of(found, name) in (of(old, name), of(new, name))
        rejected = f"{name}.rejected{'.csv' if name.endswith('.csv') else '.parquet'}"
        assert of(found, rejected) in ({}, of(new, rejected))
        number += 1
    assert killed >= KILLS // 8  # the others were done before: what is resumed takes less time
    assert kept >= 1
    run(model, week, folder / name, ScoringOptions(overwrite=True, resume=True))
    assert results(folder) == new
    assert not any(path.startswith(".") for path in contents(folder))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["s.parquet", "s.csv", "s.arrow", "s"])
def test_a_run_taken_up_ends_with_the_same_bytes(name: str, model: Model, week: Path, tmp_path: Path) -> None:
    class Stop(KeyboardInterrupt):
        pass

    run(model, week, tmp_path / "whole" / name)
    out = tmp_path / "cut" / name
    scored: list[str] = []

    def stop(stage: str) -> None:
        scored.append(stage)
        if sum("scored" in stage for stage in scored) == 20:
            raise Stop

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("northstar_explain.score.clock.REPORT_EVERY_S", 0.0)
        with pytest.raises(Stop):
            run(model, week, out, progress=stop)
    assert results(out.parent) == {}
    parts = len(list(out.parent.glob(".*.work/part-*.json")))
    assert parts >= 1
    stages: list[str] = []
    run(model, week, out, ScoringOptions(resume=True), stages.append)
    assert f"resuming after {parts} finished chunks" in stages
    assert results(out.parent) == results(tmp_path / "whole")
    assert not list(out.parent.glob(".*"))


def stop_when_written(stage: str) -> None:
    if stage.startswith("writing"):
        raise KeyboardInterrupt


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("damage", "resumed"),
    [
        (lambda data: data + b"half a line", "resuming after 12 finished chunks"),  # of a chunk that was not finished
        (lambda data: data[:-1], "resuming after 11 finished chunks"),  # a power cut: journalled, and not on the disk
        (flipped, "resuming after"),
        (lambda data: data[:100], None),
        (lambda data: b"", None),
    ],
    ids=["longer", "shorter", "flipped", "first chunk torn", "empty"],
)
def test_a_csv_goes_on_after_the_last_chunk_that_is_whole(
    damage: Callable[[bytes], bytes], resumed: str | None, model: Model, week: Path, tmp_path: Path
) -> None:
    run(model, week, tmp_path / "whole" / "s.csv")
    out = tmp_path / "cut" / "s.csv"
    with pytest.raises(KeyboardInterrupt):
        run(model, week, out, progress=stop_when_written)
    growing = out.with_name(".s.csv.work") / "scores" / "all.csv"
    assert growing.read_bytes() == (tmp_path / "whole" / "s.csv").read_bytes()  # written once: nothing is to be joined
    growing.write_bytes(damage(growing.read_bytes()))
    stages: list[str] = []
    run(model, week, out, ScoringOptions(resume=True), stages.append)
    said = [stage for stage in stages if stage.startswith("resuming")]
    assert said == [] if resumed is None else said[0].startswith(resumed)
    assert results(out.parent) == results(tmp_path / "whole")
    assert not list(out.parent.glob(".*"))


@pytest.mark.usefixtures("small")
def test_another_input_or_model_is_not_taken_up(model: Model, week: Path, some: pa.Table, tmp_path: Path) -> None:
    def stop(stage: str) -> None:
        if stage.startswith("writing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(model, week, tmp_path / "s.csv", progress=stop)
    assert list(tmp_path.glob(".s.csv.work/part-*.json"))
    other = tmp_path / "other.parquet"
    tables.write(some, other)
    stages: list[str] = []
    done = run(model, other, tmp_path / "s.csv", ScoringOptions(resume=True), stages.append)
    assert done.scored == 300
    assert not any("resuming" in stage for stage in stages)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.usefixtures("small")
def test_a_full_disk_leaves_the_old_result(
    share: float, model: Model, model_dir: Path, some_file: Path, week: Path, tmp_path: Path
) -> None:
    run(model, week, tmp_path / "whole" / "s.csv")
    out = tmp_path / "full" / "s.csv"
    run(model, some_file, out)
    before = results(out.parent)
    most = int((tmp_path / "whole" / "s.csv").stat().st_size * share)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))  # no file may grow beyond

    process = start(model_dir, week, out, "restart", limit)
    _, stderr = process.communicate()
    assert process.returncode == 1, stderr
    assert f"{out}: output: expected a place that can be written; got File too large." in stderr
    assert "Traceback" not in stderr
    assert results(out.parent) == before
    run(model, week, out, ScoringOptions(overwrite=True, resume=True))
    assert results(out.parent) == results(tmp_path / "whole")


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
@pytest.mark.parametrize("share", [0.001, 0.3, 0.7, 0.9, 0.999])
@pytest.mark.usefixtures("small")
def test_an_input_that_is_cut_off_leaves_the_old_result(
    ending: str, share: float, model: Model, some: pa.Table, some_file: Path, tmp_path: Path
) -> None:
    out, path = tmp_path / "s.parquet", tmp_path / f"cut.{ending}"
    run(model, some_file, out)
    tables.write(some, path)
    data = path.read_bytes()
    cut = int(len(data) * share)
    if ending == "csv":  # within a line: where a line ends, nothing shows that others should follow
        cut = data.rindex(b",", 0, cut)
    path.write_bytes(data[:cut])
    before = contents(tmp_path)
    with pytest.raises(TableError, match=rf"cut\.{ending}: "):
        run(model, path, out, ScoringOptions(overwrite=True))
    assert contents(tmp_path) == before


def test_a_place_that_cannot_be_written_is_said(model: Model, some_file: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="expected a path inside a folder; got one below the file"):
        run(model, some_file, tmp_path / "file" / "s.parquet")
