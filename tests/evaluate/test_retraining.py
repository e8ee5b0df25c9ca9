"""The model fitted again: what of its shapes and ranks another training would give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from helpers import TINY, learn

from northstar_explain.contract import northstar
from northstar_explain.evaluate import baselines, retraining
from northstar_explain.evaluate.customers import Customers
from northstar_explain.model import Model
from northstar_explain.report.audit.chapters import reliance
from northstar_explain.report.audit.chapters.appendix import reading
from northstar_explain.report.audit.shapes.feature_shapes import feature_shapes
from northstar_explain.report.audit.shapes.point_ranges import common_range, own_range
from northstar_explain.report.audit.shapes.refit_words import later_key, refits_key
from northstar_explain.report.charts.shape_chart import shape_chart, shape_on_scale
from northstar_explain.report.document.blocks import ItemList, Table, Text


@pytest.fixture(scope="module")
def deep(few: pa.Table, customers: pa.Table) -> Model:
    """A model of few rows, fitted again three times to them and once to a later table."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retraining, "SEEDS", 1)
        patch.setattr(retraining, "DRAWS", 2)
        patch.setattr(baselines, "TUNED_DEEP", baselines._TUNED[:1])
        return learn(few, northstar(), replace(TINY, deep=True), customers.slice(1_500, 800)).model


def test_refits_agree_with_the_model_but_not_in_everything(deep: Model) -> None:
    facts = deep.evaluation.robustness.retraining
    assert facts is not None and facts.refits == 3
    assert [(one.kind, one.refits, one.n) for one in facts.agreement] == [
        ("other seeds", 1, 800), ("bootstrap draws", 2, 800), ("the later table", 1, 800),
    ]  # fmt: skip
    for one in facts.agreement:
        assert 0.5 < one.lowest_rank_correlation <= one.rank_correlation < 1
        assert 0 < one.same_decile <= one.within_one <= 1
    pairs = [term.name for term in deep.scorecard.terms if len(term.axes) == 2]
    assert [one.term for one in facts.pairs] == pairs and all(0 <= one.refits <= 3 for one in facts.pairs)


def test_lowest_and_highest_points_are_stored_for_each_bin_of_a_feature(deep: Model) -> None:
    rows = deep.shapes.to_pylist()
    for row in rows:
        points = [row[name] for name in ("refit_low", "refit_high", "later_points")]
        assert all(one is None for one in points) if row["bin_2"] is not None else None not in points
    low, high = (np.array([row[name] for row in rows if row["bin_2"] is None]) for name in ("refit_low", "refit_high"))
    assert (low <= high).all() and (low < high).mean() > 0.5
    for shape in feature_shapes(deep):
        bottom, top = own_range(shape)
        assert all(bottom <= end <= top for bin in shape.bins if bin.refits for end in (*bin.refits, bin.later or 0.0))


def test_plots_and_chapters_say_what_the_lines_are(deep: Model, model: Model) -> None:
    assert "3 refits" in refits_key(deep) and later_key(deep) and not refits_key(model) and not later_key(model)
    for of, drawn in ((deep, True), (model, False)):
        shapes = feature_shapes(of)
        for shape in (next(s for s in shapes if s.axis), next(s for s in shapes if not s.axis)):
            for chart in (shape_chart(shape, common_range(shapes, 0.0), 0.0), shape_on_scale(shape, (-9, 9), 0.0)):
                said = str(chart.spec)
                assert all((f"'field': '{name}'" in said) is drawn for name in ("least", "most", "later"))
        items = [item for block in reading(of) if isinstance(block, ItemList) for item in block.items]
        assert any("Two thin lines" in item for item in items) is drawn
        blocks = reliance.robustness(of).blocks
        assert any(isinstance(one, Table) and one.alt_text == "Refits" for one in blocks) is drawn
        assert any(
            isinstance(one, Text) and one.text.startswith("Not run: training with --deep") for one in blocks
        ) is (not drawn)


def test_rows_that_belong_together_are_drawn_together() -> None:
    n = 60
    houses = np.array([f"h{row // 3}" for row in range(n)])
    columns = {"x": np.arange(n, dtype=float)}
    rows = Customers(pa.array([str(i) for i in range(n)]), columns, np.zeros(n, int), houses)
    drawn = retraining._drawn(rows, np.random.default_rng(1))
    assert len(drawn) == n and drawn.groups is not None
    for name in np.unique(drawn.groups):
        taken = drawn.columns["x"][drawn.groups == name]  # type: ignore[index]
        assert len(taken) % 3 == 0 and len(np.unique(taken)) == 3
    # Each row by itself: those drawn twice share a group.
    alone = retraining._drawn(replace(rows, groups=None), np.random.default_rng(1))
    assert len(alone) == n and alone.groups is not None
    assert len(np.unique(alone.groups)) == len(np.unique(alone.columns["x"])) < n  # type: ignore[arg-type]
