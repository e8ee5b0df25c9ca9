"""The scores that audiences are made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from northstar_explain.contract.customer_ids import id_keys
from northstar_explain.contract.traits import TRAITS
from northstar_explain.model.campaign.bands import BAND_NAMES, bands_of
from northstar_explain.model.campaign.checked_scores import checked_scores
from northstar_explain.model.learned_model import Model

_NUMBERS = {
    "decile": pa.int64(), "probability": pa.float64(), "percentile": pa.float64(), "borderline": pa.bool_(),
}  # fmt: skip


@dataclass(frozen=True)
class Scores:
    """Scored customers.

    Attributes
    ----------
    ids, keys : list of str
        Each customer's id as it was read, and what it is compared by; each once.
    segment : ndarray of str, shape (n,)
    band : list of str
        Of deciles, such as ``8-9``.
    traits : list of str
        Names joined by semicolons; empty for none.
    numbers : dict
        Name to ndarray of shape (n,): ``decile``, ``probability``, ``percentile``, ``borderline`` and the flags.
    control : ndarray of bool, shape (n,)
        The standing control group.
    """

    ids: list[str]
    keys: list[str]
    segment: np.ndarray
    band: list[str]
    traits: list[str]
    numbers: dict[str, np.ndarray]
    control: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


def read_scores(table: pa.Table, model: Model, name: str) -> Scores:
    """Read scores that `explain score` wrote.

    Parameters
    ----------
    table : pyarrow.Table
    model : Model
        That made them.
    name : str
        Of the scores in errors.

    Raises
    ------
    TableError
        When a column is missing or has an invalid value, another model made the scores, or an id occurs twice.
    """
    id, text = model.contract.id, pa.string()
    traits = {TRAITS: text} if model.contract.traits else {}
    # In CSV, no traits are an empty cell.
    numbers = {**_NUMBERS, **dict.fromkeys(model.purchase.flag_columns, pa.bool_())}
    columns = checked_scores(table, model, {**numbers, **traits}, name, may_miss=traits)
    arrays = {one: column.combine_chunks().to_numpy(zero_copy_only=False) for one, column in columns.items()}
    keys = id_keys(columns[id].combine_chunks()).to_pylist()
    return Scores(
        ids=columns[id].to_pylist(),
        keys=keys,
        segment=arrays["segment_id"].astype(str),
        band=[BAND_NAMES[place] for place in bands_of(arrays["decile"]).tolist()],
        traits=[one or "" for one in columns[TRAITS].to_pylist()] if traits else [""] * len(keys),
        numbers={one: arrays[one] for one in numbers},
        control=arrays["control_group"].astype(bool),
    )
