"""Names of segments: they say what sets a segment apart and holds for it, and never who somebody is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract import Contract, Feature, load, northstar, parse
from northstar_explain.contract.conditions import CategoryCondition, Condition, MissingCondition, NumberCondition
from northstar_explain.learn.naming import Quality, _name, names
from northstar_explain.learn.standing import ANY, HIGH, LOW, MIDDLE, ZERO, Standing, standings
from northstar_explain.model import Model, Profile, Rule
from northstar_explain.model.rules import Leaf, Node, Split, assign, merged_rules

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


NUMBERS = [feature for feature in CONTRACT.features if feature.kind.numeric]
OTHERS = {ZERO: 0, LOW: 34, MIDDLE: 33, HIGH: 33, ANY: 100}  # of a hundred customers, where nothing is special


def segment(*rules: Rule, **levels: str) -> tuple[tuple[Profile, ...], Sequence[Rule], dict[str, Standing]]:
    """A segment all of whose hundred customers are at these levels, and at no level of other features."""
    standing = {
        name: Standing(
            100, 100, OTHERS | dict.fromkeys((LOW, MIDDLE, HIGH), 0) | {ANY: 100 * (level != ZERO), level: 100}
        )
        for name, level in levels.items()
    }
    signs = {HIGH: 1.0, LOW: -1.0, ZERO: -1.0}
    effects = {name: signs.get(level, 0.0) for name, level in levels.items()}
    profile = tuple(
        Profile(one.name, 1.0, 1.0, 100.0, effects.get(one.name, 0.0), 100, 100, 0.5, 1.0, 1.0, 0.0, 0.0)
        for one in NUMBERS
    )
    return profile, rules, {one.name: Standing(100, 100, OTHERS) for one in NUMBERS} | standing


def rule(*conditions: Condition) -> Rule:
    return Rule(conditions, "S1")


def named(
    *segments: tuple[tuple[Profile, ...], Sequence[Rule], dict[str, Standing]],
    contract: Contract = CONTRACT,
    themes: dict[str, str] | None = None,
) -> tuple[str, ...]:
    ids = [f"S{place + 1}" for place in range(len(segments))]
    facts, rules, standings = zip(*segments, strict=True)
    return names(ids, facts, rules, standings, contract, themes or {})


def visits(lower: float | None, upper: float | None = None) -> NumberCondition:
    return NumberCondition("sessions_30d", lower, upper)


def orders(lower: float | None, upper: float | None = None) -> NumberCondition:
    return NumberCondition("orders_365d", lower, upper)


def test_a_name_says_what_sets_a_segment_apart_in_the_order_of_its_rules() -> None:
    often = segment(rule(visits(3), orders(None, 2)), sessions_30d=HIGH, orders_365d=LOW)
    seldom = segment(rule(orders(2), visits(None, 3)), sessions_30d=LOW, orders_365d=HIGH)
    assert named(often, seldom) == (
        "Often-visiting, seldom-buying customers",
        "Repeat-buying, rarely visiting customers",
    )
    # What no rule asks about gives a name too, where it sets the segment apart.
    deals = segment(rule(visits(3), orders(2)), sessions_30d=HIGH, orders_365d=HIGH, discount_usage_rate=HIGH)
    full = segment(rule(visits(3), orders(2)), sessions_30d=HIGH, orders_365d=HIGH, discount_usage_rate=LOW)
    first, second = named(deals, full)
    assert "deal-seeking" in first.lower() and "full-price" in second.lower()


def test_what_holds_for_less_than_three_quarters_is_not_said() -> None:
    profile, rules, standing = segment(rule(visits(3)), sessions_30d=HIGH, spend_365d=HIGH)
    other = segment(rule(visits(None, 3)), sessions_30d=LOW, spend_365d=LOW)
    for known, high, said in ((100, 75, True), (100, 74, False), (75, 57, True), (74, 74, False)):
        some = standing | {"spend_365d": Standing(100, known, {LOW: known - high, MIDDLE: 0, HIGH: high})}
        assert ("high-spending" in named((profile, rules, some), other)[0]) is said, (known, high)


def test_an_average_on_the_other_side_is_not_passed_over() -> None:
    """A few large values lift the mean of customers who spend little: they are not called by either."""
    profile, rules, standing = segment(rule(visits(3)), sessions_30d=HIGH, spend_365d=LOW)
    lifted = tuple(replace(item, effect=0.2) if item.feature == "spend_365d" else item for item in profile)
    other = segment(rule(visits(None, 3)), sessions_30d=LOW)
    assert "low-spending" in named((profile, rules, standing), other)[0]
    assert named((lifted, rules, standing), other)[0] == "Often-visiting customers"


def test_there_is_none_and_there_is_any() -> None:
    never = segment(rule(orders(None, 1)), orders_365d=ZERO)
    some = segment(rule(orders(1)), orders_365d=ANY)
    assert named(never, some) == (
        "Not-ordering customers",
        "Customers with orders in the last 12 months",
    )


def test_what_there_is_none_of_is_said_last() -> None:
    """No orders and many visits: that could be read as no visits either."""
    plain = {one.name: replace(one, high="", middle="", low="", zero="") for one in NUMBERS}
    qualities = [Quality(plain["orders_365d"], ZERO), Quality(plain["sessions_30d"], HIGH)]
    said = "People with many visits in the last 30 days and no orders in the last 12 months"
    assert _name(qualities, [rule(orders(None, 1), visits(3))], "people") == said
    assert _name(qualities[::-1], [rule(orders(None, 1), visits(3))], "people") == said


def test_a_column_of_0_and_1_is_said_by_its_words() -> None:
    text = """
    [table]
    id = "id"
    label = "y"
    noun = "clients"
    [features.loan]
    kind = "count"
    words = "housing loan"
    segments = true
    """
    columns = {"loan": np.array([0.0, 0.0, 1.0, 1.0])}
    ids = np.array(["S1", "S1", "S2", "S2"])
    contract = parse(text)
    counted = standings(columns, ids, ["S1", "S2"], contract.features)
    facts = [(Profile("loan", at, 0.5, 100.0, 2 * at - 1, 2, 2, 0.5, at, 0.5, 0.0, 0.0),) for at in (0.0, 1.0)]
    rules = [[rule(NumberCondition("loan", None, 1.0))], [rule(NumberCondition("loan", 1.0))]]
    assert names(["S1", "S2"], facts, rules, counted, contract) == (
        "Clients with no housing loan",
        "Clients with housing loan",
    )


def test_two_features_of_one_theme_are_not_both_said() -> None:
    busy = segment(rule(visits(3)), sessions_30d=HIGH, sessions_90d=HIGH, discount_usage_rate=HIGH)
    quiet = segment(rule(visits(None, 3)), sessions_30d=LOW, sessions_90d=LOW, discount_usage_rate=LOW)
    themes = {"sessions_30d": "visits", "sessions_90d": "visits"}
    assert named(busy, quiet, themes=themes) == (
        "Often-visiting, deal-seeking customers",
        "Rarely visiting, full-price customers",
    )


def test_a_name_that_is_true_of_another_segment_says_more() -> None:
    """Both order seldom; what the first is not is said of it too."""
    first = segment(rule(orders(None, 2)), orders_365d=LOW, days_since_last_visit=LOW)
    second = segment(rule(orders(None, 2)), orders_365d=LOW, email_open_rate=HIGH)
    third = segment(rule(orders(2)), orders_365d=HIGH)
    assert named(first, second, third) == (
        "Seldom-buying, recently seen customers",
        "Seldom-buying, e-mail-reading customers",
        "Repeat-buying customers",
    )


def test_names_that_facts_cannot_tell_apart_carry_the_id() -> None:
    same, other = segment(rule(visits(3)), sessions_30d=HIGH), segment(rule(visits(None, 3)), sessions_30d=LOW)
    assert named(same, same, other)[:2] == ("Often-visiting customers (S1)", "Often-visiting customers (S2)")
    assert named(segment(rule())) == ("Other customers",)


@pytest.mark.parametrize("condition", [
    CategoryCondition("country", ("DE",)), CategoryCondition("age_band", ("18-24",)), MissingCondition("country"),
    NumberCondition("country"),
])  # fmt: skip
def test_who_somebody_is_gives_no_name(condition: Condition) -> None:
    assert named(segment(rule(condition))) == ("Other customers",)


def test_where_nothing_else_is_to_be_said_a_yes_of_the_rule_is() -> None:
    """Not what somebody is: a column of yes and no that is not sensitive."""
    plan = replace(CONTRACT["country"], name="plan", words="international plan", sensitive=False)
    contract = replace(CONTRACT, features=(*CONTRACT.features, plan))

    def name(condition: Condition, contract: Contract = contract) -> str:
        return named(segment(rule(visits(3), condition)), segment(rule()), contract=contract)[0]

    yes = CategoryCondition("plan", ("yes",))
    assert name(yes) == "Customers whose international plan is yes"
    private = replace(CONTRACT, features=(*CONTRACT.features, replace(plan, sensitive=True)))
    assert name(yes, private) == "Other customers (S1)"
    for other in (CategoryCondition("plan", ("no",)), CategoryCondition("plan", ("yes",), inside=False),
                  CategoryCondition("plan", ("yes", "no")), CategoryCondition("plan", ("yes",), missing=True)):  # fmt: skip
        assert name(other) == "Other customers (S1)"
    often, seldom = segment(rule(yes), sessions_30d=HIGH), segment(rule(), sessions_30d=LOW)
    assert named(often, seldom, contract=contract)[0] == "Often-visiting customers"


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
    segments = true
    """
    old = segment(rule(NumberCondition("age", 60.0)), age=HIGH, orders=LOW)
    young = segment(rule(NumberCondition("age", None, 60.0)), age=LOW, orders=HIGH)
    assert named(old, young, contract=parse(text)) == ("Customers with few orders", "Customers with many orders")
    old, young = segment(old[1][0], age=HIGH), segment(young[1][0], age=LOW)
    assert named(old, young, contract=parse(text)) == ("Other customers (S1)", "Other customers (S2)")


