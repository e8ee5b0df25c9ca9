"""What kinds of numbers have in common; whole numbers have more of it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

import numpy as np

from northstar_explain.contract.kinds.kind import Interval, Kind, Phrasing
from northstar_explain.contract.kinds.number_words import (
    SPELLED_OUT,
    parse_number,
    plain,
    singular,
    splits_at,
    unit_after,
    with_unit,
)
from northstar_explain.contract.kinds.rounding import round_numbers, tenth

_AVERAGE = re.compile(r"(^|_)(avg|average|mean|median|per)(_|$)", re.I)


class NumberKind(Kind):
    """Numbers of any sort; a kind says what is different with it.

    Attributes
    ----------
    at_least, below : str
        The kind's own phrases for a lower and an upper bound.
    """

    numeric = True
    has_order = True
    at_least: ClassVar[str] = "{words} of {value} or more"
    below: ClassVar[str] = "{words} below {value}"

    def draft_bounds(self, low: float, high: float) -> tuple[float | None, float | None]:
        # What was never negative is not meant to be; what was seen last week is no upper bound.
        return (0.0 if low >= 0 else None), None

    def is_filler(self, name: str, value: float, alone: bool) -> bool:
        # No orders, no spend: that is 0. No orders, no average.
        return value != 0.0 or bool(_AVERAGE.search(name))

    def invalid_numbers(self, values: np.ndarray) -> tuple[np.ndarray, str] | None:
        return None

    def phrases(self, words: str) -> tuple[str, str]:
        return self.at_least, self.below

    def fixed_phrases(self, phrasing: Phrasing, minimum: float | None) -> Mapping[Interval, str]:
        return {}

    def units(self, unit: str, currency: str) -> dict[str, Decimal]:
        """The units that values may be put into, and how much one of each is."""
        name = self.unit_words(unit, currency)
        return {name: Decimal(1)} if name else {}

    def unit_words(self, unit: str, currency: str) -> str:
        return unit or self.default_unit

    def value_words(self, value: float, unit: str, currency: str) -> str:
        name = self.unit_words(unit, currency)
        return with_unit(value, name) if name else plain(value)

    def parse_value(self, text: str, unit: str, currency: str) -> float | None:
        units = self.units(unit, currency)
        if not units:
            return parse_number(text)
        for name, scale in units.items():
            for ending in (f" {name}", f" {singular(name)}"):
                if text.endswith(ending):
                    return parse_number(text.removesuffix(ending), scale)
        return None

    def interval_words(self, lower: float, upper: float, unit: str, currency: str) -> str:
        first, last = self.value_words(lower, unit, currency), self.value_words(upper, unit, currency)
        # "2 to under 4 weeks": the unit is named once, where both ends have the same.
        return f"{first.removesuffix(unit_after(last))} to under {last}"

    def parse_interval(self, text: str, unit: str, currency: str) -> tuple[float, float] | None:
        for left, right in splits_at(text, " to under "):
            # The first end has no unit where both have the same: it is that of the second.
            lower = self.parse_value(left + ("" if " " in left else unit_after(right)), unit, currency)
            upper = self.parse_value(right, unit, currency)
            if lower is None or upper is None:
                continue
            # Several spellings parse, with the unit once or twice; only that of `interval_words` is accepted.
            if self.interval_words(lower, upper, unit, currency) == text:
                return lower, upper
        return None

    def transform_unit(self, values: np.ndarray) -> float:
        return 1.0

    def transform(self, values: np.ndarray, unit: float) -> np.ndarray:
        return values

    def round_steps(self, unit: str) -> Sequence[float]:
        """The kind's own list of round numbers, ascending; empty where any number of few digits is as round."""
        return ()

    def threshold_grid(self, low: float, high: float, unit: str) -> np.ndarray:
        grid = np.array(self.round_steps(unit), dtype=np.float64)
        if not len(grid) or high > grid[-1] or low < 0:
            # The kind's own list ends somewhere, and has no negative numbers.
            grid = np.union1d(grid, round_numbers(low, high))
            grid = np.round(grid) if self.whole else grid
        return np.unique(grid)

    def ordinary_step(self, threshold: float, unit: str) -> float:
        return tenth(threshold)

    def value_label(self, value: float, unit: str, currency: str) -> str:
        return plain(float(f"{value:.4g}"))

    def range_label(
        self, lower: float | None, upper: float | None, minimum: float | None, unit: str, currency: str
    ) -> str:
        low, high = (None if x is None else self.value_label(x, unit, currency) for x in (lower, upper))
        if low is None or high is None:
            return "any" if low is high else f"below {high}" if low is None else f"{low} or more"
        return f"{low} to {high}"

    def spoken(self, value: float, unit: str, currency: str) -> float:
        return float(f"{value:.{2 if abs(value) < 100 else 3}g}")

    def zero_words(self, words: str, unit: str, currency: str) -> str:
        return f"{words} of {self.value_words(0.0, unit, currency)}"

    def average_label(self, value: float, unit: str, currency: str) -> str:
        # An average of customers is worth two digits, from 100 on three.
        rounded = float(f"{value:.3g}")
        return f"{rounded:,.{0 if abs(rounded) >= 10 else 1 if abs(rounded) >= 1 else 2}f}"


