"""Compiling a fitted EBM into a scorecard: its tables, read bin by bin, those of missing and unseen values too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from interpret.glassbox import ExplainableBoostingClassifier

from northstar_explain.contract.features import Contract
from northstar_explain.learn.fit_purchase_model import RARE, rare_values
from northstar_explain.model.scorecard import MISSING, Bins, CategoryBins, NumberBins, Scorecard, Term
from northstar_explain.model.wording import capital, either, range_words

_NAMED = 8  # values of one bin that a reason names


class Bags(NamedTuple):
    """The EBM's bags, of which the scorecard is the mean.

    Attributes
    ----------
    intercepts : ndarray of float, shape (bags,)
    points : tuple of ndarray, each of shape (bags, bins of the term)
    """

    intercepts: np.ndarray
    points: tuple[np.ndarray, ...]


def bags_of(ebm: ExplainableBoostingClassifier) -> Bags:
    """Each bag's own points, bin by bin as the scorecard's."""
    points = tuple(np.asarray(scores, dtype=np.float64) for scores in ebm.bagged_scores_)
    return Bags(np.asarray(ebm.bagged_intercept_, dtype=np.float64).ravel(), points)


def compile_ebm(ebm: ExplainableBoostingClassifier, contract: Contract) -> Scorecard:
    """Read the points of a fitted EBM.

    Parameters
    ----------
    ebm : ExplainableBoostingClassifier
        Fitted on two classes.
    contract : Contract
        Its words are used in the reasons.

    Returns
    -------
    Scorecard
        Its probabilities equal the EBM's `predict_proba` within 1e-12.
    """
    terms = []
    for place, features in enumerate(ebm.term_features_):
        axes = tuple(_axis(ebm, feature, len(features)) for feature in features)
        points = ebm.term_scores_[place]
        terms.append(
            Term(
                axes=axes,
                points=np.asarray(points, dtype=np.float64),
                spread=np.asarray(ebm.standard_deviations_[place], dtype=np.float64),
                customers=np.asarray(ebm.bin_weights_[place], dtype=np.float64),
                reasons=tuple(
                    _reason(axes, where, float(points[where]), contract) for where in np.ndindex(points.shape)
                ),
            )
        )
    # Two classes share one intercept and one table: the log-odds of the second.
    return Scorecard(float(ebm.intercept_[0]), tuple(terms))


def _axis(ebm: ExplainableBoostingClassifier, feature: int, width: int) -> Bins:
    # Each feature has bins for main terms and, where they differ, coarser ones for pairs.
    levels = ebm.bins_[feature]
    bins = levels[min(width, len(levels)) - 1]
    name = ebm.feature_names_in_[feature]
    if isinstance(bins, dict):
        values = {str(value): int(at) for value, at in bins.items()}
        if rare := rare_values(ebm).get(name):
            values |= dict.fromkeys(rare, values.pop(RARE))
        return CategoryBins(name, values)
    return NumberBins(name, np.asarray(bins, dtype=np.float64))


def _reason(axes: Sequence[Bins], where: Sequence[int], points: float, contract: Contract) -> str:
    words = " with ".join(_bin_words(axis, bin, contract) for axis, bin in zip(axes, where, strict=True))
    push = "raised it" if points > 0 else "lowered it" if points < 0 else "made no difference"
    return f"{capital(words)} {push}"


def _bin_words(axis: Bins, bin: int, contract: Contract) -> str:
    feature = contract[axis.feature]
    if bin == MISSING:
        return f"{feature.words} unknown"
    if bin == axis.count - 1:
        return f"{feature.words} not seen in training"
    if isinstance(axis, NumberBins):
        return range_words(feature, *axis.bounds(bin), contract.currency)
    members = axis.members(bin)
    # More of them are the rare values that count as one.
    one_of = either(members) if len(members) <= _NAMED else f"one of {len(members):,} rare values"
    return f"{feature.words} {one_of}"
