"""From clusters to rules: the distiller on raw features, with round thresholds and explicit missing values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from northstar_explain.contract import Category, Columns, Feature
from northstar_explain.contract.conditions import CategoryCondition, Condition, MissingCondition, NumberCondition
from northstar_explain.learn import distill as engine
from northstar_explain.learn.round_numbers import thresholds
from northstar_explain.model.rules import Node
from northstar_explain.model.tree import Leaf, Split

LEAST_SHARE = 0.03
# A threshold that separates a smaller share of the customers than this is not worth a condition.
_LEAST_SIDE = 0.01
# Values that mark that something is not so, or not known: of two values a rule names the other.
_NOTHING = {"", "0", "f", "false", "n", "na", "never", "no", "none", "not", "off", "other", "unknown"}


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
    return to_conditions(distilled.tree, codings)


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


def to_conditions(tree: engine.BinTree, codings: Sequence[Coding]) -> Node:
    """The tree of tests on codes as a tree of conditions on features.

    A split of categories lists the values of one side, and all others go to the other side, values that no row had
    among them. The side that is listed is the one with fewer values, of those that reach the split: a rule names the
    value that is meant, "is success" and not "is not failure, other or unknown".

    Parameters
    ----------
    tree : Split or Leaf
    codings : sequence of Coding
        One for each column of codes.

    Returns
    -------
    Node
        Segments are named by their group's number.
    """
    return _to_conditions(tree, codings, {})


def _to_conditions(tree: engine.BinTree, codings: Sequence[Coding], left: Mapping[int, Sequence[str]]) -> Node:
    """The same for a node, with the values of each category that reach it, where not all do."""
    if isinstance(tree, Leaf):
        return Leaf(str(tree.segment))
    coding = codings[tree.test.feature]
    values = left.get(tree.test.feature, coding.values)
    fitting = [value for value in values if value in _fitting(tree.test, coding)]
    others = [value for value in values if value not in fitting]
    return Split(
        _condition(tree.test, coding, fitting, others),
        _to_conditions(tree.yes, codings, {**left, tree.test.feature: fitting}),
        _to_conditions(tree.no, codings, {**left, tree.test.feature: others}),
    )


def _fitting(test: engine.BinTest, coding: Coding) -> set[str]:
    """The categories that fit a test."""
    if test.codes is None:
        return set(coding.values[: max(0, test.cut - coding.first)])
    return {coding.values[code - coding.first] for code in test.codes if code >= coding.first}


def _condition(test: engine.BinTest, coding: Coding, fitting: Sequence[str], others: Sequence[str]) -> Condition:
    """The condition that holds of the rows which fit a test on codes, of which `fitting` and not `others` do."""
    name = coding.feature.name
    if coding.values:
        if not fitting and test.missing:
            return MissingCondition(name)
        if not others and not test.missing and coding.first:
            return NumberCondition(name)  # every known value fits, and no missing one
        listed = others and (not fitting or _worth_listing(others, fitting, coding))
        return CategoryCondition(name, tuple(others if listed else fitting), not listed, test.missing)
    below = test.cut - coding.first  # how many of the known values' codes lie below the cut
    if below <= 0:
        return MissingCondition(name)
    if below > len(coding.cuts):
        return NumberCondition(name)
    return NumberCondition(name, None, float(coding.cuts[below - 1]), test.missing)


def _worth_listing(others: Sequence[str], fitting: Sequence[str], coding: Coding) -> bool:
    """Whether a rule had better list the values that do not fit than those that do."""
    if coding.feature.order and len(coding.feature.order) > 2:
        return False  # "bronze or lower", "silver or higher"
    return _meant(others) < _meant(fitting)


def _meant(values: Sequence[str]) -> tuple[int, int]:
    """How little values are what somebody asks about: by their number, then by how many say that there is nothing."""
    return len(values), sum(value.casefold() in _NOTHING for value in values)
