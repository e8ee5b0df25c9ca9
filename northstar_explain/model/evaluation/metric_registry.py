"""The metrics of a score, described once; `evaluate.holdout_metrics` has the function of each.

To add a metric, add an entry here and a function there. It is then measured for the model and every baseline, stored in
`evaluation.json`, and shown by `explain show`, the comparison memo and the audit pack.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

TERMINAL, MEMO, AUDIT = "terminal", "memo", "audit"
PLACES = (TERMINAL, MEMO, AUDIT)


@dataclass(frozen=True)
class Metric:
    """The description of a metric.

    Attributes
    ----------
    key : str
        In `evaluation.json`.
    label : str
        Name in reports.
    meaning : str
        What it measures, in one sentence without a full stop.
    unit : str
        What the number counts: ``"share"``, ``"ratio"``, or nothing.
    format : str
        How the memo prints it; the terminal and the audit pack print four decimals.
    interval : bool
        Whether it gets a bootstrap interval.
    overstated : bool
        Whether each bootstrap draw overstates it, as it does a mean of absolute gaps; its interval is then corrected
        for bias.
    places : tuple of str
        Reports that list it: ``TERMINAL``, ``MEMO``, ``AUDIT``.
    core : bool
        Whether every folder of this format has it; a metric added later may be missing in older folders.
    """

    key: str
    label: str
    meaning: str
    unit: str = ""
    format: str = "{:.3f}"
    interval: bool = True
    overstated: bool = False
    places: tuple[str, ...] = PLACES
    core: bool = False


def _core(
    key: str,
    label: str,
    meaning: str,
    unit: str = "",
    format: str = "{:.3f}",
    interval: bool = True,
    overstated: bool = False,
    places: tuple[str, ...] = PLACES,
) -> Metric:
    return Metric(key, label, meaning, unit, format, interval, overstated, places, core=True)


ROC_AUC = _core("roc_auc", "ROC-AUC", "how often a row with the outcome is ranked above one without; 0.5 is chance")
AVERAGE_PRECISION = _core(
    "average_precision", "Average precision", "precision averaged over recall; chance reaches the base rate"
)
F1 = _core("f1", "F1 of the flag", "harmonic mean of precision and recall of the flag")
PRECISION = _core(
    "precision", "Precision of the flag", "share of those flagged that have the outcome", "share", "{:.0%}"
)
RECALL = _core("recall", "Recall of the flag", "share of those with the outcome that are flagged", "share", "{:.0%}")
BRIER = _core(
    "brier", "Brier score", "mean squared error of the probability; lower is better", places=(TERMINAL, AUDIT)
)
BRIER_SKILL = _core(
    "brier_skill", "Brier skill", "relative reduction of the base rate's squared error", "share", places=(AUDIT,)
)
ECE = _core(
    "ece", "Calibration error", "mean gap between predicted and actual rate over ten bins", "share", overstated=True
)
LIFT_QUALITY = _core("lift_quality", "Lift quality", "twice the ROC-AUC less one; chance is 0", places=(AUDIT,))
_LIFT, _CAPTURE = "outcome rate there over that of all", "share of all outcomes found there"
LIFT_10 = _core("lift_10", "Lift, best 10%", _LIFT, "ratio", "{:.2f}")
LIFT_20 = _core("lift_20", "Lift, best 20%", _LIFT, "ratio", "{:.2f}", places=(TERMINAL,))
LIFT_30 = _core("lift_30", "Lift, best 30%", _LIFT, "ratio", "{:.2f}", places=(TERMINAL,))
CAPTURE_10 = _core("capture_10", "Capture, best 10%", _CAPTURE, "share", "{:.0%}", places=(AUDIT,))
CAPTURE_20 = _core("capture_20", "Capture, best 20%", _CAPTURE, "share", "{:.0%}", places=(MEMO,))
CAPTURE_30 = _core("capture_30", "Capture, best 30%", _CAPTURE, "share", "{:.0%}", places=(AUDIT,))

# By key, in reporting order.
METRICS: dict[str, Metric] = {
    one.key: one
    for one in (
        ROC_AUC, AVERAGE_PRECISION, F1, PRECISION, RECALL, BRIER, BRIER_SKILL, ECE, LIFT_QUALITY,
        LIFT_10, LIFT_20, LIFT_30, CAPTURE_10, CAPTURE_20, CAPTURE_30,
    )
}  # fmt: skip


@dataclass(frozen=True)
class Reference:
    """A number of the holdout that metrics are compared with, the same for every score.

    Attributes
    ----------
    key : str
        Its field in `purchase_facts.Holdout`; ``KEY_interval`` is its interval where there is one.
    label, meaning : str
    """

    key: str
    label: str
    meaning: str


REFERENCES: tuple[Reference, ...] = (
    Reference("base_rate", "Base rate", "share of the holdout with the outcome"),
    Reference("threshold", "Threshold", "probability from which a row is flagged"),
    Reference("f1_everyone", "F1 of flagging every row", "what the flag must beat"),
    Reference("brier_base_rate", "Brier score of the base rate", "what the probability must beat"),
)


def listed(place: str) -> Iterator[Metric]:
    """The metrics that a report lists."""
    return (one for one in METRICS.values() if place in one.places)
