"""Relations: what a contract says of two numbers of one row, such as visits in 30 days and in 90 days."""

from __future__ import annotations

from dataclasses import dataclass

# The column that SQL gives: the first relation of the contract that a row breaks.
BROKEN = "broken_relation"


@dataclass(frozen=True)
class Relation:
    """One feature is never above another.

    Attributes
    ----------
    lower, upper : str
        Names of the features whose values are compared. Of dates, values are days before the snapshot, so the later
        date is the lower one.
    strict : bool
        Whether they may not be equal either.
    columns : tuple of str
        Both names, in the order of the text.
    text : str
        As the contract writes it, with one blank around the sign.
    """

    lower: str
    upper: str
    strict: bool
    columns: tuple[str, str]
    text: str
