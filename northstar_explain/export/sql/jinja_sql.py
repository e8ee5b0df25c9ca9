"""Statements as Jinja templates, in which dbt puts the tables; and the names and types around them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyarrow as pa
from sqlglot import exp

from northstar_explain.export.sql.score_sql import scores_sql, table_names
from northstar_explain.export.sql.segment_sql import segments_sql
from northstar_explain.export.sql.sql_dialects import dialect
from northstar_explain.export.sql.sql_names import literal_text, quoted, table, written
from northstar_explain.model.learned_model import Model

# Plain words that no customer table has as a name.
_CUSTOMERS, _LOOKUPS = "northstar_jinja_customers", "northstar_jinja_lookup"


def segments_jinja(model: Model, to: str, customers: str) -> str:
    """The statement for segments over a table that a Jinja expression gives; no semicolon, no comments."""
    return _template(segments_sql(model, to, _CUSTOMERS), {_CUSTOMERS: customers})


def scores_jinja(model: Model, to: str, customers: str, lookups: Mapping[str, str]) -> str:
    """The statement for scores over tables that Jinja expressions give.

    Parameters
    ----------
    model : Model
    to : str
        One of `DIALECTS`.
    customers : str
        The expression for the table of customers.
    lookups : mapping of str to str
        Kind of lookup table, as in `score_sql.KEYS`, to its expression.

    Returns
    -------
    str
        Without semicolon and comments.
    """
    tables = {one.name: lookups[kind] for kind, one in table_names(model, to, _LOOKUPS).items()}
    return _template(scores_sql(model, to, _CUSTOMERS, prefix=_LOOKUPS), {_CUSTOMERS: customers, **tables})


def jinja_text(text: str) -> str:
    """A text that Jinja gives back as it is."""
    return re.sub(r"\{(?=[{%#])", "{{ '{' }}", text)


def column_sql(name: str, to: str) -> str:
    """A column's name as the statements write it."""
    return written(quoted(name), dialect(to))


def type_sql(kind: pa.DataType, to: str) -> str:
    """The database's type for doubles, whole numbers, days and texts."""
    names = {pa.float64(): "DOUBLE", pa.int32(): "INT", pa.date32(): "DATE"}
    return exp.DataType.build(names.get(kind, "TEXT")).sql(dialect(to).name)


def table_parts(name: str, to: str) -> tuple[str, str, str]:
    """Catalog, schema and name of a table as a person gave it; raises NorthstarError where it names none."""
    parsed = table(name, dialect(to))
    return parsed.catalog, parsed.db, parsed.name


def text_sql(value: str, to: str) -> str:
    """A text as a literal."""
    return literal_text(value).sql(dialect(to).name)


def _template(statement: str, tables: Mapping[str, str]) -> str:
    body = statement[re.search("^[^-]", statement, re.MULTILINE).start() :]  # type: ignore[union-attr]
    text = jinja_text(body.rstrip().removesuffix(";"))
    for name, expression in tables.items():
        text = re.sub(rf"\b{name}\b", expression.replace("\\", r"\\"), text)
    return text
