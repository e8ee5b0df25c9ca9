"""The control group: customers that no campaign contacts, the same ones every week and with every model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from northstar_explain.score.ids import hash_of

_WHOLE = 2.0**64


@dataclass(frozen=True)
class Control:
    """How the control group is drawn.

    Attributes
    ----------
    share : float
        Of the customers, 0 to 1.
    salt : str
        Another salt draws another group, for a campaign that shall not share its group with the others.
    """

    share: float = 0.1
    salt: str = "northstar"


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
    salt = hash_of(pa.array([control.salt]))[0]
    mixed = _mix(hash_of(ids) ^ salt)
    return mixed < np.uint64(min(int(control.share * _WHOLE), 2**64 - 1)) if control.share < 1 else mixed >= 0


def _mix(value: np.ndarray) -> np.ndarray:
    """The finisher of SplitMix64 (Steele, Lea and Flood 2014): every bit of the input moves every bit of the output."""
    value = value + np.uint64(0x9E37_79B9_7F4A_7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return value ^ (value >> np.uint64(31))
