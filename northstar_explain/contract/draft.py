"""Drafting a contract from a table: as much as columns and names say, and at most five questions for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from northstar_explain.contract.draft_questions import Ask


def draft(
    table: pa.Table,
    id: str | None,
    label: str | None,
    source: str = "table",
    *,
    positive: str | None = None,
    ask: Ask | None = None,
) -> str:
    """Draft a contract that can be used as it is.

    Parameters
    ----------
    table : pyarrow.Table
        One row per customer; in the text columns of CSV, numbers are recognized.
    id, label : str or None
        The identifier and label columns; guessed where not given. The id ``"row"``, where no column has this name,
        numbers the rows.
    source : str
        The name of the table in the draft and in errors.
    positive : str, optional
        The value of the label that stands for 1; guessed where not given.
    ask : callable, optional
        Takes a `draft_questions.Question` and gives the answer, or None. What is not answered is marked CONFIRM.

    Returns
    -------
    str
        A contract in TOML that loads without changes. At most five questions are marked CONFIRM, each with what was
        seen.

    Raises
    ------
    TableError
        When a named column is missing, or no column can be the identifier or label.
    """
    # Scoring loads this package, and never drafts.
    from northstar_explain.contract.draft_table import draft_text

    return draft_text(table, id, label, source, positive, ask)
