"""Tables in and out: nothing changes on the way, nothing is half written, and every kind of frame is the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from helpers import ID, LABEL, contents, explain, with_cells, with_column, write_csv

from northstar_explain import tables
from northstar_explain.api import Model as Api
from northstar_explain.api import ScoringWarning
from northstar_explain.contract import Contract, check
from northstar_explain.errors import OutputError, TableError
from northstar_explain.model import Model

FRAMES: dict[str, Callable[[pa.Table], Any]] = {
    "pandas": lambda t: t.to_pandas(),
    "pandas, filtered": lambda t: (
        pd.concat([t.to_pandas(), t.to_pandas().tail(2)]).iloc[: t.num_rows].query("index >= 0")
    ),
    "pandas, own types": lambda t: t.to_pandas(types_mapper=pd.ArrowDtype),
    "pandas, categories": lambda t: t.to_pandas(strings_to_categorical=True).astype({ID: str}),
    "polars": pl.from_arrow,
    "polars, categories": lambda t: pl.DataFrame(t).with_columns(pl.col("country").cast(pl.Categorical)),
    "duckdb": lambda t: duckdb.connect().from_arrow(t),
    "pyarrow batches": lambda t: pa.RecordBatchReader.from_batches(t.schema, t.to_batches(max_chunksize=7)),
    "pyarrow batch": lambda t: t.combine_chunks().to_batches()[0],
    "pyarrow, dictionaries": lambda t: with_column(t, "country", t["country"].dictionary_encode()),
    "pyarrow, large strings": lambda t: with_column(t, "country", t["country"].cast(pa.large_string())),
    "pyarrow, string views": lambda t: with_column(t, "country", t["country"].cast(pa.string_view())),
}


@pytest.mark.parametrize("name", FRAMES)
def test_every_kind_of_frame_checks_and_scores_alike(
    name: str, some: pa.Table, contract: Contract, model: Model
) -> None:
    table = with_cells(some, "sessions_30d", {3: -1})
    expected = check(table, contract, label=True)
    found = check(tables.from_frame(FRAMES[name](table)), contract, label=True)
    assert found.accepted.equals(expected.accepted)
    assert found.rejected["row"].equals(expected.rejected["row"])
    assert found.ignored == ()
    with pytest.warns(ScoringWarning, match="1 of 300 rows rejected"):
        assert Api(model).score(FRAMES[name](table)).table.equals(Api(model).score(table).table)


def test_a_pandas_index_of_its_own_making_is_no_column(some: pa.Table) -> None:
    frame = some.to_pandas().iloc[::2]
    assert tables.from_frame(frame).column_names == some.column_names


@pytest.mark.parametrize("thing", [[1, 2], {"a": [1]}, np.zeros((2, 2)), "customers.csv", None])
def test_what_hands_out_no_arrow_is_refused(thing: object) -> None:
    with pytest.raises(TableError, match=f"expected a table that hands out Arrow; got {type(thing).__name__}"):
        tables.from_frame(thing)


@pytest.mark.parametrize("ending", ["parquet", "csv", "arrow"])
def test_what_is_written_is_read_again(ending: str, some: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "new" / f"t.{ending}"
    tables.write(some, path)
    back = tables.read(path)
    if ending == "csv":
        assert set(back.schema.types) == {pa.string()}
        back = pa.table({f.name: back[f.name].cast(f.type) for f in some.schema})
    assert back.equals(some)
    first = path.read_bytes()
    tables.write(some, path, overwrite=True)
    assert path.read_bytes() == first
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_csv_cells_are_text_and_stay_as_they_are(tmp_path: Path) -> None:
    cells = ["00123", "NA", "null", "1e5", " padded ", "line\nbreak", 'quo"te', "comma,", "ünï", "true", "-0"]
    path = write_csv(tmp_path / "t.csv", [["id", "value"], *([str(i), cell] for i, cell in enumerate(cells))])
    assert tables.read(path)["value"].to_pylist() == cells


def test_csv_cells_that_are_empty_are_missing_and_a_byte_order_mark_is_none_of_the_name(
    tmp_path: Path,
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes('\ufeffid,value\r\na,\r\nb,""\r\nc,x\r\n'.encode())
    assert tables.read(path).to_pydict() == {"id": ["a", "b", "c"], "value": [None, None, "x"]}


def test_a_quotation_mark_left_open_is_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('id,"value\n' + "a,1\n" * 100_000)
    with pytest.raises(TableError, match=r"t\.csv: file: expected a (header line|well-formed CSV|header and rows)"):
        tables.read(path)


def test_namibia_and_leading_zeros_come_through_a_scoring_run(some: pa.Table, model_dir: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "c.csv", tmp_path / "s.csv"
    ids = [f"{i:05d}" for i in range(300)]
    tables.write(with_cells(with_column(some, ID, ids), "country", {0: "NA", 1: None}), path)
    result = explain("score", path, "--model", model_dir, "--out", out, "--quiet", "--json")
    assert result.exit_code == 0
    assert tables.read(out)[ID].to_pylist() == ids
    assert json.loads(result.stdout)["unseen_categories"] == {"country": {"rows": 1, "values": {"NA": 1}}}


def test_csv_and_parquet_of_the_same_customers_score_alike(some: pa.Table, model_dir: Path, tmp_path: Path) -> None:
    text = with_column(some, LABEL, [bool(v) for v in some[LABEL].to_pylist()])
    scores = []
    for ending, table in (("csv", text), ("parquet", some), ("arrow", some)):
        tables.write(table, tmp_path / f"c-{ending}.{ending}")
        out = tmp_path / f"s-{ending}.parquet"
        assert explain("score", tmp_path / f"c-{ending}.{ending}", "--model", model_dir, "--out", out).exit_code == 0
        scores.append(tables.read(out))
    assert scores[0].equals(scores[1])
    assert scores[1].equals(scores[2])


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    tables.write(pa.table({"a": [1]}), path)
    before = contents(tmp_path)
    with pytest.raises(OutputError, match=r"t\.parquet: output: expected a path that is free; got one that exists"):
        tables.write(pa.table({"a": [2]}), path)
    with pytest.raises(OutputError, match="No space left"), tables.replacing(path) as beside:
        beside.write_text("half")
        raise OSError(28, "No space left on device")
    with pytest.raises(KeyboardInterrupt), tables.replacing(path) as beside:
        beside.write_text("half")
        raise KeyboardInterrupt
    assert contents(tmp_path) == before


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.mkdir()
    (path / "old").write_text("old")
    before = contents(tmp_path)
    with pytest.raises(RuntimeError), tables.replacing(path) as beside:
        beside.mkdir()
        (beside / "new").write_text("half")
        raise RuntimeError
    assert contents(tmp_path) == before
    with tables.replacing(path) as beside:
        beside.mkdir()
        (beside / "new").write_text("new")
    assert contents(tmp_path) == {"model": None, "model/new": b"new"}


def test_text_is_written_with_plain_line_ends_and_in_utf8(tmp_path: Path) -> None:
    tables.write_text("ä\nb\n", tmp_path / "t.txt")
    assert (tmp_path / "t.txt").read_bytes() == "ä\nb\n".encode()


def test_a_file_never_replaces_a_folder(tmp_path: Path) -> None:
    (tmp_path / "t.csv").mkdir()
    writers: tuple[Callable[[Path], object], ...] = (
        lambda path: tables.write(pa.table({"a": [1]}), path, overwrite=True),
        lambda path: tables.write_text("x", path, overwrite=True),
    )
    for write in writers:
        with pytest.raises(OutputError, match="expected a path for a file; got a folder"):
            write(tmp_path / "t.csv")
    with pytest.raises(OutputError, match="expected a path for a file; got a folder"):
        tables.write_text("x", Path(), overwrite=True)


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "old").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with tables.replacing(tmp_path / "link") as beside:
        beside.mkdir()
        (beside / "new").write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["new"]
