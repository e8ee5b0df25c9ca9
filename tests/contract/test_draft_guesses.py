"""What a draft makes of names and values, what it asks, and that a table without an id or with text labels goes through."""

from __future__ import annotations

import decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from helpers import explain, plain
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain import tables
from northstar_explain.contract import Contract, check, draft, load, parse
from northstar_explain.contract.draft_label import outcome_words
from northstar_explain.contract.draft_names import read_name
from northstar_explain.contract.draft_orders import order_of
from northstar_explain.contract.draft_questions import MOST_QUESTIONS, Question, open_questions
from northstar_explain.errors import TableError

ROWS = 400
EVERY = np.arange(ROWS)
RNG = np.random.default_rng(4)
CHANCE = RNG.integers(0, 2, ROWS)  # a label that nothing tells


def table_of(**columns: object) -> pa.Table:
    return pa.table({"customer_id": [f"c{i}" for i in EVERY], **columns, "label": CHANCE})


def drafted(**columns: object) -> Contract:
    """The draft of a table with these columns; every row keeps it."""
    table = table_of(**columns)
    contract = parse(draft(table, None, "label"))
    assert check(table, contract, label=True).rejected.num_rows == 0
    return contract


@pytest.mark.parametrize(
    ("name", "words", "window"),
    [
        ("orders_90d", "orders", "90 days"), ("inq_last_6mths", "inquiries", "6 months"), ("spend_365d", "spend", "365 days"),
        ("bought_next_7d", "bought", "7 days"), ("MonthlyIncome", "monthly income", ""), ("StoreID", "store ID", ""),
        ("months_since_90d_late", "months since 90 d late", ""), ("spend_usd", "spend", ""),
        ("card_spend_90d_usd", "card spend", "90 days"), ("spend_usd_90d", "spend", "90 days"), ("MSKB1", "MSKB1", ""),
        ("avg_order_value", "average order value", ""), ("客户", "客户", ""), ("a b", "a b", ""),
        ("number_vmail_messages", "number voicemail messages", ""), ("int_rate", "interest rate", ""),
        ("num_failed", "number of failed", ""), ("print_rate", "print rate", ""),
    ],
)  # fmt: skip
def test_a_name_is_taken_apart(name: str, words: str, window: str) -> None:
    parts = read_name(name)
    assert (parts.words, parts.window, parts.ahead) == (words, window, "next" in name)


@given(st.text(max_size=12))
def test_any_name_can_be_taken_apart(name: str) -> None:
    parts = read_name(name)
    assert parts.words or not name.replace("_", " ").strip()


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("orders", EVERY % 9, "count"), ("number_of_calls", EVERY % 9, "count"), ("accounts_opened_24m", EVERY % 9, "count"),
        ("visits_before", EVERY % 18, "count"), ("rating", EVERY % 5 + 1, "ratio"), ("mood", EVERY % 5 + 1, "ratio"),
        ("score", EVERY % 9, "ratio"), ("JobLevel", 1 + EVERY % 5, "ratio"), ("MOSTYPE", EVERY % 41, "ratio"),
        ("margin", EVERY / 400 - 0.4, "ratio"), ("discount_eur", EVERY % 5 / 10, "amount"), ("balance", EVERY - 9.5, "amount"),
        ("MonthlyCharges", EVERY / 4, "amount"), ("total_credit_lines", EVERY % 30, "count"), ("open_rate", EVERY % 8 / 8, "rate"),
        ("share", EVERY % 8 / 16, "rate"), ("price_gap", EVERY % 8 / 16, "amount"), ("gap", EVERY % 8 / 16, "ratio"),
        ("days_since_visit", EVERY % 90, "days"), ("total_day_calls", EVERY % 90, "count"), ("call_seconds", EVERY / 2, "duration"),
        ("total_day_minutes", EVERY / 2, "ratio"), ("store_id", EVERY % 7, "category"), ("area_code", 400 + EVERY % 3, "category"),
        ("has_app", EVERY % 2, "category"), ("term", 36 + 24 * (EVERY % 2), "category"), ("items_per_order", 1 + EVERY / 99, "amount"),
    ],
)  # fmt: skip
def test_a_number_is_read_as_its_name_says(name: str, values: np.ndarray, kind: str) -> None:
    assert drafted(**{name: values})[name].kind == kind


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("constant", np.full(ROWS, 3), "always 3"),
        ("group", np.full(ROWS, "a"), "always 'a'"),
        ("postcode", [f"{i:05d}" for i in 1067 + EVERY], "400 different texts"),
        ("zip", 10_000 + EVERY, "a code of 400 different values"),
        ("phone", [f"+4930{i:06d}" for i in EVERY], "400 different texts"),
        ("line", 7 + EVERY, "a different whole number in nearly each row"),
        ("comment", [f"text {i % 90}" for i in EVERY], "90 different texts"),
    ],
)
def test_what_says_nothing_of_the_next_customer_is_left_out_and_named(name: str, values: object, why: str) -> None:
    text = draft(table_of(orders=EVERY % 9, **{name: values}), None, "label")
    assert name in parse(text).ignore
    assert f"# {name} is left out: {why}" in text


