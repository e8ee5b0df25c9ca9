"""The model as a dbt package: `dbt build` passes, scores as Python does day after day, and fails where something is wrong."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from cards import card_of, with_card
from dbt_environment import build
from engines import as_scored, model_of
from helpers import contents, explain, refused, with_cells
from postgres import Postgres

from northstar_explain.contract import check, columns_of, parse
from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.errors import ModelError, NorthstarError, OutputError
from northstar_explain.export.dbt import write_dbt
from northstar_explain.export.sql.jinja_sql import jinja_text
from northstar_explain.model import Model
from northstar_explain.model.golden_scores import with_expected
from northstar_explain.model.known_values import with_known_values
from northstar_explain.model.rules import Leaf, Split
from northstar_explain.model.scorecard import CategoryBins, NumberBins
from northstar_explain.score import Scorer

DAY = "2026-03-01"
TESTS = {
    "golden_rows_score_the_same", "customers_have_one_score_a_day", "few_customers_have_no_score",
    "probabilities_are_0_to_1",
}  # fmt: skip


def in_duckdb(path: Path, customers: pa.Table) -> dict[str, Any]:
    """A database with customers, and how dbt reaches it."""
    with duckdb.connect(str(path)) as connection:
        connection.register("arrow", customers)
        connection.execute("CREATE OR REPLACE TABLE customers AS SELECT * FROM arrow")
    return {"type": "duckdb", "path": str(path), "threads": 1}


def rows_of(path: Path, query: str) -> list[dict[str, Any]]:
    with duckdb.connect(str(path)) as connection:
        found: list[dict[str, Any]] = connection.sql(query).to_arrow_table().to_pylist()
        return found


def require_same(model: Model, customers: pa.Table, rows: list[dict[str, Any]]) -> None:
    """The rows are the scores that Python gives."""
    expected = Scorer(model)(check(customers, with_known_values(model)).accepted)
    wanted = {row[model.contract.id]: row for row in expected.to_pylist()}
    assert {row[model.contract.id] for row in rows} == set(wanted) and len(rows) == len(wanted)
    for row in rows:
        other = wanted[row[model.contract.id]]
        names = ("segment_id", "flag_f1", "flag_break_even")
        assert [row[name] for name in names] == [other[name] for name in names]
        assert abs(row["probability"] - other["probability"]) < 1e-9
        traits = {trait.words for trait in model.contract.traits if row[trait.column]}
        assert len(traits) == len([one for one in (other["traits"] or "").split(";") if one])


def require_built(statuses: dict[str, str]) -> None:
    assert set(statuses.values()) == {"success", "pass"}, statuses
    assert {name for name in statuses if name in TESTS} == TESTS, statuses


@pytest.mark.slow
def test_a_build_scores_day_after_day_and_tests_itself(model: Model, customers: pa.Table, tmp_path: Path) -> None:
    package, base = tmp_path / "northstar", tmp_path / "shop.duckdb"
    write_dbt(model, "duckdb", package)
    first, second = customers.slice(0, 300), customers.slice(200, 250)
    profile = in_duckdb(base, first)
    require_built(build(package, profile, snapshot_date=DAY))
    require_same(model, first, rows_of(base, "SELECT * FROM scores"))
    assert len(rows_of(base, "SELECT * FROM segments WHERE segment_id IS NOT NULL")) == 300
    # A week later other customers; then that day again, which replaces it and keeps the one before.
    later = "2026-03-08"
    for table in (first, second):
        in_duckdb(base, table)
        require_built(build(package, profile, snapshot_date=later))
    require_same(model, second, rows_of(base, f"SELECT * FROM scores WHERE snapshot_date = '{later}'"))
    require_same(model, first, rows_of(base, f"SELECT * FROM scores WHERE snapshot_date = '{DAY}'"))
    assert {row["model_id"] for row in rows_of(base, "SELECT model_id FROM scores")} == {model.id}
    # Points that somebody changed, and customers without a value that must not be missing.
    (points,) = package.glob("seeds/*_points.csv")
    text = points.read_text(encoding="utf-8")
    points.write_text(re.sub(r"(\d)\.(\d)", lambda m: f"{m[1]}.{(int(m[2]) + 1) % 10}", text), encoding="utf-8")
    in_duckdb(base, with_cells(second, "sessions_30d", dict.fromkeys(range(50))))
    statuses = build(package, profile, snapshot_date=later)
    failed = {name for name, status in statuses.items() if status == "fail"}
    assert failed == {"golden_rows_score_the_same", "few_customers_have_no_score"}, statuses


@pytest.mark.slow
def test_a_build_in_postgres(model: Model, some: pa.Table, postgres_server: Postgres, tmp_path: Path) -> None:
    package = tmp_path / "northstar"
    write_dbt(model, "postgres", package, "shop.customers")
    postgres_server.psql("CREATE SCHEMA shop;\n")
    try:
        postgres_server.keep("shop.customers", some)
        profile = {
            "type": "postgres", "host": str(postgres_server.folder), "user": "tests", "password": "-", "port": 5432,
            "dbname": "postgres", "schema": "marts", "threads": 1,
        }  # fmt: skip
        require_built(build(package, profile, snapshot_date=DAY))
        require_same(model, some, postgres_server("SELECT * FROM marts.scores", {}).to_pylist())
    finally:
        postgres_server.psql("DROP SCHEMA shop CASCADE;\nDROP SCHEMA IF EXISTS marts CASCADE;\n")


DATED = """
[table]
id = "Customer"
label = "y"
as_of = "as_of"
ignore = ["as_of"]
[features.joined]
kind = "date"
words = "joining"
[features.group]
kind = "category"
words = "group"
missing = "unknown"
"""


@pytest.mark.slow
def test_a_table_of_several_days_reserved_words_and_braces(model: Model, tmp_path: Path) -> None:
    """The latest day is scored, or the day asked for; texts that look like Jinja stay texts."""
    words = ["{{ 1 }}", "{% raw %}", "{# x #}", "it's"]
    group = CategoryBins("group", {word: i + 1 for i, word in enumerate(words)})
    tree = Split(NumberCondition("joined", 30.0), Leaf("S1"), Leaf("S2"))
    card = card_of((group,), (NumberBins("joined", [10.0, 30.0]),))  # type: ignore[arg-type]
    ours = model_of(model, tree, parse(DATED), ["{{ old }}", "new"], card)
    golden = pa.table({"joined": [9.0, 10.0, 30.0, 31.0, 5.0], "group": [*words, None]})
    ours = dataclasses.replace(ours, golden=with_expected(golden, ours.contract, ours.segmentation, card))
    days = [datetime.date(2026, 3, day) for day in (1, 8)]
    table = pa.table({
        "Customer": ["a", "b", "a", "c"],
        "as_of": [days[0], days[0], days[1], days[1]],
        "joined": [datetime.date(2026, 2, 1), datetime.date(2026, 1, 1)] * 2,
        "group": ["{{ 1 }}", "new", "{% raw %}", None],
    })  # fmt: skip
    package, base = tmp_path / "northstar", tmp_path / "shop.duckdb"
    write_dbt(ours, "duckdb", package)
    profile = in_duckdb(base, table)
    require_built(build(package, profile))
    require_built(build(package, profile, snapshot_date=days[0].isoformat()))
    rows = rows_of(base, "SELECT * FROM scores ORDER BY snapshot_date, 1")
    assert [(row["Customer"], row["snapshot_date"]) for row in rows] == [
        ("a", days[0]), ("b", days[0]), ("a", days[1]), ("c", days[1]),
    ]  # fmt: skip
    assert [row["segment_name"] for row in rows] == ["new", "{{ old }}", "{{ old }}", "{{ old }}"]
    scored = columns_of(
        as_scored(pa.table({"joined": [28.0, 59.0, 35.0, 66.0], "group": table["group"]}), ours), ours.contract.features
    )
    assert [row["probability"] for row in rows] == pytest.approx(card.probability(scored).tolist(), abs=1e-9)


@pytest.fixture
def package(model: Model, tmp_path: Path) -> Iterator[Path]:
    write_dbt(model, "snowflake", tmp_path / "northstar", "raw.shop.customers")
    yield tmp_path / "northstar"


def test_the_same_model_gives_the_same_package(model: Model, package: Path, tmp_path: Path) -> None:
    before = contents(package)
    write_dbt(model, "snowflake", package, "raw.shop.customers", overwrite=True)
    assert contents(package) == before
    with pytest.raises(OutputError, match="expected a path that is free"):
        write_dbt(model, "snowflake", package)


def test_a_package_is_replaced_with_what_dbt_left_but_nothing_else(model: Model, package: Path) -> None:
    for name in ("target/x.json", "logs/dbt.log", "seeds/northstar_0000_points.csv"):
        (package / name).parent.mkdir(exist_ok=True)
        (package / name).write_text("-")
    write_dbt(model, "duckdb", package, overwrite=True)
    assert not (package / "target").exists() and not (package / "seeds" / "northstar_0000_points.csv").exists()
    (package / "models" / "mine.sql").write_text("select 1")
    with pytest.raises(OutputError, match=r"models/mine\.sql in it"):
        write_dbt(model, "duckdb", package, overwrite=True)


def test_unit_tests_are_golden_rows_of_each_segment(model: Model, package: Path) -> None:
    text = (package / "models" / "schema.yml").read_text(encoding="utf-8")
    for segment in model.segmentation.segments:
        assert 1 <= text.count(f'"segment_id": "{segment.id}"') <= 3
    assert "raw" in text and "shop" in text


def test_seeds_have_types_and_exact_cuts(model: Model, package: Path) -> None:
    (cuts,) = package.glob("seeds/*_cuts.csv")
    keys = {
        float(cell)
        for line in cuts.read_text(encoding="utf-8").splitlines()[1:]
        for cell in line.split(",")[4:]
        if cell
    }
    wanted = {
        float(cut)
        for term in model.scorecard.terms
        for axis in term.axes
        if isinstance(axis, NumberBins)
        for cut in axis.cuts
    }
    assert wanted <= keys
    types = (package / "seeds" / "seeds.yml").read_text(encoding="utf-8")
    assert types.count("column_types:") == 4 and '"double"' in types


def test_jinja_gives_a_text_back() -> None:
    assert jinja_text("{{ a }} {% b %} {# c #} {d} {{{") == (
        "{{ '{' }}{ a }} {{ '{' }}% b %} {{ '{' }}# c #} {d} {{ '{' }}{{ '{' }}{"
    )


def test_what_dbt_cannot_hold_is_refused(model: Model, tmp_path: Path) -> None:
    with pytest.raises(
        NorthstarError, match="--dialect: dialect: expected one of duckdb, postgres, spark, bigquery, snowflake"
    ):
        write_dbt(model, "sqlite", tmp_path / "d")
    ours = with_card(model, card_of((CategoryBins("c", {"null": 1}),)))
    with pytest.raises(ModelError, match="expected values other than 'null', which dbt reads as missing"):
        write_dbt(ours, "duckdb", tmp_path / "d")
    assert not contents(tmp_path)


def test_the_command_writes_the_package(model: Model, model_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "northstar"
    result = explain("sql", model_dir, "--dialect", "duckdb", "--dbt", out)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{out}: 17 files; see README.md there\n"
    assert model.id in (out / "README.md").read_text(encoding="utf-8")
    assert "a path that is free" in refused(tmp_path, "sql", model_dir, "--dialect", "duckdb", "--dbt", out)
    for option in (["--out", tmp_path / "x.sql"], ["--view", "v"], ["--scores"], ["--prefix", "p"]):
        message = refused(
            tmp_path, "sql", model_dir, "--dialect", "duckdb", "--dbt", tmp_path / "other", *option, code=2
        )
        assert "--dbt goes with --dialect and --table alone" in message
    with pytest.raises(OutputError):
        write_dbt(dataclasses.replace(model, folder=model_dir), "duckdb", model_dir / "dbt")
