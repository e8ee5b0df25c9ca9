"""Durations: how long a visit or a call took."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from northstar_explain.contract.kinds.number_kind import NumberKind
from northstar_explain.contract.kinds.number_words import SPELLED_OUT, with_unit
from northstar_explain.contract.kinds.rounding import log_unit, signed_log

_SECONDS = (
    10, 15, 20, 30, 45, 60, 90, 120, 150, 180, 240, 300, 360, 420, 480, 600, 900, 1200, 1800, 2700, 3600, 7200,
)  # fmt: skip
_MINUTES_COUNT = 300  # from five minutes on, a minute more or less is ordinary
_UNIT_AT_END = re.compile(r"(?:^|(?<= ))(?:seconds?|secs?)$")
_NAME = re.compile(r"duration|seconds|minutes|_secs?$|_mins?$", re.I)


class DurationKind(NumberKind):
    """Lengths of time, in seconds unless the contract names a unit; from two minutes on in minutes where even.

    On a log scale in units of their own median, as amounts are.
    """

    name = "duration"
    default_unit = "seconds"

    def fits(self, name: str, values: np.ndarray | Sequence[str]) -> bool:
        return bool(_NAME.search(name))

    def draft_words(self, words: str) -> str:
        return _UNIT_AT_END.sub("duration", words)  # not "seconds of 50 seconds or more"

    def units(self, unit: str, currency: str) -> dict[str, Decimal]:
        unit = unit or self.default_unit
        return {unit: Decimal(1), "minutes": Decimal(60)} if unit == "seconds" else {unit: Decimal(1)}

    def value_words(self, value: float, unit: str, currency: str) -> str:
        unit = unit or self.default_unit
        # In halves at the finest: 2.5 minutes are said, 2.25 are not.
        minutes = unit == "seconds" and 120 <= value < SPELLED_OUT and value % 30 == 0
        return with_unit(value / 60, "minutes") if minutes else with_unit(value, unit)

    def transform_unit(self, values: np.ndarray) -> float:
        return log_unit(values)

    def transform(self, values: np.ndarray, unit: float) -> np.ndarray:
        return signed_log(values, unit)

    def threshold_grid(self, low: float, high: float, unit: str) -> np.ndarray:
        # Beyond two hours, seconds are not told apart.
        return np.array(_SECONDS, dtype=np.float64) if unit == "seconds" else super().threshold_grid(low, high, unit)

    def spoken(self, value: float, unit: str, currency: str) -> float:
        if (unit or self.default_unit) != "seconds" or value < 10:
            return super().spoken(value, unit, currency)
        step = 5 if value < 120 else 30 if value < 600 else 60
        return float(step * round(value / step))

    def ordinary_step(self, threshold: float, unit: str) -> float:
        # A minute is little of half an hour and most of a short visit.
        seconds = (unit or self.default_unit) == "seconds"
        return 60.0 if seconds and threshold >= _MINUTES_COUNT else super().ordinary_step(threshold, unit)
