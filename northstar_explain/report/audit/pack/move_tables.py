"""Who moved between the deciles of two models, and by which terms, as CSV beside what a pack compares with."""

from __future__ import annotations

import pyarrow as pa

from northstar_explain.model.evaluation.move_facts import STEPS, Moves
from northstar_explain.model.pack_layout import MOVED_BY_TERM, MOVED_DECILES
from northstar_explain.report.audit.pack.pack_tables import csv_bytes

INTERCEPT = "(intercept)"  # in the column of terms, as no feature is called


def move_files(moves: Moves) -> dict[str, tuple[bytes, str]]:
    """Path in the pack to content and description; of moves that could not be told, nothing.

    Both files follow from `moves.json`, and hold no row of a customer.
    """
    if moves.lacking:
        return {}
    return {
        MOVED_DECILES: (csv_bytes(_deciles(moves)), "rows of the holdout by decile before and now"),
        MOVED_BY_TERM: (csv_bytes(_by_term(moves)), "points of each term, newer less older, by how far rows moved"),
    }


def _deciles(moves: Moves) -> pa.Table:
    cells = [(i, j, n) for i, row in enumerate(moves.counts, start=1) for j, n in enumerate(row, start=1)]
    before, now, rows = (list(column) for column in zip(*cells, strict=True))
    return pa.table({"before": before, "now": now, "rows": rows})


def _by_term(moves: Moves) -> pa.Table:
    """A row per term and step that rows made; the sums of one step are what its rows' log-odds differ by in all."""
    rows = moves.by_step
    intercept = tuple(rows[step] * moves.intercept for step in STEPS)
    lines = [
        (term, step, rows[step], value)
        for term, sums in ((INTERCEPT, intercept), *((one.term, one.sums) for one in moves.shifts))
        for step, value in zip(STEPS, sums, strict=True) if rows[step]
    ]  # fmt: skip
    term, step, count, value = (list(column) for column in zip(*lines, strict=True)) if lines else ([], [], [], [])
    return pa.table({
        "term": pa.array(term, pa.string()), "deciles_moved": pa.array(step, pa.int64()),
        "rows": pa.array(count, pa.int64()), "sum_of_differences": pa.array(value, pa.float64()),
    })  # fmt: skip
