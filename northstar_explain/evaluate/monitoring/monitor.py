"""Scoring runs watched: two compared, each by itself, and one against its outcomes once they are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from northstar_explain.evaluate.monitoring.calibration_fit import expected_of
from northstar_explain.evaluate.monitoring.estimate_validity import drift_of_scores, reasons_against
from northstar_explain.evaluate.monitoring.expected_performance import expected_performance
from northstar_explain.evaluate.monitoring.run_drift import (
    decile_moves,
    feature_drift,
    migration,
    pairs,
    score_drift,
    segment_shares,
)
from northstar_explain.evaluate.monitoring.run_outcomes import run_outcomes
from northstar_explain.evaluate.monitoring.triggers import triggers
from northstar_explain.evaluate.scored_runs import ScoredRun
from northstar_explain.model.evaluation.metric_registry import ROC_AUC
from northstar_explain.model.learned_model import Model
from northstar_explain.model.monitoring.monitor_facts import MonitorFacts, RunSizes, RunSummary
from northstar_explain.score.run_report import reason_words


def monitor_facts(
    old: ScoredRun,
    new: ScoredRun,
    model: Model,
    outcomes: Mapping[str, int] | None = None,
    seed: int = 0,
    before: Sequence[ScoredRun] = (),
) -> MonitorFacts:
    """Compare two runs.

    Parameters
    ----------
    old, new : ScoredRun
    model : Model
    outcomes : mapping of str to int, optional
        Customer to 1 who bought in the label's window after the earliest of the runs, else 0.
    seed : int
        Of the bootstrap, and of the draws behind the expected performance.
    before : sequence of ScoredRun
        Runs before these two, the earliest first.

    Returns
    -------
    MonitorFacts
        ``triggers`` says in words what fired; it is empty where nothing did.

    Raises
    ------
    TableError
        When outcomes do not include customers of the earliest run who bought and others who did not, or are of the
        rows that trained the model.
    """
    both = pairs(old, new)
    runs = (*before, old, new)
    facts = MonitorFacts(
        model_id=model.id,
        runs=tuple(summary(run, model, seed) for run in runs),
        customers=RunSizes(len(old.ids), len(new.ids), len(both[0])),
        score_drift=score_drift(old, new),
        feature_drift=None if new.report is None else feature_drift(new.report),
        rejected_share=None if new.report is None else float(new.report["rejected_share"]),
        rejected_reasons=() if new.report is None else tuple(map(reason_words, new.report.get("reasons", ()))),
        segments=segment_shares(old, new, [segment.id for segment in model.segmentation.segments]),
        migration=migration(old.segments[both[0]], new.segments[both[1]]),
        deciles=decile_moves(old, new, both, model),
        # The window of the earliest is the first that is over.
        outcomes=None if outcomes is None else run_outcomes(runs[0], outcomes, model, seed),
        triggers=(),
    )
    holdout_auc = model.evaluation.purchase.holdout.figures[ROC_AUC]
    return replace(facts, triggers=triggers(facts, model.contract, holdout_auc))


def summary(run: ScoredRun, model: Model, seed: int = 0) -> RunSummary:
    """A run by itself: its segments, how far its scores are from training, and the performance they promise.

    Parameters
    ----------
    run : ScoredRun
    model : Model
    seed : int
        Of the draws.

    Returns
    -------
    RunSummary
    """
    ids = [segment.id for segment in model.segmentation.segments]
    drift = drift_of_scores(run.probability, model)
    features = None if run.report is None else feature_drift(run.report)
    expected = None
    if len(run.ids):
        expected = expected_performance(
            run.probability, run.segments, ids, model.purchase.threshold,
            expected_of(model.evaluation.purchase.reliability), reasons_against(drift, features, model), seed,
        )  # fmt: skip
    sizes = {id: int((run.segments == id).sum()) for id in ids}
    return RunSummary(run.name, len(run.ids), sizes, drift, expected)
