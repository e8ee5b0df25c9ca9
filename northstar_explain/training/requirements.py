"""What tables and options must be like, so that a model can be fitted and evaluated."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from northstar_explain.contract.categories import Category
from northstar_explain.contract.check import Checked
from northstar_explain.contract.features import Contract
from northstar_explain.contract.rejected import Reason
from northstar_explain.errors import ContractError, Fault, TableError
from northstar_explain.evaluate.customers import Customers

# The smallest segment allowed, 3%, then has 30 customers, and the holdout 200.
FEWEST_CUSTOMERS = 1_000
# Of rows that belong together: with fewer, train, validation and holdout would differ by chance.
FEWEST_GROUPS = 100
# Of each outcome: the holdout then has two.
FEWEST_OF_EACH = 10
_MOST_REASONS = 10


def require_few_rejected(source: str, rows: int, rejected: int, reasons: Sequence[Reason], most: float) -> None:
    """Stop before anything is learned when too many rows are rejected: what is left may be other customers.

    Parameters
    ----------
    source : str
    rows, rejected : int
    reasons : sequence of Reason
    most : float
        Share of rejected rows, 0 to 1, that is accepted.

    Raises
    ------
    TableError
        With the share, and every reason with an example.
    """
    if rejected <= most * rows:
        return
    todo = "Correct the table or the contract; or raise --max-rejected, and learn from the rest."
    got = f"{rejected:,} of {rows:,} ({rejected / rows:.2%})"
    faults = [Fault("rejected rows", f"at most {most:.2%} of the rows (--max-rejected)", got, todo)]
    faults += [
        Fault(
            f"column {one.column}", one.expected, f"{one.rows:,} rows with others, such as row {one.example.row:,}: "
            f"{one.example.got}",
        )
        for one in reasons[:_MOST_REASONS]
    ]  # fmt: skip
    raise TableError(source, faults)


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
    _require_several(source, contract, customers.label)
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


def require_other(source: str, later_source: str, checked: Checked, later: Checked) -> None:
    """Stop when the later table is the table itself, whatever its file: a model knows its own training rows.

    Raises
    ------
    TableError
    """
    # Valid rows are compared: the same customers may come in another format, or with other rejected rows.
    if checked.accepted.equals(later.accepted):
        todo = "Give customers at a later date; without --holdout, a fifth of the customers is kept for evaluation."
        raise TableError(later_source, [Fault("--holdout", f"other rows than {source}", "the same ones", todo)])


def _require_several(source: str, contract: Contract, label: np.ndarray) -> None:
    for value in (0, 1):
        if (count := int((label == value).sum())) < FEWEST_OF_EACH:
            expected = f"at least {FEWEST_OF_EACH} customers with {value}"
            todo = "Take more customers, or a longer window of the label."
            raise TableError(
                source, [Fault(f"column {contract.label}", expected, f"{count:,} of {len(label):,}", todo)]
            )


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
