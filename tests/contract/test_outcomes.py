"""Words that depend on the outcome and the noun of a contract."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shop import CONTRACT

from northstar_explain.contract import parse
from northstar_explain.contract.outcomes import is_people, model_words, those_with, who_does

SHOP = parse(CONTRACT)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("buys in the next 7 days", "purchase model"),
        ("orders again", "purchase model"),
        ("opens a savings account", "outcome model"),
        ("busy at work", "outcome model"),
    ],
)
def test_only_a_model_of_buying_is_called_purchase_model(outcome: str, words: str) -> None:
    assert model_words(replace(SHOP, outcome=outcome)) == words


@pytest.mark.parametrize("noun", ["customers", "clients", "households", "Visitors", "account holders"])
def test_people_do_what_the_outcome_says(noun: str) -> None:
    contract = replace(SHOP, noun=noun, outcome="buys")
    assert is_people(contract)
    assert (those_with(contract), who_does(contract)) == ("everyone who buys", "who buys")


@pytest.mark.parametrize("noun", ["visits", "Sessions", "orders", "bank accounts"])
def test_what_is_not_a_person_has_an_outcome(noun: str) -> None:
    contract = replace(SHOP, noun=noun, outcome="buys")
    assert not is_people(contract)
    assert those_with(contract) == f"all {noun} with the outcome “buys”"
    assert who_does(contract) == f"which of the {noun} have the outcome “buys”"
