"""How large a control group must be for an uplift to be detected, in an audience of a given size."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

SIGNIFICANCE = 0.05  # two-sided


def power_of(treated: int, control: int, base_rate: float, uplift: float) -> float:
    """Probability to detect an uplift of the purchase rate, by the two-sided z-test with groups of two sizes.

    Parameters
    ----------
    treated, control : int
        Customers in each group.
    base_rate : float
        Purchase rate of the control, 0 to 1.
    uplift : float
        Difference of the treated's, in the same unit.

    Returns
    -------
    float
        With unpooled variances (Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, ch. 4).

    Examples
    --------
    >>> round(power_of(5_000, 2_500, 0.18, 0.03), 3)
    0.878
    """
    if not treated or not control:
        return 0.0
    other = min(base_rate + uplift, 1.0)
    error = sqrt(other * (1.0 - other) / treated + base_rate * (1.0 - base_rate) / control)
    # Everybody or nobody buys in each group: any difference is then certain.
    if error == 0.0:
        return 1.0
    normal = NormalDist()
    return normal.cdf(uplift / error - normal.inv_cdf(1.0 - SIGNIFICANCE / 2))


def control_needed(customers: int, base_rate: float, uplift: float, power: float) -> int:
    """The smallest control group within an audience that detects an uplift; half of the audience where none does.

    Parameters
    ----------
    customers : int
        The audience, control included.
    base_rate, uplift : float
        As of `power_of`.
    power : float
        Wanted.

    Returns
    -------
    int
    """
    low, high = min(1, customers // 2), customers // 2
    # Power grows with the control group until both groups are about equal.
    while low < high:
        middle = (low + high) // 2
        if power_of(customers - middle, middle, base_rate, uplift) >= power:
            high = middle
        else:
            low = middle + 1
    return high
