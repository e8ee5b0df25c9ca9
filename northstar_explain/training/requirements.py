"""What tables and options must be like, so that a model can be fitted and evaluated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from northstar_explain.contract.categories import Category
from northstar_explain.contract.features import Contract
from northstar_explain.errors import ContractError, Fault, TableError
from northstar_explain.evaluate.customers import Customers

# The smallest segment allowed, 3%, then has 30 customers, and the holdout 200.
FEWEST_CUSTOMERS = 1_000
# Of rows that belong together: with fewer, train, validation and holdout would differ by chance.
FEWEST_GROUPS = 100


def require_learnable(source: str, contract: Contract, customers: Customers, rejected: pa.Table) -> None:
    """Stop when there are too few customers or groups of them, one label only, or features that never differ.

    Raises
    ------
    TableError
    """
    if len(customers) < FEWEST_CUSTOMERS:
        expected = f"at least {FEWEST_CUSTOMERS:,} valid customers to learn from"
        got = f"{len(customers):,}"
        # Too few valid rows usually means that one rule of the contract rejects most: show which.
        if rejected.num_rows:
            first = f"the first (row {rejected['row'][0]}): {rejected['reasons'][0]}"
            got += f", and {rejected.num_rows:,} rejected, {first}"
        raise TableError(source, [Fault("rows", expected, got, "Take more customers, or correct the rejected ones.")])
    require_both_labels(source, contract, customers.label)
    _require_groups(source, contract, customers.groups)
    faults = [
        Fault(f"column {feature.name}", "at least two different values", got, todo)
        for feature in contract.features
        if (got := _constant(customers.columns[feature.name]))
        for todo in ["Correct the export, or take the feature out of the contract."]
    ]
    if faults:
        raise TableError(source, faults)


def require_both_labels(source: str, contract: Contract, label: np.ndarray) -> None:
    """Stop when nobody bought, or everybody; raises TableError."""
    if len(np.unique(label)) < 2:
        got = f"only {int(label[0])} in all {len(label):,} valid rows" if len(label) else "no valid rows"
        todo = "Check the label's window."
        raise TableError(source, [Fault(f"column {contract.label}", "both 0 and 1", got, todo)])


def require_known(contract: Contract, accepted: Sequence[str]) -> None:
    """Stop when the model may not use a feature whose leakage is accepted; raises ContractError."""
    known = {feature.name for feature in contract.model_features}
    faults = [
        Fault(f"--accept-leakage {name}", "a feature that the model may use", "no such feature", "Check its name.")
        for name in accepted
        if name not in known
    ]
    if faults:
        raise ContractError(contract.title, faults)


def _require_groups(source: str, contract: Contract, groups: np.ndarray | None) -> None:
    if groups is not None and (count := len(np.unique(groups))) < FEWEST_GROUPS:
        expected = f"at least {FEWEST_GROUPS} different values, so that some can be fitted to and others evaluated"
        todo = "Take more of them, or name in table.group what rows belong to."
        raise TableError(source, [Fault(f"column {contract.group}", expected, f"{count:,}", todo)])


def _constant(column: np.ndarray | Category) -> str:
    if isinstance(column, Category):
        return {0: "no value at all", 1: f"only {column.values[0]!r}" if column.values else ""}.get(
            len(column.values), ""
        )
    known = column[~np.isnan(column)]
    if not len(known):
        return "no value at all"
    return f"only {known[0]:g}" if known.min() == known.max() else ""
