"""Golden rows: ordinary customers and the hardest cases there are, stored with what they must score."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from interpret.glassbox import ExplainableBoostingClassifier

from northstar_explain.contract.columns import columns_of
from northstar_explain.contract.conditions import NumberCondition
from northstar_explain.contract.features import Contract
from northstar_explain.learn.fit_purchase_model import frame, rare_values
from northstar_explain.learn.golden_coverage import UNSEEN, Coverage, path_rows
from northstar_explain.model.golden_scores import INTERPRET_PROBABILITY
from northstar_explain.model.rules import Node
from northstar_explain.model.scorecard import NumberBins, Scorecard
from northstar_explain.model.tree import split_tests

_ORDINARY = 100
_CUTS = 3
# As close to an edge as a spreadsheet, which holds 15 digits, can still distinguish from it.
_CLOSE = 1e-12


class Ordinary(NamedTuple):
    """Ordinary customers, sampled before the model is fitted, so that the table they come from need not be kept.

    Attributes
    ----------
    rows : pyarrow.Table
    rng : numpy.random.Generator
        The generator that sampled them, to go on with.
    """

    rows: pa.Table
    rng: np.random.Generator


def ordinary_rows(table: pa.Table, contract: Contract, seed: int) -> Ordinary:
    """Sample up to 100 of the valid rows."""
    rng = np.random.default_rng([seed, 3])
    rows = np.sort(rng.choice(table.num_rows, min(_ORDINARY, table.num_rows), replace=False))
    columns = {feature.name: _takeable(table[feature.name]) for feature in contract.features}
    return Ordinary(pa.table(columns).take(pa.array(rows)), rng)


def _takeable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    # Arrow can neither take rows of string views nor write them as Parquet.
    return column.cast(pa.string()) if pa.types.is_string_view(column.type) else column


def golden_rows(ordinary: Ordinary, contract: Contract, scorecard: Scorecard, tree: Node) -> pa.Table:
    """Choose and make golden rows.

    Parameters
    ----------
    ordinary : Ordinary
        As `ordinary_rows` gives them.
    contract : Contract
    scorecard : Scorecard
    tree : Node
        The segments' tree.

    Returns
    -------
    pyarrow.Table
        Ordinary customers, then customers with one value changed: missing, on a cut of the scorecard or a
        threshold of a rule and one float or one part in 10^12 to either side, far out of range, negative zero, or
        never seen; then rows for every rule and border of the segments, and at last rows until every bin and every
        cell with customers is reached.
    """
    rows, rng = ordinary.rows.to_pylist(), ordinary.rng
    edges = _edges(scorecard, tree)
    made = []
    for feature in contract.features:
        hard: list[float | str | None] = [None] if feature.missing is not None else []
        if feature.kind.dated:
            hard += _hard_days(edges.get(feature.name, []))
        elif feature.kind.numeric:
            hard += _hard_numbers(edges.get(feature.name, []))
        elif not feature.kind.lists_values:
            hard.append(UNSEEN)
        # Each hard value on a customer of its own, so that it meets different values in the other features.
        base = rng.choice(len(rows), len(hard))
        made += [{**rows[i], feature.name: value} for i, value in zip(base, hard, strict=True)]
    made += path_rows(rows, contract, tree)
    coverage = Coverage(contract, scorecard)
    for row in rows + made:
        coverage.reach(row)
    made += coverage.rows(rows)
    return pa.Table.from_pylist(rows + made, schema=ordinary.rows.schema)


def with_interpret_probability(golden: pa.Table, ebm: ExplainableBoostingClassifier, contract: Contract) -> pa.Table:
    """Add what interpret itself predicts, so that the scorecard can be checked against it without interpret.

    Parameters
    ----------
    golden : pyarrow.Table
        As `golden_rows` gives them.
    ebm : ExplainableBoostingClassifier
    contract : Contract

    Returns
    -------
    pyarrow.Table
        With a column `INTERPRET_PROBABILITY`: the probability by interpret's ``predict_proba``.
    """
    features = contract.model_features
    probability = ebm.predict_proba(frame(columns_of(golden, features), features, rare_values(ebm)))[:, 1]
    return golden.append_column(INTERPRET_PROBABILITY, pa.array(probability, pa.float64()))


def _hard_numbers(edges: list[float]) -> list[float]:
    around = [x for edge in edges for x in (np.nextafter(edge, -np.inf), edge, np.nextafter(edge, np.inf))]
    close = [edge + sign * max(abs(edge), 1.0) * _CLOSE for edge in edges for sign in (-1, 1)]
    return [*map(float, around), *map(float, close), -0.0, 1e12, -1e12]


def _hard_days(edges: list[float]) -> list[float]:
    """Whole days around each edge, as a date has no others, and a century to either side."""
    days = {float(np.floor(edge)) + step for edge in edges for step in (-1, 0, 1)}
    return sorted(days | {-36_500.0, 0.0, 36_500.0})


def _edges(scorecard: Scorecard, tree: Node) -> dict[str, list[float]]:
    edges_of: dict[str, list[float]] = {}
    for term in scorecard.terms:
        for axis in term.axes:
            if isinstance(axis, NumberBins) and len(axis.cuts):
                # First, middle and last cut: a feature can have hundreds, each of which would make five rows.
                places = np.linspace(0, len(axis.cuts) - 1, _CUTS).astype(int)
                edges_of.setdefault(axis.feature, []).extend(map(float, axis.cuts[np.unique(places)]))
    for test in split_tests(tree):
        if isinstance(test, NumberCondition):
            edges = (edge for edge in (test.lower, test.upper) if edge is not None)
            edges_of.setdefault(test.feature, []).extend(edges)
    return {name: sorted(set(edges)) for name, edges in edges_of.items()}
