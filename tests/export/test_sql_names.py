"""Names in SQL: tables that are made the usual way, without quotes, are read; reserved words and mixed case are quoted."""

from __future__ import annotations

import contextlib
import sqlite3

import duckdb
import pytest
import sqlglot
from cards import card_of, with_card
from engines import Run, SparkRun, model_of
from postgres import Postgres
from sqlglot import exp

from northstar_explain.contract import parse
from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.errors import NorthstarError
from northstar_explain.export.sql import DIALECTS, scores_sql, segments_sql
from northstar_explain.export.sql.reserved_words import RESERVED, SNOWFLAKE
from northstar_explain.export.sql.score_sql import tables_sql
from northstar_explain.export.sql.sql_dialects import dialect
from northstar_explain.model import Model
from northstar_explain.model.rules import Leaf, Split
from northstar_explain.model.scorecard import NumberBins

NAMES = ("orders_90d", "group", "MixedCase")
# As people write it, in upper case or not: only what needs quotes has them. BigQuery and Spark quote with backticks.
MADE = 'CREATE TABLE Shop_Customers (Customer_ID INTEGER, ORDERS_90D REAL, "group" REAL, "MixedCase" REAL)'
FILLED = "INSERT INTO shop_customers VALUES (1, 3, 0, 0), (2, 0, 3, 0), (3, 0, 0, 3)"


def usual_model(model: Model) -> Model:
    """A tree and a card that ask for a plain name, a reserved word and one in mixed case."""
    sections = "".join(f'[features.{name}]\nkind = "amount"\nwords = "w{name}"\n' for name in NAMES)
    contract = parse(f'[table]\nid = "customer_id"\nlabel = "y"\n{sections}')
    tree = Split(
        NumberCondition("orders_90d", 1.0), Leaf("S1"), Split(NumberCondition("group", 1.0), Leaf("S2"), Leaf("S3"))
    )
    card = card_of(*((NumberBins(name, [1.0, 2.0]),) for name in NAMES))  # type: ignore[arg-type]
    return model_of(model, tree, contract, ["one", "two", "three"], card)


def answers(to: str, run: Run, statements: list[str], query: str) -> list[tuple[object, ...]]:
    """The rows of a query after statements, in order."""
    if isinstance(run, Postgres):
        found = run.last_result([f"{one};\n" for one in statements], query, {})
        return sorted(tuple(row.values()) for row in found.to_pylist())
    if isinstance(run, SparkRun):
        for one in statements:
            run.session.sql(one)
        rows = sorted(tuple(row) for row in run.session.sql(query.rstrip().removesuffix(";")).collect())
        for table in sqlglot.parse(";".join(statements), dialect="spark"):
            if isinstance(table, exp.Create):
                run.session.sql(f"DROP TABLE {table.this.this.sql('spark')}")
        return rows
    with contextlib.closing(sqlite3.connect(":memory:") if to == "sqlite" else duckdb.connect()) as connection:
        for one in statements:
            connection.execute(one)
        return sorted(connection.execute(query).fetchall())


def test_a_table_made_the_usual_way_is_read(engine: tuple[str, Run], model: Model) -> None:
    to, run = engine
    ours = usual_model(model)
    usual = MADE.replace('"', "`") + " USING parquet" if to == "spark" else MADE
    beside = [one.rstrip().removesuffix(";") for one in list(tables_sql(ours, to))[1:]]
    statements = ["DROP TABLE IF EXISTS shop_customers", usual, FILLED, *beside]
    if to == "postgres":
        statements = [one.replace("CREATE TABLE", "CREATE TEMPORARY TABLE") for one in statements]
    found = answers(to, run, statements, scores_sql(ours, to, "SHOP_CUSTOMERS"))
    assert [row[:3] for row in found] == [(1, "S1", "one"), (2, "S2", "two"), (3, "S3", "three")]
    assert len({row[4] for row in found}) == 3
    segments = answers(to, run, statements[:3], segments_sql(ours, to, "shop_customers"))
    assert segments == [row[:3] for row in found]


@pytest.mark.parametrize("name", DIALECTS)
def test_only_what_needs_quotes_has_them(name: str, model: Model) -> None:
    text = segments_sql(usual_model(model), name, "Shop.Customers")
    quote = "`" if name in ("spark", "bigquery") else '"'
    body = text[text.index("WITH ") :]
    assert "FROM Shop.Customers AS c" in body
    quoted = {one.name for one in sqlglot.parse_one(body, dialect=name).find_all(exp.Identifier) if one.quoted}
    assert quoted == {"group"}
    assert f"c.{quote}group{quote}" in body and "c.orders_90d" in body


@pytest.mark.parametrize("name", DIALECTS)
def test_mixed_case_is_quoted(name: str, model: Model) -> None:
    quote = "`" if name in ("spark", "bigquery") else '"'
    assert f"c.{quote}MixedCase{quote}" in scores_sql(usual_model(model), name)


def test_upper_case_is_plain_where_unquoted_names_become_that() -> None:
    assert [one for one in DIALECTS if dialect(one).is_plain("SPEND")] == ["snowflake"]
    assert all(dialect(one).is_plain("spend") for one in DIALECTS)
    assert not any(
        dialect(one).is_plain(word) for one in DIALECTS for word in ("Spend", "2x", "a b", "é", "", "select")
    )


def test_names_that_folding_makes_one_are_refused(model: Model) -> None:
    sections = "".join(
        f'[features.{name}]\nkind = "amount"\nwords = "{words}"\n'
        for name, words in (("spend", "one"), ("SPEND", "two"))
    )
    contract = parse(f'[table]\nid = "id"\nlabel = "y"\n{sections}')
    tree = Split(
        NumberCondition("spend", 1.0), Leaf("S1"), Split(NumberCondition("SPEND", 1.0), Leaf("S2"), Leaf("S3"))
    )
    ours = model_of(model, tree, contract)
    assert segments_sql(ours, "postgres")
    with pytest.raises(NorthstarError, match="column SPEND: expected names that are distinct in snowflake"):
        segments_sql(ours, "snowflake")


def test_words_that_databases_reserve_are_known(postgres_server: Postgres) -> None:
    asked = (
        duckdb.connect()
        .execute("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'")
        .fetchall()
    )
    found = postgres_server("SELECT word FROM pg_get_keywords() WHERE catcode <> 'U'", {})
    assert {*(word for (word,) in asked), *found["word"].to_pylist()} <= RESERVED
    assert {word.lower() for word in sqlglot.dialects.BigQuery.Generator.RESERVED_KEYWORDS} <= RESERVED
    assert len(SNOWFLAKE) > 80 and "order" in SNOWFLAKE


def test_the_names_of_the_query_itself_are_plain(model: Model) -> None:
    ours = with_card(model, card_of((NumberBins("m", [1.0]),)))  # type: ignore[arg-type]
    for name in DIALECTS:
        query = scores_sql(ours, name)
        assert not set(query[query.index("WITH ") :]) & {'"', "`"}
        assert not any(set(one.splitlines()[0]) & {'"', "`"} for one in tables_sql(ours, name))
