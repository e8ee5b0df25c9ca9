"""What the purchase model must beat: simpler ways to score, and a black box; all taught by the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from northstar_explain.contract import Category, Columns, Contract, Feature
from northstar_explain.evaluate.customers import Customers
from northstar_explain.evaluate.model_quality import Predictions
from northstar_explain.learn import splits
from northstar_explain.learn.workers import processes
from northstar_explain.metrics import best_f1_threshold, roc_auc
from northstar_explain.model.evaluation.purchase_facts import SkippedBaseline
from northstar_explain.model.rules import Node, assign

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

# Leaves and learning rate that the black box is tuned over, on the validation rows.
_TUNED = ((15, 0.1), (31, 0.05))
_RULE_CUTS = 100
_STOP_SHARE = 0.1  # of the training rows, as scikit-learn's own

Score = Callable[[Columns], np.ndarray]
Labelled = tuple[Columns, np.ndarray]


class Baselines(NamedTuple):
    """The holdout, scored in simpler ways and by the black box.

    Attributes
    ----------
    judged : dict of str to Predictions
    skipped : tuple of SkippedBaseline
        Those that the contract does not allow.
    """

    judged: dict[str, Predictions]
    skipped: tuple[SkippedBaseline, ...]


def baselines(
    contract: Contract, taught: Labelled, chosen: Labelled, held: Columns, tree: Node, black_box: Score
) -> Baselines:
    """Learn every baseline and score the holdout with it.

    Parameters
    ----------
    contract : Contract
        Its roles say which features are recency, frequency and value: of several, the first counts.
    taught, chosen : tuple of (columns, label)
        Training rows, and validation rows on which thresholds are chosen.
    held : mapping
        The holdout's columns.
    tree : Node
        The segments.
    black_box : callable
        As `fit_black_box` gives it.

    Returns
    -------
    Baselines
        ``base_rate``, ``recency_rule`` (one threshold on recency), ``logistic_rfv`` (logistic regression on log
        recency, frequency and value), ``segment_rate`` (each segment's own rate) and ``black_box``.
    """
    rate = float(taught[1].mean())
    by_role = _by_role(contract)
    scores: dict[str, Score] = {"base_rate": lambda columns: np.full(_rows(columns), rate)}
    skipped = []
    for name, roles, learn in (
        ("recency_rule", ("recency",), _recency_rule),
        ("logistic_rfv", ("recency", "frequency", "value"), _logistic),
    ):
        lacking = [role for role in roles if role not in by_role]
        if lacking:
            why = f"no numeric feature of the model has the role {' or '.join(lacking)} in the contract"
            skipped.append(SkippedBaseline(name, why))
        else:
            scores[name] = learn([by_role[role] for role in roles], *taught)
    scores["segment_rate"] = _segment_rate(tree, *taught)
    scores["black_box"] = black_box
    judged = {}
    for name, score in scores.items():
        threshold = best_f1_threshold(chosen[1], score(chosen[0]))
        judged[name] = Predictions(score(held), threshold)
    return Baselines(judged, tuple(skipped))


def _by_role(contract: Contract) -> dict[str, str]:
    found: dict[str, str] = {}
    for feature in contract.model_features:
        if feature.kind.numeric:
            found.setdefault(feature.role, feature.name)
    return found


def _rows(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def _recency_rule(names: list[str], columns: Columns, label: np.ndarray) -> Score:
    """Two rates, apart at the threshold with the highest F1 on the training rows."""

    def recency(part: Columns) -> np.ndarray:
        column = part[names[0]]
        assert isinstance(column, np.ndarray)
        return np.where(np.isnan(column), np.inf, column)

    known = recency(columns)
    cuts = np.unique(np.quantile(known[np.isfinite(known)], np.linspace(0, 1, _RULE_CUTS), method="lower"))
    hits = np.array([label[known <= cut].sum() for cut in cuts])
    flagged = np.array([(known <= cut).sum() for cut in cuts])
    cut = cuts[int(np.argmax(2 * hits / np.maximum(flagged + label.sum(), 1)))]
    inside = known <= cut
    rates = [float(label[side].mean()) if side.any() else float(label.mean()) for side in (inside, ~inside)]
    return lambda part: np.where(recency(part) <= cut, *rates)


def _logistic(names: list[str], columns: Columns, label: np.ndarray) -> Score:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    raw = np.column_stack([_log(columns[name]) for name in names])
    usual = np.nanmedian(raw, axis=0)

    def placed(part: Columns) -> np.ndarray:
        values = np.column_stack([_log(part[name]) for name in names])
        missing = np.isnan(values)
        return np.column_stack([np.where(missing, usual, values), missing])

    machine = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(placed(columns), label)
    return lambda part: np.asarray(machine.predict_proba(placed(part))[:, 1])


def _log(column: np.ndarray | Category) -> np.ndarray:
    assert isinstance(column, np.ndarray)
    return np.sign(column) * np.log1p(np.abs(column))


def _segment_rate(tree: Node, columns: Columns, label: np.ndarray) -> Score:
    ids = assign(tree, columns)
    rates = {str(id): float(label[ids == id].mean()) for id in np.unique(ids)}
    usual = float(label.mean())

    def score(part: Columns) -> np.ndarray:
        found, back = np.unique(assign(tree, part), return_inverse=True)
        return np.array([rates.get(str(id), usual) for id in found])[back]

    return score


def fit_black_box(features: Iterable[Feature], taught: Customers, chosen: Customers, seed: int) -> Score:
    """Fit histogram gradient boosting (Ke et al. 2017), as scikit-learn has it, with early stopping.

    Parameters
    ----------
    features : iterable of Feature
        The model's own.
    taught, chosen : Customers
        Training rows, and validation rows on which it is tuned. Rows that belong together either fit it or tell it
        when to stop, as it is with the model itself.
    seed : int

    Returns
    -------
    callable
        Takes columns and gives a probability per row.
    """
    features = tuple(features)
    kept = {feature.name: _frequent(taught.columns[feature.name]) for feature in features}

    def placed(part: Columns) -> np.ndarray:
        return np.column_stack([_numbers(part[feature.name], kept[feature.name]) for feature in features])

    categorical = [not feature.kind.numeric for feature in features]
    rows, judged = placed(taught.columns), placed(chosen.columns)
    stops = None
    if taught.groups is not None:
        stops = splits.bags(taught.label, taught.groups, 1, _STOP_SHARE, seed)[:, 0] < 0
    with processes():
        tried = Parallel(n_jobs=-1)(
            delayed(_boosted)(rows, taught.label, leaves, rate, categorical, seed, stops) for leaves, rate in _TUNED
        )
    best = max(tried, key=lambda machine: roc_auc(chosen.label, machine.predict_proba(judged)[:, 1]))
    return lambda part: np.asarray(best.predict_proba(placed(part))[:, 1])


def _boosted(
    rows: np.ndarray,
    label: np.ndarray,
    leaves: int,
    rate: float,
    categorical: list[bool],
    seed: int,
    stops: np.ndarray | None,
) -> HistGradientBoostingClassifier:
    from sklearn.ensemble import HistGradientBoostingClassifier

    machine = HistGradientBoostingClassifier(
        max_leaf_nodes=leaves,
        learning_rate=rate,
        max_iter=400,
        early_stopping=True,
        validation_fraction=_STOP_SHARE,
        categorical_features=categorical,
        random_state=seed,
    )
    # One thread a machine and the machines side by side: its own threads wait for each other at every leaf.
    with threadpool_limits(limits=1):
        if stops is None:
            return machine.fit(rows, label)
        return machine.fit(rows[~stops], label[~stops], X_val=rows[stops], y_val=label[stops])


def _frequent(column: np.ndarray | Category, most: int = 200) -> dict[str, int]:
    """Codes of the most frequent categories: the black box holds at most 255."""
    if not isinstance(column, Category):
        return {}
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values))
    order = sorted(range(len(column.values)), key=lambda i: (-counts[i], column.values[i]))[:most]
    return {column.values[i]: place for place, i in enumerate(order)}


def _numbers(column: np.ndarray | Category, codes: dict[str, int]) -> np.ndarray:
    if not isinstance(column, Category):
        return column
    found = column.lookup(codes, -1, len(codes)).astype(np.float64)
    found[found < 0] = np.nan
    return found
