"""Categories without an order: a country, a channel, yes or no."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.kinds.kind import Kind
from northstar_explain.contract.kinds.number_words import either

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
# As little as possible, up to the next joint: a category may hold blanks, but no joint.
_BARE = re.compile(r'[^",]+?(?=, | or |$)')
# A category that holds one of these, or a mark, could be taken for the words around it: it goes in quotes.
_RESERVED = {"and", "or", "is", "not", "but", "known", "unknown", "lower", "higher"}
_MARKS = re.compile(r'[",;()\\]')


class CategoryKind(Kind):
    """Texts of which a customer has one. Each takes a coordinate of its own in the segment space."""

    name = "category"

    def fits(self, name: str, values: np.ndarray | Sequence[str]) -> bool:
        return True

    def invalid_categories(self, column: Category, order: Sequence[str]) -> tuple[np.ndarray, str] | None:
        return None

    def categories_words(self, values: Sequence[str], inside: bool, order: Sequence[str]) -> str:
        return ("" if inside else "not ") + either([quoted(value) for value in values])

    def parse_categories(self, text: str, order: Sequence[str]) -> tuple[tuple[str, ...], bool] | None:
        values = parse_list(text.removeprefix("not "))
        return None if values is None else (values, not text.startswith("not "))

    def indicators(self, column: Category) -> Sequence[str | None]:
        # Sorted, as coordinates must not depend on the order in which a file has its values.
        return sorted(column.values)

    def transform_categories(self, column: Category, indicator: str | None, order: Sequence[str]) -> np.ndarray:
        # One indicator per value: without an order, values have no positions on a common axis.
        return _known(column.lookup({} if indicator is None else {indicator: 1}, -1, 0))


def _known(codes: np.ndarray) -> np.ndarray:
    values = codes.astype(np.float64)
    values[values < 0] = np.nan
    return values


def quoted(value: str) -> str:
    """A category as a rule names it: in quotes where it could be taken for the words around it."""
    # Blanks at either end, or two in a row, could not be seen in a sentence.
    words = value.split(" ")
    plain_words = all(words) and value.isprintable() and not _MARKS.search(value) and not value.endswith(".")
    if plain_words and not _RESERVED & {word.casefold() for word in words}:
        return value
    # As JSON, which escapes what would end the quotes, and reads back.
    return json.dumps(value, ensure_ascii=False)


def parse_list(text: str) -> tuple[str, ...] | None:
    """The categories of ``A, B or C``; None where the text is no such list."""
    values: list[str] = []
    at = 0
    while True:
        match = _QUOTED.match(text, at) or _BARE.match(text, at)
        if match is None:
            return None
        value = _unquoted(match[0])
        if value is None:
            return None
        values.append(value)
        at = match.end()
        if at == len(text):
            return tuple(values)
        joint = next((joint for joint in (", ", " or ") if text.startswith(joint, at)), None)
        if joint is None:
            return None
        at += len(joint)


def _unquoted(text: str) -> str | None:
    if not text.startswith('"'):
        # One spelling for one value: what should stand in quotes is none without them.
        return text if quoted(text) == text else None
    try:
        return str(json.loads(text))
    except ValueError:
        return None
