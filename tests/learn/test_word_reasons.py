"""Reasons are said as people say them: in the contract's phrases, with round numbers, and true of the bin's rows."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from helpers import digits
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract import Category, Contract, parse
from northstar_explain.contract.columns import columns_of
from northstar_explain.learn.word_reasons import range_words, with_reasons
from northstar_explain.model import Model
from northstar_explain.model.scorecard import CategoryBins, NumberBins, Scorecard, Term

# A bank and a table of visits, as `explain init` drafts them, with a phrase of their own here and there.
BANK = parse("""
[table]
id = "account"
label = "left"
currency = "€"
noun = "clients"
[features.transfers]
kind = "count"
words = "transfers in the last 90 days"
min = 0
[features.cash]
kind = "count"
words = "cash withdrawals in the last 90 days"
min = 0
[features.utilisation]
kind = "rate"
words = "share of the credit line that is used"
min = 0
max = 1
missing = "no credit line"
[features.balance]
kind = "amount"
words = "balance"
min = 0
[features.loss]
kind = "amount"
words = "profit or loss"
[features.average_transfer]
kind = "amount"
words = "average transfer (0: none)"
min = 0
defined_when = "transfers > 0"
[features.since]
kind = "days"
words = "days since the last login"
min = 0
[features.call]
kind = "duration"
words = "length of the last call"
min = 0
[features.visits]
kind = "count"
words = "visits"
at_least = "visited {value} or more branches"
below = "visited fewer than {value} branches"
none = "never visited a branch"
min = 0
[features.late]
kind = "rate"
words = "share of payments that were late"
none = "never paid late"
at_least = "paid {value} or more of their bills late"
below = "paid less than {value} of their bills late"
min = 0
max = 1
[features.country]
kind = "category"
words = "country"
missing = "unknown"
""")


@pytest.mark.parametrize(
    ("name", "lower", "upper", "expected"),
    [
        ("transfers", None, 0.5, "no transfers in the last 90 days"),
        ("transfers", 0.5, 1.5, "1 transfer in the last 90 days"),
        ("transfers", 1.5, 4.5, "2 to 4 transfers in the last 90 days"),
        ("transfers", 999.5, None, "1,000 or more transfers in the last 90 days"),
        ("transfers", None, 2.5, "fewer than 3 transfers in the last 90 days"),
        ("visits", None, 0.5, "never visited a branch"),
        ("visits", 0.5, 1.5, "visited 1 branch"),
        ("cash", 0.5, 1.5, "1 cash withdrawal in the last 90 days"),
        ("since", None, 2.5, "less than 3 days since the last login"),
        ("since", 3.5, 9.5, "4 to 9 days since the last login"),
        ("utilisation", 0.1342, 0.2268, "share of the credit line that is used of 13% to under 23%"),
        ("utilisation", 0.1342, 0.1349, "share of the credit line that is used of about 13%"),
        ("utilisation", None, 0.0008, "share of the credit line that is used below 1%"),
        ("utilisation", 0.0008, 0.004, "share of the credit line that is used below 1%"),
        ("utilisation", 0.9961, None, "share of the credit line that is used of 99% or more"),
        ("balance", 12.345, 1234.56, "balance of €12 to under €1,230"),
        ("balance", 2.25, 2.251, "balance of about €2.25"),
        ("loss", -1234.5, -0.004, "profit or loss of -€1,230 to under €0"),
        ("call", 61.3, 154.2, "length of the last call of 60 seconds to under 2.5 minutes"),
        ("call", None, None, "length of the last call is known"),
    ],
)
def test_a_bin_is_said_with_round_numbers(name: str, lower: float | None, upper: float | None, expected: str) -> None:
    assert range_words(BANK[name], lower, upper, False, BANK) == expected


@pytest.mark.parametrize(
    ("name", "upper", "expected"),
    [
        ("late", 0.0008, "never paid late"),
        ("late", 0.031, "never paid late (or below 3%)"),
        ("utilisation", 0.0008, "none of the credit line that is used"),
        ("balance", 2.25, "no balance (or below €2.25)"),
        ("balance", 0.004, "no balance"),
        ("average_transfer", 2.25, "average transfer of €0 (or below €2.25)"),
        ("call", 0.2, "length of the last call of 0 seconds (or below 0.2 seconds)"),
    ],
)
def test_a_bin_of_zeros_alone_is_said_as_none(name: str, upper: float, expected: str) -> None:
    assert range_words(BANK[name], None, upper, True, BANK) == expected


@given(st.lists(st.integers(0, 400).map(lambda n: n + 0.5), min_size=1, max_size=6, unique=True))
def test_bins_of_a_count_follow_each_other_without_a_gap(cuts: list[float]) -> None:
    edges = [None, *sorted(cuts), None]
    below = 0  # the next number to be named
    for lower, upper in pairwise(edges):
        text = range_words(BANK["visits"], lower, upper, False, BANK)
        found = [int(n) for n in digits(text.replace("once", "1").replace("never", "0"))]
        if upper is None:
            assert found == [below] and "or more" in text
        elif lower is None:
            below = found[0] if "fewer" in text else 1
        else:
            assert found[0] == below and len(found) <= 2
            below = found[-1] + 1
        assert upper is None or below == int(upper + 0.5)


@given(st.lists(st.floats(0.01, 1e6), min_size=2, max_size=6, unique=True))
def test_bins_of_an_amount_are_said_in_their_order(cuts: list[float]) -> None:
    said = [range_words(BANK["balance"], a, b, False, BANK) for a, b in pairwise(sorted(cuts))]
    ends = [float(n) for text in said for n in digits(text)]
    assert ends == sorted(ends)


def card_of(*features: tuple[str, list[float]]) -> Scorecard:
    """A scorecard of numeric features with these cuts, their bins worth 1, 2, 3 and so on."""
    terms = []
    for name, cuts in features:
        axis = NumberBins(name, np.array(cuts))
        points = np.arange(1.0, axis.count + 1)
        terms.append(Term((axis,), points, points, points))
    return Scorecard(0.0, tuple(terms))


COLUMNS = {
    "transfers": np.array([0.0, 0.0, 1.0, 5.0]),
    "average_transfer": np.array([0.0, 0.0, 20.0, 30.0]),
    "late": np.array([0.0, 0.0, 0.0, 0.5]),
}


def test_what_has_no_meaning_is_said_to_have_none_and_why() -> None:
    card = card_of(("transfers", [0.5]), ("average_transfer", [2.25, 25.0]), ("late", [0.2]))
    transfers, average, late = with_reasons(card, BANK, COLUMNS).terms
    assert transfers.reasons[1] == "No transfers in the last 90 days: more likely"
    assert average.reasons[1] == "No average transfer (no transfers in the last 90 days): more likely"
    assert average.reasons[0] == "Average transfer not known: more likely"
    assert late.reasons[1] == "Never paid late (or below 20%): more likely"
    # Where both say one thing, they say it alike: they are one reason.
    together = with_reasons(card, BANK, COLUMNS, {"transfers": "transfers", "average_transfer": "transfers"})
    assert together.terms[1].reasons[1] == "No transfers in the last 90 days: more likely"
    # Without the training rows, a bin is said by its bounds.
    assert with_reasons(card, BANK).terms[1].reasons[1] == "Average transfer below €2.25: more likely"


def test_a_pair_belongs_to_the_theme_of_both_or_of_the_more_important() -> None:
    bins = {name: NumberBins(name, np.array([1.0])) for name in ("transfers", "visits", "late")}
    ones = np.ones((4, 4))
    alone = [
        Term((bins[name],), np.full(4, size), np.ones(4), np.ones(4))
        for name, size in (("transfers", 0.1), ("visits", 0.3), ("late", 0.2))
    ]
    pairs = [Term((bins[a], bins[b]), ones, ones, ones)
             for a, b in (("transfers", "visits"), ("transfers", "late"), ("visits", "late"))]  # fmt: skip
    themes = {"transfers": "activity", "visits": "activity"}
    found = with_reasons(Scorecard(0.0, (*alone, *pairs)), BANK, None, themes).terms
    assert [term.theme for term in found] == [
        "activity", "activity", "share of payments that were late",  # a feature in no theme stands alone
        "activity", "share of payments that were late", "activity",
    ]  # fmt: skip
    assert found[3].reasons[5] == "No transfers in the last 90 days, and never visited a branch: more likely"


def test_categories_and_directions() -> None:
    axis = CategoryBins("country", {"DE": 1, "FR": 2, **{f"C{i}": 3 for i in range(20)}})
    points = np.array([0.0, 1.0, -1.0, 1.0, -1.0])
    (term,) = with_reasons(Scorecard(0.0, (Term((axis,), points, points, points),)), BANK).terms
    assert term.reasons == (
        "Country not known: makes no difference",
        "Country is DE: more likely",
        "Country is FR: less likely",
        "Country is one of 20 rare values: more likely",
        "Country not seen in training: less likely",
    )


def test_reasons_of_a_model_are_told_apart_and_have_no_long_fractions(model: Model, contract: Contract) -> None:
    terms = model.scorecard.terms
    assert {term.theme for term in terms} >= {"visits", "orders", "e-mail"}
    said_by = defaultdict(set)
    for term in terms:
        for reason in term.reasons:
            said_by[reason.rpartition(":")[0]].add(term.theme)
            # Whole percents, and of other numbers two digits or whole ones.
            assert not re.search(r"\d\.\d+%|\d\.\d{3}|[1-9]\d\.\d", reason), reason
            assert not re.search(r"\b0%|\(366", reason), reason
    # One customer never hears the same twice, nor that one thing makes it both more and less likely.
    assert all(len(themes) == 1 for themes in said_by.values())


def test_what_a_reason_says_of_zeros_is_true_of_the_training_rows(model: Model, customers: pa.Table) -> None:
    columns = columns_of(customers, model.contract.features)
    for name, words in (
        ("add_to_cart_rate", "Never filled a cart"),
        ("orders_90d", "Did not order in the last 90 days"),
    ):
        (term,) = [term for term in model.scorecard.terms if term.name == name]
        column = columns[name]
        assert not isinstance(column, Category)
        said = np.array([term.reasons[place].startswith(words) for place in term.index(columns)])
        assert said.any() and (column[said] == 0).all() and (column[~said] > 0).all()
