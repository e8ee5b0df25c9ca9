"""The segments as one SELECT: a CASE with a WHEN for each rule."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlglot import exp

from northstar_explain.export.sql.condition_sql import all_met
from northstar_explain.export.sql.relation_sql import relation_features, relation_lines
from northstar_explain.export.sql.sql_dialects import Dialect, dialect
from northstar_explain.export.sql.sql_names import (
    QueryBuilder,
    aliased,
    column,
    kept,
    literal_text,
    named,
    require_distinct,
    table,
    written,
)
from northstar_explain.export.sql.trait_sql import tag_columns, tags, trait_features, trait_lines
from northstar_explain.export.sql.typed_columns import values
from northstar_explain.model.learned_model import Model
from northstar_explain.model.rules import Rule

ID, NAME = "segment_id", "segment_name"


def segments_sql(model: Model, to: str, customers: str = "customers", view: str | None = None) -> str:
    """The statement that gives each customer the segment that `northstar_explain.model.rules.assign` gives.

    Parameters
    ----------
    model : Model
    to : str
        One of `DIALECTS`.
    customers : str, default "customers"
        The table of customers, with the columns of the contract.
    view : str, optional
        Make a view of this name rather than a query.

    Returns
    -------
    str
        A row per row of the table: its id, ``segment_id``, ``segment_name`` and, for each trait of the contract, a
        column of 0 and 1; where the contract has relations, ``broken_relation`` with the first that the row breaks,
        else NULL. Segment and name are NULL where no rule matches the row, which happens only when a value is missing
        that the contract says never is; a trait is 0 where a value that it needs is missing.

    Raises
    ------
    NorthstarError
        When a name or a text of the model cannot be written in the dialect.
    """
    target = dialect(to)
    source = table(customers, target)
    id, added = model.contract.id, tag_columns(model.contract)
    asked = (*rule_features(model), *trait_features(model.contract), *relation_features(model.contract))
    features = tuple(dict.fromkeys(asked))
    # Of the table that is read, and of the rows that are given: neither may have one name twice.
    require_distinct([id, *features], target)
    require_distinct([id, ID, NAME, *added], target)
    builder = QueryBuilder(source)
    read = [*kept("c", id), *values("c", features, model, target)]
    builder.add("features", exp.select(*read).from_(aliased(source, "c")))
    # In a subquery of its own, so that the CASE over all rules is evaluated once, not for id and name.
    segment = named(segment_of("features", model, target), ID)
    flags = tags("features", model.contract, target)
    builder.add("assigned", exp.select(*kept("features", id), segment, *flags).from_(builder.read("features")))
    name = named(name_of(column("assigned", ID), model), NAME)
    select = exp.select(*kept("assigned", id, ID), name, *kept("assigned", *added))
    query = builder.query(select.from_(builder.read("assigned")))
    lines = [
        f"{model.contract.title}: the segment of each row of {customers}, by model {model.id}.",
        *segment_lines(model),
        *trait_lines(model.contract),
        *relation_lines(model.contract),
        "The segment is NULL where a value is missing that the contract says never is. Whether a row keeps the",
        "contract otherwise is not looked at here; `explain score` rejects rows that do not.",
    ]
    return comment(lines) + statement(query, target, view)


def conditions_sql(model: Model) -> dict[str, tuple[str, ...]]:
    """The rules of each segment as conditions on the columns of the table, one text for each rule.

    They are for people to read, and run as they are where the columns hold NULL for what is missing; `segments_sql`
    writes what a dialect needs.
    """
    target = dialect("duckdb")

    dates = {one.name for one in model.contract.features if one.kind.dated}

    def counted(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.name in dates:
            return target.days_between(node, column("c", model.contract.as_of))
        return node

    def text(rule: Rule) -> str:
        condition = all_met("c", rule.conditions, target).transform(counted).transform(_bare)
        return condition.sql(target.name)  # a value with two blanks keeps them

    return {one.id: tuple(text(rule) for rule in one.rules) for one in model.segmentation.segments}


def _bare(node: exp.Expr) -> exp.Expr:
    """A column without its table and, where its name needs none, without quotes; a number without its type."""
    if isinstance(node, exp.Column):
        plain = re.fullmatch("[a-z_][a-z0-9_]*", node.name) is not None
        return exp.column(exp.to_identifier(node.name, quoted=not plain))
    # Casts keep a decimal exact in every dialect; people who read a rule need the number alone.
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal):
        return exp.Literal.number(node.this.name)
    return node


def segment_lines(model: Model) -> list[str]:
    """What each segment is, a line each."""
    return [f"{one.id} {one.name}: {one.definition}" for one in model.segmentation.segments]


def comment(lines: Iterable[str]) -> str:
    """Lines of comment; a line break in one of them must not end it."""
    return "".join(f"-- {' '.join(line.split())}\n" for line in lines)


def statement(query: exp.Expr, dialect: Dialect, view: str | None) -> str:
    """A query, or the view made of it, as text that ends in a semicolon."""
    if view is not None:
        query = exp.Create(this=table(view, dialect, "--view"), kind="VIEW", expression=query)
    return written(query, dialect, pretty=True) + ";\n"


def rule_features(model: Model) -> tuple[str, ...]:
    """The features that the rules use, in the order of first use."""
    rules = (rule for segment in model.segmentation.segments for rule in segment.rules)
    return tuple(dict.fromkeys(condition.feature for rule in rules for condition in rule.conditions))


def segment_of(source: str, model: Model, dialect: Dialect, numbered: bool = False) -> exp.Case:
    """The segment of a row, a WHEN for each rule: its id, or its number in the model's order, from 1."""
    # Rules do not overlap, so the order of the WHENs decides nothing.
    case = exp.Case()
    for number, segment in enumerate(model.segmentation.segments, start=1):
        result = exp.Literal.number(number) if numbered else literal_text(segment.id)
        for rule in segment.rules:
            case = case.when(all_met(source, rule.conditions, dialect), result.copy())
    return case


def name_of(id: exp.Expr, model: Model) -> exp.Case:
    """The name of the segment of an id."""
    case = exp.Case(this=id)
    for segment in model.segmentation.segments:
        case = case.when(literal_text(segment.id), literal_text(segment.name))
    return case
