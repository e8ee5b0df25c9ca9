"""Typed facts of `explain monitor`: two scoring runs compared, and the triggers that fired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from northstar_explain.model.evaluation import Figures
from northstar_explain.model.evaluation.facts_codec import to_json
from northstar_explain.model.evaluation.limits import PSI_REVIEW
from northstar_explain.model.monitoring.expected_facts import Calibration, ExpectedPerformance, Interval90


@dataclass(frozen=True)
class RunSizes:
    """Customers of the two runs.

    Attributes
    ----------
    old, new : int
        In each run.
    both : int
        In both runs.
    """

    old: int
    new: int
    both: int


@dataclass(frozen=True)
class ScoreDrift:
    """Drift of the deciles, new run against old run.

    Attributes
    ----------
    psi : float
        Population stability index (Siddiqi 2006).
    n : int
        Customers of the new run.
    threshold : float or None
        PSI beyond which the drift is neither small nor due to chance; None where a run has no customers.
    shifted : bool
        Whether the PSI is above the threshold.
    """

    psi: float
    n: int
    threshold: float | None
    shifted: bool

    @property
    def large(self) -> bool:
        """Whether the model needs a review, as of `FeatureDrift`."""
        return self.shifted and self.psi >= PSI_REVIEW


@dataclass(frozen=True)
class FeatureDrift:
    """Drift of a feature, new run against training, from the run report.

    Attributes
    ----------
    psi : float
    n : int
        Customers of the run.
    bins : int
        Bins that hold a customer of the run or of training.
    threshold : float
        PSI beyond which the drift is neither small nor due to chance.
    shifted : bool
    """

    psi: float
    n: int
    bins: int
    threshold: float
    shifted: bool

    @property
    def large(self) -> bool:
        """Whether the model needs a review: beyond its threshold, and beyond what is customary to only look at."""
        return self.shifted and self.psi >= PSI_REVIEW


@dataclass(frozen=True)
class SegmentShares:
    """A segment's size in the two runs.

    Attributes
    ----------
    id : str
    old, new : int
        Customers.
    old_share, new_share : float
        Of all customers of the run.
    moved : bool
        Whether the share changed by more than the limit and by more than chance.
    """

    id: str
    old: int
    new: int
    old_share: float
    new_share: float
    moved: bool


@dataclass(frozen=True)
class TermCount:
    """Customers whose first reason changed to a term."""

    term: str
    customers: int


@dataclass(frozen=True)
class DecileMove:
    """Customers who moved up, or down.

    Attributes
    ----------
    customers : int
    by : tuple of TermCount
        The terms of their new first reasons, the most frequent first.
    """

    customers: int
    by: tuple[TermCount, ...]


@dataclass(frozen=True)
class DecileMoves:
    """Customers of both runs by change of decile.

    Attributes
    ----------
    same : int
    up, down : DecileMove
    """

    same: int
    up: DecileMove
    down: DecileMove


@dataclass(frozen=True)
class RunSummary:
    """One of the runs given, by itself.

    Attributes
    ----------
    name : str
        Its file.
    customers : int
    segments : mapping of str to int
        Customers in each segment of the model.
    score_drift : ScoreDrift
        Of its probabilities against the training rows.
    expected : ExpectedPerformance or None
        None for a run without customers.
    """

    name: str
    customers: int
    segments: Mapping[str, int]
    score_drift: ScoreDrift
    expected: ExpectedPerformance | None


@dataclass(frozen=True)
class CellRates:
    """Predicted and actual rate in a decile or a segment.

    Attributes
    ----------
    by : str
        ``decile`` or ``segment``.
    name : str
    n : int
        Customers whose outcome is known.
    predicted_rate, actual_rate : float
    p_value : float
        Probability of a gap as large or larger in a sound month, two-sided, by the binomial distribution of the
        predicted rate. Rates that differ inside the cell vary less, so it errs on the side of silence.
    off : bool
        Whether the gap is beyond its limit, and beyond what chance allows for all cells together.
    """

    by: str
    name: str
    n: int
    predicted_rate: float
    actual_rate: float
    p_value: float
    off: bool


@dataclass(frozen=True)
class RunOutcomes:
    """The probabilities of a run against outcomes.

    Attributes
    ----------
    run : str
        The run that the outcomes are of: its file.
    n : int
        Customers whose outcome is known.
    unknown : int
        Customers whose outcome is not known.
    trained_share : float or None
        Share of those known that are in the table the model was made from, with the score they had there; None
        where the model folder does not say.
    base_rate : float
        Share with the outcome.
    predicted_rate : float
        Mean probability.
    predicted_interval : Interval90
        Where the share with the outcome lies in a sound month.
    calibration : Calibration
        As the outcomes show it.
    figures : Figures
        Every metric.
    cells : tuple of CellRates
        Deciles and segments with enough customers.
    alarms : tuple of str
        What is worse than it should be, in words.
    """

    run: str
    n: int
    unknown: int
    trained_share: float | None
    base_rate: float
    predicted_rate: float
    predicted_interval: Interval90
    calibration: Calibration
    figures: Figures
    cells: tuple[CellRates, ...]
    alarms: tuple[str, ...]


@dataclass(frozen=True)
class MonitorFacts:
    """The two latest runs compared, and all runs by themselves.

    Attributes
    ----------
    model_id : str
    runs : tuple of RunSummary
        In the order given, the two compared last.
    customers : RunSizes
    score_drift : ScoreDrift
    feature_drift : mapping of str to FeatureDrift, or None
        By feature; None without a run report.
    rejected_share : float or None
        Of the rows of the new run; None without a run report.
    rejected_reasons : tuple of str
        Why, the most frequent first, each with a row and its value.
    segments : tuple of SegmentShares
    migration : mapping of str to mapping of str to int
        Old segment to new segment to customers of both runs.
    deciles : DecileMoves
    outcomes : RunOutcomes or None
        None without outcomes.
    triggers : tuple of str
        What fired, in words.
    """

    model_id: str
    runs: tuple[RunSummary, ...]
    customers: RunSizes
    score_drift: ScoreDrift
    feature_drift: Mapping[str, FeatureDrift] | None
    rejected_share: float | None
    rejected_reasons: tuple[str, ...]
    segments: tuple[SegmentShares, ...]
    migration: Mapping[str, Mapping[str, int]]
    deciles: DecileMoves
    outcomes: RunOutcomes | None
    triggers: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The facts as `explain monitor --json` prints them: metrics of the outcomes stand beside their counts."""
        data: dict[str, Any] = to_json(self)
        if data["outcomes"] is not None:
            figures, alarms = (data["outcomes"].pop(name) for name in ("figures", "alarms"))
            data["outcomes"] |= {**figures["values"], "intervals": figures["intervals"], "alarms": alarms}
        return data
