"""Words lead back to the rule they say, whatever the contract calls its features and whatever a rule asks."""

from __future__ import annotations

import json
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from northstar_explain.contract import Category, Columns, Contract, Feature, columns_of, parse
from northstar_explain.contract.conditions import (
    CategoryCondition,
    Condition,
    MissingCondition,
    NumberCondition,
    simplify,
)
from northstar_explain.contract.kinds.registry import KINDS
from northstar_explain.errors import ContractError, WordsError
from northstar_explain.model import Model, Rule
from northstar_explain.model.parsing import parse_definition, parse_rule
from northstar_explain.model.rules import Leaf, Node, Split, assign, rules
from northstar_explain.model.wording import capital, definition, phrases, rule_words

# Words that a sentence is made of, so that features are named by what stands between them.
FRAGMENTS = ("and", "or", "is", "not", "known", "unknown", "below", "of", "or more", "fewer than", "no", "3", "30 days",
             "days", "visits", "spend", "to", "to under", "exactly", "all", "(or unknown)", "all customers", "x and", ",",
             "number of", "$3", "20%", "within", "ß", "Visits", "{value}", "{words}", '"A"', "lower")  # fmt: skip
CATEGORIES = ("DE", "FR", "a and b", "A or B", "x, y", "unknown", "known", "not", "lower", "bronze or higher", "is",
              'the "best"', "", " ", " x ", "a\\", '"', "; or ", "(or unknown)", ".", "U.S.", "ß", "line\nbreak", "or",
              "visited and country is DE", '" and country is "FR')  # fmt: skip
TEMPLATES = ("took {value} or more of {it}", "at least {value} {it}", "{it} for {value} or longer", "{it} {value} up",
             "{it} the last {value}", "{it} {value} or more times", "more {it}, {value} or more ago or not at all")  # fmt: skip
BELOW = ("took less than {value} of {it}", "within the last {value} {it}", "{it} fewer than {value} times", "{it} under {value}",
         "within the last {value}: {it}")  # fmt: skip


def toml(features: list[Feature], currency: str = "$", noun: str = "customers") -> str:
    """A contract of these features."""
    keys = ("kind", "words", "unit", "at_least", "below", "between", "some", "none")
    lines = ["[table]", 'id = "id"', 'label = "y"', f"currency = {json.dumps(currency)}", f"noun = {json.dumps(noun)}"]
    for feature in features:
        lines.append(f"[features.{feature.name}]")
        lines += [f"{key} = {json.dumps(str(getattr(feature, key)))}" for key in keys if getattr(feature, key)]
        lines += [f"order = {json.dumps(list(feature.order))}"] if feature.order else []
        lines += ['missing = "unknown"'] if feature.missing else []
        lines += ["min = 1"] if feature.minimum else []
    return "\n".join(lines)


def feature_of(draw: st.DrawFn, name: str, words: str) -> Feature:
    kind = draw(st.sampled_from(KINDS))
    often = draw(st.booleans()) and kind.numeric

    def phrase(choices: tuple[str, ...]) -> str:
        return draw(st.sampled_from(choices)).replace("{it}", words.replace("{value}", "v")) if often else ""

    return Feature(
        name=name,
        group="",
        kind=kind,
        words=words,
        unit=draw(st.sampled_from(["", "seconds", "hours", "pages", "s"])),
        minimum=draw(st.sampled_from([None, 1.0])) if kind.numeric else None,
        missing=draw(st.sampled_from([None, "unknown"])),
        order=tuple(draw(st.permutations(["none", "bronze", "silver or so", "gold"]))) if kind.lists_values else (),
        at_least=phrase(TEMPLATES),
        below=phrase(BELOW),
        some=phrase(("did {it}", "took some {it}")),
        none=phrase(("did not {it}", "took no {it}")),
    )


@st.composite
def contracts(draw: st.DrawFn, nasty: bool) -> Contract:
    """A contract that loads; where nasty, its features are named by the words that sentences are made of."""
    count = draw(st.integers(1, 4))
    fragments = st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=3).map(" ".join)
    tame = [f"thing {i}" for i in range(count)]
    words = draw(st.lists(fragments, min_size=count, max_size=count, unique=True)) if nasty else tame
    features = [feature_of(draw, f"f{i}", text) for i, text in enumerate(words)]
    currency, noun = draw(st.sampled_from(["$", "€", "kr ", "", "-"])), draw(st.sampled_from(["customers", "people"]))
    try:
        return parse(toml(features, currency, noun))
    except ContractError:
        assume(False)
        raise


