"""The proxy check: how well the model's features tell the groups of each sensitive feature."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

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
    train = sampled(train, seed)
    for feature in contract.sensitive_features:
        others = tuple(one for one in contract.model_features if one.name != feature.name)
        if others:
            found += _of_feature(contract, feature, others, train, holdout, seed)
    return tuple(found)


def sampled(train: Columns, seed: int) -> Columns:
    """As many training rows as the check is fitted to."""
    total = count_rows(train)
    if total <= ROWS:
        return train
    return rows_of(train, np.sort(np.random.default_rng([seed, 31]).choice(total, ROWS, replace=False)))


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
    bins = [_binned(rows[:, place], rows[:, place], one) for place, one in enumerate(others)]

    @functools.cache
    def held_bins(place: int) -> np.ndarray:
        return _binned(held_rows[:, place], rows[:, place], others[place])

    found = []
    for place, name in enumerate(names):
        together = _levels(scores[:, place], held[name])
        alone = _alone(bins, held_bins, others, fitted[name], held[name])
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
    bins: Sequence[np.ndarray], held_bins: Callable[[int], np.ndarray], features: Sequence[Feature],
    fitted: np.ndarray, held: np.ndarray,
) -> ProxyScore:  # fmt: skip
    """The feature that ranks the group best on the training rows, as it ranks the holdout."""
    # Chosen on the training rows: the holdout chooses nothing.
    aucs = []
    for one in bins:
        hits, sizes = _counts(one, fitted)
        order = _by_rate(hits, sizes)
        aucs.append(_auc(hits[order], (sizes - hits)[order]))
    best = int(np.argmax(aucs))
    levels = held_bins(best)
    count = int(max(bins[best].max(), levels.max())) + 1
    order = _by_rate(*_counts(bins[best], fitted, count))
    inside, outside = (np.bincount(levels[mask], minlength=count)[order] for mask in (held, ~held))
    return _score(features[best].name, inside, outside)


def _counts(bins: np.ndarray, fitted: np.ndarray, least: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Of the group, and of all, in each bin."""
    sizes = np.bincount(bins, minlength=least)
    return np.bincount(bins[fitted], minlength=len(sizes)), sizes


def _by_rate(hits: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Bins by the group's rate, the lowest first."""
    # Rates of small bins are shrunk towards that of all, else a feature of many values would seem to tell most.
    order: np.ndarray = np.argsort((hits + _PRIOR * hits.sum() / sizes.sum()) / (sizes + _PRIOR), kind="stable")
    return order


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
