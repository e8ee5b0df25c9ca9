"""Conditions as a contract writes them: ``orders_365d > 0 and country = 'US' and email_open_rate is known``.

They become the conditions that rules are made of, so that Python, SQL, workbook and page run them as they run rules.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable
from typing import NamedTuple

from northstar_explain.contract.conditions import (
    CategoryCondition,
    Condition,
    MissingCondition,
    NumberCondition,
    matches,
    simplify,
)
from northstar_explain.contract.features import Feature
from northstar_explain.contract.relations import Relation

__all__ = ["ExpressionError", "matches", "name_text", "parse_condition", "parse_relation"]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))
    | (?P<word>[^\W\d][\w.-]*)
    | (?P<sign>>=|<=|!=|[=<>(),])
    )""",
    re.VERBOSE,
)
_PLAIN = re.compile(r"[^\W\d][\w.-]*")
_SIGNS = (">=", ">", "<=", "<", "=", "!=")
_COMPARISONS = (">=", ">", "<=", "<")
_RELATION_EXAMPLE = "Write for example: orders_30d <= orders_90d."
_EXAMPLE = "Write for example: orders > 0 and country in ('US', 'CA') and income is known."
# Spreadsheets and some databases take numbers nearer to 0 than this for 0.
_TINY = sys.float_info.min


class ExpressionError(ValueError):
    """A condition that cannot be read.

    Parameters
    ----------
    expected, got, todo : str
        As of an `errors.Fault`.
    """

    def __init__(self, expected: str, got: str, todo: str = _EXAMPLE):
        super().__init__(f"expected {expected}; got {got}. {todo}".rstrip())
        self.expected, self.got, self.todo = expected, got, todo


def parse_condition(text: str, features: Iterable[Feature]) -> tuple[Condition, ...]:
    """Read comparisons that must all be met.

    Parameters
    ----------
    text : str
        Comparisons joined by ``and``. Each names a feature, then one of ``>= > < <= =`` and a number; or ``=`` or
        ``!=`` and a text in single quotes; or ``in ('x', 'y')``; or ``is missing`` or ``is known``. Texts of an ordered
        category may be compared by order. A name with other signs than letters, digits, ``_``, ``-`` and ``.`` stands
        in double quotes.
    features : iterable of Feature
        Those that may be named.

    Returns
    -------
    tuple of Condition
        At most one for each feature, in the order of first use. A missing value meets none but ``is missing``.
        ``x > 2`` is ``x >= 3`` for whole numbers, and ``x >=`` the next float64 for others.

    Raises
    ------
    ExpressionError
        When the text is no such condition, names an unknown feature, or no row can meet it.
    """
    return _Parser(text, features).conditions()


def parse_relation(text: str, features: Iterable[Feature]) -> Relation:
    """Read a comparison of two features, such as ``sessions_30d <= sessions_90d``.

    Parameters
    ----------
    text : str
        Two names with one of ``>= > < <=`` between them, each as `parse_condition` takes it.
    features : iterable of Feature
        Those that may be named.

    Returns
    -------
    Relation

    Raises
    ------
    ExpressionError
        When the text is no such comparison, or the features are not two numbers or two dates.
    """
    return _Parser(text, features).relation()


def name_text(name: str) -> str:
    """The name of a feature as an expression takes it: in double quotes where it is more than a plain word."""
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'


class _Token(NamedTuple):
    type: str
    text: str

    def __str__(self) -> str:
        return self.text or "the end"