THRESHOLDS = st.integers(-3, 60).map(float) | st.sampled_from([0.05, 0.2, 0.07, 1 / 3, 0.1 + 0.2, 1e15, 1e300, 5e-324])
THRESHOLDS |= st.floats(allow_nan=False, allow_infinity=False, width=64)


@st.composite
def questions(draw: st.DrawFn, contract: Contract) -> Condition:
    """Any condition that may be asked of a contract's features."""
    feature = draw(st.sampled_from(contract.features))
    may_miss = feature.missing is not None
    if may_miss and draw(st.integers(0, 4)) == 0:
        either: list[Condition] = [MissingCondition(feature.name), NumberCondition(feature.name)]
        return draw(st.sampled_from(either))
    missing = may_miss and draw(st.booleans())
    if feature.kind.numeric:
        edges = sorted(draw(st.lists(THRESHOLDS, min_size=2, max_size=2, unique=True)))
        lower, upper = draw(st.sampled_from([(edges[0], None), (None, edges[1]), (edges[0], edges[1])]))
        return NumberCondition(feature.name, lower, upper, missing)
    choices = st.sampled_from(feature.order) if feature.order else st.sampled_from(CATEGORIES) | st.text(max_size=5)
    values = draw(st.lists(choices, min_size=1, max_size=4, unique=True))
    if bool(feature.order) and draw(st.booleans()):
        values = list(feature.order[: len(values)])
    return CategoryCondition(feature.name, tuple(values), draw(st.booleans()), missing)


@st.composite
def several_rules(draw: st.DrawFn, nasty: bool) -> tuple[Contract, list[Rule]]:
    contract = draw(contracts(nasty))
    asked = draw(st.lists(st.lists(questions(contract), max_size=4), min_size=1, max_size=3))
    merged = [conditions for several in asked if (conditions := simplify(several)) is not None]
    assume(merged)
    return contract, [Rule(conditions, "S1") for conditions in merged]


def assert_reads_back(contract: Contract, found: list[Rule]) -> None:
    for rule in found:
        words = rule_words(rule, contract)
        assert parse_rule(words, contract) == rule.conditions, words
        assert parse_rule(capital(words), contract) == rule.conditions, words
    words = definition(found, contract)
    assert parse_definition(words, contract) == tuple(rule.conditions for rule in found), words


@settings(max_examples=100)
@given(several_rules(nasty=False))
def test_words_lead_back_to_the_rule(case: tuple[Contract, list[Rule]]) -> None:
    assert_reads_back(*case)


@settings(max_examples=100)
@given(several_rules(nasty=True))
def test_words_lead_back_to_the_rule_whatever_features_are_called(case: tuple[Contract, list[Rule]]) -> None:
    assert_reads_back(*case)


@st.composite
def trees(draw: st.DrawFn, contract: Contract, depth: int = 3) -> Node:
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return Leaf(draw(st.sampled_from(["S1", "S2", "S3"])))
    question = draw(questions(contract))
    if isinstance(question, NumberCondition) and None not in (question.lower, question.upper):
        question = NumberCondition(
            question.feature, question.lower, None, question.missing
        )  # a tree asks for one bound
    return Split(question, draw(trees(contract, depth - 1)), draw(trees(contract, depth - 1)))


def asked_in(node: Node) -> list[Condition]:
    return [node.test, *asked_in(node.yes), *asked_in(node.no)] if isinstance(node, Split) else []


@st.composite
def customers_of(draw: st.DrawFn, contract: Contract, tree: Node) -> Columns:
    """Rows on every threshold of a tree and beside it, of every category it asks for, unheard of and missing."""
    n = draw(st.integers(1, 20))
    columns: dict[str, np.ndarray | Category] = {}
    for feature in contract.features:
        asked = [test for test in asked_in(tree) if test.feature == feature.name]
        gap = [math.nan] if feature.missing else []
        if feature.kind.numeric:
            edges = [edge for test in asked if isinstance(test, NumberCondition) for edge in (test.lower, test.upper)]
            around = [
                x
                for e in edges
                if e is not None
                for x in (math.nextafter(e, -math.inf), e, math.nextafter(e, math.inf))
                if math.isfinite(x)  # the contract lets no other in
            ]
            columns[feature.name] = np.array(
                draw(st.lists(st.sampled_from([*around, 0.0, *gap]), min_size=n, max_size=n))
            )
        else:
            named = [v for test in asked if isinstance(test, CategoryCondition) for v in test.values]
            values = tuple(dict.fromkeys([*named, "unheard of"]))
            codes = draw(st.lists(st.integers(-1 if gap else 0, len(values) - 1), min_size=n, max_size=n))
            columns[feature.name] = Category(np.array(codes, dtype=np.int32), values)
    return columns


