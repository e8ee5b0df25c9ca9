"""95% intervals of what a feature adds to the log-odds by itself, for each bin of the scorecard.

The points of an EBM are drawn towards zero, and features that move together share what one of them does: how much its
bags differ says nothing of that. The interval comes from the likelihood of the same rows instead: `fit_additive` on
groups of the scorecard's bins, with its pairs as they are. It is of the effect of a feature with all others held fixed,
and need not be centred on the points: where it does not hold them, the scorecard gives some of the effect to other
features, or is smoother than the rows say. Coverage is measured by `python -m benchmarks.interval_coverage`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Contract
from northstar_explain.learn.fit_additive import Groups, fit_additive
from northstar_explain.model.scorecard import MISSING, NumberBins, Scorecard, Term

# 97.5% of a normal distribution lie below.
Z95 = 1.959963984540054
MOST_GROUPS = 40
# Of all features together: time grows with the cube.
ALL_GROUPS = 1_200
# With more features, those that matter most have intervals, beside the others as they are.
MOST_FEATURES = 60
_DIGITS = 9  # of the bounds: the later ones depend on the order of sums


def with_intervals(
    scorecard: Scorecard, contract: Contract, columns: Columns, label: np.ndarray, together: np.ndarray | None = None
) -> Scorecard:
    """The scorecard with an interval for each bin of its single features.

    Parameters
    ----------
    scorecard : Scorecard
    contract : Contract
        Says which categories are in order.
    columns : mapping
        The training rows.
    label : ndarray of 0 and 1, shape (n,)
    together : ndarray, shape (n,), optional
        What each row belongs to, where rows of one customer are not independent.

    Returns
    -------
    Scorecard
        The same points. The interval of a bin has the level of the points: their mean over the training customers. It
        is NaN in a bin without customers.
    """
    single = sorted(
        (at for at, term in enumerate(scorecard.terms) if len(term.axes) == 1),
        key=lambda at: (-scorecard.terms[at].importance, at),
    )[:MOST_FEATURES]
    if not single:
        return scorecard
    most = max(min(MOST_GROUPS, ALL_GROUPS // len(single)), 2)
    grouped, terms = {}, list(scorecard.terms)
    others, logit = (np.full(len(label), scorecard.intercept) for _ in range(2))
    for at, term in enumerate(terms):
        places = term.index(columns)
        logit += (added := term.points.ravel()[places])
        if at in single:
            grouped[at] = _grouped(term, places, most, contract)
        else:
            others += added
    with threadpool_limits(limits=1):  # the same bytes, however many cores are free
        effects, covariances = fit_additive([group for group, _ in grouped.values()], label, others, logit, together)
    for (at, (group, of_bin)), effect, covariance in zip(grouped.items(), effects, covariances, strict=True):
        terms[at] = replace(terms[at], interval=_interval(terms[at], group, of_bin, effect, covariance))
    return replace(scorecard, terms=tuple(terms))


def _grouped(term: Term, places: np.ndarray, most: int, contract: Contract) -> tuple[Groups, np.ndarray]:
    """Groups of neighbouring bins, and the group of each bin: -1 for a bin without customers."""
    (axis,) = term.axes
    ordered = isinstance(axis, NumberBins) or contract[axis.feature].kind.has_order
    counts = np.bincount(places, minlength=term.points.size)
    filled = np.flatnonzero(counts)
    known = filled[filled != MISSING]
    number = np.arange(len(known))
    if ordered and len(known) > most:
        # Neighbours share a group until it has its share of the customers.
        before = np.cumsum(counts[known]) - counts[known]
        number = np.unique(before * most // counts[known].sum(), return_inverse=True)[1]
    unknown = bool(counts[MISSING])
    of_bin = np.full(len(counts), -1)
    of_bin[known] = number + unknown
    if unknown:
        of_bin[MISSING] = 0
    return Groups(of_bin[places], np.bincount(of_bin[filled], counts[filled]), unknown, ordered), of_bin


def _interval(term: Term, groups: Groups, of_bin: np.ndarray, effect: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Lower and upper bound of each bin, shape (2, bins)."""
    share = groups.customers / groups.customers.sum()
    centre = np.eye(len(share)) - share  # from the mean over the customers
    error = np.sqrt(np.maximum((centre @ covariance @ centre.T).diagonal(), 0.0))
    filled = of_bin >= 0
    group, points = of_bin[filled], term.points[filled]
    mean = np.bincount(group, points * term.customers[filled]) / np.bincount(group, term.customers[filled])
    # Between the bins of one group, what the points say.
    middle = points + (effect - share @ effect + share @ mean - mean)[group]
    interval = np.full((2, len(of_bin)), np.nan)
    interval[:, filled] = np.round([middle - Z95 * error[group], middle + Z95 * error[group]], _DIGITS)
    return interval
