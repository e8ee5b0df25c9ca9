"""Drawings without what no picture needs: half of their bytes, and half of the time in which they are set in a PDF."""

from __future__ import annotations

import re

# Labels that would overlap others: invisible, and yet found by a search and heard by a screen reader.
_HIDDEN = re.compile(r'<text[^>]* opacity="0"[^>]*>[^<]*</text>')
# Vega names its elements for screen readers one by one, where a picture has one name; and it writes defaults out.
_NEEDLESS = re.compile(
    r' (?:(?:aria-[a-z]+|role|class|pointer-events|stroke-miterlimit)="[^"]*"|opacity="1"|transform="translate\(0,0\)")'
)
_LINE = r'<line transform="translate\({}\)" x2="{}" y2="{}"{}/>'
_ONE_LINE = re.compile(_LINE.format("([^)]*)", '([^"]*)', '([^"]*)', "([^>]*)"))
_LINES = re.compile(_ONE_LINE.pattern + "(?:" + _LINE.format("[^)]*", '[^"]*', '[^"]*', r"\4") + ")+")
_CELL = r'<path d="(M[-\d.,]+h[\d.]+v[\d.]+h-[\d.]+Z)" (fill="[^"]*")/>'
_ONE_CELL = re.compile(_CELL)
# A heat map: so many rectangles in a row are its cells, of which no two overlap.
_CELLS = re.compile(f"(?:{_CELL}){{40,}}")
_STEPS = re.compile(r'(?<= d=")M[-\d.]+,[-\d.]+(?:L[-\d.]+,[-\d.]+){3,}')


def slim(drawn: str) -> str:
    """A drawing of Vega's, smaller, that looks the same.

    Parameters
    ----------
    drawn : str
        SVG.

    Returns
    -------
    str
    """
    drawn = _unwrapped(re.sub("<[^>]*>", _element, _HIDDEN.sub("", drawn)))
    return _STEPS.sub(_steps, _CELLS.sub(_by_colour, _LINES.sub(_one_path, drawn)))


def _element(match: re.Match[str]) -> str:
    """An element with the attributes that it needs, its numbers in hundredths; texts are not in it."""
    element = match[0]
    # Outlines of groups that have none.
    if element.startswith(('<path class="background"', '<path class="foreground"')) and " stroke=" not in element:
        return ""
    return re.sub(r"(\.\d\d)\d+", r"\1", _NEEDLESS.sub("", element))


def _unwrapped(drawn: str) -> str:
    """The drawing without groups that say nothing."""
    kept: list[str] = []
    dropped: list[bool] = []
    for token in re.split("(</?g[^>]*>)", drawn):
        if token == "</g>":
            if dropped.pop():
                continue
        elif token.startswith("<g"):
            if token.endswith("/>"):
                continue
            dropped.append(token == "<g>")
            if dropped[-1]:
                continue
        kept.append(token)
    return "".join(kept)


def _one_path(match: re.Match[str]) -> str:
    """Lines alike, such as those of a grid, as one path."""
    moves = "".join(f"M{at}l{x},{y}" for at, x, y, _ in _ONE_LINE.findall(match[0]))
    return f'<path d="{moves}" fill="none"{match[4]}/>'


def _by_colour(match: re.Match[str]) -> str:
    """The cells of a heat map, those of a colour as one path."""
    cells: dict[str, list[str]] = {}
    for outline, colour in _ONE_CELL.findall(match[0]):
        cells.setdefault(colour, []).append(outline)
    return "".join(f'<path d="{"".join(outlines)}" {colour}/>' for colour, outlines in cells.items())


def _steps(match: re.Match[str]) -> str:
    """A path in which a step across or down has one number."""
    first, *rest = re.split("[ML]", match[0])[1:]
    steps, (before_x, before_y) = [f"M{first}"], first.split(",")
    for point in rest:
        x, y = point.split(",")
        steps.append(f"H{x}" if y == before_y else f"V{y}" if x == before_x else f"L{point}")
        before_x, before_y = x, y
    return "".join(steps)
