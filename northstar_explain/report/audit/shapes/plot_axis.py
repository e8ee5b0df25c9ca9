"""Plot axes: where a value lies between the left and the right end of a plot, and the ticks below it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from northstar_explain.contract.features import Feature
from northstar_explain.report.audit.shapes.bin_labels import value_label

# An axis becomes logarithmic when half of the customers would lie within this share of a linear one: most features
# are counts and amounts with a long right tail, whose low values would be indistinguishable otherwise.
_SQUEEZED = 0.12
# Least distance between ticks, as a share of the width, so that labels of ten characters do not overlap.
_LEAST_DISTANCE = 0.075


@dataclass(frozen=True)
class Tick:
    """A position on an axis, 0 to 1, and its label."""

    at: float
    label: str


@dataclass(frozen=True)
class PlotAxis:
    """The values seen in training, from left to right.

    Attributes
    ----------
    low, high : float
        The lowest and the highest value seen.
    scale : float or None
        Of the logarithm, ``log(1 + (value - low) / scale)``; None for a linear axis.
    """

    low: float
    high: float
    scale: float | None

    def place(self, value: float) -> float:
        """The position of a value, 0 to 1; values outside the range are clipped to its ends."""
        span = self.high - self.low
        if span <= 0:
            return 0.5
        share = min(1.0, max(0.0, (value - self.low) / span))
        if self.scale is None:
            return share
        return math.log1p(share * span / self.scale) / math.log1p(span / self.scale)

    def ticks(self, feature: Feature, currency: str) -> tuple[Tick, ...]:
        """Ticks at round values that do not overlap, in ascending order."""
        # Even steps crowd together at the right end of a logarithmic axis; 1, 2 and 5 of each power of ten do not.
        candidates = nice_values(self.low, self.high) if self.scale is None else round_values(self.low, self.high)
        if feature.kind.whole:
            candidates = [value for value in candidates if value == math.floor(value)]
        ticks: list[Tick] = []
        # The roundest values are placed first, so that of two that overlap the rounder one keeps its tick.
        for value in sorted(candidates, key=lambda v: (_roundness(v), v)):
            at = self.place(value)
            if all(abs(at - other.at) >= _LEAST_DISTANCE for other in ticks):
                ticks.append(Tick(at, value_label(feature, value, currency)))
        return tuple(sorted(ticks, key=lambda tick: tick.at))


def plot_axis(feature: Feature, low: float, high: float, centres: np.ndarray, customers: np.ndarray) -> PlotAxis:
    """An axis on which most customers can be distinguished: linear, or logarithmic for a long right tail.

    Parameters
    ----------
    feature : Feature
    low, high : float
        The lowest and the highest value seen.
    centres, customers : ndarray of float, shape (bins,)
        A value in each bin, in ascending order, and the customers of the bin.

    Returns
    -------
    PlotAxis
    """
    total = customers.sum()
    # Rates, for example, stay linear: a reader knows how far apart 10% and 20% are.
    if feature.kind.linear_axis or total == 0 or high <= low:
        return PlotAxis(low, high, None)
    median = centres[min(len(centres) - 1, int(np.searchsorted(np.cumsum(customers), total / 2)))]
    if (median - low) / (high - low) > _SQUEEZED:
        return PlotAxis(low, high, None)
    # The median is the scale of the logarithm: below it the axis is nearly linear. It is floored where the median is
    # the lowest value, as in features that are mostly zero.
    scale = max(median - low, (high - low) / 1000)
    return PlotAxis(low, high, float(scale))


def nice_values(low: float, high: float, about: int = 8) -> list[float]:
    """Round values in even steps between two bounds, about as many as given."""
    if high <= low:
        return [low]
    raw = (high - low) / about
    unit = 10.0 ** math.floor(math.log10(raw))
    # The tolerance keeps a step that is exactly round from being passed over for its last bit.
    step = next(unit * factor for factor in (1, 2, 2.5, 5, 10) if unit * factor >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def round_values(low: float, high: float) -> list[float]:
    """0 and the values 1, 2 and 5 times a power of ten between two bounds."""
    values = [0.0] if low <= 0 <= high else []
    top = max(abs(low), abs(high), 1e-9)
    for exponent in range(math.floor(math.log10(top)) - 6, math.floor(math.log10(top)) + 1):
        for factor in (1, 2, 5):
            value = factor * 10.0**exponent
            values += [sign * value for sign in (1, -1) if low <= sign * value <= high]
    return [float(f"{value:.12g}") for value in values]


def _roundness(value: float) -> int:
    """Rank of a value by roundness: 0 for zero, 1 for powers of ten, more for less round ones."""
    if value == 0:
        return 0
    return {"1": 1, "5": 2, "2": 3}.get(f"{abs(value):e}"[0], 4)
