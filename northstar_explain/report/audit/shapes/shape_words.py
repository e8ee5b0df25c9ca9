"""What is said of a shape: its direction, its largest step, its ends, its missing and thin bins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from northstar_explain.contract import Contract, Kind
from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.report.audit.shapes.bin_labels import percent, shortened, signed, value_label
from northstar_explain.report.audit.shapes.feature_shapes import Bin, FeatureShape

# Steps against the direction up to this many points (5% of the odds) are told as wiggles.
WIGGLE = 0.05


def direction(points: Sequence[float]) -> str:
    """``flat``, ``rises``, ``falls``, ``rises, with wiggles``, ``falls, with wiggles`` or ``rises and falls``."""
    steps = [after - before for before, after in pairwise(points)]
    up, down = sum(s for s in steps if s > 0), -sum(s for s in steps if s < 0)
    if up == down == 0:
        return "flat"
    if not down or not up:
        return "rises" if up else "falls"
    highest, lowest = _largest_retreat(points), _largest_retreat([-p for p in points])
    if min(highest, lowest) <= WIGGLE:
        return ("rises" if highest <= lowest else "falls") + ", with wiggles"
    return "rises and falls"


def _largest_retreat(points: Sequence[float]) -> float:
    """How far the points fall from a height that they had reached before."""
    top, retreat = -math.inf, 0.0
    for value in points:
        top = max(top, value)
        retreat = max(retreat, top - value)
    return retreat


def describe_shape(shape: FeatureShape, contract: Contract) -> tuple[str, ...]:
    """The sentences beside a plot, the most important first."""
    sentences = [_direction(shape), _contract(shape)]
    if shape.axis is not None:
        sentences += [_jump(shape, contract), _ends(shape, contract)]
    else:
        sentences.append(_extremes(shape))
    return tuple(text for text in (*sentences, _missing(shape), _unseen(shape), _thin(shape)) if text)


def _direction(shape: FeatureShape) -> str:
    points = [bin.points for bin in shape.bins]
    if shape.axis is None and shape.feature.kind is not Kind.ORDERED:
        return f"Categories, sorted by points: from {signed(max(points))} to {signed(min(points))}."
    found = direction(points)
    grows = "as the value grows" if shape.axis is not None else "in the contract's order"
    retreat = min(_largest_retreat(points), _largest_retreat([-p for p in points]))
    back = f"up to {retreat:.2f}" if retreat >= 0.005 else "less than 0.01"
    reach = f"from {signed(min(points))} to {signed(max(points))} points"
    return {
        "flat": "Flat: it makes no difference.",
        "rises": f"Monotone: the points never fall {grows} ({reach}).",
        "falls": f"Monotone: the points never rise {grows} ({reach}).",
        "rises, with wiggles": f"Not monotone: it rises ({reach}), but falls back by {back} on the way.",
        "falls, with wiggles": f"Not monotone: it falls ({reach}), but climbs back by {back} on the way.",
    }.get(found, f"Not monotone: it rises and falls ({reach}).")


def keeps_direction(shape: FeatureShape) -> bool | None:
    """Whether the direction that the contract demands is kept; None where it demands none."""
    demanded = shape.feature.monotone
    if demanded is None:
        return None
    points = [bin.points for bin in shape.bins]
    against = _largest_retreat(points if demanded == "up" else [-p for p in points])
    return against <= 1e-12


def _contract(shape: FeatureShape) -> str:
    kept = keeps_direction(shape)
    if kept is None:
        return "" if shape.feature.kind is Kind.CATEGORY else "The contract demands no direction."
    demanded = "never fall" if shape.feature.monotone == "up" else "never rise"
    return f"The contract demands that points {demanded} as the value grows: {'kept' if kept else 'NOT KEPT'}."


def _jump(shape: FeatureShape, contract: Contract) -> str:
    steps = [(abs(after.points - before.points), place) for place, (before, after) in enumerate(pairwise(shape.bins))]
    size, place = max(steps, key=lambda step: (step[0], -step[1]), default=(0.0, 0))
    if not size:
        return ""
    before, after = shape.bins[place], shape.bins[place + 1]
    change = after.points - before.points
    text = (
        f"Largest step: {signed(change)} points from “{before.label}” to “{after.label}” "
        f"(odds × {math.exp(change):.2f}; {before.train_n:,} and {after.train_n:,} customers)."
    )
    if before.thin or after.thin:
        text += " It stands beside a thin bin."
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
        f"Seen in training: {low} to {high}. Beyond, the outermost bins hold: {signed(first.points)} below and "
        f"{signed(last.points)} above, however far."
    )
    return text + (f" The contract rejects rows {' and '.join(bounds)}." if bounds else "")


def _extremes(shape: FeatureShape) -> str:
    known = [bin for bin in shape.bins if not bin.thin]
    if not known:
        return ""
    best, worst = max(known, key=lambda bin: bin.points), min(known, key=lambda bin: bin.points)
    return (
        f"Of those with {THIN_BIN_CUSTOMERS} customers or more, “{best.label}” gets the most "
        f"({signed(best.points)}) and "
        f"“{worst.label}” the fewest ({signed(worst.points)})."
    )


def _missing(shape: FeatureShape) -> str:
    if shape.feature.missing is None:
        return "Missing: never; the contract rejects such rows."
    return (
        f"Missing ({shortened(shape.feature.missing, 90)}): {shape.missing.train_n:,} customers in training, "
        f"{signed(shape.missing.points)} points."
    )


def _unseen(shape: FeatureShape) -> str:
    if shape.axis is not None:
        return ""
    return (
        f"Not seen in training: {signed(shape.unseen.points)} points for any other value; "
        f"{shape.unseen.holdout_n:,} customers of the holdout have one."
    )


def _thin(shape: FeatureShape) -> str:
    thin = [bin for bin in shape.bins if bin.thin]
    if not thin:
        return f"No bin has fewer than {THIN_BIN_CUSTOMERS} customers."
    total = sum(bin.train_n for bin in (*shape.bins, shape.missing, shape.unseen))
    few = sum(bin.train_n for bin in thin)
    hold = "holds" if len(thin) == 1 else "hold"
    return (
        f"Thin: {len(thin):,} of {len(shape.bins):,} bins, with {percent(few / max(1, total), 2)} of the customers, "
        f"{hold} fewer than {THIN_BIN_CUSTOMERS} each (hatched)."
    )


def thin_share(bins: Sequence[Bin]) -> float:
    """Share of the training customers who are in thin bins."""
    total = sum(bin.train_n for bin in bins)
    return sum(bin.train_n for bin in bins if bin.thin) / total if total else 0.0
