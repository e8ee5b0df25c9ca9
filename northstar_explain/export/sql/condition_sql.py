"""Conditions on features as expressions of SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from northstar_explain.contract.conditions import CategoryCondition, Condition, MissingCondition
from northstar_explain.export.sql.sql_dialects import Dialect
from northstar_explain.export.sql.sql_names import column, literal_text


def all_met(source: str, conditions: Sequence[Condition], dialect: Dialect) -> exp.Expr:
    """Whether a row of a subquery, whose columns `typed_columns.values` made, meets every condition."""
    found = [_condition(source, condition, dialect) for condition in conditions]
    return exp.and_(*found) if found else exp.true()


def _condition(source: str, condition: Condition, dialect: Dialect) -> exp.Expr:
    value = column(source, condition.feature)
    absent = value.is_(exp.null())
    if isinstance(condition, MissingCondition):
        return absent
    fits = list(_fits(value, condition, dialect))
    # A condition without bounds asks only whether the value is known.
    if not fits:
        return exp.true() if condition.missing else exp.not_(absent)
    both = exp.and_(*fits)
    # A comparison with NULL is not true, so a missing value meets a condition only where the condition says so.
    return exp.or_(both, absent) if condition.missing else both


def _fits(value: exp.Column, condition: Condition, dialect: Dialect) -> Iterator[exp.Expr]:
    if isinstance(condition, CategoryCondition):
        listed = value.isin(*(literal_text(one) for one in condition.values))
        yield listed if condition.inside else exp.not_(listed)
        return
    assert not isinstance(condition, MissingCondition)
    if condition.lower is not None:
        yield value >= dialect.literal(condition.lower)
    if condition.upper is not None:
        yield value < dialect.literal(condition.upper)
