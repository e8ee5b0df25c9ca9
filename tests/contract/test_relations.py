"""What a contract says of two numbers of one row: read, checked, proposed."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from northstar_explain.contract import check, northstar, parse
from northstar_explain.contract.draft import draft
from northstar_explain.errors import ContractError

FEATURES = """
[features.visits_30d]
kind = "count"
words = "visits in 30 days"
missing = "unknown"

[features.visits_90d]
kind = "count"
words = "visits in 90 days"
missing = "unknown"

[features."longest stay"]
kind = "days"
words = "days of the longest stay"
defined_when = "visits_90d > 0"

[features.signup]
kind = "date"
words = "days since signup"

[features.first_order]
kind = "date"
words = "days since the first order"
missing = "no order"

[features.country]
kind = "category"
words = "country"
"""


def contract_text(*relations: str) -> str:
    listed = ", ".join(f"'{one}'" for one in relations)
    head = '[table]\nid = "id"\nlabel = "bought"\nas_of = "day"\nignore = ["day"]\n'
    return f"{head}relations = [{listed}]\n{FEATURES}"


def table(**columns: Sequence[object]) -> pa.Table:
    rows = max(len(values) for values in columns.values())
    day = datetime.date(2026, 3, 1)
    usual: dict[str, Sequence[object]] = {
        "id": [f"c{i}" for i in range(rows)], "day": [day] * rows, "visits_30d": [1] * rows, "visits_90d": [5] * rows,
        "longest stay": [2] * rows, "signup": [datetime.date(2025, 1, 1)] * rows, "country": ["US"] * rows,
        "first_order": [datetime.date(2025, 2, 1)] * rows,
    }  # fmt: skip
    return pa.table(usual | columns)


@pytest.mark.parametrize(
    ("relation", "kept"),
    [
        ("visits_30d <= visits_90d", [True, True, False, True, True]),
        ("visits_30d < visits_90d", [True, False, False, True, True]),
        ("visits_90d >= visits_30d", [True, True, False, True, True]),
        ("visits_90d > visits_30d", [True, False, False, True, True]),
    ],
)
def test_a_row_that_breaks_a_relation_is_rejected_and_one_without_both_values_is_not(
    relation: str, kept: list[bool]
) -> None:
    rows = table(visits_30d=[1, 2, 50, None, 3], visits_90d=[2, 2, 2, 1, None])
    checked = check(rows, parse(contract_text(relation)))
    assert checked.accepted["id"].to_pylist() == [f"c{i}" for i in range(5) if kept[i]]
    assert checked.rejected["row"].to_pylist() == [i + 1 for i in range(5) if not kept[i]]
    # The reason has the relation and both values, in its order.
    column, got = ("visits_30d", "50 and 2") if relation.startswith("visits_30d") else ("visits_90d", "2 and 50")
    assert checked.rejected["reasons"].to_pylist()[-1] == f"{column}: expected {relation}, got {got}"


def test_every_broken_relation_is_a_reason_of_its_own_and_cells_of_csv_stay_as_they_are() -> None:
    contract = parse(contract_text("visits_30d <= visits_90d", "visits_30d <= 'longest stay'".replace("'", '"')))
    rows = table(visits_30d=["9e0", "1"], visits_90d=[" 2", "2"])
    checked = check(rows, contract, as_text=True)
    assert checked.rejected["reasons"].to_pylist() == [
        "visits_30d: expected visits_30d <= visits_90d, got '9e0' and ' 2'; "
        "visits_30d: expected visits_30d <= \"longest stay\", got '9e0' and 2"
    ]


def test_what_has_no_meaning_breaks_nothing() -> None:
    contract = parse(contract_text('"longest stay" <= visits_90d'))
    # Without visits, the 366 stands for none.
    checked = check(table(**{"longest stay": [366, 366, 2], "visits_30d": [0] * 3, "visits_90d": [0, 3, 3]}), contract)
    assert checked.rejected["row"].to_pylist() == [2]


def test_dates_are_compared_as_dates() -> None:
    contract = parse(contract_text("signup <= first_order"))
    days = [datetime.date(2025, 1, 1), datetime.date(2024, 12, 31), None]
    checked = check(table(first_order=days), contract)
    assert checked.rejected["row"].to_pylist() == [2]
    got = "got datetime.date(2025, 1, 1) and datetime.date(2024, 12, 31)"
    assert checked.rejected["reasons"].to_pylist() == [f"signup: expected signup <= first_order, {got}"]


@pytest.mark.parametrize(
    ("relation", "expected"),
    [
        ("visits_30d <= 5", "number 1: expected the name of a feature on either side; got 5"),
        ("visits_30d = visits_90d", "number 1: expected one of >= > <= <; got ="),
        ("visits_30d <= country", "number 1: expected two numbers or two dates; got country, a category"),
        ("visits_30d <= signup", "number 1: expected two numbers or two dates; got one of each"),
        ("visits_30d <= visits_30d", "number 1: expected two features; got visits_30d twice"),
        ("visits_30d <= visits_60d", "number 1: expected a feature of this contract; got visits_60d"),
        ("visits_30d <= visits_90d and visits_30d < signup", "number 1: expected the end; got and"),
        ("", "number 1: expected the name of a feature; got the end"),
        ("visits_30d <=", "number 1: expected the name of a feature; got the end"),
    ],
)
def test_what_is_no_relation_is_refused(relation: str, expected: str) -> None:
    with pytest.raises(ContractError) as caught:
        parse(contract_text(relation))
    (fault,) = caught.value.faults
    assert f"table.relations, {expected}" in str(fault)


def test_two_relations_of_the_same_features_are_refused() -> None:
    with pytest.raises(ContractError) as caught:
        parse(contract_text("visits_30d <= visits_90d", "visits_90d >= visits_30d"))
    (fault,) = caught.value.faults
    assert "number 2: expected features that visits_30d <= visits_90d does not compare already" in str(fault)


def test_northstars_relations_hold_in_what_is_simulated(customers: pa.Table) -> None:
    contract = northstar()
    assert len(contract.relations) >= 3
    assert check(customers, contract).rejected.num_rows == 0


def drafted(**columns: np.ndarray) -> tuple[str, ...]:
    rng = np.random.default_rng(1)
    rows = len(next(iter(columns.values())))
    beside = {"customer_id": [f"c{i}" for i in range(rows)], "bought": rng.integers(0, 2, rows)}
    text = draft(pa.table({**beside, **columns}), "customer_id", "bought")
    return tuple(relation.text for relation in parse(text).relations)


def test_a_draft_proposes_what_names_say_and_all_rows_bear_out() -> None:
    rng = np.random.default_rng(0)
    month = rng.poisson(1.0, 400)
    quarter = month + rng.poisson(2.0, 400)
    year = quarter + rng.poisson(9.0, 400)
    assert drafted(orders_30d=month, orders_365d=year, orders_90d=quarter) == (
        "orders_30d <= orders_90d", "orders_90d <= orders_365d",
    )  # fmt: skip
    # One row that contradicts it, another name, an average, one window in two units: nothing is proposed.
    wrong = quarter.copy()
    wrong[7] = month[7] - 1
    assert drafted(orders_30d=month, orders_90d=wrong) == ()
    assert drafted(orders_30d=month, visits_90d=quarter) == ()
    assert drafted(avg_orders_30d=month, avg_orders_90d=quarter) == ()
    assert drafted(orders_12m=month, orders_365d=quarter) == ()
