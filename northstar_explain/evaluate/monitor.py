"""The comparison of two scoring runs, and of the probabilities with outcomes once they are known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from northstar_explain.errors import Fault, TableError
from northstar_explain.evaluate.model_quality import Predictions, figures_of
from northstar_explain.evaluate.monitor_facts import (
    DecileMove,
    DecileMoves,
    FeatureDrift,
    MonitorFacts,
    RunOutcomes,
    RunSizes,
    ScoreDrift,
    SegmentShares,
    TermCount,
)
from northstar_explain.evaluate.scored_runs import ScoredRun
from northstar_explain.model.evaluation.limits import (
    MONITOR_AUC_DROP,
    MONITOR_CALIBRATION_GAP,
    MONITOR_SEGMENT_CHANGE,
    REJECTED_SHARE,
)
from northstar_explain.model.evaluation.metric_registry import ROC_AUC
from northstar_explain.model.learned_model import Model
from northstar_explain.score.feature_drift import stability

# Quantile of the normal distribution that chance exceeds, either way, once in 1,000.
_Z999 = 3.29
DRAWS = 200
_MOST_TERMS = 5


def monitor_facts(
    old: ScoredRun, new: ScoredRun, model: Model, outcomes: Mapping[str, int] | None = None, seed: int = 0
) -> MonitorFacts:
    """Compare two runs.

    Parameters
    ----------
    old, new : ScoredRun
    model : Model
    outcomes : mapping of str to int, optional
        Customer to 1 who bought in the label's window after the old run, else 0.
    seed : int
        Of the bootstrap.

    Returns
    -------
    MonitorFacts
        ``triggers`` says in words what fired; it is empty where nothing did.

    Raises
    ------
    TableError
        When outcomes do not include customers of the old run who bought and others who did not.
    """
    pairs = _pairs(old, new)
    facts = MonitorFacts(
        model_id=model.id,
        customers=RunSizes(len(old.ids), len(new.ids), len(pairs[0])),
        score_drift=_score_drift(old, new),
        feature_drift=None if new.report is None else _feature_drift(new.report),
        rejected_share=None if new.report is None else float(new.report["rejected_share"]),
        segments=_segment_shares(old, new, [segment.id for segment in model.segmentation.segments]),
        migration=_migration(old.segments[pairs[0]], new.segments[pairs[1]]),
        deciles=_decile_moves(old, new, pairs, model),
        outcomes=None if outcomes is None else _outcomes(old, outcomes, model, seed),
        triggers=(),
    )
    return replace(facts, triggers=triggers(facts))


def triggers(facts: MonitorFacts) -> tuple[str, ...]:
    """The conditions that need attention, in words; empty when there are none."""
    fired = []
    drift = facts.score_drift
    if drift.shifted:
        fired.append(f"the score drifted: PSI {drift.psi:.3f} above {drift.threshold:.3f}")
    for name, one in (facts.feature_drift or {}).items():
        if one.shifted:
            fired.append(f"{name} drifted since training: PSI {one.psi:.3f} above {one.threshold:.3f}")
    for segment in facts.segments:
        if segment.moved:
            change = f"from {segment.old_share:.1%} to {segment.new_share:.1%}"
            fired.append(f"segment {segment.id} went {change} of customers")
    if (facts.rejected_share or 0) > REJECTED_SHARE:
        fired.append(f"{facts.rejected_share:.1%} of the rows were rejected, more than {REJECTED_SHARE:.0%}")
    return (*fired, *(facts.outcomes.alarms if facts.outcomes else ()))


def _score_drift(old: ScoredRun, new: ScoredRun) -> ScoreDrift:
    deciles = np.arange(1, 11)
    drift = stability(_count(old.deciles, deciles), _count(new.deciles, deciles))
    threshold = drift.threshold if math.isfinite(drift.threshold) else None
    return ScoreDrift(drift.psi, drift.n, threshold, drift.shifted)


def _feature_drift(report: Mapping[str, Any]) -> dict[str, FeatureDrift]:
    return {
        name: FeatureDrift(
            float(one["psi"]), int(one["n"]), int(one["bins"]), float(one["threshold"]), bool(one["shifted"])
        )
        for name, one in report["drift"].items()
    }


def _count(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    return np.array([(values == one).sum() for one in among], dtype=np.float64)


def _pairs(old: ScoredRun, new: ScoredRun) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the customers in both runs."""
    _, first, second = np.intersect1d(old.ids.astype(str), new.ids.astype(str), assume_unique=True, return_indices=True)
    return first, second


