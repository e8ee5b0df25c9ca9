"""Heat maps of a pair: its points, and below them its customers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable

import numpy as np

from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.report.audit.shapes.bin_labels import shortened, signed
from northstar_explain.report.audit.shapes.pair_shapes import PairShape
from northstar_explain.report.document import svg
from northstar_explain.report.document.blocks import Figure
from northstar_explain.report.document.svg import Canvas

CellIndex = tuple[int, int]  # row and column
_WIDTH, _LEFT = 890.0, 150.0
_STEPS = 7  # colours on either side of zero; with few colours, runs of equal cells merge into one stroke
_UP, _DOWN = (154, 74, 0), (0, 87, 138)
_CELL = 40.0
_OVERLAP = 0.1  # rows overlap slightly, so that rounding leaves no white line between them
_TICKS = 9


def heat_maps(pair: PairShape, strongest: float) -> Figure:
    """Plot the points and the customers of every cell; thin cells are hatched, empty ones blank.

    Parameters
    ----------
    pair : PairShape
    strongest : float
        The points at the end of the colour scale, the same for all pairs, so that pairs can be compared.

    Returns
    -------
    Figure
    """
    rows, columns = pair.points.shape
    # Both maps of a pair must fit on one page, whatever the number of rows.
    cell_height = min(_CELL, 270 / rows)
    height = cell_height * rows
    canvas = Canvas(_WIDTH, 2 * height + 190, _alt_text(pair))
    cell_width = min(3 * _CELL, (_WIDTH - _LEFT - 8) / columns)
    canvas.text(0, 12, "Points", size=13, fill=svg.INK, bold=True)
    _colour_key(canvas, strongest, 12)
    _cells(canvas, pair, 30, cell_width, cell_height, lambda at: _colour(float(pair.points[at]), strongest))
    _hatch_thin(canvas, pair, 30, cell_width, cell_height)
    _labels(canvas, pair, 30, cell_width, cell_height)
    second = 30 + height + 82
    canvas.text(0, second - 18, "Customers in training", size=13, fill=svg.INK, bold=True)
    most = max(2, int(pair.train_n.max()))
    _count_key(canvas, most, second - 18)
    _cells(canvas, pair, second, cell_width, cell_height, lambda at: _grey(int(pair.train_n[at]), most))
    _labels(canvas, pair, second, cell_width, cell_height)
    return canvas.done()


def _cells(
    canvas: Canvas, pair: PairShape, top: float, width: float, height: float, colour: Callable[[CellIndex], str]
) -> None:
    """All cells that are not empty, one path per colour; a run of one colour in a row is one thick stroke."""
    # One path per colour: a rectangle per cell would make the page many times larger.
    paths: dict[str, str] = defaultdict(str)
    for row in range(pair.points.shape[0]):
        start, previous = 0, ""
        for column in range(pair.points.shape[1] + 1):
            filled = column < pair.points.shape[1] and pair.train_n[row, column]
            current = colour((row, column)) if filled else ""
            if current != previous:
                if previous:
                    paths[previous] += svg.stroke(
                        _LEFT + start * width, top + (row + 0.5) * height, (column - start) * width
                    )
                start, previous = column, current
    # Sorted, so that the same model gives the same bytes.
    for stroke in sorted(paths):
        canvas.path(paths[stroke], stroke=stroke, width=height + _OVERLAP)
    rows, columns = pair.points.shape
    canvas.path(svg.rectangle(_LEFT, top, columns * width, rows * height), stroke=svg.RULE)


def _hatch_thin(canvas: Canvas, pair: PairShape, top: float, width: float, height: float) -> None:
    """A diagonal line through each thin cell; thin cells along one diagonal share a line."""
    # Padded, so that neighbours of cells at the edge need no special case.
    thin = np.pad((pair.train_n > 0) & ~pair.thick, 1)
    data = ""
    for row, column in np.argwhere(thin).tolist():
        # Only where a diagonal begins; the cells that follow it are counted below.
        if not thin[row + 1, column - 1]:
            cells = 1
            while thin[row - cells, column + cells]:
                cells += 1
            at = _LEFT + (column - 1) * width, top + row * height  # row and column 0 are the padding
            data += (
                f"M{svg.number(at[0])},{svg.number(at[1])}l{svg.number(cells * width)},{svg.number(-cells * height)}"
            )
    canvas.path(data, stroke=svg.PAPER, width=1.5)  # a white outline, without which dark cells would hide the line
    canvas.path(data, stroke=svg.SOFT, width=0.5)


def _colour(points: float, strongest: float) -> str:
    # Points beyond the scale get its last colour: they are in thin cells, which are hatched.
    step = round(max(-1.0, min(1.0, points / strongest)) * _STEPS)
    return _mixed(_UP if step > 0 else _DOWN, abs(step) / _STEPS)


def _grey(count: int, most: int) -> str:
    # Logarithmic, because a few cells hold most of the customers and the others would be indistinguishable.
    share = math.log1p(count) / math.log1p(most)
    return _mixed((29, 33, 38), 0.08 + 0.8 * round(share * 8) / 8)


def _mixed(colour: tuple[int, int, int], share: float) -> str:
    """A colour between near white (share 0) and the given one (share 1)."""
    base = 244
    return "#" + "".join(f"{round(base + (channel - base) * share):02x}" for channel in colour)


def _colour_key(canvas: Canvas, strongest: float, y: float) -> None:
    x, width = 300.0, 16.0
    for step in range(-_STEPS, _STEPS + 1):
        fill = _mixed(_UP if step > 0 else _DOWN, abs(step) / _STEPS)
        canvas.path(svg.rectangle(x + (step + _STEPS) * width, y - 10, width, 11), fill=fill)
    canvas.text(x - 5, y, f"{signed(-strongest)} and below", anchor="end")
    end = x + (2 * _STEPS + 1) * width
    canvas.text(end + 5, y, f"{signed(strongest)} and above")
    canvas.path(svg.hatching(end + 118, y - 10, 20, 11, 5), stroke=svg.SOFT, width=0.6)
    canvas.text(end + 144, y, f"fewer than {THIN_BIN_CUSTOMERS}")
    canvas.path(svg.rectangle(end + 236, y - 10, 20, 11), stroke=svg.RULE)
    canvas.text(end + 261, y, "no customers")


def _count_key(canvas: Canvas, most: int, y: float) -> None:
    x, width = 300.0, 16.0
    for step in range(9):
        canvas.path(svg.rectangle(x + step * width, y - 10, width, 11), fill=_mixed((29, 33, 38), 0.08 + 0.1 * step))
    canvas.text(x - 5, y, "1", anchor="end")
    canvas.text(x + 9 * width + 5, y, f"{most:,}, logarithmic")


def _labels(canvas: Canvas, pair: PairShape, top: float, width: float, height: float) -> None:
    rows, columns = pair.points.shape
    for row in _shown(rows, max(1, round(rows * height / 17))):
        canvas.text(_LEFT - 6, top + (row + 0.5) * height + 4, shortened(pair.first.labels[row], 24), "end", 11)
    longest = max(len(shortened(label, 24)) for label in pair.second.labels)
    fitting = max(2, min(_TICKS, round(columns * width / (longest * 6.4 + 10))))
    # Labels are placed from the right, so that the last one is always shown; one that would overlap is left out.
    free_until = _WIDTH + 1.0
    for column in reversed(_shown(columns, fitting)):
        x = _LEFT + (column + 0.5) * width
        label = shortened(pair.second.labels[column], 24)
        label_width = 6.2 * len(label)
        beyond = x + label_width / 2 > _WIDTH
        begin = _WIDTH - label_width if beyond else x - label_width / 2
        if (_WIDTH if beyond else x + label_width / 2) >= free_until:
            continue
        free_until = begin - 6
        canvas.path(svg.line([(x, top + rows * height), (x, top + rows * height + 4)]), stroke=svg.SOFT)
        canvas.text(_WIDTH if beyond else x, top + rows * height + 16, label, "end" if beyond else "middle", 11)
    words = f"across: {pair.second.feature.words}   ·   down: {pair.first.feature.words}"
    canvas.text(_LEFT, top + rows * height + 34, shortened(words, 130), size=12)


def _shown(count: int, most: int) -> list[int]:
    """Evenly spaced places of labels, the first and the last included."""
    if count <= most:
        return list(range(count))
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)}) if most > 1 else [0]


def _alt_text(pair: PairShape) -> str:
    return (
        f"Heat maps of points and of customers for each combination of {pair.first.feature.words} and "
        f"{pair.second.feature.words}, {pair.points.shape[0]} by {pair.points.shape[1]} cells; points from "
        f"{signed(float(pair.points.min()))} to {signed(float(pair.points.max()))}. The table lists the strongest."
    )
