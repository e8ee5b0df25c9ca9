"""Words for values, conditions and ranges: what a person reads is what the rule asks."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract import Contract, kind_named, parse
from northstar_explain.contract.conditions import CategoryCondition, MissingCondition, NumberCondition
from northstar_explain.model import Model, Rule
from northstar_explain.model.wording import (
    brief,
    capital,
    definition,
    either,
    phrases,
    plain,
    rule_words,
)

CONTRACT = parse("""
[table]
id = "id"
label = "y"
currency = "€"
noun = "readers"
[features.orders]
kind = "count"
words = "orders in a year"
min = 0
missing = "unknown"
[features.visits]
kind = "count"
words = "visits"
some = "visited"
none = "never visited"
at_least = "visited {value} or more times"
below = "visited fewer than {value} times"
[features.spend]
kind = "amount"
words = "spend"
[features.share]
kind = "rate"
words = "share of {odd} visits"
[features.since]
kind = "days"
words = "days since an order"
[features.length]
kind = "duration"
words = "length of a visit"
unit = "seconds"
[features.opened]
kind = "days"
words = "days since an e-mail was opened"
at_least = "opened {value} or more ago or never"
below = "opened within the last {value}"
missing = "unknown"
[features.country]
kind = "category"
words = "country"
missing = "unknown"
[features.tier]
kind = "ordered"
words = "tier"
order = ["none", "bronze", "silver"]
""")


def words(kind: str, value: float, unit: str = "", currency: str = "$") -> str:
    return kind_named(kind).value_words(value, unit, currency)


@pytest.mark.parametrize(
    ("kind", "unit", "value", "expected"),
    [
        ("count", "visits", 3, "3"),
        ("count", "", 12345, "12,345"),
        ("count", "", 2.5, "2.5"),
        ("amount", "", 120, "$120"),
        ("amount", "USD", 1234.5, "$1,234.5"),
        ("amount", "", -20, "-$20"),
        ("amount", "pages", 4.5, "4.5 pages"),
        ("rate", "", 0.2, "20%"),
        ("rate", "", 0.07, "7%"),  # 0.07 * 100 is not 7 in floats
        ("rate", "", 0.125, "12.5%"),
        ("rate", "", 1, "100%"),
        ("ratio", "", -0.1, "-0.1"),
        ("ratio", "points", 1, "1 point"),
        ("days", "", 0, "0 days"),
        ("days", "", 1, "1 day"),
        ("days", "", 7, "1 week"),
        ("days", "", 14, "2 weeks"),
        ("days", "", 30, "30 days"),
        ("days", "", 56, "8 weeks"),
        ("days", "", 63, "63 days"),
        ("duration", "seconds", 90, "90 seconds"),
        ("duration", "seconds", 1, "1 second"),
        ("duration", "", 300, "5 minutes"),
        ("duration", "seconds", 150, "2.5 minutes"),
        ("duration", "seconds", 125, "125 seconds"),
        ("duration", "hours", 2, "2 hours"),
    ],
)
def test_values_are_written_with_their_unit(kind: str, unit: str, value: float, expected: str) -> None:
    assert words(kind, value, unit) == expected


def test_amounts_take_the_contracts_sign() -> None:
    assert words("amount", 5, "", "€") == "€5"
    assert words("amount", 5, "eur", "€") == "€5"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_plain_number_reads_back_as_itself(value: float) -> None:
    text = plain(value)
    spelt_out = value == 0 or 1e-10 <= abs(value) < 1e15
    assert re.fullmatch(r"-?\d{1,3}(,\d{3})*(\.\d*[1-9])?" if spelt_out else r"-?\d(\.\d*[1-9])?e[+-]\d+", text)
    assert float(text.replace(",", "")) == value


@given(
    st.sampled_from([("count", ""), ("amount", ""), ("amount", "pages"), ("rate", ""), ("days", ""), ("ratio", ""), ("ratio", "points"),
                     ("duration", ""), ("duration", "s"), ("duration", "hours")]),
    st.floats(allow_nan=False, allow_infinity=False) | st.integers(-10_000, 10_000).map(float),
    st.sampled_from(["$", "€", "kr ", "-", "1", ""]),
)  # fmt: skip
def test_a_value_in_words_reads_back_to_the_last_bit(kind: tuple[str, str], value: float, currency: str) -> None:
    one, unit = kind_named(kind[0]), kind[1]
    assert one.parse_value(one.value_words(value, unit, currency), unit, currency) == value


@given(
    st.sampled_from([("count", ""), ("amount", ""), ("amount", "pages"), ("rate", ""), ("days", ""), ("ratio", ""), ("ratio", "points"),
                     ("duration", ""), ("duration", "h")]),
    st.tuples(*[st.floats(-1e9, 1e9) | st.integers(0, 700).map(float)] * 2).filter(lambda pair: pair[0] != pair[1]),
)  # fmt: skip
def test_a_range_in_words_reads_back_to_the_last_bit(kind: tuple[str, str], pair: tuple[float, float]) -> None:
    one, unit, (lower, upper) = kind_named(kind[0]), kind[1], sorted(pair)
    assert one.parse_interval(one.interval_words(lower, upper, unit, "$"), unit, "$") == (lower, upper)


@pytest.mark.parametrize(
    ("kind", "unit", "lower", "upper", "expected"),
    [
        ("count", "", 2, 5, "2 to 4"),
        ("count", "", 2, 3, "exactly 2"),
        ("count", "", 2.5, 5, "2.5 to under 5"),
        ("days", "", 14, 30, "14 to 29 days"),
        ("days", "", 7, 14, "7 to 13 days"),
        ("days", "", 1, 2, "exactly 1 day"),
        ("amount", "", 100, 500, "$100 to under $500"),
        ("amount", "items", 2, 5, "2 to under 5 items"),
        ("rate", "", 0.2, 0.5, "20% to under 50%"),
        ("ratio", "", -0.1, 0.2, "-0.1 to under 0.2"),
        ("ratio", "points", -3, 2, "-3 to under 2 points"),
        ("duration", "seconds", 120, 300, "2 to under 5 minutes"),
        ("duration", "seconds", 90, 300, "90 seconds to under 5 minutes"),
    ],
)
def test_ranges_name_what_they_hold(kind: str, unit: str, lower: float, upper: float, expected: str) -> None:
    assert kind_named(kind).interval_words(lower, upper, unit, "$") == expected


@pytest.mark.parametrize("text", ["", "many", "3 weeks", "3,00", "--3", "3.", "three", "1e999", "3%"])
def test_what_is_no_value_is_not_read_as_one(text: str) -> None:
    assert kind_named("count").parse_value(text, "", "$") is None


def test_a_whole_range_is_not_read_in_weeks() -> None:
    assert kind_named("days").parse_interval("1 to 2 weeks", "", "$") is None


@pytest.mark.parametrize(("value", "text"), [(0.1, "0.1"), (-0.0, "0"), (1e20, "1e+20"), (1e-11, "1e-11")])
def test_needless_digits_are_left_out(value: float, text: str) -> None:
    assert plain(value) == text


def number(name: str, lower: float | None, upper: float | None, missing: bool = False) -> list[str]:
    return phrases(NumberCondition(name, lower, upper, missing), CONTRACT)


def test_conditions_take_one_phrase_per_bound() -> None:
    assert number("orders", 3, None) == ["3 or more orders in a year"]
    assert number("orders", None, 3) == ["fewer than 3 orders in a year"]
    assert number("orders", 1, None) == ["1 or more orders in a year"]
    assert number("orders", None, 1) == ["no orders in a year"]
    assert number("orders", 2, 5, True) == ["2 to 4 orders in a year (or unknown)"]
    assert number("orders", None, None) == ["number of orders in a year is known"]
    assert number("visits", 1, None) == ["visited"]
    assert number("visits", None, 1) == ["never visited"]
    assert number("visits", 2, 4) == ["visited 2 to 3 times"]
    assert number("visits", None, 2) == ["visited at most once"]
    assert number("visits", 1, 2) == ["visited exactly once"]
    assert number("spend", 120, 1_000) == ["spend of €120 to under €1,000"]
    assert number("share", 0.5, None) == ["share of {odd} visits of 50% or more"]
    assert number("since", 14, None) == ["2 weeks or more since an order"]
    assert number("since", 14, 30) == ["14 to 29 days since an order"]
    assert number("length", 120, None) == ["length of a visit of 2 minutes or more"]
    assert phrases(MissingCondition("country"), CONTRACT) == ["country is unknown"]
    assert phrases(CategoryCondition("country", ("DE",)), CONTRACT) == ["country is DE"]
    assert phrases(CategoryCondition("country", ("DE", "FR", "UK"), False, True), CONTRACT) == [
        "country is not DE, FR or UK (or unknown)"
    ]
    assert phrases(CategoryCondition("country", ("DE, FR", "A or B", 'the "best"', "unknown")), CONTRACT) == [
        r'country is "DE, FR", "A or B", "the \"best\"" or "unknown"'
    ]
    assert phrases(CategoryCondition("tier", ("none", "bronze")), CONTRACT) == ["tier is bronze or lower"]
    assert phrases(CategoryCondition("tier", ("none",), False), CONTRACT) == ["tier is bronze or higher"]
    assert phrases(CategoryCondition("tier", ("none", "bronze"), False), CONTRACT) == ["tier is silver, the highest"]


def test_a_range_without_a_phrase_takes_two() -> None:
    assert number("opened", 90, 180) == ["opened 90 days or more ago or never", "opened within the last 180 days"]
    assert number("opened", None, 7, True) == ["opened within the last week (or unknown)"]


def test_a_phrase_with_an_and_gets_a_comma_before_the_next() -> None:
    both = parse(CONTRACT.text.replace('words = "spend"', 'words = "spend on books and music"'))
    rule = Rule((NumberCondition("visits", 1), NumberCondition("spend", 5.0)), "S1")
    assert rule_words(rule, both) == "visited, and spend on books and music of €5 or more"


def test_rules_are_joined_and_definitions_are_sentences() -> None:
    rule = Rule((NumberCondition("visits", 1), MissingCondition("country")), "S1")
    assert rule_words(rule, CONTRACT) == "visited and country is unknown"
    assert rule_words(Rule((), "S1"), CONTRACT) == "all readers"
    other = Rule((NumberCondition("orders", 3),), "S1")
    assert definition([rule, other], CONTRACT) == "Visited and country is unknown; or 3 or more orders in a year."


@pytest.mark.parametrize(
    ("values", "expected"), [((), ""), (("A",), "A"), (("A", "B"), "A or B"), (("A", "B", "C"), "A, B or C")]
)
def test_lists_are_joined_with_or(values: tuple[str, ...], expected: str) -> None:
    assert either(values) == expected


def test_capital_leaves_the_rest_alone() -> None:
    assert [capital(text) for text in ("", "a", "eBay CEO", "ß")] == ["", "A", "EBay CEO", "ß"]


def test_a_value_is_brief_to_three_digits() -> None:
    assert brief(CONTRACT["share"], 0.123456, "€") == "12.3%"


def test_every_rule_of_a_trained_model_is_in_the_contracts_words(model: Model, contract: Contract) -> None:
    for segment in model.segmentation.segments:
        for rule in segment.rules:
            for condition in rule.conditions:
                for phrase in phrases(condition, contract):
                    assert phrase.casefold() in segment.definition.casefold()


def test_two_conditions_never_read_alike(contract: Contract) -> None:
    meanings: dict[str, object] = {}
    for feature in contract.features:
        if not feature.kind.numeric:
            continue
        top = min(feature.maximum or 1e3, 1e3)
        values = (
            np.unique(np.round(np.linspace(1, top, 7)))
            if feature.kind.whole
            else np.round(np.linspace(0.01, top, 7), 2)
        )
        for value in values:
            for condition in (
                NumberCondition(feature.name, float(value)),
                NumberCondition(feature.name, None, float(value)),
                NumberCondition(feature.name, float(value), None, True),
            ):
                (phrase,) = phrases(condition, contract)
                assert meanings.setdefault(phrase, condition) == condition
