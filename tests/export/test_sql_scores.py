"""The scorecard as SQL: the same segment, probability and flag as in Python, whatever the value and the engine."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import sqlite3
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import sqlglot
from cards import NUMBER, card_of, cards, hard_values, numbered, scored_tables, with_card
from engines import Run, SparkRun, as_scored, require_traits, run_duckdb, run_sqlite
from helpers import contents, read, with_cells, with_column
from hypothesis import given, settings
from postgres import Postgres
from sqlglot import exp
from strategies import CONTRACT

from northstar_explain.contract import check, columns_of
from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.errors import NorthstarError, OutputError
from northstar_explain.export.sql import DIALECTS, SqlOptions, scores_sql
from northstar_explain.export.sql.lookup_tables import ROOT, lookups
from northstar_explain.export.sql.score_sql import KEYS, table_names, tables_sql
from northstar_explain.export.sql.sql_dialects import dialect
from northstar_explain.export.sql.trait_sql import tag_columns
from northstar_explain.export.sql.write_sql import write_sql
from northstar_explain.model import Model, Scorecard
from northstar_explain.model.borders import thresholds
from northstar_explain.model.known_values import with_known_values
from northstar_explain.model.rules import assign
from northstar_explain.model.scorecard import CategoryBins, NumberBins, Term, sigmoid

RESULT = ["segment_id", "segment_name", "logit", "probability", "flag_f1", "flag_break_even", "likely_buyer"]
# The others take minutes for all; by hand they were run on all.
ROWS = {"duckdb": 240_000, "sqlite": 24_000, "postgres": 24_000, "spark": 24_000}


def scored_by(engine: tuple[str, Run], model: Model, table: pa.Table) -> dict[Any, dict[str, Any]]:
    """What SQL says of each id; every id must come back once."""
    to, run = engine
    found = lookups(model.scorecard, model.contract)
    beside = {name.name: getattr(found, what) for what, name in table_names(model, to).items()}
    result = run(scores_sql(model, to), {"customers": table, **beside})
    id = model.contract.id
    assert result.column_names == [id, *RESULT, *tag_columns(model.contract)]
    by_id = {row[id]: row for row in result.to_pylist()}
    assert len(by_id) == result.num_rows and set(by_id) == set(table[id].to_pylist())
    return by_id


def require_same(engine: tuple[str, Run], model: Model, table: pa.Table) -> None:
    """SQL gives each row what Python's rules and scorecard give."""
    columns = columns_of(as_scored(table, model), model.contract.features)
    logit = model.scorecard.logit(model.scorecard.contributions(columns)[1])
    probability = sigmoid(logit)
    found = scored_by(engine, model, table)
    rows = [found[id] for id in table[model.contract.id].to_pylist()]
    require_traits(model, table, rows)
    assert [row["segment_id"] for row in rows] == assign(model.segmentation.tree, columns).tolist()
    assert np.abs([row["logit"] for row in rows] - logit).max() < 1e-9
    assert np.abs([row["probability"] for row in rows] - probability).max() < 1e-9
    for name, threshold in model.purchase.flag_columns.items():
        assert [bool(row[name]) for row in rows] == (probability >= threshold).tolist()


def run_statements(run: Run, statements: Sequence[str], names: Mapping[str, exp.Table]) -> dict[str, pa.Table]:
    """Make and fill tables, read them, and drop them again."""
    if isinstance(run, SparkRun):
        for statement in statements[1:]:
            run.session.sql(statement.rstrip().removesuffix(";"))
        made = {what: run.session.table(name.name).toArrow() for what, name in names.items()}
        for name in names.values():
            run.session.sql(f"DROP TABLE {name.name}")
        return made
    if isinstance(run, Postgres):
        made = {}
        for what, name in names.items():
            dropped = [f"DROP TABLE IF EXISTS {one.sql('postgres')};\n" for one in names.values()]
            made[what] = run.last_result([*dropped, *statements], f"SELECT * FROM {name.name}", {})
        return made
    sqlite = run is run_sqlite
    with contextlib.closing(sqlite3.connect(":memory:") if sqlite else duckdb.connect()) as connection:
        for statement in statements:
            connection.execute(statement)
        made = {}
        for what, name in names.items():
            cursor = connection.execute(f"SELECT * FROM {name.name}")
            columns = [about[0] for about in cursor.description]
            made[what] = pa.table(dict(zip(columns, map(list, zip(*cursor.fetchall(), strict=True)), strict=True)))
        return made


