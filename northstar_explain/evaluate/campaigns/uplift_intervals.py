"""Intervals of an uplift and of the money it brings, and tests that two groups were alike."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats

from northstar_explain.metrics import wilson
from northstar_explain.model.evaluation.figure_facts import Interval

# Below this, the chi-squared approximation of a table's p-value is not used (Cochran 1954).
_LEAST_EXPECTED = 5.0


@dataclass(frozen=True)
class Counts:
    """Customers of two groups, and who of them bought.

    Attributes
    ----------
    treated, treated_bought, control, control_bought : int
    """

    treated: int
    treated_bought: int
    control: int
    control_bought: int

    @property
    def compared(self) -> bool:
        """Whether both groups have customers."""
        return self.treated > 0 and self.control > 0

    @property
    def uplift(self) -> float:
        """Difference of the purchase rates."""
        return self.treated_bought / self.treated - self.control_bought / self.control


def newcombe(counts: Counts) -> Interval:
    """95% interval of a difference of two rates by Newcombe's method 10 (1998, Statistics in Medicine 17:873-890).

    Parameters
    ----------
    counts : Counts
        With customers in both groups.

    Returns
    -------
    Interval
        Of the treated's rate less the control's.

    Examples
    --------
    >>> low, high = newcombe(Counts(70, 56, 80, 48))  # the paper's first example
    >>> round(low, 4), round(high, 4)
    (0.0524, 0.3339)
    """
    return _recovered(counts, 1.0, 1.0)


def money_interval(counts: Counts, per_treated_buyer: float, per_control_buyer: float, cost: float) -> Interval:
    """95% interval of what contacts earned: money from the treated, less what they would have brought, less the cost.

    The variances that Wilson's intervals imply are combined as in Newcombe's (Zou and Donner 2008, Statistics in
    Medicine 27:1693-1702).

    Parameters
    ----------
    counts : Counts
    per_treated_buyer, per_control_buyer : float
        What a purchase earns in either group.
    cost : float
        Of all contacts.
    """
    low, high = _recovered(counts, per_treated_buyer, per_control_buyer)
    return Interval(counts.treated * low - cost, counts.treated * high - cost)


def earned(counts: Counts, per_treated_buyer: float, per_control_buyer: float, cost: float) -> float:
    """What contacts earned; parameters as of `money_interval`."""
    without = counts.treated * counts.control_bought / counts.control
    return per_treated_buyer * counts.treated_bought - per_control_buyer * without - cost


def _recovered(counts: Counts, first: float, second: float) -> Interval:
    """Interval of first x treated rate - second x control rate."""
    one, one_low, one_high = _scaled(counts.treated_bought, counts.treated, first)
    other, other_low, other_high = _scaled(counts.control_bought, counts.control, second)
    # Towards either end, one group can be at its lower end while the other is at its upper end.
    below = sqrt((one - one_low) ** 2 + (other_high - other) ** 2)
    above = sqrt((one_high - one) ** 2 + (other - other_low) ** 2)
    return Interval(one - other - below, one - other + above)


def _scaled(bought: int, customers: int, factor: float) -> tuple[float, float, float]:
    """A rate times a factor, and its interval; the factor is negative where a voucher takes more than the margin."""
    low, high = sorted(factor * end for end in wilson(bought, customers))
    return factor * bought / customers, low, high


def missing_p_value(planned: tuple[int, int], known: tuple[int, int]) -> float:
    """p-value that customers are missing as often in one group as in the other: a sample ratio mismatch.

    Parameters
    ----------
    planned, known : tuple of int
        Customers of treated and control, in the plan and with an outcome.

    Returns
    -------
    float
        Of the chi-squared test without correction, or Fisher's exact test where few are expected in a cell; 1 where
        nobody is missing. Fabijan et al. (2019, KDD, Diagnosing Sample Ratio Mismatch) stop an analysis on it.
    """
    table = np.array([known, np.subtract(planned, known)])
    if (table.sum(axis=1) == 0).any() or (table.sum(axis=0) == 0).any():
        return 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    if expected.min() < _LEAST_EXPECTED:
        return float(stats.fisher_exact(table).pvalue)
    return float(stats.chi2.sf(((table - expected) ** 2 / expected).sum(), 1))


def same_mean_p_value(treated: np.ndarray, control: np.ndarray) -> float:
    """p-value that the values of two groups have one mean (Welch 1947); 1 where either has fewer than two."""
    if min(len(treated), len(control)) < 2 or treated.std() + control.std() == 0.0:
        return 1.0
    return float(stats.ttest_ind(treated, control, equal_var=False).pvalue)
