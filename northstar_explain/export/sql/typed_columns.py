"""A customer table's columns as the model means them: doubles and texts, NULL where missing."""

from __future__ import annotations

import re

from sqlglot import exp

from northstar_explain.contract import Feature
from northstar_explain.contract.conditions import CategoryCondition
from northstar_explain.export.sql.dialects import EXACT_WHOLE, Dialect, text
from northstar_explain.export.sql.identifiers import column, named
from northstar_explain.model import Model
from northstar_explain.model.scorecard import CategoryBins

_WHOLE = re.compile(r"-?[0-9]+")


def values(source: str, features: tuple[str, ...], model: Model, dialect: Dialect) -> list[exp.Expr]:
    """Features of the table as the model means them, NULL where they are missing.

    Parameters
    ----------
    source : str
        What the query calls the customer table.
    features : tuple of str
    model : Model
    dialect : Dialect

    Returns
    -------
    list of Expression
        Doubles and, for categories, texts as `northstar_explain.contract.check` makes them: whole numbers without a
        point, ``true`` and ``false`` for booleans, NULL for empty text. Under the features' own names.
    """
    return [named(_value(source, model.contract[name], model, dialect), name) for name in features]


def _value(source: str, feature: Feature, model: Model, dialect: Dialect) -> exp.Expr:
    raw = column(source, feature.name)
    if feature.kind.numeric:
        return dialect.number(raw)
    category = text(raw)
    known = _known_values(feature.name, model)
    if any(_WHOLE.fullmatch(value) for value in known):
        category = _whole_as_text(raw, dialect)
    elif known and known <= {"true", "false"} and not dialect.has_booleans:
        category = _one_as_true(category)
    return exp.func("NULLIF", category, exp.Literal.string(""))


def _known_values(name: str, model: Model) -> set[str]:
    """Every value of a category that the model names."""
    axes = [axis for term in model.scorecard.terms for axis in term.axes if axis.feature == name]
    asked = [c for segment in model.segmentation.segments for rule in segment.rules for c in rule.conditions]
    asked += [c for trait in model.contract.traits for c in trait.conditions]
    in_rules = [c for c in asked if isinstance(c, CategoryCondition) and c.feature == name]
    in_card = (value for axis in axes if isinstance(axis, CategoryBins) for value in axis.values)
    return {*in_card, *(value for condition in in_rules for value in condition.values)}


def _whole_as_text(raw: exp.Column, dialect: Dialect) -> exp.Expr:
    # The contract writes the category 3.0 as 3: whole numbers come as floats where some of them are missing.
    if not dialect.float_types:
        return exp.Case().when(exp.Lower(this=text(raw)).neq(exp.Literal.string("nan")), text(raw))
    value = dialect.number(raw, may_fail=True)
    whole = exp.cast(value.copy(), exp.DataType.Type.BIGINT)
    large = exp.Abs(this=value.copy()) >= exp.Literal.number(EXACT_WHOLE)
    as_contract = (
        exp.Case()
        .when(value.is_(exp.null()), exp.null())
        .when(large, text(raw))
        .when(value.copy().eq(whole), text(whole.copy()))
        .else_(text(raw))
    )
    # The type is asked of each value at run time, as the statement is written without knowing the table.
    is_float = exp.func("TYPEOF", raw.copy()).isin(*dialect.float_types)
    return exp.Case().when(is_float, as_contract).else_(text(raw))


def _one_as_true(category: exp.Expr) -> exp.Expr:
    case = exp.Case(this=category)
    for number, word in (("1", "true"), ("0", "false")):
        case = case.when(exp.Literal.string(number), exp.Literal.string(word))
    return case.else_(category.copy())
