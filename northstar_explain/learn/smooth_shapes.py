"""Shapes of a fitted EBM, as smooth as the data allow: thin bins are merged, what does not repeat is smoothed away.

The outer bags of the EBM come in pairs of disjoint halves of the training rows. How much a shape is smoothed is chosen
by how well the smoothed shape of one half predicts the unsmoothed shape of the other (cross-validation of a Whittaker
smoother, Eilers 2003): a curve that both halves agree on stays as it is, one that does not repeat becomes flat.

Smoothing is linear and the same for every bag, so that the model remains the mean of its bags. It keeps a monotone
curve monotone: the inverse of a weighted path's matrix is totally positive and keeps constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from interpret.glassbox import ExplainableBoostingClassifier
from scipy import sparse
from scipy.sparse.linalg import splu

from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS

# A feature with so few values keeps them all, however few customers have one.
FEW_VALUES = 8
# Customers that a step between two neighbours is weighed against.
_STRENGTHS = (0.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0, 10_000.0, 30_000.0)
_MISSING, _UNSEEN = 1, 1  # bins before and after those of known values


class Smoothing(NamedTuple):
    """What was done to the shape of a term.

    Attributes
    ----------
    strength : float
        Customers that a step between two neighbours is weighed against; 0 for none.
    kept : float
        Factor of the shape after smoothing, 0 to 1.
    """

    strength: float
    kept: float


def smooth_shapes(ebm: ExplainableBoostingClassifier) -> tuple[Smoothing, ...]:
    """Merge thin bins and smooth the shapes of an EBM in place.

    Parameters
    ----------
    ebm : ExplainableBoostingClassifier
        Fitted; its outer bags 2i and 2i + 1 must be fitted to disjoint halves of the rows. With one bag, bins are
        merged and nothing is smoothed.

    Returns
    -------
    tuple of Smoothing
        One for each term.
    """
    for feature, levels in enumerate(ebm.bins_):
        if not isinstance(levels[0], dict):
            _merge(ebm, feature)
    return tuple(_smooth(ebm, place) for place in range(len(ebm.term_features_)))


def _merge(ebm: ExplainableBoostingClassifier, feature: int) -> None:
    """Merge neighbouring bins of a numeric feature until each has customers enough, in its own term and in pairs."""
    levels = ebm.bins_[feature]
    if len(levels) == 1:  # interpret keeps one list where features and pairs have the same bins
        levels = [levels[0], levels[0]]
    for width in (1, 2):
        terms = [t for t, of in enumerate(ebm.term_features_) if feature in of and len(of) == width]
        if not terms or len(levels[width - 1]) < FEW_VALUES:
            continue
        axis = ebm.term_features_[terms[0]].index(feature)
        weights = np.moveaxis(np.asarray(ebm.bin_weights_[terms[0]]), axis, 0)
        starts = _starts(weights.reshape(len(weights), -1).sum(axis=1)[_MISSING:-_UNSEEN])
        for term in terms:
            _merge_axis(ebm, term, ebm.term_features_[term].index(feature), starts)
        # Bin b begins at cut b - 1; the first bin has no lower cut.
        levels[width - 1] = np.asarray(levels[width - 1])[starts[1:] - 1]
    ebm.bins_[feature] = levels


def _starts(customers: np.ndarray) -> np.ndarray:
    """The first bin of each group of neighbouring bins with `THIN_BIN_CUSTOMERS` or more together."""
    starts, held = [0], 0.0
    for place, count in enumerate(customers):
        if held >= THIN_BIN_CUSTOMERS:
            starts.append(place)
            held = 0.0
        held += count
    # What is left over at the upper end joins the group below it.
    return np.array(starts[:-1] if held < THIN_BIN_CUSTOMERS and len(starts) > 1 else starts)


def _merge_axis(ebm: ExplainableBoostingClassifier, term: int, axis: int, starts: np.ndarray) -> None:
    weights = np.asarray(ebm.bin_weights_[term], dtype=np.float64)
    groups = np.concatenate([[0], starts + _MISSING, [weights.shape[axis] - _UNSEEN]])
    merged = np.add.reduceat(weights, groups, axis=axis)
    bins = np.diff(np.append(groups, weights.shape[axis]))
    # Points of merged bins are their mean over customers, or over bins where there are no customers.
    share = weights + np.repeat(np.where(merged > 0, 0.0, 1.0), bins, axis=axis)
    total = np.add.reduceat(share, groups, axis=axis)
    ebm.bin_weights_[term] = merged
    bagged = np.asarray(ebm.bagged_scores_[term], dtype=np.float64)
    _store(ebm, term, np.stack([np.add.reduceat(points * share, groups, axis=axis) / total for points in bagged]))


def _store(ebm: ExplainableBoostingClassifier, term: int, bagged: np.ndarray) -> None:
    ebm.bagged_scores_[term] = bagged
    ebm.term_scores_[term] = bagged.mean(axis=0)
    ebm.standard_deviations_[term] = bagged.std(axis=0)


def _smooth(ebm: ExplainableBoostingClassifier, term: int) -> Smoothing:
    bagged = np.asarray(ebm.bagged_scores_[term], dtype=np.float64)
    weights = np.asarray(ebm.bin_weights_[term], dtype=np.float64)
    pairs = len(bagged) // 2
    if not pairs or not weights.sum():
        return Smoothing(0.0, 1.0)
    points = bagged.reshape(len(bagged), -1).T
    customers, penalty = weights.ravel(), _penalty(weights.shape, [_ordered(ebm, f) for f in ebm.term_features_[term]])
    level = customers @ points / customers.sum()
    centred = points - level
    smoothing = _chosen(centred[:, : 2 * pairs], customers, penalty)
    smooth = smoothing.kept * _smoothed(centred, customers, penalty, smoothing.strength)
    # What lies outside the shape stays in the model: its level.
    _store(ebm, term, (smooth + level).T.reshape(bagged.shape))
    return smoothing


def _chosen(points: np.ndarray, customers: np.ndarray, penalty: sparse.csc_matrix) -> Smoothing:
    """The smoothing by which one half predicts the other best, for a shape of all rows."""
    others = points.reshape(len(points), -1, 2)[:, :, ::-1].reshape(points.shape)
    best, chosen = np.inf, Smoothing(0.0, 1.0)
    for strength in _STRENGTHS:
        # A half has half the customers; of all customers, the same strength then smooths half as much.
        smooth = _smoothed(points, customers / 2, penalty, strength)
        size = float(customers @ (smooth**2).sum(axis=1))
        kept = min(max(float(customers @ (smooth * others).sum(axis=1)) / size, 0.0), 1.0) if size else 0.0
        missed = float(customers @ ((kept * smooth - others) ** 2).sum(axis=1))
        if missed < best:
            # Signal / (signal + noise) of a half; the noise of all customers is half as much.
            best, chosen = missed, Smoothing(strength, 2 * kept / (1 + kept))
    return chosen


def _smoothed(points: np.ndarray, customers: np.ndarray, penalty: sparse.csc_matrix, strength: float) -> np.ndarray:
    if not strength:
        return points
    # Next to nothing is added to the diagonal, so that cells without customers and neighbours have a value: none.
    matrix = sparse.diags(customers + 1e-9) + strength * penalty
    smooth: np.ndarray = splu(matrix.tocsc()).solve(customers[:, None] * points)
    return smooth


def _penalty(shape: tuple[int, ...], ordered: Sequence[bool]) -> sparse.csc_matrix:
    """Squared steps between neighbouring bins of known values; a bin without neighbours is held to the mean."""
    size = int(np.prod(shape))
    places = np.arange(size).reshape(shape)
    penalty = sparse.csc_matrix((size, size))
    for axis, has_order in enumerate(ordered):
        if has_order:
            known = np.moveaxis(places, axis, 0)[_MISSING:-_UNSEEN]
            penalty = penalty + _steps(known[:-1].ravel(), known[1:].ravel(), size)
    return (penalty + sparse.diags((penalty.diagonal() == 0).astype(np.float64))).tocsc()


def _steps(first: np.ndarray, second: np.ndarray, size: int) -> sparse.csc_matrix:
    rows = np.arange(len(first))
    ones = np.ones(len(first))
    steps = sparse.csc_matrix(
        (np.concatenate([ones, -ones]), (np.tile(rows, 2), np.concatenate([first, second]))), (len(first), size)
    )
    return steps.T @ steps


def _ordered(ebm: ExplainableBoostingClassifier, feature: int) -> bool:
    return bool(ebm.feature_types_in_[feature] != "nominal")
