"""Inter, the font of the reports: subset to the characters that a report uses, for PDF and HTML."""

from __future__ import annotations

import base64
import html
import io
import logging
from functools import cache
from pathlib import Path

# Features to keep beside the glyphs: kerning, and digits of equal width for columns of numbers.
_FEATURES = ["kern", "tnum"]
_ALWAYS = "".join(map(chr, range(32, 127))) + "–—−·…×→“”‘’"


def inter(text: str) -> bytes:
    """Inter with the characters of a text, in all weights, as TrueType.

    Parameters
    ----------
    text : str
        Characters that Inter does not have are left to the system's fonts.

    Returns
    -------
    bytes
        The same for the same set of characters.
    """
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    # Without hinting, which serves screens of low resolution only: every report embeds the font.
    options = subset.Options(layout_features=_FEATURES, notdef_outline=True, hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(set(_ALWAYS + text))))
    font = TTFont(io.BytesIO(_path().read_bytes()), lazy=True, recalcTimestamp=False)
    subsetter.subset(font)
    # One optical size: with that axis, a PDF would embed a font for each font size.
    return _bytes(instantiateVariableFont(font, {"opsz": 14}, optimize=False))


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

    with TTFont(_path(), lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


def woff2_url(font: bytes) -> str:
    """The font, compressed, as a data URL."""
    from fontTools.ttLib import TTFont

    packed = TTFont(io.BytesIO(font), recalcTimestamp=False)
    packed.flavor = "woff2"
    return f"data:font/woff2;base64,{base64.b64encode(_bytes(packed)).decode()}"


def _path() -> Path:
    import fontpkg_inter

    return Path(fontpkg_inter.ROOT) / "files" / "Inter[opsz,wght].ttf"


def _bytes(font: object) -> bytes:
    out = io.BytesIO()
    font.save(out)  # type: ignore[attr-defined]
    return out.getvalue()
