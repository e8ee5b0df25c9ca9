"""A pack against an earlier model: what changed, term by term, and whose decile is another one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from helpers import reseal_pack

from northstar_explain import api, tables
from northstar_explain.api import audit_calls
from northstar_explain.contract import check
from northstar_explain.contract.columns import columns_of
from northstar_explain.errors import ModelError, PackError
from northstar_explain.model import Model, points
from northstar_explain.model.deciding_part import DecidingPart, load_part, part_of
from northstar_explain.model.evaluation import to_json
from northstar_explain.model.evaluation.move_facts import Moves
from northstar_explain.model.folder_format import DECIDING, identity, json_bytes
from northstar_explain.model.other_points import points_like
from northstar_explain.model.ranks import Percentiles, decile
from northstar_explain.model.scorecard import CategoryBins, NumberBins, Scorecard, Term
from northstar_explain.report.audit.against import golden_moves, moves_of, term_changes
from northstar_explain.report.audit.chapters.model_changes import changes
from northstar_explain.report.audit.shapes.feature_shapes import feature_shapes
from northstar_explain.report.document.blocks import Facts, Table, Text
from northstar_explain.verify import rebuild_pack


def part(model: Model) -> DecidingPart:
    return part_of(model.files, Path("model"))


def test_a_model_against_itself_has_changed_nothing(model: Model, hostile: Model) -> None:
    for one in (model, hostile):
        assert all(change.mean == change.largest == 0 for change in term_changes(one, part(one)))
        found = golden_moves(one, part(one))
        assert (found.moved, found.in_another, found.terms) == ((), 0, ())


def test_the_term_that_changed_comes_first_with_its_bin_and_its_customers(hostile: Model, earlier: Path) -> None:
    old = load_part(earlier)
    first, *others = term_changes(hostile, old)
    term = next(one for one in hostile.scorecard.terms if one.name == "orders")
    assert first.term == "orders" and all(one.mean == 0 for one in others)
    # The earlier model had twice the points.
    assert first.mean == pytest.approx(term.importance)
    assert first.before == pytest.approx(2 * term.importance)
    assert abs(first.largest) == pytest.approx(float(np.abs(term.points[term.customers > 0]).max()))
    found = golden_moves(hostile, old)
    assert found.n == 100 and found.moved
    columns = columns_of(hostile.golden.slice(0, 100), hostile.contract.features)
    for one in found.moved:
        assert one.term == "orders" and one.points[0] == pytest.approx(2 * one.points[1])
        both: tuple[DecidingPart | Model, ...] = (old, hostile)
        for model, said, probability in zip(both, one.deciles, one.probabilities, strict=True):
            scores = model.scorecard.probability(columns)
            assert probability == scores[one.row - 1]
            assert said == decile(Percentiles(model.purchase.percentiles)(scores))[one.row - 1] != 0
    sizes = [abs(one.deciles[1] - one.deciles[0]) for one in found.moved]
    assert sizes == sorted(sizes, reverse=True) and min(sizes) >= 1


def test_every_row_of_the_holdout_is_compared_where_its_table_is_given(
    model: Model, customers: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the same model with the strongest term doubled, written as a folder."""
    from northstar_explain.report.audit.pack import write_pack as writing

    table = points.to_table(model.scorecard)
    doubled = pc.multiply(table["points"], pc.if_else(pc.equal(table["term"], model.scorecard.terms[0].name), 2.0, 1.0))
    changed = table.set_column(table.column_names.index("points"), "points", doubled)
    files = {name: model.files[name] for name in DECIDING} | {"scorecard.parquet": tables.parquet_bytes(changed)}
    old = tmp_path / "old"
    old.mkdir()
    for name, data in files.items():
        (old / name).write_bytes(data)
    (old / "manifest.json").write_text(json.dumps({"model_id": identity(files)}))
    given: list[Moves] = []
    monkeypatch.setattr(writing, "write_pack", lambda *args: given.append(args[-1]))
    monkeypatch.setattr(audit_calls, "_BATCH", 500)  # of 1,200 rows: more than one batch, the last a smaller one
    api.Model(model).audit(tmp_path / "pack", customers=customers, against=old)
    (found,) = given
    assert found.n == model.evaluation.purchase.holdout.n == sum(map(sum, found.counts))
    assert [sum(column) for column in zip(*found.counts, strict=True)] == [
        one.n for one in model.evaluation.purchase.deciles
    ]
    assert found.in_another == sum(one.n for one in found.terms) > 20
    assert sum(one.n for one in found.segments) == found.n
    for of in (found.segments, found.terms):
        assert sum(one.up + one.down for one in of) == found.in_another
    assert {one.name for one in found.terms} == {model.scorecard.terms[0].name}
    sizes = [(-abs(one.deciles[1] - one.deciles[0]), one.row) for one in found.moved]
    assert sizes == sorted(sizes) and len(sizes) == 20
    rows = model.evidence.holdout["row"].to_pylist()
    kept = dict(zip(rows, model.evidence.holdout["probability"].to_pylist(), strict=True))
    assert all(abs(kept[one.row] - one.probabilities[1]) <= 1e-8 for one in found.moved)
    # The same in one batch.
    columns = columns_of(check(customers.take([row - 1 for row in rows]), model.contract).accepted,
                         model.contract.features)  # fmt: skip
    assert moves_of(model, load_part(old), [(columns, np.array(rows))]) == found
    _moves_are_taken_where_they_fit(found, model, tmp_path)


