"""A shape described in sentences: direction, largest step, ends, missing values and thin bins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from northstar_explain.contract.features import Contract
from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.report.audit.shapes.bin_labels import percent, shortened, value_label
from northstar_explain.report.audit.shapes.feature_shapes import Bin, FeatureShape
from northstar_explain.report.document.numbers import signed

# Reversals of up to this many points (5% of the odds) count as wiggles, not as a change of direction: the mean
# of a few bags is rarely smooth.
WIGGLE = 0.05
# What is less reads "0.00".
SHOWN_STEP = 0.005
# A 95% interval leaves the truth out for a twentieth; points that are left out more often are worth a sentence.
SHOWN_OUTSIDE = 0.05


def direction(points: Sequence[float]) -> str:
    """``flat``, ``rises``, ``falls``, ``rises, with wiggles``, ``falls, with wiggles`` or ``rises and falls``."""
    steps = [after - before for before, after in pairwise(points)]
    up, down = sum(s for s in steps if s > 0), -sum(s for s in steps if s < 0)
    if up < SHOWN_STEP and down < SHOWN_STEP:
        return "flat"
    if not down or not up:
        return "rises" if up else "falls"
    # The largest fall and the largest rise: the smaller of the two is what goes against the direction.
    highest, lowest = _largest_retreat(points), _largest_retreat([-p for p in points])
    if min(highest, lowest) <= WIGGLE:
        return ("rises" if highest <= lowest else "falls") + ", with wiggles"
    return "rises and falls"


def _largest_retreat(points: Sequence[float]) -> float:
    """The largest drop of the points below an earlier maximum."""
    maximum, retreat = -math.inf, 0.0
    for value in points:
        maximum = max(maximum, value)
        retreat = max(retreat, maximum - value)
    return retreat


def describe_shape(shape: FeatureShape, contract: Contract) -> tuple[str, ...]:
    """The sentences beside a plot of a feature, the most important first."""
    sentences = [_direction(shape), _contract(shape)]
    if shape.axis is not None:
        sentences += [_jump(shape, contract), _ends(shape, contract)]
    else:
        sentences.append(_extremes(shape))
    return tuple(text for text in (*sentences, _outside(shape), _missing(shape), _unseen(shape), _thin(shape)) if text)


def _direction(shape: FeatureShape) -> str:
    points = [bin.points for bin in shape.bins]
    if shape.axis is None and not shape.feature.kind.has_order:
        most, least = signed(max(points)), signed(min(points))
        if most == least:
            return f"Flat: the points of all categories are {most}."
        return f"Categories, sorted by points: from {most} to {least}."
    way = direction(points)
    grows = "as the value grows" if shape.axis is not None else "in the contract's order"
    retreat = min(_largest_retreat(points), _largest_retreat([-p for p in points]))
    back = f"up to {retreat:.2f}" if retreat >= 0.005 else "less than 0.01"
    reach = f"from {signed(min(points))} to {signed(max(points))} points"
    return {
        "flat": "Flat: all bins have the same points.",
        "rises": f"Monotone: the points never fall {grows} ({reach}).",
        "falls": f"Monotone: the points never rise {grows} ({reach}).",
        "rises, with wiggles": f"Not monotone: it rises ({reach}), with reversals of {back}.",
        "falls, with wiggles": f"Not monotone: it falls ({reach}), with reversals of {back}.",
    }.get(way, f"Not monotone: it rises and falls ({reach}).")


def _outside(shape: FeatureShape) -> str:
    bins = [bin for bin in (*shape.bins, shape.missing, shape.unseen) if bin.interval]
    outside = sum(bin.train_n for bin in bins if not bin.ends[0] <= bin.points <= bin.ends[1])
    share = outside / max(sum(bin.train_n for bin in bins), 1)
    if share < SHOWN_OUTSIDE:
        return ""
    return (
        f"In bins with {percent(share)} of the rows, the points lie outside the interval of this feature's own effect: "
        "features that move together share it, or it is smoothed."
    )


def keeps_direction(shape: FeatureShape) -> bool | None:
    """Whether the shape keeps the direction that the contract requires; None where it requires none."""
    required = shape.feature.monotone
    if required is None:
        return None
    points = [bin.points for bin in shape.bins]
    reversal = _largest_retreat(points if required == "up" else [-p for p in points])
    # Bins are averages of bags, so equal points can differ in their last digit.
    return reversal <= 1e-12


def _contract(shape: FeatureShape) -> str:
    kept = keeps_direction(shape)
    if kept is None:
        return "" if not shape.feature.kind.has_order else "The contract requires no direction."
    required = "never fall" if shape.feature.monotone == "up" else "never rise"
    return f"The contract requires that points {required} as the value grows: {'kept' if kept else 'NOT KEPT'}."


def _jump(shape: FeatureShape, contract: Contract) -> str:
    steps = [(abs(after.points - before.points), place) for place, (before, after) in enumerate(pairwise(shape.bins))]
    # The first of equal steps, so that the sentence is the same each time.
    size, place = max(steps, key=lambda step: (step[0], -step[1]), default=(0.0, 0))
    if size < SHOWN_STEP:
        return ""
    before, after = shape.bins[place], shape.bins[place + 1]
    change = after.points - before.points
    text = (
        f"Largest step: {signed(change)} points from “{before.label}” to “{after.label}” "
        f"(odds × {math.exp(change):.2f}; {before.train_n:,} and {after.train_n:,} rows)."
    )
    if before.thin or after.thin:
        text += " One of these bins is thin."
    return text


def _ends(shape: FeatureShape, contract: Contract) -> str:
    assert shape.axis is not None
    low, high = (value_label(shape.feature, x, contract.currency) for x in (shape.axis.low, shape.axis.high))
    first, last = shape.bins[0], shape.bins[-1]
    bounds = [
        f"{word} {value_label(shape.feature, x, contract.currency)}"
        for word, x in (("below", shape.feature.minimum), ("above", shape.feature.maximum))
        if x is not None
    ]
    text = (
        f"Range in training: {low} to {high}. Values outside it get the points of the outermost bins: "
        f"{signed(first.points)} below and {signed(last.points)} above."
    )
    return text + (f" The contract rejects rows {' and '.join(bounds)}." if bounds else "")


def _extremes(shape: FeatureShape) -> str:
    # The points of thin bins are too uncertain to be named as an extreme.
    thick = [bin for bin in shape.bins if not bin.thin]
    if not thick:
        return ""
    best, worst = max(thick, key=lambda bin: bin.points), min(thick, key=lambda bin: bin.points)
    if signed(best.points) == signed(worst.points):
        return ""
    return (
        f"Of the categories with {THIN_BIN_CUSTOMERS} rows or more, “{best.label}” has the most points "
        f"({signed(best.points)}) and “{worst.label}” the fewest ({signed(worst.points)})."
    )


def _missing(shape: FeatureShape) -> str:
    if shape.feature.missing is None:
        return "Missing: not allowed; the contract rejects such rows."
    return (
        f"Missing ({shortened(shape.feature.missing, 90)}): {shape.missing.train_n:,} rows in training, "
        f"{signed(shape.missing.points)} points."
    )


def _unseen(shape: FeatureShape) -> str:
    if shape.axis is not None:
        return ""
    return (
        f"Not seen in training: any other value gets {signed(shape.unseen.points)} points; "
        f"{shape.unseen.holdout_n:,} rows of the holdout have one."
    )


def _thin(shape: FeatureShape) -> str:
    thin = [bin for bin in shape.bins if bin.thin]
    if not thin:
        return f"No bin has fewer than {THIN_BIN_CUSTOMERS} rows."
    total = sum(bin.train_n for bin in (*shape.bins, shape.missing, shape.unseen))
    in_thin = sum(bin.train_n for bin in thin)
    hold = "holds" if len(thin) == 1 else "hold"
    return (
        f"Thin: {len(thin):,} of {len(shape.bins):,} bins, with {percent(in_thin / max(1, total), 2)} of the "
        f"rows, {hold} fewer than {THIN_BIN_CUSTOMERS} each."
    )


def thin_share(bins: Sequence[Bin]) -> float:
    """Share of the training customers in thin bins."""
    total = sum(bin.train_n for bin in bins)
    return sum(bin.train_n for bin in bins if bin.thin) / total if total else 0.0
