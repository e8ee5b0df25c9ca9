"""The relations of a contract as one column of texts: the first that a row breaks."""

from __future__ import annotations

from sqlglot import exp

from northstar_explain.contract.features import Contract
from northstar_explain.contract.relations import BROKEN, Relation
from northstar_explain.export.sql.condition_sql import all_met
from northstar_explain.export.sql.sql_dialects import Dialect
from northstar_explain.export.sql.sql_names import column, literal_text, named


def relation_features(contract: Contract) -> tuple[str, ...]:
    """The features that relations need, in the order of first use."""
    names: list[str] = []
    for relation in contract.relations:
        names += relation.columns
        names += [condition.feature for name in relation.columns for condition in contract[name].defined_when]
    return tuple(dict.fromkeys(names))


def relation_columns(contract: Contract) -> tuple[str, ...]:
    """The column of relations, where the contract has any."""
    return (BROKEN,) if contract.relations else ()


def broken_relation(source: str, contract: Contract, dialect: Dialect) -> list[exp.Expr]:
    """The column of a subquery's rows: the first relation that is broken, NULL where none is."""
    case = exp.Case()
    for relation in contract.relations:
        case = case.when(_broken(source, relation, contract, dialect), literal_text(relation.text))
    return [named(case, name) for name in relation_columns(contract)]


def _broken(source: str, relation: Relation, contract: Contract, dialect: Dialect) -> exp.Expr:
    lower, upper = column(source, relation.lower), column(source, relation.upper)
    # A comparison with NULL is not true, so a missing value breaks nothing.
    broken = lower >= upper if relation.strict else lower > upper
    meant = [condition for name in relation.columns for condition in contract[name].defined_when]
    return exp.and_(broken, all_met(source, meant, dialect)) if meant else broken


def relation_lines(contract: Contract) -> list[str]:
    """What the column says, a line."""
    if not contract.relations:
        return []
    listed = "; ".join(relation.text for relation in contract.relations)
    return [f"{BROKEN}: the first of these that the row breaks, NULL where it keeps them all: {listed}"]
