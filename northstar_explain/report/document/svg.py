"""Compact SVG: a few long paths instead of many elements, and every text escaped.

The time to typeset a figure grows with the number of its elements, and the appendix has a figure for every term: so
bars, dots or cells of one colour are collected in one path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from northstar_explain.report.document.blocks import Figure

# Control characters and surrogates, which XML does not allow, not even escaped.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
INK, SOFT, RULE, PAPER = "#1d2126", "#5a6068", "#c9ced4", "#ffffff"
CURVE, BAND, COUNT, ACTUAL = "#00578a", "#b9d3e6", "#9aa3ac", "#9a4a00"


class Canvas:
    """Collects SVG elements; y grows downwards.

    Parameters
    ----------
    width, height : float
        In units of a fifth of a millimetre.
    alt_text : str
        What the picture shows, for readers who do not see it.
    """

    def __init__(self, width: float, height: float, alt_text: str):
        self.width, self.height, self.alt_text = width, height, alt_text
        self._elements: list[str] = []
        self._clips = 0

    def path(self, data: str, stroke: str = "none", fill: str = "none", width: float = 1.0, dash: str = "") -> None:
        """Add a path; empty data adds nothing."""
        if not data:
            return
        line = f' stroke="{stroke}" stroke-width="{number(width)}"' if stroke != "none" else ""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._elements.append(f'<path d="{data}" fill="{fill}"{line}{dashes}/>')

    def hatched(self, areas: Sequence[tuple[float, float, float, float]], stroke: str, width: float) -> None:
        """Hatch rectangles (x, y, width, height) of equal height: one hatching of their whole span, clipped to them."""
        if not areas:
            return
        self._clips += 1
        left, right = min(x for x, *_ in areas), max(x + area_width for x, _, area_width, _ in areas)
        _, top, _, height = areas[0]
        windows = "".join(rectangle(*area) for area in areas)
        self._elements.append(
            f'<clipPath id="c{self._clips}"><path d="{windows}"/></clipPath>'
            f'<path clip-path="url(#c{self._clips})" d="{hatching(left, top, right - left, height)}" fill="none" '
            f'stroke="{stroke}" stroke-width="{number(width)}"/>'
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        anchor: str = "start",
        size: float = 12,
        fill: str = SOFT,
        bold: bool = False,
    ) -> None:
        """Add a text with its baseline at y."""
        weight = ' font-weight="650"' if bold else ""
        shown = escape(_NOT_XML.sub("\ufffd", text))
        self._elements.append(
            f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{fill}" '
            f'text-anchor="{anchor}"{weight}>{shown}</text>'
        )

    def done(self) -> Figure:
        """The finished picture as a block of a page."""
        width, height = number(self.width), number(self.height)
        millimetres = f'width="{number(self.width / 5)}mm" height="{number(self.height / 5)}mm"'
        picture = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {millimetres} '
            f'font-family="Inter, sans-serif">{"".join(self._elements)}</svg>'
        )
        return Figure(Markup(picture), self.alt_text)


def number(value: float) -> str:
    """A coordinate to a tenth of a unit, which is 0.02 mm."""
    return f"{value:.1f}".rstrip("0").rstrip(".") if value else "0"


def rectangle(x: float, y: float, width: float, height: float) -> str:
    """A rectangle as path data."""
    return f"M{number(x)},{number(y)}h{number(width)}v{number(height)}h{number(-width)}z"


def stroke(x: float, y: float, width: float) -> str:
    """A horizontal line as path data: with a thick stroke, a bar in half the bytes of a rectangle."""
    return f"M{number(x)},{number(y)}h{number(width)}"


def line(points: Iterable[tuple[float, float]]) -> str:
    """A line through points, as path data."""
    return "".join(f"{'L' if i else 'M'}{number(x)},{number(y)}" for i, (x, y) in enumerate(points))


def steps(edges: Sequence[float], heights: Sequence[float]) -> str:
    """A step curve as path data: each height from one edge to the next."""
    if not heights:
        return ""
    return f"M{number(edges[0])},{number(heights[0])}" + _along(edges[1:], heights)


def band(edges: Sequence[float], upper: Sequence[float], lower: Sequence[float]) -> str:
    """The area between two step curves, as path data."""
    if not upper:
        return ""
    floor = [lower[0]] * len(upper) if len(set(lower)) == 1 else lower
    return steps(edges, upper) + _along(edges[-2::-1], floor[::-1]) + "z"


def _along(ends: Sequence[float], heights: Sequence[float]) -> str:
    """Vertical to each height, then horizontal to its end; neighbours of equal height share one segment."""
    data, previous = "", ""
    for place, (end, height) in enumerate(zip(ends, heights, strict=True)):
        current = number(height)
        if current != previous:
            data += f"V{current}"
            previous = current
        if place + 1 == len(ends) or number(heights[place + 1]) != current:
            data += f"H{number(end)}"
    return data


def hatching(x: float, y: float, width: float, height: float, gap: float = 6.0) -> str:
    """Diagonal lines that fill a rectangle, as path data."""
    data, offset = "", gap / 2
    while offset < width + height:
        x1, y1 = max(0.0, offset - height), min(height, offset)
        x2, y2 = min(width, offset), max(0.0, offset - width)
        data += f"M{number(x + x1)},{number(y + y1)}L{number(x + x2)},{number(y + y2)}"
        offset += gap
    return data


def circle(x: float, y: float, radius: float) -> str:
    """A circle as path data."""
    r = number(radius)
    return (
        f"M{number(x - radius)},{number(y)}a{r},{r} 0 1 0 {number(2 * radius)},0a{r},{r} 0 1 0 {number(-2 * radius)},0z"
    )


def diamond(x: float, y: float, radius: float) -> str:
    """A square standing on its corner, as path data."""
    r = number(radius)
    return f"M{number(x)},{number(y - radius)}l{r},{r}l-{r},{r}l-{r},-{r}z"
