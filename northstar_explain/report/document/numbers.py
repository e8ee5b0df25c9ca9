"""Numbers and dates as the playbook prints them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence

from northstar_explain.contract.features import Feature

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
# Points that double the odds, and those that raise them by a fifth.
_STRONG, _CLEAR = 0.69, 0.18


def day(date: datetime.date | str) -> str:
    """A day as ``1 March 2026``."""
    parsed = date if isinstance(date, datetime.date) else datetime.date.fromisoformat(date)
    return f"{parsed.day} {_MONTHS[parsed.month - 1]} {parsed.year}"


def count(number: float) -> str:
    """A whole number with thousands separators."""
    return f"{number:,.0f}"


def percent(share: float) -> str:
    """A share with one decimal."""
    return f"{share:.1%}"


def rough(share: float) -> str:
    """A share to the whole percent; what is not all or nothing is never printed as 100% or 0%."""
    if 0 < share < 0.01:
        return "under 1%"
    if 0.99 < share < 1:
        return "over 99%"
    return f"{share:.0%}"


def deciles(steps: Sequence[int]) -> str:
    """Deciles that are treated alike: ``deciles 9 and 10``, ``deciles 1 to 5``."""
    return f"deciles {min(steps)} {'and' if len(steps) == 2 else 'to'} {max(steps)}"


def index(value: float | None) -> str:
    """An index, 100 is the average; a dash where there is none."""
    return "–" if value is None else f"{value:,.0f}"


def change(share: float) -> str:
    """A change with its sign: ``+2.3%``, ``−1.0%`` with a true minus, ``no change``."""
    if abs(share) < 0.0005:
        return "no change"
    return f"{share:+.1%}".replace("-", "−")


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, a true minus, and no negative zero: ``+0.25``, ``−1,200.00``, ``0.00``."""
    # Rounding first: a small negative value would be shown as −0.00 otherwise.
    rounded = round(value, digits)
    if rounded == 0:
        return f"{0:.{digits}f}"
    return f"{'+' if rounded > 0 else '−'}{abs(rounded):,.{digits}f}"


def between(ends: Iterable[float], digits: int = 2) -> str:
    """Both ends of an interval with their signs: ``−0.004 to +0.010``."""
    return " to ".join(signed(end, digits) for end in ends)


def strength(points: float) -> str:
    """The effect of mean points on the probability: strong where they double or halve the odds."""
    size = abs(points)
    how = "strongly" if size >= _STRONG else "clearly" if size >= _CLEAR else "slightly"
    return f"{'raises' if points > 0 else 'lowers'} it {how}"


def average(feature: Feature, value: float, currency: str) -> str:
    """A mean as many digits long as an average of customers is worth: two, from 100 on three; `unit` stands apart."""
    return feature.kind.average_label(value, feature.unit, currency)


def unit(feature: Feature, currency: str) -> str:
    """What an average counts, where neither its sign nor the feature's words say it; else empty."""
    said = feature.kind.unit_words(feature.unit, currency)
    return "" if said.casefold() in feature.words.casefold() else said


def short(feature: Feature) -> str:
    """The words of a feature, without the remark in brackets at the end of some."""
    return re.sub(r"\s*\([^()]*\)$", "", feature.words) or feature.words
