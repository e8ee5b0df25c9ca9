"""The optional section [economics] of a contract: read, checked, and left out where it is not."""

from __future__ import annotations

import pytest

from northstar_explain.contract import northstar, parse
from northstar_explain.contract.economics import Economics
from northstar_explain.errors import ContractError

CONTRACT = """
[table]
id = "id"
label = "bought"
[features.orders]
kind = "count"
words = "orders"
"""


def economics_of(section: str) -> Economics | None:
    return parse(CONTRACT + section).economics


def test_the_section_is_optional() -> None:
    assert economics_of("") is None


def test_voucher_and_budget_are_optional() -> None:
    assert economics_of("[economics]\nmargin = 24\ncontact_cost = 0.5\n") == Economics(24.0, 0.5, 0.0, None)
    whole = "[economics]\nmargin = 24\ncontact_cost = 0\nvoucher = 5.5\nbudget = 1000\n"
    assert economics_of(whole) == Economics(24.0, 0.0, 5.5, 1000.0)


def test_northstar_states_its_assumptions() -> None:
    assert northstar().economics == Economics(24.0, 0.5, 0.0, 20_000.0, assumed=True)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("contact_cost = 1", "economics.margin: expected a number above 0; got nothing. Add this key."),
        ("margin = 1", "economics.contact_cost: expected a number of 0 or more; got nothing. Add this key."),
        ("margin = 0\ncontact_cost = 1", "economics.margin: expected a number above 0; got 0"),
        ("margin = nan\ncontact_cost = 1", "economics.margin: expected a finite number; got one that is not"),
        ("margin = 1\ncontact_cost = -0.1", "economics.contact_cost: expected a number of 0 or more; got -0.1"),
        ("margin = 1\ncontact_cost = 1\nvoucher = -1", "economics.voucher: expected a number of 0 or more; got -1"),
        ("margin = 1\ncontact_cost = 1\nbudget = 0", "economics.budget: expected a number above 0; got 0"),
        ('margin = "1"\ncontact_cost = 1', "economics.margin: expected a number; got 1"),
        ("margin = true\ncontact_cost = 1", "economics.margin: expected a number; got True"),
        (
            "margin = 1\ncontact_cost = 1\nprice = 2",
            "economics.price: expected one of margin, contact_cost, voucher, budget, assumed; got an unknown key",
        ),
    ],
)
def test_what_is_wrong_is_named(section: str, message: str) -> None:
    with pytest.raises(ContractError) as error:
        economics_of(f"[economics]\n{section}\n")
    assert message in str(error.value)


def test_an_empty_section_is_refused() -> None:
    with pytest.raises(ContractError, match=r"economics: expected a section \[economics\]; got nothing"):
        economics_of("[economics]\n")


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(ContractError, match="3 faults"):
        economics_of("[economics]\nmargin = -1\ncontact_cost = -1\nbudget = -1\n")


@pytest.mark.parametrize(
    "amounts", [(0.0, 1.0), (float("nan"), 1.0), (1.0, -1.0), (1.0, 1.0, -1.0), (1.0, 1.0, 0.0, 0.0)]
)
def test_python_refuses_the_same(amounts: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="expected a number"):
        Economics(*amounts)
