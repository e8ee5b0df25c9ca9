"""Inter, our one font: only the signs that a report uses, for the PDF and inside the HTML."""

from __future__ import annotations

import base64
import io
import logging
from pathlib import Path

# What stays beside the signs: kerning, and figures of equal width for columns of numbers.
_FEATURES = ["kern", "tnum"]
_ALWAYS = "".join(map(chr, range(32, 127))) + "–—−·…×→“”‘’"


def inter(text: str) -> bytes:
    """Inter with the signs of a text, all weights, for text sizes, as TrueType.

    Parameters
    ----------
    text : str
        Signs that Inter does not have are left to the fonts of the machine.

    Returns
    -------
    bytes
        The same for the same set of signs.
    """
    import fontpkg_inter
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib.instancer import instantiateVariableFont

    logging.getLogger("fontTools").setLevel(logging.ERROR)
    path = Path(fontpkg_inter.ROOT) / "files" / "Inter[opsz,wght].ttf"
    options = subset.Options(layout_features=_FEATURES, notdef_outline=True, hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(set(_ALWAYS + text))))
    font = TTFont(io.BytesIO(path.read_bytes()), lazy=True, recalcTimestamp=False)
    subsetter.subset(font)
    # One design for all sizes: with the axis of optical sizes, a PDF would hold a font for each size of type.
    return _bytes(instantiateVariableFont(font, {"opsz": 14}, optimize=False))


def woff2_url(font: bytes) -> str:
    """The font, compressed, as a URL that holds it."""
    from fontTools.ttLib import TTFont

    packed = TTFont(io.BytesIO(font), recalcTimestamp=False)
    packed.flavor = "woff2"
    return f"data:font/woff2;base64,{base64.b64encode(_bytes(packed)).decode()}"


def _bytes(font: object) -> bytes:
    out = io.BytesIO()
    font.save(out)  # type: ignore[attr-defined]
    return out.getvalue()