def test_many_categories_of_many_customers_each_stay(tmp_path: Path) -> None:
    values = [f"v{i % 60}" for i in range(6_000)]
    table = pa.table({"id": [f"c{i}" for i in range(6_000)], "home": values, "y": np.arange(6_000) % 7 % 2})
    feature = parse(draft(table, None, None))["home"]
    assert feature.kind == "category" and not feature.segments


@pytest.mark.parametrize(
    "order",
    [
        ("<25", "25-34", "35-44", "45+"), ("Low", "Medium", "High", "Very_High"), ("bronze", "silver", "gold"),
        ("S", "M", "L", "XL"), ("Month-to-month", "One year", "Two year"), ("Bad", "Good", "Better", "Best"),
        ("under 18", "18 to 24", "25 to 64", "65 and over"),
    ],
)  # fmt: skip
def test_scales_that_everybody_knows_are_ordered(order: tuple[str, ...]) -> None:
    assert order_of(sorted(order)) == order
    feature = drafted(size=[order[i % len(order)] for i in EVERY])["size"]
    assert feature.kind == "ordered" and feature.order == order


@pytest.mark.parametrize(
    "values", [("red", "green", "blue"), ("low", "high"), ("1-2", "3-4", "other"), ("A", "B", "C")]
)
def test_other_texts_are_not(values: tuple[str, ...]) -> None:
    assert order_of(values) == ()


def test_grades_are_ordered_where_the_name_says_so() -> None:
    assert order_of(["A", "B", "C"], graded=True) == ("C", "B", "A")


@pytest.mark.parametrize(
    "name",
    [
        "age",
        "Age",
        "senior_citizen",
        "female",
        "MaritalStatus",
        "nationality",
        "religion",
        "health_status",
        "birth_year",
    ],
)
def test_what_a_person_is_stays_out_of_segments_and_model(name: str) -> None:
    feature = drafted(**{name: EVERY % 30})[name]
    assert feature.sensitive and not feature.may_serve("segments") and not feature.may_serve("model")


@pytest.mark.parametrize("name", ["account_age_days", "package", "stage", "average_price", "usage"])
def test_names_that_only_look_like_it_do_not(name: str) -> None:
    assert not drafted(**{name: EVERY % 30})[name].sensitive


def test_decimals_are_amounts() -> None:
    cents = pa.array([decimal.Decimal(i) / 4 for i in range(ROWS)], pa.decimal128(10, 2))
    assert parse(draft(table_of(spend=cents), None, "label"))["spend"].kind == "amount"


def test_the_currency_is_what_a_name_says_and_none_where_none_does() -> None:
    assert drafted(spend_eur=EVERY / 3).currency == "€"
    assert drafted(spend=EVERY / 3).currency == ""


def test_a_role_has_one_feature() -> None:
    contract = drafted(orders=EVERY % 9, orders_90d=EVERY % 5, spend=EVERY / 3)
    assert [feature.role for feature in contract.features] == ["frequency", "", "value"]
    assert contract["orders_90d"].at_least == "ordered {value} or more times in the last 90 days"


@pytest.mark.parametrize(
    ("name", "values", "role"),
    [
        ("transactions_90d", EVERY % 9, "frequency"), ("page_views", EVERY % 50, "engagement"),
        ("MonthlyCharges", 20 + EVERY / 10, "value"), ("lifetime_value", EVERY / 3, "value"),
        ("days_since_last_booking", EVERY % 90, "recency"), ("account_length", EVERY % 240, "tenure"),
        ("years_as_customer", EVERY % 12, "tenure"), ("geography", np.array(["de", "fr"])[EVERY % 2], "place"),
        # What somebody has is not what they are worth, and how old they are is not how long they have been here.
        ("balance", EVERY / 3, ""), ("annual_income", EVERY / 3, ""), ("customer_age", 20 + EVERY % 50, ""),
    ],
)  # fmt: skip
def test_what_plays_may_rest_on_follows_from_names(name: str, values: np.ndarray, role: str) -> None:
    contract = drafted(**{name: values, "other": EVERY % 7})
    assert contract[name].role == role


