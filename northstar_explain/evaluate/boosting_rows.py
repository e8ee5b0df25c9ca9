"""Features as the numbers that scikit-learn's boosting takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Feature


def boosting_rows(features: Sequence[Feature], columns: Columns) -> Callable[[Columns], np.ndarray]:
    """What makes a matrix of rows, with a code for each category that is frequent in `columns`.

    Returns
    -------
    callable
        Takes columns and returns an ndarray of float, shape (n, features); NaN is missing.
    """
    codes = {feature.name: _frequent(columns[feature.name]) for feature in features}
    return lambda rows: np.column_stack([_numbers(rows[one.name], codes[one.name]) for one in features])


def _frequent(column: np.ndarray | Category, most: int = 200) -> dict[str, int]:
    """Codes of the most frequent categories: scikit-learn's boosting takes at most 255."""
    if not isinstance(column, Category):
        return {}
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values))
    order = sorted(range(len(column.values)), key=lambda i: (-counts[i], column.values[i]))[:most]
    return {column.values[i]: place for place, i in enumerate(order)}


def _numbers(column: np.ndarray | Category, codes: dict[str, int]) -> np.ndarray:
    if not isinstance(column, Category):
        return column
    # All rarer values share one further code.
    numbers = column.lookup(codes, -1, len(codes)).astype(np.float64)
    # Boosting knows NaN as missing, and learns for each split on which side it belongs.
    numbers[numbers < 0] = np.nan
    return numbers
