"""An updated model: ids stay with the customers, and moves of customers are counted by cause."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from helpers import TINY, explain, learn, plain, refused, with_column
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.contract import Contract, columns_of
from northstar_explain.learn import naming
from northstar_explain.learn.match_segments import match
from northstar_explain.model import Model, Names, names
from northstar_explain.model.rules import assign
from northstar_explain.simulate import simulate
from northstar_explain.training import Earlier, scored_segments

IDS = st.sampled_from(["S1", "S2", "S3", "S5"])


def test_a_segment_goes_with_its_customers() -> None:
    old = np.array(["S1"] * 50 + ["S2"] * 30 + ["S4"] * 20)
    new = np.array(["S3"] * 50 + ["S1"] * 28 + ["S2"] * 22)
    continuity = match(old, new, ["S1", "S2", "S4"])
    assert continuity.names == {"S3": "S1", "S1": "S2", "S2": "S4"}
    assert [one.id for one in continuity.matches] == ["S1", "S2", "S4"]
    assert continuity.matches[1].jaccard == pytest.approx(28 / 30)
    assert continuity.added == ()


def test_a_segment_in_pieces_is_not_the_same_and_no_id_comes_back() -> None:
    old = np.array(["S1"] * 60 + ["S2"] * 40)
    new = np.array(["S1"] * 30 + ["S2"] * 30 + ["S3"] * 40)
    continuity = match(old, new, ["S1", "S2", "S7"])  # S7 was retired long ago
    assert continuity.names == {"S3": "S2", "S1": "S8", "S2": "S9"}
    assert continuity.added == ("S8", "S9")


@given(st.lists(st.tuples(IDS, IDS), min_size=1, max_size=60))
def test_ids_stay_apart_and_match_only_a_majority(pairs: list[tuple[str, str]]) -> None:
    old, new = (np.array(side) for side in zip(*pairs, strict=True))
    continuity = match(old, new, np.unique(old).tolist())
    assert set(continuity.names) == set(new)
    assert len(set(continuity.names.values())) == len(continuity.names)
    assert all(one.jaccard > 0.5 for one in continuity.matches)
    assert {one.id for one in continuity.matches} | set(continuity.added) == set(continuity.names.values())
    # Above one half there is never a second choice, so no better assignment was missed.
    for before in np.unique(old):
        for now in np.unique(new):
            both, either = ((old == before) & (new == now)).sum(), ((old == before) | (new == now)).sum()
            assert (both / either > 0.5) == (continuity.names[now] == before and before not in continuity.added)


def test_kept_names_stay_and_new_ones_differ_from_them() -> None:
    assert naming.keep(["S1", "S5"], ["Loyal customers", "Lapsed customers"], {"S1": "Lapsed customers"}) == (
        "Lapsed customers",
        "Lapsed customers (S5)",
    )


@pytest.fixture(scope="module")
def later(customers: pa.Table) -> pa.Table:
    """4,000 customers a month on, 3,000 of them known from before, with other values."""
    table = simulate(4_000, seed=8)[0]
    known = customers["customer_id"].to_pylist()[:3_000]
    return with_column(table, "customer_id", [*known, *(f"new-{row}" for row in range(1_000))])


@pytest.fixture(scope="module")
def updated(model: Model, later: pa.Table, contract: Contract, customers: pa.Table) -> Model:
    scores = dict(zip(customers["customer_id"].to_pylist(), assigned(model, customers, contract), strict=True))
    return learn(later, contract, TINY, earlier=Earlier(model, scores)).model


def assigned(model: Model, table: pa.Table, contract: Contract) -> list[str]:
    return list(assign(model.segmentation.tree, columns_of(table, contract.features)).tolist())


def test_every_move_is_counted_once_and_by_its_cause(
    model: Model, updated: Model, later: pa.Table, contract: Contract, customers: pa.Table
) -> None:
    facts = updated.evaluation.segments.update
    assert facts is not None
    then = dict(zip(customers["customer_id"].to_pylist(), assigned(model, customers, contract), strict=True))
    now = assigned(model, later, contract)
    after = assigned(updated, later, contract)
    ids = later["customer_id"].to_pylist()
    assert facts.customers == len(ids) == sum(sum(to.values()) for to in facts.model_moves.values())
    assert facts.moved_by_model == sum(a != b for a, b in zip(now, after, strict=True))
    both = [(then[id], n, a) for id, n, a in zip(ids, now, after, strict=True) if id in then]
    since = facts.since_scores
    assert since is not None
    assert since.customers == len(both)
    assert since.new == len(ids) - len(both)
    assert since.gone == len(then) - len(both)
    assert since.moved_by_customer == sum(t != n for t, n, _ in both) > 0
    assert since.moved_by_model == sum(n != a for _, n, a in both)
    assert since.moved_by_both == sum(t != n and n != a for t, n, a in both)


def test_kept_segments_keep_id_and_name_and_others_are_told(model: Model, updated: Model) -> None:
    facts = updated.evaluation.segments.update
    assert facts is not None
    matched, added = {one.id for one in facts.matched}, {one.id for one in facts.added}
    retired = {one.id for one in facts.retired}
    old, new = ({one.id for one in each.segmentation.segments} for each in (model, updated))
    assert new == matched | added
    assert old == matched | retired
    assert not added & old
    assert {one.id for one in updated.segmentation.retired} == retired
    for id in matched:
        assert updated.segmentation[id].name == model.segmentation[id].name


def test_the_same_customers_and_options_change_nothing(model: Model, customers: pa.Table, contract: Contract) -> None:
    from helpers import OPTIONS

    called, given = names.apply(Names({"S2": "Sleepers"}, '[segments]\nS2 = "Sleepers"\n'), model.segmentation, Path())
    named = replace(model, segmentation=called, names=given)
    again = learn(customers, contract, OPTIONS, earlier=Earlier(named)).model
    assert again.segmentation["S2"].name == "Sleepers"  # beside the model, not in it
    facts = again.evaluation.segments.update
    assert facts is not None
    assert again.files["segments.json"] == model.files["segments.json"]
    assert again.id == model.id
    assert (facts.moved_by_model, facts.added, facts.retired, facts.since_scores) == (0, (), (), None)
    assert all(one.jaccard == 1 for one in facts.matched)


def test_retired_ids_are_remembered(updated: Model, customers: pa.Table, contract: Contract, tmp_path: Path) -> None:
    models.save(updated, tmp_path / "model")
    loaded = models.load(tmp_path / "model")
    assert loaded.segmentation == updated.segmentation
    if loaded.segmentation.retired:
        third = learn(customers, contract, TINY, earlier=Earlier(loaded)).model
        gone = {one.id for one in loaded.segmentation.retired}
        assert not gone & {one.id for one in third.segmentation.segments}
        assert gone <= {one.id for one in third.segmentation.retired}


def test_scores_of_another_model_are_refused(model: Model) -> None:
    scores = pa.table({"customer_id": ["a"], "segment_id": ["S1"], "model_id": ["m-other"]})
    with pytest.raises(Exception, match=rf"column model_id: expected {model.id} in every row; got also m-other"):
        scored_segments(scores, model, "scores.parquet")
    with pytest.raises(Exception, match="no segment_id"):
        scored_segments(scores.drop_columns("segment_id"), model, "scores.parquet")
    right = with_column(scores, "model_id", [model.id])
    assert scored_segments(right, model, "scores.parquet") == {"a": "S1"}


def test_options_of_an_update_that_do_not_fit(some_file: Path, model_dir: Path, tmp_path: Path) -> None:
    assert "--since goes with --update" in refused(
        tmp_path, "train", some_file, "--model", tmp_path / "m", "--since", some_file, code=2
    )
    assert "--model FOLDER" in refused(tmp_path, "train", some_file, code=2)
    message = refused(tmp_path, "train", some_file, "--model", tmp_path / "m", "--update", tmp_path / "none")
    assert "manifest.json" in message


@pytest.mark.usefixtures("quick_training")
def test_from_the_command_line_in_place(model_copy: Path, later: pa.Table, tmp_path: Path) -> None:
    before = models.load(model_copy)
    tables.write(later, tmp_path / "later.parquet")
    (model_copy / "names.toml").write_text('[segments]\nS1 = "Regulars"\n')
    explain("score", tmp_path / "later.parquet", "--model", model_copy, "--out", tmp_path / "scores.parquet", "--quiet")
    done = explain(
        "train", tmp_path / "later.parquet", "--update", model_copy, "--model", model_copy,
        "--since", tmp_path / "scores.parquet", "--segments", 4, "--date", "2026-04-01",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    after = models.load(model_copy)
    assert after.id != before.id
    update = after.evaluation.segments.update
    assert update is not None
    kept = {one.id for one in update.matched}
    assert after.names.given == ({"S1": "Regulars"} if "S1" in kept else {})
    assert "Regulars" in (model_copy / "names.toml").read_text()
    assert f"{model_copy / 'names.toml'}: " in done.stderr
    since = update.since_scores
    assert since is not None
    assert since.moved_by_customer == 0  # the same values, by the same rules
    text = plain(done.stdout)
    assert f"Since model {before.id} of 2026-03-01" in text
    assert "moved because the customer changed: 0 (0.0%)" in text
    scores = tables.read(tmp_path / "scores.parquet")
    assert pc.sum(scores["borderline"]).as_py() > 0
