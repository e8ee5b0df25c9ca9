"""Customers as training and evaluation use them: checked, as columns, with their label."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from northstar_explain.contract.columns import Columns, columns_of, one_array, rows_of
from northstar_explain.contract.compact_columns import CompactColumns, compact_rows
from northstar_explain.contract.customer_ids import id_keys
from northstar_explain.contract.features import Contract


@dataclass(frozen=True)
class Customers:
    """Checked customers, one row each.

    Attributes
    ----------
    ids : pyarrow.Array of string, shape (n,)
        What customers are compared by: see `contract.identifiers`.
    columns : mapping
        Every feature of the contract, raw.
    label : ndarray of 0 and 1, shape (n,)
    groups : ndarray of str, shape (n,), or None
        The group of each row, where the contract names a group column.
    """

    ids: pa.Array
    columns: Columns
    label: np.ndarray
    groups: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.label)

    @property
    def labelled(self) -> tuple[Columns, np.ndarray]:
        """Columns and label, to fit to."""
        return self.columns, self.label

    def take(self, rows: np.ndarray) -> Customers:
        """Some of them, by position."""
        return self._taken(rows, rows_of(self.columns, rows))

    def take_compact(self, rows: np.ndarray) -> Customers:
        """Some of them, by position, in little memory."""
        return self._taken(rows, compact_rows(self.columns, rows))

    def compact(self) -> Customers:
        """The same in little memory: a column is decoded each time it is asked for (see `CompactColumns`)."""
        return replace(self, columns=CompactColumns(self.columns))

    def _taken(self, rows: np.ndarray, columns: Columns) -> Customers:
        groups = None if self.groups is None else self.groups[rows]
        return Customers(self.ids.take(pa.array(rows)), columns, self.label[rows], groups)


def customers_of(accepted: pa.Table, contract: Contract) -> Customers:
    """The rows that `contract.check` accepted with their label."""
    label = accepted[contract.label].to_numpy()
    groups = accepted[contract.group].to_numpy() if contract.group else None
    return Customers(id_keys(one_array(accepted[contract.id])), columns_of(accepted, contract.features), label, groups)
