"""The cells of one column: read as what the contract says they are, and those that break it, with what was expected.

The usual column keeps its contract; its least and its greatest value show that in two passes. Only where they do not
is every cell looked at. PyArrow's functions are imported where they are used: loading them takes longer than checking
100,000 rows, and a typed table that keeps its contract needs none of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from northstar_explain.contract.columns import Category, category_of, numbers_of
from northstar_explain.contract.features import Feature

# What people write into a number cell when they have no number. Not applied to categories: NA is Namibia.
MISSING_NUMBERS = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "-")
NEVER_MISSING = "a value (the contract says it is never missing)"
_EXACT = 2.0**53  # float64 holds every whole number below


class Violation(NamedTuple):
    """Rows whose cell breaks one rule.

    Attributes
    ----------
    rows : ndarray of int, shape (broken,)
        Their positions.
    column : str
    expected : str
        What the rule wants.
    """

    rows: np.ndarray
    column: str
    expected: str


def read_numbers(column: pa.Array, feature: Feature) -> tuple[np.ndarray, list[Violation]]:
    """Read a column of numbers, or of texts that should hold them.

    Parameters
    ----------
    column : pyarrow.Array
    feature : Feature
        A numeric one.

    Returns
    -------
    values : ndarray of float64, shape (n,)
        NaN where missing or broken.
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
    violations = _noted(unreadable, feature, "a number")
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
            violations += _noted(absent(values), feature, NEVER_MISSING)
        # Unlike min and max, these two pass over NaN; they are slower.
        lowest, highest = np.fmin.reduce(values), np.fmax.reduce(values)
    low = -math.inf if feature.minimum is None else feature.minimum
    high = math.inf if feature.maximum is None else feature.maximum
    endless = None
    if math.isinf(lowest) or math.isinf(highest):
        endless = np.isinf(values)
        violations += _noted(endless, feature, "a finite number")
    if lowest < low or highest > high:
        outside = (values < low) | (values > high)
        violations += _noted(outside if endless is None else outside & ~endless, feature, _bounds(feature))
    if feature.kind.whole and whole:
        return violations  # the column's type shows it
    invalid = feature.kind.invalid_numbers(values)
    return violations + (_noted(invalid[0], feature, invalid[1]) if invalid else [])


def _bounds(feature: Feature) -> str:
    low, high = feature.minimum, feature.maximum
    if low is None:
        return f"at most {high:g}"
    return f"at least {low:g}" if high is None else f"{low:g} to {high:g}"


def parse_numbers(column: pa.Array) -> pa.Array:
    """Text to float64, null where the cell holds no number."""
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    try:
        return texts.cast(pa.float64())
    except pa.ArrowInvalid:
        # Some cell is no number. Look at each distinct text once; there are few beside the numbers.
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
    """Cells that are empty or say that there is no number, as a mask."""
    import pyarrow.compute as pc

    texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return _true(pc.or_(pc.is_null(texts), pc.is_in(texts, value_set=pa.array(MISSING_NUMBERS))))


def read_categories(column: pa.Array, feature: Feature) -> tuple[Category, list[Violation]]:
    """Read a column of categories of any plain type.

    Parameters
    ----------
    column : pyarrow.Array
        Texts, whole numbers, floats, or true and false; in a dictionary or not.
    feature : Feature
        A category or an ordered one.

    Returns
    -------
    category : Category
        An empty text is missing.
    violations : list of Violation
    """
    found = _categories(column)
    violations = []
    if feature.missing is None and len(found) and found.codes.min() < 0:
        violations += _noted(found.codes < 0, feature, NEVER_MISSING)
    invalid = feature.kind.invalid_categories(found, feature.order)
    if invalid:
        violations += _noted(invalid[0], feature, invalid[1])
    return found, violations


def _categories(column: pa.Array) -> Category:
    kind = column.type
    if pa.types.is_null(kind):
        return Category(np.full(len(column), -1, dtype=np.int32), ())
    if pa.types.is_floating(kind):
        return _float_categories(numbers_of(column), kind)
    if not is_text(kind):
        column = column.cast(pa.string())
    found = category_of(column)
    if "" not in found.values:
        return found
    codes = found.codes.copy()
    for place, value in enumerate(found.values):
        if value == "":
            codes[codes == place] = -1
    return Category(codes, found.values)


def _float_categories(values: np.ndarray, kind: pa.DataType) -> Category:
    # 3.0 and 3 name the same category, and a NaN is a missing one.
    distinct, codes = np.unique(values, return_inverse=True)
    whole = (np.floor(distinct) == distinct) & (np.abs(distinct) < _EXACT)
    texts = pa.array(distinct).cast(kind).cast(pa.string()).to_pylist()
    names = tuple(str(int(x)) if is_whole else text for x, text, is_whole in zip(distinct, texts, whole, strict=True))
    return Category(np.where(np.isnan(values), -1, codes).astype(np.int32), names)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds texts, in a dictionary or not."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def is_number(kind: pa.DataType) -> bool:
    """Whether a column of this type holds numbers."""
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _noted(mask: np.ndarray, feature: Feature, expected: str) -> list[Violation]:
    rows = np.flatnonzero(mask)
    return [Violation(rows, feature.name, expected)] if len(rows) else []


def _true(mask: pa.Array) -> np.ndarray:
    return np.asarray(mask.to_numpy(zero_copy_only=False), dtype=bool)
