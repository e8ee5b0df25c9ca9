"""Checking against the plainest possible second opinion, and values of every type that a column may come in."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pytest
from helpers import ID, LABEL, with_cells, with_column
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain.contract import Contract, check, parse
from northstar_explain.errors import TableError

SMALL = parse("""
[table]
id = "id"
label = "bought"
ignore = ["note"]
[features.orders]
kind = "count"
words = "orders"
min = 0
max = 100
[features.spend]
kind = "amount"
words = "spend"
min = 0
missing = "no account"
[features.balance]
kind = "amount"
words = "balance"
max = 10
[features.rate]
kind = "rate"
words = "rate"
min = 0
max = 1
missing = "unknown"
[features.days]
kind = "days"
words = "days since"
missing = "never"
[features.colour]
kind = "category"
words = "colour"
[features.tier]
kind = "ordered"
words = "tier"
order = ["low", "high"]
missing = "guest"
""")
NUMERIC = ("orders", "spend", "balance", "rate", "days")
SPECIAL = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, 1.0000000000000002, 5e-324, -5e-324, 2.5, 101.0]
NUMBER = st.one_of(st.none(), st.sampled_from(SPECIAL), st.integers(-3, 110).map(float), st.floats(0, 1))
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "id": st.one_of(st.none(), st.sampled_from(["", "a", "b", "00123", "123"]), st.text(max_size=3)),
    **dict.fromkeys(NUMERIC, NUMBER),
    "colour": st.one_of(st.none(), st.sampled_from(["", "red", "NA", " "])),
    "tier": st.one_of(st.none(), st.sampled_from(["", "low", "high", "Low"])),
    "bought": st.sampled_from([0, 1, None]),
}
GOOD: dict[str, Any] = {
    "orders": 3.0, "spend": 20.5, "balance": -7.25, "rate": 0.5, "days": 12.0, "colour": "red", "tier": "low", "bought": 1,
}  # fmt: skip
SCHEMA = pa.schema([
    ("id", pa.string()), *((name, pa.float64()) for name in NUMERIC), ("colour", pa.string()), ("tier", pa.string()),
    ("bought", pa.int8()),
])  # fmt: skip


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Mostly valid rows, each with a few cells replaced at random, so that many have no fault or a single one."""
    made = []
    for number in range(draw(st.integers(1, 8))):
        row = {"id": f"c{number}", **GOOD}
        for name in draw(st.lists(st.sampled_from(list(CELLS)), max_size=3)):
            row[name] = draw(CELLS[name])
        made.append(row)
    return made


def number_fits(name: str, value: float | None) -> bool:
    feature = SMALL[name]
    if value is None or math.isnan(value):
        return feature.missing is not None
    low = -math.inf if feature.minimum is None else feature.minimum
    high = math.inf if feature.maximum is None else feature.maximum
    return math.isfinite(value) and low <= value <= high and (not feature.kind.whole or value == int(value))


def fits(row: dict[str, Any], ids: list[str | None], label: bool) -> bool:
    """What `check` should decide, written a second time in the simplest way."""
    trimmed = [(id or "").strip() for id in ids]
    if not (row["id"] or "").strip() or trimmed.count(row["id"].strip()) > 1:
        return False
    if not all(number_fits(name, row[name]) for name in NUMERIC):
        return False
    if not (row["colour"] or "").strip() or (row["tier"] or "low") not in ("low", "high"):
        return False
    return not label or row["bought"] is not None


