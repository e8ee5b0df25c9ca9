"""A customer table's columns as the model means them: doubles and texts, NULL where missing."""

from __future__ import annotations

from sqlglot import exp

from northstar_explain.contract.missing_marks import marks_of
from northstar_explain.export.sql.category_sql import category
from northstar_explain.export.sql.sql_dialects import Dialect, double
from northstar_explain.export.sql.sql_names import column, named
from northstar_explain.model.known_values import values_in_card, values_in_conditions, with_known_values
from northstar_explain.model.learned_model import Model


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
    in_card, in_conditions = values_in_card(model), values_in_conditions(model)
    marks = marks_of(contract, numeric=False)

    def value(name: str) -> exp.Expr:
        feature, raw = contract[name], column(source, name)
        if feature.kind.dated:
            return double(dialect.days_between(raw, column(source, contract.as_of)))
        if feature.kind.numeric:
            return dialect.number(raw)
        asked = (*in_card.get(name, ()), *in_conditions.get(name, ()))
        return category(raw, asked, feature.known or feature.order, marks)

    return [named(value(name), name) for name in features]
