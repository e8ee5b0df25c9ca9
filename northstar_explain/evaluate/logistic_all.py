"""A baseline that is hard to beat: logistic regression on every feature, prepared as a careful analyst would."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Feature

# More columns for a category than these hold too few rows each.
MOST_VALUES = 30


def logistic_all(features: Iterable[Feature], columns: Columns, label: np.ndarray) -> Callable[[Columns], np.ndarray]:
    """Fit logistic regression on all features: logarithms, one column per category, missing flags, standardised.

    Parameters
    ----------
    features : iterable of Feature
        Those of the purchase model.
    columns : mapping
        The training rows.
    label : ndarray of 0 and 1, shape (n,)

    Returns
    -------
    callable
        Takes columns and returns a probability per row.

    Notes
    -----
    Ridge penalty of scikit-learn's default size (C = 1), which matters little on standardised columns of many rows.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    matrix = design(features, columns)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(matrix(columns), label)
    return lambda rows: np.asarray(pipeline.predict_proba(matrix(rows))[:, 1])


Encoder = Callable[[np.ndarray | Category], np.ndarray]


def design(features: Iterable[Feature], columns: Columns) -> Callable[[Columns], np.ndarray]:
    """What turns rows into the columns of the regression, as the training rows `columns` have it."""
    encoders = {feature.name: _encoder(columns[feature.name]) for feature in features}
    return lambda rows: np.column_stack([encode(rows[name]) for name, encode in encoders.items()])


def _encoder(column: np.ndarray | Category) -> Encoder:
    return _one_hot(column) if isinstance(column, Category) else _logarithm(column)


def _logarithm(column: np.ndarray) -> Encoder:
    """Signed logarithm, as values are skewed; missing ones are the median, with a flag where there are any."""
    known = column[~np.isnan(column)]
    middle = float(np.median(_log(known))) if len(known) else 0.0
    some_missing = len(known) < len(column)

    def encode(values: np.ndarray | Category) -> np.ndarray:
        assert isinstance(values, np.ndarray)
        missing = np.isnan(values)
        filled = np.where(missing, middle, _log(values))
        return np.column_stack([filled, missing]) if some_missing else filled[:, None]

    return encode


def _log(values: np.ndarray) -> np.ndarray:
    logs: np.ndarray = np.sign(values) * np.log1p(np.abs(values))
    return logs


def _one_hot(column: Category) -> Encoder:
    """A column for each frequent value, one for all others, and one for none."""
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values))
    order = sorted(range(len(counts)), key=lambda i: (-counts[i], column.values[i]))[:MOST_VALUES]
    places = {column.values[i]: place for place, i in enumerate(order)}
    wide = len(places) + 2

    def encode(values: np.ndarray | Category) -> np.ndarray:
        assert isinstance(values, Category)
        hot: np.ndarray = np.eye(wide)[values.lookup(places, wide - 1, wide - 2)]
        return hot

    return encode
