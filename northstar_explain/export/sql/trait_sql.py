"""The traits of a contract as columns of 0 and 1; beside them, what `relation_sql` gives."""

from __future__ import annotations

from sqlglot import exp

from northstar_explain.contract.features import Contract
from northstar_explain.export.sql.condition_sql import all_met
from northstar_explain.export.sql.relation_sql import broken_relation, relation_columns
from northstar_explain.export.sql.sql_dialects import Dialect
from northstar_explain.export.sql.sql_names import QueryBuilder, column, kept, named

TAGGED = "tagged"
_FLAGS = "flags"


def trait_features(contract: Contract) -> tuple[str, ...]:
    """The features that traits need, in the order of first use."""
    conditions = (condition for trait in contract.traits for condition in trait.conditions)
    return tuple(dict.fromkeys(condition.feature for condition in conditions))


def trait_flags(source: str, contract: Contract, dialect: Dialect) -> list[exp.Expr]:
    """A column for each trait: 1 for rows of a subquery that have it, 0 for all others, missing values included."""
    flags = []
    for trait in contract.traits:
        case = exp.Case().when(all_met(source, trait.conditions, dialect), exp.Literal.number(1))
        flags.append(named(case.else_(exp.Literal.number(0)), trait.column))
    return flags


def tag_columns(contract: Contract) -> list[str]:
    """The names of the columns that the contract adds to segment and score."""
    return [*(trait.column for trait in contract.traits), *relation_columns(contract)]


def tags(source: str, contract: Contract, dialect: Dialect) -> list[exp.Expr]:
    """The columns named by `tag_columns`, of a subquery's rows."""
    return [*trait_flags(source, contract, dialect), *broken_relation(source, contract, dialect)]


def add_tagged(builder: QueryBuilder, source: str, contract: Contract, dialect: Dialect) -> None:
    """Add a subquery of traits and broken relation by id, NULL for an id that occurs twice; the scores join it last.

    Carried along from the first subquery, the columns would be copied for each axis of each customer.
    """
    id, names = contract.id, tag_columns(contract)
    select = exp.select(*kept(source, id), *tags(source, contract, dialect))
    builder.add(_FLAGS, select.from_(builder.read(source)))
    once = exp.Count(this=exp.Star()).eq(exp.Literal.number(1))
    found = [named(exp.Case().when(once.copy(), exp.Max(this=column(_FLAGS, name))), name) for name in names]
    grouped = exp.select(*kept(_FLAGS, id), *found).from_(builder.read(_FLAGS)).group_by(column(_FLAGS, id))
    builder.add(TAGGED, grouped)


def trait_lines(contract: Contract) -> list[str]:
    """What each trait is, a line each."""
    return [f"{trait.column}: {trait.words} ({trait.text})" for trait in contract.traits]
