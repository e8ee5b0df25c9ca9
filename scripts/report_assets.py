"""Make the files that reports embed from the locked packages: Inter in two weights, and Vega as one script.

Made once rather than by each report, as cutting the font takes a second and the script another. `make lock` runs this;
a test compares the files with what the installed packages give.
"""

from __future__ import annotations

import gzip
import logging
import shutil
from pathlib import Path

import fontpkg_inter
from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from northstar_explain.report.document.charts import library
from northstar_explain.report.document.fonts import SUBSET, WEIGHTS, file_of
from northstar_explain.report.document.runtime import BUNDLE, bundled

# One optical size: with that axis, a PDF would embed a font for each font size.
OPTICAL_SIZE = 14
LICENSE = "inter-license.txt"


def main() -> None:
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    origin = Path(fontpkg_inter.ROOT)
    shutil.copyfile(origin / "LICENSE", file_of(WEIGHTS[0]).with_name(LICENSE))
    for weight in WEIGHTS:
        font = TTFont(origin / "files" / "Inter[opsz,wght].ttf", recalcTimestamp=False)
        subsetter = subset.Subsetter(subset.Options(**SUBSET))
        subsetter.populate(unicodes=list(font.getBestCmap()))
        subsetter.subset(font)
        instantiateVariableFont(font, {"opsz": OPTICAL_SIZE, "wght": weight}).save(file_of(weight))
    file_of(WEIGHTS[0]).with_name(BUNDLE).write_bytes(gzip.compress(bundled(library()).encode(), mtime=0))


if __name__ == "__main__":
    main()
