"""Whether the customers of a run are like those of training: the population stability index, per feature.

PSI adds (share now - share then) * ln(share now / share then) over bins (Siddiqi 2006, Credit Risk Scorecards). The
customary limits stand in `model.evaluation.limits`. But without any shift PSI is about (1/n + 1/m) times a variable
that is chi-squared with bins - 1 degrees of freedom (Yurdakul and Naranjo 2020, Statistical properties of the
population stability index): with 20 bins, 1,000 customers reach 0.02 on average and 100 reach 0.2. So the threshold is
the larger of `PSI_LOOK` and what chance exceeds once in 1,000.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from northstar_explain.model.evaluation.limits import PSI_LOOK
from northstar_explain.model.lookup import Lookup
from northstar_explain.model.scorecard import MISSING, Bins, NumberBins, Scorecard

_GROUPS = 10  # of a numeric feature, missing and unseen apart
_NORMAL_999 = 3.090232306167813  # of the standard normal, what one in 1,000 exceeds


@dataclass(frozen=True)
class Drift:
    """How far a feature has moved.

    Attributes
    ----------
    psi : float
    n : int
        Customers it is taken over.
    bins : int
        Bins that hold a customer, now or then.
    threshold : float
        What no longer passes for chance or for a small shift.
    """

    psi: float
    n: int
    bins: int
    threshold: float

    @property
    def shifted(self) -> bool:
        """Whether it moved."""
        return self.psi > self.threshold


def drift(scorecard: Scorecard, lookup: Lookup, bins: dict[str, np.ndarray]) -> dict[str, Drift]:
    """Compare a run with training, feature by feature.

    Parameters
    ----------
    scorecard : Scorecard
        Holds how many training customers fell into each bin.
    lookup : Lookup
    bins : dict
        Feature to customers of the run in each of its fine bins; empty where no row was scored.

    Returns
    -------
    dict of str to Drift
    """
    drifts = {}
    for feature, now in bins.items():
        axis, then = _training(scorecard, feature)
        # The run counts fine bins, shared by all terms of a feature; they nest within the bins of any one term.
        now = np.bincount(lookup.axes[feature].bin_of(axis), weights=now, minlength=axis.count)
        groups = _groups(axis, then)
        drifts[feature] = stability(np.bincount(groups, weights=then), np.bincount(groups, weights=now))
    return drifts


def stability(then: np.ndarray, now: np.ndarray) -> Drift:
    """The population stability index of two counts over the same bins.

    Parameters
    ----------
    then, now : ndarray, shape (bins,)
        Customers in each bin. Half a customer is added to each, so that an empty bin has a logarithm.

    Returns
    -------
    Drift
    """
    some = (then > 0) | (now > 0)
    m, n, bins = float(then.sum()), int(now.sum()), int(some.sum())
    # Half a customer per bin keeps the logarithm finite where a bin is empty on one side.
    before, after = (x[some] + 0.5 for x in (then, now))
    before, after = before / before.sum(), after / after.sum()
    psi = float(((after - before) * np.log(after / before)).sum())
    # Without rows on one side nothing can be said, so nothing is reported as a shift.
    chance = (1 / m + 1 / n) * _chi_squared_999(bins - 1) if m and n else math.inf
    return Drift(psi, n, bins, max(PSI_LOOK, chance))


def _chi_squared_999(freedom: int) -> float:
    """What a chi-squared variable exceeds once in 1,000 (Wilson and Hilferty 1931)."""
    if freedom < 1:
        return 0.0
    spread = 2 / (9 * freedom)
    return float(freedom * (1 - spread + _NORMAL_999 * math.sqrt(spread)) ** 3)


def _training(scorecard: Scorecard, feature: str) -> tuple[Bins, np.ndarray]:
    """A feature's bins and the training customers in each; its own term's, or the margin of a pair's."""
    # The term with the fewest axes: the margin of a pair sums over cells and is only used where there is nothing else.
    terms = [term for term in scorecard.terms if feature in term.features]
    term = min(terms, key=lambda term: len(term.axes))
    place = term.features.index(feature)
    others = tuple(axis for axis in range(len(term.axes)) if axis != place)
    return term.axes[place], term.customers.sum(axis=others)


def _groups(bins: Bins, then: np.ndarray) -> np.ndarray:
    """The group of each bin: neighbours together until they hold a tenth of training; missing and unseen apart."""
    # Categories have no neighbours to be merged with.
    if not isinstance(bins, NumberBins):
        return np.arange(bins.count)
    known = then[1:-1]
    below = np.concatenate([[0.0], np.cumsum(known)[:-1]])
    tenth = np.minimum(below * _GROUPS // max(known.sum(), 1), _GROUPS - 1).astype(np.intp)
    return np.concatenate([[MISSING], 1 + tenth, [1 + _GROUPS]])
