"""An additive logistic regression on groups of bins, with penalised steps, and the covariance of its effects.

How much steps between neighbouring groups are penalised is decided by the rows: by restricted likelihood, with the
update of Wood and Fasiolo (2017, Biometrics 73). The covariance is Bayesian (Wahba 1983; Marra and Wood 2012, Scand. J.
Stat. 39): the inverse of the penalised information. It holds the sampling of rows and the bias of the penalty, and is
wide where features move together, and widest where no row tells them apart. Where rows belong together, their scores
take the place of independent ones (Liang and Zeger 1986). The factors `PENALISED` and `ERRORS` were chosen
on six simulated shops (docs/decisions/intervals-of-shapes.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import lapack

from northstar_explain.model.scorecard import sigmoid

# Restricted likelihood expects a random walk, and effects are smoother: with half of its penalties less bias is left,
# and nineteen twentieths of the errors then cover 95%.
PENALISED, ERRORS = 0.5, 0.95
# A feature's own penalty is known by one or two degrees of freedom where it has little effect: one more is borrowed
# from all features together. Without it, whichever of two like features is drawn to zero would have no interval.
BORROWED = 1.0
_FITS, _UPDATES = 2, 4
_FIRST, _LEAST, _MOST = 30.0, 1e-3, 1e7
# A step between the middles of groups that are this share of the customers apart has weight 1.
_APART = 1 / 40
_TINY, _RIDGE = 1e-9, 1e-6


@dataclass(frozen=True)
class Groups:
    """Groups of one feature's bins, each with customers.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        The group of each row.
    customers : ndarray of int, shape (groups,)
    unknown : bool
        Whether the first group is that of missing values.
    ordered : bool
        Whether neighbours are alike.
    """

    rows: np.ndarray
    customers: np.ndarray
    unknown: bool
    ordered: bool

    def __len__(self) -> int:
        return len(self.customers)


def fit_additive(
    features: Sequence[Groups],
    label: np.ndarray,
    others: np.ndarray,
    logit: np.ndarray,
    together: np.ndarray | None = None,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Fit all features together.

    Parameters
    ----------
    features : sequence of Groups
    label : ndarray of 0 and 1, shape (n,)
    others : ndarray, shape (n,)
        Log-odds by what is not fitted.
    logit : ndarray, shape (n,)
        Log-odds to start from: near those of the fit, as two steps are taken.
    together : ndarray, shape (n,), optional
        What each row belongs to.

    Returns
    -------
    effects : list of ndarray, each of shape (groups,)
        Their mean over the customers is zero, but for rounding.
    covariances : list of ndarray, each of shape (groups, groups)
    """
    ends = 1 + np.cumsum([len(one) for one in features])
    blocks = [slice(int(end) - len(one), int(end)) for one, end in zip(features, ends, strict=True)]
    penalties, centring = _penalties(features, blocks), _centring(features, blocks)
    strengths = np.full(len(penalties), _FIRST)
    for _ in range(_FITS):
        probability = sigmoid(logit)
        weight = probability * (1 - probability)
        information, gradient = _moments(features, blocks, weight, weight * (logit - others) + label - probability)
        for _ in range(_UPDATES):
            effects, inverse = _solved(information + centring, gradient, penalties, strengths)
            strengths = _updated(strengths, penalties, effects, inverse)
        effects, inverse = _solved(information + centring, gradient, penalties, PENALISED * strengths)
        logit = others + effects[0]
        for one, block in zip(features, blocks, strict=True):
            logit = logit + effects[block][one.rows]
    covariance = ERRORS**2 * inverse
    if together is not None:
        scores = _scores(features, blocks, label - sigmoid(logit), together)
        covariance += inverse @ (scores - information) @ inverse
    return [effects[block] for block in blocks], [covariance[block, block] for block in blocks]


@dataclass(frozen=True)
class _Penalty:
    """Squared differences of effects, or squared effects where there is no `second`; each with its weight."""

    first: np.ndarray
    second: np.ndarray | None
    weights: np.ndarray

    def of(self, effects: np.ndarray) -> float:
        difference = effects[self.first] - (0.0 if self.second is None else effects[self.second])
        return float(self.weights @ difference**2)

    def expected(self, covariance: np.ndarray) -> float:
        """Its expectation for effects of this covariance."""
        variance = covariance.diagonal()
        if self.second is None:
            return float(self.weights @ variance[self.first])
        both = variance[self.first] + variance[self.second] - 2 * covariance[self.first, self.second]
        return float(self.weights @ both)

    def add_to(self, matrix: np.ndarray, strength: float) -> None:
        added = strength * self.weights
        np.add.at(matrix, (self.first, self.first), added)
        if self.second is not None:
            np.add.at(matrix, (self.second, self.second), added)
            np.add.at(matrix, (self.first, self.second), -added)
            np.add.at(matrix, (self.second, self.first), -added)


