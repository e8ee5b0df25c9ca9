"""What is written equals interpret's own probability, on every customer and on every hard row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from helpers import OPTIONS, around, with_cells, with_column

from northstar_explain.contract import Category, Contract, check, columns_of
from northstar_explain.learn import fit_purchase_model
from northstar_explain.learn.compile_scorecard import compile_ebm
from northstar_explain.model import Model
from northstar_explain.model.lookup import NumberAxis
from northstar_explain.model.scorecard import sigmoid
from northstar_explain.score import Scorer

KINDS = {
    "country": pa.int64(),
    "device_type": pa.bool_(),
    "acquisition_channel": pa.float64(),
}


def fitted(table: pa.Table, contract: Contract) -> Any:
    accepted = check(table, contract, label=True).accepted
    columns = columns_of(accepted, contract.features)
    options = replace(OPTIONS.purchase, interactions=8)
    return fit_purchase_model.fit(columns, accepted[contract.label].to_numpy(), contract.model_features, options, 1)


@pytest.fixture(scope="module")
def machine(customers: pa.Table, contract: Contract) -> Any:
    return fitted(customers, contract)


@pytest.fixture(scope="module")
def scorer(machine: Any, model: Model) -> Scorer:
    return Scorer(replace(model, scorecard=compile_ebm(machine, model.contract)))


def theirs(machine: Any, columns: dict[str, Any], contract: Contract) -> np.ndarray:
    probability: np.ndarray = machine.predict_proba(fit_purchase_model.frame(columns, contract.model_features))[:, 1]
    return probability


@pytest.mark.slow
def test_every_one_of_240_000_customers(
    machine: Any, scorer: Scorer, many_customers: pa.Table, contract: Contract
) -> None:
    accepted = check(many_customers, contract).accepted
    columns = columns_of(accepted, contract.features)
    ours = scorer(accepted)["probability"].to_numpy()
    assert len(ours) == 240_000
    assert np.abs(ours - theirs(machine, columns, contract)).max() < 1e-12
    card = scorer.model.scorecard
    points = card.contributions(columns)[1]
    logit = np.log(ours / (1 - ours))
    assert np.abs(card.intercept + points.sum(axis=0) - logit).max() < 1e-9


def hard_values(scorer: Scorer, feature: str) -> np.ndarray:
    axis = scorer.lookup.axes[feature]
    assert isinstance(axis, NumberAxis)
    outside = [axis.cuts[0] - 1e6, axis.cuts[-1] + 1e6, 1e300, -1e300]
    return np.array([*around(axis.cuts), *outside, np.nan, -np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, -5e-324])


def test_every_feature_at_every_hard_value(machine: Any, scorer: Scorer, some: pa.Table, contract: Contract) -> None:
    assert sum(len(term.axes) == 2 for term in scorer.model.scorecard.terms) == 8
    usual = columns_of(check(some, contract).accepted, contract.features)
    for feature in contract.model_features:
        column = usual[feature.name]
        if isinstance(column, Category):
            values = (*column.values, "never seen", "", "NA", "nan", "None")
            hard: Any = Category(np.arange(-1, len(values), dtype=np.int32), values)
        else:
            hard = hard_values(scorer, feature.name)
        columns = {name: resized(other, len(hard)) for name, other in usual.items()} | {feature.name: hard}
        ours = scorer.score(pa.array([""] * len(hard)), columns).rows.column("probability").to_numpy()
        assert np.abs(ours - theirs(machine, columns, contract)).max() < 1e-12, feature.name


def resized(column: np.ndarray | Category, n: int) -> np.ndarray | Category:
    return Category(np.resize(column.codes, n), column.values) if isinstance(column, Category) else np.resize(column, n)


@pytest.mark.slow
def test_categories_that_are_numbers_or_flags(customers: pa.Table, model: Model, contract: Contract) -> None:
    """As an export may hold them: a code for the country, a flag for the device, a float where values were missing."""
    rng = np.random.default_rng(0)
    table = customers
    for name, kind in KINDS.items():
        codes = rng.integers(0, 2 if kind == pa.bool_() else 9, customers.num_rows)
        table = with_column(table, name, pa.array(codes / (4 if kind == pa.float64() else 1)).cast(kind))
    table = with_cells(table, "acquisition_channel", {0: None, 1: float("nan"), 2: 1e15, 3: -0.0})
    table = with_cells(table, "country", {0: None, 1: 77})
    machine = fitted(table, contract)
    scorer = Scorer(replace(model, scorecard=compile_ebm(machine, contract)))
    accepted = check(table, contract).accepted
    columns = columns_of(accepted, contract.features)
    found = columns["acquisition_channel"]
    assert isinstance(found, Category) and {"0", "0.25", "1", "1000000000000000"} <= set(found.values)
    assert np.abs(scorer(accepted)["probability"].to_numpy() - theirs(machine, columns, contract)).max() < 1e-12


def test_an_empty_text_is_a_missing_one(scorer: Scorer, some: pa.Table, contract: Contract) -> None:
    one, other = (
        scorer(check(with_cells(some, "country", dict.fromkeys(range(300), value)), contract).accepted)
        for value in ("", None)
    )
    assert one.to_pylist() == other.to_pylist()


def test_the_probability_is_the_sigmoid_of_the_sum(scorer: Scorer, some: pa.Table, contract: Contract) -> None:
    columns = columns_of(check(some, contract).accepted, contract.features)
    card = scorer.model.scorecard
    expected = sigmoid(card.logit(card.contributions(columns)[1]))
    assert (scorer.score(pa.array([""] * 300), columns).rows.column("probability").to_numpy() == expected).all()