class WholeKind(NumberKind):
    """Whole numbers: a range names its last value, ``2 to 4`` for 2 up to, but not including, 5."""

    whole = True
    level_words: ClassVar[Mapping[str, str]] = {"high": "many", "middle": "some", "low": "few"}

    def invalid_numbers(self, values: np.ndarray) -> tuple[np.ndarray, str] | None:
        return (np.floor(values) != values) & ~np.isnan(values), "a whole number"

    def noun(self, words: str) -> str:
        return words if words.startswith("number of ") else f"number of {words}"

    def last_words(self, value: float) -> str:
        """The last value of a range."""
        return plain(value)

    def interval_words(self, lower: float, upper: float, unit: str, currency: str) -> str:
        if not all(float(x).is_integer() and abs(x) < SPELLED_OUT for x in (lower, upper)):
            return super().interval_words(lower, upper, unit, currency)
        last = self.last_words(upper - 1)
        return f"exactly {last}" if upper - lower == 1 else f"{plain(lower)} to {last}"

    def parse_interval(self, text: str, unit: str, currency: str) -> tuple[float, float] | None:
        if text.startswith("exactly "):
            value = self.parse_value(text.removeprefix("exactly "), unit, currency)
            return None if value is None else (value, value + 1)
        if (bounds := super().parse_interval(text, unit, currency)) is not None:
            return bounds
        for left, right in splits_at(text, " to "):
            lower, last = parse_number(left), self.parse_value(right, unit, currency)
            if lower is None or last is None:
                continue
            if self.interval_words(lower, last + 1, unit, currency) == text:
                return lower, last + 1
        return None

    def spoken(self, value: float, unit: str, currency: str) -> float:
        return float(math.ceil(value))  # a bin's bounds stand between whole numbers

    def zero_words(self, words: str, unit: str, currency: str) -> str:
        return f"0 {words}"

    def range_label(
        self, lower: float | None, upper: float | None, minimum: float | None, unit: str, currency: str
    ) -> str:
        first, last = _ends(lower, upper, minimum)
        if first is not None and first == last:
            return f"{first:,}"
        if first is None or last is None:
            return "any" if first is last else f"{first:,} or more" if last is None else f"{last:,} or less"
        return f"{first:,} to {last:,}"


def _ends(lower: float | None, upper: float | None, minimum: float | None) -> tuple[int | None, int | None]:
    """The first and the last whole number of a bin, whose bounds stand between whole numbers."""
    lowest = minimum if lower is None else lower
    return (None if lowest is None else math.ceil(lowest)), (None if upper is None else math.ceil(upper) - 1)
