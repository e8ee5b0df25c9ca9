"""Train, validation and holdout; no group of rows, and no copies of a row, are in two of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from northstar_explain.contract.features import Contract
from northstar_explain.evaluate.customers import Customers
from northstar_explain.learn import splits
from northstar_explain.learn.copies import Copies, find_copies
from northstar_explain.training.training_options import TrainingOptions


@dataclass(frozen=True)
class RowSets:
    """Customers by what they are used for.

    Attributes
    ----------
    everybody : Customers
        The rows that segments are learned from: all of the table, none of a later one.
    train, validation, holdout : Customers
        The rows that the purchase model is fitted to, those that choose its threshold, and those it is evaluated on.
    out_of_time : bool
        Whether the holdout is a later table.
    train_rows_excluded, holdout_rows_excluded : int
        With a later table and rows that belong together: rows not used for fitting, as others of their group are in
        the holdout, and rows of the later table not evaluated, as others of their group are in the training rows.
    train_of : int
        Training rows that `train` was sampled from; as many as it has where all were taken.
    repeated : int
        Rows that repeat another one. Equal rows are then kept in one row set, as rows of one group are.
    set_of : ndarray of int8, shape (rows of the table,)
        0 where the split gave a row to train, 1 to validation, 2 to the holdout.
    together : ndarray of int, shape (rows of the table,), or None
        What each row belongs to, numbered in the order that the split knows the groups by.
    held : ndarray of int
        Positions of the holdout's rows among the valid rows of its table.
    """

    everybody: Customers
    train: Customers
    validation: Customers
    holdout: Customers
    out_of_time: bool = False
    train_rows_excluded: int = 0
    holdout_rows_excluded: int = 0
    train_of: int = 0
    repeated: int = 0
    set_of: np.ndarray = field(default_factory=lambda: np.empty(0, np.int8))
    together: np.ndarray | None = None
    held: np.ndarray = field(default_factory=lambda: np.empty(0, np.intp))


def split_rows(customers: Customers, later: Customers | None, options: TrainingOptions, contract: Contract) -> RowSets:
    """Split the customers into train, validation and holdout.

    Parameters
    ----------
    customers : Customers
    later : Customers or None
        Those of a later table, who are then the holdout. Of groups that are in both tables, the holdout's share is
        evaluated at the later date and not fitted to; the others are fitted to, and not evaluated.
    options : TrainingOptions
        Where there are more training rows than its `fit_rows`, so many are sampled.
    contract : Contract

    Returns
    -------
    RowSets
    """
    # Without groups in both tables, the later one is the holdout and all of the first can be fitted to.
    common = later is not None and bool(_in_groups(later, customers.groups).any())
    share = options.holdout if later is None or common else 0.0
    copies = _copies(customers, contract)
    # Segments are learned without the label, and what counts as a copy depends on it: they never see these groups.
    rows = customers if copies is None else replace(customers, groups=copies.groups)
    split = splits.stratified(rows.label, options.validation, share, options.seed, rows.groups)
    # Copies are sampled one by one: sampled whole, they would leave the fit with few different rows.
    whole = None if customers.groups is None else customers.groups[split.train]
    sampled = splits.sample(len(split.train), options.fit_rows, options.seed, whole)
    train, validation = rows.take(split.train[sampled]), rows.take(split.validation)
    # The later table is the holdout as a whole, unless it shares groups with the rows that were fitted to.
    # Of a large table, all rows and the holdout would take more memory than all else.
    everybody = customers.compact()
    held = replace(rows, columns=everybody.columns).take_compact(split.holdout) if later is None else later.compact()
    positions = split.holdout if later is None else np.arange(len(later))
    row_sets = RowSets(
        everybody, train, validation, held,
        train_of=len(split.train), repeated=copies.repeated if copies else 0,
        set_of=_set_of(split, len(rows)), together=numbered(rows.groups), held=positions,
    )  # fmt: skip
    if later is None:
        return row_sets
    # A household that was fitted to is no holdout, even at a later date: its habits are known.
    if common and customers.groups is not None:
        fitted = _in_groups(later, customers.groups[np.concatenate([split.train, split.validation])])
        positions = np.flatnonzero(~fitted)
        held = held.take_compact(positions)
    return replace(
        row_sets,
        holdout=held,
        held=positions,
        out_of_time=True,
        train_rows_excluded=len(split.holdout),
        holdout_rows_excluded=len(later) - len(held),
    )


def _set_of(split: splits.Split, n: int) -> np.ndarray:
    """The number of each row's set, in the order of `Split`."""
    set_of = np.zeros(n, np.int8)
    for number, rows in enumerate(split):
        set_of[rows] = number
    return set_of


def numbered(groups: np.ndarray | None) -> np.ndarray | None:
    """Groups as numbers in the order of their names, by which they are as good as the names and say nothing of them."""
    if groups is None:
        return None
    member: np.ndarray = np.unique(groups, return_inverse=True)[1]
    return member


def _copies(customers: Customers, contract: Contract) -> Copies | None:
    """Rows that repeat others; where the contract names groups, those decide what belongs together."""
    if customers.groups is not None:
        return None
    return find_copies(customers.columns, contract.model_features, customers.label)


def _in_groups(customers: Customers, groups: np.ndarray | None) -> np.ndarray:
    """Which rows belong to some of the groups."""
    if customers.groups is None or groups is None:
        return np.zeros(len(customers), dtype=bool)
    return np.isin(customers.groups, np.unique(groups))
