"""The segments as SQL: every engine gives each row the segment that Python gives, hard rows and hostile names included."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import re
import sqlite3
from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import sqlglot
from engines import (
    Run,
    SparkRun,
    as_scored,
    fill_sqlite,
    model_of,
    require_traits,
    run_duckdb,
    run_sqlite,
)
from helpers import around, with_column
from hypothesis import given, settings
from hypothesis import strategies as st
from postgres import Postgres
from sqlglot import exp
from strategies import CODES, CONTRACT, NUMBERS, VALUES, conditions, trees

from northstar_explain.contract import Contract, check, columns_of, parse
from northstar_explain.contract.conditions import (
    CategoryCondition,
    Condition,
    MissingCondition,
    NumberCondition,
    simplify,
)
from northstar_explain.contract.expressions import parse_condition
from northstar_explain.contract.traits import ContractTrait
from northstar_explain.errors import NorthstarError
from northstar_explain.export.sql import DIALECTS, segments_sql
from northstar_explain.export.sql.segment_sql import conditions_sql
from northstar_explain.export.sql.sql_dialects import dialect
from northstar_explain.export.sql.trait_sql import tag_columns
from northstar_explain.model import Model
from northstar_explain.model.borders import thresholds
from northstar_explain.model.known_values import with_known_values
from northstar_explain.model.rules import Leaf, Node, Split, assign


def segments_by(engine: tuple[str, Run], model: Model, table: pa.Table, name: str = "customers") -> list[str | None]:
    """What SQL says, in the order of the table's rows; every row must come back once, with the name of its segment."""
    to, run = engine
    found = run(segments_sql(model, to, '"' + name + '"' if name != "customers" else name), {name: table}).to_pylist()
    id = model.contract.id
    names = [id, "segment_id", "segment_name", *tag_columns(model.contract)]
    assert [sorted(row) for row in found] == [sorted(names)] * table.num_rows
    called = {segment.id: segment.name for segment in model.segmentation.segments}
    assert all(row["segment_name"] == called.get(row["segment_id"]) for row in found)
    by_id = {row[id]: row for row in found}
    rows = [by_id[id] for id in table[id].to_pylist()]
    require_traits(model, table, rows)
    return [row["segment_id"] for row in rows]


def segments_in_python(model: Model, table: pa.Table) -> list[str]:
    columns = columns_of(as_scored(table, model), model.contract.features)
    segments: list[str] = assign(model.segmentation.tree, columns).tolist()
    return segments


def test_golden_rows(engine: tuple[str, Run], model: Model) -> None:
    table = model.golden.append_column(model.contract.id, pa.array([str(i) for i in range(model.golden.num_rows)]))
    assert segments_by(engine, model, table) == model.golden["expected_segment"].to_pylist()


def test_on_each_threshold_and_beside_it(engine: tuple[str, Run], model: Model, customers: pa.Table) -> None:
    """Each threshold with the doubles next to it, infinities, NaN and NULL, each with the others at random."""
    edges: dict[str, list[float]] = {}
    for name, edge in thresholds(model.segmentation.tree):
        edges.setdefault(name, []).append(edge)
    n = 1_000
    rng = np.random.default_rng(3)
    table = customers.slice(0, n)
    for name, found in edges.items():
        hard = [*around(found), math.inf, -math.inf, 0.0, -0.0]
        if model.contract[name].missing is not None:
            hard += [math.nan, None]  # type: ignore[list-item]
        values = [hard[i] for i in rng.permutation(np.resize(np.arange(len(hard)), n))]
        table = with_column(table, name, pa.array(values, pa.float64()))
    expected = segments_in_python(model, table)
    assert len(set(expected)) == len(model.segmentation.segments)
    assert segments_by(engine, model, table) == expected


@pytest.mark.slow
def test_every_one_of_240_000_customers(
    engine: tuple[str, Run], model: Model, many_customers: pa.Table, contract: Contract
) -> None:
    checked = check(many_customers, contract)
    assert checked.accepted.num_rows == many_customers.num_rows == 240_000
    expected = assign(model.segmentation.tree, columns_of(checked.accepted, contract.features)).tolist()
    assert segments_by(engine, model, many_customers) == expected


