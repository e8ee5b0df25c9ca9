"""The date of the data: from the command line, the contract or the table; a label that cannot be known is refused."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from helpers import TINY

from northstar_explain.contract import parse
from northstar_explain.errors import ContractError, TableError
from northstar_explain.model import Model
from northstar_explain.training.data_date import data_date, label_days

TEXT = """
[table]
id = "id"
label = "label"
outcome = "buys in the next 30 days"
ignore = ["snapshot"]
{more}
[features.orders]
kind = "count"
words = "orders"
"""
DAY = datetime.date(2026, 1, 5)


def found(more: str = "", snapshot: Any = None, as_of: datetime.date | None = None) -> datetime.date | None:
    table = pa.table({"id": ["a", "b"]} | ({} if snapshot is None else {"snapshot": snapshot}))
    options = replace(TINY, date=datetime.date(2026, 3, 1), as_of=as_of)
    return data_date(table, parse(TEXT.format(more=more)), options, "c.csv")


def test_nobody_says_it() -> None:
    assert found() is None


@pytest.mark.parametrize("more", ["as_of = 2026-01-05", 'as_of = "2026-01-05"'])
def test_the_contract_says_it(more: str) -> None:
    assert found(more) == DAY


@pytest.mark.parametrize(
    "snapshot",
    [
        ["2026-01-05", "2025-12-01"], [DAY, None], [datetime.datetime(2026, 1, 5, 23, 0), None],
        ["2026-01-05T08:00:00", None],
    ],
)  # fmt: skip
def test_the_table_says_it(snapshot: Any) -> None:
    assert found('as_of = "snapshot"', snapshot) == DAY


def test_the_command_line_goes_first() -> None:
    assert found("as_of = 2025-01-01", as_of=DAY) == DAY


@pytest.mark.parametrize(
    ("day", "ok"), [("2026-01-30", True), ("2026-01-31", False), ("2026-03-01", False), ("2026-04-01", False)]
)
def test_the_labels_window_must_have_passed(day: str, ok: bool) -> None:
    if ok:
        assert found(f"as_of = {day}") == datetime.date.fromisoformat(day)
        return
    with pytest.raises(TableError) as caught:
        found(f"as_of = {day}")
    assert f"expected a day at least 30 days before 2026-03-01, as the label looks 30 days ahead; got {day}" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("snapshot", "got"), [(None, "no such column"), (["May", "June"], "'May'"), (pa.nulls(2), "no value")]
)
def test_a_column_without_days_is_refused(snapshot: Any, got: str) -> None:
    with pytest.raises(TableError, match=f"column snapshot: expected days such as 2026-03-01, .*got {got}"):
        found('as_of = "snapshot"', snapshot)


@pytest.mark.parametrize("value", ['"2026-13-01"', '"orders"', "7", "2026-01-05T10:00:00"])
def test_a_contract_names_a_day_or_an_ignored_column(value: str) -> None:
    with pytest.raises(ContractError, match=r"table\.as_of: expected"):
        parse(TEXT.format(more=f"as_of = {value}"))


@pytest.mark.parametrize(
    ("words", "days"),
    [("in the 30 days after the snapshot", 30), ("within 2 weeks", 14), ("next month", 0), ("in 1 day", 1)],
)
def test_how_far_a_label_looks_ahead(words: str, days: int) -> None:
    contract = parse(TEXT.format(more=f'horizon = "{words}"').replace(" in the next 30 days", ""))
    assert label_days(contract) == days


def test_the_manifest_says_whether_it_is_known(model: Model) -> None:
    assert model.manifest["as_of"] is None
