"""Scores from Python: a table, the rejected rows beside it, and the report of the run."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

_NAMED = 5


class ScoringWarning(UserWarning):
    """Something that a user should know of scores: rejected rows, or values that training never saw."""


@dataclass(frozen=True)
class Scores:
    """The scores of customers in memory. Wherever a table goes that exports Arrow, it goes.

    Attributes
    ----------
    table : pyarrow.Table
        One row per valid row, in the same order.
    rejected : pyarrow.Table
        The other rows, unchanged, with position and reasons.
    report : dict
        The run report, without what it says of files.
    """

    table: pa.Table
    rejected: pa.Table
    report: dict[str, Any]

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Hand out the table by Arrow's stream protocol, which pandas, Polars and DuckDB read."""
        return self.table.__arrow_c_stream__(requested_schema)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __getitem__(self, column: str) -> pa.ChunkedArray:
        return self.table[column]

    def to_pandas(self) -> Any:
        """The table as a pandas frame."""
        return self.table.to_pandas()

    def __repr__(self) -> str:
        return f"<Scores of {len(self):,} customers, {self.rejected.num_rows:,} rows rejected>"


def warn(report: dict[str, Any], stacklevel: int) -> None:
    """Warn of values that training never saw, and of rejected rows."""
    for name, unseen in report["unseen_categories"].items():
        values = list(unseen["values"])
        some = ", ".join(map(repr, values[:_NAMED])) + (f" and {len(values) - _NAMED} more" * (len(values) > _NAMED))
        text = (
            f"column {name}: {unseen['rows']:,} of {report['scored']:,} rows with values never seen in training: {some}"
        )
        # One level more for this function: the warning names the line of the caller.
        warnings.warn(text, ScoringWarning, stacklevel + 1)
    if report["rejected"]:
        first = report["reasons"][0]
        text = (
            f"{report['rejected']:,} of {report['rows']:,} rows rejected, most often as {first['column']} is not "
            f"{first['expected']}; see .rejected"
        )
        warnings.warn(text, ScoringWarning, stacklevel + 1)
