"""Texts of categories as whole numbers, with the spellings that `explain score` reads as one value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from northstar_explain.contract.missing_marks import marks_of
from northstar_explain.contract.spelling import NO, YES, Spellings, canonical, yes_and_no
from northstar_explain.errors import Fault, ModelError
from northstar_explain.model.known_values import values_in_card, values_in_conditions, with_known_values
from northstar_explain.model.learned_model import Model

MISSING = 0


@dataclass(frozen=True)
class TextCodes:
    """How a graph reads one category.

    Attributes
    ----------
    values : tuple of str
        What rules, traits and scorecard name: codes from 1, in this order.
    codes : mapping of str to int
        Text to code. Any other text is unseen.
    """

    values: tuple[str, ...]
    codes: Mapping[str, int]

    @property
    def unseen(self) -> int:
        """The code of any other text."""
        return len(self.values) + 1


def text_codes(model: Model) -> dict[str, TextCodes]:
    """The codes of each category that the model uses.

    Parameters
    ----------
    model : Model

    Returns
    -------
    dict of str to TextCodes

    Raises
    ------
    ModelError
        When the model takes the empty text for a value: in ONNX it is what a missing text is.
    """
    contract = with_known_values(model)
    marks = marks_of(contract, numeric=False)
    in_card, in_conditions = values_in_card(model), values_in_conditions(model)
    found = {}
    for name in dict.fromkeys([*in_card, *in_conditions]):
        values = tuple(dict.fromkeys([*in_card.get(name, ()), *in_conditions.get(name, ())]))
        if "" in values:
            fault = Fault(f"column {name}", "values that are not empty texts, which in ONNX are missing", "''",
                          "Name that value in the table, and train again.")  # fmt: skip
            raise ModelError(f"model {model.id}", [fault])
        feature = contract[name]
        found[name] = TextCodes(values, _codes(values, feature.known or feature.order, marks))
    return found


def _codes(values: tuple[str, ...], known: tuple[str, ...], marks: tuple[str, ...]) -> dict[str, int]:
    spellings = Spellings((), known)
    places = {value: code for code, value in enumerate(values, start=1)}
    codes = {mark: MISSING for mark in ("", *marks, *(mark.strip() for mark in marks)) if mark not in spellings.known}
    for text in _spelled((*known, *values), yes_and_no(known)):
        # What a text is spelled as decides, as in Python: where the model does not name that, it is unseen.
        if text not in codes and (code := places.get(spellings[text])):
            codes[text] = code
    return codes


def _spelled(values: tuple[str, ...], words: Mapping[str, str]) -> Iterator[str]:
    """Texts that may be spelled as one of these values: as they are, in other cases, with a decimal."""
    for value in values:
        yield from (value, canonical(value))
        if canonical(f"{canonical(value)}.0") == canonical(value):
            yield f"{canonical(value)}.0"
        if canonical(value) in ("true", "false"):
            yield from (value.lower(), value.title(), value.upper())
    for word in (*YES, *NO) if words else ():
        yield from (word, word.title(), word.upper())
        if word.isdecimal():
            yield f"{word}.0"
