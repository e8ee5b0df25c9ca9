"""Names and texts in a query, quoted, never mistaken for others; and queries put together from named parts."""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp
from sqlglot.errors import ParseError

from northstar_explain.errors import Fault, ModelError, NorthstarError
from northstar_explain.export.sql.dialects import Dialect


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


def aliased(source: exp.Table, alias: str) -> exp.Expr:
    """A table under another name."""
    return exp.alias_(source.copy(), alias, table=True, quoted=True)


def table(name: str, dialect: Dialect, option: str = "--table") -> exp.Table:
    """A table by its name.

    Parameters
    ----------
    name : str
        ``customers``, ``schema.customers`` or ``catalog.schema.customers``; parts may be quoted as the dialect does.
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
        found = exp.to_table(name, dialect=dialect.name)
    except ParseError:
        found = exp.Table()
    parts = [found.catalog, found.db, found.name]
    gap = not all(parts[next((i for i, part in enumerate(parts) if part), 2) :])
    if not isinstance(found.this, exp.Identifier) or gap:
        todo = "Quote a part that is more than a plain word."
        fault = Fault("name", "a table such as customers or shop.customers", repr(name), todo)
        raise NorthstarError(option, [fault])
    for part in found.parts:
        part.set("quoted", True)
    return found


def literal_text(value: str) -> exp.Expr:
    """A text as a literal; raises ModelError for the one character that databases do not take."""
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
            fault = Fault(f"column {name}", f"names that {dialect.name} tells apart", f"one beside {twin}", todo)
            raise NorthstarError("contract.toml", [fault])
        seen.append(name)


class Parts:
    """A query put together from named parts, each of which reads those before it.

    Parameters
    ----------
    tables : Table
        What the query reads. A part that would hide one of them is renamed; SQLite calls that a circle.
    """

    def __init__(self, *tables: exp.Table):
        self._taken = {one.name.casefold() for one in tables}
        self._parts: list[tuple[str, exp.Select, bool]] = []

    def add(self, name: str, part: exp.Select, keep: bool = False) -> None:
        """Add a part; with `keep`, its rows are computed once and kept, where the database must be told."""
        self._parts.append((name, part, keep))

    def read(self, name: str) -> exp.Expr:
        """A part, to be read from under its own name."""
        found = exp.Table(this=quoted(self._free(name)))
        return found if found.name == name else aliased(found, name)

    def query(self, last: exp.Select) -> exp.Select:
        """The whole, which ends with this."""
        for name, part, keep in self._parts:
            last = last.with_(quoted(self._free(name)), as_=part, materialized=keep or None)
        return last

    def _free(self, name: str) -> str:
        while name.casefold() in self._taken:
            name += "_"
        return name
