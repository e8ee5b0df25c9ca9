"""The phrases of a contract for the conditions on each feature, and how a phrase is parsed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from northstar_explain.contract.features import Contract, Feature
from northstar_explain.contract.kinds.kind import Phrasing

OR_MISSING = " (or unknown)"
BETWEEN_RULES = "; or "
# Wordings of "at least" from which the phrase of a range follows: "{value} or more times" gives "2 to 4 times".
_AT_LEAST = ("{value} or more", "{value} or longer", "{value} or higher", "at least {value}")


class FormType(Enum):
    """Which condition a phrase expresses."""

    AT_LEAST = auto()
    BELOW = auto()
    RANGE = auto()
    FIXED = auto()  # bounds without a number in words, such as "at most once"
    KNOWN = auto()
    UNKNOWN = auto()
    AMONG = auto()  # one of several categories, or none of them


class Bounds(NamedTuple):
    """``lower <= value < upper``, each None where there is no such bound."""

    lower: float | None
    upper: float | None


_NONE = Bounds(None, None)
Meaning = Bounds | tuple[tuple[str, ...], bool] | None


@dataclass(frozen=True)
class Form:
    """A phrase: fixed words around a value.

    Attributes
    ----------
    type : FormType
    before, after : str
        The words around the value; without a value, all of them are in `before`.
    bounds : Bounds
        The meaning of a fixed phrase.
    """

    type: FormType
    before: str
    after: str = ""
    bounds: Bounds = _NONE

    @property
    def is_fixed(self) -> bool:
        """Whether the phrase has no value to fill in."""
        return self.type in (FormType.FIXED, FormType.KNOWN, FormType.UNKNOWN)

    def fill(self, value: str = "") -> str:
        """The phrase with a value in words."""
        return self.before + value + self.after

    def parse(self, feature: Feature, text: str, currency: str) -> Meaning:
        """The meaning of a text in this form: bounds, or categories and whether inside; None for another form."""
        if self.is_fixed:
            return self.bounds if text == self.before else None
        if not text.startswith(self.before) or not text.endswith(self.after):
            return None
        inner = text[len(self.before) : len(text) - len(self.after)]
        return self._parse_value(feature, inner, currency) if len(text) > len(self.before) + len(self.after) else None

    def _parse_value(self, feature: Feature, inner: str, currency: str) -> Meaning:
        """The meaning of the words between `before` and `after`."""
        if self.type is FormType.AMONG:
            return feature.kind.parse_categories(inner, feature.order)
        if self.type is FormType.RANGE:
            interval = feature.kind.parse_interval(inner, feature.unit, currency)
            return Bounds(*interval) if interval else None
        number = feature.kind.parse_value(inner, feature.unit, currency)
        if number is None:
            return None
        return Bounds(number, None) if self.type is FormType.AT_LEAST else Bounds(None, number)


def forms(feature: Feature) -> tuple[Form, ...]:
    """Every form that a condition on the feature may take."""
    words = feature.kind.noun(feature.words)
    known = (Form(FormType.KNOWN, f"{words} is known"), Form(FormType.UNKNOWN, f"{words} is unknown"))
    if not feature.kind.numeric:
        return (*known, Form(FormType.AMONG, f"{feature.words} is "))
    phrasing = templates(feature)
    return (
        *known,
        *(Form(FormType.FIXED, text, bounds=bounds) for bounds, text in _fixed(feature).items()),
        _form(FormType.AT_LEAST, phrasing.at_least, feature),
        _form(FormType.BELOW, phrasing.below, feature),
        *([_form(FormType.RANGE, phrasing.between, feature)] if phrasing.between else []),
    )


def templates(feature: Feature) -> Phrasing:
    """The feature's phrases, its kind's own where the contract has none.

    `between` is empty where the contract has none and it does not follow from the phrase for at least.
    """
    at_least, below = feature.kind.phrases(feature.words)
    at_least, below = feature.at_least or at_least, feature.below or below
    return Phrasing(at_least, below, feature.between or _between(at_least), feature.some, feature.none)


def joiner(contract: Contract) -> str:
    """The joint between two conditions: `` and ``, with a comma before it where a phrase contains an ``and``."""
    # Otherwise "visited and spend on books and music of $5" could be split at either "and".
    return ", and " if any(" and " in text for _, text in literals(contract)) else " and "


def literals(contract: Contract) -> Iterator[tuple[Feature, str]]:
    """The fixed words of every form, each between blanks."""
    for feature in contract.features:
        for form in forms(feature):
            yield feature, f" {form.before} "
            yield feature, f" {form.after} "
        yield feature, f" {feature.unit} {contract.currency} "


def _form(type: FormType, template: str, feature: Feature) -> Form:
    # Split at the value first: the words of a feature may contain braces themselves.
    before, _, after = template.partition("{value}")
    return Form(type, before.replace("{words}", feature.words), after.replace("{words}", feature.words))


def _between(at_least: str) -> str:
    for text in _AT_LEAST:
        if text in at_least:
            between = at_least.replace(text, "{value}", 1)
            # "90 days or more ago or not at all" has no range: "not at all" is not between two numbers.
            return "" if " or " in f" {between} " else between
    return ""


def _fixed(feature: Feature) -> Mapping[Bounds, str]:
    """Bounds that people put into words without a number."""
    fixed = feature.kind.fixed_phrases(templates(feature), feature.minimum)
    return {Bounds(*bounds): text.replace("{words}", feature.words) for bounds, text in fixed.items()}
