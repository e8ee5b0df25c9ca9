"""The toolkit from Python: what a notebook does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers import ID, LABEL, TINY, explain, learn, with_cells

import northstar_explain as ns
from northstar_explain import api, contract
from northstar_explain.api import ScoringWarning
from northstar_explain.errors import ContractError, ModelError, OutputError, TableError
from northstar_explain.model import Model
from northstar_explain.options import SqlOptions
from northstar_explain.simulate import simulate


@pytest.fixture(autouse=True)
def _little_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    def quick(source: Any, given: Any, options: Any, progress: Any, later: Any, earlier: Any) -> Any:
        return learn(source.table, given, options, later and later.table, earlier)

    monkeypatch.setattr(import_module("northstar_explain.training"), "train", quick)


def test_train_takes_a_frame_and_gives_a_model_that_scores(customers: pa.Table, tmp_path: Path) -> None:
    table = with_cells(customers.slice(0, 1_500), "sessions_30d", {0: -1})
    model = api.train(table.to_pandas(), options=TINY)
    assert model.rejected is not None
    assert model.rejected["row"].to_pylist() == [1]
    with pytest.warns(ScoringWarning, match="1 of 1,500 rows rejected"):
        assert len(model.score(table)) == 1_499
    model.save(tmp_path / "model")
    assert ns.load(tmp_path / "model").id == model.id
    path = tmp_path / "contract.toml"
    path.write_text(contract.northstar().text)
    assert api.train(table, path, options=TINY).id == model.id


def test_train_is_the_function_however_often_it_is_called() -> None:
    import_module("northstar_explain.training")  # as the first call does
    assert callable(ns.train)


def test_a_loaded_model_shows_its_segments_and_figures(model: Model, model_dir: Path) -> None:
    loaded = ns.load(model_dir)
    assert loaded.segments == model.segmentation.segments
    assert loaded.evaluation.purchase.holdout.n == 1_200
    assert repr(loaded) == f"<Model {model.id}: {len(loaded.segments)} segments, {len(model.scorecard.terms)} terms>"
    assert loaded.rejected is None


def test_check_gives_the_rows_that_score_leaves_out(model_dir: Path, some: pa.Table) -> None:
    loaded = ns.load(model_dir)
    table = with_cells(some, "sessions_30d", {5: -1})
    checked = loaded.check(table)
    assert checked.rejected["row"].to_pylist() == [6]
    with pytest.warns(ScoringWarning, match="most often as sessions_30d is not 0 to 5000; see .rejected"):
        scores = loaded.score(table)
    assert scores["customer_id"].to_pylist() == checked.accepted["customer_id"].to_pylist()
    assert scores.rejected.equals(checked.rejected)


def test_errors_are_those_of_the_command(model_dir: Path, some: pa.Table, tmp_path: Path) -> None:
    with pytest.raises(TableError, match="table: column country: expected a column of this name"):
        ns.load(model_dir).score(some.drop_columns(["country"]))
    with pytest.raises(ModelError, match="expected a model's manifest"):
        ns.load(tmp_path)
    with pytest.raises(ContractError, match="expected a contract in TOML"):
        api.train(some, tmp_path / "none.toml")
    with pytest.raises(AttributeError, match="has no attribute 'trian'"):
        ns.trian  # noqa: B018


def test_a_mixed_column_is_not_read_unless_the_contract_needs_it(model_dir: Path, some: pa.Table) -> None:
    loaded, frame = ns.load(model_dir), some.to_pandas()
    expected = loaded.score(some).table
    mixed = frame.assign(note=(["12", 7, None] * 100), thing=[object()] * 300, wide=[1 + 2j] * 300)
    assert loaded.score(mixed).table.equals(expected)
    assert loaded.check(mixed).ignored == ()
    assert "note" not in loaded.check(mixed.assign(sessions_30d=-1)).rejected.column_names
    ids = frame.astype({ID: object})
    ids.loc[3, ID] = 7
    expected_error = f"table: column {ID}: expected values of one kind; got int and str. Make them all text"
    for use in (loaded.score, loaded.check, lambda table: api.train(table, options=TINY)):
        with pytest.raises(TableError, match=expected_error):
            use(ids)
    with pytest.raises(
        TableError, match="column sessions_30d: expected values that Arrow has a type for; got .* too large"
    ):
        loaded.score(frame.astype({"sessions_30d": object}).assign(sessions_30d=[10**30] * 300))
    with pytest.raises(TableError, match="column country: expected values that Arrow has a type for; got .*surrogates"):
        loaded.score(frame.assign(country=pd.Series(["\ud800"] * 300, dtype=object)))
    # The label is nothing that scoring reads, and everything to training.
    label = frame.astype({LABEL: object})
    label.loc[3, LABEL] = "yes"
    assert loaded.score(label).table.equals(expected)
    with pytest.raises(TableError, match=f"column {LABEL}: expected values of one kind; got int and str"):
        api.train(label, options=TINY)


def test_names_of_columns_may_be_anything_that_the_contract_does_not_need(model_dir: Path, some: pa.Table) -> None:
    loaded, frame = ns.load(model_dir), some.to_pandas()
    expected = loaded.score(some).table
    odd = frame.copy()
    odd[5], odd[(1, 2)], odd[None] = 1, 2, 3
    assert loaded.score(odd).table.equals(expected)
    twice = pd.concat(
        [frame, frame[["country"]].set_axis(["z"], axis=1), frame[["country"]].set_axis(["z"], axis=1)], axis=1
    )
    assert loaded.score(twice).table.equals(expected)
    assert loaded.score(frame.assign(**{"5": 1}).rename(columns={"5": 5}).set_index(ID)).table.equals(expected)
    with pytest.raises(
        TableError, match=f"table: column {ID}: expected one column of this name; got 2. Keep the right one"
    ):
        loaded.score(pd.concat([frame, frame[[ID]]], axis=1))
    levels = frame.set_axis(pd.MultiIndex.from_product([frame.columns, ["x"]]), axis=1)
    with pytest.raises(TableError, match="names of columns: expected names of one level; got 2 levels. Flatten"):
        loaded.score(levels)


class _Broken:
    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        raise RuntimeError("the connection is closed")


def _ends_early(table: pa.Table) -> pa.RecordBatchReader:
    def batches() -> Iterator[pa.RecordBatch]:
        yield table.to_batches()[0].slice(0, 10)
        raise ValueError("gone")

    return pa.RecordBatchReader.from_batches(table.schema, batches())


@pytest.mark.parametrize(
    ("make", "got"),
    [
        (lambda table: pl.DataFrame(table).lazy(), r"LazyFrame\. Call its collect\(\) first"),
        (lambda table: pl.DataFrame(table)[ID], "Series: .*non-struct"),
        (lambda table: table.to_pandas()[ID], "Series: .*non-struct"),
        (lambda table: table[ID], "ChunkedArray: .*non-struct"),
        (lambda table: pd.DataFrame, "type"),
        (lambda table: _Broken(), "_Broken: the connection is closed"),
        (_ends_early, "RecordBatchReader: .*gone"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(
    make: Callable[[pa.Table], Any], got: str, model_dir: Path, some: pa.Table
) -> None:
    with pytest.raises(TableError, match=f"object: expected a table that hands out Arrow; got {got}"):
        ns.load(model_dir).score(make(some))


@pytest.fixture(scope="module")
def others() -> pa.Table:
    """300 customers who trained no model."""
    return simulate(300, seed=8)[0]


@pytest.fixture
def two_runs(model_dir: Path, others: pa.Table, tmp_path: Path) -> tuple[Path, Path]:
    """Files of scores of two runs, the later one of fewer customers."""
    loaded, places = ns.load(model_dir), (tmp_path / "earlier.parquet", tmp_path / "later.parquet")
    for place, table in zip(places, (others, others.slice(0, 200)), strict=True):
        pq.write_table(table, tmp_path / f"of-{place.name}")
        loaded.score_files(tmp_path / f"of-{place.name}", place)
    return places


def test_runs_are_compared_as_files_and_as_tables(
    model_dir: Path, others: pa.Table, two_runs: tuple[Path, Path], tmp_path: Path
) -> None:
    loaded = ns.load(model_dir)
    facts = loaded.monitor(*two_runs, others).as_json()
    command = explain("monitor", "--model", model_dir, "--scores", two_runs[0], "--scores", two_runs[1], "--json")
    assert {**facts, "outcomes": None} == {**json.loads(command.stdout), "triggers": facts["triggers"]}
    assert facts["customers"] == {"old": 300, "new": 200, "both": 200}
    assert facts["outcomes"]["n"] == 300
    assert facts["feature_drift"] is not None
    earlier, later = (pq.read_table(path).to_pandas() for path in two_runs)
    tables = loaded.monitor(earlier, later, tmp_path / "of-earlier.parquet").as_json()
    named = {key: tables[key] for key in ("runs", "triggers")}  # which name the runs
    outcomes = {**facts["outcomes"], "run": "earlier scores"}
    assert tables == {**facts, **named, "outcomes": outcomes, "feature_drift": None, "rejected_share": None}
    assert tables["triggers"][0].startswith("no run report beside later scores")
    first, second = (loaded.score(table) for table in (others, others.slice(0, 200)))
    assert loaded.monitor(first, second).feature_drift is not None
    with pytest.raises(TableError, match="later scores: columns: expected .*; got no probability"):
        loaded.monitor(two_runs[0], pq.read_table(two_runs[1]).drop_columns(["probability"]))


def test_scoring_files_gives_the_run_report(model_dir: Path, some_file: Path, tmp_path: Path) -> None:
    stages: list[str] = []
    facts = ns.load(model_dir).score_files([some_file], tmp_path / "s.csv", progress=stages.append)
    assert facts["published"]
    assert facts["scored"] == 300
    assert (tmp_path / "s.csv.report.json").is_file()
    assert stages[-1] == f"writing {tmp_path / 's.csv'}"
    with pytest.raises(ValueError, match="engine: expected one of local, spark; got 'dask'"):
        ns.load(model_dir).score_files(some_file, tmp_path / "s", engine="dask")


def test_sql_is_that_of_the_command(model_dir: Path, tmp_path: Path) -> None:
    loaded = ns.load(model_dir)
    assert (
        loaded.sql("sqlite", "shop", "v")
        == explain("sql", model_dir, "--dialect", "sqlite", "--table", "shop", "--view", "v").stdout
    )
    files = loaded.write_sql(tmp_path / "s.sql", SqlOptions("duckdb", scores=True, prefix="mine"))
    assert [path.name for path in files][:2] == ["s.sql", "s.tables.sql"]
    assert loaded.sql("duckdb", scores=True, prefix="mine") == files[0].read_text()
    assert loaded.sql_tables("duckdb", "mine") == files[1].read_text()
    assert loaded.write_sql(tmp_path / "segments.sql", SqlOptions("spark"))[0].read_text() == loaded.sql("spark")
    with pytest.raises(ValueError, match="dialect: expected one of duckdb, .*; got 'oracle'"):
        loaded.sql("oracle")
    with pytest.raises(ValueError, match="prefix: expected none without scores"):
        loaded.sql("duckdb", prefix="mine")


def test_a_model_is_verified_where_it_lies_and_before_it_is_saved(model: Model, model_copy: Path) -> None:
    before = api.Model(model).verify()
    assert (before.model_id, before.findings) == (model.id, ())
    loaded = ns.load(model_copy)
    assert loaded.verify().findings == ()
    (model_copy / "evaluation.json").write_text("{}")
    assert [one.where for one in loaded.verify().findings] == ["evaluation.json"]


def test_facts_are_those_of_show(model_dir: Path) -> None:
    assert ns.load(model_dir).facts() == json.loads(explain("show", model_dir, "--json").stdout)


def test_customers_are_simulated_and_a_contract_drafted(tmp_path: Path) -> None:
    made = ns.simulate_customers(50, seed=3, out=tmp_path / "c.parquet")
    assert made.customers.num_rows == made.truth.num_rows == 50
    assert pq.read_table(tmp_path / "c.parquet").equals(made.customers)
    assert pq.read_table(tmp_path / "c.truth.parquet").equals(made.truth)
    with pytest.raises(OutputError, match="expected a path that is free"):
        ns.simulate_customers(50, out=tmp_path / "c.parquet")
    text = ns.draft_contract(made.customers.to_pandas(), ID, LABEL)
    # A file gives the draft its name and its title.
    of_file = ns.draft_contract(tmp_path / "c.parquet", ID, LABEL, tmp_path / "c.toml")
    assert text == of_file.replace("c.parquet", "table").replace('title = "C"', 'title = "Table"')
    assert contract.load(tmp_path / "c.toml").id == ID


def test_a_model_follows_another(customers: pa.Table, tmp_path: Path) -> None:
    table = customers.slice(0, 1_500)
    first = api.train(table, options=TINY)
    first.save(tmp_path / "first")
    pq.write_table(table, tmp_path / "c.parquet")
    pq.write_table(first.score(table).table, tmp_path / "s.parquet")
    with pytest.raises(ValueError, match="since: expected none without a model to update"):
        api.train(table, options=TINY, since=first.score(table))
    again = api.train(tmp_path / "c.parquet", options=TINY, update=tmp_path / "first", since=tmp_path / "s.parquet")
    assert [segment.id for segment in again.segments] == [segment.id for segment in first.segments]