def _penalties(features: Sequence[Groups], blocks: Sequence[slice]) -> list[_Penalty]:
    """One for each feature, and one for the missing values of all, as each feature has but one group of them."""
    penalties, unknown = [], []
    for one, block in zip(features, blocks, strict=True):
        places, customers = np.arange(block.start, block.stop), one.customers
        if one.unknown:
            unknown.append(block.start)
            places, customers = places[1:], customers[1:]
        if one.ordered and len(places) > 1:
            # Where many customers lie between two middles, as where most have one value, a larger step is likely.
            apart = (customers[1:] + customers[:-1]) / 2 / customers.sum()
            penalties.append(_Penalty(places[1:], places[:-1], _APART / apart))
        elif len(places):
            penalties.append(_Penalty(places, None, np.ones(len(places))))
    if unknown:
        penalties.append(_Penalty(np.array(unknown), None, np.ones(len(unknown))))
    return penalties


def _centring(features: Sequence[Groups], blocks: Sequence[slice]) -> np.ndarray:
    """What holds the mean of each effect over the customers at zero: the level is the intercept's."""
    matrix = np.zeros((blocks[-1].stop, blocks[-1].stop))
    for one, block in zip(features, blocks, strict=True):
        matrix[block, block] = np.outer(one.customers, one.customers) / one.customers.sum()
    return matrix


def _moments(
    features: Sequence[Groups], blocks: Sequence[slice], weight: np.ndarray, response: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """X'WX and X'r, where X has an intercept and an indicator of each group."""
    size = blocks[-1].stop
    information, gradient = np.zeros((size, size)), np.zeros(size)
    information[0, 0], gradient[0] = weight.sum(), response.sum()
    for at, (one, block) in enumerate(zip(features, blocks, strict=True)):
        sums = np.bincount(one.rows, weight, len(one))
        information[block, block] = np.diag(sums)
        information[0, block] = information[block, 0] = sums
        gradient[block] = np.bincount(one.rows, response, len(one))
        for other, place in zip(features[:at], blocks[:at], strict=True):
            cells = np.bincount(one.rows * len(other) + other.rows, weight, len(one) * len(other))
            information[block, place] = cells.reshape(len(one), len(other))
            information[place, block] = information[block, place].T
    return information, gradient


def _scores(
    features: Sequence[Groups], blocks: Sequence[slice], residual: np.ndarray, together: np.ndarray
) -> np.ndarray:
    """Outer products of the scores of what belongs together."""
    member = np.unique(together, return_inverse=True)[1]
    places = [block.start + one.rows for one, block in zip(features, blocks, strict=True)]
    columns = np.column_stack([np.zeros_like(member), *places])
    rows = np.repeat(member, columns.shape[1])
    shape = (int(member.max()) + 1, blocks[-1].stop)
    scores = sparse.csr_matrix((np.repeat(residual, columns.shape[1]), (rows, columns.ravel())), shape)
    products: np.ndarray = (scores.T @ scores).toarray()
    return products


def _solved(
    matrix: np.ndarray, gradient: np.ndarray, penalties: Sequence[_Penalty], strengths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Effects, and the inverse of the penalised information."""
    # Next to nothing is added, so that rows whose outcome is all but certain do not leave the matrix singular.
    penalized = matrix + np.diag(np.full(len(matrix), _RIDGE))
    for penalty, strength in zip(penalties, strengths, strict=True):
        penalty.add_to(penalized, strength)
    factor, _ = lapack.dpotrf(penalized, lower=True, overwrite_a=True)
    inverse, fault = lapack.dpotri(factor, lower=True, overwrite_c=True)
    assert not fault, "the penalised information is positive definite"
    inverse = np.tril(inverse)
    inverse += np.tril(inverse, -1).T
    return inverse @ gradient, inverse


def _updated(
    strengths: np.ndarray, penalties: Sequence[_Penalty], effects: np.ndarray, inverse: np.ndarray
) -> np.ndarray:
    """Strengths of a higher restricted likelihood."""
    expected = [penalty.expected(inverse) for penalty in penalties]
    size = np.array([penalty.of(effects) for penalty in penalties])
    free = np.maximum([len(one.first) for one in penalties] - strengths * np.array(expected), 0.0)
    steps = np.array([penalty.second is not None for penalty in penalties])
    found = np.empty(len(penalties))
    for kind in (steps, ~steps):
        of_all = (size[kind].sum() + _TINY) / (free[kind].sum() + _TINY)
        found[kind] = (free[kind] + BORROWED) / (size[kind] + BORROWED * of_all + _TINY**2)
    return np.clip(found, _LEAST, _MOST)
