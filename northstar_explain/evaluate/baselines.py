"""Baselines of the purchase model: simpler scores and a black box, all fitted to the same training rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, count_rows
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.evaluate.boosting_rows import boosting_rows
from northstar_explain.evaluate.customers import Customers
from northstar_explain.evaluate.logistic_all import logistic_all
from northstar_explain.evaluate.logistic_few import FEW, logistic_few
from northstar_explain.evaluate.model_quality import Predictions
from northstar_explain.learn import splits
from northstar_explain.learn.workers import processes
from northstar_explain.metrics import best_f1_threshold, roc_auc
from northstar_explain.model.evaluation.purchase_facts import SkippedBaseline
from northstar_explain.model.evaluation.rival_facts import BlackBoxSearch, TunedSetting
from northstar_explain.model.holdout_evidence import kept_baseline
from northstar_explain.model.rules import Node, assign

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

# Leaves, learning rates and L2 penalties that the black box is tuned over, on the validation rows; and when asked.
_TUNED = ((15, 0.1, 0.0), (31, 0.05, 0.0))
TUNED_DEEP = tuple(product((7, 15, 31, 63, 127), (0.03, 0.05, 0.1), (0.0, 10.0)))
_RULE_CUTS = 100
_STOP_SHARE = 0.1  # of the training rows, as scikit-learn's own default

Score = Callable[[Columns], np.ndarray]
Labelled = tuple[Columns, np.ndarray]


class Baselines(NamedTuple):
    """Predictions of every baseline on the holdout.

    Attributes
    ----------
    predictions : dict of str to Predictions
    skipped : tuple of SkippedBaseline
        Baselines whose features the contract does not have.
    """

    predictions: dict[str, Predictions]
    skipped: tuple[SkippedBaseline, ...]


class BlackBox(NamedTuple):
    """The black box.

    Attributes
    ----------
    score : callable
        Takes columns and returns a probability per row.
    search : BlackBoxSearch
        How it was tuned.
    """

    score: Score
    search: BlackBoxSearch


def baselines(
    contract: Contract,
    train: Labelled,
    validation: Labelled,
    holdout: Columns,
    tree: Node,
    black_box: Score,
    seed: int = 0,
) -> Baselines:
    """Fit every baseline to the training rows and score the holdout with it.

    Parameters
    ----------
    contract : Contract
        Its roles name the recency, frequency and value features; the first of each role is used.
    train, validation : tuple of (columns, label)
        The rows to fit to, and those on which thresholds are chosen.
    holdout : mapping
        Columns of the holdout.
    tree : Node
        The segments.
    black_box : callable
        As returned by `fit_black_box`.
    seed : int
        Of the rows that features are chosen on.

    Returns
    -------
    Baselines
        ``base_rate``, ``recency_rule`` (one threshold on recency), ``logistic_rfv`` (logistic regression on log
        recency, frequency and value), ``segment_rate`` (each segment's own rate), ``logistic_five`` (logistic
        regression on the five features of `choose_few`), ``logistic_all`` (on every feature of the model) and
        ``black_box``; probabilities as `kept_baseline` leaves them.
    """
    rate = float(train[1].mean())
    by_role = features_by_role(contract)
    scores: dict[str, Score] = {"base_rate": lambda columns: np.full(count_rows(columns), rate)}
    skipped = []
    used: dict[str, tuple[str, ...]] = {}
    for name, roles, fit in (
        ("recency_rule", ("recency",), _recency_rule),
        ("logistic_rfv", ("recency", "frequency", "value"), _logistic),
    ):
        missing = [role for role in roles if role not in by_role]
        if missing:
            reason = f"no numeric feature of the model has the role {' or '.join(missing)} in the contract"
            skipped.append(SkippedBaseline(name, reason))
        else:
            used[name] = tuple(by_role[role] for role in roles)
            scores[name] = fit(list(used[name]), *train)
    scores["segment_rate"] = _segment_rate(tree, *train)
    if len(contract.model_features) > FEW:
        scores["logistic_five"], used["logistic_five"] = logistic_few(contract.model_features, *train, seed)
    else:
        skipped.append(SkippedBaseline("logistic_five", f"the model has no more than {FEW} features"))
    scores["logistic_all"] = logistic_all(contract.model_features, *train)
    scores["black_box"] = black_box
    predictions = {}
    for name, score in scores.items():
        # Rounded on both sides alike: a threshold is one of the scores, and must still be met by those equal to it.
        validated, held = (kept_baseline(score(columns)) for columns in (validation[0], holdout))
        predictions[name] = Predictions(held, best_f1_threshold(validation[1], validated), used.get(name, ()))
    return Baselines(predictions, tuple(skipped))


def features_by_role(contract: Contract) -> dict[str, str]:
    """The first numeric feature of the model with each role, by the role."""
    by_role: dict[str, str] = {}
    for feature in contract.model_features:
        if feature.kind.numeric:
            by_role.setdefault(feature.role, feature.name)
    return by_role


def _recency_rule(names: list[str], columns: Columns, label: np.ndarray) -> Score:
    """The purchase rates on either side of the recency threshold with the highest F1 on the training rows."""

    def recency(rows: Columns) -> np.ndarray:
        column = rows[names[0]]
        assert isinstance(column, np.ndarray)
        # A customer without a last visit or order counts as the least recent.
        return np.where(np.isnan(column), np.inf, column)

    known = recency(columns)
    # At values that occur: an interpolated cut would be no number of days that a person names.
    cuts = np.unique(np.quantile(known[np.isfinite(known)], np.linspace(0, 1, _RULE_CUTS), method="lower"))
    hits = np.array([label[known <= cut].sum() for cut in cuts])
    flagged = np.array([(known <= cut).sum() for cut in cuts])
    # F1 is 2 x hits / (flagged + buyers).
    cut = cuts[int(np.argmax(2 * hits / np.maximum(flagged + label.sum(), 1)))]
    inside = known <= cut
    rates = [float(label[side].mean()) if side.any() else float(label.mean()) for side in (inside, ~inside)]
    return lambda rows: np.where(recency(rows) <= cut, *rates)


def _logistic(names: list[str], columns: Columns, label: np.ndarray) -> Score:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    raw = np.column_stack([_log(columns[name]) for name in names])
    medians = np.nanmedian(raw, axis=0)

    def matrix(rows: Columns) -> np.ndarray:
        values = np.column_stack([_log(rows[name]) for name in names])
        missing = np.isnan(values)
        # A missing value takes the median of the training rows; that it is missing has a weight of its own.
        return np.column_stack([np.where(missing, medians, values), missing])

    pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(matrix(columns), label)
    return lambda rows: np.asarray(pipeline.predict_proba(matrix(rows))[:, 1])


def _log(column: np.ndarray | Category) -> np.ndarray:
    assert isinstance(column, np.ndarray)
    # Values are skewed, and some may be negative, such as net spend.
    logs: np.ndarray = np.sign(column) * np.log1p(np.abs(column))
    return logs


def _segment_rate(tree: Node, columns: Columns, label: np.ndarray) -> Score:
    ids = assign(tree, columns)
    rates = {str(id): float(label[ids == id].mean()) for id in np.unique(ids)}
    base_rate = float(label.mean())

    def score(rows: Columns) -> np.ndarray:
        present, inverse = np.unique(assign(tree, rows), return_inverse=True)
        # A segment without training rows has no rate of its own.
        return np.array([rates.get(str(id), base_rate) for id in present])[inverse]

    return score


def fit_black_box(
    features: Iterable[Feature], train: Customers, validation: Customers, seed: int, deep: bool = False
) -> BlackBox:
    """Fit scikit-learn's histogram gradient boosting (Ke et al. 2017) with early stopping.

    Parameters
    ----------
    features : iterable of Feature
        Those of the purchase model.
    train, validation : Customers
        The rows to fit to, and those on which it is tuned. Of the training rows, a group is used either for fitting
        or for early stopping, as with the purchase model.
    seed : int
    deep : bool, default False
        Tune over the settings of `TUNED_DEEP`, which takes minutes on a large table, in place of two.

    Returns
    -------
    BlackBox
        The setting of the highest ROC-AUC on the validation rows, of equal ones the first, and all that were tried.
    """
    features = tuple(features)
    matrix = boosting_rows(features, train.columns)
    categorical = [not feature.kind.numeric for feature in features]
    x_train, x_validation = matrix(train.columns), matrix(validation.columns)
    stopping = None
    if train.groups is not None:
        stopping = splits.bags(train.label, train.groups, 1, _STOP_SHARE, seed)[:, 0] < 0
    settings = TUNED_DEEP if deep else _TUNED
    with processes():
        candidates = Parallel(n_jobs=-1)(
            delayed(_boosted)(x_train, train.label, setting, categorical, seed, stopping) for setting in settings
        )
    aucs = [roc_auc(validation.label, one.predict_proba(x_validation)[:, 1]) for one in candidates]
    best = aucs.index(max(aucs))
    tried = (
        TunedSetting(*setting, roc_auc=float(auc), chosen=place == best)
        for place, (setting, auc) in enumerate(zip(settings, aucs, strict=True))
    )
    chosen = candidates[best]
    return BlackBox(
        lambda rows: np.asarray(chosen.predict_proba(matrix(rows))[:, 1]), BlackBoxSearch(deep, tuple(tried))
    )


def _boosted(
    rows: np.ndarray,
    label: np.ndarray,
    setting: tuple[int, float, float],
    categorical: list[bool],
    seed: int,
    stopping: np.ndarray | None,
) -> HistGradientBoostingClassifier:
    from sklearn.ensemble import HistGradientBoostingClassifier

    leaves, rate, penalty = setting
    classifier = HistGradientBoostingClassifier(
        max_leaf_nodes=leaves,
        learning_rate=rate,
        l2_regularization=penalty,
        max_iter=400,
        early_stopping=True,
        validation_fraction=_STOP_SHARE,
        categorical_features=categorical,
        random_state=seed,
    )
    # One thread per classifier, and classifiers in parallel: threads of one would wait for each other at every leaf.
    with threadpool_limits(limits=1):
        if stopping is None:
            return classifier.fit(rows, label)
        return classifier.fit(rows[~stopping], label[~stopping], X_val=rows[stopping], y_val=label[stopping])