def test_golden_rows(engine: tuple[str, Run], model: Model) -> None:
    table = numbered(model.golden, model.contract)
    found = scored_by(engine, model, table)
    expected = zip(*(model.golden[f"expected_{what}"].to_pylist() for what in ("segment", "probability")), strict=True)
    for row, (segment, probability) in enumerate(expected):
        got = found[f"C{row}"]
        assert got["segment_id"] == segment
        assert abs(got["probability"] - probability) < 1e-9


def test_each_hard_value(engine: tuple[str, Run], model: Model, customers: pa.Table) -> None:
    """One feature at a time, beside ordinary customers."""
    parts = []
    for name, values in hard_values(model).items():
        kind = pa.float64() if model.contract[name].kind.numeric else pa.string()
        part = as_scored(customers.slice(0, len(values)), model)
        parts.append(with_column(part, name, pa.array(values, kind)))
    table = numbered(pa.concat_tables(parts), model.contract)
    assert table.num_rows > 2_500  # as many as the scorecard has bins
    require_same(engine, model, table)


def test_hard_values_together(engine: tuple[str, Run], model: Model, customers: pa.Table) -> None:
    """All features at once, so that pairs meet on their cuts."""
    rng = np.random.default_rng(8)
    table = as_scored(customers.slice(0, 2_000), model)
    for name, values in hard_values(model).items():
        picked = [values[i] for i in rng.integers(len(values), size=table.num_rows)]
        table = with_column(table, name, pa.array(picked, table[name].type))
    require_same(engine, model, numbered(table, model.contract))


@pytest.mark.slow
def test_240_000_customers(engine: tuple[str, Run], model: Model, many_customers: pa.Table) -> None:
    table = many_customers.slice(0, ROWS[engine[0]])
    assert check(table, model.contract).accepted.num_rows == table.num_rows
    require_same(engine, model, table)


@settings(max_examples=60)
@given(cards(), scored_tables())
def test_any_card_on_any_rows(model: Model, card: Scorecard, table: pa.Table) -> None:
    for name, run in (("duckdb", run_duckdb), ("sqlite", run_sqlite)):
        require_same((name, run), with_card(model, card), table)


CENTS = pa.decimal128(12, 2)
SPELLINGS: dict[str, tuple[tuple[str, ...], pa.Array]] = {
    "whole numbers": (("1", "-3"), pa.array([1, -3, 2, None], pa.int64())),
    "floats": (("1", "30000000", "12345678", "0"), pa.array([1.0, 3e7, 12345678.0, -0.0, 0.0, 2.0, math.nan, None])),
    "decimals": (("1", "10", "0"), pa.array([*map(Decimal, ("1", "10", "0", "2", "1.5")), None], CENTS)),
    "truths": (("false", "true"), pa.array([True, False, None])),
    "truths as words": (("N", "Y"), pa.array([True, False, None])),
    "truths as numbers": (("1", "0"), pa.array([True, False, None])),
    "numbers that are truths": (("true", "false"), pa.array([1, 0, 2, None])),
    "words": (("true",), pa.array(["true", "TRUE", "1", "1.0", " yes", "false", "0", "", None])),
    "yes and no": (
        ("N", "Y"),
        pa.array(["Y", "N", "y", "Yes", "TRUE", "1", "1.00", " f ", "no", "0.", "2", "?", None]),
    ),
    "yes and more": (("N", "Y", "T"), pa.array(["Y", "N", "T", "y", "true", "1", "N ", None])),
    "numbers as texts": (
        ("1", "300000", "12345678", "10"),
        pa.array(["1", "1.", "1.00", "10.0", "3e5", "3E+05", "3.0e5", "1.2345678E7", "01", "-1", "100", "nan", None]),
    ),
    "padding and case": (("red", "Été", "1.50"), pa.array([" red", "Été  ", "Red", "1.50", "1.5", " ", " NULL", None])),
}


