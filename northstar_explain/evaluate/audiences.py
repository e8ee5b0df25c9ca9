"""Counting audiences: all customers by segment and decile, and by place, channel and device."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from northstar_explain.contract.categories import Category
from northstar_explain.contract.columns import Columns, rows_of
from northstar_explain.contract.features import AUDIENCE_ROLES, Contract, Feature
from northstar_explain.evaluate.lifecycle import lifecycle_facts
from northstar_explain.evaluate.segments_by_decile import control_facts
from northstar_explain.model import ranks
from northstar_explain.model.evaluation.audience_facts import AudienceFacts, Band, Breakdown, SegmentAudience
from northstar_explain.model.evaluation.limits import CONTACT_BANDS
from northstar_explain.model.evaluation.together_facts import DecileCell
from northstar_explain.model.rules import Node, assign
from northstar_explain.model.scorecard import Scorecard

# More values than these make a table that nobody reads.
MOST_VALUES = 12
# Rows scored at a time: the points of every term are in memory for so many, never for a whole table.
_CHUNK = 100_000


def audience_facts(
    contract: Contract,
    columns: Columns,
    tree: Node,
    scorecard: Scorecard,
    percentiles: Sequence[float],
    matrix: Mapping[str, Sequence[DecileCell]],
) -> AudienceFacts:
    """Count all customers as a campaign would select them.

    Parameters
    ----------
    contract : Contract
    columns : mapping
        Raw features of every customer.
    tree : Node
        Which segment a customer is in.
    scorecard : Scorecard
    percentiles : sequence of float
        Quantiles of the probability over the training population.
    matrix : mapping of str to sequence of DecileCell
        The holdout by segment and decile, with its purchases; its keys are the segments in their order.

    Returns
    -------
    AudienceFacts
    """
    ids = assign(tree, columns)
    probability, decile = _ranked(columns, scorecard, ranks.Percentiles(percentiles), len(ids))
    order = list(matrix)
    counts = {id: np.bincount(decile[ids == id], minlength=11)[1:] for id in order}
    buyers = {id: np.bincount(decile[ids == id], probability[ids == id], minlength=11)[1:] for id in order}
    return AudienceFacts(
        customers=len(ids),
        segments={id: _audience(counts[id], buyers[id], matrix[id]) for id in order},
        breakdowns=tuple(_breakdowns(contract, columns, ids, order)),
        lifecycle=lifecycle_facts(contract, columns, ids, order),
    )


def _ranked(
    columns: Columns, scorecard: Scorecard, percentiles: ranks.Percentiles, rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """Probability and decile of every row."""
    probability, decile = np.empty(rows), np.empty(rows, dtype=np.int8)
    for start in range(0, rows, _CHUNK):
        some = np.arange(start, min(start + _CHUNK, rows))
        probability[some] = scorecard.probability(rows_of(columns, some))
        decile[some] = ranks.decile(percentiles(probability[some]))
    return probability, decile


def _audience(counts: np.ndarray, buyers: np.ndarray, cells: Sequence[DecileCell]) -> SegmentAudience:
    bands = {key: _band(counts, [cells[step - 1] for step in steps]) for key, steps in CONTACT_BANDS.items()}
    return SegmentAudience(tuple(map(int, counts)), tuple(map(float, buyers)), bands)


def _band(counts: np.ndarray, cells: Sequence[DecileCell]) -> Band:
    n, buyers = sum(cell.n for cell in cells), sum(cell.actual_buyers for cell in cells)
    sizes = control_facts(buyers / n) if n and 0 < buyers < n else ()
    return Band(int(sum(counts[cell.decile - 1] for cell in cells)), n, buyers / n if n else None, sizes)


def _breakdowns(contract: Contract, columns: Columns, ids: np.ndarray, order: Sequence[str]) -> Iterable[Breakdown]:
    # By role, so that every report has them in one order.
    for role in AUDIENCE_ROLES:
        for feature in contract.features:
            column = columns[feature.name]
            if feature.role == role and isinstance(column, Category):
                yield _breakdown(feature, column, ids, order)


def _breakdown(feature: Feature, column: Category, ids: np.ndarray, order: Sequence[str]) -> Breakdown:
    totals = _counts(column, np.ones(len(column), dtype=bool))
    # Ties by name, so that the same table gives the same order.
    most = sorted(totals, key=lambda value: (-totals[value], value))[:MOST_VALUES]
    segments, others, unknown = {}, {}, {}
    for id in order:
        inside = ids == id
        here = _counts(column, inside)
        segments[id] = {value: here.pop(value) for value in most}
        others[id] = sum(here.values())
        unknown[id] = int(np.count_nonzero(column.codes[inside] < 0))
    return Breakdown(feature.role, feature.name, segments, others, unknown)


def _counts(column: Category, inside: np.ndarray) -> dict[str, int]:
    codes = column.codes[inside]
    counts = np.bincount(codes[codes >= 0], minlength=len(column.values))
    return {value: int(count) for value, count in zip(column.values, counts, strict=True)}
