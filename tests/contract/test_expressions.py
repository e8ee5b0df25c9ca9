"""Conditions as a contract writes them: which rows they match, and what is wrong with those that cannot be read."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract import Category, Columns, parse
from northstar_explain.contract.conditions import CategoryCondition, MissingCondition, NumberCondition
from northstar_explain.contract.expressions import ExpressionError, matches, parse_condition

CONTRACT = parse("""
[table]
id = "id"
label = "y"
[features.orders]
kind = "count"
words = "orders"
min = 0
max = 1000
[features.spend]
kind = "amount"
words = "spend"
missing = "unknown"
[features.home]
kind = "category"
words = "home"
missing = "unknown"
[features.tier]
kind = "ordered"
words = "tier"
order = ["none", "silver", "gold's"]
[features."odd \\"name\\""]
kind = "amount"
words = "odd"
""")
FEATURES = CONTRACT.features
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
OPERATORS = {
    ">=": np.greater_equal, ">": np.greater, "<": np.less, "<=": np.less_equal, "=": np.equal,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("orders > 0", (NumberCondition("orders", lower=1.0),)),
        ("orders>=2.5", (NumberCondition("orders", lower=3.0),)),
        ("orders < 2.5", (NumberCondition("orders", upper=3.0),)),
        ("orders <= 2.5", (NumberCondition("orders", upper=3.0),)),
        ("orders = 0", (NumberCondition("orders", 0.0, 1.0),)),
        ("orders >= 2 AND orders < 5", (NumberCondition("orders", 2.0, 5.0),)),
        ("spend >= .5 and orders>0", (NumberCondition("spend", 0.5), NumberCondition("orders", 1.0))),
        ("spend > -1e3", (NumberCondition("spend", math.nextafter(-1000.0, 0.0)),)),
        ("spend > 0", (NumberCondition("spend", sys.float_info.min),)),
        ("spend is missing", (MissingCondition("spend"),)),
        ("spend IS Known", (NumberCondition("spend"),)),
        ("home = 'O''Brien and sons'", (CategoryCondition("home", ("O'Brien and sons",)),)),
        ("home != 'own' and home is known", (CategoryCondition("home", ("own",), inside=False),)),
        ("home in ('a', 'b','a')", (CategoryCondition("home", ("a", "b")),)),
        ("home is missing", (MissingCondition("home"),)),
        ("tier >= 'silver'", (CategoryCondition("tier", ("silver", "gold's")),)),
        ("tier > 'silver'", (CategoryCondition("tier", ("gold's",)),)),
        ("tier < 'gold''s'", (CategoryCondition("tier", ("none", "silver")),)),
        ("tier <= 'none'", (CategoryCondition("tier", ("none",)),)),
        ('"odd ""name""" < 3', (NumberCondition('odd "name"', upper=3.0),)),
        ('"orders" < 3', (NumberCondition("orders", upper=3.0),)),
    ],
)
def test_a_condition_is_what_it_says(text: str, conditions: tuple[object, ...]) -> None:
    assert parse_condition(text, FEATURES) == conditions


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "expected the name of a feature; got the end. Write for example: orders > 0 and"),
        ("visits > 0", "expected a feature of this contract; got visits. Correct the name."),
        ("orders", "expected one of >= > <= < = != in is; got the end"),
        ("orders > ", "expected a number or a text in single quotes; got the end"),
        ("orders > spend", "expected a number or a text in single quotes; got spend"),
        ("orders > 1 or spend > 2", "expected 'and' or the end; got or"),
        ("orders > 1 and", "expected the name of a feature; got the end"),
        ("orders ~ 1", "expected names, numbers, texts in single quotes and comparisons; got ~ 1"),
        ("orders > 1x", "expected names, numbers, texts in single quotes and comparisons; got 1x"),
        ("home = 'own", "expected names, numbers, texts in single quotes and comparisons; got 'own"),
        ("orders > 1e999", "expected a finite number; got 1e999"),
        ("orders > '1'", "expected a number for orders, a count; got '1'. Leave out the quotes."),
        ("orders in ('1')", "expected a number for orders, a count; got '1'"),
        ("orders = 1.5", "expected a whole number for orders, a count; got 1.5"),
        ("orders != 1", "expected one range of orders; got != 1. Write > 1 or < 1."),
        ("home = 1", "expected a text in single quotes for home, a category; got 1"),
        ("home > 'a'", "expected = or != for home, which has no order; got >"),
        ("home in 'a'", "expected '('; got 'a'"),
        ("home in ('a'", "expected ')'; got the end"),
        ("home in ()", "expected a text in single quotes; got )"),
        ("home is not missing", "expected 'is missing' or 'is known'; got is not"),
        ("tier = 'gold'", "expected one of none, silver, gold's; got gold. Correct the value."),
        ("tier > 'gold''s'", "expected a comparison that a value can meet; got > 'gold's'"),
        ("orders is missing", "expected a feature that may be missing; got orders. Say in features.orders.missing"),
        ("orders > 3 and orders < 2", "expected conditions that a row can meet together; got a contradiction"),
        ("spend is missing and spend > 1", "expected conditions that a row can meet together"),
        ("orders > 1000", "expected values that orders can have (at most 1000); got others only"),
        ("orders < 0", "expected values that orders can have (at least 0); got others only"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, fault: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_condition(text, FEATURES)
    assert str(caught.value).startswith(fault)


@given(st.sampled_from(list(OPERATORS)), NUMBERS, st.lists(NUMBERS, max_size=5))
def test_measured_numbers_compare_as_floats_do(operator: str, bound: float, values: list[float]) -> None:
    near = [bound, math.nextafter(bound, math.inf), math.nextafter(bound, -math.inf)]
    # Numbers that a spreadsheet takes for 0 are not told from 0.
    known = [x for x in (*near, *values) if not 0.0 < abs(x) < sys.float_info.min and math.isfinite(x)]
    if 0.0 < abs(bound) < sys.float_info.min or abs(bound) == sys.float_info.max:
        return
    column = np.array([*known, math.nan])
    conditions = parse_condition(f"spend {operator} {bound!r}", FEATURES)
    found = matches(conditions, {"spend": column})
    assert found.tolist() == OPERATORS[operator](column, bound).tolist()


@given(st.sampled_from(list(OPERATORS)), st.integers(0, 1000), st.sampled_from([0.0, 0.25, 0.5]))
def test_whole_numbers_compare_as_integers_do(operator: str, whole: int, more: float) -> None:
    column = np.arange(0.0, 1002.0)
    bound = whole + more
    try:
        conditions = parse_condition(f"orders {operator} {bound}", FEATURES)
    except ExpressionError:
        assert not OPERATORS[operator](column[:-1], bound).any()  # what the contract allows meets no such condition
        return
    assert matches(conditions, {"orders": column}).tolist() == OPERATORS[operator](column, bound).tolist()
    assert all(float(x).is_integer() for c in conditions for x in (c.lower, c.upper) if x is not None)  # type: ignore[union-attr]


def test_rows_that_meet_every_condition_match_and_missing_ones_do_not() -> None:
    home = Category(np.array([0, 1, -1, 0]), ("own", "rent"))
    columns: Columns = {"orders": np.array([1.0, 3.0, 3.0, 0.0]), "home": home}
    for text, expected in (
        ("orders > 0 and home = 'own'", [True, False, False, False]),
        ("home != 'own'", [False, True, False, False]),
        ("home is known", [True, True, False, True]),
        ("home is missing and orders >= 3", [False, False, True, False]),
    ):
        assert matches(parse_condition(text, FEATURES), columns).tolist() == expected
