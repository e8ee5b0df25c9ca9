"""Dates are whole days before the snapshot of their row, the same from every format and in a database."""

from __future__ import annotations

import datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from engines import run_duckdb, run_sqlite
from helpers import TINY, learn, read, with_cells, with_column
from hypothesis import given
from hypothesis import strategies as st
from shop import CONTRACT, shop
from sqlglot import exp

import northstar_explain as ns
from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.contract import Contract, check, draft, parse
from northstar_explain.errors import ContractError, TableError
from northstar_explain.export.sql.segment_sql import conditions_sql, segments_sql
from northstar_explain.export.sql.sql_dialects import KNOWN, dialect
from northstar_explain.verify.run_duckdb import answers, scripts_of

DAY = datetime.date(2026, 2, 1)
DATED = (
    CONTRACT.replace('label = "bought"', 'label = "bought"\nas_of = "snapshot"\nignore = ["snapshot"]')
    + """
[features.signup_date]
group = "all"
kind = "date"
words = "days since signup"
min = 0
missing = "unknown"
"""
)


def dated(rows: int = 1_500) -> pa.Table:
    """The shop with two snapshots, and a signup that says much about buying."""
    rng = np.random.default_rng(8)
    table = shop(rows)
    bought = table["bought"].to_numpy()
    days = np.where(bought == 1, rng.integers(0, 400, rows), rng.integers(150, 900, rows))
    snapshots = [DAY + datetime.timedelta(int(week)) for week in rng.integers(0, 2, rows) * 7]
    signups = [day - datetime.timedelta(int(ago)) for day, ago in zip(snapshots, days, strict=True)]
    table = table.append_column("signup_date", pa.array([*signups[:-1], None], pa.date32()))
    return table.append_column("snapshot", pa.array(snapshots, pa.date32()))


TABLE = dated()


@pytest.fixture(scope="module")
def model() -> ns.Model:
    return ns.Model(learn(TABLE, parse(DATED), TINY).model)


def as_type(table: pa.Table, kind: str) -> pa.Table:
    """The same dates in another type."""
    for name in ("signup_date", "snapshot"):
        days = table[name].to_pylist()
        noon = [day and datetime.datetime(day.year, day.month, day.day, 12, 30) for day in days]
        column = {
            "date64": (days, pa.date64()),
            "time": (noon, pa.timestamp("us")),
            "zone": (noon, pa.timestamp("ns", "UTC")),
            "text": ([day and f" {day}" for day in days], pa.string()),
            "text with time": ([time and time.isoformat() for time in noon], pa.large_string()),
            "dictionary": ([day and str(day) for day in days], pa.dictionary(pa.int32(), pa.string())),
        }[kind]
        table = with_column(table, name, pa.array(*column))
    return table


@pytest.mark.parametrize("kind", ["date64", "time", "zone", "text", "text with time", "dictionary"])
def test_the_same_day_has_the_same_score_in_every_type(kind: str, model: ns.Model) -> None:
    few = TABLE.slice(0, 200)
    assert model.score(as_type(few, kind)).table.equals(model.score(few).table)


def test_from_csv_and_a_file_as_well(model: ns.Model, tmp_path: Path) -> None:
    few = TABLE.slice(0, 200)
    model.save(tmp_path / "m")
    scores = []
    for name in ("c.csv", "c.parquet"):
        tables.write(few, tmp_path / name)
        model.score_files(tmp_path / name, tmp_path / f"s-{name}.parquet")
        scores.append(read(tmp_path / f"s-{name}.parquet"))
    assert scores[0].equals(scores[1])
    assert scores[0]["probability"].to_pylist() == model.score(few).table["probability"].to_pylist()


def test_a_later_table_of_the_same_people_counts_to_its_own_day(model: ns.Model) -> None:
    later = TABLE.slice(0, 200)
    for name in ("signup_date", "snapshot"):
        moved = [day and day + datetime.timedelta(63) for day in later[name].to_pylist()]
        later = with_column(later, name, pa.array(moved, pa.date32()))
    assert model.score(later).table.equals(model.score(TABLE.slice(0, 200)).table)


def test_sql_counts_the_same_days(model: ns.Model) -> None:
    golden = model.data.golden
    probability, segments = answers(model.data, scripts_of(model.data))
    assert np.abs(probability - golden["expected_probability"].to_numpy()).max() < 1e-12
    assert segments == golden["expected_segment"].to_pylist()
    expected = model.score(TABLE).table["segment_id"].to_pylist()
    for run, to in ((run_duckdb, "duckdb"), (run_sqlite, "sqlite")):
        texts = as_type(TABLE, "text with time") if to == "sqlite" else TABLE
        assert run(segments_sql(model.data, to), {"customers": texts})["segment_id"].to_pylist() == expected


@given(first=st.dates(datetime.date(1900, 1, 1)), days=st.integers(-20_000, 20_000))
def test_each_dialect_counts_whole_days(first: datetime.date, days: int) -> None:
    last = datetime.date(2000, 1, 1) + datetime.timedelta(days)
    ends = exp.Literal.string(str(first)), exp.Literal.string(f"{last} 23:59:59")
    for one in KNOWN:
        assert str(first) in one.days_between(*ends).sql(one.name)  # spelled by sqlglot; two are run here
    for run, to in ((run_duckdb, "duckdb"), (run_sqlite, "sqlite")):
        select = exp.select(exp.alias_(dialect(to).days_between(*ends), "days")).sql(to)
        assert run(select, {})["days"].to_pylist() == [(last - first).days]


