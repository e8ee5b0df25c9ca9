"""The phrases that a contract has for the conditions on each feature, and how a phrase is read again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from northstar_explain.contract import values
from northstar_explain.contract.features import Contract, Feature, Kind

OR_MISSING = " (or unknown)"
BETWEEN_RULES = "; or "
_DEFAULTS: dict[Kind, tuple[str, str]] = {
    Kind.COUNT: ("{value} or more {words}", "fewer than {value} {words}"),
    Kind.AMOUNT: ("{words} of {value} or more", "{words} below {value}"),
    Kind.RATE: ("{words} of {value} or more", "{words} below {value}"),
    Kind.DAYS: ("{words}: {value} or more", "{words}: less than {value}"),
    Kind.DURATION: ("{words} of {value} or more", "{words} below {value}"),
}
_SINCE = "days since "
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
            return values.read_values(feature, inner)
        if self.shape is Shape.RANGE:
            found = values.read_range(feature, inner, currency)
            return Bounds(*found) if found else None
        number = values.read(feature, inner, currency)
        if number is None:
            return None
        return Bounds(number, None) if self.shape is Shape.AT_LEAST else Bounds(None, number)


def forms(feature: Feature) -> tuple[Form, ...]:
    """Every form in which a condition on the feature may be said."""
    counted = feature.kind.whole and not feature.words.startswith("number of ")
    words = f"number of {feature.words}" if counted else feature.words
    known = (Form(Shape.KNOWN, f"{words} is known"), Form(Shape.UNKNOWN, f"{words} is unknown"))
    if not feature.kind.numeric:
        return (*known, Form(Shape.AMONG, f"{feature.words} is "))
    at_least, below, between = templates(feature)
    return (
        *known,
        *(Form(Shape.FIXED, text, bounds=bounds) for bounds, text in _fixed(feature).items()),
        _form(Shape.AT_LEAST, at_least, feature),
        _form(Shape.BELOW, below, feature),
        *([_form(Shape.RANGE, between, feature)] if between else []),
    )


def templates(feature: Feature) -> tuple[str, str, str]:
    """The feature's phrases for at least, below and a range, with ``{value}`` and perhaps ``{words}`` in them.

    The last is empty where the contract has none and the first does not show how one would be said.
    """
    at_least, below = _DEFAULTS[feature.kind]
    if feature.kind is Kind.DAYS and feature.words.startswith(_SINCE):
        since = feature.words.removeprefix("days ")
        at_least, below = "{value} or more " + since, "less than {value} " + since
    at_least, below = feature.at_least or at_least, feature.below or below
    return at_least, below, feature.between or _between(at_least)


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
    """Bounds that people do not say with a number."""
    below = templates(feature)[1]
    if feature.kind is Kind.DAYS and "the last {value}" in below:
        said = {Bounds(None, n): below.replace("{value}", unit) for n, unit in ((1.0, "day"), (7.0, "week"))}
    elif feature.kind is Kind.COUNT:
        said = _fixed_counts(feature)
    else:
        said = {}
    return {bounds: text.replace("{words}", feature.words) for bounds, text in said.items()}


def _fixed_counts(feature: Feature) -> dict[Bounds, str]:
    at_least, below, between = templates(feature)
    said = {Bounds(None, 1.0): feature.none or "no {words}"}
    once = {
        Bounds(1.0, None): (at_least, "{value} or more times", "at least once"),
        Bounds(None, 2.0): (below, "fewer than {value} times", "only once" if feature.minimum == 1 else "at most once"),
        Bounds(1.0, 2.0): (between, "{value} times", "exactly once"),
        Bounds(2.0, 3.0): (between, "{value} times", "exactly twice"),
    }
    said |= {bounds: template.replace(old, new) for bounds, (template, old, new) in once.items() if old in template}
    if feature.some:
        said[Bounds(1.0, None)] = feature.some
    return said
