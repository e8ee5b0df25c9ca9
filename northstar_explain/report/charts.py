"""Charts as lean SVG, drawn from facts."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Beyond a tenth and ten times the average, a bar is cut and says so by its number.
_WIDEST = 10.0


@dataclass(frozen=True)
class IndexBar:
    """Where a bar of an index chart starts and how long it is, in percent of the chart's width."""

    left: float
    width: float
    above: bool


def index_bar(index: float) -> IndexBar:
    """A bar from the average (the middle of the chart) to an index, on a scale of ratios.

    Parameters
    ----------
    index : float
        100 is the average customer. Twice and half the average are equally long.

    Returns
    -------
    IndexBar
    """
    ratio = min(_WIDEST, max(1 / _WIDEST, index / 100))
    length = 50 * math.log(ratio) / math.log(_WIDEST)
    return IndexBar(round(50 + min(0.0, length), 2), round(abs(length), 2), index >= 100)
