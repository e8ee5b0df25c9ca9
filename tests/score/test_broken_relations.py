"""A row that breaks a relation is rejected by every way of scoring, for one and the same reason; SQL names it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from engines import run_duckdb, run_sqlite
from helpers import ID, read, with_cells

import northstar_explain as ns
from northstar_explain import score, tables
from northstar_explain.api import ScoringWarning
from northstar_explain.export.sql import scores_sql, segments_sql
from northstar_explain.export.sql.lookup_tables import lookups
from northstar_explain.export.sql.score_sql import table_names
from northstar_explain.model import Model
from northstar_explain.score import ScoringOptions, inputs, run

# Row to the relation that it breaks: 50 visits in 30 days beside 2 in 90, and so on; the second breaks two.
BROKEN = {
    3: "sessions_30d <= sessions_90d",
    40: "sessions_30d <= sessions_90d",
    200: "orders_90d <= orders_365d",
}
OPTIONS = ScoringOptions(publish_anyway=True, overwrite=True)


@pytest.fixture(scope="module")
def rows(some: pa.Table) -> pa.Table:
    some = with_cells(some, "sessions_90d", {3: 2, 40: 2})
    some = with_cells(some, "sessions_30d", {3: 50, 40: 50})
    some = with_cells(some, "active_days_90d", {3: 1, 40: 60})
    return with_cells(some, "orders_90d", {200: some["orders_365d"][200].as_py() + 1})


@pytest.fixture(scope="module")
def ids(rows: pa.Table) -> set[str]:
    return {rows[ID][row].as_py() for row in BROKEN}


def reasons_of(rejected: pa.Table) -> dict[str, str]:
    return dict(zip(rejected[ID].to_pylist(), rejected["reasons"].to_pylist(), strict=True))


def in_memory(model: Model, rows: pa.Table, folder: Path) -> tuple[list[str], dict[str, str]]:
    with pytest.warns(ScoringWarning):
        found = ns.Model(model).score(rows)
    return found.table[ID].to_pylist(), reasons_of(found.rejected)


def in_batches(model: Model, rows: pa.Table, folder: Path) -> tuple[list[str], dict[str, str]]:
    found = list(score.batches(model, rows.to_batches(max_chunksize=64)))
    scored = pa.Table.from_batches([one.scores for one in found])[ID].to_pylist()
    return scored, reasons_of(pa.concat_tables([one.rejected for one in found]))


def from_file(suffix: str) -> Callable[[Model, pa.Table, Path], tuple[list[str], dict[str, str]]]:
    def way(model: Model, rows: pa.Table, folder: Path) -> tuple[list[str], dict[str, str]]:
        tables.write(rows, folder / f"c{suffix}")
        facts = run(model, folder / f"c{suffix}", folder / "s.parquet", OPTIONS).facts
        assert facts["rejected"] == len(BROKEN)
        assert {reason["expected"] for reason in facts["reasons"]} >= set(BROKEN.values())
        return read(folder / "s.parquet")[ID].to_pylist(), reasons_of(read(folder / "s.parquet.rejected.parquet"))

    return way


def from_stream(model: Model, rows: pa.Table, folder: Path) -> tuple[list[str], dict[str, str]]:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows, max_chunksize=100)

    class Stdin:
        buffer = io.BytesIO(sink.getvalue().to_pybytes())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", Stdin)
        run(model, "-", folder / "s.parquet", OPTIONS)
    return read(folder / "s.parquet")[ID].to_pylist(), reasons_of(read(folder / "s.parquet.rejected.parquet"))


WAYS = {
    "memory": in_memory, "batches": in_batches, "parquet": from_file(".parquet"), "csv": from_file(".csv"),
    "arrow": from_file(".arrow"), "stream": from_stream,
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_scoring_rejects_the_same_rows_for_the_same_reasons(
    way: str, model: Model, rows: pa.Table, ids: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "BATCH", 64)
    scored, reasons = WAYS[way](model, rows, tmp_path)
    assert scored == [id for id in rows[ID].to_pylist() if id not in ids]
    plain = {id: text.replace("'", "") for id, text in reasons.items()}  # of CSV, cells are texts
    orders = rows["orders_365d"][200].as_py()
    assert list(plain.values()) == [
        "sessions_30d: expected sessions_30d <= sessions_90d, got 50 and 2",
        "sessions_30d: expected sessions_30d <= sessions_90d, got 50 and 2; "
        "active_days_90d: expected active_days_90d <= sessions_90d, got 60 and 2",
        f"orders_90d: expected orders_90d <= orders_365d, got {orders + 1} and {orders}",
    ]


@pytest.mark.parametrize(("to", "engine"), [("duckdb", run_duckdb), ("sqlite", run_sqlite)])
def test_sql_names_the_relation_and_scores_all_the_same(to: str, engine: Any, model: Model, rows: pa.Table) -> None:
    found = lookups(model.scorecard, model.contract)
    beside = {name.name: getattr(found, what) for what, name in table_names(model, to).items()}
    expected = {rows[ID][row].as_py(): relation for row, relation in BROKEN.items()}
    for statement, tables_of in ((scores_sql(model, to), beside), (segments_sql(model, to), {})):
        result = engine(statement, {"customers": rows, **tables_of})
        by_id = dict(zip(result[ID].to_pylist(), result["broken_relation"].to_pylist(), strict=True))
        assert {id: text for id, text in by_id.items() if text is not None} == expected
        # Golden rows are edge cases that no contract keeps: the database still proves its scores by them.
        assert result["segment_id"].null_count == 0
