"""One row out per row in, whatever the batch; ranks, flags and reasons follow from the points."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from northstar_explain import api, tables
from northstar_explain.contract import Feature, check, columns_of
from northstar_explain.contract.conditions import matches
from northstar_explain.contract.expressions import parse_condition
from northstar_explain.contract.traits import ContractTrait
from northstar_explain.model import Model
from northstar_explain.score import Scorer, ScoringOptions, inputs, run, score_columns


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
    scores = api.Model(model).score(customers).table
    p, percentile, decile = (scores[name].to_numpy() for name in ("probability", "percentile", "decile"))
    order = np.argsort(p)
    assert (np.diff(percentile[order]) >= 0).all()
    assert (decile == np.minimum(percentile // 10, 9) + 1).all()
    assert set(decile) == set(range(1, 11))
    assert (scores["flag_f1"].to_numpy() == (p >= model.purchase.threshold)).all()


def test_reasons_are_the_largest_contributions(model: Model, some: pa.Table) -> None:
    accepted = check(some, model.contract).accepted
    places, points = model.scorecard.contributions(columns_of(accepted, model.contract.features))
    scores, terms = Scorer(model)(accepted).to_pylist(), model.scorecard.terms
    assert max(Counter(term.theme for term in terms).values()) >= 3
    for row in range(accepted.num_rows):
        sums: dict[str, float] = {}
        for term, own in zip(terms, points[:, row], strict=True):
            sums[term.theme] = sums.get(term.theme, 0.0) + own
        top = sorted(sums, key=lambda theme: -abs(sums[theme]))[:3]
        said = [scores[row][f"reason_{i}"] for i in (1, 2, 3)]
        assert [reason.endswith(": more likely") for reason in said] == [sums[theme] > 0 for theme in top]
        for reason, theme in zip(said, top, strict=True):  # one a theme: its largest term of the same sign
            mine = [t for t, term in enumerate(terms) if term.theme == theme and points[t, row] * sums[theme] > 0]
            largest = max(mine, key=lambda t: abs(points[t, row]))
            assert reason == terms[largest].reasons[places[largest, row]]


def test_segments_are_those_of_the_rules(model: Model, some: pa.Table) -> None:
    accepted = check(some, model.contract).accepted
    columns = columns_of(accepted, model.contract.features)
    ids = Scorer(model)(accepted)["segment_id"].to_numpy(zero_copy_only=False)
    for segment in model.segmentation.segments:
        fits = np.any([rule.matches(columns) for rule in segment.rules], axis=0)
        assert (fits == (ids == segment.id)).all()


def with_traits(model: Model, *texts: str) -> Model:
    """The model with traits named t0, t1, ... of these conditions."""
    features = model.contract.features
    traits = tuple(ContractTrait(f"t{i}", f"t{i}", parse_condition(t, features), t) for i, t in enumerate(texts))
    return dataclasses.replace(model, contract=dataclasses.replace(model.contract, traits=traits))


def listed(model: Model, table: pa.Table) -> list[str]:
    """The names of each customer's traits, by their conditions."""
    columns = columns_of(table, model.contract.features)
    masks = {trait.name: matches(trait.conditions, columns) for trait in model.contract.traits}
    return [";".join(name for name, mask in masks.items() if mask[row]) for row in range(table.num_rows)]


def test_traits_are_listed_by_their_conditions(model: Model, customers: pa.Table) -> None:
    accepted = check(customers, model.contract).accepted
    scores = Scorer(model)(accepted)
    expected = listed(model, accepted)
    assert scores["traits"].to_pylist() == expected
    assert scores.column_names.index("traits") == scores.column_names.index("borderline") + 1
    found = {name for text in expected for name in text.split(";")}
    assert found == {"", *(trait.name for trait in model.contract.traits)}
    assert any(text.count(";") >= 2 for text in expected)


def test_a_contract_without_traits_gives_no_column(model: Model, some: pa.Table) -> None:
    scores = Scorer(with_traits(model))(check(some, model.contract).accepted)
    assert scores.column_names == [name for name in Scorer(model).schema.names if name != "traits"]


@pytest.mark.parametrize("count", [1, 8, 9, 40])
def test_any_number_of_traits(model: Model, some: pa.Table, count: int) -> None:
    ours = with_traits(model, *(f"sessions_90d >= {i + 1}" for i in range(count - 1)), "orders_365d = 0")
    accepted = check(some, ours.contract).accepted
    assert Scorer(ours)(accepted)["traits"].to_pylist() == listed(ours, accepted)
    assert Scorer(ours)(accepted.slice(0, 0))["traits"].to_pylist() == []


def test_a_trait_may_ask_for_what_neither_segments_nor_model_use(model: Model, some: pa.Table) -> None:
    unused = Feature("extra", "profile", model.contract["spend_365d"].kind, "extra", sensitive=True, missing="unknown")
    contract = dataclasses.replace(model.contract, features=(*model.contract.features, unused))
    ours = with_traits(dataclasses.replace(model, contract=contract), "extra > 0.5", "extra is missing")
    table = some.append_column("extra", pa.array([0.5, 0.75, None] * 100))
    scores = Scorer(ours)(check(table, contract).accepted)
    assert scores["traits"].to_pylist() == ["", "t0", "t1"] * 100


@pytest.mark.parametrize("ending", ["parquet", "csv", "arrow"])
@pytest.mark.parametrize("count", [2, 9])
def test_traits_are_written_alike_to_every_format(
    model: Model, some: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, count: int
) -> None:
    monkeypatch.setattr(inputs, "BATCH", 70)
    ours = with_traits(model, *(f"sessions_90d >= {2 * i + 1}" for i in range(count)))
    tables.write(some, tmp_path / "some.parquet")
    out = tmp_path / f"scores.{ending}"
    run(ours, [tmp_path / "some.parquet"], out, ScoringOptions())
    found = [text or "" for text in tables.read(out)["traits"].to_pylist()]
    assert found == listed(ours, check(some, ours.contract).accepted)
