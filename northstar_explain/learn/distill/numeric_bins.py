"""From a matrix to bins, and from a tree over bins to one of conditions on numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from northstar_explain.contract.conditions import Condition, NumberCondition
from northstar_explain.model.rules import Node
from northstar_explain.model.tree import translated

from .bin_tree import BinTest, BinTree, FeatureBins


def thresholds_of(values: np.ndarray, most: int) -> np.ndarray:
    """Choose where a column may be cut.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Finite numbers.
    most : int
        Most thresholds to return.

    Returns
    -------
    ndarray of shape (m,)
        Ascending. Between all neighbouring values where these are few, else between values at even shares of the
        rows.
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) - 1 <= most:
        return midpoints(distinct[:-1], distinct[1:])
    reached = np.cumsum(counts)
    # A value that many rows share is cut before and after, never within: several shares may fall on one place.
    places = np.searchsorted(reached, np.arange(1, most + 1) * (len(values) / (most + 1)))
    # The highest value has no neighbour above it to be cut from.
    places = np.unique(np.clip(places, 0, len(distinct) - 2))
    return midpoints(distinct[places], distinct[places + 1])


def midpoints(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Find a number above ``lower`` and not above ``upper``, halfway where float64 has room for that."""
    middle = lower + (upper - lower) / 2.0
    return np.where((middle > lower) & (middle <= upper), middle, upper)


def encode(X: np.ndarray, thresholds: list[np.ndarray]) -> tuple[np.ndarray, list[FeatureBins]]:
    """Turn values into codes: how many thresholds of its feature each value reaches."""
    columns = [np.searchsorted(cuts, values, side="right") for values, cuts in zip(X.T, thresholds, strict=True)]
    # Small integers: the codes are what the search reads most.
    widest = max(len(cuts) for cuts in thresholds)
    codes = np.stack(columns, axis=1).astype(np.uint8 if widest < 256 else np.int16)
    return codes, [FeatureBins(len(cuts) + 1) for cuts in thresholds]


def with_thresholds(tree: BinTree, thresholds: Sequence[np.ndarray], names: Sequence[str]) -> Node:
    """Replace the tests on bins by conditions on numbers, and the numbers of groups by texts.

    Parameters
    ----------
    tree : Split or Leaf
    thresholds : sequence of ndarray
        Of each feature, ascending, as its codes count them.
    names : sequence of str
        Of the features.

    Returns
    -------
    Split or Leaf
        A tree as `model.rules` reads it: a value below a threshold fits.
    """

    def condition(test: BinTest) -> Condition:
        # A code is the number of thresholds reached: codes below a cut have not reached the threshold before it.
        return NumberCondition(names[test.feature], None, float(thresholds[test.feature][test.cut - 1]))

    return translated(tree, condition, str)