def _segment_shares(old: ScoredRun, new: ScoredRun, segments: Sequence[str]) -> tuple[SegmentShares, ...]:
    n, m = len(old.ids), len(new.ids)
    shares = []
    for id in segments:
        before, after = int((old.segments == id).sum()), int((new.segments == id).sum())
        old_share, new_share = before / max(1, n), after / max(1, m)
        pooled = (before + after) / max(1, n + m)
        # Two-sample test of proportions: in small runs, shares change by chance alone.
        chance = _Z999 * np.sqrt(pooled * (1 - pooled) * (1 / max(1, n) + 1 / max(1, m)))
        moved = abs(new_share - old_share) > max(MONITOR_SEGMENT_CHANGE * old_share, chance)
        shares.append(SegmentShares(id, before, after, old_share, new_share, bool(moved)))
    return tuple(shares)


def _migration(before: np.ndarray, after: np.ndarray) -> dict[str, dict[str, int]]:
    moves: dict[str, dict[str, int]] = {}
    for source in np.unique(before.astype(str)):
        targets, counts = np.unique(after[before == source].astype(str), return_counts=True)
        moves[str(source)] = {str(id): int(count) for id, count in zip(targets, counts, strict=True)}
    return moves


def _decile_moves(old: ScoredRun, new: ScoredRun, pairs: tuple[np.ndarray, np.ndarray], model: Model) -> DecileMoves:
    """Customers by change of decile, with the terms of their new first reasons."""
    step = new.deciles[pairs[1]] - old.deciles[pairs[0]]
    term_of = {reason: term.name for term in model.scorecard.terms for reason in term.reasons}
    now, before = new.reasons[pairs[1]], old.reasons[pairs[0]]
    # Every bin of a term has a reason of its own: count by term.
    terms = np.array([term_of.get(reason, "") for reason in now], dtype=object)
    moves = (
        DecileMove(int(moved.sum()), _most_frequent(terms[moved & (now != before)])) for moved in (step > 0, step < 0)
    )
    return DecileMoves(int((step == 0).sum()), *moves)


def _most_frequent(terms: np.ndarray) -> tuple[TermCount, ...]:
    names, counts = np.unique(terms.astype(str), return_counts=True)
    ranked = sorted(zip(counts.tolist(), names.tolist(), strict=True), key=lambda item: (-item[0], item[1]))
    return tuple(TermCount(term, count) for count, term in ranked[:_MOST_TERMS] if term)


def _outcomes(old: ScoredRun, outcomes: Mapping[str, int], model: Model, seed: int) -> RunOutcomes:
    label = np.array([outcomes.get(id, -1) for id in old.ids.tolist()])
    known = label >= 0
    actual, probability = label[known], old.probability[known]
    if not known.any() or len(np.unique(actual)) < 2:
        got = f"{int(known.sum()):,} known, {int(actual.sum()) if known.any() else 0:,} of them bought"
        todo = "Check the ids, and that the window of the label is over."
        raise TableError("outcomes", [Fault("rows", "customers of the old run who bought, and who did not", got, todo)])
    figures = figures_of(actual, Predictions(probability, model.purchase.threshold), DRAWS, seed)
    holdout_auc = model.evaluation.purchase.holdout.figures[ROC_AUC]
    rate, predicted = float(actual.mean()), float(probability.mean())
    # Alarms need both: more than the limit, and more than chance.
    alarms = []
    if figures.intervals[ROC_AUC.key].high < holdout_auc - MONITOR_AUC_DROP:
        alarms.append(f"ROC-AUC fell to {figures[ROC_AUC]:.3f}, from {holdout_auc:.3f} on the holdout")
    if abs(rate - predicted) > MONITOR_CALIBRATION_GAP + _Z999 * np.sqrt(rate * (1 - rate) / len(actual)):
        alarms.append(f"{rate:.1%} bought where {predicted:.1%} were predicted")
    return RunOutcomes(int(known.sum()), int((~known).sum()), rate, predicted, figures, tuple(alarms))
