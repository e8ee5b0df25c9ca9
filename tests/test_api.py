"""The toolkit from Python: what a notebook does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from helpers import ID, LABEL, TINY, learn, with_cells

import northstar_explain as ns
from northstar_explain import api, contract
from northstar_explain.errors import ContractError, ModelError, TableError
from northstar_explain.model import Model


@pytest.fixture(autouse=True)
def _little_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    def quick(source: object, given: object, options: object, *_: object) -> object:
        return learn(source.table, given, options)  # type: ignore[attr-defined, arg-type]

    monkeypatch.setattr(import_module("northstar_explain.training"), "train", quick)


def test_train_takes_a_frame_and_gives_a_model_that_scores(customers: pa.Table, tmp_path: Path) -> None:
    table = with_cells(customers.slice(0, 1_500), "sessions_30d", {0: -1})
    model = api.train(table.to_pandas(), options=TINY)
    assert model.rejected is not None
    assert model.rejected["row"].to_pylist() == [1]
    assert model.score(table).num_rows == 1_499
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
    assert loaded.evaluation["purchase"]["holdout"]["n"] == 1_200
    assert repr(loaded) == f"<Model {model.id}: {len(loaded.segments)} segments, {len(model.scorecard.terms)} terms>"
    assert loaded.rejected is None


def test_check_gives_the_rows_that_score_leaves_out(model_dir: Path, some: pa.Table) -> None:
    loaded = ns.load(model_dir)
    table = with_cells(some, "sessions_30d", {5: -1})
    checked = loaded.check(table)
    assert checked.rejected["row"].to_pylist() == [6]
    assert loaded.score(table)["customer_id"].to_pylist() == checked.accepted["customer_id"].to_pylist()


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
    expected = loaded.score(some)
    mixed = frame.assign(note=(["12", 7, None] * 100), thing=[object()] * 300, wide=[1 + 2j] * 300)
    assert loaded.score(mixed).equals(expected)
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
    assert loaded.score(label).equals(expected)
    with pytest.raises(TableError, match=f"column {LABEL}: expected values of one kind; got int and str"):
        api.train(label, options=TINY)


def test_names_of_columns_may_be_anything_that_the_contract_does_not_need(model_dir: Path, some: pa.Table) -> None:
    loaded, frame = ns.load(model_dir), some.to_pandas()
    expected = loaded.score(some)
    odd = frame.copy()
    odd[5], odd[(1, 2)], odd[None] = 1, 2, 3
    assert loaded.score(odd).equals(expected)
    twice = pd.concat(
        [frame, frame[["country"]].set_axis(["z"], axis=1), frame[["country"]].set_axis(["z"], axis=1)], axis=1
    )
    assert loaded.score(twice).equals(expected)
    assert loaded.score(frame.assign(**{"5": 1}).rename(columns={"5": 5}).set_index(ID)).equals(expected)
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
        (lambda table: pl.from_arrow(table).lazy(), r"LazyFrame\. Call its collect\(\) first"),
        (lambda table: pl.from_arrow(table)[ID], "Series: .*non-struct"),
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
