"""Train, validation and holdout; no group of rows, and no copies of a row, are in two of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from northstar_explain.contract import Contract
from northstar_explain.evaluate.customers import Customers
from northstar_explain.evaluate.holdout import Parts
from northstar_explain.learn import splits
from northstar_explain.learn.copies import Copies, find_copies
from northstar_explain.training.options import TrainingOptions


def parted(customers: Customers, judged: Customers | None, options: TrainingOptions, contract: Contract) -> Parts:
    """Part the customers.

    Parameters
    ----------
    customers : Customers
    judged : Customers or None
        Those of a later table, who are then the holdout. Of groups that are in both tables, the holdout's share is
        judged at the later date and teaches nothing; the others teach, and are not judged.
    options : TrainingOptions
        Of more training rows than its `fit_rows`, so many are drawn.
    contract : Contract

    Returns
    -------
    Parts
    """
    common = judged is not None and bool(_known(judged, customers.groups).any())
    share = options.holdout if judged is None or common else 0.0
    copies = _copies(customers, contract)
    # Segments are learned without the label, and what counts as a copy depends on it: they never see these groups.
    rows = customers if copies is None else replace(customers, groups=copies.groups)
    split = splits.stratified(rows.label, options.validation, share, options.seed, rows.groups)
    # Copies are drawn one by one: drawn whole, they would leave the fit with few different rows.
    whole = None if customers.groups is None else customers.groups[split.train]
    drawn = splits.sample(len(split.train), options.fit_rows, options.seed, whole)
    train, validation = rows.take(split.train[drawn]), rows.take(split.validation)
    parts = Parts(
        customers, train, validation, rows.take(split.holdout) if judged is None else judged,
        train_of=len(split.train), repeated=copies.repeated if copies else 0,
    )  # fmt: skip
    if judged is None:
        return parts
    held = judged
    if common and customers.groups is not None:
        taught = _known(judged, customers.groups[np.concatenate([split.train, split.validation])])
        held = judged.take(np.flatnonzero(~taught))
    return replace(
        parts, holdout=held, out_of_time=True, not_taught=len(split.holdout), not_judged=len(judged) - len(held)
    )


def _copies(customers: Customers, contract: Contract) -> Copies | None:
    """Rows that repeat others; where the contract names groups, those decide what belongs together."""
    if customers.groups is not None:
        return None
    return find_copies(customers.columns, contract.model_features, customers.label)


def _known(judged: Customers, groups: np.ndarray | None) -> np.ndarray:
    """Which rows belong to some of the groups."""
    if judged.groups is None or groups is None:
        return np.zeros(len(judged), dtype=bool)
    return np.isin(judged.groups, np.unique(groups))
