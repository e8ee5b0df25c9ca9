"""Rates: shares between 0 and 1, written as percentages."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from northstar_explain.contract.kinds.number_kind import NumberKind
from northstar_explain.contract.kinds.number_words import parse_number, plain
from northstar_explain.contract.kinds.rounding import SHARE_STEP, SHARES


class RateKind(NumberKind):
    """Shares, 0.2 written as ``20%``; a difference of 10 points is the same everywhere, so no log scale."""

    name = "rate"
    linear_axis = True
    entry_hint = "0 to 1"

    def fits(self, name: str, values: np.ndarray | Sequence[str]) -> bool:
        numbers = np.asarray(values, dtype=np.float64)
        whole = bool(np.all(numbers == np.floor(numbers)))
        # 0 and 1 alone are a yes or no, which is a count.
        return not whole and bool(numbers.min() >= 0 and numbers.max() <= 1)

    def is_filler(self, name: str, value: float, alone: bool) -> bool:
        # A share that is 0 exactly where a count is 0: the count is its numerator, and the share is truly 0.
        return value != 0.0 or not alone

    def draft_bounds(self, low: float, high: float) -> tuple[float | None, float | None]:
        return 0.0, 1.0

    def unit_words(self, unit: str, currency: str) -> str:
        return ""

    def value_words(self, value: float, unit: str, currency: str) -> str:
        # In decimals: 0.07 * 100 is not 7 in floats.
        return f"{plain(Decimal(repr(float(value))).scaleb(2))}%"

    def parse_value(self, text: str, unit: str, currency: str) -> float | None:
        return parse_number(text.removesuffix("%"), Decimal("0.01")) if text.endswith("%") else None

    def ordinary_step(self, threshold: float, unit: str) -> float:
        return SHARE_STEP

    def round_steps(self, unit: str) -> Sequence[float]:
        return SHARES

    def value_label(self, value: float, unit: str, currency: str) -> str:
        return f"{plain(float(f'{value * 100:.4g}'))}%"

    def spoken(self, value: float, unit: str, currency: str) -> float:
        # Whole percents; what is below all is not said to be all.
        rounded = round(value, 2)
        return 0.99 if rounded >= 1 > value else rounded

    def zero_words(self, words: str, unit: str, currency: str) -> str:
        counted = words.removeprefix("share of ")
        if counted == words:
            return super().zero_words(words, unit, currency)
        return f"none of {counted}" if counted.startswith("the ") else f"no {counted}"

    def average_label(self, value: float, unit: str, currency: str) -> str:
        return f"{super().average_label(100 * value, unit, currency)}%"
