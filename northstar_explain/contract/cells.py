"""Reading and checking the cells of one column: its values, and the rows that violate the contract.

The usual column is valid, which its minimum and maximum show in two passes; every cell is examined only where they do
not. `pyarrow.compute` is imported where it is used: loading it takes longer than checking 100,000 rows, and a valid
typed table does not need it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import category_of, numbers_of
from northstar_explain.contract.features import Feature

# Marks for a missing number. Not applied to categories: NA is Namibia.
MISSING_NUMBERS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-")
NEVER_MISSING = "a value (the contract says it is never missing)"
_EXACT = 2.0**53  # float64 represents every integer below exactly


class Violation(NamedTuple):
    """Rows whose cell violates one rule.

    Attributes
    ----------
    rows : ndarray of int, shape (violations,)
        Their positions.
    column : str
    expected : str
        What the rule expects.
    """

    rows: np.ndarray
    column: str
    expected: str


def read_numbers(column: pa.Array, feature: Feature) -> tuple[np.ndarray, list[Violation]]:
    """Read a column of numbers, or of texts that should be numbers.

    Parameters
    ----------
    column : pyarrow.Array
    feature : Feature
        A numeric one.

    Returns
    -------
    values : ndarray of float64, shape (n,)
        NaN where missing or not a number.
    violations : list of Violation
    """
    if is_text(column.type):
        return _read_texts(column, feature)
    values = numbers_of(column)
    return values, _number_violations(values, feature, np.isnan, whole=pa.types.is_integer(column.type))


def _read_texts(column: pa.Array, feature: Feature) -> tuple[np.ndarray, list[Violation]]:
    numbers = parse_numbers(column)
    values = numbers_of(numbers)
    unreadable = _true(numbers.is_null()) & ~missing_texts(column)
    violations = _violation(unreadable, feature, "a number")
    return values, violations + _number_violations(values, feature, lambda x: np.isnan(x) & ~unreadable)


def _number_violations(
    values: np.ndarray, feature: Feature, absent: Callable[[np.ndarray], np.ndarray], whole: bool = False
) -> list[Violation]:
    if not len(values):
        return []
    violations = []
    lowest, highest = values.min(), values.max()
    if math.isnan(lowest):
        if feature.missing is None:
            violations += _violation(absent(values), feature, NEVER_MISSING)
        # Unlike min and max, these two ignore NaN; they are slower.
        lowest, highest = np.fmin.reduce(values), np.fmax.reduce(values)
    low = -math.inf if feature.minimum is None else feature.minimum
    high = math.inf if feature.maximum is None else feature.maximum
    infinite = None
    if math.isinf(lowest) or math.isinf(highest):
        infinite = np.isinf(values)
        violations += _violation(infinite, feature, "a finite number")
    if lowest < low or highest > high:
        outside = (values < low) | (values > high)
        violations += _violation(outside if infinite is None else outside & ~infinite, feature, _bounds(feature))
    if feature.kind.whole and whole:
        return violations  # the column's type shows it
    invalid = feature.kind.invalid_numbers(values)
    return violations + (_violation(invalid[0], feature, invalid[1]) if invalid else [])


def _bounds(feature: Feature) -> str:
    low, high = feature.minimum, feature.maximum
    if low is None:
        return f"at most {high:g}"
    return f"at least {low:g}" if high is None else f"{low:g} to {high:g}"


def parse_numbers(column: pa.Array) -> pa.Array:
    """Parse texts as float64, null where a cell holds no number."""
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    try:
        return texts.cast(pa.float64())
    except pa.ArrowInvalid:
        # Some cell is no number: parse each distinct text once, as Arrow's cast fails as a whole.
        distinct = texts.unique()
        numbers = pa.array([_number(text) for text in distinct.to_pylist()], pa.float64())
        return numbers.take(pc.index_in(texts, value_set=distinct))


def _number(text: str | None) -> float | None:
    if text is None or text in MISSING_NUMBERS or "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def missing_texts(column: pa.Array) -> np.ndarray:
    """Cells that are empty or hold a mark for a missing number, as a mask."""
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return _true(pc.or_(pc.is_null(texts), pc.is_in(texts, value_set=pa.array(MISSING_NUMBERS))))


def read_categories(column: pa.Array, feature: Feature) -> tuple[Category, list[Violation]]:
    """Read a column of categories of any plain type.

    Parameters
    ----------
    column : pyarrow.Array
        Strings, integers, floats or booleans, dictionary-encoded or not.
    feature : Feature
        A category or an ordered one.

    Returns
    -------
    category : Category
        An empty text is missing.
    violations : list of Violation
    """
    category = _categories(column)
    violations = []
    if feature.missing is None and len(category) and category.codes.min() < 0:
        violations += _violation(category.codes < 0, feature, NEVER_MISSING)
    invalid = feature.kind.invalid_categories(category, feature.order)
    if invalid:
        violations += _violation(invalid[0], feature, invalid[1])
    return category, violations


def _categories(column: pa.Array) -> Category:
    kind = column.type
    if pa.types.is_null(kind):
        return Category(np.full(len(column), -1, dtype=np.int32), ())
    if pa.types.is_floating(kind):
        return _float_categories(numbers_of(column), kind)
    if not is_text(kind):
        column = column.cast(pa.string())
    category = category_of(column)
    if "" not in category.values:
        return category
    codes = category.codes.copy()
    for code, value in enumerate(category.values):
        if value == "":
            codes[codes == code] = -1
    return Category(codes, category.values)


def _float_categories(values: np.ndarray, kind: pa.DataType) -> Category:
    # An integer column with missing values is read as floats: 3.0 and 3 are the same category.
    distinct, codes = np.unique(values, return_inverse=True)
    whole = (np.floor(distinct) == distinct) & (np.abs(distinct) < _EXACT)
    texts = pa.array(distinct).cast(kind).cast(pa.string()).to_pylist()
    names = tuple(str(int(x)) if is_whole else text for x, text, is_whole in zip(distinct, texts, whole, strict=True))
    return Category(np.where(np.isnan(values), -1, codes).astype(np.int32), names)


def is_text(kind: pa.DataType) -> bool:
    """Whether a type is a string type, dictionary-encoded or not."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_number(kind: pa.DataType) -> bool:
    """Whether a type is numeric."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _violation(mask: np.ndarray, feature: Feature, expected: str) -> list[Violation]:
    rows = np.flatnonzero(mask)
    return [Violation(rows, feature.name, expected)] if len(rows) else []


def _true(mask: pa.Array) -> np.ndarray:
    return np.asarray(mask.to_numpy(zero_copy_only=False), dtype=bool)
