"""From clusters to rules: the distiller on raw features, with round thresholds and explicit missing values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from northstar_explain.contract import Category, Columns, Feature
from northstar_explain.contract.conditions import CategoryCondition, Condition, MissingCondition, NumberCondition
from northstar_explain.learn import distill as engine
from northstar_explain.learn.round_numbers import thresholds
from northstar_explain.model.rules import Node
from northstar_explain.model.tree import translated

LEAST_SHARE = 0.03
# A threshold that separates a smaller share of the customers than this is not worth a condition.
_LEAST_SIDE = 0.01


@dataclass(frozen=True)
class Coding:
    """How the values of one feature are numbered for the distiller.

    Attributes
    ----------
    feature : Feature
    cuts : ndarray
        Round thresholds of a number; empty for categories.
    values : tuple of str
        Categories, in order of their codes.
    first : int
        The code of the lowest value: 1 where code 0 stands for missing, else 0.
    """

    feature: Feature
    cuts: np.ndarray
    values: tuple[str, ...]
    first: int

    @property
    def bins(self) -> engine.FeatureBins:
        """How the distiller reads the codes."""
        count = len(self.values) if self.values else len(self.cuts) + 1
        return engine.FeatureBins(count + self.first, bool(self.first), not self.feature.kind.has_order)

    def codes(self, column: np.ndarray | Category) -> np.ndarray:
        """The code of each row; 0 where missing."""
        if isinstance(column, Category):
            table = {value: i + self.first for i, value in enumerate(self.values)}
            return column.lookup(table, 0, 0)
        # NaN sorts after every number; its code is set below.
        codes = np.searchsorted(self.cuts, column, side="right") + self.first
        codes[np.isnan(column)] = 0
        return codes


def learn_rules(
    points: np.ndarray,
    columns: Columns,
    features: Sequence[Feature],
    labels: np.ndarray,
    limits: engine.Limits,
    seed: int,
    round_thresholds: bool = True,
    effort: float = 1.0,
) -> Node:
    """Find the tree of conditions with round thresholds whose groups cost least in KMeans' space.

    Parameters
    ----------
    points : ndarray of shape (n, d)
        The customers in KMeans' space.
    columns : mapping
        The same customers' raw features.
    features : sequence of Feature
        Those a rule may ask about.
    labels : ndarray of int, shape (n,)
        KMeans' clusters: 0 to k - 1.
    limits : Limits
        Leaves, conditions and smallest shares.
    seed : int
    round_thresholds : bool, default True
        Whether thresholds must be round numbers; otherwise any quantile may be one, to measure what rounding costs.
    effort : float, default 1.0
        Share of the distiller's usual work.

    Returns
    -------
    Node
        Segments are named by their cluster's number.
    """
    codings = [coding for feature in features if (coding := _coding(feature, columns[feature.name], round_thresholds))]
    codes = np.column_stack([coding.codes(columns[coding.feature.name]) for coding in codings])
    distilled = engine.distill(points, codes, [coding.bins for coding in codings], labels, limits, seed, effort)
    return translated(distilled.tree, lambda test: _condition(test, codings[test.feature]), str)


def _coding(feature: Feature, column: np.ndarray | Category, round_thresholds: bool) -> Coding | None:
    first = int(feature.missing is not None)
    if isinstance(column, Category):
        # Without an order, codes follow the alphabet, so that they do not depend on the order of the rows.
        values = feature.order or tuple(sorted(column.values))
        return Coding(feature, np.empty(0), values, first) if len(values) + first > 1 else None
    cuts = thresholds(feature, column, _LEAST_SIDE) if round_thresholds else _quantiles(column)
    return Coding(feature, cuts, (), first) if len(cuts) + first else None


def _quantiles(column: np.ndarray) -> np.ndarray:
    known = column[~np.isnan(column)]
    return np.unique(np.quantile(known, np.linspace(_LEAST_SIDE, 1 - _LEAST_SIDE, 255), method="higher"))


def _condition(test: engine.BinTest, coding: Coding) -> Condition:
    """The condition that holds of the rows which fit a test on bins."""
    name, first = coding.feature.name, coding.first
    if test.codes is not None:
        values = tuple(coding.values[code - first] for code in test.codes if code >= first)
        if values:
            return CategoryCondition(name, values, True, bool(first) and 0 in test.codes)
        return MissingCondition(name)
    known = test.cut - first  # how many of the known values' codes lie below the cut
    if known <= 0:
        return MissingCondition(name)
    count = len(coding.values) if coding.values else len(coding.cuts) + 1
    if known >= count:
        return NumberCondition(name)  # every known value fits, and no missing one
    if coding.values:
        return CategoryCondition(name, coding.values[:known], True, test.missing)
    return NumberCondition(name, None, float(coding.cuts[known - 1]), test.missing)
