"""A baseline that fits on a card: logistic regression on the few features that say most."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from northstar_explain.contract.columns import Columns, count_rows, rows_of
from northstar_explain.contract.features import Feature
from northstar_explain.evaluate.logistic_all import design, logistic_all

FEW = 5
# Five of thirty features are found on so many rows as on all of a large table.
CHOICE_ROWS = 30_000


def choose_few(features: Iterable[Feature], columns: Columns, label: np.ndarray, seed: int) -> tuple[str, ...]:
    """The features to use, chosen one after another on training rows.

    Parameters
    ----------
    features : iterable of Feature
        Those of the purchase model.
    columns : mapping
        The training rows.
    label : ndarray of 0 and 1, shape (n,)
    seed : int
        Of the sample of at most 30,000 rows.

    Returns
    -------
    tuple of str
        `FEW` names, fewer where there are no more, in the order of choice. Each is the feature whose columns, prepared
        as for `logistic_all`, correlate the most with what the regression on those before it leaves over: forward
        selection by the score test (Rao 1948).
    """
    features = tuple(features)
    some = np.sort(np.random.default_rng([seed, 7]).permutation(count_rows(columns))[:CHOICE_ROWS])
    rows, label = rows_of(columns, some), label[some]
    blocks = {feature.name: _standardized(design([feature], rows)(rows)) for feature in features}
    left, chosen = label - label.mean(), list[Feature]()
    while len(chosen) < min(FEW, len(features)):
        free = [feature for feature in features if feature not in chosen]
        chosen.append(max(free, key=lambda feature: float(np.abs(left @ blocks[feature.name]).max(initial=0.0))))
        left = label - logistic_all(chosen, rows, label)(rows)
    return tuple(feature.name for feature in chosen)


def logistic_few(
    features: Iterable[Feature], columns: Columns, label: np.ndarray, seed: int
) -> tuple[Callable[[Columns], np.ndarray], tuple[str, ...]]:
    """Logistic regression on the features of `choose_few`, prepared as for `logistic_all`; and their names."""
    features = tuple(features)
    names = choose_few(features, columns, label, seed)
    return logistic_all([feature for feature in features if feature.name in names], columns, label), names


def _standardized(matrix: np.ndarray) -> np.ndarray:
    spread = matrix.std(axis=0)
    scaled: np.ndarray = (matrix - matrix.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return scaled
