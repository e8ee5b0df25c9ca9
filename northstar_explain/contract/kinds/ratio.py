"""Ratios: numbers with a sign and without a currency, such as a margin or a trend."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from northstar_explain.contract.kinds.amount import MONEY_NAME
from northstar_explain.contract.kinds.number_kind import NumberKind
from northstar_explain.contract.kinds.rounding import SHARE_STEP, SHARES


class RatioKind(NumberKind):
    """Signed numbers, -0.4 written as ``-0.4``, with a unit where the contract names one.

    They are compared as they are: a step of 0.1 is the same step on either side of zero.
    """

    name = "ratio"
    linear_axis = True

    def fits(self, name: str, values: np.ndarray | Sequence[str]) -> bool:
        numbers = np.asarray(values, dtype=np.float64)
        return bool(numbers.min() < 0) and not re.search(MONEY_NAME, name)

    def is_filler(self, name: str, value: float, alone: bool) -> bool:
        # A share that is 0 exactly where a count is 0: the count is its numerator, and the share is truly 0.
        return value != 0.0 or not alone

    def threshold_grid(self, low: float, high: float, unit: str) -> np.ndarray:
        # Beyond 1, round numbers of the values' own size fit better.
        if max(abs(low), abs(high)) > 1:
            return super().threshold_grid(low, high, unit)
        # With zero, so that a rule can separate losses from gains.
        steps = np.array(SHARES)
        return np.concatenate([-steps[::-1], [0.0], steps])

    def ordinary_step(self, threshold: float, unit: str) -> float:
        # Up to 1 it moves as a share does, also close to zero; beyond, in proportion.
        return SHARE_STEP if abs(threshold) <= 1 else super().ordinary_step(threshold, unit)
