"""Plots of the shape of a feature: its points on the common scale and enlarged, and its customers per bin."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from northstar_explain.metrics import wilson
from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.report.audit.shapes.bin_labels import percent, plain_percent, shortened, signed
from northstar_explain.report.audit.shapes.feature_shapes import Bin, FeatureShape
from northstar_explain.report.audit.shapes.plot_axis import nice_values
from northstar_explain.report.document import svg
from northstar_explain.report.document.blocks import Figure
from northstar_explain.report.document.svg import Canvas

WIDTH = 890.0  # 178 mm, the width of the page between its margins
_LEFT, _RIGHT, _SIDE, _GAP = 52.0, 58.0, 44.0, 12.0
_RARE = 0.01
# A bar more than four times as tall as the third tallest is cut off, so that the others remain visible. Compared with
# the third, because features that are mostly zero or capped have one or two bins that dwarf all others.
_FAR_ABOVE, _CUT_OFF = 4, 2
_PROBABILITIES = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)


@dataclass(frozen=True)
class Scale:
    """Maps points to a vertical position.

    Attributes
    ----------
    low, high : float
        Points at the bottom and at the top.
    top, bottom : float
        Their positions.
    """

    low: float
    high: float
    top: float
    bottom: float

    def __call__(self, points: float) -> float:
        # Clipped, as a whisker may be longer than the plot.
        inside = min(self.high, max(self.low, points))
        return self.bottom - (inside - self.low) / (self.high - self.low) * (self.bottom - self.top)


def common_range(shapes: Sequence[FeatureShape], intercept: float) -> tuple[float, float]:
    """The range of points shown by every plot on the common scale, so that features can be compared.

    It covers the points of every bin and the purchase rates of the holdout, except rates near zero and one, whose
    log-odds would stretch the scale without bound.
    """
    ends = [end for shape in shapes for end in shape.reach]
    rates = [
        bin.holdout_rate
        for s in shapes
        for bin in (*s.groups, s.missing, s.unseen)
        if bin.holdout_n >= THIN_BIN_CUSTOMERS
    ]
    # Minus the intercept: points on the axis are those of a customer who is average in all else.
    ends += [_logit(rate) - intercept for rate in rates if rate is not None and _RARE <= rate <= 1 - _RARE]
    return _padded(min([*ends, 0.0]), max([*ends, 0.0]))


def own_range(shape: FeatureShape) -> tuple[float, float]:
    """The range of one feature, including its spread."""
    # Missing and unseen count only if customers have reached them: otherwise their points are a default.
    bins = [bin for bin in (*shape.bins, shape.missing, shape.unseen) if bin.train_n or bin in shape.bins]
    low, high = min(b.points - b.spread for b in bins), max(b.points + b.spread for b in bins)
    return _padded(min(low, 0.0), max(high, 0.0))


def _padded(low: float, high: float) -> tuple[float, float]:
    padding = max(0.06 * (high - low), 0.005)
    return low - padding, high + padding


def number_plot(shape: FeatureShape, common: tuple[float, float], intercept: float) -> Figure:
    """Plot a numeric feature in three rows: points on the common scale with purchase rates of the holdout, the same
    enlarged with the spread over bags, and customers per bin. Missing stands left and unseen right of all three."""
    canvas = Canvas(WIDTH, 596, _alt_text(shape))
    first = Scale(*common, 24, 206)
    second = Scale(*own_range(shape), 250, 432)
    canvas.text(0, 12, "On the scale of all features", size=13, fill=svg.INK, bold=True)
    _frame(canvas, shape, first, intercept)
    _curve(canvas, shape, first, spread=False)
    _actual(canvas, shape, first, intercept)
    canvas.text(0, 238, "Enlarged", size=13, fill=svg.INK, bold=True)
    _frame(canvas, shape, second, intercept)
    _curve(canvas, shape, second, spread=True)
    canvas.text(0, 462, "Customers in training, per bin", size=13, fill=svg.INK, bold=True)
    _customers(canvas, shape, 474, 550)
    _ticks(canvas, shape, 550)
    return canvas.done()


def _main() -> tuple[float, float]:
    return _LEFT + _SIDE + _GAP, WIDTH - _RIGHT - _SIDE - _GAP


def _across(place: float) -> float:
    left, right = _main()
    return left + place * (right - left)


def _columns(shape: FeatureShape) -> tuple[tuple[float, float, Bin], ...]:
    """The columns of missing and unseen beside the main plot: left end, right end, bin."""
    return (
        (_LEFT, _LEFT + _SIDE, shape.missing),
        (WIDTH - _RIGHT - _SIDE, WIDTH - _RIGHT, shape.unseen),
    )


def _frame(canvas: Canvas, shape: FeatureShape, scale: Scale, intercept: float) -> None:
    """Grid, axes and hatching of thin bins."""
    left, right = _main()
    spans = [(left, right), *((a, b) for a, b, _ in _columns(shape))]
    grid = ""
    for value in nice_values(scale.low, scale.high, 6):
        y = scale(value)
        grid += "".join(svg.line([(a, y), (b, y)]) for a, b in spans)
        canvas.text(_LEFT - 6, y + 4, signed(value, _digits(scale)), anchor="end")
    canvas.path(grid, stroke="#e4e7eb")
    thin = [(_across(a), max(1.5, _across(b) - _across(a))) for a, b in _thin_runs(shape)]
    # Missing and unseen have no neighbours to merge with.
    thin += [(a, b - a) for a, b, bin in _columns(shape) if bin.thin]
    canvas.hatched([(x, scale.top, width, scale.bottom - scale.top) for x, width in thin], svg.RULE, 0.7)
    canvas.path("".join(svg.line([(a, scale(0)), (b, scale(0))]) for a, b in spans), stroke=svg.SOFT, width=0.8)
    _probabilities(canvas, scale, intercept)


def _digits(scale: Scale) -> int:
    return 1 if scale.high - scale.low >= 2 else 2 if scale.high - scale.low >= 0.12 else 3


def _probabilities(canvas: Canvas, scale: Scale, intercept: float) -> None:
    """The right axis: the probability of the average customer with these points."""
    at, last = WIDTH - _RIGHT, math.inf
    for value, label in _probability_ticks(scale, intercept):
        y = scale(value)
        # From the bottom up; a label that would touch the one below is left out.
        if last - y >= 15:
            canvas.path(svg.line([(at, y), (at + 4, y)]), stroke=svg.SOFT)
            canvas.text(at + 7, y + 4, label)
            last = y


def _probability_ticks(scale: Scale, intercept: float) -> list[tuple[float, str]]:
    inside = [(math.log(p / (1 - p)) - intercept, plain_percent(p)) for p in _PROBABILITIES]
    fitting = [(value, label) for value, label in inside if scale.low <= value <= scale.high]
    if len(fitting) >= 3:
        return fitting
    # A narrow range holds few of the familiar values, so evenly spaced ones are used.
    low, high = (1 / (1 + math.exp(-intercept - x)) for x in (scale.low, scale.high))
    even = nice_values(low, high, 5)
    digits = 1 if high - low > 0.01 else 2
    return [(math.log(p / (1 - p)) - intercept, f"{p:.{digits}%}") for p in even if 0 < p < 1]


def _thin_runs(shape: FeatureShape) -> list[tuple[float, float]]:
    """Intervals of the axis covered by thin bins, neighbours merged."""
    runs: list[tuple[float, float]] = []
    for bin in shape.bins:
        if bin.thin:
            joined = runs and abs(runs[-1][1] - bin.left) < 1e-9
            runs[-1:] = [(runs[-1][0], bin.right)] if joined else [*runs[-1:], (bin.left, bin.right)]
    return runs


def _curve(canvas: Canvas, shape: FeatureShape, scale: Scale, spread: bool) -> None:
    edges = [_across(shape.bins[0].left), *(_across(bin.right) for bin in shape.bins)]
    if spread:
        upper, lower = ([scale(bin.points + s * bin.spread) for bin in shape.bins] for s in (1, -1))
        canvas.path(svg.band(edges, upper, lower), fill=svg.BAND)
    for a, b, bin in _columns(shape):
        if spread:
            y = [scale(bin.points + bin.spread), scale(bin.points - bin.spread)]
            canvas.path(svg.rectangle(a, y[0], b - a, y[1] - y[0]), fill=svg.BAND)
        # Dashed where no customer has reached the bin: its points are a default, not fitted.
        reached = bin.train_n > 0
        canvas.path(
            svg.line([(a, scale(bin.points)), (b, scale(bin.points))]),
            svg.CURVE,
            width=2,
            dash="" if reached else "3,3",
        )
        # The value is written at the bottom of the column, or at the top if a line would run through it.
        low = min(abs(scale(value) - scale.bottom + 10) for value in (0.0, bin.points, bin.points - bin.spread)) > 10
        at = scale.bottom - 6 if low else scale.top + 13
        canvas.text((a + b) / 2, at, signed(bin.points), anchor="middle", size=11, fill=svg.INK)
    canvas.path(svg.steps(edges, [scale(bin.points) for bin in shape.bins]), stroke=svg.CURVE, width=1.6)


def _actual(canvas: Canvas, shape: FeatureShape, scale: Scale, intercept: float) -> None:
    """Purchase rates of the holdout with 95% intervals, for groups with enough customers."""
    dots = whiskers = ""
    groups = [(_across((bin.left + bin.right) / 2), bin) for bin in shape.groups]
    groups += [((a + b) / 2, bin) for a, b, bin in _columns(shape)]
    for x, bin in groups:
        if bin.holdout_n >= THIN_BIN_CUSTOMERS and bin.holdout_rate is not None:
            low, high = (scale(_logit(p) - intercept) for p in wilson(bin.holdout_buyers, bin.holdout_n))
            points = _logit(bin.holdout_rate) - intercept
            # A rate off the scale is left out rather than drawn at the edge, where it would be read as a value.
            if scale.low <= points <= scale.high:
                dots += svg.circle(x, scale(points), 3.2)
                whiskers += svg.line([(x, low), (x, high)])
    canvas.path(whiskers, stroke=svg.ACTUAL)
    canvas.path(dots, fill=svg.ACTUAL)


def _logit(share: float) -> float:
    # Wilson bounds reach 0 and 1, whose log-odds are infinite; such whiskers end at the edge of the plot.
    inside = min(1 - 1e-9, max(1e-9, share))
    return math.log(inside / (1 - inside))


def _customers(canvas: Canvas, shape: FeatureShape, top: float, bottom: float) -> None:
    most = tallest(shape)
    left, right = _main()
    canvas.path(_bars(shape, top, bottom, most), fill=svg.COUNT)
    _breaks(canvas, shape, top, most)
    canvas.text(_LEFT - 6, top + 8, _short(most), anchor="end")
    canvas.text(_LEFT - 6, bottom, "0", anchor="end")
    spans = [(left, right), *((a, b) for a, b, _ in _columns(shape))]
    for a, b, bin in _columns(shape):
        height = (bottom - top) * min(1.0, bin.train_n / most)
        canvas.path(svg.rectangle(a + 8, bottom - height, b - a - 16, height) if bin.train_n else "", fill=svg.COUNT)
    canvas.path("".join(svg.line([(a, bottom), (b, bottom)]) for a, b in spans), stroke=svg.SOFT, width=0.8)


def tallest(shape: FeatureShape) -> int:
    """The count at the top of the bars: the largest of any bin, or less if it would make the other bars invisible."""
    counts = sorted((bin.train_n for bin in shape.bins), reverse=True)
    ordinary = counts[min(_CUT_OFF, len(counts) - 1)]
    return max(1, counts[0] if counts[0] <= _FAR_ABOVE * ordinary or not ordinary else math.ceil(1.5 * ordinary))


def _breaks(canvas: Canvas, shape: FeatureShape, top: float, most: int) -> None:
    """Mark bars that are cut off: a white diagonal through each, and its count inside it, or beside it if that fits."""
    spans = [(_across(bin.left), _across(bin.right), bin) for bin in shape.bins] + list(_columns(shape))
    tall = [bin.train_n > most for _, _, bin in spans]
    cut = [(a, max(b, a + 2), bin) for (a, b, bin), over in zip(spans, tall, strict=True) if over]
    canvas.path("".join(svg.line([(a - 2, top + 15), (b + 2, top + 9)]) for a, b, _ in cut),
                stroke=svg.PAPER, width=2.5)  # fmt: skip
    free_from = 0.0
    for a, b, bin in cut:
        text = f"{bin.train_n:,}"
        text_width = 6.6 * len(text)
        if bin in (shape.missing, shape.unseen):  # their counts are written below the axis
            continue
        if b - a > text_width + 8:
            canvas.text((a + b) / 2, top + 32, text, anchor="middle", size=11, fill=svg.PAPER, bold=True)
        elif b + 4 >= free_from and not any(one < b + 4 + text_width and b < other for one, other, _ in cut if one > a):
            canvas.text(b + 4, top + 8, text, size=11, fill=svg.INK)
            free_from = b + 8 + text_width


def _bars(shape: FeatureShape, top: float, bottom: float, most: int) -> str:
    """One outline of all bars; a bin too narrow to be visible gets a bar of least width."""
    edges = [_across(shape.bins[0].left), *(_across(bin.right) for bin in shape.bins)]
    heights = [bottom - (bottom - top) * min(1.0, bin.train_n / most) for bin in shape.bins]
    narrow = "".join(
        svg.rectangle(left, height, 1.8, bottom - height)
        for left, right, height in zip(edges, edges[1:], heights, strict=False)
        if right - left < 1.5 and bottom - height > 1
    )
    return svg.band(edges, heights, [bottom, bottom]) + narrow


def _ticks(canvas: Canvas, shape: FeatureShape, bottom: float) -> None:
    canvas.path("".join(svg.line([(_across(t.at), bottom), (_across(t.at), bottom + 5)]) for t in shape.ticks),
                stroke=svg.SOFT)  # fmt: skip
    for tick in shape.ticks:
        # The first and last labels are aligned inwards, so that they do not overlap those of missing and unseen.
        anchor = "start" if tick.at < 0.02 else "end" if tick.at > 0.98 else "middle"
        canvas.text(_across(tick.at), bottom + 18, tick.label, anchor=anchor)
    for (a, b, bin), name in zip(_columns(shape), ("missing", "unseen"), strict=True):
        canvas.text((a + b) / 2, bottom + 18, name, anchor="middle", fill=svg.INK)
        canvas.text((a + b) / 2, bottom + 33, f"n = {bin.train_n:,}", anchor="middle", size=11)
    assert shape.axis is not None
    left, right = _main()
    scale = "" if shape.axis.scale is None else ", logarithmic"
    words = shortened(shape.feature.words, 70)
    unit = f", {shape.unit}" if shape.unit else ""
    canvas.text((left + right) / 2, bottom + 38, f"{words}{unit}{scale}", anchor="middle")


def _short(count: int) -> str:
    return f"{count:,}" if count < 10_000 else f"{count / 1000:,.0f}k"


def category_plot(shape: FeatureShape, common: tuple[float, float], intercept: float) -> Figure:
    """Plot a category, a row per value: on the common scale, enlarged, and its customers; missing and unseen last."""
    shown = shape.shown_groups
    rows: list[Bin] = [*shown, shape.missing, shape.unseen]
    # Rows shrink so that plot and table of the largest number of categories still fit on one page.
    height = min(36.0, 420 / len(rows))
    canvas = Canvas(WIDTH, 48 + height * len(rows) + 34, _alt_text(shape))
    panels = ((190.0, 440.0, common), (486.0, 724.0, own_range(shape)))
    titles = ("On the scale of all features", "Enlarged")
    top = 28.0
    bottom = top + height * len(rows)
    for (a, _, _), title in zip(panels, titles, strict=True):
        canvas.text(a, 14, title, size=13, fill=svg.INK, bold=True)
    canvas.text(WIDTH, 14, "Customers in training", size=13, fill=svg.INK, bold=True, anchor="end")
    canvas.path(svg.line([(0, top + height * len(shown)), (WIDTH, top + height * len(shown))]), stroke=svg.RULE)
    for a, b, (low, high) in panels:
        across = _across_panel(a, b, low, high)
        values = nice_values(low, high, 4)
        canvas.path("".join(svg.line([(across(v), top), (across(v), bottom)]) for v in values), stroke="#e4e7eb")
        canvas.path(svg.line([(across(0), top), (across(0), bottom)]), stroke=svg.SOFT, width=0.8)
        digits = _digits(Scale(low, high, 0, 1))
        for value in values:
            canvas.text(across(value), bottom + 16, signed(value, digits), anchor="middle")
    most = max([bin.train_n for bin in rows] + [1])
    for place, bin in enumerate(rows):
        _category_row(canvas, bin, top + height * (place + 0.5), height, panels, intercept, most)
    canvas.text((panels[0][0] + panels[0][1]) / 2, bottom + 32, "points", anchor="middle")
    canvas.text((panels[1][0] + panels[1][1]) / 2, bottom + 32, "points", anchor="middle")
    return canvas.done()


def _across_panel(a: float, b: float, low: float, high: float) -> Callable[[float], float]:
    scale = Scale(low, high, -b, -a)  # `Scale` is vertical; negated ends make more points lie further right
    return lambda points: -scale(points)


def _category_row(
    canvas: Canvas,
    bin: Bin,
    y: float,
    height: float,
    panels: Sequence[tuple[float, float, tuple[float, float]]],
    intercept: float,
    most: int,
) -> None:
    canvas.text(0, y + 4, shortened(bin.label, 28), fill=svg.INK)
    if bin.thin:
        canvas.path(svg.hatching(190, y - height / 2 + 1, 700, height - 2), stroke=svg.RULE, width=0.6)
    a, b, reach = panels[0]
    across = _across_panel(a, b, *reach)
    if bin.holdout_n >= THIN_BIN_CUSTOMERS and bin.holdout_rate is not None:
        low, high = (across(_logit(p) - intercept) for p in wilson(bin.holdout_buyers, bin.holdout_n))
        points = _logit(bin.holdout_rate) - intercept
        if reach[0] <= points <= reach[1]:
            canvas.path(svg.line([(low, y), (high, y)]), stroke=svg.ACTUAL)
            canvas.path(svg.circle(across(points), y, 3.4), fill=svg.ACTUAL)
    canvas.path(svg.diamond(across(bin.points), y, 4.6), fill=svg.CURVE)
    a, b, reach = panels[1]
    across = _across_panel(a, b, *reach)
    canvas.path(svg.line([(across(bin.points - bin.spread), y), (across(bin.points + bin.spread), y)]), svg.CURVE)
    canvas.path(svg.diamond(across(bin.points), y, 4.6), fill=svg.CURVE)
    canvas.path(svg.rectangle(762, y - 5, 72 * bin.train_n / most, 10) if bin.train_n else "", fill=svg.COUNT)
    canvas.text(WIDTH, y + 4, f"{bin.train_n:,}", anchor="end")


def plot(shape: FeatureShape, common: tuple[float, float], intercept: float) -> Figure:
    """The plot of a feature, by its kind."""
    return (category_plot if shape.axis is None else number_plot)(shape, common, intercept)


def _alt_text(shape: FeatureShape) -> str:
    low, high = shape.reach
    return (
        f"Points of {shape.feature.words}: from {signed(low)} to {signed(high)} over {len(shape.bins)} bins; "
        f"missing {signed(shape.missing.points)} ({shape.missing.train_n:,} customers), unseen "
        f"{signed(shape.unseen.points)}; share of all importance {percent(shape.share)}. The table has the values."
    )
