"""Amounts: money, or anything measured in a unit of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

import numpy as np

from northstar_explain.contract.kinds.number_kind import NumberKind
from northstar_explain.contract.kinds.number_words import parse_number, plain, with_unit
from northstar_explain.contract.kinds.rounding import log_unit, signed_log

# Columns whose whole numbers are amounts all the same.
AMOUNT_NAME = r"(?i)spend|amount|value|price|revenue|usd|eur|basket|sales"
# Names of money where a count would be named otherwise; with a sign, these are amounts and no ratios.
MONEY_NAME = (
    AMOUNT_NAME + r"|balance|profit|cost|income|salary|debt|credit|payment|paid|refund|cash|money|(^|_)fees?(_|$)|gbp"
)
_AVERAGE = re.compile(r"(average|mean|median|typical)\b", re.I)
_CENT = 0.01
_CURRENCIES = ("usd", "eur", "gbp")


class AmountKind(NumberKind):
    """Amounts, with the contract's currency before them unless they have a unit of their own.

    On a log scale in units of their own median, so that a table in cents gives the segments of one in dollars.
    """

    name = "amount"
    money = True
    level_words: ClassVar[Mapping[str, str]] = {**NumberKind.level_words, "zero": "no"}

    def fits(self, name: str, values: np.ndarray | Sequence[str]) -> bool:
        return True  # nothing more particular did

    def unit_words(self, unit: str, currency: str) -> str:
        # A unit that is the currency itself is shown by the sign in front.
        return "" if unit.casefold() in (*_CURRENCIES, currency.casefold()) else unit

    def value_words(self, value: float, unit: str, currency: str) -> str:
        if own := self.unit_words(unit, currency):
            return with_unit(value, own)
        return f"-{currency}{plain(-value)}" if value < 0 else f"{currency}{plain(value)}"

    def parse_value(self, text: str, unit: str, currency: str) -> float | None:
        if self.unit_words(unit, currency):
            return super().parse_value(text, unit, currency)
        for sign, scale in ((f"-{currency}", Decimal(-1)), (currency, Decimal(1))):
            if text.startswith(sign):
                return parse_number(text.removeprefix(sign), scale)
        return None

    def transform_unit(self, values: np.ndarray) -> float:
        return log_unit(values)

    def transform(self, values: np.ndarray, unit: float) -> np.ndarray:
        return signed_log(values, unit)

    def threshold_grid(self, low: float, high: float, unit: str) -> np.ndarray:
        grid = super().threshold_grid(low, high, unit)
        # Nobody says "below 0.00001": of what is counted in cents, a cent is the least.
        in_cents = not unit and max(abs(low), abs(high)) >= 10 * _CENT
        return grid[(grid == 0) | (np.abs(grid) >= _CENT)] if in_cents else grid

    def value_label(self, value: float, unit: str, currency: str) -> str:
        rounded = float(f"{value:.4g}")
        if unit:
            return plain(rounded)
        return f"-{currency}{plain(-rounded)}" if rounded < 0 else f"{currency}{plain(rounded)}"

    def spoken(self, value: float, unit: str, currency: str) -> float:
        if self.unit_words(unit, currency) or abs(value) >= 1000:
            return super().spoken(value, unit, currency)
        return round(value, 0 if abs(value) >= 10 else 2)

    def zero_words(self, words: str, unit: str, currency: str) -> str:
        return super().zero_words(words, unit, currency) if _AVERAGE.match(words) else f"no {words}"

    def average_label(self, value: float, unit: str, currency: str) -> str:
        number = super().average_label(value, unit, currency)
        return number if self.unit_words(unit, currency) else f"{currency}{number}"
