"""A run's probabilities against its outcomes."""

from __future__ import annotations

from pathlib import Path

from northstar_explain.model.evaluation.limits import MONITOR_CELL_GAP, points
from northstar_explain.model.evaluation.metric_registry import AVERAGE_PRECISION, BRIER, F1, ROC_AUC
from northstar_explain.model.learned_model import Model
from northstar_explain.model.monitoring.monitor_facts import CellRates, RunOutcomes
from northstar_explain.report.document import numbers
from northstar_explain.report.document.blocks import Chapter, ChapterBuilder, Columns, Table, table


def outcomes(facts: RunOutcomes, model: Model) -> Chapter:
    """Figures, calibration, and the rates of deciles and segments.

    Parameters
    ----------
    facts : RunOutcomes
    model : Model

    Returns
    -------
    Chapter
    """
    page = ChapterBuilder()
    noun, holdout = model.contract.noun, model.evaluation.purchase.holdout.figures
    page.paragraphs(
        f"{Path(facts.run).name}: the outcome of {facts.n:,} {noun} is known, that of {facts.unknown:,} is not."
    )
    rows = []
    for metric in (ROC_AUC, AVERAGE_PRECISION, F1, BRIER):
        low, high = facts.figures.intervals[metric.key]
        rows.append(
            (metric.label, f"{facts.figures[metric]:.3f}", f"{low:.3f} to {high:.3f}", f"{holdout[metric]:.3f}")
        )
    head = ("Figure", "This run", "95% interval", "Holdout")
    page.add(table(head, rows, alt_text="Figures of the run beside those of the holdout"))
    low, high = facts.predicted_interval
    page.paragraphs(
        f"{facts.base_rate:.1%} had the outcome where {facts.predicted_rate:.1%} were predicted; in a sound month it "
        f"is {low:.1%} to {high:.1%} nine times in ten. The calibration slope is {facts.calibration.slope:.2f} with an "
        f"error of {facts.calibration.slope_error:.2f}; 1 is right."
    )
    page.section(
        "By decile and by segment",
        Columns((
            (_cells(facts.cells, "decile", "Decile"),),
            (_cells(facts.cells, "segment", "Segment"),),
        )),
    )  # fmt: skip
    page.paragraphs(
        f"Off: more than {points(MONITOR_CELL_GAP)} apart, and more than chance allows for all cells together.",
        style="fine",
    )
    return page.chapter("outcomes", "Outcomes")


def _cells(cells: tuple[CellRates, ...], by: str, head: str) -> Table:
    rows = [
        (one.name, numbers.count(one.n), numbers.percent(one.predicted_rate), numbers.percent(one.actual_rate),
         "off" if one.off else "")
        for one in cells if one.by == by
    ]  # fmt: skip
    return table((head, "Number", "Predicted", "Actual", ""), rows, last_words=1, alt_text=f"Rates by {by}")
