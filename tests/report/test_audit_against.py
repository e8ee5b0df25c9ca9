"""A pack against an earlier model: what changed, term by term, and whose decile is another one."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import hostile as hostile_model
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from helpers import reseal_pack

from northstar_explain import api, tables
from northstar_explain.api import audit_calls
from northstar_explain.contract import check
from northstar_explain.contract.columns import Columns, columns_of
from northstar_explain.errors import ModelError, PackError
from northstar_explain.model import Model, points
from northstar_explain.model.deciding_part import DecidingPart, load_part, part_of
from northstar_explain.model.evaluation import to_json
from northstar_explain.model.evaluation.move_facts import STEPS, MovedGroup, Moves, TermShift
from northstar_explain.model.folder_format import DECIDING, identity, json_bytes
from northstar_explain.model.other_points import points_like
from northstar_explain.model.pack_layout import MOVED_BY_TERM, MOVED_DECILES
from northstar_explain.model.ranks import Percentiles, decile
from northstar_explain.model.scorecard import CategoryBins, NumberBins, Scorecard, Term
from northstar_explain.report.audit.against import golden_moves, moves_of, term_changes
from northstar_explain.report.audit.chapters.model_changes import _shift_tables, changes
from northstar_explain.report.audit.pack.move_tables import INTERCEPT, move_files
from northstar_explain.report.audit.shapes.feature_shapes import feature_shapes
from northstar_explain.report.document.blocks import Facts, Table, Text
from northstar_explain.verify import rebuild_pack
from northstar_explain.verify.pack_files import DERIVED


def part(model: Model) -> DecidingPart:
    return part_of(model.files, Path("model"))


def test_a_model_against_itself_has_changed_nothing(model: Model, hostile: Model) -> None:
    for one in (model, hostile):
        assert all(change.mean == change.largest == 0 for change in term_changes(one, part(one)))
        found = golden_moves(one, part(one))
        assert (found.moved, found.in_another, found.terms, found.contradiction) == ((), 0, (), "")
        assert found.by_step[0] == found.n and found.intercept == 0
        assert not any(any(shift.sums) for shift in found.shifts)


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
    again = moves_of(model, load_part(old), [(columns, np.array(rows))])
    assert replace(again, shifts=found.shifts) == found
    for one, other in zip(again.shifts, found.shifts, strict=True):
        assert one.term == other.term and one.sums == pytest.approx(other.sums)
    _every_row_and_every_point_is_told(found, model, load_part(old), columns)
    _moves_are_taken_where_they_fit(found, model, tmp_path)


def _every_row_and_every_point_is_told(found: Moves, model: Model, old: DecidingPart, columns: Columns) -> None:
    """Rows by step are all rows; terms and intercept, summed over a step, are what the log-odds of its rows differ by."""
    before, after = (
        (log_odds(one.scorecard.probability(columns)), decile(Percentiles(one.purchase.percentiles)(
            one.scorecard.probability(columns)))) for one in (old, model)
    )  # fmt: skip
    rise = after[1].astype(int) - before[1]
    assert found.by_step == {step: int((rise == step).sum()) for step in STEPS}
    assert sum(found.by_step.values()) == found.n and found.by_step[0] == found.n - found.in_another
    for place, step in enumerate(STEPS):
        told = sum(one.sums[place] for one in found.shifts) + found.intercept * found.by_step[step]
        assert told == pytest.approx((after[0] - before[0])[rise == step].sum(), abs=1e-6)
    files = {name: list(csv.DictReader(io.StringIO(data.decode()))) for name, (data, _) in move_files(found).items()}
    assert set(files) == {MOVED_DECILES, MOVED_BY_TERM}
    assert sum(int(line["rows"]) for line in files[MOVED_DECILES]) == found.n
    assert len(files[MOVED_DECILES]) == 100 and int(files[MOVED_DECILES][1]["rows"]) == found.counts[0][1]
    summed = sum(float(line["sum_of_differences"]) for line in files[MOVED_BY_TERM])
    assert summed == pytest.approx((after[0] - before[0]).sum(), abs=1e-6)
    assert {line["term"] for line in files[MOVED_BY_TERM]} == {INTERCEPT, *(one.name for one in model.scorecard.terms)}


def log_odds(probability: np.ndarray) -> np.ndarray:
    odds: np.ndarray = np.log(probability / (1 - probability))
    return odds


def test_four_rows_moved_as_a_person_would_count_them() -> None:
    """Two up by one, one down by nine, one stays; orders adds 0.5, 0.25, -2 and 0.1 to them, the intercept 0.2."""
    counts = [[0] * 10 for _ in range(10)]
    counts[0][1], counts[4][5], counts[9][0], counts[3][3] = 1, 1, 1, 1
    sums = [0.0] * 19
    sums[STEPS.index(1)], sums[STEPS.index(-9)], sums[STEPS.index(0)] = 0.75, -2.0, 0.1
    found = Moves(
        4, (), tuple(map(tuple, counts)), (MovedGroup("S1", 4, 2, 1),), (MovedGroup("orders", 3, 2, 1),), (), 0.2,
        (TermShift("orders", tuple(sums)),),
    )  # fmt: skip
    assert (found.in_another, found.contradiction) == (3, "")
    assert {step: n for step, n in found.by_step.items() if n} == {1: 2, -9: 1, 0: 1}
    assert move_files(found)[MOVED_BY_TERM][0].decode().splitlines() == [
        '"term","deciles_moved","rows","sum_of_differences"',
        '"(intercept)",-9,1,0.2', '"(intercept)",0,1,0.2', '"(intercept)",1,2,0.4',
        '"orders",-9,1,-2', '"orders",0,1,0.1', '"orders",1,2,0.75',
    ]  # fmt: skip
    means, summed = (block for block in _shift_tables(found) if isinstance(block, Table))
    assert means.head == ("Mean of a row", "Up", "Down", "Stayed", "Up by 2+", "Down by 2+")
    assert summed.head == ("Sum of all rows", *means.head[1:])
    assert means.rows[0] == summed.rows[0] == ("Rows", "2", "1", "1", "0", "1")
    assert means.rows[1] == ("All, with the intercept", "+0.575", "−1.800", "+0.300", "–", "−1.800")
    assert means.rows[3] == ("orders", "+0.375", "−2.000", "+0.100", "–", "−2.000")
    assert summed.rows[3] == ("orders", "+0.8", "−2.0", "+0.1", "–", "−2.0")


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
        (json.dumps(to_json(replace(found, n=found.n + 1))), f"moves that add up; got {found.n:,} rows by decile"),
        (json.dumps(to_json(replace(found, terms=()))), "got 0 moved by term"),
        (json.dumps(to_json(replace(found, segments=found.segments[1:]))), "rows by segment"),
        (json.dumps(to_json(replace(found, shifts=(TermShift("orders", (0.0,)),)))), "a sum for each of 19 steps"),
        (json.dumps(to_json(replace(found, shifts=(TermShift("orders", (1.0,) * 19),)))), "rows that there are not"),
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
        "Rows by decile before and now", "Differences of the points by move: Mean of a row",
        "Differences of the points by move: Sum of all rows", "Who moved, by segment", "Why: the term whose points differ most",
        "Rows in another decile",
    ]  # fmt: skip
    said = dict(next(block for block in page.blocks if isinstance(block, Facts)).rows)
    k = len(hostile.segmentation.segments)
    assert said["Segments"] == f"{k} before, {k} now; of {k} ids in both, {k} have the same rule"
    # What it is made again from comes from these files alone.
    manifest = json.loads((pack / "manifest.json").read_bytes())
    again = rebuild_pack._against(pack, manifest)
    assert again is not None and (again.id, again.purchase) == (old.id, old.purchase)


@pytest.mark.usefixtures("typeset_once")
@pytest.mark.parametrize("name", [MOVED_DECILES, MOVED_BY_TERM])
def test_tables_of_moves_follow_from_what_is_said_of_them(name: str, pack_copy: Path) -> None:
    from northstar_explain.verify.check_pack import verify

    assert (verify(pack_copy).findings, (pack_copy / name).is_file()) == ((), True)
    path = pack_copy / name
    path.write_bytes(path.read_bytes().rstrip(b"\n") + b"1\n")
    reseal_pack(pack_copy)
    (found,) = verify(pack_copy).findings
    assert (found.kind, found.where) == (DERIVED, name)


def test_models_of_other_features_are_not_scored_on_one_table(
    hostile: Model, earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = load_part(earlier)
    unknown = Term((NumberBins("gone", np.array([1.0])),), np.ones(4), np.ones(4), np.ones(4))
    wider = replace(old, scorecard=Scorecard(0.0, (*old.scorecard.terms, unknown)))
    monkeypatch.setattr(audit_calls, "load_part", lambda folder: wider)
    with pytest.raises(
        PackError, match=r"that the table of m-\w+ has, of the same kind; got gone. Leave out --customers"
    ):
        api.Model(hostile).audit(tmp_path / "pack", against=earlier, customers=hostile_model.customers())
    assert not (tmp_path / "pack").exists()


def test_rows_without_ids_are_compared_and_stay_without(
    hostile: Model, earlier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from northstar_explain.report.audit.pack import write_pack as writing

    given: list[tuple[object, Moves]] = []
    monkeypatch.setattr(writing, "write_pack", lambda *args: given.append((args[8], args[-1])))
    monkeypatch.setattr(audit_calls, "numbers_rows", lambda contract, schema: True)
    table = hostile_model.customers()
    api.Model(hostile).audit(tmp_path / "pack", against=earlier, customers=table)
    ((names, found),) = given
    assert names is None and found.n == hostile.evidence.holdout.num_rows
    key = tmp_path / "key"
    key.write_bytes(b"k" * 16)
    for options in ({}, {"against": earlier, "key": key}):
        with pytest.raises(PackError, match="none: rows are numbered"):
            api.Model(hostile).audit(tmp_path / "pack", customers=table, **options)  # type: ignore[arg-type]


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
