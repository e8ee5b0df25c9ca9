"""Groups made of scores: each feature is cut into a few scores, and a table says which group a combination is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from northstar_explain.contract.columns import Columns


@dataclass(frozen=True)
class Cuts:
    """Where a feature is cut into scores, from 0 upwards.

    Attributes
    ----------
    feature : str
    values : tuple of float
        Ascending; values that are equal share a score, so that some scores may have no rows.
    low_is_best : bool
        Whether low values get the high scores, as with days since the last order.
    """

    feature: str
    values: tuple[float, ...]
    low_is_best: bool = False

    def scores(self, columns: Columns) -> np.ndarray:
        """Each row's score: the number of cuts that its value is beyond; missing values get the lowest, 0.

        Returns
        -------
        ndarray of int, shape (n,)
        """
        column = numbers(columns, self.feature)
        # Beyond a cut is above it: as a condition, one comparison.
        above = np.searchsorted(np.array(self.values), column, side="left")
        above[np.isnan(column)] = len(self.values) if self.low_is_best else 0
        return len(self.values) - above if self.low_is_best else above


def quantile_cuts(feature: str, columns: Columns, scores: int, low_is_best: bool = False) -> Cuts:
    """Cut a feature into scores of equal size, as far as equal values allow.

    Parameters
    ----------
    feature : str
    columns : mapping
        The rows to learn from.
    scores : int
        Their number: 5 for quintiles.
    low_is_best : bool, default False

    Returns
    -------
    Cuts
        At values that occur; at 0 where none is known.
    """
    column = numbers(columns, feature)
    known = column[~np.isnan(column)]
    steps = np.arange(1, scores) / scores
    values = np.quantile(known, steps, method="inverted_cdf") if len(known) else np.zeros(scores - 1)
    return Cuts(feature, tuple(map(float, values)), low_is_best)


def median_cut(feature: str, columns: Columns) -> Cuts:
    """Cut a feature into two halves, at its median or, if that is more even, just below it.

    Parameters
    ----------
    feature : str
    columns : mapping
        The rows to learn from.

    Returns
    -------
    Cuts
        One, at a value that occurs. Where most rows have the lowest value, the others are the upper half.
    """
    median = quantile_cuts(feature, columns, 2).values[0]
    column = numbers(columns, feature)
    below = column[column < median]
    known = max(1, int((~np.isnan(column)).sum()))
    candidates = [median, *([float(below.max())] if len(below) else [])]
    return Cuts(feature, (min(candidates, key=lambda cut: abs(float((column > cut).sum()) / known - 0.5)),))


@dataclass(frozen=True)
class ScoreCells:
    """Groups as cells of scores; rows without any of what is counted are a group of their own.

    Attributes
    ----------
    cuts : tuple of Cuts
    group_of : ndarray of int, shape (scores, ...)
        The group of each combination of scores, one dimension per feature.
    counted : str or None
        A count; rows where it is 0 or missing are in the last group, whatever their scores. None for no such group.
    """

    cuts: tuple[Cuts, ...]
    group_of: np.ndarray
    counted: str | None = None

    @property
    def k(self) -> int:
        """Groups, with or without rows."""
        return int(self.group_of.max()) + 1 + (self.counted is not None)

    def place(self, columns: Columns) -> np.ndarray:
        """The group of each row.

        Parameters
        ----------
        columns : mapping

        Returns
        -------
        ndarray of int, shape (n,)
            0 to k - 1.
        """
        groups: np.ndarray = self.group_of[tuple(cuts.scores(columns) for cuts in self.cuts)]
        if self.counted is not None:
            groups = np.where(has_any(columns, self.counted), groups, self.k - 1)
        return groups

    def rules(self) -> list[int]:
        """How many rules select each group, each a range of every score: as few as a greedy search finds."""
        named = [fewest_boxes(self.group_of == group) for group in range(int(self.group_of.max()) + 1)]
        return [*named, *([1] if self.counted is not None else [])]


def fewest_boxes(cells: np.ndarray) -> int:
    """The number of boxes that cover some cells and no others, the largest taken first.

    Parameters
    ----------
    cells : ndarray of bool
        One dimension per score.

    Returns
    -------
    int
        At most a logarithmic factor above the least possible (Chvatal 1979).
    """
    ranges = [[slice(*ends) for ends in combinations(range(length + 1), 2)] for length in cells.shape]
    boxes = [box for box in product(*ranges) if cells[box].all()]
    left, count = cells.copy(), 0
    while left.any():
        best = max(boxes, key=lambda box: int(left[box].sum()))
        left[best] = False
        count += 1
    return count


def has_any(columns: Columns, counted: str) -> np.ndarray:
    """Rows whose count is known and above 0, as a mask."""
    # NaN compares as False: a count that is not known is none that could be used.
    return numbers(columns, counted) > 0


def numbers(columns: Columns, feature: str) -> np.ndarray:
    """A numeric column."""
    column = columns[feature]
    assert isinstance(column, np.ndarray)
    return column


def table_of(groups: Sequence[str]) -> np.ndarray:
    """The group of each of 5 x 5 x 5 combinations of scores.

    Parameters
    ----------
    groups : sequence of str
        Per group its combinations, such as ``"555 554"``; scores from 1 to 5.

    Returns
    -------
    ndarray of int, shape (5, 5, 5)

    Raises
    ------
    ValueError
        When a combination is in no group or in two.
    """
    table = np.full((5, 5, 5), -1)
    for group, codes in enumerate(groups):
        for code in codes.split():
            place = tuple(int(score) - 1 for score in code)
            if table[place] >= 0:
                raise ValueError(f"{code} is in two groups")
            table[place] = group
    if (table < 0).any():
        raise ValueError(f"{int((table < 0).sum())} combinations are in no group")
    return table
