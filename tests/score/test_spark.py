"""Spark gives the same rows as this machine, bit for bit, also when a task is killed and run again."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from helpers import ID, explain, plain, read, with_cells
from pyarrow import parquet

from northstar_explain import tables
from northstar_explain.errors import OutputError, TableError
from northstar_explain.model import Model
from northstar_explain.score import Control, Scorer, ScoringOptions, run
from northstar_explain.score.spark import run_spark

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def week(customers: pa.Table) -> pa.Table:
    """Customers with a wrong cell, two cells that contradict each other, a repeated id, none, and an unseen category.

    The name of one needs care in CSV.
    """
    some = customers.slice(0, 2_000)
    some = with_cells(some, ID, {1_990: some[ID][3].as_py(), 7: None, 8: 'a "quoted", = one\nin two lines'})
    some = with_cells(some, "sessions_90d", {20: 2})
    return with_cells(with_cells(some, "sessions_30d", {5: -1, 20: 50}), "country", {11: "Atlantis"})


def rows_of(path: Path) -> list[dict[str, Any]]:
    table = parquet.read_table(path) if path.is_dir() else read(path)
    rows = [{name: value for name, value in row.items() if name != "row"} for row in table.to_pylist()]
    return sorted(rows, key=lambda row: (row[ID] or "", json.dumps(row, default=str)))


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_spark_and_this_machine_agree_bit_for_bit(
    ending: str, spark: Any, model: Model, week: pa.Table, tmp_path: Path
) -> None:
    tables.write(week.slice(0, 700), tmp_path / "week" / f"a.{ending}")
    tables.write(week.slice(700), tmp_path / "week" / f"b.{ending}")
    source = str(tmp_path / "week" / f"*.{ending}")
    ours = run(model, source, tmp_path / "ours").facts
    theirs = run_spark(model, [source], str(tmp_path / "theirs"), session=spark)
    assert rows_of(tmp_path / "theirs") == rows_of(tmp_path / "ours")
    # Spark does not number rows, so its examples have no place.
    places = ("file", "row")
    ours["reasons"] = [
        {**one, "example": {k: v for k, v in one["example"].items() if k not in places}} for one in ours["reasons"]
    ]
    for name in ("rows", "scored", "rejected", "reasons", "segments", "deciles", "borderline", "flag_f1", "flag_break_even",
                 "unseen_categories", "out_of_range", "drift", "ignored_columns", "control_group"):  # fmt: skip
        assert theirs[name] == ours[name], name
    assert theirs["rejected"] == 5
    ours_rejected = [
        {k: v for k, v in row.items() if k != "file"} for row in rows_of(tmp_path / "ours.rejected.parquet")
    ]
    assert rows_of(tmp_path / "theirs.rejected.parquet") == ours_rejected
    assert json.loads((tmp_path / "theirs.report.json").read_text()) == theirs


def test_a_task_that_is_killed_is_run_again_and_counted_once(
    spark: Any, model: Model, week: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, mark = tmp_path / "week.parquet", tmp_path / "killed"
    tables.write(week, path)
    run(model, path, tmp_path / "ours")
    once = os.fspath(mark)
    real = Scorer.score

    class Mortal(Scorer):
        """Its first process dies in the middle of its work, as one does that the system kills."""

        def score(self, ids: Any, columns: Any) -> Any:
            scored = real(self, ids, columns)
            try:
                os.close(os.open(once, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return scored
            os.kill(os.getpid(), 9)

    monkeypatch.setattr("northstar_explain.score.spark.Scorer", Mortal)
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "100")
    try:
        facts = run_spark(model, [str(path)], str(tmp_path / "theirs"), session=spark)
    finally:
        spark.conf.unset("spark.sql.execution.arrow.maxRecordsPerBatch")
    assert mark.exists()
    assert (facts["rows"], facts["scored"], facts["rejected"]) == (2_000, 1_995, 5)
    assert rows_of(tmp_path / "theirs") == rows_of(tmp_path / "ours")


def test_the_command_runs_on_spark(spark: Any, model: Model, model_dir: Path, week: pa.Table, tmp_path: Path) -> None:
    path, out = tmp_path / "week.parquet", tmp_path / "scores"
    tables.write(week, path)
    command = ["score", path, "--model", model_dir, "--out", out, "--engine", "spark", "--quiet", "--json"]
    result = explain(*command, "--control-share", "0.5")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["scored"] == 1_995
    assert f"5 of 2,000 rows (0.25%) rejected; see {out}.rejected.parquet" in plain(result.stderr)
    again = explain(*command)
    assert again.exit_code == 1
    assert "output: expected a path that is free; got one that exists" in again.stderr
    refused = explain(*command, "--overwrite", "--max-rejected", "0.001")
    assert refused.exit_code == 3
    assert "nothing published" in refused.stderr
    assert json.loads((tmp_path / "scores.report.json").read_text())["control_group"]["share"] == 0.5
    run(model, path, tmp_path / "ours", ScoringOptions(control=Control(0.5)))
    assert rows_of(out) == rows_of(tmp_path / "ours")
    assert explain(*command, "--overwrite", "--max-rejected", "0.001", "--publish-anyway").exit_code == 3
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith("."))[-3:] == [
        "scores.rejected.parquet", "scores.report.json", "week.parquet",
    ]  # fmt: skip


def test_what_spark_cannot_read_or_write_is_said(spark: Any, model: Model, week: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "week.parquet"
    tables.write(week.drop_columns(["country"]), path)
    with pytest.raises(TableError, match="column country: expected a column of this name; got none"):
        run_spark(model, [str(path)], str(tmp_path / "scores"), session=spark)
    with pytest.raises(TableError, match="files: expected Parquet or CSV; got "):
        run_spark(model, [str(tmp_path / "nowhere.parquet")], str(tmp_path / "scores"), session=spark)
    with pytest.raises(OutputError, match="expected a path for a folder; got one with a file's ending"):
        run_spark(model, [str(path)], str(tmp_path / "scores.csv"), session=spark)
    (tmp_path / "text.parquet").write_text("not Parquet at all, but as long as a file of it may be")
    with pytest.raises(TableError, match=r"files: expected Parquet or CSV; got .*text\.parquet"):
        run_spark(model, [str(tmp_path / "text.parquet")], str(tmp_path / "scores"), session=spark)
    (tmp_path / "text.parquet").unlink()
    with pytest.raises(OutputError, match='expected a place that Spark can reach; got No FileSystem for scheme "none"'):
        run_spark(model, [str(path)], "none://scores/week", session=spark)
    tables.write(week.slice(0, 0), path, overwrite=True)
    with pytest.raises(TableError, match="rows: expected at least one customer; got none"):
        run_spark(model, [str(path)], str(tmp_path / "scores"), session=spark)
    assert [p.name for p in tmp_path.iterdir()] == ["week.parquet"]
