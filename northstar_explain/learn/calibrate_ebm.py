"""Level and scale of a smoothed EBM, by what bags predict of rows that they were not fitted to."""

from __future__ import annotations

from copy import copy

import numpy as np
import pandas as pd
from interpret.glassbox import ExplainableBoostingClassifier

from northstar_explain.model.scorecard import sigmoid

_STEPS = 20
# Beyond these, the scale would say that the model is not one of these rows.
_LEAST, _MOST = 0.5, 1.5
_FLOOR, _SINGULAR = 1e-12, 1e12


def calibrate(ebm: ExplainableBoostingClassifier, rows: pd.DataFrame, label: np.ndarray, halves: np.ndarray) -> float:
    """Scale all points by one factor and shift the intercept, in place (Platt 1999).

    Smoothing draws each shape to its mean, and all shapes together a little too far: probabilities are then too near to
    the base rate. Each row is predicted by the mean of the bags that were not fitted to it.

    Parameters
    ----------
    ebm : ExplainableBoostingClassifier
        Fitted, with two bags or more.
    rows : DataFrame, n rows
        Its training rows.
    label : ndarray of 0 and 1, shape (n,)
    halves : ndarray of int8, shape (n, bags)
        1 where a bag was fitted to a row.

    Returns
    -------
    float
        The factor.
    """
    logit = _left_out(ebm, rows, halves)
    known = ~np.isnan(logit)
    shift, scale = _fitted(logit[known], label[known])
    for tables in (ebm.term_scores_, ebm.bagged_scores_, ebm.standard_deviations_):
        tables[:] = [scale * np.asarray(table, dtype=np.float64) for table in tables]
    ebm.intercept_ = scale * np.asarray(ebm.intercept_) + shift
    ebm.bagged_intercept_ = scale * np.asarray(ebm.bagged_intercept_) + shift
    return scale


def _left_out(ebm: ExplainableBoostingClassifier, rows: pd.DataFrame, halves: np.ndarray) -> np.ndarray:
    """Log-odds of each row by the bags that were not fitted to it; NaN where there are none."""
    out = (halves < 0).astype(np.float64)
    total = out @ np.asarray(ebm.bagged_intercept_, dtype=np.float64).ravel()
    places = _places(ebm, rows)
    for place, scores in enumerate(ebm.bagged_scores_):
        tables = np.asarray(scores, dtype=np.float64).reshape(len(scores), -1).T
        # The sum over bags, row by row, without an array of all rows and bags.
        total += np.einsum("ij,ij->i", tables[places[:, place]], out)
    count = out.sum(axis=1)
    logit: np.ndarray = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return logit


def _places(ebm: ExplainableBoostingClassifier, rows: pd.DataFrame) -> np.ndarray:
    """Index of each row in the flattened table of each term, by interpret's own binning: shape (n, terms)."""
    numbered = copy(ebm)
    numbered.term_scores_ = [
        np.arange(table.size, dtype=np.float64).reshape(table.shape) for table in map(np.asarray, ebm.term_scores_)
    ]
    places: np.ndarray = numbered.eval_terms(rows).astype(np.intp)
    return places


def _fitted(logit: np.ndarray, label: np.ndarray) -> tuple[float, float]:
    """Shift and scale with the least log loss, by Newton's method; the scale within its bounds."""
    shift, scale = 0.0, 1.0
    best = np.inf
    kept = shift, scale
    for _ in range(_STEPS):
        probability = np.clip(sigmoid(shift + scale * logit), _FLOOR, 1 - _FLOOR)
        loss = -float(np.log(np.where(label == 1, probability, 1 - probability)).sum())
        if not loss < best:  # converged, or a step too long, which is not taken
            break
        best, kept = loss, (shift, scale)
        weight = probability * (1 - probability)
        rest = label - probability
        gradient = np.array([rest.sum(), rest @ logit])
        hessian = np.array([[weight.sum(), weight @ logit], [weight @ logit, weight @ logit**2]])
        if np.linalg.cond(hessian) > _SINGULAR:  # all rows alike: the level alone is known
            shift += float(gradient[0] / hessian[0, 0])
            continue
        step = np.linalg.solve(hessian, gradient)
        shift, scale = shift + float(step[0]), min(max(scale + float(step[1]), _LEAST), _MOST)
    shift, scale = kept
    return shift, scale