@pytest.mark.parametrize(("values", "column"), SPELLINGS.values(), ids=SPELLINGS)
def test_categories_of_every_type_and_spelling(
    engine: tuple[str, Run], model: Model, values: tuple[str, ...], column: pa.Array
) -> None:
    category = CategoryBins("c", {value: i + 1 for i, value in enumerate(values)})
    ours = with_card(model, card_of((category,), (NUMBER,), (category, NUMBER)))
    n = len(column)
    table = pa.table({"id": range(n), "c": column, "m": [1.0] * n, "n": [0.0] * n, "d": ["x"] * n})
    scored = check(table, with_known_values(ours)).accepted
    probability = ours.scorecard.probability(columns_of(scored, CONTRACT.features))
    found = scored_by(engine, ours, table)
    assert [found[i]["probability"] for i in range(n)] == pytest.approx(probability.tolist(), abs=1e-9)
    # Each value, what is missing and, but for booleans, what is unseen.
    assert len(set(probability)) == len(values) + 2 - pa.types.is_boolean(column.type)


def test_a_value_missing_against_the_contract_gives_no_score(engine: tuple[str, Run], model: Model) -> None:
    d = CategoryBins("d", {"x": 1})
    ours = with_card(model, card_of((NumberBins("n", np.array([0.0])),), (d,), (NumberBins("n", np.array([0.5])), d)))
    table = pa.table({
        "id": ["fine", "no m", "no d", "blank d", "no n"],
        "n": [0.0, 0.0, 0.0, math.nan, None],
        "m": [1.0, None, 1.0, 2.0, 0.0],
        "d": ["x", "x", None, "", "y"],
        "c": ["x"] * 5,
    })  # fmt: skip
    assert check(table, CONTRACT).rejected["row"].to_pylist() == [2, 3, 4]
    found = scored_by(engine, ours, table)
    # The rules ask for m and the card for d: each says what it can.
    assert [found[id]["segment_id"] for id in table["id"].to_pylist()] == ["S1", None, "S1", "S1", "S2"]
    assert [found[id]["segment_name"] for id in table["id"].to_pylist()] == ["high", None, "high", "high", "low"]
    for id in ("no d", "blank d"):
        assert [found[id][name] for name in RESULT[2:]] == [None] * 5
    require_same(engine, ours, table.take([0, 4]))


def test_an_id_that_occurs_twice_gets_nothing(engine: tuple[str, Run], model: Model, some: pa.Table) -> None:
    table = with_cells(some.slice(0, 9), model.contract.id, {3: "twice", 7: "twice", 8: "twice"})
    assert check(table, model.contract).rejected["row"].to_pylist() == [4, 8, 9]
    to, run = engine
    found = lookups(model.scorecard, model.contract)
    beside = {name.name: getattr(found, what) for what, name in table_names(model, to).items()}
    rows = run(scores_sql(model, to), {"customers": table, **beside}).to_pylist()
    (row,) = [row for row in rows if row[model.contract.id] == "twice"]
    names = [*RESULT, *tag_columns(model.contract)]
    assert [row[name] for name in names] == [None] * len(names)
    assert len(rows) == 7 and sum(row["probability"] is not None for row in rows) == 6


def test_whoever_stands_on_the_threshold_is_likely(engine: tuple[str, Run], model: Model, some: pa.Table) -> None:
    """Summed in another order, a probability differs in its last bits; the threshold is some customer's own."""
    table = some.slice(0, 200)
    columns = columns_of(check(table, model.contract).accepted, model.contract.features)
    for threshold in model.scorecard.probability(columns)[:3]:
        purchase = dataclasses.replace(model.purchase, threshold=float(threshold))
        require_same(engine, dataclasses.replace(model, purchase=purchase), table)