class _Parser:
    """Reads one expression, token by token."""

    def __init__(self, text: str, features: Iterable[Feature]):
        self._tokens = _tokens(text)
        self._place = 0
        self._features = {feature.name: feature for feature in features}

    def conditions(self) -> tuple[Condition, ...]:
        found = [self._comparison()]
        while self._peek().type != "end":
            self._expect_word("and", "'and' or the end")
            found.append(self._comparison())
        merged = simplify(found)
        if merged is None:
            raise ExpressionError(
                "conditions that a row can meet together", "a contradiction", "Correct the condition."
            )
        for condition in merged:
            _require_possible(condition, self._features[condition.feature])
        return merged

    def relation(self) -> Relation:
        first, sign = self._feature(), self._next()
        if sign.type != "sign" or sign.text not in _COMPARISONS:
            raise ExpressionError("one of " + " ".join(_COMPARISONS), str(sign), _RELATION_EXAMPLE)
        if self._peek().type == "number":
            todo = "A bound stands in the feature's min or max."
            raise ExpressionError("the name of a feature on either side", self._peek().text, todo)
        other = self._feature()
        self._expect_end()
        for feature in (first, other):
            if not feature.kind.numeric:
                raise ExpressionError("two numbers or two dates", f"{feature.name}, a {feature.kind}", "Remove it.")
        if first.kind.dated != other.kind.dated:
            raise ExpressionError("two numbers or two dates", "one of each", "Remove it.")
        if first.name == other.name:
            raise ExpressionError("two features", f"{first.name} twice", "Correct the name.")
        # Values of dates are days before the snapshot: the later the date, the lower its value.
        first_is_lower = sign.text.startswith("<") != first.kind.dated
        lower, upper = (first, other) if first_is_lower else (other, first)
        text = f"{name_text(first.name)} {sign.text} {name_text(other.name)}"
        return Relation(lower.name, upper.name, "=" not in sign.text, (first.name, other.name), text)

    def _comparison(self) -> Condition:
        feature = self._feature()
        operator = self._next()
        if operator.type == "word" and operator.text.casefold() == "is":
            return self._known(feature)
        if operator.type == "word" and operator.text.casefold() == "in":
            return _among(feature, self._texts())
        if operator.text not in _SIGNS or operator.type != "sign":
            raise ExpressionError("one of " + " ".join(_SIGNS) + " in is", str(operator))
        value = self._next()
        if value.type not in ("number", "text"):
            raise ExpressionError("a number or a text in single quotes", str(value))
        if value.type == "number":
            return _number(feature, operator.text, value.text)
        return _text(feature, operator.text, _unquoted(value.text))

    def _feature(self) -> Feature:
        token = self._next()
        if token.type not in ("word", "quoted"):
            raise ExpressionError("the name of a feature", str(token))
        name = _unquoted(token.text) if token.type == "quoted" else token.text
        if name not in self._features:
            raise ExpressionError("a feature of this contract", name, "Correct the name.")
        return self._features[name]

    def _known(self, feature: Feature) -> Condition:
        word = self._next()
        if word.type != "word" or word.text.casefold() not in ("missing", "known"):
            raise ExpressionError("'is missing' or 'is known'", f"is {word}")
        if word.text.casefold() == "known":
            return NumberCondition(feature.name)
        if feature.missing is None:
            todo = f"Say in features.{feature.name}.missing what a missing value means."
            raise ExpressionError("a feature that may be missing", feature.name, todo)
        return MissingCondition(feature.name)

    def _texts(self) -> tuple[str, ...]:
        self._expect_sign("(")
        texts = []
        while True:
            token = self._next()
            if token.type != "text":
                raise ExpressionError("a text in single quotes", str(token))
            texts.append(_unquoted(token.text))
            if self._peek().text != ",":
                break
            self._next()
        self._expect_sign(")")
        return tuple(dict.fromkeys(texts))

    def _peek(self) -> _Token:
        return self._tokens[self._place]

    def _next(self) -> _Token:
        token = self._tokens[self._place]
        self._place = min(self._place + 1, len(self._tokens) - 1)  # the end is never passed
        return token

    def _expect_word(self, word: str, expected: str) -> None:
        token = self._next()
        if token.type != "word" or token.text.casefold() != word:
            raise ExpressionError(expected, str(token))

    def _expect_end(self) -> None:
        token = self._next()
        if token.type != "end":
            raise ExpressionError("the end", str(token), _RELATION_EXAMPLE)

    def _expect_sign(self, sign: str) -> None:
        token = self._next()
        if token.type != "sign" or token.text != sign:
            raise ExpressionError(f"'{sign}'", str(token))


