"""A customer table's columns as the model means them: doubles and texts, NULL where missing."""

from __future__ import annotations

from sqlglot import exp

from northstar_explain.contract.conditions import CategoryCondition
from northstar_explain.contract.missing_marks import marks_of
from northstar_explain.export.sql.category_sql import category
from northstar_explain.export.sql.dialects import Dialect
from northstar_explain.export.sql.identifiers import column, named
from northstar_explain.model.known_values import with_known_values
from northstar_explain.model.learned_model import Model
from northstar_explain.model.scorecard import CategoryBins


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
        Doubles and, for categories, texts with the spelling that `explain score` gives to what the model names. Under
        the features' own names.
    """
    contract = with_known_values(model)
    marks = marks_of(contract, numeric=False)

    def value(name: str) -> exp.Expr:
        feature, raw = contract[name], column(source, name)
        if feature.kind.numeric:
            return dialect.number(raw)
        return category(raw, _named(name, model), feature.known or feature.order, marks)

    return [named(value(name), name) for name in features]


def _named(name: str, model: Model) -> tuple[str, ...]:
    """Every value of a category that the model names, in the order of first use."""
    axes = [axis for term in model.scorecard.terms for axis in term.axes if axis.feature == name]
    asked = [c for segment in model.segmentation.segments for rule in segment.rules for c in rule.conditions]
    asked += [c for trait in model.contract.traits for c in trait.conditions]
    in_rules = [c for c in asked if isinstance(c, CategoryCondition) and c.feature == name]
    in_card = [value for axis in axes if isinstance(axis, CategoryBins) for value in axis.values]
    return tuple(dict.fromkeys([*in_card, *(value for condition in in_rules for value in condition.values)]))
