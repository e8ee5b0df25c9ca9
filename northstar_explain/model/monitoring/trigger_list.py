"""Every trigger of `explain monitor` in words, for the reports that announce them.

A test compares the limits named here with those that `evaluate/monitoring/` compares with: none is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from northstar_explain.model.evaluation import limits


@dataclass(frozen=True)
class Trigger:
    """A condition on which `explain monitor` asks for a review.

    Attributes
    ----------
    words : str
        The condition with its limits.
    limits : tuple of str
        The names of these in `model.evaluation.limits`.
    """

    words: str
    limits: tuple[str, ...]


def monitor_triggers() -> tuple[Trigger, ...]:
    """The triggers, in the order in which a run is examined."""
    gap, cell = limits.points(limits.MONITOR_CALIBRATION_GAP), limits.points(limits.MONITOR_CELL_GAP)
    return (
        Trigger(f"More than {limits.REJECTED_SHARE:.0%} of the rows rejected.", ("REJECTED_SHARE",)),
        Trigger(
            f"Two runs that share fewer than {limits.MONITOR_SHARED_CUSTOMERS:.0%} of the smaller one's ids.",
            ("MONITOR_SHARED_CUSTOMERS",),
        ),
        Trigger(
            f"A feature or the score whose population stability index is beyond chance and {limits.PSI_LOOK:g} or "
            f"more: inspect it; from {limits.PSI_REVIEW:g} on: review the model (Siddiqi 2006).",
            ("PSI_LOOK", "PSI_REVIEW"),
        ),
        Trigger(
            f"A segment whose share of the rows changes by more than {limits.MONITOR_SEGMENT_CHANGE:.0%} of itself.",
            ("MONITOR_SEGMENT_CHANGE", "CHANCE_Z"),
        ),
        Trigger(
            f"Features with an index of {limits.PSI_REVIEW:g} or more that hold more than "
            f"{limits.MONITOR_DRIFTED_IMPORTANCE:.0%} of all importance: no performance can be estimated then.",
            ("MONITOR_DRIFTED_IMPORTANCE", "PSI_REVIEW"),
        ),
        Trigger(
            f"A ROC-AUC, expected or measured, more than {limits.MONITOR_AUC_DROP:g} below the holdout's.",
            ("MONITOR_AUC_DROP",),
        ),
        Trigger(
            f"Outcomes more than {gap} from the predicted rate, or {cell} in a decile or a segment; or a calibration "
            f"slope more than {limits.MONITOR_SLOPE_GAP:g} from 1.",
            ("MONITOR_CALIBRATION_GAP", "MONITOR_CELL_GAP", "MONITOR_SLOPE_GAP", "CHANCE_Z", "MONITOR_CELLS_CHANCE"),
        ),
    )
