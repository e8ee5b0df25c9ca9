"""Colours of the reports: one accent per segment, and the contrast of text on a colour."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

# Dark enough for white text at 4.5 : 1, and at least 20 apart (CIE 1976) for all kinds of colour vision.
ACCENTS = ("#0c3c60", "#a8540c", "#247848", "#a848a8", "#483c00", "#3c1878", "#541824", "#846078")
INK, QUIET, RULE, PAPER = "#1d2126", "#565c64", "#d5d9de", "#ffffff"
# Curves, bars of no segment, links.
LINE = "#00578a"
# Minimum contrast of text and background, by WCAG 2.2, 1.4.3.
READABLE = 4.5
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def is_color(text: str) -> bool:
    """Whether a text is a colour as `#rrggbb`."""
    return bool(_COLOR.fullmatch(text))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def tint(color: str, strength: float) -> str:
    """The colour mixed with white: strength 1 is the colour itself, 0 is white."""
    return "#" + "".join(f"{round(255 - strength * (255 - channel)):02x}" for channel in _channels(color))


def accents(ids: Sequence[str], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """A colour for each segment.

    Parameters
    ----------
    ids : sequence of str
        Each S and a number, from which the colour follows, so that a segment keeps its colour from month to month.
    given : mapping of str to str, optional
        Colours from a plan.

    Returns
    -------
    dict of str to str
    """
    colors = dict(given or {})
    for id in ids:
        if id not in colors:
            first = (int(id[1:]) - 1) % len(ACCENTS) if id[1:].isdigit() else 0
            # From its own colour on, so that only a segment whose colour is taken gets another.
            rotated = ACCENTS[first:] + ACCENTS[:first]
            colors[id] = next((color for color in rotated if color not in colors.values()), rotated[0])
    return {id: colors[id] for id in ids}


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: str) -> float:
    # The transfer function of sRGB, as WCAG defines relative luminance.
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (x / 255 for x in _channels(color))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
