"""Inter, the font of the reports: subset to the characters that a report uses, for PDF and HTML."""

from __future__ import annotations

import base64
import io
import logging
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
    import fontpkg_inter
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    path = Path(fontpkg_inter.ROOT) / "files" / "Inter[opsz,wght].ttf"
    # Without hinting, which serves screens of low resolution only: every report embeds the font.
    options = subset.Options(layout_features=_FEATURES, notdef_outline=True, hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(set(_ALWAYS + text))))
    font = TTFont(io.BytesIO(path.read_bytes()), lazy=True, recalcTimestamp=False)
    subsetter.subset(font)
    # One optical size: with that axis, a PDF would embed a font for each font size.
    return _bytes(instantiateVariableFont(font, {"opsz": 14}, optimize=False))


def woff2_url(font: bytes) -> str:
    """The font, compressed, as a data URL."""
    from fontTools.ttLib import TTFont

    packed = TTFont(io.BytesIO(font), recalcTimestamp=False)
    packed.flavor = "woff2"
    return f"data:font/woff2;base64,{base64.b64encode(_bytes(packed)).decode()}"


def _bytes(font: object) -> bytes:
    out = io.BytesIO()
    font.save(out)  # type: ignore[attr-defined]
    return out.getvalue()
