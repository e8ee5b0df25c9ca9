"""What a drafted table is of, who its rows are, and whether its outcome is to be prevented, by names alone."""

from __future__ import annotations

import pyarrow as pa
import pytest

from northstar_explain.contract import Contract, draft, parse

ROWS = 60


def drafted(names: list[str], label: str, id: str = "id", values: tuple[object, object] = (0, 1)) -> Contract:
    columns: dict[str, list[object]] = {id: [f"k{n}" for n in range(ROWS)]}
    columns |= {name: [(n * (7 + place)) % 23 for n in range(ROWS)] for place, name in enumerate(names)}
    columns[label] = [values[n % 3 == 0] for n in range(ROWS)]
    return parse(draft(pa.table(columns), id, label, "t"))


@pytest.mark.parametrize(
    ("names", "domain"),
    [
        (["orders_90d", "basket_value", "age_days"], "shop"),
        (["loan_amount", "total_debt", "visits"], "bank"),
        (["appointments", "no_shows", "patient_years"], "visits"),
        (["avg_balance_eur", "cash_withdrawals_90d", "products_held"], "bank"),
        (["contract_months", "billing_changes", "total_charges"], "subscription"),
        (["orders_90d", "age_days"], ""),  # one word may mean anything
        (["orders", "basket_value", "loan_amount", "total_debt"], ""),  # as much of one as of another
        (["borders", "planet", "score_a"], ""),  # parts of other words
    ],
)
def test_a_domain_is_drafted_where_several_names_speak_of_it_and_of_no_other(names: list[str], domain: str) -> None:
    assert drafted(names, "target").domain == domain


@pytest.mark.parametrize(
    ("id", "names", "noun"),
    [
        ("member_id", ["a", "b"], "members"),
        ("row_key", ["a", "b"], "people"),
        ("visit_id", ["a", "b"], "visits"),
        ("visitor_id", ["a", "b"], "visitors"),
        ("key", ["orders", "basket"], "customers"),
    ],
)
def test_rows_are_called_what_the_id_says_or_else_people(id: str, names: list[str], noun: str) -> None:
    assert drafted(names, "target", id).noun == noun


def test_a_label_that_is_the_only_one_is_not_listed_as_one_of_several() -> None:
    columns = {
        "id": [f"k{n}" for n in range(ROWS)],
        "opened": [n % 3 // 2 for n in range(ROWS)],
        "a": list(range(ROWS)),
    }
    text = draft(pa.table(columns), "id", None, "t")
    assert "The draft takes opened (the only column of two values, and its name does not say)" in text


@pytest.mark.parametrize(
    ("label", "values", "wanted"),
    [
        ("churned_next_30d", (0, 1), False), ("status", ("good", "bad"), False), ("Attrition", ("No", "Yes"), False),
        ("loan_status", ("default", "paid in full"), False), ("bought", (0, 1), True), ("LateSept", (0, 1), False),
        ("related", (0, 1), True),
    ],
)  # fmt: skip
def test_what_is_to_be_prevented_is_not_wanted(label: str, values: tuple[object, object], wanted: bool) -> None:
    assert drafted(["a", "b"], label, values=values).wanted == wanted


def test_who_did_not_order_lately_is_not_called_one_who_never_orders() -> None:
    contract = drafted(["orders", "orders_90d"], "target")
    assert (contract["orders"].zero, contract["orders_90d"].zero) == ("not-ordering", "lately not-ordering")
