"""The proxy check: how well the model's features tell the groups of each sensitive feature."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from northstar_explain import metrics
from northstar_explain.contract.columns import Columns, count_rows, rows_of
from northstar_explain.contract.features import Contract, Feature
from northstar_explain.evaluate import group_chance
from northstar_explain.evaluate.boosting_rows import boosting_rows
from northstar_explain.evaluate.groups import sensitive_groups
from northstar_explain.model.evaluation.limits import SUBGROUP_MIN_CUSTOMERS
from northstar_explain.model.evaluation.proxy_facts import Proxy, ProxyScore

# Rows to fit to: enough to know a ROC-AUC to a hundredth. Trees of one value, and levels that a score is counted in.
ROWS = 20_000
# Small trees that learn slowly: larger ones learn a table of a few thousand rows by heart.
_TREES, _LEAVES, _RATE, _LEVELS = 60, 6, 0.05, 50
_BINS, _PRIOR = 32, 5.0


def proxy_facts(contract: Contract, train: Columns, holdout: Columns, seed: int) -> tuple[Proxy, ...]:
    """Fit to the training rows who is in each group of a sensitive feature, and measure on the holdout.

    Parameters
    ----------
    contract : Contract
    train, holdout : mapping
        Columns of both sets.
    seed : int
        Samples the training rows where there are more than `ROWS`.

    Returns
    -------
    tuple of Proxy
        In the order of the subgroups; groups of fewer than `SUBGROUP_MIN_CUSTOMERS` in either set are left out, as are
        those that everybody else is fewer than that beside.
    """
    found: list[Proxy] = []
    sensitive = contract.sensitive_features
    if not sensitive:
        return ()
    total = count_rows(train)
    if total > ROWS:
        train = rows_of(train, np.sort(np.random.default_rng([seed, 31]).choice(total, ROWS, replace=False)))
    for feature in sensitive:
        others = tuple(one for one in contract.model_features if one.name != feature.name)
        if others:
            found += _of_feature(contract, feature, others, train, holdout, seed)
    return tuple(found)


def _of_feature(
    contract: Contract, feature: Feature, others: Sequence[Feature], train: Columns, holdout: Columns, seed: int
) -> list[Proxy]:
    like = holdout[feature.name]
    held = {name: mask for _, name, mask in sensitive_groups(contract, feature, like, like)}
    fitted = {name: mask for _, name, mask in sensitive_groups(contract, feature, train[feature.name], like)}
    least = SUBGROUP_MIN_CUSTOMERS
    names = [
        name for name in held
        if min(int(one.sum()) for mask in (held[name], fitted[name]) for one in (mask, ~mask)) >= least
    ]  # fmt: skip
    if not names:
        return []
    matrix = boosting_rows(others, train)
    rows, held_rows = matrix(train), matrix(holdout)
    scores = _boosted(rows, held_rows, others, [fitted[name] for name in names], seed)
    found = []
    for place, name in enumerate(names):
        together = _levels(scores[:, place], held[name])
        alone = _alone(rows, held_rows, others, fitted[name], held[name])
        found.append(Proxy(feature.name, name, _score(None, *together), alone))
    return found


def _boosted(
    rows: np.ndarray, held_rows: np.ndarray, features: Sequence[Feature], groups: Sequence[np.ndarray], seed: int
) -> np.ndarray:
    """The probability of each group, shape (n, groups), by one classifier of all groups and the rest."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    which = np.zeros(len(rows), dtype=int)
    for number, mask in enumerate(groups, start=1):
        which[mask] = number
    classifier = HistGradientBoostingClassifier(
        max_leaf_nodes=_LEAVES, max_iter=_TREES, learning_rate=_RATE, min_samples_leaf=SUBGROUP_MIN_CUSTOMERS,
        early_stopping=False, random_state=seed,
        categorical_features=[not one.kind.numeric for one in features],
    )  # fmt: skip
    with threadpool_limits(limits=1):
        classifier.fit(rows, which)
        found = classifier.predict_proba(held_rows)
    # Without rows outside all groups, the first class is the first group.
    places = [int(np.flatnonzero(classifier.classes_ == number)[0]) for number in range(1, len(groups) + 1)]
    probability: np.ndarray = found[:, places]
    return probability


def _levels(score: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Customers in and outside of the group by level of a score: at most `_LEVELS`, of equal size."""
    cuts = np.unique(np.quantile(score, np.linspace(0, 1, _LEVELS + 1)[1:-1]))
    level = np.searchsorted(cuts, score, side="right")
    counts = len(cuts) + 1
    return np.bincount(level[inside], minlength=counts), np.bincount(level[~inside], minlength=counts)


def _alone(
    rows: np.ndarray, held_rows: np.ndarray, features: Sequence[Feature], fitted: np.ndarray, held: np.ndarray
) -> ProxyScore:
    """The feature that ranks the group best on the training rows, as it ranks the holdout."""
    best, name, levels = -1.0, "", (np.array([1]), np.array([1]))
    for place, feature in enumerate(features):
        # Chosen on the training rows: the holdout chooses nothing.
        bins, held_bins = (_binned(one[:, place], rows[:, place], feature) for one in (rows, held_rows))
        count = int(max(bins.max(), held_bins.max())) + 1
        hits, sizes = np.bincount(bins[fitted], minlength=count), np.bincount(bins, minlength=count)
        # Rates of small bins are shrunk towards that of all, else a feature of many values would seem to tell most.
        rate = (hits + _PRIOR * fitted.mean()) / (sizes + _PRIOR)
        order = np.argsort(rate, kind="stable")
        auc = _auc(hits[order], (sizes - hits)[order])
        if auc > best:
            inside, outside = (np.bincount(held_bins[mask], minlength=count)[order] for mask in (held, ~held))
            best, name, levels = auc, feature.name, (inside, outside)
    return _score(name, *levels)


def _binned(values: np.ndarray, like: np.ndarray, feature: Feature) -> np.ndarray:
    """The bin of each value by quantiles of the training rows, or by category; 0 is missing."""
    known = like[~np.isnan(like)]
    cuts = np.unique(known) if not feature.kind.numeric else np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS))
    bins: np.ndarray = np.searchsorted(cuts, values, side="left") + 1
    bins[np.isnan(values)] = 0
    return bins


def _auc(inside: np.ndarray, outside: np.ndarray) -> float:
    below = np.cumsum(outside) - outside / 2
    return float((inside * below).sum() / max(1, inside.sum() * outside.sum()))


def _score(feature: str | None, inside: np.ndarray, outside: np.ndarray) -> ProxyScore:
    level, label = np.arange(len(inside)), np.repeat([1, 0], [inside.sum(), outside.sum()])
    score = np.concatenate([np.repeat(level, inside), np.repeat(level, outside)]).astype(float)
    ends = group_chance.roc_auc_interval(label, score)
    assert ends is not None  # both have `SUBGROUP_MIN_CUSTOMERS` or more
    return ProxyScore(feature, metrics.roc_auc(label, score), ends, tuple(inside.tolist()), tuple(outside.tolist()))
