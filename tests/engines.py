"""Databases that tests run SQL on: tables of Arrow in, a table of Arrow out; and models to run on them."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from helpers import with_column
from pyarrow import parquet

from northstar_explain.contract import Contract, columns_of
from northstar_explain.contract.cells import read_categories
from northstar_explain.contract.columns import one_array
from northstar_explain.contract.conditions import matches
from northstar_explain.contract.missing_marks import marks_of
from northstar_explain.model import Model, Scorecard, Segment, Segmentation
from northstar_explain.model.known_values import with_known_values
from northstar_explain.model.rules import Node
from northstar_explain.model.segments import rules_by_segment

ENGINES = (
    "duckdb",
    "sqlite",
    "postgres",
    pytest.param("spark", marks=pytest.mark.slow),
)
Run = Callable[[str, Mapping[str, pa.Table]], pa.Table]
_SQLITE_TYPES = {"double": "REAL", "float": "REAL", "string": "TEXT"}


def run_duckdb(sql: str, tables: Mapping[str, pa.Table]) -> pa.Table:
    """The result of statements, the last of which is a query, over tables of DuckDB's own."""
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register("arrow", table)
            connection.execute(f"CREATE TABLE {_quoted(name)} AS SELECT * FROM arrow")
            connection.unregister("arrow")
        return connection.sql(sql).to_arrow_table()


def run_sqlite(sql: str, tables: Mapping[str, pa.Table]) -> pa.Table:
    """The result of a query over tables in memory; SQLite keeps a NaN as NULL and a boolean as 0 or 1."""
    connection = sqlite3.connect(":memory:")
    try:
        for name, table in tables.items():
            fill_sqlite(connection, name, table)
        cursor = connection.execute(sql)
        names = [about[0] for about in cursor.description]
        columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(names)
        return pa.table(dict(zip(names, map(list, columns), strict=True)))
    finally:
        connection.close()


def fill_sqlite(connection: sqlite3.Connection, name: str, table: pa.Table) -> None:
    """Make a table of SQLite from one of Arrow."""
    kinds = [_SQLITE_TYPES.get(str(field.type), "INTEGER") for field in table.schema]
    columns = ", ".join(f"{_quoted(n)} {kind}" for n, kind in zip(table.column_names, kinds, strict=True))
    connection.execute(f"CREATE TABLE {_quoted(name)} ({columns})")
    places = ", ".join("?" * table.num_columns)
    cells = ([str(x) if isinstance(x, Decimal) else x for x in column.to_pylist()] for column in table.columns)
    rows = zip(*cells, strict=True)
    connection.executemany(f"INSERT INTO {_quoted(name)} VALUES ({places})", rows)


class SparkRun:
    """The same on a Spark session, over Parquet files."""

    def __init__(self, session: Any):
        self.session = session

    def __call__(self, sql: str, tables: Mapping[str, pa.Table]) -> pa.Table:
        with tempfile.TemporaryDirectory() as folder:
            for number, (name, table) in enumerate(tables.items()):
                path = Path(folder) / f"{number}.parquet"
                parquet.write_table(table, path)
                self.session.read.parquet(str(path)).createOrReplaceTempView(f"`{name}`")
            try:
                return self.session.sql(sql.rstrip().removesuffix(";")).toArrow()
            finally:
                for name in tables:
                    assert self.session.catalog.dropTempView(name)

    @contextlib.contextmanager
    def lasting_table(self, name: str, table: pa.Table) -> Iterator[Any]:
        """The session with a table that a view may be made over."""
        with tempfile.TemporaryDirectory() as folder:
            parquet.write_table(table, Path(folder) / "0.parquet")
            self.session.sql(f"CREATE TABLE {name} USING parquet LOCATION '{folder}'")
            try:
                yield self.session
            finally:
                self.session.sql(f"DROP TABLE {name}")


def as_scored(table: pa.Table, model: Model, names: Sequence[str] | None = None) -> pa.Table:
    """Features as scoring leaves them, but for bounds: doubles, and texts of one spelling of which none is empty."""
    contract = with_known_values(model)
    marks = marks_of(contract, numeric=False)
    for feature in contract.features if names is None else [contract[name] for name in names]:
        column = table[feature.name]
        if feature.kind.numeric:
            table = with_column(table, feature.name, column.cast(pa.float64()))
        else:
            filled = one_array(pc.if_else(pc.equal(column, ""), None, column))
            category, _ = read_categories(filled, feature, marks)
            values = [*category.values, None]  # code -1 is the last
            table = with_column(table, feature.name, pa.array([values[code] for code in category.codes], pa.string()))
    return table


def model_of(
    model: Model, tree: Node, contract: Contract, names: Sequence[str] = (), card: Scorecard | None = None
) -> Model:
    """The model with another tree and contract, and with a card that asks for no more columns."""
    found = rules_by_segment(tree, contract)
    called = dict(zip(found, names, strict=False))
    segments = tuple(
        Segment(id, called.get(id, "-"), f"rules of {id}", rules, 1, 0.1, (), 1.0, 1.0) for id, rules in found.items()
    )
    card = card or Scorecard(0.0, ())
    return dataclasses.replace(model, contract=contract, segmentation=Segmentation(tree, segments), scorecard=card)


def require_traits(model: Model, table: pa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """SQL gives rows, in the order of the table's, the traits that their conditions give in Python."""
    contract = model.contract
    names = sorted({c.feature for trait in contract.traits for c in trait.conditions})
    columns = columns_of(as_scored(table, model, names), [contract[name] for name in names])
    for trait in contract.traits:
        assert [row[trait.column] for row in rows] == matches(trait.conditions, columns).astype(int).tolist(), trait


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
