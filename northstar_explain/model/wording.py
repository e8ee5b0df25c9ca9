"""How conditions, values and ranges are said in plain words, by kind of feature and the contract's own phrases."""

from __future__ import annotations

import math
from collections.abc import Sequence

from northstar_explain.contract import Contract, Feature, Kind
from northstar_explain.model.conditions import CategoryCondition, Condition, MissingCondition
from northstar_explain.model.rules import Rule

_DEFAULTS: dict[Kind, tuple[str, str]] = {
    Kind.COUNT: ("{value} or more {words}", "fewer than {value} {words}"),
    Kind.AMOUNT: ("{words} of {value} or more", "{words} below {value}"),
    Kind.RATE: ("{words} of {value} or more", "{words} below {value}"),
    Kind.DAYS: ("{words}: {value} or more", "{words}: less than {value}"),
    Kind.DURATION: ("{words} of {value} or more", "{words} below {value}"),
}


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
        For example ``3``, ``$120``, ``20%``, ``2 weeks``, ``5 minutes``.
    """
    if feature.kind is Kind.RATE:
        return f"{plain(value * 100)}%"
    if feature.kind is Kind.AMOUNT:
        unit = feature.unit
        if unit and unit.casefold() not in ("usd", "eur", "gbp", currency.casefold()):
            return f"{plain(value)} {unit}"
        return f"-{currency}{plain(-value)}" if value < 0 else f"{currency}{plain(value)}"
    if feature.kind is Kind.DAYS:
        return _time(value)
    if feature.kind is Kind.DURATION:
        return _duration(value, feature.unit or "seconds")
    return plain(value)


def plain(value: float) -> str:
    """A number without needless digits, exact to 10 of them, with separators of thousands."""
    rounded = float(f"{value:.10g}")
    text = f"{rounded:,.10f}".rstrip("0").rstrip(".") if abs(rounded) < 1e15 else f"{rounded:g}"
    return "0" if text == "-0" else text


def _time(days: float) -> str:
    if days and days % 7 == 0 and days <= 56:
        return _several(days / 7, "week")
    return _several(days, "day")


def _duration(value: float, unit: str) -> str:
    if unit == "seconds" and value >= 120 and value % 30 == 0:
        return _several(value / 60, "minute")
    return _several(value, unit.removesuffix("s"))


def _several(number: float, unit: str) -> str:
    return f"{plain(number)} {unit}" if number == 1 else f"{plain(number)} {unit}s"


def phrases(condition: Condition, contract: Contract) -> list[str]:
    """A condition in words: one phrase a bound."""
    feature = contract[condition.feature]
    if isinstance(condition, MissingCondition):
        return [f"{feature.words} unknown"]
    if isinstance(condition, CategoryCondition):
        is_ = "is" if condition.inside else "is not"
        return [f"{feature.words} {is_} {either(condition.values)}" + _or_missing(condition.missing)]
    if condition.lower is None and condition.upper is None:
        return [f"{feature.words} known"]
    said = []
    if condition.lower is not None:
        said.append(_at_least(feature, condition.lower, contract) + _or_missing(condition.missing))
    if condition.upper is not None:
        said.append(_below(feature, condition.upper, contract) + _or_missing(condition.missing))
    return said


def _or_missing(missing: bool) -> str:
    return " or unknown" if missing else ""


def _at_least(feature: Feature, value: float, contract: Contract) -> str:
    if feature.kind is Kind.COUNT and value == 1 and feature.some:
        return feature.some
    return _fill(feature.at_least or _DEFAULTS[feature.kind][0], feature, value, contract)


def _below(feature: Feature, value: float, contract: Contract) -> str:
    if feature.kind is Kind.COUNT and value == 1:
        return feature.none or f"no {feature.words}"
    return _fill(feature.below or _DEFAULTS[feature.kind][1], feature, value, contract)


def _fill(template: str, feature: Feature, value: float, contract: Contract) -> str:
    # Not str.format: words may hold braces of their own.
    said = say(feature, value, contract.currency)
    return template.replace("{words}", feature.words).replace("{value}", said)


def either(values: Sequence[str], last: str = "or") -> str:
    """``A``, ``A or B``, ``A, B or C``."""
    if len(values) < 2:
        return "".join(values)
    return ", ".join(values[:-1]) + f" {last} {values[-1]}"


def rule_words(rule: Rule, contract: Contract) -> str:
    """A rule's conditions joined by ``and``."""
    said = [phrase for condition in rule.conditions for phrase in phrases(condition, contract)]
    return " and ".join(said) if said else f"all {contract.noun}"


def definition(rules: Sequence[Rule], contract: Contract) -> str:
    """A sentence for a segment: its rules joined by ``or``."""
    text = "; or ".join(rule_words(rule, contract) for rule in rules)
    return text[:1].upper() + text[1:] + "."


def range_words(feature: Feature, lower: float | None, upper: float | None, currency: str) -> str:
    """A bin of a numeric feature, ``lower <= value < upper``, as a noun phrase."""
    if feature.kind.whole:
        return _whole_range(feature, lower, upper)
    low, high = (None if x is None else brief(feature, x, currency) for x in (lower, upper))
    if low is None or high is None:
        return f"{feature.words} " + ("any" if low == high else f"below {high}" if low is None else f"of {low} or more")
    return f"{feature.words} of {low}" if low == high else f"{feature.words} of {low} to {high}"


def _whole_range(feature: Feature, lower: float | None, upper: float | None) -> str:
    first = None if lower is None else math.ceil(lower)
    last = None if upper is None else math.ceil(upper) - 1
    if first is None and feature.minimum is not None:
        first = math.ceil(feature.minimum)
    words = feature.words
    if first is not None and first == last:
        if first == 0:
            return f"no {words}" if feature.kind is Kind.COUNT else f"0 {words}"
        return f"{first:,} {words}"
    if last is None:
        return f"any number of {words}" if first is None else f"{first:,} or more {words}"
    return f"{last:,} or fewer {words}" if first is None else f"{first:,} to {last:,} {words}"


def brief(feature: Feature, value: float, currency: str) -> str:
    """A value to three digits, enough to read it by; the exact one stands in the model folder."""
    return say(feature, float(f"{value:.3g}"), currency)


def capital(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]
