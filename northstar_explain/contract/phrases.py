"""The phrases that a contract has for the conditions on each feature, and how a phrase is read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from northstar_explain.contract.features import Contract, Feature
from northstar_explain.contract.kinds import Phrasing

OR_MISSING = " (or unknown)"
BETWEEN_RULES = "; or "
# Ways to say "at least" whose value gives way to a range: "{value} or more times" becomes "2 to 4 times".
_AT_LEAST = ("{value} or more", "{value} or longer", "{value} or higher", "at least {value}")


class Shape(Enum):
    """What a phrase says of a feature."""

    AT_LEAST = auto()
    BELOW = auto()
    RANGE = auto()
    FIXED = auto()  # bounds that have words of their own, such as "at most once"
    KNOWN = auto()
    UNKNOWN = auto()
    AMONG = auto()  # one of several categories, or none of them


class Bounds(NamedTuple):
    """``lower <= value < upper``, each None where there is no such bound."""

    lower: float | None
    upper: float | None


_NONE = Bounds(None, None)
Said = Bounds | tuple[tuple[str, ...], bool] | None


@dataclass(frozen=True)
class Form:
    """One phrase: fixed words with room for a value between them.

    Attributes
    ----------
    shape : Shape
    before, after : str
        The words around the value; all of them in `before` where there is none.
    bounds : Bounds
        What a fixed phrase says.
    """

    shape: Shape
    before: str
    after: str = ""
    bounds: Bounds = _NONE

    @property
    def whole(self) -> bool:
        """Whether there is no value to fill in."""
        return self.shape in (Shape.FIXED, Shape.KNOWN, Shape.UNKNOWN)

    def fill(self, value: str = "") -> str:
        """The phrase with a value in words."""
        return self.before + value + self.after

    def read(self, feature: Feature, text: str, currency: str) -> Said:
        """What a phrase in this form says: bounds, or categories and whether inside; None where it is not so said."""
        if self.whole:
            return self.bounds if text == self.before else None
        if not text.startswith(self.before) or not text.endswith(self.after):
            return None
        inner = text[len(self.before) : len(text) - len(self.after)]
        return self.value(feature, inner, currency) if len(text) > len(self.before) + len(self.after) else None

    def value(self, feature: Feature, inner: str, currency: str) -> Said:
        """What the words between `before` and `after` say."""
        if self.shape is Shape.AMONG:
            return feature.kind.parse_categories(inner, feature.order)
        if self.shape is Shape.RANGE:
            interval = feature.kind.parse_interval(inner, feature.unit, currency)
            return Bounds(*interval) if interval else None
        number = feature.kind.parse_value(inner, feature.unit, currency)
        if number is None:
            return None
        return Bounds(number, None) if self.shape is Shape.AT_LEAST else Bounds(None, number)


def forms(feature: Feature) -> tuple[Form, ...]:
    """Every form in which a condition on the feature may be said."""
    words = feature.kind.noun(feature.words)
    known = (Form(Shape.KNOWN, f"{words} is known"), Form(Shape.UNKNOWN, f"{words} is unknown"))
    if not feature.kind.numeric:
        return (*known, Form(Shape.AMONG, f"{feature.words} is "))
    phrasing = templates(feature)
    return (
        *known,
        *(Form(Shape.FIXED, text, bounds=bounds) for bounds, text in _fixed(feature).items()),
        _form(Shape.AT_LEAST, phrasing.at_least, feature),
        _form(Shape.BELOW, phrasing.below, feature),
        *([_form(Shape.RANGE, phrasing.between, feature)] if phrasing.between else []),
    )


def templates(feature: Feature) -> Phrasing:
    """The feature's phrases, its kind's own where the contract has none.

    `between` is empty where the contract has none and the phrase for at least does not show how a range would be put.
    """
    at_least, below = feature.kind.phrases(feature.words)
    at_least, below = feature.at_least or at_least, feature.below or below
    return Phrasing(at_least, below, feature.between or _between(at_least), feature.some, feature.none)


def joiner(contract: Contract) -> str:
    """What stands between two conditions: `` and ``, with a comma before it where a phrase holds an ``and`` itself."""
    return ", and " if any(" and " in text for _, text in literals(contract)) else " and "


def literals(contract: Contract) -> Iterator[tuple[Feature, str]]:
    """The fixed words of every form, each between blanks."""
    for feature in contract.features:
        for form in forms(feature):
            yield feature, f" {form.before} "
            yield feature, f" {form.after} "
        yield feature, f" {feature.unit} {contract.currency} "


def _form(shape: Shape, template: str, feature: Feature) -> Form:
    # The value's place is found first: the words of a feature may hold braces of their own.
    before, _, after = template.partition("{value}")
    return Form(shape, before.replace("{words}", feature.words), after.replace("{words}", feature.words))


def _between(at_least: str) -> str:
    for text in _AT_LEAST:
        if text in at_least:
            between = at_least.replace(text, "{value}", 1)
            # "90 days or more ago or not at all" has no such range: not at all is not between two numbers.
            return "" if " or " in f" {between} " else between
    return ""


def _fixed(feature: Feature) -> Mapping[Bounds, str]:
    """Bounds that people put into words without a number."""
    fixed = feature.kind.fixed_phrases(templates(feature), feature.minimum)
    return {Bounds(*bounds): text.replace("{words}", feature.words) for bounds, text in fixed.items()}
