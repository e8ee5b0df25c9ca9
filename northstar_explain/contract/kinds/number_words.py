"""Numbers and lists in words and back, as all kinds share them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

_NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?")
SPELLED_OUT = 10**15  # from here on, numbers are written with an exponent


def plain(value: float | Decimal) -> str:
    """A number with separators of thousands and no needless digit; reading it gives the same float."""
    number = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    if number == 0:
        return "0"
    if not -10 <= number.adjusted() < 15:
        return f"{number.normalize():e}"
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def parse_number(text: str, scale: Decimal = Decimal(1)) -> float | None:
    """The number that `plain` wrote, times a scale; None where the text is no such number or not finite."""
    if not _NUMBER.fullmatch(text):
        return None
    # In decimals: 7% is 0.07, but 7 * 0.01 is not in floats.
    value = float(Decimal(text.replace(",", "")) * scale)
    return value if math.isfinite(value) else None


def with_unit(number: float, unit: str) -> str:
    """``3 days``, ``1 day``."""
    return f"{plain(number)} {singular(unit) if number == 1 else unit}"


def singular(unit: str) -> str:
    """The unit of one, where the plural is made with an s."""
    return unit[:-1] if len(unit) > 2 and unit.endswith("s") and not unit.endswith("ss") else unit


def unit_after(text: str) -> str:
    """What follows the first blank, with it: the unit of a value in words."""
    _, blank, unit = text.partition(" ")
    return blank + unit


def splits_at(text: str, joint: str) -> Iterator[tuple[str, str]]:
    """Every way to split a text in two at a joint."""
    at = text.find(joint)
    while at >= 0:
        yield text[:at], text[at + len(joint) :]
        at = text.find(joint, at + 1)


def either(values: Sequence[str], last: str = "or") -> str:
    """``A``, ``A or B``, ``A, B or C``."""
    if len(values) < 2:
        return "".join(values)
    return ", ".join(values[:-1]) + f" {last} {values[-1]}"
