"""What other bags, and values beyond those seen, would change; on the holdout."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ProbabilitySpread:
    """Standard deviation over bags of a customer's probability.

    Attributes
    ----------
    mean : float
        Over customers.
    p95 : float
        95th percentile over customers.
    """

    mean: float
    p95: float


@dataclass(frozen=True)
class BagAgreement:
    """Customers scored by each outer bag alone, against the mean of all bags.

    Attributes
    ----------
    bags : int
        Models that are averaged.
    n : int
        Customers scored by each of them alone.
    probability_spread : ProbabilitySpread
        How far bags differ.
    same_flag : float
        Share of customers whom a bag alone gives the same flag; mean over bags.
    same_decile : float
        The same for the decile.
    same_top_reason : float
        The same for the strongest term.
    same_top_three : float
        Of the three strongest terms, share that a bag alone names, too.
    """

    bags: int
    n: int
    probability_spread: ProbabilitySpread
    same_flag: float
    same_decile: float
    same_top_reason: float
    same_top_three: float


@dataclass(frozen=True)
class RangeResponse:
    """What the score does when a numeric feature leaves the range seen in training.

    Attributes
    ----------
    feature : str
        Its column.
    seen_low : float
        Lowest value in training.
    seen_high : float
        Highest value in training.
    below : float
        Mean change of the probability when all customers lie far below.
    above : float
        Mean change of the probability when all customers lie far above.
    largest : float
        Largest change of one customer, either way.
    """

    feature: str
    seen_low: float
    seen_high: float
    below: float
    above: float
    largest: float


@dataclass(frozen=True)
class RobustnessFacts:
    """How far a score can be relied on.

    Attributes
    ----------
    bags : BagAgreement
        What another bag would have said.
    out_of_range : tuple of RangeResponse
        By numeric feature.
    """

    bags: BagAgreement
    out_of_range: tuple[RangeResponse, ...]
