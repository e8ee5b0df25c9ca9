"""A score is a sum of points, equal to interpret's own probability on ordinary and on hard rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from cards import NUMBER, card_of
from helpers import OPTIONS, around

from northstar_explain.contract import Category, Contract, check, columns_of
from northstar_explain.learn import fit_purchase_model
from northstar_explain.learn.compile_scorecard import compile_ebm
from northstar_explain.model import points
from northstar_explain.model.scorecard import NumberBins, Scorecard


@pytest.fixture(scope="module")
def machine(customers: pa.Table, contract: Contract) -> Any:
    accepted = check(customers, contract, label=True).accepted
    columns = columns_of(accepted, contract.features)
    label = accepted[contract.label].to_numpy()
    return fit_purchase_model.fit(columns, label, contract.model_features, OPTIONS.purchase, 1)


@pytest.fixture(scope="module")
def card(machine: Any, contract: Contract) -> Scorecard:
    return compile_ebm(machine, contract)


def largest_gap(machine: Any, card: Scorecard, columns: dict[str, Any], contract: Contract) -> float:
    theirs = machine.predict_proba(fit_purchase_model.frame(columns, contract.model_features))[:, 1]
    return float(np.abs(theirs - card.probability(columns)).max())


def test_equal_on_every_customer(machine: Any, card: Scorecard, customers: pa.Table, contract: Contract) -> None:
    columns = columns_of(check(customers, contract).accepted, contract.features)
    assert largest_gap(machine, card, columns, contract) < 1e-12
    assert any(len(term.axes) == 2 for term in card.terms)


def test_equal_on_hard_rows(machine: Any, card: Scorecard, some: pa.Table, contract: Contract) -> None:
    cuts: dict[str, list[float]] = {}
    for axis in (axis for term in card.terms for axis in term.axes):
        if isinstance(axis, NumberBins):
            cuts.setdefault(axis.feature, []).extend(axis.cuts)
    for feature in contract.model_features:
        columns = columns_of(check(some, contract).accepted, contract.features)
        n = len(columns[feature.name])
        if feature.kind.numeric:
            hard = [*around(cuts[feature.name]), np.nan, -0.0, 0.0, 1e12, -1e12, np.inf, -np.inf]
            columns[feature.name] = np.resize(np.array(hard), max(n, len(hard)))
            columns = {name: repeat(column, max(n, len(hard))) for name, column in columns.items()}
        else:
            column = columns[feature.name]
            assert isinstance(column, Category)
            values = (*column.values, "never seen", "")
            columns[feature.name] = Category(np.resize(np.arange(-1, len(values)), n).astype(np.int32), values)
        assert largest_gap(machine, card, columns, contract) < 1e-12, feature.name


def repeat(column: np.ndarray | Category, n: int) -> np.ndarray | Category:
    return Category(np.resize(column.codes, n), column.values) if isinstance(column, Category) else np.resize(column, n)


def test_points_and_intercept_make_the_log_odds(card: Scorecard, some: pa.Table, contract: Contract) -> None:
    columns = columns_of(check(some, contract).accepted, contract.features)
    total = card.intercept + card.contributions(columns)[1].sum(axis=0)
    p = card.probability(columns)
    assert np.abs(np.log(p / (1 - p)) - total).max() < 1e-9


def _one_term() -> Scorecard:
    card = card_of((NUMBER,))
    return replace(card, terms=tuple(replace(term, reasons=("because",) * term.points.size) for term in card.terms))


def test_a_table_of_an_older_format_has_no_intervals() -> None:
    card = _one_term()
    old = points.to_table(card).drop_columns(["interval_low", "interval_high"])
    (term,) = points.from_table(old, card.intercept).terms
    assert term.interval is None and (term.points == card.terms[0].points).all()


def test_intervals_are_stored_where_there_are_any() -> None:
    (term,) = _one_term().terms
    interval = np.array([[-1.0, 0.1, np.nan, 0.0, 0.25], [1.0, 0.3, np.nan, 0.0, 0.5]])
    card = Scorecard(0.0, (replace(term, interval=interval),))
    (again,) = points.from_table(points.to_table(card), 0.0).terms
    assert again.interval is not None and again.interval.tobytes() == interval.tobytes()


def test_the_table_holds_the_card_exactly(card: Scorecard) -> None:
    again = points.from_table(points.to_table(card), card.intercept)
    assert [term.name for term in again.terms] == [term.name for term in card.terms]
    for old, new in zip(card.terms, again.terms, strict=True):
        assert old.reasons == new.reasons
        for name in ("points", "spread", "customers"):
            assert (getattr(old, name) == getattr(new, name)).all()
        for one, other in zip(old.axes, new.axes, strict=True):
            assert one.count == other.count
            if isinstance(one, NumberBins):
                assert isinstance(other, NumberBins) and (one.cuts == other.cuts).all()


def test_a_direction_in_the_contract_is_kept(card: Scorecard) -> None:
    term = next(term for term in card.terms if term.features == ("days_since_last_visit",))
    assert (np.diff(term.points[1:-1]) <= 1e-12).all()