@given(st.data())
def test_tree_rules_and_words_give_each_row_the_same_segment(data: st.DataObject) -> None:
    contract = data.draw(contracts(nasty=False))
    tree = data.draw(trees(contract))
    columns = data.draw(customers_of(contract, tree))
    found = rules(tree, contract)
    read = [Rule(parse_rule(capital(rule_words(rule, contract)), contract), rule.segment) for rule in found]
    for several in (found, read):
        matches = np.array([rule.matches(columns) for rule in several])
        np.testing.assert_array_equal(matches.sum(axis=0), 1)
        by_rule = np.array([rule.segment for rule in several])[matches.argmax(axis=0)]
        np.testing.assert_array_equal(by_rule, assign(tree, columns))


def test_the_words_of_a_learnt_model_give_every_customer_its_segment(model: Model, customers: pa.Table) -> None:
    columns = columns_of(customers, model.contract.features)
    ids = assign(model.segmentation.tree, columns)
    for segment in json.loads(model.files["segments.json"])["segments"]:
        read = parse_definition(segment["definition"], model.contract)
        assert tuple(parse_rule(text, model.contract) for text in segment["rules"]) == read
        inside = np.logical_or.reduce([Rule(conditions, "").matches(columns) for conditions in read])
        np.testing.assert_array_equal(inside, ids == segment["id"])


SHOP = parse("""
[table]
id = "id"
label = "y"
noun = "readers"
[features.visits]
kind = "count"
words = "visits"
at_least = "visited {value} or more times"
below = "visited fewer than {value} times"
some = "visited"
none = "never visited"
[features.orders]
kind = "count"
words = "orders"
[features.country]
kind = "category"
words = "country"
missing = "unknown"
""")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("visited", (NumberCondition("visits", 1.0),)),
        ("Visited at least once", None),  # never written, as the contract has words for it
        ("Visited 1 or more times", (NumberCondition("visits", 1.0),)),
        ("visited fewer than 3 times", (NumberCondition("visits", None, 3.0),)),
        ("Visited at most once", (NumberCondition("visits", None, 2.0),)),
        ("Visited 2 or more times and visited fewer than 5 times", (NumberCondition("visits", 2.0, 5.0),)),
        ("Visited 5 or more times and visited fewer than 2 times", None),
        ("2 to 4 orders and country is not DE", (NumberCondition("orders", 2.0, 5.0), CategoryCondition("country", ("DE",), False))),
        ("Country is unknown", (MissingCondition("country"),)),
        ('Country is "unknown"', (CategoryCondition("country", ("unknown",)),)),
        ("Country is unknown (or unknown)", None),
        ("Country is DE (or unknown)", (CategoryCondition("country", ("DE",), True, True),)),
        ("Country is DE or unknown", None),  # a category of that name would stand in quotes
        ('Country is "DE', None),
        ("All readers", ()),
        ("All customers", None),
        ("Visited and", None),
        ("VISITED", None),
        ("", None),
        ("visited 3 times or so", None),
    ],
)  # fmt: skip
def test_words_are_read_for_what_they_say(text: str, read: tuple[Condition, ...] | None) -> None:
    if read is not None:
        assert parse_rule(text, SHOP) == read
        return
    with pytest.raises(
        WordsError, match="expected the words of one rule; got words that no phrase of the contract fits"
    ):
        parse_rule(text, SHOP)


def test_a_definition_ends_in_a_full_stop() -> None:
    assert parse_definition("Visited; or country is DE.", SHOP) == (
        (NumberCondition("visits", 1.0),),
        (CategoryCondition("country", ("DE",)),),
    )
    for text in ("Visited; or country is DE", "Visited; or Country is DE.", "Visited;or country is DE.", "."):
        with pytest.raises(WordsError, match="no phrase of the contract fits"):
            parse_definition(text, SHOP)


def test_words_with_two_meanings_are_an_error() -> None:
    # Such a contract does not load; one made by hand may still be met.
    twice = parse(SHOP.text)
    twice.features[1].__dict__["some"] = "visited"
    with pytest.raises(WordsError, match="got words that mean more than one"):
        parse_rule("visited", twice)


def test_every_condition_of_northstars_contract_reads_back(contract: Contract) -> None:
    for feature in contract.features:
        if feature.kind.numeric:
            for lower, upper in (
                (1.0, None),
                (None, 1.0),
                (None, 2.0),
                (2.0, 5.0),
                (1.0, 2.0),
                (None, 7.0),
                (0.2, 0.5),
            ):
                condition = NumberCondition(feature.name, lower, upper)
                (phrase,) = phrases(condition, contract)
                assert parse_rule(phrase, contract) == (condition,)
