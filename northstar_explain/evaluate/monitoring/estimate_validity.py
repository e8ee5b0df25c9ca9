"""Whether the performance estimated of a run can be believed: not where the run is unlike what the model knows.

The estimate holds as long as a score means what it meant on the holdout. That cannot be seen without outcomes, but what
usually goes with it can: scores that are spread otherwise than in training, by more than is small or due to chance, or
large drift of features that most of the score is made of.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from northstar_explain.model.evaluation.limits import MONITOR_DRIFTED_IMPORTANCE, PSI_REVIEW
from northstar_explain.model.learned_model import Model
from northstar_explain.model.monitoring.monitor_facts import FeatureDrift, ScoreDrift
from northstar_explain.model.scorecard import Scorecard
from northstar_explain.score.feature_drift import stability


def drift_of_scores(probability: np.ndarray, model: Model) -> ScoreDrift:
    """The drift of a run's probabilities against the training rows.

    Parameters
    ----------
    probability : ndarray of float, shape (n,)
    model : Model

    Returns
    -------
    ScoreDrift
    """
    lower, trained = _training_bins(model)
    place = np.clip(np.searchsorted(lower, probability, side="right") - 1, 0, len(lower) - 1)
    drift = stability(trained, np.bincount(place, minlength=len(lower)).astype(np.float64))
    threshold = drift.threshold if math.isfinite(drift.threshold) else None
    return ScoreDrift(drift.psi, drift.n, threshold, drift.shifted)


def reasons_against(scores: ScoreDrift, features: Mapping[str, FeatureDrift] | None, model: Model) -> tuple[str, ...]:
    """Why the performance of a run is not estimated, in words; empty where nothing speaks against it.

    Parameters
    ----------
    scores : ScoreDrift
        Against the training rows.
    features : mapping of str to FeatureDrift, or None
        None where they are not known; the scores decide alone.
    model : Model
    """
    reasons = []
    if scores.shifted:
        reasons.append(f"the scores are unlike those of training: PSI {scores.psi:.2f} above {scores.threshold:.2f}")
    drifted = {name for name, one in (features or {}).items() if one.large}
    share = _importance(drifted, model.scorecard)
    if share > MONITOR_DRIFTED_IMPORTANCE:
        reasons.append(
            f"{share:.0%} of the score is made of features with a PSI of {PSI_REVIEW} or more, more than "
            f"{MONITOR_DRIFTED_IMPORTANCE:.0%}"
        )
    return tuple(reasons)


def _training_bins(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Lower ends of the bins of the probability, and the training customers in each."""
    rows = [row for row in model.drift.to_pylist() if row["of"] == "probability" and row["what"] == "range"]
    lower = np.array([-math.inf if row["lower"] is None else row["lower"] for row in rows])
    order = np.argsort(lower, kind="stable")
    return lower[order], np.array([row["train_n"] for row in rows], dtype=np.float64)[order]


def _importance(features: set[str], scorecard: Scorecard) -> float:
    """Share of the importance of all terms that lies in some features; a pair's counts half for each of its two."""
    parts = [
        (term.importance, sum(name in features for name in term.features) / len(term.features))
        for term in scorecard.terms
    ]
    total = sum(importance for importance, _ in parts)
    return sum(importance * share for importance, share in parts) / total if total else 0.0
