"""Directions that a contract could give: features whose free shape rises or falls almost everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Contract
from northstar_explain.model.evaluation.rival_facts import ProposedDirection
from northstar_explain.model.scorecard import NumberBins, Scorecard, Term, sigmoid

# What a direction would take away, of the variance of the shape over customers: more is a shape of its own.
_MOST_LOST = 0.1
# Standard deviation over customers, in log-odds: a flatter shape has no direction to speak of.
_FLAT = 0.05


def propose_directions(
    scorecard: Scorecard, contract: Contract, columns: Columns, label: np.ndarray
) -> tuple[ProposedDirection, ...]:
    """Find shapes that all but have a direction, and what it would cost them.

    Parameters
    ----------
    scorecard : Scorecard
    contract : Contract
        Features with a direction are left out.
    columns : mapping
        The validation rows.
    label : ndarray of 0 and 1, shape (n,)

    Returns
    -------
    tuple of ProposedDirection
        Those that cost no more than one standard error of log loss, in the order of the scorecard. The cost is that of
        the nearest monotone shape (isotonic regression, Barlow et al. 1972); pairs stay as they are, and an EBM fitted
        with the direction may do better.
    """
    logit = scorecard.logit(scorecard.contributions(columns)[1])
    free = {feature.name for feature in contract.model_features if feature.monotone is None}
    found = [
        _proposed(term, logit, columns, label)
        for term in scorecard.terms
        if len(term.axes) == 1 and isinstance(term.axes[0], NumberBins) and term.axes[0].feature in free
    ]
    return tuple(one for one in found if one is not None and one.log_loss <= one.log_loss_error)


def _proposed(term: Term, logit: np.ndarray, columns: Columns, label: np.ndarray) -> ProposedDirection | None:
    points, customers = term.points[1:-1], term.customers[1:-1]
    if len(points) < 2 or not customers.sum():
        return None
    spread = float(customers @ (points - np.average(points, weights=customers)) ** 2)
    if spread < _FLAT**2 * customers.sum():
        return None
    shapes = {name: sign * _rising(sign * points, customers) for name, sign in (("up", 1.0), ("down", -1.0))}
    lost = {name: float(customers @ (points - shape) ** 2) / spread for name, shape in shapes.items()}
    direction = min(lost, key=lambda name: lost[name])
    if lost[direction] > _MOST_LOST:
        return None
    monotone = replace(term, points=np.concatenate([term.points[:1], shapes[direction], term.points[-1:]]))
    change = monotone.points[term.index(columns)] - term.points[term.index(columns)]
    costs = _log_loss(logit + change, label) - _log_loss(logit, label)
    error = float(costs.std() / np.sqrt(len(costs)))
    return ProposedDirection(term.axes[0].feature, direction, lost[direction], float(costs.mean()), error)


def _rising(points: np.ndarray, customers: np.ndarray) -> np.ndarray:
    from sklearn.isotonic import isotonic_regression

    # Bins without customers have next to no weight, and none would be an error.
    rising: np.ndarray = isotonic_regression(points, sample_weight=np.maximum(customers, 1e-6))
    return rising


def _log_loss(logit: np.ndarray, label: np.ndarray) -> np.ndarray:
    probability = np.clip(sigmoid(logit), 1e-15, 1 - 1e-15)
    loss: np.ndarray = -np.log(np.where(label == 1, probability, 1 - probability))
    return loss


def direction_lines(proposed: Sequence[ProposedDirection]) -> list[str]:
    """What training says of the proposals; nothing where there are none."""
    if not proposed:
        return []
    return ["shapes that all but have a direction, which the contract could give:", *(f"  {one}" for one in proposed)]
