"""A category with the spelling that `northstar_explain.contract.spelling` gives it, as an expression of SQL.

Only the values that a model names need it: any other text is unseen, however it is spelled. So the spellings of each
are listed, and no dialect needs regular expressions or casts that may fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from northstar_explain.contract.spelling import Spellings, canonical, yes_and_no
from northstar_explain.export.sql.sql_dialects import text
from northstar_explain.export.sql.sql_names import literal_text

# Sign, first digit, further digits, zeros at the end: what a mantissa and its power are made of.
_WHOLE = re.compile(r"(-?)([0-9])([0-9]*?)(0*)")
_NOT_A_NUMBER = ("NaN", "nan")  # a float that is none, as databases write it
# From 100,000 on, programs write whole numbers with an exponent; floats are exact up to 15 digits.
_EXPONENTS = range(5, 15)


@dataclass
class _Spelled:
    """What is spelled as one value: texts as they are, texts in any case, and whole numbers before their zeros."""

    exact: list[str] = field(default_factory=list)
    lower: list[str] = field(default_factory=list)
    points: list[str] = field(default_factory=list)


def category(raw: exp.Expr, asked: Sequence[str], known: Sequence[str], marks: Sequence[str]) -> exp.Expr:
    """A column of any type as a category.

    Parameters
    ----------
    raw : Expression
        The column.
    asked : sequence of str
        The values that the model compares it with.
    known : sequence of str
        The values by which others are spelled; see `northstar_explain.contract.spelling`.
    marks : sequence of str
        What stands for a missing value.

    Returns
    -------
    Expression
        A text, NULL where missing. What is none of `asked` and `known` may keep a spelling of its own.
    """
    # An empty text is missing, even to a rule that names it.
    asked, known = ([value for value in values if value] for values in (asked, known))
    found = text(raw)
    trimmed = exp.Trim(this=found)
    case = exp.Case()
    missing = list(dict.fromkeys([*(mark.strip() for mark in marks), *_NOT_A_NUMBER]))
    # What is known stays as it is before any other rule, as in Python.
    if kept := [value for value in known if canonical(value) != value or value in missing]:
        case = case.when(_listed(found, kept), found.copy())
    case = case.when(_listed(trimmed, missing), exp.null())
    # 1.00 without zeros is "1.": the same for every number of decimals, and 10 does not become 1.
    point = _without("0", trimmed)
    spelled, wholes = _spelled(asked, known)
    for value, texts in spelled.items():
        sides = ((trimmed, texts.exact), (exp.Lower(this=trimmed.copy()), texts.lower), (point, texts.points))
        if listed := [_listed(side, same) for side, same in sides if same]:
            case = case.when(exp.or_(*listed), literal_text(value))
    if wholes:
        case = case.when(_listed(point, wholes), _without(".", point))
    return case.else_(trimmed.copy())


def _spelled(asked: Sequence[str], known: Sequence[str]) -> tuple[dict[str, _Spelled], list[str]]:
    """Value to what else is spelled as it; and whole numbers with a point that only have to lose it."""
    spellings, words = Spellings((), tuple(known)), yes_and_no(known)
    spelled: dict[str, _Spelled] = {}
    wholes: list[str] = []
    for one in dict.fromkeys([*(canonical(value) for value in (*known, *asked)), *words]):
        value = spellings[one]
        texts = spelled.setdefault(value, _Spelled())
        if one in words or one in ("true", "false"):
            texts.lower.append(one)
        elif one != value:
            texts.exact.append(one)
        if canonical(one + ".0") != one:
            continue
        (wholes if one == value else texts.points).append(one + ".")
        texts.lower += _exponents(one)
        if one == "0":
            texts.lower.append("-0")
            texts.points.append("-0.")
    return spelled, wholes


def _exponents(whole: str) -> Iterator[str]:
    """The number with an exponent, in lower case: 3e7, 3.0e+07."""
    sign, first, digits, zeros = _WHOLE.fullmatch(whole).groups()  # type: ignore[union-attr]
    power = len(digits + zeros)
    if power in _EXPONENTS:
        for mantissa in [f"{first}.{digits}"] if digits else [first, f"{first}.0"]:
            yield from dict.fromkeys(
                f"{sign}{mantissa}e{plus}{it}" for plus in ("", "+") for it in (power, f"{power:02}")
            )


def _listed(value: exp.Expr, texts: Iterable[str]) -> exp.Expr:
    return value.copy().isin(*(literal_text(one) for one in texts))


def _without(end: str, value: exp.Expr) -> exp.Expr:
    return exp.Trim(this=value.copy(), expression=literal_text(end), position="TRAILING")