@st.composite
def raw_tables(draw: st.DrawFn) -> pa.Table:
    """Rows as a database holds them: NULL, NaN, empty texts, values that no condition asks about."""
    n = draw(st.integers(1, 30))

    def several(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
        return pa.array(draw(st.lists(st.sampled_from(values), min_size=n, max_size=n)), kind)

    words = [[*VALUES, "unheard of"][code] for code in CODES]
    known = [word for word in words if word]
    return pa.table({
        "id": pa.array(range(n)),
        "n": several([*NUMBERS, math.inf, -math.inf, math.nan, None], pa.float64()),
        "m": several([*NUMBERS, math.inf, -math.inf], pa.float64()),
        "c": several([*words, None], pa.string()),
        "d": several(known, pa.string()),
    })  # fmt: skip


@settings(max_examples=100)
@given(trees(), raw_tables())
def test_rules_and_python_and_sql_agree(model: Model, tree: Node, table: pa.Table) -> None:
    ours = model_of(model, tree, CONTRACT)
    expected = segments_in_python(ours, table)
    columns = columns_of(as_scored(table, ours), CONTRACT.features)
    matches = [(rule.segment, rule.matches(columns)) for rule in ours.segmentation.rules]
    by_rules = [[id for id, fits in matches if fits[row]] for row in range(table.num_rows)]
    assert by_rules == [[id] for id in expected]
    for name, run in (("duckdb", run_duckdb), ("sqlite", run_sqlite)):
        assert segments_by((name, run), ours, table) == expected


def with_traits(model: Model, *conditions: tuple[Condition, ...]) -> Model:
    """The model with a trait for each of these conditions."""
    traits = tuple(ContractTrait(f"t{i}", f"trait {i}", met, "?") for i, met in enumerate(conditions))
    return dataclasses.replace(model, contract=dataclasses.replace(model.contract, traits=traits))


@settings(max_examples=100)
@given(st.lists(st.lists(conditions(), min_size=1, max_size=3), min_size=1, max_size=4), raw_tables())
def test_traits_in_sql_are_those_of_python(model: Model, asked: list[list[Condition]], table: pa.Table) -> None:
    met = [found for one in asked if (found := simplify(one))]
    ours = with_traits(model_of(model, Split(NumberCondition("m", 1.0), Leaf("S1"), Leaf("S2")), CONTRACT), *met)
    for name, run in (("duckdb", run_duckdb), ("sqlite", run_sqlite)):
        segments_by((name, run), ours, table)


@pytest.mark.parametrize("text", ["n > 0.1", "n >= 0.1", "n <= 0.1", "n = 0", "n < 0 and c != 'red'", "n is known"])
def test_traits_on_each_threshold_and_beside_it(engine: tuple[str, Run], model: Model, text: str) -> None:
    values = [*around([0.0, 0.1]), -0.0, math.inf, -math.inf, math.nan, None]
    n = len(values)
    table = pa.table(
        {"id": range(n), "n": values, "m": [2.0] * n, "c": pa.array([None] * n, pa.string()), "d": ["x"] * n}
    )
    ours = model_of(model, Leaf("S1"), CONTRACT)
    segments_by(engine, with_traits(ours, parse_condition(text, CONTRACT.features)), table)


def test_a_trait_whose_value_is_missing_against_the_contract_is_0(engine: tuple[str, Run], model: Model) -> None:
    ours = with_traits(model_of(model, Leaf("S1"), CONTRACT), (NumberCondition("m", upper=3.0),))
    to, run = engine
    table = pa.table({"id": [1, 2, 3], "m": [1.0, None, 3.0]})
    found = run(segments_sql(ours, to), {"customers": table}).sort_by("id")
    assert found["trait_t0"].to_pylist() == [1, 0, 0]


FRACTIONS = (0.1, 1 / 3, 1e-7, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 123456789.12345679, 2.0**53 + 2)


@settings(max_examples=50)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_a_threshold_is_the_very_double(values: list[float]) -> None:
    for name, run in (("duckdb", run_duckdb), ("sqlite", run_sqlite)):
        assert literals_by(name, run, values) == values


@pytest.mark.parametrize("sign", [1, -1])
def test_thresholds_are_the_very_doubles(engine: tuple[str, Run], sign: int) -> None:
    values = [sign * x for x in (*FRACTIONS, *around(FRACTIONS[:4]), 0.0, 3.0, 2.0**53, 5e9)]
    assert literals_by(*engine, values) == values


def literals_by(name: str, run: Run, values: Sequence[float]) -> list[float]:
    shown = (f"{dialect(name).literal(value).sql(name)} AS x{i}" for i, value in enumerate(values))
    (row,) = run(f"SELECT {', '.join(shown)}", {}).to_pylist()
    return [float(value) for value in row.values()]


HOSTILE = ['a"b', "a`b", "it's", "select", "a b", "a.b", "x;--", "ü*/", "back\\slash", "line\nbreak", "Ω{x}$1%s"]
TEXTS = [*HOSTILE, "'; DROP TABLE customers; --", "''", "\\'", "\t", "😀", "NULL", "nan"]


def hostile_model(model: Model, names: Sequence[str] = HOSTILE) -> Model:
    """A tree that asks about features of every hostile name, with values and segments of hostile names."""
    quoted = [name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for name in names]
    sections = "".join(
        f'[features."{name}"]\nkind = "{"amount" if i % 2 else "category"}"\nwords = "w{i}"\nmissing = "unknown"\n'
        for i, name in enumerate(quoted)
    )
    contract = parse(f'[table]\nid = "{quoted[0]} id"\nlabel = "y"\n{sections}')
    tree: Node = Leaf("S0")
    for i, name in enumerate(names):
        test = NumberCondition(name, 0.1) if i % 2 else CategoryCondition(name, tuple(TEXTS[i::3]))
        tree = Split(test, Leaf(f"S{i + 1}"), tree)
    return model_of(model, tree, contract, [f"name {text}" for text in TEXTS[: len(names) + 1]])


def hostile_table(model: Model) -> pa.Table:
    rng = np.random.default_rng(5)
    n = 400
    columns: dict[str, pa.Array] = {model.contract.id: pa.array(range(n))}
    for feature in model.contract.features:
        values = [0.1, -1.0, -1.0, -1.0, None] if feature.kind.numeric else [*TEXTS, *["other"] * 60, "", None]
        picked = [values[i] for i in rng.integers(len(values), size=n)]
        columns[feature.name] = pa.array(picked, pa.float64() if feature.kind.numeric else pa.string())
    return pa.table(columns)


@pytest.mark.parametrize("table", ["customers", "features", "assigned", "my customers; --"])
def test_hostile_names_and_texts(engine: tuple[str, Run], model: Model, table: str) -> None:
    ours = hostile_model(model)
    rows = hostile_table(ours)
    expected = segments_in_python(ours, rows)
    assert len(set(expected)) > len(HOSTILE) / 2
    assert segments_by(engine, ours, rows, table) == expected


def test_the_conditions_that_people_read_select_their_segments(model: Model) -> None:
    # A text with two blanks among the values: the condition is one line, and keeps both.
    ours = hostile_model(model, [*HOSTILE, "two  blanks"])
    rows = hostile_table(ours)
    expected = segments_in_python(ours, rows)
    with duckdb.connect() as base:
        base.register("rows", rows)
        for id, rules in conditions_sql(ours).items():
            where = " OR ".join(f"({rule})" for rule in rules)
            found = base.execute(
                f"SELECT list(row) FROM (SELECT *, row_number() OVER () - 1 AS row FROM rows) WHERE {where}"
            )
            assert sorted(found.fetchall()[0][0] or []) == [row for row, one in enumerate(expected) if one == id], where


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_reads_what_is_written_for_it(name: str, model: Model) -> None:
    # Signs that BigQuery allows in no column's name, and that sqlglot does not read back there.
    ours = hostile_model(model, [one for one in HOSTILE if name != "bigquery" or not set(one) & set("`.\\\n")])
    (query,) = sqlglot.parse(segments_sql(ours, name), dialect=name)
    assert isinstance(query, exp.Select)
    assert query.named_selects == [ours.contract.id, "segment_id", "segment_name"]
    assert all(one.quoted == (not dialect(name).is_plain(one.name)) for one in query.find_all(exp.Identifier))
    (source,) = [table for table in query.find_all(exp.Table) if table.name == "customers"]
    read = {column.name for column in query.find_all(exp.Column) if column.table == source.alias}
    assert read == {ours.contract.id, *(feature.name for feature in ours.contract.features)}
    texts = {literal.this for literal in query.find_all(exp.Literal) if literal.is_string}
    asked = {
        value
        for rule in ours.segmentation.rules
        for c in rule.conditions
        if isinstance(c, CategoryCondition)
        for value in c.values
    }
    assert texts >= asked | {segment.name for segment in ours.segmentation.segments}


@pytest.mark.parametrize("name", DIALECTS)
def test_not_a_number_is_missing_in_every_dialect_that_has_it(name: str, model: Model) -> None:
    tree = Split(NumberCondition("n", 3.0, None, missing=True), Leaf("S1"), Leaf("S2"))
    text = segments_sql(model_of(model, tree, CONTRACT), name)
    kinds = {"postgres": "DOUBLE PRECISION", "bigquery": "FLOAT64"}
    cast = f"CAST(c.n AS {kinds.get(name, 'DOUBLE')})"
    if name == "sqlite":
        assert "CAST(NULLIF(c.n, '') AS REAL) AS n" in text
    elif name == "bigquery":  # NaN is not equal to itself there
        assert f"CASE WHEN NOT IS_NAN({cast}) THEN {cast} END AS n" in " ".join(text.split())
    else:
        assert f"NULLIF({cast}, CAST('NaN' AS " in text


def test_a_statement_reads_well(model: Model) -> None:
    tree = Split(NumberCondition("n", 0.2, None, missing=True), Leaf("S1"), Leaf("S2"))
    text = segments_sql(
        model_of(model, tree, CONTRACT, ["Often\nbuying", "Others"]), "postgres", "shop.people", "shop.s"
    )
    assert (
        text
        == f"""\
-- Customers: the segment of each row of shop.people, by model {model.id}.
-- S1 Often buying: rules of S1
-- S2 Others: rules of S2
-- The segment is NULL where a value is missing that the contract says never is. Whether a row keeps the
-- contract otherwise is not looked at here; `explain score` rejects rows that do not.
CREATE VIEW shop.s AS
WITH features AS (
  SELECT
    c.id AS id,
    NULLIF(CAST(c.n AS DOUBLE PRECISION), CAST('NaN' AS DOUBLE PRECISION)) AS n
  FROM shop.people AS c
), assigned AS (
  SELECT
    features.id AS id,
    CASE
      WHEN features.n >= CAST('0.2' AS DOUBLE PRECISION) OR features.n IS NULL
      THEN 'S1'
      WHEN features.n < CAST('0.2' AS DOUBLE PRECISION)
      THEN 'S2'
    END AS segment_id
  FROM features
)
SELECT
  assigned.id AS id,
  assigned.segment_id AS segment_id,
  CASE assigned.segment_id
    WHEN 'S1'
    THEN 'Often\nbuying'
    WHEN 'S2'
    THEN 'Others'
  END AS segment_name
FROM assigned;
"""
    )


CATEGORIES: dict[str, tuple[tuple[str, ...], pa.Array]] = {
    "whole numbers": (("1", "-3"), pa.array([1, -3, 2, None], pa.int32())),
    "whole numbers with some missing, as floats": (("1", "30000000"), pa.array([1.0, 3e7, 2.0, math.nan, None])),
    "floats of which some are broken": (("1", "3"), pa.array([1.0, 2.5, 3.0, 3.5, math.nan, None])),
    "very large floats": (("1", "9"), pa.array([1.0, 2.0**53, 1e300, math.inf, -math.inf, 9.0, None])),
    "small floats": (("1", "3"), pa.array([1.0, 3.0, None, math.nan], pa.float32())),
    "truths": (("true",), pa.array([True, False, None])),
    "truths, and numbers in the text": (("true", "1"), pa.array(["true", "1", "0", "1.0", "", None])),
    "texts that look like numbers": (("1", "3.0"), pa.array(["1", "1.0", "3", "3.0", " 1", "nan", "NaN", "", None])),
    "texts": (("Red", "É"), pa.array(["Red", "red", "RED ", "É", "é", "E", "", None])),
}


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.parametrize(("values", "column"), CATEGORIES.values(), ids=CATEGORIES)
def test_categories_of_every_type_a_contract_takes(
    engine: tuple[str, Run], model: Model, values: tuple[str, ...], column: pa.Array, inside: bool, missing: bool
) -> None:
    tree: Node = Split(CategoryCondition("c", values, inside, missing), Leaf("S1"), Leaf("S2"))
    tree = Split(MissingCondition("c"), Leaf("S3"), tree) if missing else tree
    ours = model_of(model, tree, CONTRACT)
    n = len(column)
    table = pa.table({"id": pa.array(range(n)), "c": column, "n": [0.0] * n, "m": [0.0] * n, "d": ["x"] * n})
    checked = check(table, with_known_values(ours))
    assert checked.rejected.num_rows == 0
    expected = assign(tree, columns_of(checked.accepted, CONTRACT.features)).tolist()
    assert segments_by(engine, ours, table) == expected


def test_a_value_missing_against_the_contract_gives_no_segment(engine: tuple[str, Run], model: Model) -> None:
    known = Split(CategoryCondition("d", ("x",)), Leaf("S2"), Leaf("S3"))
    tree: Node = Split(NumberCondition("m", 3.0), Leaf("S1"), known)
    ours = model_of(model, tree, CONTRACT)
    table = pa.table({
        "id": ["a", "b", "c", "d", "e", "f"],
        "m": [3.0, None, math.nan, 1.0, 1.0, 1.0],
        "d": ["x", "x", "x", "x", "", None],
    })  # fmt: skip
    rows = table.append_column("n", pa.array([0.0] * 6)).append_column("c", pa.array(["x"] * 6))
    assert check(rows, CONTRACT).rejected["row"].to_pylist() == [2, 3, 5, 6]
    assert segments_by(engine, ours, table) == ["S1", None, None, "S2", None, None]


def test_one_segment_for_all(engine: tuple[str, Run], model: Model) -> None:
    assert segments_by(engine, model_of(model, Leaf("S1"), CONTRACT), pa.table({"id": ["a", "b"]})) == ["S1", "S1"]


def test_an_empty_table_gives_an_empty_result(engine: tuple[str, Run], model: Model) -> None:
    table = model.golden.append_column(model.contract.id, pa.nulls(model.golden.num_rows, pa.string())).slice(0, 0)
    to, run = engine
    assert run(segments_sql(model, to), {"customers": table}).num_rows == 0


def test_an_empty_cell_of_an_imported_csv_is_no_zero(model: Model) -> None:
    tree = Split(NumberCondition("n", -1.0), Leaf("S1"), Leaf("S2"))
    table = pa.table({"id": ["a", "b", "c"], "n": ["", "0", "-2.5"]})
    assert segments_by(("sqlite", run_sqlite), model_of(model, tree, CONTRACT), table) == ["S2", "S1", "S2"]


def test_a_column_that_is_not_there_is_an_error_in_sqlite_too(model: Model) -> None:
    ours = model_of(model, Split(NumberCondition("m", 3.0), Leaf("S1"), Leaf("S2")), CONTRACT)
    with pytest.raises(sqlite3.OperationalError, match=r"no such column: c\.m"):
        run_sqlite(segments_sql(ours, "sqlite"), {"customers": pa.table({"id": ["a"]})})


def test_a_view_gives_what_the_query_gives(engine: tuple[str, Run], model: Model, some: pa.Table) -> None:
    to, run = engine
    query = run(segments_sql(model, to), {"customers": some})
    rows = run_view(to, run, segments_sql(model, to, view="my_segments"), some)
    assert sorted(rows) == sorted(tuple(row.values()) for row in query.to_pylist())


def run_view(to: str, run: Run, made: str, table: pa.Table) -> list[tuple[Any, ...]]:
    """Make the view over a lasting table and read it."""
    if isinstance(run, SparkRun):
        with run.lasting_table("customers", table) as session:
            session.sql(made.removesuffix(";\n"))
            rows = [tuple(row) for row in session.table("my_segments").collect()]
            session.sql("DROP VIEW my_segments")
        return rows
    if isinstance(run, Postgres):
        found = run.last_result([made], "SELECT * FROM my_segments", {"customers": table})
        return [tuple(row.values()) for row in found.to_pylist()]
    connection = sqlite3.connect(":memory:") if to == "sqlite" else duckdb.connect()
    with contextlib.closing(connection):
        if isinstance(connection, sqlite3.Connection):
            fill_sqlite(connection, "customers", table)
        else:
            connection.register("customers", table)
        connection.execute(made)
        return connection.execute("SELECT * FROM my_segments").fetchall()


@pytest.mark.parametrize(("name", "parts"), [
    ("customers", "customers"),
    ("Shop.Customers", "Shop.Customers"),
    ("cat.shop.customers", "cat.shop.customers"),
    ('"Shop".customers', '"Shop".customers'),
    ('"a.b"."c d"', '"a.b"."c d"'),
    ("weird; DROP TABLE x", '"weird; DROP TABLE x"'),
])  # fmt: skip
def test_tables_are_named_by_parts_and_keep_the_quotes_they_need(name: str, parts: str, model: Model) -> None:
    text = segments_sql(model, "postgres", name)
    assert f"FROM {parts} AS c\n" in text


@pytest.mark.parametrize("name", ["", ".", "a..b", "a.", "read_csv('x')", "a.b.c.d.e"])
def test_what_names_no_table_is_refused(name: str, model: Model) -> None:
    for option, call in (("--table", {"customers": name}), ("--view", {"view": name})):
        with pytest.raises(
            NorthstarError, match=f"^{option}: name: expected a table such as .*; got {re.escape(repr(name))}"
        ):
            segments_sql(model, "duckdb", **call)


def test_names_that_a_database_takes_for_one_are_refused(model: Model) -> None:
    sections = "".join(
        f'[features.{name}]\nkind = "amount"\nwords = "{words}"\n'
        for words, name in (("one", "Spend"), ("two", "spend"))
    )
    tree = Split(
        NumberCondition("Spend", 1.0), Leaf("S1"), Split(NumberCondition("spend", 1.0), Leaf("S2"), Leaf("S3"))
    )
    ours = model_of(model, tree, parse(f'[table]\nid = "id"\nlabel = "y"\n{sections}'))
    for name in ("postgres", "snowflake"):
        assert segments_sql(ours, name)
    for name in ("duckdb", "sqlite", "spark", "bigquery"):
        with pytest.raises(
            NorthstarError, match=f"column spend: expected names that are distinct in {name}; got one beside Spend"
        ):
            segments_sql(ours, name)
    ours = model_of(model, Leaf("S1"), parse(f'[table]\nid = "segment_id"\nlabel = "y"\n{sections}'))
    with pytest.raises(
        NorthstarError,
        match="column segment_id: expected names that are distinct in postgres; got one beside segment_id",
    ):
        segments_sql(ours, "postgres")


def test_a_text_that_sql_cannot_hold_is_refused(model: Model) -> None:
    ours = model_of(model, Split(CategoryCondition("d", ("a\0b",)), Leaf("S1"), Leaf("S2")), CONTRACT)
    with pytest.raises(NorthstarError, match=r"no character U\+0000, which SQL cannot hold; got 'a\\x00b'"):
        segments_sql(ours, "duckdb")


def test_the_same_model_gives_the_same_text(model: Model) -> None:
    assert all(segments_sql(model, name) == segments_sql(model, name) for name in DIALECTS)
