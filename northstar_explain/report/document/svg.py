"""Lean SVG: few long paths in place of many elements, every text escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

from northstar_explain.report.document.blocks import Figure

# Control characters, which XML does not have.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
INK, SOFT, RULE, PAPER = "#1d2126", "#5a6068", "#c9ced4", "#ffffff"
CURVE, BAND, COUNT, ACTUAL = "#00578a", "#b9d3e6", "#9aa3ac", "#9a4a00"


class Canvas:
    """Collects shapes; y grows downwards.

    Parameters
    ----------
    width, height : float
        In units of a fifth of a millimetre.
    alt_text : str
        What the picture shows, for those who do not see it.
    """

    def __init__(self, width: float, height: float, alt_text: str):
        self.width, self.height, self.alt_text = width, height, alt_text
        self._parts: list[str] = []
        self._clips = 0

    def path(self, data: str, stroke: str = "none", fill: str = "none", width: float = 1.0, dash: str = "") -> None:
        """A path; nothing where there is no data."""
        if not data:
            return
        line = f' stroke="{stroke}" stroke-width="{number(width)}"' if stroke != "none" else ""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        self._parts.append(f'<path d="{data}" fill="{fill}"{line}{dashes}/>')

    def hatched(self, areas: Sequence[tuple[float, float, float, float]], stroke: str, width: float) -> None:
        """Hatch rectangles (x, y, width, height) of one height: one hatching of all that lies between, seen in them."""
        if not areas:
            return
        self._clips += 1
        left, right = min(x for x, *_ in areas), max(x + across for x, _, across, _ in areas)
        _, top, _, height = areas[0]
        windows = "".join(rectangle(*area) for area in areas)
        self._parts.append(
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
        """A text with its base line at y."""
        weight = ' font-weight="650"' if bold else ""
        shown = escape(_NOT_XML.sub("\ufffd", text))
        self._parts.append(
            f'<text x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{fill}" '
            f'text-anchor="{anchor}"{weight}>{shown}</text>'
        )

    def done(self) -> Figure:
        """The picture, to stand in a page."""
        width, height = number(self.width), number(self.height)
        millimetres = f'width="{number(self.width / 5)}mm" height="{number(self.height / 5)}mm"'
        picture = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" {millimetres} '
            f'font-family="Inter, sans-serif">{"".join(self._parts)}</svg>'
        )
        return Figure(Markup(picture), self.alt_text)


def number(value: float) -> str:
    """A coordinate to a tenth of a unit, which is 0.02 mm."""
    return f"{value:.1f}".rstrip("0").rstrip(".") if value else "0"


def rectangle(x: float, y: float, width: float, height: float) -> str:
    """A rectangle as a piece of a path."""
    return f"M{number(x)},{number(y)}h{number(width)}v{number(height)}h{number(-width)}z"


def stroke(x: float, y: float, width: float) -> str:
    """A level line as a piece of a path: drawn thickly, a bar for half of what a rectangle takes."""
    return f"M{number(x)},{number(y)}h{number(width)}"


def line(points: Iterable[tuple[float, float]]) -> str:
    """A line through points, as a piece of a path."""
    return "".join(f"{'L' if i else 'M'}{number(x)},{number(y)}" for i, (x, y) in enumerate(points))


def steps(edges: Sequence[float], heights: Sequence[float]) -> str:
    """A step curve: each height from one edge to the next."""
    if not heights:
        return ""
    data = f"M{number(edges[0])},{number(heights[0])}" + _along(edges[1:], heights)
    return data


def band(edges: Sequence[float], upper: Sequence[float], lower: Sequence[float]) -> str:
    """The area between two step curves."""
    if not upper:
        return ""
    floor = [lower[0]] * len(upper) if len(set(lower)) == 1 else lower
    return steps(edges, upper) + _along(edges[-2::-1], floor[::-1]) + "z"


def _along(ends: Sequence[float], heights: Sequence[float]) -> str:
    """Up or down to each height, then on to its end; neighbours of one height are one stretch."""
    data, before = "", ""
    for place, (end, height) in enumerate(zip(ends, heights, strict=True)):
        now = number(height)
        if now != before:
            data += f"V{now}"
            before = now
        if place + 1 == len(ends) or number(heights[place + 1]) != now:
            data += f"H{number(end)}"
    return data


def hatching(x: float, y: float, width: float, height: float, gap: float = 6.0) -> str:
    """Slanting lines that fill a rectangle, as a piece of a path."""
    data, offset = "", gap / 2
    while offset < width + height:
        x1, y1 = max(0.0, offset - height), min(height, offset)
        x2, y2 = min(width, offset), max(0.0, offset - width)
        data += f"M{number(x + x1)},{number(y + y1)}L{number(x + x2)},{number(y + y2)}"
        offset += gap
    return data


def circle(x: float, y: float, radius: float) -> str:
    """A circle as a piece of a path."""
    r = number(radius)
    return (
        f"M{number(x - radius)},{number(y)}a{r},{r} 0 1 0 {number(2 * radius)},0a{r},{r} 0 1 0 {number(-2 * radius)},0z"
    )


def diamond(x: float, y: float, radius: float) -> str:
    """A square on its corner, as a piece of a path."""
    r = number(radius)
    return f"M{number(x)},{number(y - radius)}l{r},{r}l-{r},{r}l-{r},-{r}z"
