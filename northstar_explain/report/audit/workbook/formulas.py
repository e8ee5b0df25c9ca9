"""The model as spreadsheet formulas: the bin of a cell and the segment of a row.

The formulas work in every spreadsheet program: they use no function that only one of them has, compare texts by EXACT
(``=`` ignores case and MATCH treats ``*`` as a wildcard), and contain no text, so that no name can become part of a
formula. Spreadsheets treat numbers as equal if they agree in 15 digits, and a difference that small as zero, but not
inside an array: so numbers are compared by the sign of an array of differences, which is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from northstar_explain.contract.conditions import CategoryCondition, Condition, MissingCondition
from northstar_explain.contract.relations import Relation
from northstar_explain.model.rules import Leaf, Node

# Below every value of a customer: the lower bound of the first bin, which has none.
LOWEST = -1e300


@dataclass(frozen=True)
class NumberPlace:
    """The cell range of a numeric axis' lower bounds, such as ``Bins!$D$5:$D$90``."""

    bounds: str

    def bin(self, cell: str) -> str:
        """A formula for the bin of a cell: 0 if it is empty, otherwise the number of bounds at or below its value."""
        return f"IF(ISBLANK({cell}),0,SUMPRODUCT(--(({self.bounds}-{cell})<=0)))"


@dataclass(frozen=True)
class CategoryPlace:
    """The cell ranges of a category's values and their bins, and the bin of unseen values."""

    values: str
    bins: str
    unseen: int

    def bin(self, cell: str) -> str:
        """A formula for the bin of a cell: 0 if it is empty."""
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
        Returns the cell that holds a text: a segment's id or a category.

    Returns
    -------
    str
        Without the equals sign.
    """
    # One nested IF per test of the tree, evaluated in the order in which Python follows it.
    if isinstance(node, Leaf):
        return text(node.segment)
    yes, no = (segment(child, cell, text) for child in (node.yes, node.no))
    return f"IF({fits(node.test, cell[node.test.feature], text)},{yes},{no})"


def fits(condition: Condition, cell: str, text: Callable[[str], str]) -> str:
    """A formula for whether the value of a cell fits a condition."""
    if isinstance(condition, MissingCondition):
        return f"ISBLANK({cell})"
    if isinstance(condition, CategoryCondition):
        same = ",".join(f"EXACT({cell},{text(value)})" for value in condition.values)
        known = f"OR({same})" if condition.inside else f"NOT(OR({same}))"
    else:
        bounds = [_compared(cell, ">=", condition.lower)] if condition.lower is not None else []
        bounds += [_compared(cell, "<", condition.upper)] if condition.upper is not None else []
        # Without a bound every known value fits.
        known = f"AND({','.join(bounds)})" if bounds else "TRUE"
    return f"IF(ISBLANK({cell}),{str(condition.missing).upper()},{known})"


def breaks(relation: Relation, meant: Sequence[Condition], cell: Mapping[str, str], text: Callable[[str], str]) -> str:
    """A formula for whether a row breaks a relation; `meant` says when its features have a meaning."""
    lower, upper = cell[relation.lower], cell[relation.upper]
    known = [f"NOT(ISBLANK({one}))" for one in (lower, upper)]
    above = f"SUMPRODUCT(--(({lower}-{upper}*{{1}}){'>=' if relation.strict else '>'}0))=1"
    return f"AND({','.join([*known, above, *(fits(one, cell[one.feature], text) for one in meant)])})"


def _compared(cell: str, how: str, number: float) -> str:
    return f"SUMPRODUCT(--(({cell}-{{{number!r}}}){how}0))=1"


def column(place: int) -> str:
    """The letters of a column; the first is 0."""
    # Base 26 without a zero: A to Z, then AA.
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
