"""The YAML files of a dbt package: the project, its models with their tests, its seeds with their types."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from northstar_explain.export.dbt.dbt_macros import CUSTOMERS, SNAPSHOT
from northstar_explain.export.dbt.dbt_seeds import Seed, golden_table
from northstar_explain.export.sql.jinja_sql import column_sql, type_sql
from northstar_explain.export.sql.relation_sql import relation_columns
from northstar_explain.export.sql.segment_sql import rule_features
from northstar_explain.model.learned_model import FLAG_BREAK_EVEN, FLAG_F1, OLD_FLAG, Model

PACKAGE = "northstar"
_ROWS_PER_SEGMENT = 3
_FLAGS = {
    FLAG_F1: "Whether the probability reaches the threshold of highest F1.",
    FLAG_BREAK_EVEN: "Whether the probability reaches the one from which a contact pays.",
    OLD_FLAG: "The same as flag_f1; will be removed.",
}
_COUNT = re.compile("-?[0-9]{1,9}")
_INDENT = 2
_BROKEN = "The first relation of the contract that the row breaks, if any: explain score rejects such rows."
_LONG = 90  # characters from which a mapping takes several lines


def yaml_files(model: Model, to: str, table: tuple[str, str, str], seeds: dict[str, Seed]) -> dict[str, str]:
    """Path within the package to text of each YAML file.

    Parameters
    ----------
    model : Model
    to : str
        One of `DIALECTS`.
    table : tuple of str
        Catalog, schema and name of the table of customers; the first two may be empty.
    seeds : dict
    """
    return {
        "dbt_project.yml": _yaml(_project()),
        "models/schema.yml": _yaml(_schema(model, to, table)),
        "seeds/seeds.yml": _yaml({"version": 2, "seeds": [_seed(one, to) for one in seeds.values()]}),
    }


def _project() -> dict[str, Any]:
    return {
        "name": PACKAGE,
        "version": "1.0.0",
        "config-version": 2,
        "profile": PACKAGE,
        # Earlier ones do not know the keys of tests used here.
        "require-dbt-version": [">=1.10.6", "<2.0.0"],
        "models": {PACKAGE: {"+materialized": "view"}},
        "seeds": {PACKAGE: {"+quote_columns": False}},
    }


def _schema(model: Model, to: str, table: tuple[str, str, str]) -> dict[str, Any]:
    catalog, schema, name = table
    source = {
        "name": PACKAGE,
        "database": f"{{{{ var('customers_database', {catalog!r} or target.database) }}}}",
        "schema": f"{{{{ var('customers_schema', {schema!r} or target.schema) }}}}",
        "tables": [{"name": "customers", "identifier": name, "description": _plain(model.contract.title)}],
    }
    id = model.contract.id
    ids = {"name": id, "description": "The customer.", "data_tests": ["not_null"]}
    values = [segment.id for segment in model.segmentation.segments]
    segment = {
        "name": "segment_id",
        "description": _plain("; ".join(f"{one.id} {one.name}" for one in model.segmentation.segments)),
        "data_tests": [{"accepted_values": {"arguments": {"values": values}}}],
    }
    traits = [{"name": one.column, "description": _plain(one.words)} for one in model.contract.traits]
    traits += [{"name": name, "description": _BROKEN} for name in relation_columns(model.contract)]
    scores = [
        ids,
        segment,
        {"name": "probability", "description": _plain(model.contract.outcome)},
        *({"name": name, "description": _FLAGS[name]} for name in model.purchase.flag_columns),
        *traits,
        {"name": "model_id", "description": "The model that gave the score.", "data_tests": ["not_null"]},
        {"name": SNAPSHOT, "description": "The day that is scored.", "data_tests": ["not_null"]},
    ]
    models = [
        {"name": CUSTOMERS, "description": "The customers of the day that is scored."},
        {"name": "segments", "description": "The segment of each customer.", "columns": [ids, segment, *traits]},
        {"name": "scores", "description": "The score of each customer on each day.", "columns": scores},
    ]
    tests = _unit_tests(model, to)
    return {"version": 2, "sources": [source], "models": models, **({"unit_tests": tests} if tests else {})}


def _unit_tests(model: Model, to: str) -> list[dict[str, Any]]:
    """Golden rows of each segment as a unit test of `segments`."""
    id = model.contract.id
    names = [id, *rule_features(model), *([model.contract.snapshot] if model.contract.snapshot else [])]
    # dbt compares names of such rows in lower case, and reads braces in them.
    if any(column_sql(name, to) != name or name != name.lower() for name in names):
        return []
    table = golden_table(model)
    rows = [
        dict(zip(names, map(_cell, row), strict=True))
        for row in zip(*(table[n].to_pylist() for n in names), strict=True)
    ]
    expected = model.golden["expected_segment"].to_pylist()
    whole = {feature.name for feature in model.contract.features if feature.kind.whole and not feature.kind.dated}
    picked: list[int] = []
    for segment in sorted(set(expected)):
        fits = (row for row, one in enumerate(expected) if one == segment and not _is_strange(rows[row], whole))
        picked += [row for row, _ in zip(fits, range(_ROWS_PER_SEGMENT), strict=False)]
    return [{
        "name": "golden_rows_have_their_segments",
        "description": "Some golden rows of each segment.",
        "model": "segments",
        "given": [{"input": f"ref('{CUSTOMERS}')", "rows": [rows[row] for row in picked]}],
        "expect": {"rows": [{id: rows[row][id], "segment_id": expected[row]} for row in picked]},
    }]  # fmt: skip


def _is_strange(row: dict[str, str | None], whole: set[str]) -> bool:
    """Whether a cell has braces, or a count is none: a table may keep counts as whole numbers."""
    known = ((name, value) for name, value in row.items() if value)
    return any("{" in value or (name in whole and not _COUNT.fullmatch(value)) for name, value in known)


def _cell(value: Any) -> str | None:
    # As texts, which the database casts: YAML reads 1e-07 as a text anyway, and a double must keep every digit.
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return None if value is None else str(value)


def _seed(seed: Seed, to: str) -> dict[str, Any]:
    columns = [{"name": name, "description": _plain(f"The column {about}.")} for name, about in seed.columns.items()]
    return {
        "name": seed.name,
        "description": seed.about,
        # Without them dbt guesses: an id such as 007 would become 7.
        "config": {"column_types": {field.name: _type(field.type, to) for field in seed.table.schema}},
        **({"columns": columns} if columns else {}),
    }


def _type(kind: pa.DataType, to: str) -> str:
    return type_sql(kind, to).lower()


def _plain(text: str) -> str:
    """A text without braces, which dbt would read as Jinja."""
    return text.replace("{", "(").replace("}", ")")


def _yaml(data: dict[str, Any]) -> str:
    return "\n".join(_lines(data, 0)) + "\n"


def _lines(data: Any, depth: int) -> Iterator[str]:
    """Block style for what has further levels; texts quoted as in JSON, which YAML reads."""
    pad = " " * depth
    if isinstance(data, dict):
        for key, value in data.items():
            if _is_deep(value):
                yield f"{pad}{_key(key)}:"
                yield from _lines(value, depth + _INDENT)
            else:
                yield f"{pad}{_key(key)}: {json.dumps(value, ensure_ascii=False)}"
        return
    for value in data:
        if not _is_deep(value):
            yield f"{pad}- {json.dumps(value, ensure_ascii=False)}"
            continue
        first, *others = _lines(value, depth + _INDENT)
        yield f"{pad}- {first.lstrip()}"
        yield from others


def _is_deep(value: Any) -> bool:
    """Whether a value is written over several lines."""
    if isinstance(value, list):
        return any(isinstance(one, dict | list) for one in value)
    if not isinstance(value, dict):
        return False
    return len(str(value)) > _LONG or any(isinstance(one, dict | list) for one in value.values())


def _key(key: str) -> str:
    return key if re.fullmatch(r"\+?[A-Za-z_][\w-]*", key, re.ASCII) else json.dumps(key, ensure_ascii=False)
