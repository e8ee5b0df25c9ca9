"""The audience of a campaign: one row per customer of it, to be contacted or kept as its control."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from northstar_explain.errors import Fault, TableError
from northstar_explain.tables.named_columns import take_columns

TREATED, CONTROL = "treated", "control"
_TODO = "Give an audience.parquet that `explain campaign plan` wrote."


@dataclass(frozen=True)
class Audience:
    """Customers of a campaign.

    Attributes
    ----------
    ids : pyarrow.Array of string, shape (n,)
    segment : ndarray of str, shape (n,)
        Id of the segment.
    decile : ndarray of int, shape (n,)
        Of the probability, 10 is the highest.
    probability : ndarray of float, shape (n,)
        Of the label, as scored before the campaign.
    play : ndarray of str, shape (n,)
        Code of what the customer is sent.
    treated : ndarray of bool, shape (n,)
        Contacted; the others are the control of this campaign.
    voucher : ndarray of float, shape (n,)
        Value of the voucher in the contact; 0 for none.
    why : ndarray of str, shape (n,)
        Why the customer is in the audience.
    """

    ids: pa.Array
    segment: np.ndarray
    decile: np.ndarray
    probability: np.ndarray
    play: np.ndarray
    treated: np.ndarray
    voucher: np.ndarray
    why: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def to_table(self, id: str) -> pa.Table:
        """The audience as a table whose column of customers is called `id`."""
        text = pa.dictionary(pa.int32(), pa.string())
        return pa.table(
            {
                id: self.ids,
                "segment_id": pa.array(self.segment).cast(pa.string()).dictionary_encode(),
                "decile": pa.array(self.decile, pa.int8()),
                "probability": pa.array(self.probability),
                "play": pa.array(self.play).cast(pa.string()).dictionary_encode(),
                "group": pa.array(np.where(self.treated, TREATED, CONTROL)).dictionary_encode(),
                "voucher": pa.array(self.voucher),
                "why": pa.array(self.why).cast(pa.string()).dictionary_encode(),
            },
            # Given and not inferred: an audience of nobody must have the same types.
            schema=pa.schema({
                id: pa.string(), "segment_id": text, "decile": pa.int8(), "probability": pa.float64(), "play": text,
                "group": text, "voucher": pa.float64(), "why": text,
            }),
        )  # fmt: skip


def read_audience(table: pa.Table, id: str, source: str) -> Audience:
    """Read an audience.

    Parameters
    ----------
    table : pyarrow.Table
    id : str
        Its column of customers.
    source : str
        Its name in errors.

    Raises
    ------
    TableError
        When a column is missing or has an invalid value, or a customer occurs twice.
    """
    text, number = pa.string(), pa.float64()
    kinds = {id: text, "segment_id": text, "decile": pa.int64(), "probability": number, "play": text}
    columns = take_columns(table, {**kinds, "group": text, "voucher": number, "why": text}, source, _TODO)
    arrays = {name: column.combine_chunks().to_numpy(zero_copy_only=False) for name, column in columns.items()}
    group = arrays["group"]
    _require(~np.isin(group, (TREATED, CONTROL)), group, "group", f"{TREATED} or {CONTROL}", source)
    _require(~np.isin(arrays["decile"], np.arange(1, 11)), arrays["decile"], "decile", "1 to 10", source)
    for name, most in (("probability", 1.0), ("voucher", np.finfo(float).max)):
        wrong = ~((arrays[name] >= 0.0) & (arrays[name] <= most))  # written so that NaN counts as wrong
        _require(wrong, arrays[name], name, "0 to 1" if most == 1.0 else "0 or more", source)
    if len(set(arrays[id].tolist())) < len(table):
        raise TableError(source, [Fault(f"column {id}", "each customer once", "one twice", _TODO)])
    return Audience(
        ids=columns[id].combine_chunks(),
        # Arrow gives texts as objects of Python, which compare one by one; NumPy's own compare as arrays.
        segment=arrays["segment_id"].astype(str),
        decile=arrays["decile"],
        probability=arrays["probability"],
        play=arrays["play"].astype(str),
        treated=group == TREATED,
        voucher=arrays["voucher"],
        why=arrays["why"].astype(str),
    )


def _require(wrong: np.ndarray, values: np.ndarray, column: str, expected: str, source: str) -> None:
    rows = np.flatnonzero(wrong)
    if len(rows):
        where = f"row {rows[0] + 1:,}, column {column}"
        raise TableError(source, [Fault(where, expected, str(values[rows[0]]), _TODO)])
