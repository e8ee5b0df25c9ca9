"""Checking conserves rows and keeps what it promises, for whatever a table holds."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import hypothesis.strategies as st
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given

from northstar_explain import contract as contracts
from northstar_explain import tables
from northstar_explain.errors import ContractError, TableError

SMALL = contracts.parse("""
[table]
id = "id"
label = "bought"
[groups]
g = "All"
[features.orders]
group = "g"
kind = "count"
words = "orders"
min = 0
max = 100
[features.rate]
group = "g"
kind = "rate"
words = "open rate"
min = 0
max = 1
missing = "unknown"
[features.country]
group = "g"
kind = "category"
words = "country"
missing = "guest"
[features.tier]
group = "g"
kind = "ordered"
words = "tier"
order = ["low", "high"]
""")
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d", "e", "f", "", None]),
        st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True, width=32)),
        st.one_of(st.none(), st.floats(-0.5, 1.5)),
        st.sampled_from(["NA", "US", "", None]),
        st.sampled_from(["low", "high", "huge", None]),
        st.sampled_from([0, 1, None]),
    ),
    min_size=1,
    max_size=12,
)
NAMES = ["id", "orders", "rate", "country", "tier", "bought"]


def made(rows: list[tuple[Any, ...]]) -> pa.Table:
    kinds = [pa.string(), pa.float64(), pa.float64(), pa.string(), pa.string(), pa.int64()]
    return pa.table([pa.array(c, k) for c, k in zip(zip(*rows, strict=True), kinds, strict=True)], names=NAMES)


@given(ROWS)
def test_every_row_is_accepted_or_rejected_with_a_reason(rows: list[tuple[Any, ...]]) -> None:
    checked = contracts.check(made(rows), SMALL, label=True)
    assert checked.accepted.num_rows + checked.rejected.num_rows == len(rows)
    ids = [row[0] for row in rows]
    for row in checked.accepted.to_pylist():
        assert ids.count(row["id"]) == 1
        assert 0 <= row["orders"] <= 100
        assert row["orders"] == math.floor(row["orders"])
        assert row["rate"] is None or 0 <= row["rate"] <= 1
        assert row["country"] in ("NA", "US", None)
        assert row["tier"] in ("low", "high")
        assert row["bought"] in (0, 1)
    for row in checked.rejected.to_pylist():
        original = rows[row["row"] - 1]
        assert row["reasons"]
        assert (row["id"], row["country"], row["tier"]) == (original[0], original[3], original[4])


GOOD = [
    ("a", 1.0, 0.5, "NA", "low", 0),
    ("b", 2.0, None, None, "high", 1),
    ("00123", 3.0, 0.0, "US", "low", 1),
]


def test_csv_keeps_ids_and_reads_na_as_namibia(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("id,orders,rate,country,tier\n00123,3,NA,NA,low\nb,1, 0.5 ,,high\n", encoding="utf-8")
    checked = contracts.check(tables.read(path), SMALL, as_text=True)
    assert checked.accepted.to_pylist() == [
        {"id": "00123", "orders": 3.0, "rate": None, "country": "NA", "tier": "low"},
        {"id": "b", "orders": 1.0, "rate": 0.5, "country": None, "tier": "high"},
    ]


@pytest.mark.parametrize(
    "give", [lambda t: t, lambda t: t.to_pandas(), pl.from_arrow, lambda t: duckdb.from_arrow(t)],
    ids=["pyarrow", "pandas", "polars", "duckdb"],
)  # fmt: skip
def test_any_arrow_frame_gives_the_same(give: Callable[[pa.Table], Any]) -> None:
    expected = contracts.check(made(GOOD), SMALL, label=True).accepted
    assert contracts.check(tables.from_frame(give(made(GOOD))), SMALL, label=True).accepted.equals(expected)


def test_what_hands_out_no_arrow_is_refused() -> None:
    with pytest.raises(TableError, match="expected a table that hands out Arrow; got list"):
        tables.from_frame([1, 2])


def test_contract_faults_come_all_at_once() -> None:
    text = '[table]\nid = "id"\nlabel = "id"\ncolour = 1\n[features.a]\nkind = "number"\n[features.b]\nkind = "rate"\n'
    with pytest.raises(ContractError) as caught:
        contracts.parse(text + 'words = "b"\nmin = 2\nmax = 1\n', "c.toml")
    message = str(caught.value)
    assert message.startswith("c.toml: 5 faults")
    for where in ("table.colour", "table.label", "features.a.kind", "features.a.words", "features.b.min"):
        assert where in message


def test_northstar_has_31_features_in_four_groups() -> None:
    contract = contracts.northstar()
    groups = [feature.group for feature in contract.features]
    counts = {group: groups.count(group) for group in contract.groups}
    assert counts == {"behavior": 12, "transactions": 8, "profile": 6, "engagement": 5}


JOINTS = (
    "a",
    "and",
    ", and",
    "; or",
    "or more",
    "(or unknown)",
    "is",
    "known",
    "below",
    "of",
    "3",
    "no",
    "number of",
    "days",
)
HOSTILE = st.text(min_size=1, max_size=12) | st.lists(st.sampled_from(JOINTS), min_size=1, max_size=4).map(" ".join)
HOSTILE = HOSTILE.filter(lambda s: s not in ("id", "y") and s.isprintable())


@given(st.lists(HOSTILE, unique=True, min_size=1, max_size=4))
def test_a_draft_loads_whatever_the_columns_are_called(names: list[str]) -> None:
    columns = {"id": ["a", "b", "c"], "y": [0, 1, 1]} | {
        name: [["low", "low", "high"], [0.5, 2.0, 7.0], [1, 2, 7]][place % 3] for place, name in enumerate(names)
    }
    text = contracts.draft(pa.table(columns), "id", "y")  # a column named Bought would be taken for the label
    assert [feature.name for feature in contracts.parse(text).features] == names
    assert "CONFIRM" in text  # no name says the time that the label looks ahead


GROUPED = contracts.parse(SMALL.text.replace("[table]", '[table]\ngroup = "house"'))


def households(house: list[object]) -> pa.Table:
    n = len(house)
    return pa.table({
        "id": [f"r{i}" for i in range(n)],
        "house": house,
        "orders": [1] * n,
        "rate": [0.5] * n,
        "country": ["US"] * n,
        "tier": ["low"] * n,
        "bought": [0, 1] * (n // 2),
    })  # fmt: skip


@pytest.mark.parametrize("house", [[7, 7, 8, 8], ["a", "a", "007", "7"]])
def test_a_group_comes_through_as_text_where_the_label_is_asked_for(house: list[object]) -> None:
    table = households(house)
    checked = contracts.check(table, GROUPED, label=True)
    assert checked.accepted["house"].to_pylist() == [str(one) for one in house]
    assert checked.ignored == ()
    # To score, nobody needs to know what belongs together.
    unlabelled = contracts.check(table, GROUPED)
    assert unlabelled.ignored == () and "house" not in unlabelled.accepted.column_names
    assert contracts.check(table.drop_columns(["house", "bought"]), GROUPED).accepted.num_rows == 4


def test_a_row_without_its_group_is_rejected_with_the_reason() -> None:
    checked = contracts.check(households(["a", None, "", "b"]), GROUPED, label=True)
    assert checked.accepted["id"].to_pylist() == ["r0", "r3"]
    assert checked.rejected["reasons"].to_pylist() == [
        "house: expected the group that the row belongs to, got nothing",
        "house: expected the group that the row belongs to, got ''",
    ]


def test_a_group_column_that_is_missing_or_no_name_stops_the_run() -> None:
    with pytest.raises(TableError, match="column house: expected a column of this name; got none. Add it"):
        contracts.check(households([1, 1]).drop_columns(["house"]), GROUPED, label=True)
    with pytest.raises(TableError, match="column house: .*; got 'House'. Is it that"):
        contracts.check(households([1, 1]).rename_columns({"house": "House"}), GROUPED, label=True)
    with pytest.raises(TableError, match="column house: expected text or whole numbers that name the group.*double"):
        contracts.check(households([1.5, 1.5]), GROUPED, label=True)


def test_ids_stay_one_a_row_where_rows_have_groups() -> None:
    table = households(["a", "a", "b", "b"]).set_column(0, "id", pa.array(["x", "x", "y", "z"]))
    assert contracts.check(table, GROUPED, label=True).rejected.num_rows == 2
