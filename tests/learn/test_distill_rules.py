"""From tests on codes to conditions: the same rows on either side, and of categories the value that is meant."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract import Category, parse
from northstar_explain.contract.columns import Columns
from northstar_explain.learn import distill as engine
from northstar_explain.learn.distill_rules import Coding, to_conditions
from northstar_explain.model.parsing import parse_definition
from northstar_explain.model.rules import Leaf, Node, Split, assign, rules
from northstar_explain.model.segments import rules_by_segment
from northstar_explain.model.wording import definition

CONTRACT = parse("""
[table]
id = "id"
label = "y"
[features.outcome]
kind = "category"
words = "the last campaign"
missing = "never called"
[features.loan]
kind = "category"
words = "loan"
[features.tier]
kind = "ordered"
words = "tier"
order = ["none", "bronze", "silver", "gold"]
missing = "guest"
[features.orders]
kind = "count"
words = "orders"
missing = "unknown"
""")
BY_NAME = {feature.name: feature for feature in CONTRACT.features}
OUTCOMES = ("failure", "other", "success", "unknown")
LOANS = ("no", "yes")
TIERS = ("none", "bronze", "silver", "gold")
CODINGS = [
    Coding(CONTRACT["outcome"], np.empty(0), OUTCOMES, 1),
    Coding(CONTRACT["loan"], np.empty(0), LOANS, 0),
    Coding(CONTRACT["tier"], np.empty(0), TIERS, 1),
    Coding(CONTRACT["orders"], np.array([1.0, 3.0]), (), 1),
]


def among(feature: int, *codes: int) -> engine.BinTest:
    return engine.BinTest(feature, 0, 0 in codes and bool(CODINGS[feature].first), codes)


@st.composite
def bin_tests(draw: st.DrawFn) -> engine.BinTest:
    feature = draw(st.integers(0, 3))
    bins = CODINGS[feature].bins
    if bins.categorical:
        codes = draw(st.sets(st.integers(0, bins.n_bins - 1), min_size=1, max_size=bins.n_bins - 1))
        return among(feature, *sorted(codes))
    # The engine never asks what all rows fit, or none.
    cut = draw(st.integers(1, bins.n_bins))
    return engine.BinTest(feature, cut, cut == 1 or (cut < bins.n_bins and draw(st.booleans())))


@st.composite
def bin_trees(draw: st.DrawFn, most: int = 4) -> engine.BinTree:
    if not most or not draw(st.integers(0, 3)):
        return Leaf(draw(st.integers(0, 3)))
    return Split(draw(bin_tests()), draw(bin_trees(most - 1)), draw(bin_trees(most - 1)))


def table(rows: list[Any]) -> Columns:
    texts = [[row[place] for row in rows] for place in range(3)]
    coded = {name: category(column) for name, column in zip(("outcome", "loan", "tier"), texts, strict=True)}
    return {**coded, "orders": np.array([row[3] for row in rows])}


def category(texts: list[str | None]) -> Category:
    values = sorted({text for text in texts if text is not None})
    return Category(np.array([-1 if text is None else values.index(text) for text in texts]), tuple(values))


@st.composite
def tables(draw: st.DrawFn, unseen: bool) -> Columns:
    more = ("new",) if unseen else ()
    row = st.tuples(
        st.sampled_from([None, *OUTCOMES, *more]), st.sampled_from([*LOANS, *more]), st.sampled_from([None, *TIERS]),
        st.sampled_from([np.nan, 0.0, 1.0, 2.0, 3.0]),
    )  # fmt: skip
    return table(draw(st.lists(row, min_size=1, max_size=30)))


@given(bin_trees(), tables(unseen=False))
def test_conditions_send_each_row_where_the_tests_on_codes_do(tree: engine.BinTree, columns: Columns) -> None:
    codes = np.column_stack([coding.codes(columns) for coding in CODINGS])
    _, groups = engine.assign(tree, codes, [coding.bins for coding in CODINGS])
    assert assign(to_conditions(tree, CODINGS, BY_NAME), columns).tolist() == [str(group) for group in groups]


@given(bin_trees(), tables(unseen=True))
def test_values_that_no_row_had_fit_exactly_one_rule_too_and_words_lead_back(
    tree: engine.BinTree, columns: Columns
) -> None:
    found = to_conditions(tree, CODINGS, BY_NAME)
    matches = np.array([rule.matches(columns) for rule in rules(found, CONTRACT)])
    np.testing.assert_array_equal(matches.sum(axis=0), 1)
    for several in rules_by_segment(found, CONTRACT).values():
        words = definition(several, CONTRACT)
        assert parse_definition(words, CONTRACT) == tuple(rule.conditions for rule in several)


def said(tree: Node) -> list[str]:
    return [definition(several, CONTRACT) for _, several in sorted(rules_by_segment(tree, CONTRACT).items())]


@pytest.mark.parametrize("codes", [(1, 2, 4), (3,), (0, 1, 2, 4), (0, 3)])
def test_the_one_value_of_a_side_is_named_whichever_side_the_test_asks_for(codes: tuple[int, ...]) -> None:
    found = said(to_conditions(Split(among(0, *codes), Leaf(0), Leaf(1)), CODINGS, BY_NAME))
    missing = " (or unknown)"
    success = int(3 not in codes)
    assert found[success].startswith("The last campaign is success")
    assert found[1 - success].startswith("The last campaign is not success")
    assert [missing in words for words in found] == [0 in codes, 0 not in codes]


@pytest.mark.parametrize("codes", [(0,), (1,)])
def test_of_yes_and_no_a_rule_names_yes(codes: tuple[int, ...]) -> None:
    found = said(to_conditions(Split(among(1, *codes), Leaf(0), Leaf(1)), CODINGS, BY_NAME))
    assert sorted(found) == ["Loan is not yes.", "Loan is yes."]


def test_only_the_values_that_reach_a_split_are_listed() -> None:
    """After "unknown" has gone elsewhere, failure and other are two values of three, and success is one."""
    tree = Split(among(0, 0, 4), Leaf(0), Split(among(0, 1, 2), Leaf(1), Leaf(2)))
    assert said(to_conditions(tree, CODINGS, BY_NAME)) == [
        "The last campaign is unknown (or unknown).".replace("is unknown (", 'is "unknown" ('),
        "The last campaign is not \"unknown\" or success.",
        "The last campaign is success.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("cut", "words"),
    [
        (2, ["Tier is none.", "Tier is bronze or higher (or unknown)."]),
        (3, ["Tier is bronze or lower.", "Tier is silver or higher (or unknown)."]),
        (4, ["Tier is silver or lower.", "Tier is gold, the highest (or unknown)."]),
    ],
)
def test_ordered_categories_are_said_by_their_order(cut: int, words: list[str]) -> None:
    tree = Split(engine.BinTest(2, cut, False), Leaf(0), Leaf(1))
    assert said(to_conditions(tree, CODINGS, BY_NAME)) == words


def test_missing_alone_and_known_alone() -> None:
    assert said(to_conditions(Split(among(0, 0), Leaf(0), Leaf(1)), CODINGS, BY_NAME)) == [
        "The last campaign is unknown.",
        "The last campaign is known.",
    ]
    assert said(to_conditions(Split(among(0, 1, 2, 3, 4), Leaf(0), Leaf(1)), CODINGS, BY_NAME)) == [
        "The last campaign is known.",
        "The last campaign is unknown.",
    ]
