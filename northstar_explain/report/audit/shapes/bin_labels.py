"""Short labels: of a bin in a table, of a value on an axis, of a text that must fit its cell."""

from __future__ import annotations

from northstar_explain.contract.features import Contract, Feature
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
    """``lower <= value < upper`` in as few words as name it."""
    return feature.kind.range_label(lower, upper, feature.minimum, feature.unit, currency)


def value_label(feature: Feature, value: float, currency: str) -> str:
    """A value to four digits, with the sign of its unit where that is short."""
    return feature.kind.value_label(value, feature.unit, currency)


def unit_words(feature: Feature) -> str:
    """What the numbers on an axis count, where neither the label nor the feature's words show it."""
    unit = feature.unit or feature.kind.default_unit
    return "" if unit.casefold() in feature.words.casefold() else unit


def shortened(text: str, longest: int = _LONGEST) -> str:
    """The text, cut with an ellipsis if it is longer than allowed."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def percent(value: float | None, digits: int = 1) -> str:
    """A share between 0 and 1 as a percentage; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}%}"


def plain_percent(value: float) -> str:
    """A share to four significant digits, without trailing zeros: ``20%``, ``2.5%``, ``0.05%``."""
    return f"{plain(float(f'{value * 100:.4g}'))}%"
