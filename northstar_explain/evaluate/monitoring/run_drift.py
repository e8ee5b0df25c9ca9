"""Two runs compared: drift, segments, and who moved."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from northstar_explain.evaluate.scored_runs import ScoredRun
from northstar_explain.model.evaluation.limits import CHANCE_Z, MONITOR_SEGMENT_CHANGE
from northstar_explain.model.learned_model import Model
from northstar_explain.model.monitoring.monitor_facts import (
    DecileMove,
    DecileMoves,
    FeatureDrift,
    ScoreDrift,
    SegmentShares,
    TermCount,
)
from northstar_explain.score.feature_drift import stability

_MOST_TERMS = 5


def score_drift(old: ScoredRun, new: ScoredRun) -> ScoreDrift:
    deciles = np.arange(1, 11)
    drift = stability(_count(old.deciles, deciles), _count(new.deciles, deciles))
    threshold = drift.threshold if math.isfinite(drift.threshold) else None
    return ScoreDrift(drift.psi, drift.n, threshold, drift.shifted)


def feature_drift(report: Mapping[str, Any]) -> dict[str, FeatureDrift]:
    return {
        name: FeatureDrift(
            float(one["psi"]), int(one["n"]), int(one["bins"]), float(one["threshold"]), bool(one["shifted"])
        )
        for name, one in report["drift"].items()
    }


def _count(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    return np.array([(values == one).sum() for one in among], dtype=np.float64)


def pairs(old: ScoredRun, new: ScoredRun) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the customers in both runs."""
    _, first, second = np.intersect1d(old.ids.astype(str), new.ids.astype(str), assume_unique=True, return_indices=True)
    return first, second


def segment_shares(old: ScoredRun, new: ScoredRun, segments: Sequence[str]) -> tuple[SegmentShares, ...]:
    n, m = len(old.ids), len(new.ids)
    shares = []
    for id in segments:
        before, after = int((old.segments == id).sum()), int((new.segments == id).sum())
        old_share, new_share = before / max(1, n), after / max(1, m)
        pooled = (before + after) / max(1, n + m)
        # Two-sample test of proportions: in small runs, shares change by chance alone.
        chance = CHANCE_Z * np.sqrt(pooled * (1 - pooled) * (1 / max(1, n) + 1 / max(1, m)))
        moved = abs(new_share - old_share) > max(MONITOR_SEGMENT_CHANGE * old_share, chance)
        shares.append(SegmentShares(id, before, after, old_share, new_share, bool(moved)))
    return tuple(shares)


def migration(before: np.ndarray, after: np.ndarray) -> dict[str, dict[str, int]]:
    moves: dict[str, dict[str, int]] = {}
    for source in np.unique(before.astype(str)):
        targets, counts = np.unique(after[before == source].astype(str), return_counts=True)
        moves[str(source)] = {str(id): int(count) for id, count in zip(targets, counts, strict=True)}
    return moves


def decile_moves(old: ScoredRun, new: ScoredRun, pairs: tuple[np.ndarray, np.ndarray], model: Model) -> DecileMoves:
    """Customers by change of decile, with the terms of their new first reasons."""
    step = new.deciles[pairs[1]] - old.deciles[pairs[0]]
    # Where terms of a theme say the same, such as that nothing was ordered, it counts for the first of them.
    term_of = {reason: term.name for term in reversed(model.scorecard.terms) for reason in term.reasons}
    now, before = new.reasons[pairs[1]], old.reasons[pairs[0]]
    # A term has many reasons, one for each bin: count by term.
    terms = np.array([term_of.get(reason, "") for reason in now], dtype=object)
    moves = (
        DecileMove(int(moved.sum()), _most_frequent(terms[moved & (now != before)])) for moved in (step > 0, step < 0)
    )
    return DecileMoves(int((step == 0).sum()), *moves)


def _most_frequent(terms: np.ndarray) -> tuple[TermCount, ...]:
    names, counts = np.unique(terms.astype(str), return_counts=True)
    ranked = sorted(zip(counts.tolist(), names.tolist(), strict=True), key=lambda item: (-item[0], item[1]))
    return tuple(TermCount(term, count) for count, term in ranked[:_MOST_TERMS] if term)