def _moves_are_taken_where_they_fit(found: Moves, model: Model, pack: Path) -> None:
    (pack / "against").mkdir()
    path = pack / "against" / "moves.json"
    path.write_bytes(json_bytes(to_json(found)))
    assert rebuild_pack._moves(pack, model) == found
    page = changes(model, part(model), feature_shapes(model), found)
    assert any(f"{found.in_another:,} (" in block.text for block in page.blocks if isinstance(block, Text))
    for text, said in (
        (json.dumps(to_json(replace(found, counts=((1,) * 10,) * 10))), "as many rows of each decile"),
        ("{", "who moved, as JSON"), ("[]", "expected"), (" " * 600_000, "600,000 bytes"),
    ):  # fmt: skip
        path.write_text(text)
        with pytest.raises(PackError, match=said):
            rebuild_pack._moves(pack, model)


def test_terms_that_came_or_went_count_in_full(hostile: Model) -> None:
    terms = hostile.scorecard.terms
    without = replace(hostile, scorecard=Scorecard(hostile.scorecard.intercept, terms[1:]))
    came = next(one for one in term_changes(hostile, replace(part(hostile), scorecard=without.scorecard)) if one.mean)
    went = next(one for one in term_changes(without, part(hostile)) if one.mean)
    assert (came.before, went.after) == (None, None)
    assert came.mean == went.mean == terms[0].importance
    assert came.largest == -went.largest


def test_points_of_other_cuts_are_compared_by_value(hostile: Model) -> None:
    old = Term(
        (NumberBins("orders", np.array([2.0, 4.0])),), np.array([9.0, 1.0, 2.0, 3.0, 8.0]), np.ones(5), np.ones(5)
    )
    new = Term((NumberBins("orders", np.array([1.0, 3.0, 4.0])),), np.zeros(6), np.ones(6), np.ones(6))
    # Up to 1, 1 to 3 (its middle is on the old cut, and belongs above it), 3 to 4, from 4 on.
    assert points_like(new, old, hostile.contract).tolist() == [9.0, 1.0, 2.0, 2.0, 3.0, 8.0]
    kinds = Term((CategoryBins("tier", {"low": 1, "mid": 2}),), np.array([0.0, 5.0, 6.0, 7.0]), np.ones(4), np.ones(4))
    other = Term((CategoryBins("tier", {"mid": 1, "high": 2}),), np.zeros(4), np.ones(4), np.ones(4))
    # A value that the old model did not know has the points that it gave to unseen ones.
    assert points_like(other, kinds, hostile.contract).tolist() == [0.0, 6.0, 7.0, 7.0]


def test_a_model_of_other_features_is_compared_as_far_as_it_goes(hostile: Model, earlier: Path) -> None:
    old = load_part(earlier)
    unknown = Term((NumberBins("gone", np.array([1.0])),), np.ones(4), np.ones(4), np.ones(4))
    contract = replace(old.contract, features=(*old.contract.features, replace(old.contract["orders"], name="gone")))
    wider = replace(old, contract=contract, scorecard=Scorecard(0.0, (*old.scorecard.terms, unknown)))
    assert golden_moves(hostile, wider).lacking == ("gone",)
    page = changes(hostile, wider, feature_shapes(hostile))
    assert any("lacks what the older one needs: gone" in block.text for block in page.blocks if isinstance(block, Text))


def test_the_chapter_and_the_files_are_in_the_pack_and_made_again(hostile: Model, earlier: Path, pack: Path) -> None:
    old = load_part(earlier)
    for name in DECIDING:
        assert (pack / "against" / name).read_bytes() == (earlier / name).read_bytes()
    page = changes(hostile, old, feature_shapes(hostile))
    assert old.id in next(block.text for block in page.blocks if isinstance(block, Text))
    names = [block.alt_text for block in page.blocks if isinstance(block, Table)]
    assert names[1:] == [
        "Rows by decile before and now", "Who moved, by segment", "Why: the term whose points differ most",
        "Rows in another decile",
    ]  # fmt: skip
    said = dict(next(block for block in page.blocks if isinstance(block, Facts)).rows)
    k = len(hostile.segmentation.segments)
    assert said["Segments"] == f"{k} before, {k} now; of {k} ids in both, {k} have the same rule"
    # What it is made again from comes from these files alone.
    manifest = json.loads((pack / "manifest.json").read_bytes())
    again = rebuild_pack._against(pack, manifest)
    assert again is not None and (again.id, again.purchase) == (old.id, old.purchase)


def test_files_of_the_other_model_that_cannot_be_read_are_named(pack_copy: Path) -> None:
    from northstar_explain.verify.check_pack import verify

    (pack_copy / "against" / "purchase.json").write_text("[" * 50_000)
    reseal_pack(pack_copy)
    (found,) = verify(pack_copy).findings
    assert (found.where, found.expected) == ("against/purchase.json", "40 levels at most")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "purchase.json").unlink(), "no such file"),
        (lambda folder: (folder / "purchase.json").write_text("{}"), "expected model_id m-"),
        (lambda folder: (folder / "manifest.json").write_text("[]"), "a model folder"),
    ],
)
def test_a_folder_that_is_no_model_is_refused(spoil: object, said: str, earlier: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(earlier, tmp_path / "model"))
    spoil(folder)  # type: ignore[operator]
    with pytest.raises(ModelError, match=said):
        load_part(folder)
