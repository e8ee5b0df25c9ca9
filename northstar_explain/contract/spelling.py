"""One value, one spelling: what is the same value in a Parquet, a CSV and a data frame becomes the same text.

Padding goes; whole numbers lose their decimals (``1.0`` and ``1e0`` are ``1``); ``True`` and ``TRUE`` are ``true``.
Where a model, or the contract's order, knows the values of a feature, other spellings of yes and no are brought to
those that it knows: trained on ``true`` and ``false``, it reads ``1``, ``yes`` and ``Y`` too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from northstar_explain.contract.categories import Category

YES = ("true", "yes", "y", "t", "1")
NO = ("false", "no", "n", "f", "0")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)(\.0*)?")
_EXPONENT = re.compile(r"(-?)([1-9])(?:\.([0-9]*))?[eE]\+?([0-9]{1,2})")
_MOST_DIGITS = 15  # a float64 holds so many exactly


def canonical(text: str) -> str:
    """The spelling of a category, whatever its column's type was.

    Examples
    --------
    >>> [canonical(text) for text in (" Web ", "TRUE", "1.0", "1e0", "007", "1.50")]
    ['Web', 'true', '1', '1', '007', '1.50']
    """
    text = text.strip()
    if text[:1] in "tTfF" and text.lower() in ("true", "false"):
        return text.lower()
    if not text[-1:].isdecimal() and text[-1:] != ".":
        return text
    if _WHOLE.fullmatch(text):
        whole = text.partition(".")[0]
        return "0" if whole == "-0" else whole
    written = _EXPONENT.fullmatch(text) if "e" in text or "E" in text else None
    if written is None:
        return text
    sign, first, digits, power = written[1], written[2], (written[3] or "").rstrip("0"), int(written[4])
    if len(digits) > power or power >= _MOST_DIGITS:
        return text
    return sign + first + digits.ljust(power, "0")


def number_text(value: float) -> str:
    """The spelling of a number that is a category.

    Examples
    --------
    >>> [number_text(value) for value in (3.0, 2.5, 1e-05)]
    ['3', '2.5', '1e-05']
    """
    return str(int(value)) if value.is_integer() and abs(value) < 2.0**53 else repr(value)


def respelled(category: Category, marks: Sequence[str] = ("",), known: Iterable[str] = ()) -> Category:
    """A column with one spelling for each value.

    Parameters
    ----------
    category : Category
    marks : sequence of str
        What stands for a missing value.
    known : iterable of str
        The values that a model or an order knows, by which others are spelled.

    Returns
    -------
    Category
        The same object where nothing had to change.
    """
    spellings = Spellings(category.values, tuple(known))
    missing = {mark.strip() for mark in marks}
    texts = [None if value.strip() in missing and value not in spellings.known else spellings[value]
             for value in category.values]  # fmt: skip
    if list(category.values) == texts:
        return category
    places: dict[str, int] = {}
    codes = np.array([-1 if text is None else places.setdefault(text, len(places)) for text in texts] + [-1], np.int32)
    return Category(codes[category.codes], tuple(places))


class Spellings:
    """How each value of a column is spelled."""

    def __init__(self, values: Sequence[str], known: tuple[str, ...]):
        self.known = frozenset(known)
        self._listed = {canonical(value): value for value in known}
        self._words = yes_and_no(known) or _mixed(values, known)

    def __getitem__(self, value: str) -> str:
        if value in self.known:
            return value
        text = canonical(value)
        if text in self._listed:
            return self._listed[text]
        return self._words.get(text.lower(), text)


def yes_and_no(known: Sequence[str]) -> Mapping[str, str]:
    """Lower-case words for yes and no to the spellings among known values; empty where these are no yes and no.

    Examples
    --------
    >>> words = yes_and_no(["N", "Y"])
    >>> words["true"], words["0"]
    ('Y', 'N')
    >>> yes_and_no(["0", "1", "2"])
    {}
    """
    yes = [value for value in known if value.lower() in YES]
    no = [value for value in known if value.lower() in NO]
    # 1 and 0 beside others are numbers, and T beside others is a letter: all that is known must be yes or no.
    if len(yes) > 1 or len(no) > 1 or len(yes) + len(no) != len(known):
        return {}
    if not (yes and no):
        # One of two values is known, as from a rule: its word shows the other.
        only = (yes or no or [""])[0].lower()
        if only not in ("true", "false", "yes", "no"):
            return {}
        other = {"true": "false", "false": "true", "yes": "no", "no": "yes"}[only]
        yes, no = (yes, [other]) if yes else ([other], no)
    return {**dict.fromkeys(YES, yes[0]), **dict.fromkeys(NO, no[0])}


def _mixed(values: Sequence[str], known: Sequence[str]) -> Mapping[str, str]:
    """Where nothing is known and a column spells yes and no in several ways, those of `true` and `false`."""
    words = {canonical(value).lower() for value in values if value.strip()}
    # Upper and lower case of one word are two spellings too: "Y" and "y".
    spelled = {canonical(value) for value in values if value.strip()}
    several = len(words & set(YES)) > 1 or len(words & set(NO)) > 1 or len(spelled) > len(words)
    if known or not words or not words <= {*YES, *NO} or not several:
        return {}
    return {**dict.fromkeys(YES, "true"), **dict.fromkeys(NO, "false")}
