"""Which golden rows a spreadsheet can hold: numbers closer to a cut than its 15 digits can tell are none of them."""

from __future__ import annotations

import numpy as np

from northstar_explain.contract import Category, columns_of
from northstar_explain.model import Model
from northstar_explain.model.borders import thresholds
from northstar_explain.model.scorecard import NumberBins

# Spreadsheets take two numbers for equal when they agree in 15 digits or so.
DIGITS = 1e-13


def too_close(model: Model) -> np.ndarray:
    """Golden rows that hold a number beside a cut of the scorecard or a threshold of a rule, but not on it.

    Parameters
    ----------
    model : Model

    Returns
    -------
    ndarray of bool, shape (golden rows,)
    """
    columns = columns_of(model.golden, model.contract.features)
    close = np.zeros(model.golden.num_rows, dtype=bool)
    for name, edges in _edges(model).items():
        column = columns[name]
        assert not isinstance(column, Category)
        edge = np.array(sorted(edges))
        apart = np.abs(column[:, None] - edge)
        # A missing value is beside nothing: comparisons with NaN are false.
        close |= ((apart > 0) & (apart <= DIGITS * np.abs(edge))).any(axis=1)
    return close


def _edges(model: Model) -> dict[str, set[float]]:
    found: dict[str, set[float]] = {}
    for term in model.scorecard.terms:
        for axis in term.axes:
            if isinstance(axis, NumberBins) and len(axis.cuts):
                found.setdefault(axis.feature, set()).update(map(float, axis.cuts))
    for name, edge in thresholds(model.segmentation.tree):
        found.setdefault(name, set()).add(edge)
    return found
