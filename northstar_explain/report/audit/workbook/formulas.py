"""The model as spreadsheet formulas: which bin a cell falls in, what it adds, which segment a row is in.

Written for any spreadsheet: no function that only one of them has, texts compared by EXACT (``=`` ignores case and
MATCH takes ``*`` for a wildcard), and no text inside a formula, so that no name can become a part of one. Spreadsheets
take two numbers for equal that agree in 15 digits, and a difference so small for nought, but not inside an array: so
numbers are compared by the sign of an array of differences, which is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from northstar_explain.model.conditions import CategoryCondition, Condition, MissingCondition
from northstar_explain.model.rules import Leaf, Node

# Below every value a customer can have: a spreadsheet's lookup needs a lowest bound.
LOWEST = -1e300


@dataclass(frozen=True)
class NumberPlace:
    """Where the lower bounds of a numeric axis stand: a range such as ``Bins!$D$5:$D$90``."""

    bounds: str

    def bin(self, cell: str) -> str:
        """The bin of a cell: 0 for an empty one, otherwise how many bounds are not above it."""
        return f"IF(ISBLANK({cell}),0,SUMPRODUCT(--(({self.bounds}-{cell})<=0)))"


@dataclass(frozen=True)
class CategoryPlace:
    """Where the values of a category stand, each beside its bin, and the bin of values that are not there."""

    values: str
    bins: str
    unseen: int

    def bin(self, cell: str) -> str:
        """The bin of a cell: 0 for an empty one."""
        same = f"EXACT({self.values},{cell})"
        return f"IF(ISBLANK({cell}),0,IF(SUMPRODUCT(--{same})=0,{self.unseen},SUMPRODUCT({same}*{self.bins})))"


Place = NumberPlace | CategoryPlace


def segment(node: Node, cell: Mapping[str, str], text: Callable[[str], str]) -> str:
    """Nested IFs that follow the tree.

    Parameters
    ----------
    node : Node
    cell : mapping
        Feature to the cell that holds its value.
    text : callable
        Gives the cell that holds a text, be it a segment's id or a category.

    Returns
    -------
    str
        Without the equals sign.
    """
    if isinstance(node, Leaf):
        return text(node.segment)
    yes, no = (segment(child, cell, text) for child in (node.yes, node.no))
    return f"IF({fits(node.test, cell[node.test.feature], text)},{yes},{no})"


def fits(condition: Condition, cell: str, text: Callable[[str], str]) -> str:
    """Whether a cell fits a condition."""
    if isinstance(condition, MissingCondition):
        return f"ISBLANK({cell})"
    if isinstance(condition, CategoryCondition):
        same = ",".join(f"EXACT({cell},{text(value)})" for value in condition.values)
        known = f"OR({same})" if condition.inside else f"NOT(OR({same}))"
    else:
        bounds = [_compared(cell, ">=", condition.lower)] if condition.lower is not None else []
        bounds += [_compared(cell, "<", condition.upper)] if condition.upper is not None else []
        known = f"AND({','.join(bounds)})" if bounds else "TRUE"
    return f"IF(ISBLANK({cell}),{str(condition.missing).upper()},{known})"


def _compared(cell: str, how: str, number: float) -> str:
    return f"SUMPRODUCT(--(({cell}-{{{number!r}}}){how}0))=1"


def column(place: int) -> str:
    """The letters of a column; the first is 0."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def area(sheet: str, first_row: int, first_column: int, last_row: int, last_column: int) -> str:
    """A fixed range; rows and columns count from 0."""
    first, last = column(first_column), column(last_column)
    return f"{sheet}!${first}${first_row + 1}:${last}${last_row + 1}"
