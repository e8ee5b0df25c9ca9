"""Scales of points: of one feature, of all features, and the probabilities that stand beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from northstar_explain.metrics import wilson
from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.report.audit.shapes.bin_labels import plain_percent
from northstar_explain.report.audit.shapes.feature_shapes import Bin, FeatureShape
from northstar_explain.report.audit.shapes.plot_axis import nice_values

_RARE = 0.01
# A bar more than four times as tall as the third tallest is cut off, so that the others remain visible. Compared with
# the third, because features that are mostly zero or capped have one or two bins that dwarf all others.
_FAR_ABOVE, _CUT_OFF = 4, 2
_PROBABILITIES = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)
# Least distance between probabilities beside a scale, as a share of it.
_LEAST_DISTANCE = 0.08

Range = tuple[float, float]


def common_range(shapes: Sequence[FeatureShape], intercept: float) -> Range:
    """The range of points that every feature is shown on once, so that features can be compared.

    It covers the points of every bin and the actual rates of the holdout, except rates near zero and one, whose
    log-odds would stretch the scale without bound.
    """
    ends = [end for shape in shapes for end in shape.reach]
    rates = [bin.holdout_rate for s in shapes for bin in (*s.groups, s.missing, s.unseen) if has_rate(bin)]
    # Minus the intercept: points on the axis are those of a customer who is average in all else.
    ends += [_logit(rate) - intercept for rate in rates if rate is not None and _RARE <= rate <= 1 - _RARE]
    return _padded(min([*ends, 0.0]), max([*ends, 0.0]))


def own_range(shape: FeatureShape) -> Range:
    """The range of one feature, including its intervals and its refits."""
    # Missing and unseen count only if customers have reached them: otherwise their points are a default.
    bins = [bin for bin in (*shape.bins, shape.missing, shape.unseen) if bin.train_n or bin in shape.bins]
    ends = [end for b in bins for end in (b.points, *b.ends, *(b.refits or ()))]
    ends += [b.later for b in bins if b.later is not None]
    return _padded(min(*ends, 0.0), max(*ends, 0.0))


def has_rate(bin: Bin) -> bool:
    """Whether enough customers of the holdout are in a bin for their rate to be shown."""
    return bin.holdout_n >= THIN_BIN_CUSTOMERS


def rate_points(bin: Bin, intercept: float, inside: Range) -> tuple[float, float, float] | None:
    """The actual rate of a bin as points, with the ends of its 95% interval (Wilson 1927).

    Parameters
    ----------
    bin : Bin
    intercept : float
        Log-odds of the average customer.
    inside : tuple of float
        The scale; the interval is cut off at its ends.

    Returns
    -------
    tuple of float or None
        None for too few customers, and for a rate off the scale: at its edge, it would be read as a value.
    """
    if not has_rate(bin) or bin.holdout_rate is None:
        return None
    points = _logit(bin.holdout_rate) - intercept
    if not inside[0] <= points <= inside[1]:
        return None
    low, high = (_logit(share) - intercept for share in wilson(bin.holdout_buyers, bin.holdout_n))
    return points, max(low, inside[0]), min(high, inside[1])


def predicted_points(bin: Bin, intercept: float, inside: Range) -> float | None:
    """The mean predicted rate of a bin's holdout customers as points, to stand beside `rate_points`, whose parameters
    these are; None where no rate is shown."""
    if not has_rate(bin) or bin.predicted_rate is None:
        return None
    points = _logit(bin.predicted_rate) - intercept
    return points if inside[0] <= points <= inside[1] else None


def probability_ticks(scale: Range, intercept: float) -> list[tuple[float, str]]:
    """Points at familiar probabilities of a customer who is average in all else, and the labels of these."""
    inside = [(_logit(p) - intercept, plain_percent(p)) for p in _PROBABILITIES]
    fitting = [(value, label) for value, label in inside if scale[0] <= value <= scale[1]]
    if len(fitting) < 3:
        # A narrow range holds few of the familiar values, so evenly spaced ones are used.
        low, high = (1 / (1 + math.exp(-intercept - x)) for x in scale)
        digits = 1 if high - low > 0.01 else 2
        even = [p for p in nice_values(low, high, 5) if 0 < p < 1]
        fitting = [(_logit(p) - intercept, f"{p:.{digits}%}") for p in even]
    shown: list[tuple[float, str]] = []
    for value, label in fitting:
        if not shown or value - shown[-1][0] >= _LEAST_DISTANCE * (scale[1] - scale[0]):
            shown.append((value, label))
    return shown


def tallest(shape: FeatureShape) -> int:
    """The count at the top of the bars: the largest of any bin, or less if it would make the other bars invisible."""
    counts = sorted((bin.train_n for bin in shape.bins), reverse=True)
    ordinary = counts[min(_CUT_OFF, len(counts) - 1)]
    return max(1, counts[0] if counts[0] <= _FAR_ABOVE * ordinary or not ordinary else math.ceil(1.5 * ordinary))


def _logit(share: float) -> float:
    # Wilson bounds reach 0 and 1, whose log-odds are infinite.
    inside = min(1 - 1e-9, max(1e-9, share))
    return math.log(inside / (1 - inside))


def _padded(low: float, high: float) -> Range:
    padding = max(0.06 * (high - low), 0.005)
    return low - padding, high + padding
