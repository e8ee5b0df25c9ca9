"""Identifiers and literals, quoted where a dialect needs it; and queries put together from named subqueries.

A query is built with every identifier quoted, as holds in each dialect; `written` takes the quotes off the plain ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlglot import exp
from sqlglot.errors import ParseError

from northstar_explain.errors import Fault, ModelError, NorthstarError
from northstar_explain.export.sql.sql_dialects import Dialect

_AS_GIVEN = "as given"
_WORD = re.compile("[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def column(table: str, name: str) -> exp.Column:
    """A column with its table: SQLite takes a quoted name that it does not find for a text."""
    return exp.column(name, table=table, quoted=True)


def named(value: exp.Expr, name: str) -> exp.Expr:
    """The value under a name."""
    return exp.alias_(value, name, quoted=True)


def kept(table: str, *names: str) -> list[exp.Expr]:
    """Columns passed on under their own names."""
    return [named(column(table, name), name) for name in names]


def quoted(name: str) -> exp.Identifier:
    """A name by itself."""
    return exp.to_identifier(name, quoted=True)


def written(statement: exp.Expr, dialect: Dialect, pretty: bool = False) -> str:
    """A statement as text, in which plain names are not quoted, so that they follow the dialect's folding.

    Where a database changes the case of unquoted names, only they reach the columns of a table that was made so.
    """

    def plainly(node: exp.Expr) -> exp.Expr:
        # A table keeps the quotes that it was named with.
        if isinstance(node, exp.Identifier) and not node.meta.get(_AS_GIVEN):
            node.set("quoted", not dialect.is_plain(node.name))
        return node

    return statement.transform(plainly).sql(dialect.name, pretty=pretty)


def aliased(source: exp.Table, alias: str) -> exp.Expr:
    """A table under another name."""
    return exp.alias_(source.copy(), alias, table=True, quoted=True)


def table(name: str, dialect: Dialect, option: str = "--table") -> exp.Table:
    """A table by its name.

    Parameters
    ----------
    name : str
        ``customers``, ``schema.customers`` or ``catalog.schema.customers``; names may be quoted as the dialect does,
        and without quotes follow its folding.
    dialect : Dialect
    option : str
        What to call it in errors.

    Returns
    -------
    Table

    Raises
    ------
    NorthstarError
        When it names no table.
    """
    try:
        parsed = exp.to_table(name, dialect=dialect.name)
    except ParseError:
        parsed = exp.Table()
    parts = [parsed.catalog, parsed.db, parsed.name]
    # A catalog without a schema between it and the table is a typing error, not a table.
    gap = not all(parts[next((i for i, part in enumerate(parts) if part), 2) :])
    if not isinstance(parsed.this, exp.Identifier) or gap:
        todo = "Quote a name that is more than a plain word."
        fault = Fault("name", "a table such as customers or shop.customers", repr(name), todo)
        raise NorthstarError(option, [fault])
    for part in parsed.parts:
        part.set("quoted", bool(part.args.get("quoted")) or _needs_quotes(part.name, dialect))
        part.meta[_AS_GIVEN] = True
    return parsed


def _needs_quotes(name: str, dialect: Dialect) -> bool:
    # In mixed case, a name of a table is written as it was given: without quotes, the database folds it.
    return not (_WORD.fullmatch(name) and dialect.is_plain(name.lower()))


def literal_text(value: str) -> exp.Expr:
    """A text as a literal; raises ModelError for the one character that databases do not take."""
    # PostgreSQL, for one, refuses the character in any text.
    if "\0" in value:
        fault = Fault(
            "text", "no character U+0000, which SQL cannot hold", repr(value), "Clean the column, train again."
        )
        raise ModelError("model", [fault])
    return exp.Literal.string(value)


def require_distinct(names: Iterable[str], dialect: Dialect) -> None:
    """Raise NorthstarError when a table could not hold these columns side by side."""
    seen: list[str] = []
    for name in names:
        twin = next((other for other in seen if dialect.same_name(name, other)), None)
        if twin is not None:
            todo = "Rename one of them in table and contract, and train again."
            fault = Fault(f"column {name}", f"names that are distinct in {dialect.name}", f"one beside {twin}", todo)
            raise NorthstarError("contract.toml", [fault])
        seen.append(name)


class QueryBuilder:
    """A query put together from named subqueries (WITH), each of which reads those before it.

    Parameters
    ----------
    tables : Table
        What the query reads. A subquery whose name would hide one of them is renamed; SQLite reports that as a
        circular reference.
    """

    def __init__(self, *tables: exp.Table):
        self._taken = {one.name.casefold() for one in tables}
        self._subqueries: list[tuple[str, exp.Select, bool]] = []

    def add(self, name: str, select: exp.Select, keep: bool = False) -> None:
        """Add a subquery; with `keep`, its rows are materialized where the database must be asked to."""
        self._subqueries.append((name, select, keep))

    def read(self, name: str) -> exp.Expr:
        """A subquery, to be read under its own name."""
        source = exp.Table(this=quoted(self._free(name)))
        return source if source.name == name else aliased(source, name)

    def query(self, last: exp.Select) -> exp.Select:
        """The whole statement, which ends with this SELECT."""
        for name, select, keep in self._subqueries:
            last = last.with_(quoted(self._free(name)), as_=select, materialized=keep or None)
        return last

    def _free(self, name: str) -> str:
        # Without regard to case, as SQLite compares names.
        while name.casefold() in self._taken:
            name += "_"
        return name
