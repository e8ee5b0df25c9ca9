"""Drafting: what `explain init` writes loads as it is, whatever the columns are called, and guesses with reason."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from helpers import ID, LABEL, explain, write_csv
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain import tables
from northstar_explain.contract import Contract, check, draft, load, parse
from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.contract.draft_questions import open_questions
from northstar_explain.errors import ContractError

HOSTILE = [
    'a "quoted" name', "it's", "line\nbreak", "carriage\rreturn", "tab\tstop", "# not a comment", "a = 1", "[table]", "dotted.name",
    "back\\slash", "ünïcödé ☃ 客户", "\u202eright to left", "del\x7fete", "bell\x07", "]]", '"""', "", " ", "_", "a_b", "a b", "A_B",
    "features", "{value}", "<b>bold</b>", "\u2028separator", "\x85next",
]  # fmt: skip


def test_a_draft_with_hostile_names_loads_and_names_every_column() -> None:
    values = {name: [i, i + 1, 5] for i, name in enumerate(HOSTILE)}
    table = pa.table({"id": ["a", "b", "c"], **values, "label": [0, 1, 1]})
    text = draft(table, "id", "label", "evil\n[table]\nname = '#'")
    contract = parse(text)
    assert [feature.name for feature in contract.features] == HOSTILE
    assert draft(table, "id", "label", "evil\n[table]\nname = '#'") == text
    assert check(table, contract, label=True).accepted.num_rows == 3


def test_hostile_names_come_through_csv_and_the_command_line(tmp_path: Path) -> None:
    names = [name for name in HOSTILE if name and "\r" not in name]
    rows = [
        ["id", *names, "label"],
        *([str(n), *(str(n + i) for i in range(len(names))), str(n % 2)] for n in range(4)),
    ]
    path = write_csv(tmp_path / "customers.csv", rows)
    out = tmp_path / "contract.toml"
    result = explain("init", path, "--id", "id", "--label", "label", "--out", out)
    assert (result.exit_code, result.stdout) == (0, "")
    contract = load(out)
    assert [feature.name for feature in contract.features] == names
    read = tables.read(path)
    assert read.column_names == ["id", *names, "label"]
    assert set(read.schema.types) == {pa.string()}
    assert check(read, contract, label=True, as_text=True).accepted.num_rows == 4


@given(st.lists(st.text(max_size=6), min_size=1, max_size=5, unique=True), st.text(min_size=1, max_size=6))
def test_any_names_at_all_give_a_draft_that_loads(names: list[str], source: str) -> None:
    names = [name for name in names if name not in ("id", "label")]
    table = pa.table({"id": ["a", "b"], **{name: [1, 2] for name in names}, "label": [0, 1]})
    contract = parse(draft(table, "id", "label", source))
    assert [feature.name for feature in contract.features] == names


def test_names_that_would_be_taken_for_other_words_are_numbered() -> None:
    names = ["spend; or less", "home", "home is here", "clicks (or unknown)", "sales"]
    columns = {name: [0.5, 2.0, 7.0] if name != "home" else ["x", "y", "z"] for name in names}
    contract = parse(draft(pa.table({"id": ["a", "b", "c"], "y": [0, 1, 1]} | columns), None, None))
    assert [feature.name for feature in contract.features] == names
    assert [feature.words for feature in contract.features] == ["column 1", "home", "column 3", "column 4", "sales"]


def test_any_categories_at_all_stay_inside_their_comment() -> None:
    evil = ['x"\nid = "y', "# \r\n[features.z]", "\u2028", "'''"]
    table = pa.table({"id": ["a", "b", "c", "d"], "why": evil, "label": [0, 1, 0, 1]})
    assert [feature.name for feature in parse(draft(table, "id", "label")).features] == ["why"]


