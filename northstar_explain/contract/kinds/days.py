"""Days: since an event, or between two."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np

from northstar_explain.contract.kinds.kind import Interval, Phrasing
from northstar_explain.contract.kinds.number_kind import WholeKind
from northstar_explain.contract.kinds.number_words import with_unit
from northstar_explain.contract.kinds.rounding import signed_log

_STEPS = (2, 3, 5, 7, 10, 14, 21, 28, 30, 45, 60, 75, 90, 120, 150, 180, 240, 270, 300, 330, 365, 540, 730, 1095, 1460,
          1825, 2555, 3650)  # fmt: skip
_NAME = re.compile(r"(^|_)days?(_|$)", re.I)
_WINDOW = re.compile(r"_\d+d$")  # orders_30d counts orders within 30 days
_SINCE = "days since "
_EVENT = re.compile(r"(^|_)(since|ago|last|latest)(_|$)", re.I)
_WEEK = 7.0
_MOST_WEEKS = 8 * 7


class DaysKind(WholeKind):
    """Whole days, up to eight weeks in weeks where they come out even. On a log scale, as counts are."""

    name = "days"
    default_unit = "days"
    at_least = "{words}: {value} or more"
    below = "{words}: less than {value}"

    def fits(self, name: str, values: np.ndarray | Sequence[str]) -> bool:
        numbers = np.asarray(values, dtype=np.float64)
        whole = bool(np.all(numbers == np.floor(numbers)))
        return whole and bool(_NAME.search(name)) and not _WINDOW.search(name)

    def is_filler(self, name: str, value: float, alone: bool) -> bool:
        # 366 days since the last order, or 0, where there is none; but 0 days with a visit are 0.
        return value != 0.0 or bool(_EVENT.search(name))

    def phrases(self, words: str) -> tuple[str, str]:
        if not words.startswith(_SINCE):
            return super().phrases(words)
        since = words.removeprefix("days ")
        return "{value} or more " + since, "less than {value} " + since

    def fixed_phrases(self, phrasing: Phrasing, minimum: float | None) -> Mapping[Interval, str]:
        if "the last {value}" not in phrasing.below:
            return {}
        # "Within the last day", not "within the last 1 day".
        return {(None, n): phrasing.below.replace("{value}", unit) for n, unit in ((1.0, "day"), (7.0, "week"))}

    def units(self, unit: str, currency: str) -> dict[str, Decimal]:
        return {"days": Decimal(1), "weeks": Decimal(7)}

    def unit_words(self, unit: str, currency: str) -> str:
        return "days"

    def value_words(self, value: float, unit: str, currency: str) -> str:
        weeks = value > 0 and value % 7 == 0 and value <= _MOST_WEEKS
        return with_unit(value / 7, "weeks") if weeks else with_unit(value, "days")

    def last_words(self, value: float) -> str:
        return with_unit(value, "days")  # "7 to 14 days", whose ends must not be in two units

    def transform(self, values: np.ndarray, unit: float) -> np.ndarray:
        return signed_log(values)

    def ordinary_step(self, threshold: float, unit: str) -> float:
        return _WEEK

    def round_steps(self, unit: str) -> Sequence[float]:
        return _STEPS
