"""The control group: customers that no campaign contacts, the same ones every week and with every model."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from northstar_explain.options import Control
from northstar_explain.score.ids import hash_of, mixed

_WHOLE = 2.0**64


def control_group(ids: pa.Array, control: Control) -> np.ndarray:
    """Who is in the control group: whose salted hash lies in the lowest share of all hashes.

    It depends on id and salt alone, so a customer stays in it whatever the model, the week or the other customers.

    Parameters
    ----------
    ids : pyarrow.Array of string, length n
    control : Control

    Returns
    -------
    ndarray of bool, shape (n,)
    """
    # A hash rather than a random draw: membership needs no list that has to be kept and joined.
    hashes = salted(ids, control.salt)
    # The full share is a case of its own, as 2**64 does not fit in 64 bits.
    return hashes < np.uint64(min(int(control.share * _WHOLE), 2**64 - 1)) if control.share < 1 else hashes >= 0


def salted(ids: pa.Array, salt: str) -> np.ndarray:
    """A 64-bit hash of each id, another one for each salt: shape (n,)."""
    first = hash_of(pa.array([salt]))[0]
    # Mixed again after the salt: XOR alone would keep ids that share bits together in every campaign.
    return mixed(hash_of(ids) ^ first)