def test_extreme_scores_do_not_overflow(engine: tuple[str, Run], model: Model) -> None:
    points = np.array([0.0, -800.0, 0.0, 800.0, 0.0])
    ours = with_card(model, Scorecard(0.0, (Term((NUMBER,), points, points, points),)))
    found = scored_by(engine, ours, pa.table({"id": [1, 2, 3], "m": [0.0, 1.0, 2.0]}))
    assert [found[i]["probability"] for i in (1, 2, 3)] == [0.0, 0.5, 1.0]


def test_a_table_called_like_a_part_of_the_query(model: Model, some: pa.Table) -> None:
    for called in ("features", "bins", "Scores"):
        found = lookups(model.scorecard, model.contract)
        beside = {f"{called}_{what}": getattr(found, what) for what in KEYS}
        for to, run in (("duckdb", run_duckdb), ("sqlite", run_sqlite)):
            result = run(scores_sql(model, to, called, prefix=called), {called: some, **beside})
            assert result.num_rows == some.num_rows and not result["probability"].null_count


def test_lookup_tables_hold_what_can_be(model: Model) -> None:
    found = lookups(model.scorecard, model.contract)
    points = {(row["term"], row["bin_1"], row["bin_2"]): row["points"] for row in found.points.to_pylist()}
    assert len(points) == found.points.num_rows
    for number, term in enumerate(model.scorecard.terms, start=1):
        for place, value in np.ndenumerate(term.points):
            impossible = any(
                (bin == 0 and model.contract[axis.feature].missing is None)
                or (bin == axis.count - 1 and isinstance(axis, NumberBins))
                for bin, axis in zip(place, term.axes, strict=True)
            )
            key = (number, *place) if len(place) == 2 else (number, *place, 0)
            assert points.pop(key, None) == (None if impossible else value)
    assert not points
    for axis in found.axes:
        rows = [row for row in found.cuts.to_pylist() if row["axis"] == axis.number]
        keys = [[row[f"key_{i + 1}"] for i in range(found.width)] for row in rows]
        known = [[key for key in each if key is not None] for each in keys]
        assert [row["block"] for row in rows] == list(range(ROOT, len(rows)))
        assert [key for each in known[1:] for key in each] == axis.cuts
        assert known[0] == [each[0] for each in known[2:]]
        assert {row["feature"] for row in rows} == {axis.bins.feature}


def test_inserts_make_the_same_tables(engine: tuple[str, Run], model: Model) -> None:
    """The tables that NAME.tables.sql makes are those of the Parquet files: cuts to the last bit."""
    to, run = engine
    found = lookups(model.scorecard, model.contract)
    made = run_statements(run, [*tables_sql(model, to)], table_names(model, to))
    assert made["categories"].sort_by("bin").sort_by("axis").to_pylist() == found.categories.to_pylist()
    order = [("axis", "ascending"), ("block", "ascending")]
    assert made["cuts"].sort_by(order).to_pylist() == found.cuts.to_pylist()
    keys = [(name, "ascending") for name in KEYS["points"]]
    mine, theirs = (table.sort_by(keys) for table in (made["points"], found.points))
    assert mine.drop_columns("points").to_pylist() == theirs.drop_columns("points").to_pylist()
    np.testing.assert_allclose(mine["points"].to_numpy(), theirs["points"].to_numpy(), rtol=1e-15, atol=0)