def test_conditions_that_people_read_say_how_the_days_are_counted() -> None:
    contract = parse(DATED.replace("[features.orders]", "[features.orders]\nsegments = false"))
    learned = learn(TABLE, contract, TINY).model
    asked = [text for rules in conditions_sql(learned).values() for text in rules if "signup_date" in text]
    for text in asked:
        duckdb.sql(f"SELECT DATE '2026-01-01' AS signup_date, DATE '2026-02-01' AS snapshot, 1 AS visits, 1 AS spend, "
                   f"0.5 AS share, 'x' AS store, 'y' AS channel, TRUE AS opted_in WHERE {text}")  # fmt: skip
        assert "DATE_DIFF" in text and "snapshot" in text


@pytest.mark.parametrize(
    ("name", "cell", "reason"),
    [("signup_date", "01/02/2025", "a day such as 2026-03-01, with or without a time"),
     ("signup_date", "2025-02-30", "a day such as 2026-03-01, with or without a time"),
     ("signup_date", "2025-02-03x", "a day such as 2026-03-01, with or without a time"),
     ("signup_date", "2026-04-01", "a day at least 0 days before the snapshot"),
     ("snapshot", None, "a day such as 2026-03-01, with or without a time")],
)  # fmt: skip
def test_a_cell_that_is_no_day_before_the_snapshot_rejects_its_row(name: str, cell: str | None, reason: str) -> None:
    checked = check(with_cells(as_type(TABLE.slice(0, 20), "text"), name, {3: cell}), parse(DATED), as_text=True)
    assert checked.rejected["row"].to_pylist() == [4]
    got = "nothing" if cell is None else repr(cell)
    assert checked.rejected["reasons"].to_pylist() == [f"{name}: expected {reason}, got {got}"]


@pytest.mark.parametrize("name", ["signup_date", "snapshot"])
def test_a_column_of_something_else_is_a_fault_of_the_table(name: str) -> None:
    with pytest.raises(TableError, match=f"column {name}: expected .*day.*; got int64, for example 7"):
        check(with_column(TABLE, name, pa.array([7] * TABLE.num_rows)), parse(DATED))
    with pytest.raises(TableError, match=f"column {name}: expected .*day.*; got string, for example '01/02/2026'"):
        check(with_column(TABLE, name, pa.array(["01/02/2026"] * TABLE.num_rows)), parse(DATED))
    with pytest.raises(TableError, match=f"column {name}: expected a column of this name; got none"):
        check(TABLE.drop_columns([name]), parse(DATED))


@pytest.mark.parametrize("as_of", ['as_of = "2026-03-01"', "as_of = 2026-03-01", ""])
def test_a_fixed_day_cannot_be_the_snapshot_of_the_next_table(as_of: str) -> None:
    with pytest.raises(ContractError, match=r"table\.as_of: expected the column from which signup_date, a date, is"):
        parse(DATED.replace('as_of = "snapshot"', as_of))


def drafted(table: pa.Table) -> tuple[Contract, str]:
    text = draft(table, "customer_id", "bought", "t")
    return parse(text), text


@pytest.mark.parametrize("kind", ["date64", "time", "text"])
def test_init_offers_days_before_the_snapshot(kind: str) -> None:
    contract, text = drafted(as_type(TABLE, kind))
    feature = contract["signup_date"]
    assert (str(feature.kind), feature.words) == ("date", "days since signup")
    assert (feature.minimum, feature.missing) == (0, "unknown")
    assert (contract.as_of, contract.snapshot, contract.ignore) == ("snapshot", "snapshot", ("snapshot",))
    assert feature.role == "tenure"
    assert "seen, counted in days before snapshot" in text
    assert check(TABLE, contract, label=True).rejected.num_rows == 0


def test_without_a_snapshot_init_says_what_is_needed() -> None:
    contract, text = drafted(TABLE.drop_columns(["snapshot"]))
    assert "signup_date" in contract.ignore and not contract.as_of
    assert "signup_date is left out: a date; to use it, add a column with the day that the table looks up to" in text


def test_the_only_column_of_one_day_is_the_snapshot_and_later_days_are_left_out() -> None:
    table = TABLE.drop_columns(["snapshot"]).append_column("loaded", pa.array([DAY] * TABLE.num_rows, pa.date32()))
    ends = pa.array([DAY + datetime.timedelta(n % 30 - 5) for n in range(TABLE.num_rows)], pa.date32())
    contract, text = drafted(table.append_column("contract_end", ends).slice(0, 1_000))
    assert contract.as_of == "loaded"
    assert "contract_end" in contract.ignore
    assert "contract_end is left out: in 796 rows it lies after loaded" in text


def test_the_model_survives_its_folder(model: ns.Model, tmp_path: Path) -> None:
    model.save(tmp_path / "m")
    assert models.load(tmp_path / "m").contract["signup_date"].kind.dated