def test_kinds_bounds_and_missing_values_are_guessed() -> None:
    table = pa.table({
        "customer": ["a", "b", "c", "d"],
        "visits": [1, 2, 0, 9],
        "days_since_visit": [3, 4, 400, 1],
        "visits_30_days": [1, 1, 2, 3],
        "open_rate": [0.0, 0.5, None, 1.0],
        "total_spend": [1.5, 0.0, 20.0, 3.25],
        "balance": [-3.5, 2.0, 1.0, 0.0],
        "visit_seconds": [10.5, 20.0, 3.0, 1.0],
        "colour": ["red", "blue", "red", None],
        "gender": ["f", "m", "f", "m"],
        "member": [True, False, True, True],
        "nothing": pa.nulls(4),
        "when": pa.array([1, 2, 3, 4], pa.timestamp("s")),
        "bought": [0, 1, 0, 1],
    })  # fmt: skip
    text = draft(table, None, "bought", "t")
    contract = parse(text)
    assert (contract.id, contract.label) == ("customer", "bought")
    assert "CONFIRM: Which column" not in text  # it was given
    kinds = {feature.name: str(feature.kind) for feature in contract.features}
    assert kinds == {
        "visits": "count", "days_since_visit": "days", "visits_30_days": "count", "open_rate": "rate",
        "total_spend": "amount", "balance": "amount", "visit_seconds": "duration", "colour": "category",
        "gender": "category", "member": "category",
    }  # fmt: skip
    assert (contract["open_rate"].minimum, contract["open_rate"].maximum) == (0, 1)
    assert contract["balance"].minimum is None
    assert {f.name for f in contract.features if f.missing is not None} == {"open_rate", "colour"}
    assert [f.name for f in contract.sensitive_features] == ["gender"]
    assert contract.ignore == ("nothing", "when")
    assert 'missing = "unknown"  # in 25.00% of the rows' in text
    assert contract["visit_seconds"].words == "visit duration"  # not "visit seconds of 20 seconds or more"
    assert contract.drafted  # until a person takes the line out
    assert check(table, contract, label=True).rejected.num_rows == 0


def test_every_guess_shows_what_was_seen_and_few_are_questions(customers: pa.Table) -> None:
    text = draft(customers, None, None, "customers.parquet")
    assert text == draft(customers, ID, LABEL, "customers.parquet")
    for line in text.splitlines():
        if line.startswith(("kind =", "missing =", "defined_when =", "sensitive =", "when =")):
            assert "  # " in line, line
    assert open_questions(text) == ()  # id, label and its window are in the names
    tomllib.loads(text)


def test_a_drafted_contract_accepts_the_table_it_was_drafted_from(customers: pa.Table, tmp_path: Path) -> None:
    path, out = tmp_path / "c.csv", tmp_path / "contract.toml"
    tables.write(customers.slice(0, 2_000), path)
    assert explain("init", path, "--out", out).exit_code == 0
    contract = load(out)
    assert (contract.id, contract.label) == (ID, LABEL)
    assert len(contract.features) == 31
    checked = check(tables.read(path), contract, label=True, as_text=True)
    assert (checked.accepted.num_rows, checked.ignored) == (2_000, ())


def test_an_id_may_be_whole_numbers_and_a_label_truth_values() -> None:
    table = pa.table({"n": [3, 1, 2], "x": [1, 1, 2], "y": [True, False, True]})
    contract = parse(draft(table, None, None))
    assert (contract.id, contract.label) == ("n", "y")


@pytest.mark.parametrize("type", [pa.string(), pa.large_string()])
def test_columns_of_text_numbers_are_recognised(type: pa.DataType) -> None:
    columns = {"id": ["a", "b", "c"], "n": ["1", "NA", "3"], "y": ["0", "1", "0"]}
    contract = parse(draft(pa.table({k: pa.array(v, type) for k, v in columns.items()}), None, None))
    assert (contract.label, str(contract["n"].kind), contract["n"].missing) == ("y", "count", "unknown")


def test_a_column_that_says_whose_row_it_is_is_pointed_out() -> None:
    table = pa.table({
        "row": ["a", "b", "c", "d", "e"],
        "household_id": [1, 1, 2, 3, 3],
        "orders": [1, 2, 2, 4, 5],
        "label": [0, 1, 0, 1, 0],
    })  # fmt: skip
    text = draft(table, "row", "label")
    assert parse(text).group == ""  # a guess changes nothing until somebody confirms it
    assert '# group = "household_id"\n' in text
    confirmed = text.replace('# group = "household_id"', 'group = "household_id"')
    with pytest.raises(ContractError, match="table.group: expected a column that is no feature; got household_id"):
        parse(confirmed)
    assert "# group" not in draft(table.drop_columns(["household_id"]), "row", "label")