def test_a_contract_without_adjectives_is_said_in_its_words() -> None:
    bare = replace(CONTRACT, features=tuple(replace(f, high="", middle="", low="") for f in CONTRACT.features))
    asked = rule(visits(3), NumberCondition("spend_365d", None, 100.0))
    one, other = segment(asked, sessions_30d=HIGH, spend_365d=LOW), segment(rule(), sessions_30d=LOW, spend_365d=HIGH)
    # Both in words would be longer than a name may be; it is longer only where names would be the same.
    assert named(one, other, contract=bare)[0] == "Customers with many visits in the last 30 days"
    four = [segment(rule(visits(3)), sessions_30d=a, spend_365d=b) for a in (HIGH, LOW) for b in (HIGH, LOW)]
    assert named(*four, contract=bare)[1] == (
        "Customers with many visits in the last 30 days and low total spend in the last 12 months"
    )
    mixed = replace(CONTRACT, features=tuple(replace(f, low="") for f in CONTRACT.features))
    assert (
        named(segment(asked, sessions_30d=HIGH, return_rate=LOW), other, contract=mixed)[0]
        == "Often-visiting customers"
    )
    assert named(segment(asked, sessions_30d=HIGH, email_open_rate=LOW), other, contract=mixed)[0] == (
        "Often-visiting customers with low e-mail open rate"
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
        assert "customers" in segment.name.lower() and not HUMAN.search(segment.name)


SAID = [feature for feature in CONTRACT.segment_features if feature.kind.numeric]


@st.composite
def customers_in_segments(draw: st.DrawFn) -> tuple[dict[str, np.ndarray], np.ndarray, dict[str, tuple[Rule, ...]]]:
    """Customers at random, more alike inside a segment than among segments, and up to nine segments by rules."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n = draw(st.integers(20, 200))
    kinds = rng.integers(0, draw(st.integers(2, 9)), n)
    columns = {}
    for feature in SAID:
        centres = rng.choice([0.0, 0.0, 1.0, 3.0, 20.0], kinds.max() + 1)
        values = np.floor(centres[kinds] * rng.exponential(1.0, n)) if rng.random() < 0.5 else centres[kinds]
        columns[feature.name] = np.where(rng.random(n) < draw(st.sampled_from([0.0, 0.1, 0.5])), np.nan, values)
    asked = [SAID[place] for place in rng.integers(0, len(SAID), 3)]
    tree = _grown(rng, [(feature.name, float(rng.integers(1, 5))) for feature in asked])
    found: dict[str, tuple[Rule, ...]] = {}
    for one in merged_rules(tree, lambda _: True):
        found[one.segment] = (*found.get(one.segment, ()), one)
    ids = assign(tree, columns)
    return columns, ids, {id: found[id] for id in sorted(set(ids.tolist()))}


def _grown(rng: np.random.Generator, asked: list[tuple[str, float]]) -> Node:
    if not asked:
        return Leaf(f"S{rng.integers(1, 10)}")
    (name, cut), left = asked[0], asked[1:]
    return Split(NumberCondition(name, None, cut, True), _grown(rng, left), _grown(rng, left))


def said_of(columns: dict[str, np.ndarray], ids: np.ndarray, rules: dict[str, tuple[Rule, ...]]) -> tuple[str, ...]:
    by_feature: dict[str, list[float]] = {}
    for one in rules.values():
        for condition in (condition for each in one for condition in each.conditions):
            assert isinstance(condition, NumberCondition)
            ends = [end for end in (condition.lower, condition.upper) if end is not None]
            by_feature.setdefault(condition.feature, []).extend(ends)
    counted = standings(columns, ids, list(rules), SAID, by_feature)
    profiles = [tuple(_profile(feature, columns, ids == id) for feature in SAID) for id in rules]
    return names(list(rules), profiles, list(rules.values()), counted, CONTRACT)


def _profile(feature: Feature, columns: dict[str, np.ndarray], inside: np.ndarray) -> Profile:
    values = columns[feature.name]
    mean, base = (float(np.nanmean(v)) if (~np.isnan(v)).any() else 0.0 for v in (values[inside], values))
    known = int((~np.isnan(values[inside])).sum())
    return Profile(feature.name, mean, base, None, mean - base, known, int(inside.sum()), 0.5, mean, base, 0.0, 0.0)


@given(customers_in_segments())
def test_names_are_distinct_the_same_again_and_short(
    found: tuple[dict[str, np.ndarray], np.ndarray, dict[str, tuple[Rule, ...]]],
) -> None:
    columns, ids, rules = found
    names = said_of(columns, ids, rules)
    # Not even the same phrases in another order.
    assert len({frozenset(re.split(r", | customers with | and ", name.lower())) for name in names}) == len(names)
    assert len(names) == len(rules)
    for name in names:
        assert name[:1] == name[:1].upper() and "customers" in name.lower() and not HUMAN.search(name)
        assert len(name) <= 100
    # The order of the rows and of the segments plays no part.
    rows = np.random.default_rng(0).permutation(len(ids))
    assert said_of({name: values[rows] for name, values in columns.items()}, ids[rows], rules) == names
    backwards = dict(reversed(list(rules.items())))
    assert said_of(columns, ids, backwards) == names[::-1]


@given(customers_in_segments())
def test_an_adjective_means_one_thing_and_holds_for_three_quarters(
    found: tuple[dict[str, np.ndarray], np.ndarray, dict[str, tuple[Rule, ...]]],
) -> None:
    """Read from the names alone: who is called by an adjective lies on one side of what all others with it lie on."""
    columns, ids, rules = found
    names = said_of(columns, ids, rules)
    for feature in SAID:
        spans: dict[str, list[tuple[float, float]]] = {}
        for id, name in zip(rules, names, strict=True):
            values = columns[feature.name][ids == id]
            known = np.sort(values[~np.isnan(values)])
            for level in (HIGH, LOW):
                if re.search(rf"(^|[ ,]){re.escape(getattr(feature, level))}[ ,]", name, re.I):
                    assert len(known) >= 0.75 * len(values)
                    # The quarter that need not be so is left out: above it for high, below for low.
                    quarter = len(known) - int(np.ceil(0.75 * len(known)))
                    spans.setdefault(level, []).append((known[quarter], known[len(known) - 1 - quarter]))
        if HIGH in spans and LOW in spans:
            assert max(top for _, top in spans[LOW]) < min(bottom for bottom, _ in spans[HIGH])
