"""Charts of the playbook as compact SVG. The title of each says what it shows, for screen readers and tagged PDFs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from northstar_explain.report.document.palette import INK, PAPER, QUIET, SOFT

# Bars end at a tenth and at ten times the average; beyond, only the number beside them tells.
WIDEST = 10.0
LINE = "#a9b0b8"
ROOMY = 6
# A column narrower than this has no room for a rate with decimals.
NARROW = 36


@dataclass(frozen=True)
class Bar:
    """Start and length of a bar, in percent of the chart's width; `above` when it extends to the right."""

    left: float
    width: float
    above: bool = True


def index_bar(index: float) -> Bar:
    """A bar from the average (the middle of the chart) to an index, on a logarithmic scale.

    Parameters
    ----------
    index : float
        100 is the average customer. Bars of twice and of half the average have the same length.

    Returns
    -------
    Bar
    """
    # Clipped on both sides: an index of 0 has no logarithm.
    ratio = min(WIDEST, max(1 / WIDEST, index / 100))
    return both_ways(math.log(ratio) / math.log(WIDEST))


def both_ways(share: float) -> Bar:
    """A bar from the middle of the chart, to the left (-1 is the edge) or to the right (1)."""
    length = 50 * max(-1.0, min(1.0, share))
    return Bar(round(50 + min(0.0, length), 2), round(abs(length), 2), share >= 0)


def one_way(share: float) -> Bar:
    """A bar from the left edge, 0 to 1 of the chart's width."""
    return Bar(0.0, round(100 * max(0.0, min(1.0, share)), 2))


@dataclass(frozen=True)
class Column:
    """A segment in a chart: as wide as its share of customers, as tall as its rate."""

    id: str
    name: str
    color: str
    share: float
    rate: float


def mosaic_svg(columns: Sequence[Column], base: float, outcome: str, noun: str) -> str:
    """Size against rate: one column per segment, whose area is its share of those who act.

    Parameters
    ----------
    columns : sequence of Column
        In reading order.
    base : float
        The overall rate, 0 to 1, drawn as a line.
    outcome, noun : str
        Words of the contract.

    Returns
    -------
    str
    """
    wide, left, top, gap = 640, 4, 22, 3
    high = 196 if len(columns) <= ROOMY else 120  # the table below grows with the segments
    floor = top + high
    highest = max([base, *(one.rate for one in columns)]) or 1.0
    room = wide - left - 92 - gap * (len(columns) - 1)
    line = round(floor - high * base / highest, 1)
    end = left + room + gap * (len(columns) - 1)
    # All rates of a chart with as many digits as the narrowest column has room for.
    digits = 1 if min(room * one.share for one in columns) >= NARROW else 0
    shapes, x = [f'<path d="M{left} {line}H{end + 4:.1f}" stroke="{LINE}" stroke-width="1"/>'], float(left)
    for one in columns:
        # A segment of almost nobody must still be visible.
        width, height = max(2.0, room * one.share), high * one.rate / highest
        middle = round(x + width / 2, 1)
        shapes.append(f'<rect x="{x:.1f}" y="{floor - height:.1f}" width="{width:.1f}" height="{height:.1f}" '
                     f'fill="{one.color}"/>')  # fmt: skip
        shapes.append(_over(middle, floor - height - 6, f"{one.rate:.{digits}%}", INK, 11, bold=True))
        shapes.append(_text(middle, floor + 16, one.id, one.color, "middle", bold=True))
        if width > 20:
            shapes.append(_text(middle, floor + 31, f"{one.share:.0%}", QUIET, "middle"))
        x += width + gap
    shapes.append(_text(end + 8, line + 4, f"all {base:.{digits}%}", INK))
    shapes.append(f'<path d="M{left} {floor}H{end:.1f}" stroke="{QUIET}" stroke-width="1"/>')
    description = "; ".join(f"{one.id} {one.name}: {one.share:.1%} of {noun}, rate {one.rate:.1%}" for one in columns)
    title = f"Size against rate ({outcome}). {description}. All {noun}: {base:.1%}."
    return _svg(wide, floor + 38, title, shapes)


def deciles_svg(shares: Sequence[float], color: str, noun: str) -> str:
    """The deciles of probability of a segment's customers, in ten columns.

    Parameters
    ----------
    shares : sequence of float
        The segment's share in each of deciles 1 to 10, 0 to 1. A line shows the tenth that all customers have in each.
    color, noun : str

    Returns
    -------
    str
    """
    wide, high, top, step = 260, 74, 14, 26
    # At least 20%, so that an even segment shows ten low columns and not ten towers.
    floor, highest = top + high, max(0.2, *shares)
    line = round(floor - high * 0.1 / highest, 1)
    shapes = [f'<path d="M0 {line}H{wide}" stroke="{LINE}" stroke-width="1"/>']
    for place, share in enumerate(shares):
        height, middle = high * share / highest, place * step + step / 2
        shapes.append(f'<rect x="{place * step + 3}" y="{floor - height:.1f}" width="{step - 6}" height="{height:.1f}" '
                     f'fill="{color}"/>')  # fmt: skip
        if share >= 0.005:
            shapes.append(_over(middle, floor - height - 4, f"{share:.0%}", SOFT, 8.5))
        shapes.append(_text(middle, floor + 12, str(place + 1), QUIET, "middle", 9))
    shapes.append(f'<path d="M0 {floor}H{wide}" stroke="{QUIET}" stroke-width="0.8"/>')
    description = ", ".join(f"{place}: {share:.0%}" for place, share in enumerate(shares, 1))
    title = (
        f"Share of the segment in each decile of probability, 10 the highest. {description}. Of all {noun}: 10% each."
    )
    return _svg(wide, floor + 17, title, shapes)


def stripes_svg(columns: Sequence[Column], noun: str) -> str:
    """All customers as one band with a stripe per segment: the picture on the cover."""
    wide, high = 640, 190
    shapes, x = [], 0.0
    for one in columns:
        width = wide * one.share
        shapes.append(f'<rect x="{x:.1f}" y="0" width="{width:.1f}" height="{high}" fill="{one.color}"/>')
        if width > 22:
            shapes.append(_text(x + 9, high - 12, one.id, "#ffffff", bold=True, size=13))
        x += width
    description = "; ".join(f"{one.id} {one.name} {one.share:.1%}" for one in columns)
    return _svg(wide, high, f"All {noun} by segment: {description}.", shapes)


def _over(x: float, y: float, text: str, color: str, size: float, bold: bool = False) -> str:
    """Text centred at x on white, so that a line behind it does not strike it through."""
    wide = 0.62 * size * len(text) + 2
    place = f'x="{x - wide / 2:.1f}" y="{y - 0.82 * size:.1f}" width="{wide:.1f}" height="{size:.1f}"'
    return f'<rect {place} fill="{PAPER}"/>' + _text(x, y, text, color, "middle", size, bold)


def _text(
    x: float, y: float, text: str, color: str, anchor: str = "start", size: float = 11, bold: bool = False
) -> str:
    weight = ' font-weight="600"' if bold else ""
    place = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return (
        f'<text x="{round(x, 1)}" y="{round(y, 1)}" font-size="{size}" fill="{color}"{place}{weight}>'
        f"{escape(text)}</text>"
    )


def _svg(wide: float, high: float, title: str, shapes: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img" '
        f'font-family="Inter, sans-serif"><title>{escape(title)}</title>{"".join(shapes)}</svg>'
    )
