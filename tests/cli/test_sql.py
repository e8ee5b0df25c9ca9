"""`explain sql`: the statement on stdout or in a file, and one clear message where it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import explain, refused

from northstar_explain.cli.main import group
from northstar_explain.export.sql import DIALECTS, scores_sql, segments_sql
from northstar_explain.export.sql.sql_dialects import KNOWN
from northstar_explain.model import Model


def test_the_command_knows_every_dialect() -> None:
    (choice,) = [p.type for p in group.commands["sql"].params if p.name == "dialect"]
    assert tuple(choice.choices) == DIALECTS  # type: ignore[attr-defined]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_statement_is_printed(dialect: str, model: Model, model_dir: Path) -> None:
    result = explain("sql", model_dir, "--dialect", dialect)
    assert (result.exit_code, result.stderr, result.stdout) == (0, "", segments_sql(model, dialect))


def test_the_statement_is_written(model: Model, model_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "made" / "segments.sql"
    options = ["--table", "shop.people", "--view", "shop.segments", "--out", out]
    result = explain("sql", model_dir, "--dialect", "spark", *options)
    assert (result.exit_code, result.stdout) == (0, "")
    assert out.read_text(encoding="utf-8") == segments_sql(model, "spark", "shop.people", "shop.segments")
    message = refused(tmp_path, "sql", model_dir, "--dialect", "spark", "--out", out)
    assert f"{out}: output: expected a path that is free; got one that exists." in message
    assert explain("sql", model_dir, "--dialect", "duckdb", "--out", out, "--overwrite").exit_code == 0
    assert out.read_text(encoding="utf-8") == segments_sql(model, "duckdb")


def test_scores_are_written(model: Model, model_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "made" / "scores.sql"
    command = ["sql", model_dir, "--dialect", "spark", "--scores", "--out", out]
    result = explain(*command, "--table", "shop.people", "--view", "shop.scores", "--prefix", "shop.ns")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert out.read_text(encoding="utf-8") == scores_sql(model, "spark", "shop.people", "shop.scores", "shop.ns")
    assert "INSERT INTO shop.ns_points" in (out.parent / "scores.tables.sql").read_text(encoding="utf-8")
    for path in sorted(out.parent.iterdir()):
        message = refused(tmp_path, *command)
        assert "expected a path that is free; got one that exists." in message
        path.unlink()
    assert explain(*command).exit_code == explain(*command, "--overwrite").exit_code == 0


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path, "sql", tmp_path / "none", "--dialect", "duckdb", "--out", tmp_path / "s.sql")
    assert message.startswith(f"explain: {tmp_path / 'none'}: manifest.json: expected a model's manifest; got ")


def test_what_names_no_table_is_refused(model_dir: Path, tmp_path: Path) -> None:
    for option in ("--table", "--view"):
        message = refused(
            tmp_path, "sql", model_dir, "--dialect", "duckdb", option, "a..b", "--out", tmp_path / "s.sql"
        )
        assert message.startswith(f"explain: {option}: name: expected a table such as customers or shop.customers")


def test_a_folder_in_the_place_of_the_statement_is_left(model_dir: Path, tmp_path: Path) -> None:
    message = refused(tmp_path, "sql", model_dir, "--dialect", "duckdb", "--out", tmp_path, "--overwrite")
    assert message == f"explain: {tmp_path}: output: expected a path for a file; got a folder. Name a file inside it."


@pytest.mark.parametrize("options", [
    [],
    ["--dialect", "oracle"],
    ["--dialect", "duckdb", "--unheard-of"],
    ["--dialect", "duckdb", "--scores"],
    ["--dialect", "duckdb", "--prefix", "ns"],
])  # fmt: skip
def test_wrong_usage(options: list[str], tmp_path: Path) -> None:
    assert "Error: " in refused(tmp_path, "sql", "model", *options, code=2)


def test_the_dialects_of_the_options_are_those_that_are_known() -> None:
    assert tuple(one.name for one in KNOWN) == DIALECTS
