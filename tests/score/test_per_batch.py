"""Batches of one's own, scored from Python: the same rows as a run gives."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from helpers import ID, refused, with_cells

import northstar_explain as ns
from northstar_explain import score
from northstar_explain.contract import check
from northstar_explain.errors import TableError
from northstar_explain.model import Model


@pytest.mark.parametrize("size", [1, 7, 300])
def test_batches_give_what_the_whole_gives(size: int, model: Model, some: pa.Table) -> None:
    table = with_cells(some, "sessions_30d", {5: -1, 250: None})
    checked = check(table, model.contract)
    found = list(score.batches(model, table.to_batches(max_chunksize=size)))
    assert len(found) == -(-300 // size)
    scores = pa.Table.from_batches([one.scores for one in found])
    assert scores.to_pylist() == score.Scorer(model)(checked.accepted).to_pylist()
    rejected = pa.concat_tables([one.rejected for one in found])
    assert rejected["reasons"].to_pylist() == checked.rejected["reasons"].to_pylist()
    assert rejected.drop_columns(["row"]).equals(checked.rejected.drop_columns(["row"]))


def test_any_frame_and_any_way_to_name_a_model(model: Model, model_dir: Path, some: pa.Table) -> None:
    expected = next(score.batches(model, [some]))
    for given in (model_dir, str(model_dir), ns.load(model_dir)):
        for frame in (some, some.to_pandas(), pl.from_arrow(some)):
            (found,) = score.batches(given, [frame])
            assert found.scores.to_pylist() == expected.scores.to_pylist()
    with pytest.raises(TypeError, match="expected a model or the path of its folder; got dict"):
        next(score.batches({}, [some]))


def test_ids_that_repeat_are_rejected_within_a_batch_and_across_where_they_are_told(
    model: Model, some: pa.Table
) -> None:
    twin, other = some[ID][0].as_py(), some[ID][1].as_py()
    table = with_cells(some, ID, {10: twin, 200: other})
    found = list(score.batches(model, [table.slice(0, 150), table.slice(150)]))
    assert [one.rejected["row"].to_pylist() for one in found] == [[1, 11], []]
    found = list(score.batches(model, [table.slice(0, 150), table.slice(150)], repeated=[other]))
    assert [one.rejected["row"].to_pylist() for one in found] == [[1, 2, 11], [51]]


def test_each_batch_is_scored_when_it_is_asked_for(model: Model, some: pa.Table) -> None:
    given = []

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in some.to_batches(max_chunksize=100):
            given.append(batch)
            yield batch

    found = score.batches(model, batches())
    assert given == []
    assert next(found).scores.num_rows == 100
    assert len(given) == 1


def test_a_batch_that_is_no_customer_table_is_refused(model: Model, some: pa.Table) -> None:
    with pytest.raises(TableError, match="batch: column country: expected a column of this name; got none"):
        next(score.batches(model, [some.drop_columns(["country"])]))


@pytest.mark.parametrize(
    "make",
    [
        lambda table: table, lambda table: table.to_batches()[0], lambda table: table.to_pandas(), pl.from_arrow,
        lambda table: pl.DataFrame(table).lazy(), lambda table: table.to_pandas()[ID], lambda table: {"week": table},
        lambda table: "week.parquet", lambda table: Path("week.parquet"), lambda table: None, lambda table: 7,
    ],
)  # fmt: skip
def test_a_single_table_where_batches_are_wanted_is_refused_at_once(
    make: Callable[[pa.Table], Any], model: Model, some: pa.Table
) -> None:
    given = make(some)
    with pytest.raises(TableError) as caught:
        score.batches(model, given)
    (fault,) = caught.value.faults
    assert (fault.expected, fault.got) == ("an iterable of tables or record batches", type(given).__name__)
    assert "Put a single table into a list: [table]" in fault.todo


def test_a_reader_of_batches_and_no_batches_at_all_are_fine(model: Model, some: pa.Table) -> None:
    reader = pa.RecordBatchReader.from_batches(some.schema, some.to_batches(max_chunksize=100))
    assert [one.scores.num_rows for one in score.batches(model, reader)] == [100, 100, 100]
    assert list(score.batches(model, [])) == []
    with pytest.raises(TableError, match="batch: object: expected a table that hands out Arrow; got NoneType"):
        next(score.batches(model, [None]))


def test_an_error_of_the_callers_own_comes_through(model: Model, some: pa.Table) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield some
        raise KeyError("the caller's")

    found = score.batches(model, batches())
    assert next(found).scores.num_rows == 300
    with pytest.raises(KeyError, match="the caller's"):
        next(found)


def test_repeated_ids_may_be_numbers_as_ids_may(model: Model, some: pa.Table) -> None:
    table = some.set_column(0, ID, pa.array(range(300)))
    (found,) = score.batches(model, [table], repeated=[7, "9"])
    assert found.rejected["row"].to_pylist() == [8, 10]


def test_without_pyspark_the_error_says_what_to_install(
    model_dir: Path, some_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    command = ["score", some_file, "--model", model_dir, "--out", tmp_path / "s", "--engine", "spark", "--quiet"]
    assert refused(tmp_path, *command) == (
        "explain: --engine spark: pyspark: expected the library; got none. "
        "Install it: pip install 'northstar-explain[spark]'; it needs Java 17 or later."
    )
    assert "--resume is for the local engine" in refused(tmp_path, *command, "--resume", code=2)


def test_the_file_for_spark_submit_is_the_command() -> None:
    script = Path(__file__).parents[2] / "scripts" / "explain.py"
    done = subprocess.run([sys.executable, script, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("explain, version ")
