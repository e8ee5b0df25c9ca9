"""Features that have no meaning for some customers, and traits: read from a contract, and what is wrong with them."""

from __future__ import annotations

import numpy as np
import pytest

from northstar_explain.contract import Contract, parse
from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.contract.definedness import defined
from northstar_explain.contract.expressions import matches
from northstar_explain.errors import ContractError

TEXT = """
[table]
id = "id"
label = "bought"
theme_weight = 0.5

[features.order_value]
kind = "amount"
words = "order value"
defined_when = "orders > 0"
theme = "money"

[features.orders]
kind = "count"
words = "orders"
min = 0
likeness = false

[features.age]
kind = "count"
words = "age"
sensitive = true

[traits.big]
words = "big spenders"
when = "order_value >= 100"

[traits.never]
words = "never ordered"
when = "orders = 0"
"""


def faults(text: str) -> list[str]:
    with pytest.raises(ContractError) as caught:
        parse(text, "c.toml")
    return [str(fault) for fault in caught.value.faults]


def test_the_keys_are_read() -> None:
    contract = parse(TEXT)
    assert contract["order_value"].defined_when == (NumberCondition("orders", lower=1.0),)
    assert contract["orders"].defined_when == ()
    assert (contract["order_value"].theme, contract["orders"].theme) == ("money", "")
    assert (contract["order_value"].likeness, contract["orders"].likeness) == (None, False)
    assert contract.theme_weight == 0.5
    assert [(trait.name, trait.words, trait.column, trait.text) for trait in contract.traits] == [
        ("big", "big spenders", "trait_big", "order_value >= 100"),
        ("never", "never ordered", "trait_never", "orders = 0"),
    ]
    assert parse(contract.text, sealed=True) == contract


def test_without_the_keys_nothing_is_conditional() -> None:
    contract = parse(
        TEXT[: TEXT.index("[traits.big]")].replace('defined_when = "orders > 0"', "").replace("theme_w", "#")
    )
    assert (contract.traits, contract.theme_weight, contract["order_value"].defined_when) == ((), 0.0, ())
    assert defined(contract["order_value"], {}) is None


def test_customers_are_compared_by_what_is_not_sensitive_unless_the_contract_says_so() -> None:
    assert [feature.name for feature in parse(TEXT).likeness_features] == ["order_value"]
    text = TEXT.replace("likeness = false", "segments = false").replace(
        "sensitive = true", 'sensitive = true\nallow = ["segments"]'
    )
    assert [feature.name for feature in parse(text).likeness_features] == ["order_value", "orders", "age"]


def test_a_value_without_a_meaning_gives_no_trait() -> None:
    contract = parse(TEXT)
    columns = {"orders": np.array([0.0, 1.0, 1.0, 1.0]), "order_value": np.array([500.0, 100.0, 99.0, np.nan])}
    assert defined(contract["order_value"], columns).tolist() == [False, True, True, True]  # type: ignore[union-attr]
    assert defined(contract["orders"], columns) is None
    assert matches(contract.traits[0].conditions, columns).tolist() == [False, True, False, False]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (('"orders > 0"', '"order > 0"'), "features.order_value.defined_when: expected a feature of this contract; got order. Correct"),
        (('"orders > 0"', "3"), "features.order_value.defined_when: expected text; got 3. Put it in quotes."),
        (('"orders > 0"', '""'), "features.order_value.defined_when: expected text; got ''."),
        (('"orders > 0"', '"orders >"'), "features.order_value.defined_when: expected a number or a text in single quotes; got the end"),
        (('"orders > 0"', '"order_value > 0"'), "features.order_value.defined_when: expected other features; got order_value."),
        (("likeness = false", 'defined_when = "age > 1"'),
         "features.order_value.defined_when: expected features that always have a meaning; got orders, which has defined_when itself."),
        (('"orders > 0"', '"age > 0"'), "features.order_value.defined_when: expected features that are not sensitive; got age."),
        (("sensitive = true", "sensitive = true\nlikeness = true"), "features.age.likeness: expected a feature that is not sensitive; got true"),
        (("likeness = false", "likeness = 0"), "features.orders.likeness: expected true or false; got 0"),
        (('theme = "money"', "theme = 1"), "features.order_value.theme: expected text; got 1"),
        (("theme_weight = 0.5", "theme_weight = 1.5"), "table.theme_weight: expected a number from 0 to 1; got 1.5"),
        (("theme_weight = 0.5", 'theme_weight = "all"'), "table.theme_weight: expected a number; got all"),
        (("order_value >= 100", "value >= 100"), "traits.big.when: expected a feature of this contract; got value."),
        (("order_value >= 100", "age >= 60"),
         "traits.big.when: expected features that are not sensitive; got age. Allow it with allow = [\"segments\"] in features.age"),
        (("order_value >= 100", "order_value >= 100 and orders = 0"),
         "traits.big.when: expected conditions that a row with a defined order_value can meet; got order_value >= 100 and orders = 0."),
        (("order_value >= 100", "orders = 0.0"), "traits.never.when: expected a condition other than that of big; got orders = 0"),
        (('"never ordered"', '"Big spenders"'), "traits.never.words: expected words other than those of big; got Big spenders"),
        (('words = "never ordered"', ""), "traits.never.words: expected text; got nothing. Add this key."),
        (('when = "orders = 0"', ""), "traits.never.when: expected text; got nothing. Add this key."),
        (('when = "orders = 0"', 'when = "orders = 0"\nrole = "x"'), "traits.never.role: expected one of words, when; got an unknown key"),
        (("traits.never", "traits.Never"), "traits.Never: expected a name of at most 40 lower-case letters, digits and _"),
        (("traits.never", 'traits."a b"'), "traits.a b: expected a name of at most 40 lower-case letters"),
        (('[traits.never]\nwords = "never ordered"\nwhen = "orders = 0"', "[traits]\nnever = 1"), "traits.never: expected a section [traits.never]; got 1"),
        (('id = "id"', 'id = "traits"'), "table.id: expected a column of another name; got traits, a column that the trait big gives to scores"),
        (('id = "id"', 'id = "Trait_never"'), "table.id: expected a column of another name; got Trait_never"),
    ],
)  # fmt: skip
def test_each_fault_names_its_key(change: tuple[str, str], fault: str) -> None:
    text = TEXT.replace(*change)
    assert text != TEXT
    if change[1].startswith("[traits]"):
        text = text[: text.index("[traits.big]")] + change[1]
    found = faults(text)
    assert [one for one in found if one.startswith(fault)], found


def test_what_is_allowed_may_be_asked_for(contract: Contract) -> None:
    text = TEXT.replace("sensitive = true", 'sensitive = true\nallow = ["segments"]').replace(
        "order_value >= 100", "age >= 60"
    )
    assert parse(text).traits[0].conditions == (NumberCondition("age", lower=60.0),)
