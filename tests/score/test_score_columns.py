"""One row out per row in, whatever the batch; ranks, flags and reasons follow from the points."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from northstar_explain import api
from northstar_explain.contract import check, columns_of
from northstar_explain.model import Model
from northstar_explain.score import Scorer, score_columns


@pytest.mark.parametrize("size", [1, 7, 299, 300, 301])
def test_batches_do_not_matter(model: Model, some: pa.Table, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    accepted = check(some, model.contract).accepted
    whole = Scorer(model)(accepted)
    monkeypatch.setattr(score_columns, "CACHE_ROWS", size)
    parts = Scorer(model)(accepted)
    assert parts.num_rows == accepted.num_rows
    assert parts.to_pylist() == whole.to_pylist()
    assert whole["customer_id"].to_pylist() == some["customer_id"].to_pylist()


def test_nobody_gives_an_empty_table(model: Model, some: pa.Table) -> None:
    scores = Scorer(model)(check(some, model.contract).accepted.slice(0, 0))
    assert (scores.num_rows, scores.column_names[1]) == (0, "segment_id")


def test_ranks_and_flags_follow_the_probability(model: Model, customers: pa.Table) -> None:
    scores = api.Model(model).score(customers)
    p, percentile, decile = (scores[name].to_numpy() for name in ("probability", "percentile", "decile"))
    order = np.argsort(p)
    assert (np.diff(percentile[order]) >= 0).all()
    assert (decile == np.minimum(percentile // 10, 9) + 1).all()
    assert set(decile) == set(range(1, 11))
    assert (scores["likely_buyer"].to_numpy() == (p >= model.purchase.threshold)).all()


def test_reasons_are_the_largest_contributions(model: Model, some: pa.Table) -> None:
    accepted = check(some, model.contract).accepted
    places, points = model.scorecard.contributions(columns_of(accepted, model.contract.features))
    scores = Scorer(model)(accepted).to_pylist()
    for row in range(accepted.num_rows):
        top = np.sort(np.abs(points[:, row]))[::-1][:3]
        by_reason = {model.scorecard.terms[t].reasons[places[t, row]]: points[t, row] for t in range(len(points))}
        largest = [by_reason[scores[row][f"reason_{i}"]] for i in (1, 2, 3)]
        assert np.allclose(np.abs(largest), top)
        assert all(("raised" in scores[row][f"reason_{i + 1}"]) == (largest[i] > 0) for i in range(3))


def test_segments_are_those_of_the_rules(model: Model, some: pa.Table) -> None:
    accepted = check(some, model.contract).accepted
    columns = columns_of(accepted, model.contract.features)
    ids = Scorer(model)(accepted)["segment_id"].to_numpy(zero_copy_only=False)
    for segment in model.segmentation.segments:
        fits = np.any([rule.matches(columns) for rule in segment.rules], axis=0)
        assert (fits == (ids == segment.id)).all()
