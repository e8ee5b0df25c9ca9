"""A score's figures: a value per metric, and its interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from northstar_explain.errors import Fault
from northstar_explain.model.evaluation import metric_registry
from northstar_explain.model.evaluation.facts_codec import FactError
from northstar_explain.model.evaluation.metric_registry import Metric


class Interval(NamedTuple):
    """The two ends of a 95% interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Figures:
    """The metrics of one score, looked up by metric (``figures[ROC_AUC]``).

    Attributes
    ----------
    values : mapping of str to float
        Each metric by its key.
    intervals : mapping of str to Interval
        The 95% percentile interval over the bootstrap draws; corrected for bias for a metric that every draw
        overstates.

    Raises
    ------
    FactError
        When a key is not a metric, or a metric that every folder must have is missing.
    """

    values: Mapping[str, float]
    intervals: Mapping[str, Interval]

    def __post_init__(self) -> None:
        # Looked up at run time: a metric may be added to the registry after import.
        known = metric_registry.METRICS
        faults = [_fault(f"{of}.{key}", "a metric", "an unknown key") for of, key in self._unknown(known)]
        for key, metric in known.items():
            if metric.core and key not in self.values:
                faults.append(_fault(f"values.{key}", "a number", "nothing: the field is missing"))
            if metric.core and metric.interval and key not in self.intervals:
                faults.append(_fault(f"intervals.{key}", "a list of 2", "nothing: the field is missing"))
        if faults:
            raise FactError(tuple(faults))

    def _unknown(self, known: Mapping[str, Metric]) -> Iterator[tuple[str, str]]:
        for of, keys in (("values", self.values), ("intervals", self.intervals)):
            yield from ((of, key) for key in keys if key not in known)

    def __getitem__(self, metric: Metric) -> float:
        return self.values[metric.key]

    def interval(self, metric: Metric) -> Interval | None:
        """The interval of a metric; None where it has none."""
        return self.intervals.get(metric.key)

    def listed(self, place: str) -> tuple[Metric, ...]:
        """The measured metrics that a report lists."""
        return tuple(one for one in metric_registry.listed(place) if one.key in self.values)


def _fault(where: str, expected: str, got: str) -> Fault:
    return Fault(where, expected, got, "Train the model again with this version.")
