"""The scores that a campaign is planned from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from northstar_explain.errors import Fault, TableError
from northstar_explain.model.campaign.checked_scores import checked_scores
from northstar_explain.model.learned_model import Model


@dataclass(frozen=True)
class ScoredCustomers:
    """Customers with their scores.

    Attributes
    ----------
    ids : pyarrow.Array of string, shape (n,)
    segment : ndarray of str, shape (n,)
    decile : ndarray of int, shape (n,)
    probability : ndarray of float, shape (n,)
    standing_control : ndarray of bool, shape (n,)
        In no campaign.
    """

    ids: pa.Array
    segment: np.ndarray
    decile: np.ndarray
    probability: np.ndarray
    standing_control: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


def read_scored(scores: pa.Table, model: Model, name: str) -> ScoredCustomers:
    """Read scores that `explain score` wrote.

    Parameters
    ----------
    scores : pyarrow.Table
    model : Model
        That made them.
    name : str
        Of the scores in errors.

    Raises
    ------
    TableError
        When a column is missing or has an invalid value, another model made the scores, or an id occurs twice.
    """
    columns = checked_scores(scores, model, {}, name)
    if not len(scores):
        raise TableError(name, [Fault("rows", "at least one customer", "none", "Score customers first.")])
    arrays = {one: column.combine_chunks().to_numpy(zero_copy_only=False) for one, column in columns.items()}
    return ScoredCustomers(
        columns[model.contract.id].combine_chunks(),
        # Arrow gives texts as objects of Python, which compare one by one; NumPy's own compare as arrays.
        arrays["segment_id"].astype(str),
        arrays["decile"],
        arrays["probability"],
        arrays["control_group"],
    )
