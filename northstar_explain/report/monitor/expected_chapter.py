"""The performance to expect of each run before its outcomes are known."""

from __future__ import annotations

from pathlib import Path

from northstar_explain.model.evaluation.metric_registry import AVERAGE_PRECISION, BRIER, F1, ROC_AUC
from northstar_explain.model.learned_model import Model
from northstar_explain.model.monitoring.expected_facts import Expected, ExpectedFigures
from northstar_explain.model.monitoring.monitor_facts import MonitorFacts
from northstar_explain.report.charts.over_runs import Point, figure_over_runs
from northstar_explain.report.document import numbers
from northstar_explain.report.document.blocks import Cell, Chapter, ChapterBuilder, Figure, ItemList, TableCell, table

_HEAD = ("ROC-AUC", "Average precision", "Brier score", "F1", "With the outcome")


def expected(facts: MonitorFacts, model: Model) -> Chapter:
    """Expected figures by run and, of the last, by segment.

    Parameters
    ----------
    facts : MonitorFacts
    model : Model

    Returns
    -------
    Chapter
    """
    page = ChapterBuilder()
    holdout = model.evaluation.purchase.holdout
    runs = [(Path(one.name).name, one.expected) for one in facts.runs if one.expected is not None]
    if runs:
        points = [
            Point(name, one.overall.roc_auc.value, *one.overall.roc_auc.interval, solid=not one.void)
            for name, one in runs
        ]
        page.add(Figure(figure_over_runs(points, "ROC-AUC to expect", holdout.figures[ROC_AUC])))
        measured = (f"{holdout.figures[one]:.3f}" for one in (ROC_AUC, AVERAGE_PRECISION, BRIER, F1))
        rows: list[tuple[TableCell, ...]]
        rows = [("holdout, as measured", *measured, f"{holdout.base_rate:.1%} of them")]
        rows += [(name, *_cells(one.overall)) for name, one in runs]
        page.add(table(("Run", *_HEAD), rows, alt_text="Figures to expect of each run, with 90% intervals"))
    last = facts.runs[-1].expected
    if last is not None:
        if last.void:
            page.paragraphs("The figures of the last run do not hold:")
            page.add(ItemList(last.void))
        of = [(one.id, one.figures) for one in last.segments if one.figures is not None]
        segments: list[tuple[TableCell, ...]] = [(id, *_cells(figures)) for id, figures in of]
        page.section(
            "The last run by segment",
            table(("Segment", *_HEAD), segments, alt_text="Figures to expect of each segment, with 90% intervals"),
        )
        fit = last.calibration
        page.paragraphs(
            f"Estimated from the probabilities alone. Each of {last.draws} draws takes a calibration of the model, "
            f"from what its holdout of {fit.n:,} shows and what is usual from month to month (slope {fit.slope:.2f} "
            f"with an error of {fit.slope_error:.2f}), and an outcome for each customer. Below each figure is the "
            "middle 90%. The estimate holds as long as a score means what it meant on the holdout; outcomes alone can "
            "show that.",
            style="fine",
        )
    return page.chapter("expected", "Performance to expect, before outcomes are known")


def _cells(figures: ExpectedFigures) -> tuple[Cell, ...]:
    shares = (figures.roc_auc, figures.average_precision, figures.brier, figures.f1)
    low, high = (numbers.count(end) for end in figures.positives.interval)
    return (*map(_cell, shares), Cell(numbers.count(figures.positives.value), f"{low} to {high}"))


def _cell(one: Expected) -> Cell:
    return Cell(f"{one.value:.3f}", f"{one.interval.low:.3f} to {one.interval.high:.3f}")
