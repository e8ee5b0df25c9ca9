"""Inter, the font of the reports, in two weights: whole for PDFs, and cut to the characters of each web page."""

from __future__ import annotations

import base64
import html
import io
import logging
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path

# Files of others, made by scripts/report_assets.py.
ASSETS = Path(str(resources.files("northstar_explain.assets")))
WEIGHTS = (400, 600)
# How fonts are cut: kerning, and digits of equal width for columns of numbers; no hinting, which serves screens of low
# resolution only, as every report embeds the font.
SUBSET = {"layout_features": ["kern", "tnum"], "notdef_outline": True, "hinting": False}
_ALWAYS = "".join(map(chr, range(32, 127))) + "–—−·…×→“”‘’"


def address(weight: int) -> str:
    """The URL by which stylesheets ask for the font."""
    return f"asset:inter-{weight}"


def file_of(weight: int) -> Path:
    """The font with all its characters, as TrueType."""
    return ASSETS / f"inter-{weight}.ttf"


def font_assets() -> dict[str, tuple[bytes, str]]:
    """URL to content and media type of each weight, for the press, which embeds the characters that a PDF uses."""
    return {address(weight): (file_of(weight).read_bytes(), "font/ttf") for weight in WEIGHTS}


def embedded(style: str, text: str) -> str:
    """A stylesheet of a web page with the fonts inside.

    Parameters
    ----------
    style : str
        Asks for the fonts by their addresses.
    text : str
        The page; characters that Inter does not have are left to the system's fonts.

    Returns
    -------
    str
        The same for the same set of characters.
    """
    for weight in WEIGHTS:
        style = style.replace(f'"{address(weight)}"', _woff2_url(file_of(weight), "".join(sorted({*_ALWAYS, *text}))))
    return style


def without_font(text: str) -> str:
    """The characters of a text for which neither our font nor any other on this machine has a glyph.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Each once, by code point; a PDF shows boxes in their place.
    """
    rest = "".join(sorted(set(text) - _of_inter()))
    rest = "".join(char for char in rest if char.isprintable() and not char.isspace())
    if not rest:
        return ""
    import weasyprint

    # Which font serves a character, the layout engine alone decides: it warns of each that it found none for.
    warnings = _Warnings()
    logger = logging.getLogger("weasyprint")
    level, logger.disabled = logger.level, False
    logger.setLevel(logging.WARNING)
    logger.addHandler(warnings)
    try:
        weasyprint.HTML(string=f"<p>{html.escape(' '.join(rest))}</p>").write_pdf()
    finally:
        logger.removeHandler(warnings)
        logger.setLevel(level)
    return "".join(char for char in rest if f"U+{ord(char):04X}" in warnings.said or f'"{char}"' in warnings.said)


def no_font(characters: str) -> str:
    """What to say of characters without a font."""
    listed = ", ".join(f"{char} (U+{ord(char):04X})" for char in characters)
    return f"no font on this machine has {listed}; install one that does, such as Noto"


class _Warnings(logging.Handler):
    """Collects what is said."""

    said = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.said += record.getMessage() + "\n"


@cache
def _of_inter() -> frozenset[str]:
    from fontTools.ttLib import TTFont

    with TTFont(file_of(WEIGHTS[0]), lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


@lru_cache(maxsize=8)
def _woff2_url(path: Path, characters: str) -> str:
    from fontTools import subset
    from fontTools.ttLib import TTFont

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    subsetter = subset.Subsetter(subset.Options(**SUBSET))
    subsetter.populate(text=characters)
    with TTFont(path, lazy=True, recalcTimestamp=False) as font:
        subsetter.subset(font)
        font.flavor = "woff2"
        out = io.BytesIO()
        font.save(out)
    return f"data:font/woff2;base64,{base64.b64encode(out.getvalue()).decode()}"
