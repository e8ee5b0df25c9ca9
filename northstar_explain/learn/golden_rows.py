"""Golden rows: ordinary customers and the hardest cases there are, stored with what they must score."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from interpret.glassbox import ExplainableBoostingClassifier

from northstar_explain.contract import Contract, columns_of
from northstar_explain.learn.fit_purchase_model import frame
from northstar_explain.model.conditions import NumberCondition
from northstar_explain.model.folder import INTERPRET_PROBABILITY
from northstar_explain.model.rules import Node, Split
from northstar_explain.model.scorecard import NumberBins, Scorecard

_ORDINARY = 100
_CUTS = 3
# As close to an edge as a spreadsheet, which holds 15 digits, can still tell from it.
_CLOSE = 1e-12
UNSEEN = "(a category never seen)"


class Ordinary(NamedTuple):
    """Ordinary customers, drawn before the model is made so that the table they come from need not be kept.

    Attributes
    ----------
    rows : pyarrow.Table
    rng : numpy.random.Generator
        What drew them, and draws on.
    """

    rows: pa.Table
    rng: np.random.Generator


def ordinary_rows(table: pa.Table, contract: Contract, seed: int) -> Ordinary:
    """Draw up to 100 of the checked customers."""
    rng = np.random.default_rng([seed, 3])
    chosen = np.sort(rng.choice(table.num_rows, min(_ORDINARY, table.num_rows), replace=False))
    return Ordinary(table.select([feature.name for feature in contract.features]).take(pa.array(chosen)), rng)


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
        never seen.
    """
    rows, rng = ordinary.rows.to_pylist(), ordinary.rng
    edges = _edges(scorecard, tree)
    made = []
    for feature in contract.features:
        hard: list[float | str | None] = [None] if feature.missing is not None else []
        if feature.kind.numeric:
            hard += _hard_numbers(edges.get(feature.name, []))
        elif not feature.kind.lists_values:
            hard.append(UNSEEN)
        base = rng.choice(len(rows), len(hard))
        made += [{**rows[i], feature.name: value} for i, value in zip(base, hard, strict=True)]
    return pa.Table.from_pylist(rows + made, schema=ordinary.rows.schema)


def with_interpret_probability(
    golden: pa.Table, machine: ExplainableBoostingClassifier, contract: Contract
) -> pa.Table:
    """Add what interpret itself predicts, so that the scorecard can be held against it without interpret.

    Parameters
    ----------
    golden : pyarrow.Table
        As `golden_rows` gives them.
    machine : ExplainableBoostingClassifier
    contract : Contract

    Returns
    -------
    pyarrow.Table
        With a column `INTERPRET_PROBABILITY`: the probability by interpret's ``predict_proba``.
    """
    features = contract.model_features
    probability = machine.predict_proba(frame(columns_of(golden, features), features))[:, 1]
    return golden.append_column(INTERPRET_PROBABILITY, pa.array(probability, pa.float64()))


def _hard_numbers(edges: list[float]) -> list[float]:
    around = [x for edge in edges for x in (np.nextafter(edge, -np.inf), edge, np.nextafter(edge, np.inf))]
    close = [edge + sign * max(abs(edge), 1.0) * _CLOSE for edge in edges for sign in (-1, 1)]
    return [*map(float, around), *map(float, close), -0.0, 1e12, -1e12]


def _edges(scorecard: Scorecard, tree: Node) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for term in scorecard.terms:
        for axis in term.axes:
            if isinstance(axis, NumberBins) and len(axis.cuts):
                places = np.linspace(0, len(axis.cuts) - 1, _CUTS).astype(int)
                found.setdefault(axis.feature, []).extend(map(float, axis.cuts[np.unique(places)]))
    for test in _tests(tree):
        if isinstance(test, NumberCondition):
            edges = (edge for edge in (test.lower, test.upper) if edge is not None)
            found.setdefault(test.feature, []).extend(edges)
    return {name: sorted(set(edges)) for name, edges in found.items()}


def _tests(node: Node) -> list[object]:
    return [node.test, *_tests(node.yes), *_tests(node.no)] if isinstance(node, Split) else []
