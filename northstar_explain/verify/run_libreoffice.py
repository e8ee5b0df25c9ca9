"""Recalculating the workbook in LibreOffice, to see what its formulas give in a spreadsheet."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from northstar_explain.report.audit.workbook.workbook_parts import GOLDEN

# LibreOffice trusts the results stored in a file unless this setting makes it recalculate everything.
_ALWAYS_CALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item>
</oor:items>
"""
# Comma, double quotes, UTF-8, from line 1; cells as they are and not as shown; one file a sheet.
_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
_LONGEST_S = 180


@dataclass(frozen=True)
class RecalculatedRows:
    """Scores of the golden rows in the spreadsheet, in their order."""

    probability: tuple[float | None, ...]
    segment: tuple[str, ...]


def program() -> str | None:
    """The program that recalculates, where it is installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def version() -> str:
    """Its version, as it says itself; empty where it says none."""
    calculator = program()
    if calculator is None:
        return ""
    try:
        said = subprocess.run(
            [calculator, "--version"], capture_output=True, text=True, timeout=_LONGEST_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    words = said.stdout.split()
    return words[1] if len(words) > 1 else ""


def recalculate(book: bytes) -> dict[str, list[list[str]]]:
    """Every sheet of a workbook after LibreOffice has calculated all its formulas.

    Parameters
    ----------
    book : bytes
        An .xlsx file.

    Returns
    -------
    dict
        Name of the sheet to its rows of cells as text, numbers in full.

    Raises
    ------
    RuntimeError
        When LibreOffice is not installed, or fails.
    """
    calculator = program()
    if calculator is None:
        raise RuntimeError("LibreOffice is not installed")
    with tempfile.TemporaryDirectory(prefix="northstar-") as name:
        folder = Path(name)
        # A profile of its own: LibreOffice does not run twice on one, and the user's may be open.
        (folder / "profile" / "user").mkdir(parents=True)
        (folder / "profile" / "user" / "registrymodifications.xcu").write_text(_ALWAYS_CALCULATE, encoding="utf-8")
        (folder / "book.xlsx").write_bytes(book)
        call = [calculator, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--norestore",
                "--convert-to", _CSV, "--outdir", str(folder / "out"), str(folder / "book.xlsx")]  # fmt: skip
        try:
            done = subprocess.run(call, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"LibreOffice did not finish within {_LONGEST_S} seconds") from error
        # LibreOffice writes one file per sheet, called after the workbook and the sheet.
        sheets = {path.stem.removeprefix("book-"): _rows(path) for path in sorted((folder / "out").glob("*.csv"))}
        if not sheets:
            raise RuntimeError(f"LibreOffice wrote nothing: {done.stderr.strip()[:200]}")
        return sheets


def _rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))


def scored_rows(sheets: dict[str, list[list[str]]]) -> RecalculatedRows:
    """Probability and segment of each golden row, from a recalculated workbook."""
    rows = sheets[GOLDEN]
    # Above the heads stand the title and two lines that sum the comparison up.
    heads = rows[3]
    probability, segment = heads.index("probability"), heads.index("segment")
    body = [row for row in rows[4:] if row and row[0]]
    return RecalculatedRows(tuple(_number(row[probability]) for row in body), tuple(row[segment] for row in body))


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None
