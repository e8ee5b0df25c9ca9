"""Texts that have an order: age bands, tiers, sizes, grades, levels."""

from __future__ import annotations

import re
from collections.abc import Collection

# Each list from the lowest to the highest; words of one rank stand together.
_SCALES: tuple[tuple[tuple[str, ...], ...], ...] = (
    (("very low", "lowest"), ("low",), ("medium", "mid", "middle", "moderate", "average"), ("high",),
     ("very high", "highest")),
    (("none", "no tier", "no member"), ("basic", "standard"), ("bronze",), ("silver",), ("gold",),
     ("platinum",), ("diamond",)),
    (("xxs",), ("xs",), ("s",), ("m",), ("l",), ("xl",), ("xxl",), ("xxxl",)),
    (("tiny", "micro"), ("small",), ("medium", "mid"), ("large", "big"), ("huge", "enterprise")),
    (("terrible", "very poor", "very bad"), ("poor", "bad"), ("fair", "average", "ok"), ("good",),
     ("better", "very good"), ("best", "excellent"), ("outstanding",)),
    (("never",), ("rarely", "seldom"), ("sometimes", "occasionally"), ("often", "frequently"), ("always",)),
    (("strongly disagree",), ("disagree",), ("neutral",), ("agree",), ("strongly agree",)),
    (("below college", "no degree", "primary"), ("high school", "secondary"), ("college", "some college"),
     ("bachelor",), ("master",), ("doctor", "phd", "doctorate")),
    (("month to month", "monthly"), ("one year", "1 year", "yearly"), ("two year", "two years", "2 years")),
    (("daily",), ("weekly",), ("monthly",), ("quarterly",), ("yearly", "annually")),
)  # fmt: skip
_BAND = re.compile(r"\D*?(\d+(?:[.,]\d+)?)\s*(?:-|–|to|bis)\s*(\d+(?:[.,]\d+)?)\D*", re.I)
_BELOW = re.compile(r"(?:<=?|under|below|up to|less than)\s*\D?(\d+(?:[.,]\d+)?)\D*", re.I)
_ABOVE = re.compile(
    r"(?:>=?|over|above|from|more than)\s*\D?(\d+(?:[.,]\d+)?)\D*|\D?(\d+(?:[.,]\d+)?)\s*(?:\+|plus|or more|and over)",
    re.I,
)
_GRADE = re.compile(r"([A-H])([1-9]?)")


def order_of(values: Collection[str], graded: bool = False) -> tuple[str, ...]:
    """The order of some texts, where they have one that everybody knows.

    Parameters
    ----------
    values : collection of str
        The different values of a column.
    graded : bool, default False
        Whether the column's name says that letters are grades, of which A is the best.

    Returns
    -------
    tuple of str
        All of them, lowest first; empty where no order is known for each.
    """
    if len(values) < 3:
        return ()
    return _by_scale(values) or _by_number(values) or (_by_grade(values) if graded else ())


def _by_scale(values: Collection[str]) -> tuple[str, ...]:
    plain = {value: re.sub(r"[\W_]+", " ", value).strip().casefold() for value in values}
    for scale in _SCALES:
        rank = {word: place for place, words in enumerate(scale) for word in words}
        if all(text in rank for text in plain.values()) and len({rank[text] for text in plain.values()}) == len(plain):
            return tuple(sorted(values, key=lambda value: rank[plain[value]]))
    return ()


def _by_number(values: Collection[str]) -> tuple[str, ...]:
    places = {}
    for value in values:
        if match := _BAND.fullmatch(value):
            places[value] = (_number(match[1]), 1)
        elif match := _BELOW.fullmatch(value):
            places[value] = (_number(match[1]), 0)
        elif match := _ABOVE.fullmatch(value):
            places[value] = (_number(match[1] or match[2]), 2)
        else:
            return ()
    # Without a range between them, such texts are no bands; of two that begin alike, none is the lower.
    if not any(_BAND.fullmatch(value) for value in values) or len(set(places.values())) < len(places):
        return ()
    return tuple(sorted(places, key=lambda value: places[value]))


def _by_grade(values: Collection[str]) -> tuple[str, ...]:
    """A to G, or A1 to G5: A is the best, so it comes last."""
    matches = [_GRADE.fullmatch(value) for value in values]
    if not all(matches) or len({bool(match and match[2]) for match in matches}) > 1:
        return ()
    return tuple(sorted(values, reverse=True))


def _number(text: str) -> float:
    return float(text.replace(",", "."))