def test_columns_that_no_feature_can_hold_are_left_aside(customers: pa.Table) -> None:
    table = customers.slice(0, 300).append_column("tags", pa.array([[{"k": "a"}]] * 300))
    table = table.append_column("since", pa.array([(1, 2, 3)] * 300, pa.month_day_nano_interval()))
    table = table.append_column("run", pa.RunEndEncodedArray.from_arrays([300], ["x"]))
    words = table["country"].combine_chunks().dictionary_encode()
    table = table.set_column(table.column_names.index("country"), "country", words)
    contract = parse(draft(table, None, None))
    assert not {"tags", "since", "run"} & {feature.name for feature in contract.features}
    assert contract["country"].kind == "category"


def test_northstars_columns_get_their_definitions_and_traits_back(customers: pa.Table) -> None:
    contract = parse(draft(customers, None, None))
    found = {feature.name: feature.defined_when for feature in contract.features if feature.defined_when}
    ordered = (NumberCondition("orders_365d", lower=1.0),)
    assert found == dict.fromkeys(
        ("avg_order_value", "items_per_order", "discount_usage_rate", "return_rate", "days_since_last_order"), ordered
    )
    assert {trait.name: trait.text for trait in contract.traits} == {
        "big_spenders": contract.traits[0].text,  # by the top tenth of this sample
        "deal_seekers": "discount_usage_rate >= 0.5 and orders_365d >= 2",
        "heavy_returners": "return_rate >= 0.25 and orders_365d >= 2",
        "new_customers": "account_age_days <= 90",
        "not_reading_email": "email_open_rate < 0.05",
    }
    assert contract.traits[0].text.startswith("spend_365d >= ")
    categories = {feature.name for feature in contract.segment_features if not feature.kind.numeric}
    assert categories == {"acquisition_channel", "country", "device_type", "loyalty_tier"}


ROWS = 400
EVERY = np.arange(ROWS)
ORDERS = EVERY % 4  # a quarter of the rows has none
CHANCE = np.random.default_rng(0).integers(0, 2, ROWS)  # a label that nothing tells


def drafted(**columns: object) -> Contract:
    """The draft of a table with these columns beside `orders`."""
    table = pa.table({"id": [f"c{i}" for i in EVERY], **{"orders": ORDERS, **columns}, "label": CHANCE})
    text = draft(table, "id", "label")
    contract = parse(text)
    assert check(table, contract, label=True).rejected.num_rows == 0
    return contract


def where_ordered(values: np.ndarray, otherwise: float) -> np.ndarray:
    return np.where(ORDERS > 0, values, otherwise)


@pytest.mark.parametrize(
    ("name", "values", "defined"),
    [
        ("avg_basket", where_ordered(5.5 + EVERY % 7, 0), True),
        ("total_spend", where_ordered(5.5 + EVERY % 7, 0), False),  # nothing was spent: that is 0
        ("total_spend", where_ordered(5.5 + EVERY % 7, np.nan), True),
        ("avg_basket", where_ordered(5.5 + EVERY % 7, -1), True),
        ("items", where_ordered(1 + EVERY % 7, 0), False),
        ("days_since_order", where_ordered(1 + EVERY % 90, 999), True),
        ("days_since_order", where_ordered(1 + EVERY % 90, 0), True),
        ("days_with_orders", where_ordered(1 + EVERY % 9, 0), False),
        ("discount_share", where_ordered(EVERY % 5 / 5, 0), True),
        (
            "cart_share",
            where_ordered(0.2 + EVERY % 5 / 10, 0),
            False,
        ),  # 0 exactly without orders: what it is a share of?
        ("cart_share", where_ordered(0.2 + EVERY % 5 / 10, 1), True),
        ("margin", where_ordered(EVERY % 5 / 5 - 0.4, 0), True),
        ("avg_basket", 5.5 + EVERY % 7, False),  # has values without orders
        (
            "avg_basket",
            np.where(EVERY < ROWS - 40, 0.0, where_ordered(5.5 + 0 * EVERY, 0)),
            False,
        ),  # 0 nearly everywhere
        ("unknown", np.where(EVERY % 3 == 0, np.nan, 5.5 + EVERY % 7), False),
    ],
)
def test_a_feature_is_defined_where_a_count_is_not_zero(name: str, values: np.ndarray, defined: bool) -> None:
    feature = drafted(**{name: pa.array(values, from_pandas=True)})[name]
    assert feature.defined_when == ((NumberCondition("orders", lower=1.0),) if defined else ())


