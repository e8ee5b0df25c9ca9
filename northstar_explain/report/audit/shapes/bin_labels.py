"""Short labels: of a bin in a table, of a value on an axis, of a text that must fit its cell."""

from __future__ import annotations

import math

from northstar_explain.contract import Contract, Feature, Kind
from northstar_explain.model.scorecard import MISSING, Bins, NumberBins
from northstar_explain.model.wording import either, plain

MISSING_WORDS, UNSEEN_WORDS = "missing", "not seen in training"
_LONGEST = 60


def bin_label(axis: Bins, bin: int, contract: Contract) -> str:
    """The shortest label of a bin, for example ``3 to 5``, ``0.2 to 0.25``, ``missing`` or a category."""
    if bin == MISSING:
        return MISSING_WORDS
    if bin == axis.count - 1:
        return UNSEEN_WORDS
    if isinstance(axis, NumberBins):
        return range_label(contract[axis.feature], *axis.bounds(bin), contract.currency)
    return shortened(either(axis.members(bin)))


def range_label(feature: Feature, lower: float | None, upper: float | None, currency: str) -> str:
    """The shortest label of ``lower <= value < upper``; None is no bound."""
    if feature.kind.whole:
        # Cuts lie between whole numbers, so a bin is labelled by the first and last value that fall in it.
        first = None if lower is None else math.ceil(lower)
        last = None if upper is None else math.ceil(upper) - 1
        if first is None and feature.minimum is not None:
            first = math.ceil(feature.minimum)
        if first is not None and first == last:
            return f"{first:,}"
        if first is None or last is None:
            return "any" if first is last else f"{first:,} or more" if last is None else f"{last:,} or less"
        return f"{first:,} to {last:,}"
    low, high = (None if x is None else value_label(feature, x, currency) for x in (lower, upper))
    if low is None or high is None:
        return "any" if low is high else f"below {high}" if low is None else f"{low} or more"
    return f"{low} to {high}"


def value_label(feature: Feature, value: float, currency: str) -> str:
    """A value to four significant digits, with a currency or percent sign where its kind has one."""
    if feature.kind is Kind.RATE:
        return plain_percent(value)
    # Cuts carry many digits, which no reader needs; the exact bounds are in tables/scorecard.csv.
    rounded = float(f"{value:.4g}")
    if feature.kind is Kind.AMOUNT and not feature.unit:
        return f"-{currency}{plain(-rounded)}" if rounded < 0 else f"{currency}{plain(rounded)}"
    return plain(rounded)


def unit_words(feature: Feature) -> str:
    """The unit of an axis; empty where the feature's words name it already."""
    default = {Kind.DAYS: "days", Kind.DURATION: "seconds"}.get(feature.kind, "")
    unit = feature.unit or default
    return "" if unit.casefold() in feature.words.casefold() else unit


def shortened(text: str, longest: int = _LONGEST) -> str:
    """The text, cut with an ellipsis if it is longer than allowed."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, a real minus, and no negative zero."""
    # Rounding first: a small negative value would be shown as −0.00 otherwise.
    rounded = round(value, digits)
    if rounded == 0:
        return f"{0:.{digits}f}"
    return f"{'+' if rounded > 0 else '−'}{abs(rounded):.{digits}f}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share between 0 and 1 as a percentage; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}%}"


def plain_percent(value: float) -> str:
    """A share to four significant digits, without trailing zeros: ``20%``, ``2.5%``, ``0.05%``."""
    return f"{plain(float(f'{value * 100:.4g}'))}%"