def name_of(statement: exp.Expression) -> str:
    """The first table that a statement names."""
    table = statement.find(exp.Table)
    assert table is not None
    return table.name


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_reads_what_is_written_for_it(name: str, model: Model) -> None:
    (query,) = sqlglot.parse(scores_sql(model, name, "shop.customers"), dialect=name)
    assert isinstance(query, exp.Select)
    assert query.named_selects == [model.contract.id, *RESULT, *tag_columns(model.contract)]
    assert all(one.quoted == (not dialect(name).is_plain(one.name)) for one in query.find_all(exp.Identifier))
    parts = {cte.alias for cte in query.find_all(exp.CTE)}
    lookup = {table.name for table in table_names(model, name).values()}
    assert {table.name for table in query.find_all(exp.Table)} - parts == {"customers", *lookup}
    kept = {cte.alias for cte in query.find_all(exp.CTE) if cte.args.get("materialized")}
    assert kept == ({"axes", "blocks", "bins"} if name in ("sqlite", "postgres") else set())
    statements = [one for one in sqlglot.parse("".join(tables_sql(model, name)), dialect=name) if one]
    made = [one for one in statements if isinstance(one, exp.Create)]
    assert {name_of(one) for one in made} == lookup
    filled = [one for one in statements if isinstance(one, exp.Insert)]
    found = lookups(model.scorecard, model.contract)
    rows: dict[str, int] = {
        what: sum(len(one.expression.expressions) for one in filled if name_of(one).endswith(what)) for what in KEYS
    }
    assert rows == {what: getattr(found, what).num_rows for what in KEYS}
    assert len(made) + len(filled) == len(statements)


@pytest.mark.parametrize("name", DIALECTS)
def test_the_statement_is_short_whatever_the_card(name: str, model: Model) -> None:
    text = scores_sql(model, name)
    assert len(text) < 30_000
    assert max(len(one) for one in tables_sql(model, name)) < 500_000
    # Its length depends on terms, not on bins: no cut of the card stands in it.
    cuts = {
        f"'{cut!r}'"
        for term in model.scorecard.terms
        for axis in term.axes
        if isinstance(axis, NumberBins)
        for cut in axis.cuts.tolist()
    }
    rules = {f"'{edge!r}'" for _, edge in thresholds(model.segmentation.tree)}
    asked = [c for trait in model.contract.traits for c in trait.conditions if isinstance(c, NumberCondition)]
    rules |= {f"'{edge!r}'" for c in asked for edge in (c.lower, c.upper)}
    assert not any(cut in text for cut in cuts - rules)


def test_the_prefix_names_the_tables(model: Model) -> None:
    assert table_names(model, "duckdb")["points"].sql("duckdb") == f"northstar_{model.id[2:]}_points"
    assert table_names(model, "spark", "shop.ns")["cuts"].sql("spark") == "shop.ns_cuts"
    with pytest.raises(NorthstarError, match="^--prefix: name: expected a table such as"):
        scores_sql(model, "duckdb", prefix="a..b")


def test_names_of_the_result_are_kept_free(model: Model) -> None:
    contract = dataclasses.replace(CONTRACT, id="Probability")
    with pytest.raises(NorthstarError, match="names that are distinct in sqlite; got one beside Probability"):
        scores_sql(dataclasses.replace(with_card(model, card_of((NUMBER,))), contract=contract), "sqlite")


def test_files_are_written_beside_each_other_or_not_at_all(model: Model, tmp_path: Path) -> None:
    out = tmp_path / "made" / "scores.sql"
    options = SqlOptions("duckdb", "people", "scored", scores=True)
    paths = write_sql(model, options, out)
    names = ["scores.sql", "scores.tables.sql", *(f"scores.{what}.parquet" for what in KEYS)]
    assert [path.name for path in paths] == names
    assert sorted(path.name for path in out.parent.iterdir()) == sorted(names)
    assert out.read_text(encoding="utf-8") == scores_sql(model, "duckdb", "people", "scored")
    found = lookups(model.scorecard, model.contract)
    assert all(read(out.with_suffix(f".{what}.parquet")).equals(getattr(found, what)) for what in KEYS)
    before = contents(tmp_path)
    with pytest.raises(OutputError, match="expected a path that is free"):
        write_sql(model, SqlOptions("sqlite", scores=True), out)
    for path in paths[:-1]:
        path.unlink()
    with pytest.raises(OutputError, match=r"scores\.points\.parquet: output: expected a path that is free"):
        write_sql(model, SqlOptions("sqlite", scores=True), out)
    assert [path.name for path in out.parent.iterdir()] == [names[-1]]
    write_sql(model, options, out, overwrite=True)
    assert contents(tmp_path) == before  # the same bytes