# The label ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "positive", "words"),
    [
        ("bought_next_7d", "", "buys in the next 7 days"), ("churn", "Yes", "churns"), ("Class", "bad", "is marked bad (Class)"),
        ("LateSept", "", "is marked LateSept"), ("Purchase", "CH", "is marked CH (Purchase)"), ("Attrition", "Yes", "leaves"),
    ],
)  # fmt: skip
def test_an_outcome_is_a_purchase_only_where_the_name_says_so(label: str, positive: str, words: str) -> None:
    assert outcome_words(label, positive) == words


@pytest.mark.parametrize(
    ("values", "positive"),
    [
        (("no", "yes"), "yes"),
        (("N", "Y"), "Y"),
        (("FALSE", "TRUE"), "TRUE"),
        (("good", "bad"), "bad"),
        (("MM", "CH"), "CH"),
    ],
)
def test_a_label_of_two_texts_names_its_positive_value(values: tuple[str, str], positive: str) -> None:
    texts = [values[int(i % 3 == 0)] for i in EVERY]
    table = pa.table({"id": [f"c{i}" for i in EVERY], "orders": EVERY % 9, "churn": texts})
    contract = parse(draft(table, None, None))
    assert (contract.label, contract.positive) == ("churn", positive)
    labels = check(table, contract, label=True).accepted["churn"].to_pylist()
    assert labels == [int(text == positive) for text in texts]


def test_of_a_label_of_several_texts_one_is_named() -> None:
    status = [("paid", "late", "current")[i % 3] for i in EVERY]
    table = pa.table({"id": [f"c{i}" for i in EVERY], "orders": EVERY % 9, "status": status})
    contract = parse(draft(table, None, "status", positive="late"))
    assert sum(check(table, contract, label=True).accepted["status"].to_pylist()) == status.count("late")
    with pytest.raises(TableError, match="expected the value 'gone' in some row; got"):
        draft(table, None, "status", positive="gone")


def test_a_row_without_a_label_is_rejected_with_its_reason() -> None:
    table = pa.table({"id": ["a", "b", "c", "d"], "orders": [1, 2, 3, 4], "churn": ["yes", None, "no", ""]})
    contract = parse(draft(table, "id", "churn", positive="yes"))
    rejected = check(table, contract, label=True).rejected
    assert rejected["row"].to_pylist() == [2, 4]
    assert "churn: expected 'yes' or another value, got nothing" in rejected["reasons"][0].as_py()


def test_the_label_is_preferred_by_its_name() -> None:
    table = pa.table({"id": [f"c{i}" for i in EVERY], "opted_in": CHANCE > 0, "bought": CHANCE[::-1], "x": EVERY % 5})
    text = draft(table, None, None)
    assert parse(text).label == "bought"
    assert not [question for question in open_questions(text) if "Which column" in question]


# What is known only afterwards --------------------------------------------------------------------------------------


def test_what_ranks_the_label_too_well_is_left_out_and_asked() -> None:
    table = table_of(orders=EVERY % 9, paid_total=CHANCE * 50 + EVERY % 40, paid_fees=CHANCE * 3 + EVERY % 7)
    text = draft(table, None, "label")
    contract = parse(text)
    assert contract.known_after == ("paid_total", "paid_fees")
    assert [feature.name for feature in contract.features] == ["orders"]
    assert any("known only after the outcome: paid_total, paid_fees" in one for one in open_questions(text))
    # It need not be there when customers are scored.
    assert check(table.drop_columns(["paid_total"]), contract).accepted.num_rows == ROWS
    kept = parse(draft(table, None, "label", ask=lambda one: "no" if one.key == "known_after" else None))
    assert kept.known_after == () and "paid_total" in {feature.name for feature in kept.features}


def test_a_feature_that_is_known_after_is_of_no_use_in_conditions() -> None:
    text = draft(table_of(orders=EVERY % 9, paid=EVERY % 7), None, "label")
    after = text.replace("[features.paid]", "[features.paid]\nknown_after = true")
    assert parse(after).ignore == ("paid",)


# Questions ----------------------------------------------------------------------------------------------------------


def odd_table() -> pa.Table:
    """A table that leaves everything open."""
    texts = [("left side", "right side")[i] for i in CHANCE]
    return pa.table({
        "a_id": [f"a{i}" for i in EVERY], "b_id": [f"b{i}" for i in EVERY], "one": texts, "two": texts[::-1],
        "member_id": EVERY // 2, "store_id": EVERY % 7, "paid": CHANCE * 40 + EVERY % 30,
    })  # fmt: skip


