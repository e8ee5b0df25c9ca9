"""Typed facts of `explain monitor`: two scoring runs compared, and the triggers that fired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from northstar_explain.model.evaluation import Figures
from northstar_explain.model.evaluation.facts_codec import to_json


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
class RunOutcomes:
    """The probabilities of the old run against outcomes.

    Attributes
    ----------
    n : int
        Customers whose outcome is known.
    unknown : int
        Customers whose outcome is not known.
    base_rate : float
        Purchase rate.
    predicted_rate : float
        Mean probability.
    figures : Figures
        Every metric.
    alarms : tuple of str
        What is worse than on the holdout, in words.
    """

    n: int
    unknown: int
    base_rate: float
    predicted_rate: float
    figures: Figures
    alarms: tuple[str, ...]


@dataclass(frozen=True)
class MonitorFacts:
    """Two runs compared.

    Attributes
    ----------
    model_id : str
    customers : RunSizes
    score_drift : ScoreDrift
    feature_drift : mapping of str to FeatureDrift, or None
        By feature; None without a run report.
    rejected_share : float or None
        Of the rows of the new run; None without a run report.
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
    customers: RunSizes
    score_drift: ScoreDrift
    feature_drift: Mapping[str, FeatureDrift] | None
    rejected_share: float | None
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
