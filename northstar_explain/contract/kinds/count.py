"""Counts: how many orders, visits, items."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from northstar_explain.contract.kinds.amount import AMOUNT_NAME
from northstar_explain.contract.kinds.kind import Interval, Phrasing
from northstar_explain.contract.kinds.number_kind import WholeKind
from northstar_explain.contract.kinds.number_words import plain
from northstar_explain.contract.kinds.rounding import signed_log

_STEPS = (*range(1, 11), 12, 15, 20, 25, 30, 40, 50, 60, 75, 100, 120, 150, 200, 250, 300, 400, 500, 750)


class CountKind(WholeKind):
    """Whole numbers of things. On a log scale: the step from 1 order to 2 means more than the one from 21 to 22."""

    name = "count"
    counts = True
    at_least = "{value} or more {words}"
    below = "fewer than {value} {words}"
    level_words: ClassVar[Mapping[str, str]] = {**WholeKind.level_words, "zero": "no"}

    def fits(self, name: str, values: np.ndarray | Sequence[str]) -> bool:
        numbers = np.asarray(values, dtype=np.float64)
        return bool(np.all(numbers == np.floor(numbers)) and numbers.min() >= 0) and not re.search(AMOUNT_NAME, name)

    def is_filler(self, name: str, value: float, alone: bool) -> bool:
        # No orders is a number of orders: 0 never stands for a gap.
        return False

    def unit_words(self, unit: str, currency: str) -> str:
        return ""  # the feature's words say what is counted

    def value_words(self, value: float, unit: str, currency: str) -> str:
        return plain(value)

    def zero_words(self, words: str, unit: str, currency: str) -> str:
        return f"no {words}"

    def fixed_phrases(self, phrasing: Phrasing, minimum: float | None) -> Mapping[Interval, str]:
        at_least, below, between = phrasing.at_least, phrasing.below, phrasing.between
        # "1 or more times" is correct, but not what people say.
        once = {
            (1.0, None): (at_least, "{value} or more times", "at least once"),
            (None, 2.0): (below, "fewer than {value} times", "only once" if minimum == 1 else "at most once"),
            (1.0, 2.0): (between, "{value} times", "exactly once"),
            (2.0, 3.0): (between, "{value} times", "exactly twice"),
        }
        fixed: dict[Interval, str] = {(None, 1.0): phrasing.none or "no {words}"}
        fixed |= {bounds: phrase.replace(old, new) for bounds, (phrase, old, new) in once.items() if old in phrase}
        if phrasing.some:
            fixed[1.0, None] = phrasing.some
        return fixed

    def transform(self, values: np.ndarray, unit: float) -> np.ndarray:
        return signed_log(values)

    def ordinary_step(self, threshold: float, unit: str) -> float:
        return 1.0

    def round_steps(self, unit: str) -> Sequence[float]:
        return _STEPS