def _tokens(text: str) -> list[_Token]:
    tokens, place, end = [], 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise ExpressionError("names, numbers, texts in single quotes and comparisons", text[place:end].lstrip())
        tokens.append(_Token(match.lastgroup, match[match.lastgroup]))
        place = match.end()
    return [*tokens, _Token("end", "")]


def _unquoted(text: str) -> str:
    return text[1:-1].replace(text[0] * 2, text[0])


def _number(feature: Feature, operator: str, text: str) -> NumberCondition:
    if not feature.kind.numeric:
        raise ExpressionError(f"a text in single quotes for {feature.name}, a {feature.kind}", text)
    value = float(text)
    passed = _above(value, feature.kind.whole) if math.isfinite(value) else value
    if math.isinf(passed):
        raise ExpressionError("a finite number", text)
    if operator == "!=":
        raise ExpressionError(f"one range of {feature.name}", f"!= {text}", f"Write > {text} or < {text}.")
    if operator == "=" and feature.kind.whole and not value.is_integer():
        raise ExpressionError(f"a whole number for {feature.name}, a {feature.kind}", text, "Correct the number.")
    # Of whole numbers, 2.5 or more are 3 or more.
    reached = float(math.ceil(value)) if feature.kind.whole else value
    bounds: tuple[float | None, float | None] = {
        ">=": (reached, None), ">": (passed, None), "<": (None, reached), "<=": (None, passed), "=": (value, passed),
    }[operator]  # fmt: skip
    return NumberCondition(feature.name, *bounds)


def _above(value: float, whole: bool) -> float:
    """The smallest number above a value."""
    following = math.nextafter(value, math.inf)
    if whole:
        return max(math.floor(value) + 1.0, following)  # from 2**53 on, a float64 and 1 more are the same
    return _TINY if 0.0 < following < _TINY else following


def _text(feature: Feature, operator: str, text: str) -> CategoryCondition:
    if operator == "!=":
        return CategoryCondition(feature.name, _known_values(feature, (text,)), inside=False)
    if operator == "=":
        return _among(feature, (text,))
    _known_values(feature, (text,))
    if not feature.kind.has_order or feature.kind.numeric:
        raise ExpressionError(f"= or != for {feature.name}, which has no order", operator)
    place = feature.order.index(text)
    start, stop = {">=": (place, None), ">": (place + 1, None), "<": (0, place), "<=": (0, place + 1)}[operator]
    values = feature.order[start:stop]
    if not values:
        raise ExpressionError("a comparison that a value can meet", f"{operator} '{text}'", "Correct the value.")
    return CategoryCondition(feature.name, values)


def _among(feature: Feature, values: tuple[str, ...]) -> CategoryCondition:
    return CategoryCondition(feature.name, _known_values(feature, values))


def _known_values(feature: Feature, values: tuple[str, ...]) -> tuple[str, ...]:
    if feature.kind.numeric:
        raise ExpressionError(
            f"a number for {feature.name}, a {feature.kind}", f"'{values[0]}'", "Leave out the quotes."
        )
    for value in values:
        if feature.kind.lists_values and value not in feature.order:
            raise ExpressionError("one of " + ", ".join(feature.order), value, "Correct the value.")
    return values


def _require_possible(condition: Condition, feature: Feature) -> None:
    """Refuse ranges outside the feature's bounds: every row with such a value is rejected."""
    if not isinstance(condition, NumberCondition):
        return
    low, high = feature.minimum, feature.maximum
    above = condition.lower is not None and high is not None and condition.lower > high
    below = condition.upper is not None and low is not None and condition.upper <= low
    if above or below:
        bound = f"at most {high:g}" if above else f"at least {low:g}"
        raise ExpressionError(f"values that {feature.name} can have ({bound})", "others only", "Correct the number.")
