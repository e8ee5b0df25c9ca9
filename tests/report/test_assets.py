"""What reports embed of others is what the installed packages give."""

import io
from pathlib import Path

import fontpkg_inter
import pytest
from fontTools import subset
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from northstar_explain.report.document.charts import library
from northstar_explain.report.document.fonts import SUBSET, WEIGHTS, file_of
from northstar_explain.report.document.runtime import bundled, runtime

SAMPLE = "Aagé9 Ж–€"


@pytest.mark.parametrize("weight", WEIGHTS)
def test_our_font_is_inter_in_one_weight(weight: int) -> None:
    ours, origin = (
        TTFont(io.BytesIO(file_of(weight).read_bytes())),
        Path(fontpkg_inter.ROOT) / "files" / "Inter[opsz,wght].ttf",
    )
    assert set(ours.getBestCmap()) == set(TTFont(io.BytesIO(origin.read_bytes())).getBestCmap())
    assert ours["OS/2"].usWeightClass == weight and "fvar" not in ours
    out = io.BytesIO()
    instantiateVariableFont(_cut(origin), {"opsz": 14, "wght": weight}).save(out)  # which rounds outlines
    sample = TTFont(out)
    for char in SAMPLE:
        assert _outline(ours, char) == _outline(sample, char)


def test_the_runtime_is_that_of_the_library_which_draws_our_charts() -> None:
    assert runtime().text == bundled(library())


def _cut(path: Path) -> TTFont:
    subsetter = subset.Subsetter(subset.Options(**SUBSET))
    subsetter.populate(text=SAMPLE)
    font = TTFont(io.BytesIO(path.read_bytes()), recalcTimestamp=False)
    subsetter.subset(font)
    return font


def _outline(font: TTFont, char: str) -> tuple[object, int]:
    glyphs, pen = font.getGlyphSet(), DecomposingRecordingPen(font.getGlyphSet())
    glyph = glyphs[font.getBestCmap()[ord(char)]]
    glyph.draw(pen)
    return pen.value, glyph.width
