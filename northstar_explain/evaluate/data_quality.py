"""Data quality: sizes of the splits, missing values, and features that carry the same information."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns
from northstar_explain.contract.features import Feature
from northstar_explain.model.evaluation.data_facts import CorrelatedPair, MissingShare, SplitSize
from northstar_explain.model.evaluation.limits import CORRELATED

# More rows do not change the second digit.
_ROWS = 20_000


def split_facts(splits: Mapping[str, np.ndarray]) -> tuple[SplitSize, ...]:
    """Customers and buyers of each split.

    Parameters
    ----------
    splits : mapping
        Name of the split to its label, an ndarray of 0 and 1.
    """
    return tuple(
        SplitSize(name, len(label), int(label.sum()), float(label.mean()) if len(label) else None)
        for name, label in splits.items()
    )


def missing_facts(train: Columns, holdout: Columns, features: Sequence[Feature]) -> tuple[MissingShare, ...]:
    """Share of customers whose value is missing, by feature."""
    return tuple(
        MissingShare(one.name, *(float(_absent(rows[one.name]).mean()) for rows in (train, holdout)))
        for one in features
    )


def correlation_facts(columns: Columns, features: Sequence[Feature], seed: int) -> tuple[CorrelatedPair, ...]:
    """Pairs of features so strongly associated that the model may attribute an effect to either.

    Two numbers are compared by Spearman's rank correlation (1904), two categories by Cramér's V (1946), a number and a
    category by the correlation ratio of the ranks (Fisher 1925). Rows where either is missing are left out.

    Parameters
    ----------
    columns : mapping
        Training rows.
    features : sequence of Feature
    seed : int
        Of the sample of at most 20,000 rows.

    Returns
    -------
    tuple of CorrelatedPair
        Every pair with an absolute value of `CORRELATED` or more, the strongest first.
    """
    count = len(columns[features[0].name])
    # The second number gives each use of a seed draws of its own: one draw more elsewhere changes nothing here.
    rows = np.sort(np.random.default_rng([seed, 4]).permutation(count)[:_ROWS])
    sample = {f.name: columns[f.name].take(rows) if isinstance(columns[f.name], Category) else columns[f.name][rows]  # type: ignore[index]
             for f in features}  # fmt: skip
    # Ranking takes nearly all the time, and there are many pairs: a number known in all rows is ranked once.
    ranked = {
        name: _ranks(column) for name, column in sample.items()
        if isinstance(column, np.ndarray) and len(column) > 1 and not np.isnan(column).any()
    }  # fmt: skip
    pairs = []
    for place, first in enumerate(features):
        for second in features[place + 1 :]:
            if first.name in ranked and second.name in ranked:
                measure, value = "Spearman", _correlation(ranked[first.name], ranked[second.name])
            else:
                measure, value = association(sample[first.name], sample[second.name])
            if abs(value) >= CORRELATED:
                pairs.append(CorrelatedPair(first.name, second.name, measure, value))
    return tuple(sorted(pairs, key=lambda pair: (-abs(pair.value), pair.first, pair.second)))


def association(first: np.ndarray | Category, second: np.ndarray | Category) -> tuple[str, float]:
    """The measure that fits two columns, and their association by it; 0 where one of them does not vary."""
    known = ~_absent(first) & ~_absent(second)
    if known.sum() < 2:
        return "none", 0.0
    if isinstance(first, Category) and isinstance(second, Category):
        return "Cramér's V", _cramer(first.codes[known], second.codes[known])
    # The measure of a number and a category takes the number first.
    if isinstance(first, Category):
        first, second = second, first
    assert isinstance(first, np.ndarray)
    ranks = _ranks(first[known])
    if isinstance(second, Category):
        return "correlation ratio", _ratio(ranks, second.codes[known])
    return "Spearman", _correlation(ranks, _ranks(second[known]))


def _absent(column: np.ndarray | Category) -> np.ndarray:
    return column.codes < 0 if isinstance(column, Category) else np.isnan(column)


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks; equal values share their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[place]


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    first, second = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum() / scale) if scale else 0.0


def _ratio(values: np.ndarray, codes: np.ndarray) -> float:
    counts = np.bincount(codes)
    means = np.bincount(codes, values) / np.maximum(counts, 1)
    total = ((values - values.mean()) ** 2).sum()
    return float(np.sqrt((counts * (means - values.mean()) ** 2)[counts > 0].sum() / total)) if total else 0.0


def _cramer(first: np.ndarray, second: np.ndarray) -> float:
    joint = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(joint, (first, second), 1)
    # Categories without known rows would divide by an expected count of zero.
    joint = joint[joint.sum(1) > 0][:, joint.sum(0) > 0]
    least = min(joint.shape) - 1
    if least < 1:
        return 0.0
    expected = np.outer(joint.sum(1), joint.sum(0)) / joint.sum()
    return float(np.sqrt(((joint - expected) ** 2 / expected).sum() / (joint.sum() * least)))
