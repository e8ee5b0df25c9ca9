"""Customers from files, folders, patterns and streams, in parts and batches of any size: always the same scores."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from helpers import ID, contents, explain, read, refused, with_cells, with_column
from pyarrow import parquet

from northstar_explain import tables
from northstar_explain.api import Model as ApiModel
from northstar_explain.contract import check
from northstar_explain.errors import OutputError, TableError
from northstar_explain.model import Model
from northstar_explain.score import Scorer, ScoringOptions, ids, inputs, run
from northstar_explain.score.work_folder import WorkFolder

ANYWAY = ScoringOptions(publish_anyway=True, overwrite=True)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of 64 rows and parts of 256, so that a thousand customers are many."""
    monkeypatch.setattr(inputs, "BATCH", 64)
    monkeypatch.setattr("northstar_explain.score.runner.CHUNK_ROWS", 256)


@pytest.fixture(scope="module")
def thousand(customers: pa.Table) -> pa.Table:
    return customers.slice(0, 1_000)


@pytest.fixture(scope="module")
def expected(model: Model, thousand: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = Scorer(model)(check(thousand, model.contract).accepted).to_pylist()
    return rows


def spread(table: pa.Table, folder: Path) -> Path:
    """The customers over four files of three formats, one of them deeper, among files that are none of theirs."""
    (folder / "deeper").mkdir(parents=True)
    tables.write(table.slice(0, 300), folder / "a.parquet")
    tables.write(table.slice(300, 1), folder / "b.csv")
    tables.write(table.slice(301, 400), folder / "deeper" / "c.arrow")
    tables.write(table.slice(701), folder / "e.parquet")
    (folder / "_SUCCESS").touch()
    (folder / "readme.txt").write_text("no table")
    tables.write(table.slice(0, 5), folder / ".hidden.parquet")
    return folder


def score(model: Model, source: object, out: Path, options: ScoringOptions = ANYWAY) -> list[dict[str, Any]]:
    run(model, source, out, options)  # type: ignore[arg-type]
    rows: list[dict[str, Any]] = table_of(out).to_pylist()
    return rows


def table_of(out: Path) -> pa.Table:
    return parquet.read_table(out) if out.is_dir() else read(out)


@pytest.mark.usefixtures("small")
def test_a_folder_a_pattern_and_a_list_of_files_are_one_table(
    model: Model, thousand: pa.Table, expected: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = spread(thousand, tmp_path / "week")
    assert score(model, folder, tmp_path / "s.parquet") == expected
    files = [folder / name for name in ("a.parquet", "b.csv", "deeper/c.arrow", "e.parquet")]
    assert score(model, files, tmp_path / "s.parquet") == expected
    assert score(model, str(folder / "*.parquet"), tmp_path / "s.parquet") == expected[:300] + expected[701:]
    monkeypatch.chdir(tmp_path)
    assert score(model, "week/**/*.arrow", tmp_path / "s.parquet") == expected[301:701]
    report = json.loads((tmp_path / "s.parquet.report.json").read_text())
    assert [file["name"] for file in report["inputs"]] == ["c.arrow"]


def stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    written: bytes = sink.getvalue().to_pybytes()
    return written


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("encode", [stream, tables.parquet_bytes, tables.csv_bytes], ids=["arrow", "parquet", "csv"])
def test_standard_input_is_read_whatever_its_format(
    encode: Callable[[pa.Table], bytes], model: Model, thousand: pa.Table, expected: list[dict[str, Any]], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    class Stdin:
        buffer = io.BytesIO(encode(thousand))

    monkeypatch.setattr("sys.stdin", Stdin)
    assert score(model, "-", tmp_path / "s.parquet") == expected
    assert sorted(contents(tmp_path)) == ["s.parquet", "s.parquet.report.json"]


def test_a_stream_that_is_empty_or_to_be_resumed_is_refused(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stdin:
        buffer = io.BytesIO(b"")

    monkeypatch.setattr("sys.stdin", Stdin)
    with pytest.raises(TableError, match="stream: expected a header and rows; got nothing"):
        run(model, "-", tmp_path / "s.parquet")
    with pytest.raises(OutputError, match="--resume: expected an input that can be read again; got standard input"):
        run(model, "-", tmp_path / "s.parquet", ScoringOptions(resume=True))
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("engine", ["local", "spark"])
@pytest.mark.parametrize(
    "given",
    [
        lambda table: table, lambda table: [table], lambda table: table.to_pandas(), lambda table: table.to_batches(),
        lambda table: None, lambda table: 7, lambda table: b"week.csv", lambda table: {"week": table},
    ],
)  # fmt: skip
def test_a_table_where_files_are_wanted_is_refused(
    given: Callable[[pa.Table], Any], engine: str, model: Model, thousand: pa.Table, tmp_path: Path
) -> None:
    customers = given(thousand)
    with pytest.raises(TableError, match="customers: expected a path or a list of paths; got ") as caught:
        ApiModel(model).score_files(customers, tmp_path / "s", engine=engine)
    assert "Model.score" in str(caught.value)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("rows", [255, 256, 257, 512, 1_000])
@pytest.mark.parametrize("out", ["s.parquet", "s.csv", "s.arrow", "s"])
@pytest.mark.usefixtures("small")
def test_parts_do_not_show_in_the_result(
    rows: int, out: str, model: Model, thousand: pa.Table, expected: list[dict[str, Any]], tmp_path: Path
) -> None:
    path = tmp_path / "c.parquet"
    tables.write(thousand.slice(0, rows), path)
    found = score(model, path, tmp_path / out)
    assert [row[ID] for row in found] == [row[ID] for row in expected[:rows]]
    if out == "s.csv":
        assert [float(row["probability"]) for row in found] == [row["probability"] for row in expected[:rows]]
    else:
        assert found == expected[:rows]
    if out == "s":
        parts = sorted(contents(tmp_path / "s"))
        assert parts == [f"part-{number:05d}.parquet" for number in range(-(-rows // 256))]
        assert [parquet.read_metadata(tmp_path / "s" / name).num_rows for name in parts][:-1] == [256] * (
            len(parts) - 1
        )
    written = json.loads((tmp_path / f"{out}.report.json").read_text())["outputs"]
    assert sum(file["rows"] for file in written) == rows
    assert len(written) == (-(-rows // 256) if out == "s" else 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["c.parquet", out, f"{out}.report.json"])


@pytest.mark.usefixtures("small")
def test_an_id_that_comes_again_in_another_file_rejects_both(
    model: Model, thousand: pa.Table, expected: list[dict[str, Any]], tmp_path: Path
) -> None:
    twin, other = thousand[ID][3].as_py(), thousand[ID][990].as_py()
    changed = with_cells(thousand, ID, {800: twin, 302: other})
    found = score(model, spread(changed, tmp_path / "week"), tmp_path / "s.parquet")
    assert [row[ID] for row in found] == [row[ID] for at, row in enumerate(expected) if at not in (3, 302, 800, 990)]
    rejected = read(tmp_path / "s.parquet.rejected.parquet")
    assert [Path(name).name for name in rejected["file"].to_pylist()] == [
        "a.parquet",
        "c.arrow",
        "e.parquet",
        "e.parquet",
    ]
    assert rejected["row"].to_pylist() == [4, 2, 100, 290]
    assert rejected[ID].to_pylist() == [twin, other, twin, other]
    assert rejected["sessions_30d"].to_pylist() == [thousand["sessions_30d"][at].as_py() for at in (3, 302, 800, 990)]


@pytest.mark.usefixtures("small")
def test_ids_that_share_a_hash_are_told_apart(
    model: Model, thousand: pa.Table, expected: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = ids.hash_of
    monkeypatch.setattr(ids, "hash_of", lambda part: real(part) % 7 + 1)
    path = tmp_path / "c.parquet"
    tables.write(with_cells(thousand, ID, {7: thousand[ID][700].as_py(), 20: None, 30: "", 40: None}), path)
    found = score(model, path, tmp_path / "s.parquet")
    assert [row[ID] for row in found] == [row[ID] for at, row in enumerate(expected) if at not in (7, 20, 30, 40, 700)]
    reasons = read(tmp_path / "s.parquet.rejected.parquet")["reasons"].to_pylist()
    assert [reason.split(", got")[0] for reason in reasons] == [
        f"{ID}: expected {what}"
        for what in (
            "an id that occurs once in the table", *["a customer id"] * 3, "an id that occurs once in the table"
        )
    ]  # fmt: skip


@pytest.mark.parametrize("run_length", [1, 10, 999, 1_000, 1_001])
def test_repeated_ids_are_found_however_many_runs_go_to_disk(
    run_length: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ids, "RUN", run_length)
    names = [f"{number}" for number in range(500)] + [None, "", "ü" * 9] * 100 + [f"{n}" for n in range(0, 400, 2)]
    hashes = ids.Hashes(tmp_path)
    parts = [pa.array(names[at : at + 97], pa.string()) for at in range(0, len(names), 97)]
    for part in parts:
        hashes.add(ids.hash_of(part))
    found = ids.exactly(hashes.repeated(), parts)
    assert sorted(name for name in found.to_pylist() if name) == sorted([*(f"{n}" for n in range(0, 400, 2)), "ü" * 9])
    assert list(tmp_path.iterdir()) == []


def test_a_hash_depends_on_the_text_alone() -> None:
    names = ["a", None, "bb", "", "a" * 8, "a" * 9, "bb", "c\0", "c", "ü"]
    whole = ids.hash_of(pa.array(names, pa.string()))
    single = [int(ids.hash_of(pa.array([name], pa.string()))[0]) for name in names]
    assert whole.tolist() == single == ids.hash_of(pa.array(["x", *names, "y"]).slice(1, 10)).tolist()
    assert len(set(single)) == len(set(names)) - 1  # a missing and an empty one are alike: none
    assert single[1] == single[3] == 0


@pytest.mark.usefixtures("small")
def test_rejected_rows_of_files_with_other_columns_are_kept_as_they_came(
    model: Model, thousand: pa.Table, tmp_path: Path
) -> None:
    folder = tmp_path / "week"
    first = with_cells(thousand.slice(0, 100), "sessions_30d", {0: -1}).append_column("zip", pa.array(range(100)))
    second = with_cells(thousand.slice(100, 100), "sessions_30d", {1: -2.5}, pa.float64())
    third = with_cells(with_column(thousand.slice(200, 100), "spend_365d", ["x"] * 100), "spend_365d", {2: "many"})
    tables.write(first, folder / "1.parquet")
    tables.write(second.append_column("zip", pa.array(["A1"] * 100)), folder / "2.parquet")
    tables.write(with_column(third, "spend_365d", ["1.50"] * 99 + ["many"]), folder / "3.csv")
    run(model, folder, tmp_path / "s.parquet", ANYWAY)
    rejected = read(tmp_path / "s.parquet.rejected.parquet")
    assert rejected["sessions_30d"].to_pylist()[:2] in ([-1, -2.5], ["-1", "-2.5"])
    assert rejected["zip"].to_pylist() == ["0", "A1", None]
    assert rejected["spend_365d"].to_pylist()[2] == "many"
    assert rejected["row"].to_pylist() == [1, 2, 100]
    assert rejected["country"].type == pa.string()


def test_each_file_of_a_folder_is_checked_by_name(model: Model, thousand: pa.Table, tmp_path: Path) -> None:
    folder = spread(thousand, tmp_path / "week")
    tables.write(thousand.slice(0, 5).drop_columns(["country"]), folder / "deeper" / "d.csv")
    with pytest.raises(TableError, match=r"d\.csv: column country: expected a column of this name; got none"):
        run(model, folder, tmp_path / "s.parquet")
    tables.write(with_column(thousand.slice(0, 5), "country", [["DE"]] * 5), folder / "e.parquet", overwrite=True)
    (folder / "deeper" / "d.csv").unlink()
    with pytest.raises(TableError, match=r"e\.parquet: column country: expected text \(category\); got list"):
        run(model, folder, tmp_path / "s.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["week"]


def test_empty_files_among_others_are_passed_over(
    model: Model, thousand: pa.Table, expected: list[dict[str, Any]], tmp_path: Path
) -> None:
    folder = spread(thousand, tmp_path / "week")
    tables.write(thousand.slice(0, 0), folder / "aa.parquet")
    tables.write(thousand.slice(0, 0), folder / "aa.csv")
    assert score(model, folder, tmp_path / "s.parquet") == expected


def test_the_output_may_not_be_the_input_nor_hold_it(model: Model, thousand: pa.Table, tmp_path: Path) -> None:
    folder = tmp_path / "week"
    tables.write(thousand, folder / "part-00000.parquet")
    for source, out in (
        (folder / "part-00000.parquet", folder / "part-00000.parquet"),
        (folder, folder),
        (folder / "part-00000.parquet", folder),
    ):
        with pytest.raises(
            OutputError, match="expected a path (apart from every input|outside models, audit packs and scores); got"
        ):
            run(model, source, out, ScoringOptions(overwrite=True))
    assert contents(folder).keys() == {"part-00000.parquet"}


def test_only_a_folder_of_scores_is_replaced(model: Model, some_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores"
    out.mkdir()
    run(model, some_file, out)  # an empty folder is free
    with pytest.raises(OutputError, match="expected a path that is free; got one that exists"):
        run(model, some_file, out)
    run(model, some_file, out, ScoringOptions(overwrite=True))
    (out / "precious").write_text("irreplaceable")
    before = contents(out)
    with pytest.raises(OutputError, match="expected a folder of scores or a new one; got precious in it"):
        run(model, some_file, out, ScoringOptions(overwrite=True))
    assert contents(out) == before
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="expected a path for a folder; got a file"):
        run(model, some_file, tmp_path / "file", ScoringOptions(overwrite=True))


def test_two_runs_do_not_write_to_one_place(model: Model, some_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "s.parquet"
    expected = "expected a path that no other run writes to; got one that a run is writing to"
    with WorkFolder(tmp_path / ".s.parquet.work", out), pytest.raises(OutputError, match=expected):
        run(model, some_file, out)
    run(model, some_file, out)


def test_an_input_that_changes_while_it_is_read_is_refused(
    model: Model, some: pa.Table, some_file: Path, tmp_path: Path
) -> None:
    path, out = tmp_path / "c.csv", tmp_path / "s.parquet"
    run(model, some_file, out)
    before = out.read_bytes()
    tables.write(some, path)

    def append(stage: str) -> None:
        if stage.startswith("scoring"):
            with path.open("a") as file:
                file.write("\n")

    with pytest.raises(TableError, match="expected one that stays as it is; got one that changed"):
        run(model, path, out, ScoringOptions(overwrite=True), append)
    assert out.read_bytes() == before


def test_progress_tells_speed_and_time_left(
    model: Model, some_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("northstar_explain.score.clock.REPORT_EVERY_S", 0.0)
    monkeypatch.setattr(inputs, "BATCH", 100)
    stages: list[str] = []
    run(model, some_file, tmp_path / "s.parquet", progress=stages.append)
    assert any(line.startswith("scored 200 of 300 rows, ") and line.endswith(" s left") for line in stages), stages


MEASURED = """
import resource, sys
from pathlib import Path
import pyarrow as pa
from northstar_explain import model as models
from northstar_explain.score import inputs, run, runner
pa.set_memory_pool(pa.system_memory_pool())
inputs.BATCH, runner.CHUNK_ROWS = 4096, 16384
run(models.load(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_memory_does_not_grow_with_the_input(
    ending: str, model_dir: Path, many_customers: pa.Table, tmp_path: Path
) -> None:
    peaks = []
    for rows in (60_000, 240_000):
        path = tmp_path / f"{rows}.{ending}"
        if ending == "csv":
            tables.write(many_customers.slice(0, rows), path)
        else:
            parquet.write_table(many_customers.slice(0, rows), path, row_group_size=10_000)
        command = [sys.executable, "-c", MEASURED, str(model_dir), str(path), str(tmp_path / f"{rows}")]
        peaks.append(int(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    assert peaks[1] < 1.15 * peaks[0]


@pytest.mark.parametrize("source", ["-", "nowhere.parquet", "none*.csv"])
def test_the_command_says_what_it_cannot_find(source: str, model_dir: Path, tmp_path: Path) -> None:
    if source == "-":
        assert explain("score", "-", "--model", model_dir, "--out", tmp_path / "s.csv").exit_code == 1
    else:
        command = ["score", tmp_path / source, "--model", model_dir, "--out", tmp_path / "new" / "s.csv", "--quiet"]
        assert "Check the path." in refused(tmp_path, *command)
