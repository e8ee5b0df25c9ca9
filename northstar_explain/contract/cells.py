"""Reading and checking the cells of one column: its values, and the rows that violate the contract.

The usual column is valid, which its minimum and maximum show in two passes; every cell is examined only where they do
not. `pyarrow.compute` is imported where it is used: loading it takes longer than checking 100,000 rows, and a valid
typed table does not need it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import category_of, numbers_of
from northstar_explain.contract.features import Feature
from northstar_explain.contract.missing_marks import MISSING_CATEGORIES
from northstar_explain.contract.missing_marks import MISSING_NUMBERS as MISSING_NUMBERS
from northstar_explain.contract.spelling import number_text, respelled
from northstar_explain.tables.number_format import PLAIN, NumberFormat

NEVER_MISSING = "a value (the contract says it is never missing)"
_IN_PERCENT = ("%", "percent", "percentage points")


class Violation(NamedTuple):
    """Rows whose cell violates one rule.

    Attributes
    ----------
    rows : ndarray of int, shape (violations,)
        Their positions.
    column : str
    expected : str
        What the rule expects.
    beside : str
        The other column, where the rule is on two; else empty.
    """

    rows: np.ndarray
    column: str
    expected: str
    beside: str = ""


def read_numbers(
    column: pa.Array, feature: Feature, numbers: NumberFormat = PLAIN, marks: Sequence[str] = MISSING_NUMBERS
) -> tuple[np.ndarray, list[Violation]]:
    """Read a column of numbers, or of texts that should be numbers.

    Parameters
    ----------
    column : pyarrow.Array
    feature : Feature
        A numeric one.
    numbers : NumberFormat
        How numbers are written, where they are text.
    marks : sequence of str
        What stands for a missing value; numbers among them, such as -999, do so in columns of numbers too.

    Returns
    -------
    values : ndarray of float64, shape (n,)
        NaN where missing or not a number.
    violations : list of Violation
    """
    if is_text(column.type):
        return _read_texts(column, feature, numbers, marks)
    values = _without_marks(numbers_of(column), marks)
    return values, _number_violations(values, feature, np.isnan, whole=pa.types.is_integer(column.type))


def _without_marks(values: np.ndarray, marks: Sequence[str]) -> np.ndarray:
    stand_ins = [value for mark in marks if (value := _number(mark)) is not None and math.isfinite(value)]
    return np.where(np.isin(values, stand_ins), np.nan, values) if stand_ins else values


def _read_texts(
    column: pa.Array, feature: Feature, numbers: NumberFormat, marks: Sequence[str]
) -> tuple[np.ndarray, list[Violation]]:
    percent = 1.0 if feature.unit in _IN_PERCENT else 0.01
    values = numbers_of(parse_numbers(column, numbers, marks, percent))
    unreadable = _true(pa.array(values, from_pandas=True).is_null()) & ~missing_texts(column, marks)
    values = _without_marks(values, marks)
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
        violations += _violation(outside if infinite is None else outside & ~infinite, feature, bounds_words(feature))
    if feature.kind.whole and whole:
        return violations  # the column's type shows it
    invalid = feature.kind.invalid_numbers(values)
    return violations + (_violation(invalid[0], feature, invalid[1]) if invalid else [])


def bounds_words(feature: Feature) -> str:
    """The bounds of a feature that has one or two, such as ``0 to 1``."""
    low, high = feature.minimum, feature.maximum
    if low is None:
        return f"at most {high:g}"
    return f"at least {low:g}" if high is None else f"{low:g} to {high:g}"


def parse_numbers(
    column: pa.Array, numbers: NumberFormat = PLAIN, marks: Sequence[str] = MISSING_NUMBERS, percent: float = 0.01
) -> pa.Array:
    """Parse texts as float64, null where a cell holds no number."""
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    try:
        if numbers == PLAIN:
            return texts.cast(pa.float64())
    except pa.ArrowInvalid:
        pass  # some cell is no number, and Arrow's cast fails as a whole
    # Each distinct text is parsed once.
    distinct = texts.unique()
    parsed = [_number(text, numbers, marks, percent) for text in distinct.to_pylist()]
    return pa.array(parsed, pa.float64()).take(pc.index_in(texts, value_set=distinct))


def _number(
    text: str | None, numbers: NumberFormat = PLAIN, marks: Sequence[str] = MISSING_NUMBERS, percent: float = 0.01
) -> float | None:
    if text is None or text in marks or "_" in text:
        return None
    try:
        # The usual number; marks between thousands are no part of it.
        return float(text if numbers.decimal == "." else text.replace(",", ".") if "." not in text else "")
    except ValueError:
        return numbers.parse(text, percent)


def missing_texts(column: pa.Array, marks: Sequence[str] = MISSING_NUMBERS) -> np.ndarray:
    """Cells that are empty or hold a mark for a missing value, as a mask."""
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return _true(pc.or_(pc.is_null(texts), pc.is_in(texts, value_set=pa.array(marks, pa.string()))))


def read_categories(
    column: pa.Array, feature: Feature, marks: Sequence[str] = MISSING_CATEGORIES
) -> tuple[Category, list[Violation]]:
    """Read a column of categories of any plain type.

    Parameters
    ----------
    column : pyarrow.Array
        Strings, numbers, booleans or dates; strings dictionary-encoded or not.
    feature : Feature
        A category or an ordered one.
    marks : sequence of str
        What stands for a missing value.

    Returns
    -------
    category : Category
        With one spelling for each value: see `contract.spelling`.
    violations : list of Violation
    """
    category = respelled(_categories(column), marks, feature.known or feature.order)
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
    return category_of(column if is_text(kind) else column.cast(pa.string()))


def _float_categories(values: np.ndarray, kind: pa.DataType) -> Category:
    # An integer column with missing values is read as floats: 3.0 and 3 are the same category.
    distinct, codes = np.unique(values, return_inverse=True)
    # Of a float32, the shortest text that gives it back: 0.1 and not 0.10000000149.
    texts = [number_text(float(str(np.float32(x))) if pa.types.is_float32(kind) else float(x)) for x in distinct]
    return Category(np.where(np.isnan(values), -1, codes).astype(np.int32), tuple(texts))


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
