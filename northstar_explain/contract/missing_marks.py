"""Marks for a missing value: an empty cell, and what spreadsheets, databases and statistics programs write."""

from __future__ import annotations

from northstar_explain.contract.features import Contract

# Of categories: what nobody uses as one. Of numbers more, as NA is Namibia and a dash may be a category.
MISSING_CATEGORIES = ("", "#N/A", "n/a", "N/A", "NaT", "NaN", "nan", "?", "null", "NULL", "<NA>")
MISSING_NUMBERS = (*MISSING_CATEGORIES, "NA", "None", "-")


def marks_of(contract: Contract, numeric: bool) -> tuple[str, ...]:
    """What stands for a missing value in a column of numbers, or of categories."""
    if contract.missing_values is not None:
        return ("", *contract.missing_values)
    return MISSING_NUMBERS if numeric else MISSING_CATEGORIES