def test_at_most_five_questions_each_with_what_was_seen() -> None:
    asked: list[Question] = []
    text = draft(odd_table(), None, None, ask=lambda one: asked.append(one))
    assert len(asked) == MOST_QUESTIONS == len(open_questions(text))
    assert all(question.evidence and question.proposed for question in asked)
    parse(text)


def test_an_answer_changes_the_draft_and_takes_the_mark_away() -> None:
    answers = {
        "label": "one",
        "positive": "left side",
        "id": "b_id",
        "known_after": "yes",
        "codes": "no",
        "group": "yes",
    }
    contract = parse(draft(odd_table(), None, None, ask=lambda one: answers.get(one.key)))
    assert (contract.label, contract.positive, contract.id) == ("one", "left side", "b_id")
    assert open_questions(contract.text) == ()


def test_the_terminal_asks_and_what_nobody_answers_stays_marked(tmp_path: Path) -> None:
    table = pa.table(
        {"id": [f"c{i}" for i in EVERY], "orders": EVERY % 9, "Class": [("good", "bad")[i] for i in CHANCE]}
    )
    tables.write(table, tmp_path / "c.csv")
    from click.testing import CliRunner

    from northstar_explain.cli.main import group

    call = ["init", str(tmp_path / "c.csv"), "--ask", "--overwrite", "--out", str(tmp_path / "contract.toml")]
    done = CliRunner().invoke(group, call, input="good\nin the 12 months after the snapshot\n", catch_exceptions=False)
    assert done.exit_code == 0, done.output
    contract = load(tmp_path / "contract.toml")
    assert (contract.positive, contract.horizon) == ("good", "in the 12 months after the snapshot")
    assert open_questions(contract.text) == ()
    done = CliRunner().invoke(group, call, input="good\n", catch_exceptions=False)
    assert len(open_questions(load(tmp_path / "contract.toml").text)) == 1
    assert "no question is open" not in done.stderr


@pytest.mark.parametrize(
    ("names", "coded"),
    [
        (["MOSTYPE", "MAANTHUI", "MGEMOMV", "MKOOPKLA", "PWAPART", "AMOTSCO"], True), ([f"f{i:03d}" for i in range(9)], True),
        (["V1", "V2", "V3", "V4", "V5"], True), (["V1", "V2", "V3", "V4", "tenure"], True), (["MSKA", "MSKB"], False),
        (["ORDERS", "VISITS", "SPEND", "STORE", "CHANNEL", "TENURE"], False), (["orders", "visits", "spend", "age", "x1"], False),
        (["TOTAL_SPEND", "ORDERS_90D", "LAST_VISIT", "HOME_STORE", "AVG_PRICE"], False),
    ],
)  # fmt: skip
def test_columns_that_are_named_by_codes_are_asked_and_keep_their_names(names: list[str], coded: bool) -> None:
    table = table_of(**{name: (EVERY * (place + 2)) % (11 + place) for place, name in enumerate(names)})
    text = draft(table, None, "label")
    asked = [one for one in open_questions(text) if one.startswith("What do columns such as")]
    assert bool(asked) == coded
    if coded:
        assert ", ".join(names[:3]) in asked[0] and "keeps these names as words" in asked[0]
        assert parse(text)[names[0]].words.replace(" ", "").casefold() == names[0].casefold()


# No id --------------------------------------------------------------------------------------------------------------


def test_a_table_without_an_id_is_told_how_to_number_its_rows(tmp_path: Path) -> None:
    table = pa.table({"orders": EVERY % 9, "visits": EVERY % 50, "bought": CHANCE})
    tables.write(table, tmp_path / "c.csv")
    told = plain(explain("init", tmp_path / "c.csv", "--out", tmp_path / "c.toml").stderr)
    assert "expected an id: a column with a different text or whole number in each row" in told
    assert "--id row" in told
    assert explain("init", tmp_path / "c.csv", "--id", "row", "--out", tmp_path / "c.toml").exit_code == 0
    contract = load(tmp_path / "c.toml")
    accepted = check(tables.read(tmp_path / "c.csv"), contract, label=True, as_text=True).accepted
    assert accepted["row"].to_pylist() == [str(i + 1) for i in EVERY]


def test_the_number_of_a_row_does_not_depend_on_rejected_ones() -> None:
    table = pa.table({"orders": [1, -5, 3], "bought": [0, 1, 1]})
    contract = parse(draft(table.slice(2), "row", "bought"))
    checked = check(table, contract, label=True)
    assert checked.accepted["row"].to_pylist() == ["1", "3"]
    assert checked.rejected["row"].to_pylist() == [2]
