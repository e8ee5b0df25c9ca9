"""What changed between two scoring runs, and whether the probabilities held once outcomes are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from northstar_explain.errors import Fault, TableError
from northstar_explain.evaluate.model_quality import Predictions, figures_of
from northstar_explain.evaluate.scored_runs import ScoredRun
from northstar_explain.model import Model
from northstar_explain.model.evaluation.limits import (
    MONITOR_AUC_DROP,
    MONITOR_CALIBRATION_GAP,
    MONITOR_SEGMENT_CHANGE,
    REJECTED_SHARE,
)
from northstar_explain.model.evaluation.metric_registry import ROC_AUC
from northstar_explain.score.feature_drift import stability

_Z999 = 3.29
DRAWS = 200


def monitor_facts(
    old: ScoredRun, new: ScoredRun, model: Model, outcomes: Mapping[str, int] | None = None, seed: int = 0
) -> dict[str, Any]:
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
    dict
        ``customers`` (old, new, both), ``score_drift`` (population stability index of the deciles, old against new),
        ``feature_drift`` (new run against training, from its report, or None), ``segments`` (shares), ``migration``
        (old segment to new segment to customers in both), ``deciles`` (who changed, and by which reason), ``outcomes``
        (or None), and ``triggers``: what fired, in words.
    """
    segments = [segment.id for segment in model.segmentation.segments]
    steps = np.arange(1, 11)
    score_drift = stability(_count(old.deciles, steps), _count(new.deciles, steps))
    pairs = _pairs(old, new)
    facts: dict[str, Any] = {
        "model_id": model.id,
        "customers": {"old": len(old.ids), "new": len(new.ids), "both": len(pairs[0])},
        "score_drift": {
            "psi": score_drift.psi,
            "n": score_drift.n,
            "threshold": score_drift.threshold,
            "shifted": score_drift.shifted,
        },
        "feature_drift": None if new.report is None else new.report["drift"],
        "rejected_share": None if new.report is None else new.report["rejected_share"],
        "segments": _shares(old, new, segments),
        "migration": _migration(old.segments[pairs[0]], new.segments[pairs[1]]),
        "deciles": _changed(old, new, pairs, model),
        "outcomes": None if outcomes is None else _outcomes(old, outcomes, model, seed),
    }
    facts["triggers"] = triggers(facts)
    return facts


def triggers(facts: Mapping[str, Any]) -> list[str]:
    """What needs somebody's attention, in words; empty when all is calm."""
    found = []
    drift = facts["score_drift"]
    if drift["shifted"]:
        found.append(f"the score drifted: PSI {drift['psi']:.3f} above {drift['threshold']:.3f}")
    for name, one in (facts["feature_drift"] or {}).items():
        if one["shifted"]:
            found.append(f"{name} drifted since training: PSI {one['psi']:.3f} above {one['threshold']:.3f}")
    for one in facts["segments"]:
        if one["moved"]:
            found.append(f"segment {one['id']} went from {one['old_share']:.1%} to {one['new_share']:.1%} of customers")
    if (facts["rejected_share"] or 0) > REJECTED_SHARE:
        found.append(f"{facts['rejected_share']:.1%} of the rows were rejected, more than {REJECTED_SHARE:.0%}")
    if facts["outcomes"] is not None:
        found += facts["outcomes"]["alarms"]
    return found


def _count(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    return np.array([(values == one).sum() for one in among], dtype=np.float64)


def _pairs(old: ScoredRun, new: ScoredRun) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the customers in both runs."""
    _, first, second = np.intersect1d(old.ids.astype(str), new.ids.astype(str), assume_unique=True, return_indices=True)
    return first, second


def _shares(old: ScoredRun, new: ScoredRun, segments: Sequence[str]) -> list[dict[str, Any]]:
    facts = []
    for id in segments:
        before, after = int((old.segments == id).sum()), int((new.segments == id).sum())
        n, m = len(old.ids), len(new.ids)
        one, other = before / max(1, n), after / max(1, m)
        both = (before + after) / max(1, n + m)
        chance = _Z999 * np.sqrt(both * (1 - both) * (1 / max(1, n) + 1 / max(1, m)))
        moved = abs(other - one) > max(MONITOR_SEGMENT_CHANGE * one, chance)
        facts.append(
            {"id": id, "old": before, "new": after, "old_share": one, "new_share": other, "moved": bool(moved)}
        )
    return facts


def _migration(before: np.ndarray, after: np.ndarray) -> dict[str, dict[str, int]]:
    moves: dict[str, dict[str, int]] = {}
    for source in np.unique(before.astype(str)):
        found, counts = np.unique(after[before == source].astype(str), return_counts=True)
        moves[str(source)] = {str(id): int(count) for id, count in zip(found, counts, strict=True)}
    return moves


def _changed(old: ScoredRun, new: ScoredRun, pairs: tuple[np.ndarray, np.ndarray], model: Model) -> dict[str, Any]:
    """Customers who changed decile, and the terms that now weigh most for those who did."""
    step = new.deciles[pairs[1]] - old.deciles[pairs[0]]
    term_of = {reason: term.name for term in model.scorecard.terms for reason in term.reasons}
    reasons, then = new.reasons[pairs[1]], old.reasons[pairs[0]]
    moved = {}
    for name, chosen in (("up", step > 0), ("down", step < 0)):
        other = chosen & (reasons != then)
        found, counts = np.unique([term_of.get(reason, "") for reason in reasons[other]], return_counts=True)
        ranked = sorted(zip(counts.tolist(), found.tolist(), strict=True), key=lambda item: (-item[0], item[1]))
        moved[name] = {
            "customers": int(chosen.sum()),
            "by": [{"term": str(term), "customers": count} for count, term in ranked[:5] if term],
        }
    return {"same": int((step == 0).sum()), **moved}


def _outcomes(old: ScoredRun, outcomes: Mapping[str, int], model: Model, seed: int) -> dict[str, Any]:
    label = np.array([outcomes.get(id, -1) for id in old.ids.tolist()])
    known = label >= 0
    bought, probability = label[known], old.probability[known]
    if not known.any() or len(np.unique(bought)) < 2:
        got = f"{int(known.sum()):,} known, {int(bought.sum()) if known.any() else 0:,} of them bought"
        todo = "Check the ids, and that the window of the label is over."
        raise TableError("outcomes", [Fault("rows", "customers of the old run who bought, and who did not", got, todo)])
    judged = Predictions(probability, model.purchase.threshold)
    figures = figures_of(bought, judged, DRAWS, seed)
    auc, held = figures[ROC_AUC], model.evaluation.purchase.holdout.figures[ROC_AUC]
    rate, predicted = float(bought.mean()), float(probability.mean())
    alarms = []
    if figures.intervals[ROC_AUC.key].high < held - MONITOR_AUC_DROP:
        alarms.append(f"ROC-AUC fell to {auc:.3f}, from {held:.3f} on the holdout")
    if abs(rate - predicted) > MONITOR_CALIBRATION_GAP + _Z999 * np.sqrt(rate * (1 - rate) / len(bought)):
        alarms.append(f"{rate:.1%} bought where {predicted:.1%} were predicted")
    return {
        "n": int(known.sum()),
        "unknown": int((~known).sum()),
        "base_rate": rate,
        "predicted_rate": predicted,
        **figures.values,
        "intervals": {name: list(ends) for name, ends in figures.intervals.items()},
        "alarms": alarms,
    }