@given(rows(), st.booleans(), st.booleans())
def test_exactly_the_rows_that_fit_are_accepted_from_types_and_from_text(
    made: list[dict[str, Any]], label: bool, as_text: bool
) -> None:
    table = pa.Table.from_pylist(made, schema=SCHEMA)
    if as_text:  # as from CSV, where an empty cell is missing
        cells = [{k: None if v is None or v == "" else str(v) for k, v in row.items()} for row in made]
        table = pa.Table.from_pylist(cells, schema=pa.schema([(name, pa.string()) for name in SCHEMA.names]))
    ids = [row["id"] for row in made]
    good = [place for place, row in enumerate(made) if fits(row, ids, label)]
    accepted, rejected, ignored = check(table, SMALL, label=label, as_text=as_text)
    assert ignored == ()
    assert accepted["id"].to_pylist() == [ids[place] for place in good]
    assert rejected["row"].to_pylist() == [place + 1 for place in range(len(made)) if place not in good]
    assert all(": expected " in reason and ", got " in reason for reason in rejected["reasons"].to_pylist())
    for place, back in zip(good, accepted.to_pylist(), strict=True):
        for name in NUMERIC:
            value, found = made[place][name], back[name]
            missing = found is None or math.isnan(found)
            assert missing if value is None or math.isnan(value) else found == value
        assert back["tier"] == (made[place]["tier"] or None)
    original = table.to_pylist()
    for row in rejected.to_pylist():
        kept = {name: value for name, value in row.items() if name not in ("row", "reasons")}
        assert repr(kept) == repr(original[row["row"] - 1])  # as it came; repr, as NaN is not equal to itself


@given(rows())
def test_reasons_name_exactly_the_columns_at_fault(made: list[dict[str, Any]]) -> None:
    ids = [row["id"] for row in made]
    for row in check(pa.Table.from_pylist(made, schema=SCHEMA), SMALL, label=True).rejected.to_pylist():
        bad = made[row["row"] - 1]
        said = {name for name in SCHEMA.names if f"{name}: expected " in row["reasons"]}
        alone = [{"id": "nobody else", **GOOD, name: bad[name]} for name in SCHEMA.names]
        assert said == {n for n, one in zip(SCHEMA.names, alone, strict=True) if not fits(one, ids, label=True)}


def test_the_whole_simulated_shop_is_accepted(customers: pa.Table, contract: Contract) -> None:
    accepted, rejected, ignored = check(customers, contract, label=True)
    assert (accepted.num_rows, rejected.num_rows, ignored) == (6_000, 0, ())
    assert accepted.column_names == [ID, *(f.name for f in contract.features), LABEL]
    assert LABEL not in check(customers, contract).accepted.column_names


def good(count: int) -> pa.Table:
    return pa.Table.from_pylist([{"id": str(i), **GOOD} for i in range(count)])


def test_columns_that_the_contract_ignores_are_not_named() -> None:
    table = good(1).append_column("note", pa.array(["x"])).append_column("zip", pa.array(["1"]))
    assert check(table, SMALL).ignored == ("zip",)


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["0", "1", "true", "0.0", "1.0"]),
        pa.array([0, 1, 1, 0, 1], pa.int64()),
        pa.array([0.0, 1.0, 1.0, 0.0, 1.0]),
        pa.array([False, True, True, False, True]),
        pa.array(["0", "1", "1", "0", "1"]).dictionary_encode(),
        pa.array(["False", "True", "True", "False", " 1 "], pa.large_string()),
    ],
    ids=lambda values: str(values.type),
)
def test_labels_of_any_usual_type_are_read(values: pa.Array) -> None:
    found = check(with_column(good(5), "bought", values), SMALL, label=True).accepted["bought"]
    assert (found.type, found.to_pylist()) == (pa.int8(), [0, 1, 1, 0, 1])


def test_a_missing_label_rejects_its_row_only_where_the_label_is_needed() -> None:
    table = with_column(good(3), "bought", [1, None, 0])
    assert check(table, SMALL).rejected.num_rows == 0
    (rejected,) = check(table, SMALL, label=True).rejected.to_pylist()
    assert (rejected["row"], rejected["reasons"]) == (2, "bought: expected 0 or 1, got nothing")


