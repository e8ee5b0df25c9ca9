"""The performance that `explain monitor` expects of a month, beside what the month then showed.

Run it with ``python -m benchmarks.monitor_estimates``. Months are those of `monitor_data`, and random halves of them:
a half has outcomes of its own, so that each is another test of interval and estimate. With ``--reference PYTHON`` the
same months and halves are also estimated by NannyML, in the environment of that interpreter (Python below 3.13).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.monitor_data import SERIES, Month, months
from benchmarks.monitor_peers.run_nannyml import nannyml_auc
from northstar_explain import metrics
from northstar_explain.evaluate.monitoring.calibration_fit import MONTHLY, USUAL, expected_of, of_rows
from northstar_explain.evaluate.monitoring.estimate_validity import drift_of_scores, reasons_against
from northstar_explain.evaluate.monitoring.expected_performance import expected_performance
from northstar_explain.evaluate.monitoring.run_drift import feature_drift
from northstar_explain.model.monitoring.expected_facts import ExpectedFigures

FIGURES = ("roc_auc", "average_precision", "brier", "f1", "positives")
MOST_ERROR, LOWEST, HIGHEST, MOST_VOID = 0.01, 0.88, 0.92, 0.2
HALVES = 10
_FEWEST = 50  # of both outcomes in a segment, else its ROC-AUC is noise


@dataclass(frozen=True)
class Compared:
    """One month, or a half of one: each figure expected and real, shape (5,), and what is true of the month."""

    series: str
    whole: bool
    void: bool
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    real: np.ndarray
    reference_auc: float

    @property
    def inside(self) -> np.ndarray:
        """Which figures lie in their intervals."""
        return (self.low <= self.real) & (self.real <= self.high)


def compare(month: Month, rows: np.ndarray, whole: bool, reference: Path | None) -> tuple[Compared, list[Compared]]:
    """Estimate some rows of a month, and compare with their outcomes: all of them, and by segment."""
    model, run = month.model, month.run
    probability, segments, label = run.probability[rows], run.segments[rows], month.label[rows]
    # Segments of whole months only: those of their halves would say little more, and take half of the time.
    ids = [one.id for one in model.segmentation.segments] if whole else []
    # The month as a whole decides, as it would in production: half of its rows drift as it does.
    report = run.report
    assert report is not None
    void = reasons_against(drift_of_scores(run.probability, model), feature_drift(report), model)
    calibration = expected_of(model.evaluation.purchase.reliability)
    facts = expected_performance(probability, segments, ids, model.purchase.threshold, calibration, seed=month.seed)
    peer = nannyml_auc(month, rows, reference) if reference else np.nan
    overall = _compared(
        month.series, whole, bool(void), facts.overall, label, probability, model.purchase.threshold, peer
    )
    inner = []
    for one in facts.segments:
        inside = segments == one.id
        hits = int(label[inside].sum())
        if one.figures is not None and min(hits, int(inside.sum()) - hits) >= _FEWEST:
            args = (one.figures, label[inside], probability[inside], model.purchase.threshold, np.nan)
            inner.append(_compared(month.series, whole, bool(void), *args))
    return overall, inner


def _compared(
    series: str, whole: bool, void: bool, figures: ExpectedFigures, label: np.ndarray, probability: np.ndarray,
    threshold: float, peer: float,
) -> Compared:  # fmt: skip
    expected = [getattr(figures, name) for name in FIGURES]
    real = np.array([
        metrics.roc_auc(label, probability),
        metrics.average_precision(label, probability),
        metrics.brier(label, probability),
        metrics.precision_recall_f1(label, probability >= threshold)[2],
        float(label.sum()),
    ])  # fmt: skip
    value, low, high = (
        np.array(values)
        for values in (
            [one.value for one in expected], [one.interval.low for one in expected],
            [one.interval.high for one in expected],
        )
    )  # fmt: skip
    return Compared(series, whole, void, value, low, high, real, peer)


def table(title: str, compared: Sequence[Compared]) -> None:
    """Print mean absolute error and coverage of every figure."""
    if not compared:
        return
    error = np.abs(np.array([one.value - one.real for one in compared]))
    # Positives as a share of those that came, as months differ in size.
    error[:, -1] /= np.maximum(1.0, np.array([one.real[-1] for one in compared]))
    inside = np.array([one.inside for one in compared]).mean(axis=0)
    cells = "".join(f"{mean:>11.4f}{share:>7.0%}" for mean, share in zip(error.mean(axis=0), inside, strict=True))
    print(f"{title:<34}{len(compared):>5}{cells}")


def report(overall: Sequence[Compared], segments: Sequence[Compared]) -> bool:
    """Print all tables; whether the bars are met."""
    print(
        f"mean absolute error and coverage of the 90% interval\n{'':<34}{'n':>5}"
        + "".join(f"{one:>18}" for one in FIGURES)
    )
    whole, halves = [one for one in overall if one.whole], [one for one in overall if not one.whole]
    for series in dict.fromkeys(one.series for one in overall):
        table(f"{series}, months", [one for one in whole if one.series == series])
        table(f"{series}, halves", [one for one in halves if one.series == series])
    table("all months", whole)
    table("all halves", halves)
    table("all", overall)
    table("all, without those void", [one for one in overall if not one.void])
    table("all, only those void", [one for one in overall if one.void])
    table("segments of months", segments)
    void = float(np.mean([one.void for one in whole]))
    error = float(np.mean([abs(one.value[0] - one.real[0]) for one in overall]))
    covered = float(np.mean([one.inside[0] for one in overall]))
    met = error <= MOST_ERROR and LOWEST <= covered <= HIGHEST and void <= MOST_VOID
    print(
        f"\nROC-AUC: mean absolute error {error:.4f} (bar {MOST_ERROR}), coverage {covered:.1%} (bar {LOWEST:.0%} to "
        f"{HIGHEST:.0%}), void {void:.0%} of the months (bar {MOST_VOID:.0%}): {'met' if met else 'not met'}"
    )
    peers = [one for one in overall if not np.isnan(one.reference_auc)]
    if peers:
        theirs = float(np.mean([abs(one.reference_auc - one.real[0]) for one in peers]))
        ours = float(np.mean([abs(one.value[0] - one.real[0]) for one in peers]))
        print(f"ROC-AUC, mean absolute error on the same {len(peers)}: ours {ours:.4f}, NannyML {theirs:.4f}")
    return met


def calibrations(seen: Sequence[tuple[str, float, float]]) -> None:
    """Print how far the calibration of a month is from right, by series."""
    taken = " and ".join(f"{np.hypot(*pair):.2f}" for pair in zip(USUAL, MONTHLY, strict=True))
    print(f"\ncalibration of months, root mean square of intercept and slope - 1 (the method takes {taken})")
    for series in dict.fromkeys(name for name, *_ in seen):
        values = np.array([(intercept, slope - 1) for name, intercept, slope in seen if name == series])
        print(f"{series:<34}{len(values):>5}" + "".join(f"{one:>11.3f}" for one in np.sqrt((values**2).mean(axis=0))))


def main() -> None:
    """Measure, and end with 1 where a bar is not met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="one model per month each (default: 0)")
    parser.add_argument("--keep", type=Path, help="a folder for the scored months, taken from there the next time")
    parser.add_argument("--halves", type=int, default=HALVES, help=f"random halves per month (default: {HALVES})")
    parser.add_argument("--series", nargs="+", default=list(SERIES), choices=SERIES, help="which (default: all)")
    parser.add_argument("--reference", type=Path, help="a Python that has NannyML")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    overall, segments, seen = [], [], []
    for month in months(args.seeds, args.series, args.keep):
        n = len(month.label)
        found = of_rows(month.label, month.run.probability)
        seen.append((month.series, found.intercept, found.slope))
        for half in range(args.halves + 1):
            rows = np.arange(n) if not half else np.sort(rng.choice(n, n // 2, replace=False))
            # A reference for the month and one half of it: it takes seconds each time.
            one, inner = compare(month, rows, not half, args.reference if half < 2 else None)
            overall.append(one)
            segments += inner
    met = report(overall, segments)
    calibrations(seen)
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
