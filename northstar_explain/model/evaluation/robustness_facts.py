"""Agreement between bags, and the response to values beyond the training range; on the holdout."""

from __future__ import annotations

from dataclasses import dataclass

from northstar_explain.model.evaluation.retraining_facts import Retraining


@dataclass(frozen=True)
class ProbabilitySpread:
    """Standard deviation of a customer's probability over the bags.

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
        EBMs that are averaged.
    n : int
        Customers scored by each of them.
    probability_spread : ProbabilitySpread
        How much bags differ.
    same_flag : float
        Share of customers with the same `flag_f1` by one bag as by the model; mean over bags.
    same_decile : float
        The same for the decile.
    same_top_reason : float
        The same for the theme of the strongest reason.
    same_top_three : float
        Share of the themes of the three reasons that are among those of one bag, too.
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
    """The response of the score when a numeric feature leaves the range seen in training.

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
    """How robust the score is.

    Attributes
    ----------
    bags : BagAgreement
        Agreement between the bags.
    out_of_range : tuple of RangeResponse
        By numeric feature.
    retraining : Retraining or None
        The model fitted again; null without ``--deep``.
    """

    bags: BagAgreement
    out_of_range: tuple[RangeResponse, ...]
    retraining: Retraining | None
