"""Values in words and back: numbers with their unit, ranges and lists of categories, each exact to the last digit."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from northstar_explain.contract.features import Feature, Kind

_NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+-]?\d+)?")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_BARE = re.compile(r'[^",]+?(?=, | or |$)')
# A category that holds one of these, or a mark, would not be told from the words around it: it goes in quotes.
_RESERVED = {"and", "or", "is", "not", "but", "known", "unknown", "lower", "higher"}
_MARKS = re.compile(r'[",;()\\]')
_LIMIT = 10**15  # beyond it, thousands and whole numbers are not worth spelling out


def plain(value: float | Decimal) -> str:
    """A number with separators of thousands and no needless digit; reading it gives the same float."""
    number = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    if number == 0:
        return "0"
    if not -10 <= number.adjusted() < 15:
        return f"{number.normalize():e}"
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def say(feature: Feature, value: float, currency: str = "$") -> str:
    """A value with its unit, as a person says it.

    Parameters
    ----------
    feature : Feature
        A numeric one.
    value : float
    currency : str
        The sign before amounts.

    Returns
    -------
    str
        For example ``3``, ``$120``, ``20%``, ``2 weeks``, ``5 minutes``; `read` gives the same float back.
    """
    if feature.kind is Kind.RATE:
        return f"{plain(Decimal(repr(float(value))).scaleb(2))}%"
    if feature.kind is Kind.AMOUNT:
        if unit := _own_unit(feature, currency):
            return _several(value, unit)
        return f"-{currency}{plain(-value)}" if value < 0 else f"{currency}{plain(value)}"
    if feature.kind is Kind.DAYS:
        weeks = value > 0 and value % 7 == 0 and value <= 56
        return _several(value / 7, "weeks") if weeks else _several(value, "days")
    if feature.kind is Kind.DURATION:
        unit = feature.unit or "seconds"
        minutes = unit == "seconds" and 120 <= value < _LIMIT and value % 30 == 0
        return _several(value / 60, "minutes") if minutes else _several(value, unit)
    return plain(value)


def read(feature: Feature, text: str, currency: str = "$") -> float | None:
    """The value that `say` put into words; None where the text is no value of the feature.

    Examples
    --------
    >>> from northstar_explain.contract.features import Feature, Kind
    >>> read(Feature("f", "", Kind.DAYS, "days since the last visit"), "2 weeks")
    14.0
    """
    number, scale = _parts(feature, text, currency)
    if number is None or not _NUMBER.fullmatch(number):
        return None
    value = float(Decimal(number.replace(",", "")) * scale)
    return value if math.isfinite(value) else None


def say_range(feature: Feature, lower: float, upper: float, currency: str = "$") -> str:
    """The values from `lower` to below `upper`, as in ``2 to 4``, ``14 to 29 days`` or ``$100 to under $500``."""
    whole = feature.kind.whole and all(float(x).is_integer() and abs(x) < _LIMIT for x in (lower, upper))
    if not whole:
        first, last = say(feature, lower, currency), say(feature, upper, currency)
        unit = _unit_of(last)
        return f"{first.removesuffix(unit)} to under {last}"
    last = plain(upper - 1) if feature.kind is Kind.COUNT else _several(upper - 1, "days")
    return f"exactly {last}" if upper - lower == 1 else f"{plain(lower)} to {last}"


def read_range(feature: Feature, text: str, currency: str = "$") -> tuple[float, float] | None:
    """The bounds that `say_range` put into words; None where the text is no range of the feature."""
    if feature.kind.whole and text.startswith("exactly "):
        value = read(feature, text.removeprefix("exactly "), currency)
        return None if value is None else (value, value + 1)
    for joint, last in ((" to under ", False), (" to ", True)):
        for left, right in _splits(text, joint):
            # "14 to 29 days": the unit may be named once.
            lower = _number(left) if last else read(feature, left + ("" if " " in left else _unit_of(right)), currency)
            upper = read(feature, right, currency)
            if lower is None or upper is None:
                continue
            bounds = (lower, upper + 1) if last else (lower, upper)
            if say_range(feature, *bounds, currency) == text:
                return bounds
    return None


def say_values(feature: Feature, values: Sequence[str], inside: bool) -> str:
    """What follows "is": ``A, B or C``, ``not A``, and of an ordered category ``B or lower`` or ``C or higher``."""
    first = feature.order[: len(values)] == tuple(values) and len(values) < len(feature.order)
    if first and inside and len(values) > 1:
        return f"{category(values[-1])} or lower"
    if first and not inside and len(values) < len(feature.order) - 1:
        return f"{category(feature.order[len(values)])} or higher"
    return ("" if inside else "not ") + either([category(value) for value in values])


def read_values(feature: Feature, text: str) -> tuple[tuple[str, ...], bool] | None:
    """The values that `say_values` put into words, and whether they are inside; None where the text is no list."""
    for ending, inside in ((" or lower", True), (" or higher", False)):
        if text.endswith(ending):
            named = _read_list(text.removesuffix(ending))
            if named is None or len(named) != 1 or named[0] not in feature.order:
                return None
            return feature.order[: feature.order.index(named[0]) + inside], inside
    values = _read_list(text.removeprefix("not "))
    return None if values is None else (values, not text.startswith("not "))


def category(value: str) -> str:
    """A category as a rule says it: in quotes where it would not be told from the words around it."""
    words = value.split(" ")
    plain_words = all(words) and value.isprintable() and not _MARKS.search(value) and not value.endswith(".")
    if plain_words and not _RESERVED & {word.casefold() for word in words}:
        return value
    return json.dumps(value, ensure_ascii=False)


def either(values: Sequence[str], last: str = "or") -> str:
    """``A``, ``A or B``, ``A, B or C``."""
    if len(values) < 2:
        return "".join(values)
    return ", ".join(values[:-1]) + f" {last} {values[-1]}"


def unit(feature: Feature, currency: str = "$") -> str:
    """What a number of the feature counts, such as ``days``; empty where nothing but a sign or the feature itself."""
    if feature.kind is Kind.AMOUNT:
        return _own_unit(feature, currency)
    if feature.kind is Kind.DURATION:
        return feature.unit or "seconds"
    return "days" if feature.kind is Kind.DAYS else ""


def _own_unit(feature: Feature, currency: str) -> str:
    """The unit of an amount that is not money."""
    unit = feature.unit
    return "" if unit.casefold() in ("usd", "eur", "gbp", currency.casefold()) else unit


def _unit_of(said: str) -> str:
    _, blank, unit = said.partition(" ")
    return blank + unit


def _several(number: float, unit: str) -> str:
    return f"{plain(number)} {_singular(unit) if number == 1 else unit}"


def _singular(unit: str) -> str:
    return unit[:-1] if len(unit) > 2 and unit.endswith("s") and not unit.endswith("ss") else unit


def _parts(feature: Feature, text: str, currency: str) -> tuple[str | None, Decimal]:
    """The digits of a value in words, and what one of its unit counts."""
    if feature.kind is Kind.AMOUNT and not _own_unit(feature, currency):
        for sign, scale in ((f"-{currency}", Decimal(-1)), (currency, Decimal(1))):
            if text.startswith(sign):
                return text.removeprefix(sign), scale
        return None, Decimal(1)
    for ending, scale in _endings(feature, currency).items():
        if text.endswith(ending):
            return text.removesuffix(ending), scale
    return None, Decimal(1)


def _endings(feature: Feature, currency: str) -> dict[str, Decimal]:
    """What may follow the digits, and what one of it counts."""
    if feature.kind is Kind.RATE:
        return {"%": Decimal("0.01")}
    unit = _own_unit(feature, currency) if feature.kind is Kind.AMOUNT else feature.unit or "seconds"
    units = {unit: Decimal(1)}
    if feature.kind is Kind.COUNT:
        return {"": Decimal(1)}
    if feature.kind is Kind.DAYS:
        units = {"days": Decimal(1), "weeks": Decimal(7)}
    elif feature.kind is Kind.DURATION and unit == "seconds":
        units["minutes"] = Decimal(60)
    return {f" {name}": scale for unit, scale in units.items() for name in (unit, _singular(unit))}


def _number(text: str) -> float | None:
    return float(text.replace(",", "")) if _NUMBER.fullmatch(text) else None


def _splits(text: str, joint: str) -> Iterator[tuple[str, str]]:
    at = text.find(joint)
    while at >= 0:
        yield text[:at], text[at + len(joint) :]
        at = text.find(joint, at + 1)


def _read_list(text: str) -> tuple[str, ...] | None:
    values: list[str] = []
    at = 0
    while True:
        found = _QUOTED.match(text, at) or _BARE.match(text, at)
        if found is None:
            return None
        value = _read_category(found[0])
        if value is None:
            return None
        values.append(value)
        at = found.end()
        if at == len(text):
            return tuple(values)
        joint = next((joint for joint in (", ", " or ") if text.startswith(joint, at)), None)
        if joint is None:
            return None
        at += len(joint)


def _read_category(text: str) -> str | None:
    if not text.startswith('"'):
        return text if category(text) == text else None
    try:
        return str(json.loads(text))
    except ValueError:
        return None
