"""Which rows break a relation of their contract: 50 visits in 30 days beside 2 in 90 cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.cells import Violation
from northstar_explain.contract.definedness import defined
from northstar_explain.contract.features import Contract
from northstar_explain.contract.relations import Relation


def relation_violations(contract: Contract, columns: Mapping[str, np.ndarray | Category]) -> Iterator[Violation]:
    """The relations that rows break.

    Parameters
    ----------
    contract : Contract
    columns : mapping
        Name to float64 array or `Category`, each of length n, of all features.

    Yields
    ------
    Violation
        One for each relation that some row breaks; its `beside` is the other column. A row in which either value is
        missing, or has no meaning, breaks none.
    """
    for relation in contract.relations:
        rows = np.flatnonzero(_broken(relation, contract, columns))
        if len(rows):
            first, second = relation.columns
            yield Violation(rows, first, relation.text, second)


def _broken(relation: Relation, contract: Contract, columns: Mapping[str, np.ndarray | Category]) -> np.ndarray:
    lower, upper = columns[relation.lower], columns[relation.upper]
    assert isinstance(lower, np.ndarray) and isinstance(upper, np.ndarray)
    # Comparisons with NaN are false: what is missing contradicts nothing.
    broken: np.ndarray = lower >= upper if relation.strict else lower > upper
    if not broken.any():
        return broken
    for name in relation.columns:
        # The 366 that stands for "no order" is no number of days.
        meant = defined(contract[name], columns)
        broken = broken if meant is None else broken & meant
    return broken
