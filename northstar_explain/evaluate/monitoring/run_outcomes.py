"""A run's probabilities against outcomes: ranking and calibration, overall, by decile and by segment.

An alarm needs both: more than its limit, which says what matters, and more than chance, which depends on how many
customers there are. So a small run is silent where a large one would not be, and neither fires at random.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from statistics import NormalDist

import numpy as np

from northstar_explain.errors import Fault, TableError
from northstar_explain.evaluate.model_quality import Predictions, figures_of
from northstar_explain.evaluate.monitoring.calibration_fit import of_rows
from northstar_explain.evaluate.scored_runs import ScoredRun
from northstar_explain.model.evaluation import Figures
from northstar_explain.model.evaluation.limits import (
    CHANCE_Z,
    MONITOR_AUC_DROP,
    MONITOR_CALIBRATION_GAP,
    MONITOR_CELL_GAP,
    MONITOR_CELLS_CHANCE,
    MONITOR_SLOPE_GAP,
    MONITOR_TRAINED_ROWS,
    SUBGROUP_MIN_CUSTOMERS,
)
from northstar_explain.model.evaluation.metric_registry import ROC_AUC
from northstar_explain.model.learned_model import Model
from northstar_explain.model.monitoring.expected_facts import Calibration, Interval90
from northstar_explain.model.monitoring.monitor_facts import CellRates, RunOutcomes
from northstar_explain.model.monitoring.row_sample import RowSample

DRAWS = 200
_Z90 = NormalDist().inv_cdf(0.95)


def run_outcomes(run: ScoredRun, outcomes: Mapping[str, int], model: Model, seed: int) -> RunOutcomes:
    """Compare the probabilities of a run with outcomes.

    Parameters
    ----------
    run : ScoredRun
    outcomes : mapping of str to int
        Customer to 1 or 0.
    model : Model
    seed : int
        Of the bootstrap.

    Returns
    -------
    RunOutcomes

    Raises
    ------
    TableError
        When outcomes do not include customers of the run who bought and others who did not, or are of the rows that
        trained the model.
    """
    label = np.array([outcomes.get(id, -1) for id in run.ids.tolist()])
    known = label >= 0
    actual, probability = label[known], run.probability[known]
    _require_both(actual, run.name)
    trained = _trained_share(run, known, model)
    figures = figures_of(actual, Predictions(probability, model.purchase.threshold), DRAWS, seed)
    cells = cell_rates(actual, probability, {"decile": run.deciles[known], "segment": run.segments[known]})
    spread = math.sqrt(float((probability * (1 - probability)).sum())) / len(actual)
    predicted = float(probability.mean())
    calibration = of_rows(actual, probability)
    return RunOutcomes(
        run=run.name,
        n=len(actual),
        unknown=int((~known).sum()),
        trained_share=trained,
        base_rate=float(actual.mean()),
        predicted_rate=predicted,
        predicted_interval=Interval90(max(0.0, predicted - _Z90 * spread), min(1.0, predicted + _Z90 * spread)),
        calibration=calibration,
        figures=figures,
        cells=cells,
        alarms=(
            *_ranking_alarm(figures, model.evaluation.purchase.holdout.figures[ROC_AUC]),
            *calibration_alarms(float(actual.mean()), predicted, spread, calibration),
            *map(_cell_alarm, [one for one in cells if one.off]),
        ),
    )


def cell_rates(label: np.ndarray, probability: np.ndarray, cells: Mapping[str, np.ndarray]) -> tuple[CellRates, ...]:
    """Predicted and actual rate in each decile and segment.

    Parameters
    ----------
    label : ndarray of 0 and 1, shape (n,)
    probability : ndarray of float, shape (n,)
    cells : mapping of str to ndarray, shape (n,)
        What customers are divided by, to the cell of each.

    Returns
    -------
    tuple of CellRates
        Without cells of fewer than `SUBGROUP_MIN_CUSTOMERS`.
    """
    found = [
        (by, str(name), cell == name)
        for by, cell in cells.items()
        for name in sorted(np.unique(cell).tolist(), key=lambda name: int(str(name).removeprefix("S")))
    ]
    found = [(by, name, inside) for by, name, inside in found if inside.sum() >= SUBGROUP_MIN_CUSTOMERS]
    # All cells share one chance of a false alarm (Bonferroni), else ten deciles would have ten of them.
    limit = MONITOR_CELLS_CHANCE / max(1, len(found))
    return tuple(_cell(by, name, label[inside], probability[inside], limit) for by, name, inside in found)


def _cell(by: str, name: str, label: np.ndarray, probability: np.ndarray, limit: float) -> CellRates:
    from scipy.stats import binom

    n, hits, predicted = len(label), int(label.sum()), float(probability.mean())
    rate = hits / n
    tail = binom.cdf(hits, n, predicted) if rate < predicted else binom.sf(hits - 1, n, predicted)
    p_value = min(1.0, 2 * float(tail))
    off = abs(rate - predicted) > MONITOR_CELL_GAP and p_value < limit
    return CellRates(by, name, n, predicted, rate, p_value, off)


def calibration_alarms(rate: float, predicted: float, spread: float, calibration: Calibration) -> Iterator[str]:
    """What is wrong with the probabilities as a whole, in words.

    Parameters
    ----------
    rate, predicted : float
        Share with the outcome, and mean probability.
    spread : float
        Standard deviation of the rate in a sound month.
    calibration : Calibration
        As outcomes show it.
    """
    if abs(rate - predicted) > max(MONITOR_CALIBRATION_GAP, CHANCE_Z * spread):
        yield f"{rate:.1%} had the outcome where {predicted:.1%} were predicted"
    if abs(calibration.slope - 1) > max(MONITOR_SLOPE_GAP, CHANCE_Z * calibration.slope_error):
        too = "far apart" if calibration.slope < 1 else "close together"
        yield f"the probabilities are too {too}: calibration slope {calibration.slope:.2f}, where 1 is right"


def _ranking_alarm(figures: Figures, holdout_auc: float) -> Iterator[str]:
    if figures.intervals[ROC_AUC.key].high < holdout_auc - MONITOR_AUC_DROP:
        yield f"ROC-AUC fell to {figures[ROC_AUC]:.3f}, from {holdout_auc:.3f} on the holdout"


def _cell_alarm(cell: CellRates) -> str:
    of = f"{cell.actual_rate:.1%} had the outcome where {cell.predicted_rate:.1%} were predicted"
    return f"in {cell.by} {cell.name}, {of}"


def _require_both(actual: np.ndarray, run: str) -> None:
    if len(np.unique(actual)) < 2:
        got = f"{len(actual):,} known, {int(actual.sum()):,} of them with the outcome"
        todo = "Check the ids, and that the window of the label is over."
        raise TableError(
            "outcomes", [Fault("rows", f"customers of {run} with the outcome, and others without it", got, todo)]
        )


def _trained_share(run: ScoredRun, known: np.ndarray, model: Model) -> float | None:
    """The share of rows with an outcome that trained the model, which is refused where it is large."""
    sample = model.manifest["data"].get("row_sample")
    if sample is None:
        return None
    share = RowSample.from_json(sample).share(run.ids[known].tolist(), run.probability[known])
    if share is not None and share >= MONITOR_TRAINED_ROWS:
        got = f"{share:.0%} of the customers with an outcome have the score that they had there"
        todo = "Give the outcomes of a later run: those of the training rows say nothing about the model."
        raise TableError(run.name, [Fault("rows", "a run after the table that trained the model", got, todo)])
    return share
