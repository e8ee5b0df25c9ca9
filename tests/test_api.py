"""The toolkit from Python: what a notebook does."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pytest
from helpers import TINY, learn, with_cells

import northstar_explain as ns
from northstar_explain import api, contract
from northstar_explain.errors import ContractError, ModelError, TableError
from northstar_explain.model import Model


@pytest.fixture(autouse=True)
def _little_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    def quick(source: object, given: object, options: object) -> object:
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
    assert loaded.evaluation.purchase.holdout.n == 1_200
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