def test_whole_numbers_make_ids_and_are_text_from_then_on() -> None:
    table = with_column(good(3), "id", [7, 10**15, -3])
    assert check(table, SMALL).accepted["id"].to_pylist() == ["7", "1000000000000000", "-3"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([1.0, 2.0, float("nan")]), ["1", "2", None]),
        (pa.array([1.5, 2.0, None]), ["1.5", "2", None]),
        (pa.array([1, 2, None], pa.int8()), ["1", "2", None]),
        (pa.array([True, False, None]), ["true", "false", None]),
        (pa.array(["NA", "", None]), ["NA", None, None]),
        (pa.array(["NA", "", None]).dictionary_encode(), ["NA", None, None]),
        (pa.array([float("inf"), 1e300, 1.0]), ["inf", "1e+300", "1"]),
        (pa.nulls(3), [None, None, None]),
    ],
    ids=lambda value: str(getattr(value, "type", "")),
)
def test_categories_of_any_plain_type_become_text(values: pa.Array, expected: list[str | None]) -> None:
    plain = SMALL.text.replace('kind = "ordered"', 'kind = "category"').replace('order = ["low", "high"]', "")
    checked = check(with_column(good(3), "tier", values), parse(plain))
    assert checked.accepted["tier"].to_pylist() == expected


@pytest.mark.parametrize("type", [pa.int8(), pa.uint64(), pa.float32(), pa.decimal128(10, 2), pa.float16()], ids=str)
def test_numbers_of_any_type_are_taken(type: pa.DataType) -> None:
    changed = with_column(good(3), "orders", pa.array([1, 2, 3]).cast(pa.float32()).cast(type))
    assert check(changed, SMALL).accepted["orders"].to_pylist() == [1.0, 2.0, 3.0]


def test_number_cells_of_csv_may_stand_between_spaces_and_say_that_they_are_missing() -> None:
    cells = [" 3 ", "1e1", "+4", "NA", "nan", "-", "null", "N/A", "0x10", "1 000", "1.2.3"]
    table = pa.table({name: good(11)[name].cast(pa.string()) for name in good(1).column_names})
    checked = check(with_column(table, "days", cells), SMALL, as_text=True)
    found = checked.accepted["days"].to_pylist()
    assert found[:3] == [3.0, 10.0, 4.0]
    assert [x is None or math.isnan(x) for x in found[3:]] == [True] * 5
    assert checked.rejected["reasons"].to_pylist() == [f"days: expected a number, got {c!r}" for c in cells[8:]]


def test_text_that_looks_like_numbers_is_refused_where_the_table_has_types() -> None:
    with pytest.raises(TableError, match=r"column orders: expected numbers \(count\); got string, for example '3'"):
        check(with_column(good(1), "orders", ["3"]), SMALL)


def test_every_fault_of_a_table_is_told_at_once(some: pa.Table, contract: Contract) -> None:
    table = with_column(some, "sessions_30d", ["x"] * 300)
    table = with_column(table, "spend_365d", [True] * 300)
    table = with_column(table, LABEL, [3] * 300)
    with pytest.raises(TableError) as caught:
        check(table, contract, label=True, source="week.parquet")
    wrong = ["column sessions_30d", "column spend_365d", f"column {LABEL}"]
    assert [fault.where for fault in caught.value.faults] == wrong
    assert all(fault.expected and fault.got for fault in caught.value.faults)
    assert str(caught.value).splitlines()[0] == "week.parquet: 3 faults"


def test_a_far_name_is_not_taken_for_a_renamed_column(some: pa.Table, contract: Contract) -> None:
    names = ["weather" if name == "country" else name for name in some.column_names]
    with pytest.raises(TableError, match=r"column country: expected a column of this name; got none\. Add it"):
        check(some.rename_columns(names), contract)


def test_a_table_in_chunks_is_checked_as_one(some: pa.Table, contract: Contract) -> None:
    parts = pa.concat_tables([some.slice(0, 1), some.slice(1, 150), some.slice(0, 1), some.slice(151)])
    whole, pieces = check(parts.combine_chunks(), contract), check(parts, contract)
    assert pieces.accepted.equals(whole.accepted)
    assert pieces.rejected.equals(whole.rejected)
    assert whole.rejected["row"].to_pylist() == [1, 152]


def test_features_that_the_model_may_not_use_are_checked_as_well(some: pa.Table, contract: Contract) -> None:
    (feature,) = contract.sensitive_features
    checked = check(with_cells(some, feature.name, {4: "no such value"}), contract)
    assert checked.rejected["row"].to_pylist() == [5]
