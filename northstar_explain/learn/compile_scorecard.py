"""Compiling a fitted EBM into a scorecard: its tables, read bin by bin, those of missing and unseen values too."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from interpret.glassbox import ExplainableBoostingClassifier

from northstar_explain.contract.features import Contract
from northstar_explain.learn.fit_purchase_model import RARE, rare_values
from northstar_explain.learn.word_reasons import with_reasons
from northstar_explain.model.scorecard import Bins, CategoryBins, NumberBins, Scorecard, Term


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
            )
        )
    # Two classes share one intercept and one table: the log-odds of the second.
    return with_reasons(Scorecard(float(ebm.intercept_[0]), tuple(terms)), contract)


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
