"""Names of segments: they speak of what the rules ask, differ between segments, and never say who somebody is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract import Contract, load, northstar, parse
from northstar_explain.contract.conditions import CategoryCondition, Condition, MissingCondition, NumberCondition
from northstar_explain.learn.naming import names
from northstar_explain.model import Model, Profile, Rule

ROOT = Path(__file__).parent.parent.parent
CONTRACT = northstar()
CDNOW = load(ROOT / "examples" / "cdnow" / "contract.toml")
# What would say who somebody is, not what they do.
HUMAN = re.compile(
    r"\b(m[ae]n|wom[ae]n|male|female|girls?|boys?|lad(y|ies)|gentlem[ae]n|mums?|moms?|mothers?|dads?|fathers?|parents?|famil(y|ies)|"
    r"kids?|child(ren)?|teen\w*|young\w*|old(er)?|elder\w*|senior\w*|aged?|millennials?|boomers?|gen|students?|retire\w*|"
    r"single|married|wives|wife|husbands?|rich|poor|wealthy|urban|rural|foreign\w*|native|white|black|asian|american|german|"
    r"karens?|sarahs?|john|jane|susan|mike|professionals?|housewi\w+)\b",
    re.I,
)


def profile(**effects: float) -> tuple[Profile, ...]:
    """Facts of a segment: how far each feature lies from the average; 0 where not given."""
    numeric = [feature.name for feature in CONTRACT.features if feature.kind.numeric]
    return tuple(Profile(name, 1.0, 1.0, 100.0, effects.get(name, 0.0), 10) for name in numeric)


def rule(*conditions: Condition) -> Rule:
    return Rule(conditions, "S1")


def named(*segments: tuple[tuple[Profile, ...], Sequence[Rule]], contract: Contract = CONTRACT) -> tuple[str, ...]:
    ids = [f"S{place + 1}" for place in range(len(segments))]
    return names(ids, [facts for facts, _ in segments], [rules for _, rules in segments], contract)


def visits(lower: float | None, upper: float | None = None) -> NumberCondition:
    return NumberCondition("sessions_30d", lower, upper)


def orders(lower: float | None, upper: float | None = None) -> NumberCondition:
    return NumberCondition("orders_365d", lower, upper)


def test_a_name_says_what_the_rules_ask_in_their_order() -> None:
    often, seldom = profile(sessions_30d=0.2, orders_365d=-0.3, days_since_last_visit=-0.5), profile(
        sessions_30d=-0.6, orders_365d=0.2, avg_order_value=0.8
    )  # fmt: skip
    assert named((often, [rule(visits(3), orders(None, 3))]), (seldom, [rule(visits(None, 3), orders(2))])) == (
        "Often-visiting, seldom-buying customers",
        "Rarely visiting, repeat-buying customers",
    )
    assert named((often, [rule(orders(None, 3), visits(3))])) == ("Seldom-buying, often-visiting customers",)
    assert named((often, [rule(orders(2, 5), visits(3))])) == ("Sometimes buying, often-visiting customers",)


def test_only_what_every_rule_asks_and_the_facts_bear_out_gives_a_name() -> None:
    facts = profile(sessions_30d=0.5, orders_365d=0.5)
    assert named((facts, [rule(visits(3), orders(4)), rule(visits(5))])) == ("Often-visiting customers",)
    assert named((facts, [rule(visits(3), orders(None, 400))])) == ("Often-visiting customers",)  # nearly everybody
    assert named((facts, [rule(visits(3)), rule(visits(None, 1))])) == ("Repeat-buying customers",)
    # Of several levels in one direction the facts decide how much is said.
    two = [rule(visits(3, 6), orders(4)), rule(visits(6), orders(2, 4))]
    assert named((facts, two)) == ("Often-visiting, repeat-buying customers",)
    assert named((profile(sessions_30d=0.1, orders_365d=0.5), two)) == ("Sometimes visiting, repeat-buying customers",)


def test_what_may_be_unknown_is_not_said_of_everybody() -> None:
    reading = NumberCondition("email_open_rate", None, 0.2, missing=True)
    facts = profile(email_open_rate=-0.9, sessions_30d=0.5)
    assert named((facts, [rule(reading, visits(3))])) == ("Often-visiting customers",)


def test_other_clear_facts_tell_segments_apart_but_never_against_the_rules() -> None:
    first, second = profile(sessions_30d=0.5, spend_365d=0.9), profile(sessions_30d=0.5, spend_365d=-0.9)
    asked = [rule(visits(3), NumberCondition("discount_usage_rate", 0.0, None))]
    assert named((first, asked), (second, asked)) == (
        "Often-visiting, high-spending customers",
        "Often-visiting, low-spending customers",
    )
    against = [rule(visits(3), NumberCondition("spend_365d", 100.0, None))]
    assert named((first, against), (second, against))[1] == "Often-visiting customers"


def test_names_that_facts_cannot_tell_apart_carry_the_id() -> None:
    facts = profile(sessions_30d=0.5)
    same = (facts, [rule(visits(3))])
    assert named(same, same) == ("Often-visiting customers (S1)", "Often-visiting customers (S2)")
    assert named((profile(), [rule()])) == ("Typical customers",)


@pytest.mark.parametrize("condition", [
    CategoryCondition("country", ("DE",)), CategoryCondition("age_band", ("18-24",)), MissingCondition("country"),
    NumberCondition("country"),
])  # fmt: skip
def test_who_somebody_is_gives_no_name(condition: Condition) -> None:
    assert named((profile(), [rule(condition)])) == ("Typical customers",)


def test_a_sensitive_number_gives_no_name_even_where_it_may_define_segments() -> None:
    text = """
    [table]
    id = "id"
    label = "y"
    [features.age]
    kind = "amount"
    words = "age"
    sensitive = true
    allow = ["segments"]
    segments = true
    high = "older"
    low = "young"
    [features.orders]
    kind = "count"
    words = "orders"
    """
    facts = (Profile("age", 1.0, 1.0, 100.0, 2.0, 1), Profile("orders", 1.0, 1.0, 100.0, -0.5, 1))
    asked = [rule(NumberCondition("age", 60.0), NumberCondition("orders", None, 3.0))]
    assert named((facts, asked), contract=parse(text)) == ("Customers with few orders",)
    assert named((facts, [rule(NumberCondition("age", 60.0))]), contract=parse(text)) == ("Typical customers",)


def test_a_contract_without_adjectives_is_said_in_its_words() -> None:
    bare = replace(CONTRACT, features=tuple(replace(f, high="", middle="", low="") for f in CONTRACT.features))
    facts = profile(sessions_30d=0.5, spend_365d=-0.5, days_since_last_visit=-0.5)
    asked = [rule(visits(3), NumberCondition("spend_365d", None, 100.0))]
    assert named((facts, asked), contract=bare) == (
        "Customers with many visits in the last 30 days and low total spend in the last 12 months",
    )
    mixed = replace(CONTRACT, features=tuple(replace(f, low="") for f in CONTRACT.features))
    assert named((facts, asked), contract=mixed) == (
        "Often-visiting customers with low total spend in the last 12 months",
    )


@pytest.mark.parametrize("contract", [CONTRACT, CDNOW], ids=["northstar", "cdnow"])
def test_the_contracts_adjectives_speak_of_behavior(contract: Contract) -> None:
    for feature in contract.features:
        words = [feature.high, feature.middle, feature.low]
        assert not any(HUMAN.search(word) for word in words), feature.name
        assert len({*words} - {""}) == len([word for word in words if word])
        if feature.sensitive or not feature.kind.numeric:
            assert words == ["", "", ""]
    usable = [f for f in contract.segment_features if not f.sensitive]
    adjectives = [word for f in usable for word in (f.high, f.middle, f.low)]
    assert all(adjectives) and len(set(adjectives)) == len(adjectives)  # one word never stands for two things


def test_the_list_of_human_words_catches_some() -> None:
    assert all(
        HUMAN.search(name)
        for name in ("Young families", "Soccer moms", "Older women", "Savvy Sarah’s friends", "Karens")
    )


def test_a_learnt_models_names_speak_of_behavior(model: Model) -> None:
    for segment in model.segmentation.segments:
        assert segment.name.endswith(" customers") and not HUMAN.search(segment.name)


SEGMENT_FEATURES = [feature.name for feature in CONTRACT.segment_features]


@st.composite
def segments(draw: st.DrawFn) -> tuple[tuple[Profile, ...], list[Rule]]:
    effects = draw(st.dictionaries(st.sampled_from(SEGMENT_FEATURES), st.floats(-2, 2), max_size=6))
    asked = st.builds(
        lambda name, bounds, missing: NumberCondition(name, bounds[0], bounds[1], missing),
        st.sampled_from(SEGMENT_FEATURES), st.sampled_from([(3.0, None), (None, 3.0), (3.0, 5.0)]), st.booleans(),
    )  # fmt: skip
    conditions = st.lists(asked, max_size=4, unique_by=lambda condition: condition.feature)
    rules = draw(st.lists(conditions.map(lambda chosen: rule(*chosen)), min_size=1, max_size=2))
    return profile(**effects), rules


@given(st.lists(segments(), min_size=1, max_size=8))
def test_names_are_distinct_and_the_same_again(several: list[tuple[tuple[Profile, ...], list[Rule]]]) -> None:
    names = named(*several)
    assert len({frozenset(re.split(r", | ", name)) for name in names}) == len(
        several
    )  # not even the same words in another order
    assert named(*several) == names
    for name in names:
        assert name[:1] == name[:1].upper() and " customers" in name.lower() and not HUMAN.search(name)
        assert len(name) <= 120
    # A name depends on the facts, not on the place in the contract.
    backwards = replace(CONTRACT, features=CONTRACT.features[::-1])
    assert named(*several, contract=backwards) == names