def test_a_category_is_undefined_only_where_it_is_missing() -> None:
    last = pa.array(np.where(ORDERS > 0, np.where(EVERY % 3 > 0, "a", "b"), "none").astype(str))
    assert drafted(last=last)["last"].defined_when == ()
    missing = pa.array(["ab"[i % 2] if ORDERS[i] else None for i in EVERY])
    assert drafted(last=missing)["last"].defined_when == (NumberCondition("orders", lower=1.0),)


def test_the_count_that_explains_most_defines() -> None:
    returns = np.where((ORDERS > 0) & (EVERY % 3 == 0), 1, 0)
    recent = np.where(EVERY % 8 == 5, ORDERS, 0)
    columns = {"returns": returns, "recent": recent, "return_rate": where_ordered(returns / np.maximum(ORDERS, 1), 0)}
    # Without returns the rate is 0 as well, and means it; with orders, but none recent, it is known.
    assert drafted(**columns)["return_rate"].defined_when == (NumberCondition("orders", lower=1.0),)


def test_few_rows_and_sensitive_or_missing_counts_define_nothing() -> None:
    few = np.where(EVERY < 9, 0, 1 + EVERY % 3)
    average = np.where(few > 0, 5.5 + EVERY % 7, 0)
    assert drafted(visits=few, avg_value=average)["avg_value"].defined_when == ()
    assert (
        drafted(gender=ORDERS * 1, orders=ORDERS + 1, avg_value=where_ordered(5.5 + EVERY % 7, 0))[
            "avg_value"
        ].defined_when
        == ()
    )
    gaps = pa.array([None if i == 7 else int(ORDERS[i]) for i in EVERY])
    assert drafted(orders=gaps, avg_value=where_ordered(5.5 + EVERY % 7, 0))["avg_value"].defined_when == ()


@pytest.mark.parametrize(("values", "segments"), [(2, True), (8, True), (9, False)])
def test_categories_of_up_to_eight_values_may_define_segments(values: int, segments: bool) -> None:
    assert drafted(home=pa.array([f"v{i % values}" for i in EVERY]))["home"].segments == segments
    assert not drafted(gender=pa.array([f"v{i % values}" for i in EVERY]))["gender"].segments


@pytest.mark.parametrize(
    ("name", "values", "trait"),
    [
        ("spend", 0.5 + EVERY, ("big_spenders", "spend >= 300")),
        ("avg_spend", 0.5 + EVERY, None),
        ("coupon_share", EVERY % 9 / 8, None),  # half of all is no audience
        ("coupon_share", EVERY % 10 / 12, ("deal_seekers", "coupon_share >= 0.5")),
        ("coupon_share", np.where(EVERY < 9, 0.9, 0.1), None),  # nine customers
        ("days_since_signup", 80 + EVERY % 80, ("new_customers", "days_since_signup <= 90")),
        ("opens", EVERY % 30 / 30, ("not_reading_email", "opens < 0.05")),
        ("age_open_rate", EVERY % 30 / 30, None),
    ],
)
def test_traits_are_proposed_by_kind_and_name(name: str, values: np.ndarray, trait: tuple[str, str] | None) -> None:
    traits = [(one.name, one.text) for one in drafted(**{name: values}).traits]
    assert traits == ([trait] if trait else [])


@given(st.text(min_size=1, max_size=6), st.text(max_size=6))
def test_conditions_on_columns_of_any_name_load(count: str, average: str) -> None:
    average = f"avg {average} spent"
    if len({count, average, "id", "label"}) < 4:
        return
    table = {
        "id": [f"c{i}" for i in EVERY],
        count: ORDERS,
        average: where_ordered(5.5 + EVERY % 7, -1),
        "label": CHANCE,
    }
    contract = parse(draft(pa.table(table), "id", "label"))
    kinds = {feature.name: feature.kind for feature in contract.features}
    if kinds.get(count) == "count" and not contract[count].sensitive:
        assert contract[average].defined_when == (NumberCondition(count, lower=1.0),)
