"""A pack against an earlier model: what changed, term by term, and whose decile is another one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import reseal_pack

from northstar_explain.contract.columns import columns_of
from northstar_explain.errors import ModelError
from northstar_explain.model import Model
from northstar_explain.model.deciding_part import DecidingPart, load_part, part_of
from northstar_explain.model.folder_format import DECIDING
from northstar_explain.model.ranks import Percentiles, decile
from northstar_explain.model.scorecard import CategoryBins, NumberBins, Scorecard, Term
from northstar_explain.report.audit.against import movers, points_like, term_changes
from northstar_explain.report.audit.chapters.model_changes import changes
from northstar_explain.report.audit.shapes.feature_shapes import feature_shapes
from northstar_explain.report.document.blocks import Facts, Table, Text
from northstar_explain.verify import rebuild_pack


def part(model: Model) -> DecidingPart:
    return part_of(model.files, Path("model"))


def test_a_model_against_itself_has_changed_nothing(model: Model, hostile: Model) -> None:
    for one in (model, hostile):
        assert all(change.mean == change.largest == 0 for change in term_changes(one, part(one)))
        assert movers(one, part(one)).moved == ()


def test_the_term_that_changed_comes_first_with_its_bin_and_its_customers(hostile: Model, earlier: Path) -> None:
    old = load_part(earlier)
    first, *others = term_changes(hostile, old)
    term = next(one for one in hostile.scorecard.terms if one.name == "orders")
    assert first.term == "orders" and all(one.mean == 0 for one in others)
    # The earlier model had twice the points.
    assert first.mean == pytest.approx(term.importance)
    assert first.before == pytest.approx(2 * term.importance)
    assert abs(first.largest) == pytest.approx(float(np.abs(term.points[term.customers > 0]).max()))
    found = movers(hostile, old)
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
    assert points_like(new, old, hostile).tolist() == [9.0, 1.0, 2.0, 2.0, 3.0, 8.0]
    kinds = Term((CategoryBins("tier", {"low": 1, "mid": 2}),), np.array([0.0, 5.0, 6.0, 7.0]), np.ones(4), np.ones(4))
    other = Term((CategoryBins("tier", {"mid": 1, "high": 2}),), np.zeros(4), np.ones(4), np.ones(4))
    # A value that the old model did not know has the points that it gave to unseen ones.
    assert points_like(other, kinds, hostile).tolist() == [0.0, 6.0, 7.0, 7.0]


def test_a_model_of_other_features_is_compared_as_far_as_it_goes(hostile: Model, earlier: Path) -> None:
    old = load_part(earlier)
    unknown = Term((NumberBins("gone", np.array([1.0])),), np.ones(4), np.ones(4), np.ones(4))
    contract = replace(old.contract, features=(*old.contract.features, replace(old.contract["orders"], name="gone")))
    wider = replace(old, contract=contract, scorecard=Scorecard(0.0, (*old.scorecard.terms, unknown)))
    assert movers(hostile, wider).lacking == ("gone",)
    page = changes(hostile, wider, feature_shapes(hostile))
    assert any("lacks what the older one needs: gone" in block.text for block in page.blocks if isinstance(block, Text))


def test_the_chapter_and_the_files_are_in_the_pack_and_made_again(hostile: Model, earlier: Path, pack: Path) -> None:
    old = load_part(earlier)
    for name in DECIDING:
        assert (pack / "against" / name).read_bytes() == (earlier / name).read_bytes()
    page = changes(hostile, old, feature_shapes(hostile))
    assert old.id in next(block.text for block in page.blocks if isinstance(block, Text))
    assert sum(isinstance(block, Table) for block in page.blocks) == 2
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
