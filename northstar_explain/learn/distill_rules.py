"""From clusters to rules: the distiller on raw features, with round thresholds and explicit missing values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, count_rows
from northstar_explain.contract.conditions import CategoryCondition, Condition, MissingCondition, NumberCondition
from northstar_explain.contract.definedness import defined
from northstar_explain.contract.features import Feature
from northstar_explain.learn import distill as engine
from northstar_explain.learn.defined_tree import conditional_tree
from northstar_explain.learn.round_numbers import thresholds
from northstar_explain.model.rules import Node

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
        The code of the lowest value: 1 where code 0 stands for missing and for not applicable, else 0.
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

    def codes(self, columns: Columns) -> np.ndarray:
        """The code of each row; 0 where missing or not applicable."""
        column = columns[self.feature.name]
        if isinstance(column, Category):
            table = {value: i + self.first for i, value in enumerate(self.values)}
            codes: np.ndarray = column.lookup(table, 0, 0)
        else:
            # NaN sorts after every number; its code is set below.
            codes = np.searchsorted(self.cuts, column, side="right") + self.first
            codes[np.isnan(column)] = 0
        applicable = defined(self.feature, columns)
        return codes if applicable is None else np.where(applicable, codes, 0)


@dataclass(frozen=True)
class Coded:
    """Customers as the distiller reads them.

    Attributes
    ----------
    codings : tuple of Coding
        One for each feature that a rule may ask about.
    codes : ndarray of int, shape (n, codings)
    features : mapping
        Every feature, by name, that may stand in a rule.
    """

    codings: tuple[Coding, ...]
    codes: np.ndarray
    features: Mapping[str, Feature]


def coded(
    columns: Columns,
    features: Sequence[Feature],
    by_name: Mapping[str, Feature],
    round_thresholds: bool = True,
) -> Coded:
    """Number the values of the features that a rule may ask about.

    Parameters
    ----------
    columns : mapping
        Raw features, with those that others are defined by.
    features : sequence of Feature
        Those a rule may ask about.
    by_name : mapping
        The features of the contract.
    round_thresholds : bool, default True
        Whether thresholds must be round numbers; otherwise any quantile may be one, to measure what rounding costs.

    Returns
    -------
    Coded
        Without features that have only one code.
    """
    every = (_coding(feature, columns, round_thresholds) for feature in features)
    codings = tuple(coding for coding in every if coding is not None)
    rows = count_rows(columns)
    codes = np.column_stack([coding.codes(columns) for coding in codings]) if codings else np.zeros((rows, 0), np.intp)
    return Coded(codings, codes, by_name)


def telling(customers: Coded, labels: np.ndarray, most: int) -> Coded:
    """The customers with the features alone that tell most of their clusters, of which no label is known.

    Parameters
    ----------
    customers : Coded
    labels : ndarray of int, shape (n,)
        KMeans' clusters.
    most : int
        Features to keep.

    Returns
    -------
    Coded
        By the mutual information of code and cluster, in the contract's order; the same where there are no more.
    """
    if len(customers.codings) <= most:
        return customers
    told = [_information(codes, labels) for codes in customers.codes.T]
    kept = np.sort(np.argsort([-one for one in told], kind="stable")[:most])
    return Coded(tuple(customers.codings[one] for one in kept), customers.codes[:, kept], customers.features)


def _information(codes: np.ndarray, labels: np.ndarray) -> float:
    """Mutual information in nats."""
    k = int(labels.max()) + 1
    shares = np.bincount(codes * k + labels, minlength=(int(codes.max()) + 1) * k).reshape(-1, k) / len(labels)
    chance = shares.sum(axis=1, keepdims=True) * shares.sum(axis=0, keepdims=True)
    seen = shares > 0
    return float((shares[seen] * np.log(shares[seen] / chance[seen])).sum())


class Rules(NamedTuple):
    """A tree of conditions whose segments are named by their cluster's number, what it costs, and each row's group."""

    tree: Node
    cost: float
    groups: np.ndarray


def learn_rules(
    points: np.ndarray, customers: Coded, labels: np.ndarray, limits: engine.Limits, seed: int, effort: engine.Effort
) -> list[Rules]:
    """Find trees of conditions with round thresholds whose groups cost little in KMeans' space.

    Parameters
    ----------
    points : ndarray of shape (n, d)
        The customers in KMeans' space.
    customers : Coded
        The same customers.
    labels : ndarray of int, shape (n,)
        KMeans' clusters: 0 to k - 1.
    limits : Limits
        Leaves, conditions and smallest shares.
    seed : int
    effort : Effort
        How long to search, and on how much.

    Returns
    -------
    list of Rules
        The few best that one search finds, the best first.

    Raises
    ------
    ValueError
        When no tree keeps the limits.
    """
    codings = customers.codings
    if not codings:
        raise ValueError("no tree within the limits was found: no feature divides the customers")
    bins = [coding.bins for coding in codings]
    found = engine.distill_several(points, customers.codes, bins, labels, limits, seed, effort)
    return [Rules(to_conditions(one.tree, codings, customers.features), one.cost, one.groups) for one in found]


def to_conditions(tree: engine.BinTree, codings: Sequence[Coding], by_name: Mapping[str, Feature]) -> Node:
    """The tree of tests on codes as a tree of conditions on features.

    Parameters
    ----------
    tree : Split or Leaf
    codings : sequence of Coding
        One for each column of codes.
    by_name : mapping
        Every feature that may be asked about or define another.

    Returns
    -------
    Node
        Segments are named by their group's number.
    """
    features = [coding.feature for coding in codings]
    return conditional_tree(
        tree, features, lambda test, before: _condition(test, codings[test.feature], before), by_name
    )


def _coding(feature: Feature, columns: Columns, round_thresholds: bool) -> Coding | None:
    column, applicable = columns[feature.name], defined(feature, columns)
    first = int(feature.missing is not None or bool(feature.defined_when))
    if isinstance(column, Category):
        # Without an order, codes follow the alphabet, so that they do not depend on the order of the rows.
        values = feature.order or tuple(sorted(column.values))
        return Coding(feature, np.empty(0), values, first) if len(values) + first > 1 else None
    if applicable is not None:
        column = column[applicable]
    cuts = thresholds(feature, column, _LEAST_SIDE) if round_thresholds else _quantiles(column)
    return Coding(feature, cuts, (), first) if len(cuts) + first else None


def _quantiles(column: np.ndarray) -> np.ndarray:
    known: np.ndarray = column[~np.isnan(column)]
    if not len(known):
        return known
    cuts: np.ndarray = np.unique(np.quantile(known, np.linspace(_LEAST_SIDE, 1 - _LEAST_SIDE, 255), method="higher"))
    return cuts


def _condition(test: engine.BinTest, coding: Coding, before: Condition | None) -> Condition | None:
    """The condition of the rows to which the feature applies and which fit a test on bins; None where none does.

    A split of categories lists the values of one side, and all others go to the other side, values that no row had
    among them. The side that is listed is the one with fewer values, of those that reach the split: a rule names the
    value that is meant, "is success" and not "is not failure, other or unknown".
    """
    name, first = coding.feature.name, coding.first
    missing = coding.feature.missing is not None and test.missing
    if coding.values:
        return _category_condition(test, coding, before, missing)
    known = test.cut - first  # how many of the known values' codes lie below the cut
    if known <= 0:
        return MissingCondition(name) if missing else None
    if known > len(coding.cuts):
        return NumberCondition(name, missing=missing)  # every known value fits
    return NumberCondition(name, None, float(coding.cuts[known - 1]), missing)


def _category_condition(
    test: engine.BinTest, coding: Coding, before: Condition | None, missing: bool
) -> Condition | None:
    name = coding.feature.name
    values = [value for value in coding.values if _admits(before, value)]
    fits = _fitting(test, coding)
    fitting = [value for value in values if value in fits]
    others = [value for value in values if value not in fits]
    if not fitting:
        return MissingCondition(name) if missing else None
    if not others:
        return NumberCondition(name, missing=missing)  # every known value fits
    listed = _worth_listing(others, fitting, coding)
    return CategoryCondition(name, tuple(others if listed else fitting), not listed, missing)


def _admits(before: Condition | None, value: str) -> bool:
    """Whether a category has got past the tests before this one."""
    return not isinstance(before, CategoryCondition) or (value in before.values) == before.inside


def _fitting(test: engine.BinTest, coding: Coding) -> set[str]:
    """The categories that fit a test."""
    if test.codes is None:
        return set(coding.values[: max(0, test.cut - coding.first)])
    return {coding.values[code - coding.first] for code in test.codes if code >= coding.first}


def _worth_listing(others: Sequence[str], fitting: Sequence[str], coding: Coding) -> bool:
    """Whether a rule had better list the values that do not fit than those that do."""
    if coding.feature.order and len(coding.feature.order) > 2:
        return False  # "bronze or lower", "silver or higher"
    return _meant(others) < _meant(fitting)


def _meant(values: Sequence[str]) -> tuple[int, int]:
    """How little values are what somebody asks about: by their number, then by how many say that there is nothing."""
    return len(values), sum(value.casefold() in _NOTHING for value in values)
