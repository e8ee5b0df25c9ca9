"""The model as SQL for Snowflake, in an emulation of it: names that are made upper case, and the golden rows' scores."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from second_environment import programs_of

from northstar_explain.export.sql import scores_sql, segments_sql
from northstar_explain.export.sql.score_sql import tables_sql, used
from northstar_explain.model import Model

ROWS = 150
# Run by the other environment: statements in, names and rows of each query out.
PROGRAM = """
import json, pathlib, sys, warnings
warnings.simplefilter("ignore")
import fakesnow, snowflake.connector
given = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
with fakesnow.patch():
    cursor = snowflake.connector.connect(database="shop", schema="public").cursor()
    for statement in given["statements"]:
        cursor.execute(statement)
    found = {}
    for name, query in given["queries"].items():
        cursor.execute(query)
        found[name] = [[one[0] for one in cursor.description], *map(list, cursor.fetchall())]
pathlib.Path(sys.argv[2]).write_text(json.dumps(found), encoding="utf-8")
"""


def literal(value: Any) -> str:
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
    return "NULL" if value is None or value != value else repr(value)


def made(table: pa.Table) -> list[str]:
    """The table as people make it: no quotes, so that Snowflake makes its names upper case."""
    kinds = ("VARCHAR" if pa.types.is_string(field.type) else "FLOAT" for field in table.schema)
    columns = ", ".join(f"{name.title()} {kind}" for name, kind in zip(table.column_names, kinds, strict=True))
    rows = (", ".join(map(literal, row.values())) for row in table.to_pylist())
    return [
        f"CREATE TABLE Customers ({columns})",
        f"INSERT INTO customers VALUES {', '.join(f'({row})' for row in rows)}",
    ]


@pytest.mark.slow
def test_golden_rows_score_the_same(model: Model, tmp_path: Path) -> None:
    golden = model.golden.slice(0, ROWS)
    ids = pa.array([f"C{row}" for row in range(golden.num_rows)])
    table = golden.select(list(used(model))).append_column(model.contract.id, ids)
    statements = [*made(table), *(one.rstrip().removesuffix(";") for one in list(tables_sql(model, "snowflake"))[1:])]
    queries = {"segments": segments_sql(model, "snowflake"), "scores": scores_sql(model, "snowflake")}
    given, out = tmp_path / "given.json", tmp_path / "found.json"
    plain = {name: query.rstrip().removesuffix(";") for name, query in queries.items()}
    given.write_text(json.dumps({"statements": statements, "queries": plain}), encoding="utf-8")
    python = programs_of("fakesnow") / "python"
    done = subprocess.run(
        [str(python), "-c", PROGRAM, str(given), str(out)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    expected = dict(zip(ids.to_pylist(), golden["expected_segment"].to_pylist(), strict=True))
    for names, *rows in json.loads(out.read_text(encoding="utf-8")).values():
        assert names[:3] == [model.contract.id.upper(), "SEGMENT_ID", "SEGMENT_NAME"]
        assert {row[0]: row[1] for row in rows} == expected
    found = {row[0]: dict(zip(names, row, strict=True))["PROBABILITY"] for row in rows}
    for id, probability in zip(ids.to_pylist(), golden["expected_probability"].to_pylist(), strict=True):
        assert abs(found[id] - probability) < 1e-9
