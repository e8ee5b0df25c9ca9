"""The workbook: its formulas score as `explain score` does, recalculated by a spreadsheet, and no text becomes a formula."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from html import unescape
from xml.etree import ElementTree

import hostile as hostile_model
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import require

from northstar_explain.contract import check
from northstar_explain.contract.conditions import CategoryCondition, MissingCondition, NumberCondition
from northstar_explain.model import Model
from northstar_explain.model.golden_scores import EXPECTED
from northstar_explain.model.scorecard import Scorecard
from northstar_explain.report.audit.workbook import formulas, workbook
from northstar_explain.report.audit.workbook.customer_sheet import _start_row
from northstar_explain.score import Scorer
from northstar_explain.verify import certify, run_libreoffice

needs_office = pytest.mark.usefixtures("libreoffice")
SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def libreoffice() -> None:
    require(run_libreoffice.program(), "LibreOffice Calc", "libreoffice-calc-nogui")


@pytest.fixture(scope="module")
def book(hostile: Model) -> bytes:
    return workbook(hostile)


@pytest.fixture(scope="module")
def sheets(book: bytes) -> dict[str, list[list[str]]]:
    return run_libreoffice.recalculate(book)


def sheet_files(book: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")}


def cells(book: bytes) -> list[ElementTree.Element]:
    """Every cell of every sheet."""
    return [
        cell
        for name, text in sheet_files(book).items()
        if name.startswith("xl/worksheets/sheet")
        for cell in ElementTree.fromstring(text).iter(f"{SPACE}c")
    ]


def scored(model: Model) -> tuple[np.ndarray, list[str]]:
    """The golden rows as `explain score` scores them."""
    ids = pa.array([f"g{i}" for i in range(model.golden.num_rows)])
    table = model.golden.select([f.name for f in model.contract.features]).add_column(0, model.contract.id, ids)
    result = Scorer(model)(table)
    return result["probability"].to_numpy(), result["segment_id"].to_pylist()


@needs_office
def test_a_spreadsheet_scores_as_explain_score_does(hostile: Model, sheets: dict[str, list[list[str]]]) -> None:
    result = run_libreoffice.scored_rows(sheets)
    probability, segments = scored(hostile)
    assert len(result.probability) == len(probability) == hostile.golden.num_rows > 100
    mine = np.array([np.nan if value is None else value for value in result.probability])
    assert np.abs(mine - probability).max() <= 1e-9  # false for NaN, too
    assert list(result.segment) == segments


@needs_office
def test_the_workbook_shows_its_own_largest_difference(hostile: Model, sheets: dict[str, list[list[str]]]) -> None:
    top = sheets["Golden"]
    assert float(top[1][6]) <= 1e-9
    assert float(top[2][6]) == 0
    assert sum(bool(row[0]) for row in top[4:]) == hostile.golden.num_rows


@needs_office
def test_the_customer_sheet_scores_the_customer_in_it(hostile: Model, sheets: dict[str, list[list[str]]]) -> None:
    rows = sheets["Customer"]
    shown = {row[0]: row[1] for row in rows[:5]}
    probability = float(shown["probability"].rstrip("%")) / 100
    expected, segments = hostile.golden[EXPECTED[1]].to_numpy()[:100], hostile.golden[EXPECTED[0]].to_pylist()[:100]
    row = int(np.argmin(np.abs(expected - probability)))
    assert abs(expected[row] - probability) <= 1e-9
    assert shown["segment"] == segments[row]
    points = [float(row[5]) for row in rows[5:] if len(row) > 5 and row[5]]
    assert len(points) == len(hostile.scorecard.terms)
    total = hostile.scorecard.intercept + sum(points)
    assert 1 / (1 + np.exp(-total)) == pytest.approx(probability, abs=1e-6)


@needs_office
def test_formulas_follow_the_points_and_not_the_cached_results(hostile: Model) -> None:
    """Points changed in the sheets alone change the result of a spreadsheet: results are calculated, not read."""
    terms = list(hostile.scorecard.terms)
    changed = replace(terms[0], points=terms[0].points + 0.25)
    card = Scorecard(hostile.scorecard.intercept, (changed, *terms[1:]))
    other = replace(hostile, scorecard=card)
    result = certify._spreadsheet(hostile, lambda: workbook(other))
    assert not result.passed
    assert result.wrong == result.rows == hostile.golden.num_rows
    assert result.slips[0].row == 1


@needs_office
@pytest.mark.parametrize(
    ("visits_30", "said"), [(50, "BROKEN, so that explain score rejects the row: sessions_30d <= sessions_90d"),
                            (2, "all kept"), (None, "all kept")],
)  # fmt: skip
def test_the_customer_sheet_warns_of_a_broken_relation(visits_30: int | None, said: str, model: Model) -> None:
    row = _start_row(model)
    changed = {"sessions_30d": visits_30, "sessions_90d": 2, "active_days_90d": 1}
    golden = model.golden.slice(0, 100)
    for name, value in changed.items():
        values = golden[name].to_pylist()
        values[row] = value
        golden = golden.set_column(golden.column_names.index(name), name, pa.array(values, golden[name].type))
    shown = run_libreoffice.recalculate(workbook(replace(model, golden=golden)))["Customer"]
    assert shown[3][3:5] == ["relations between values", said]


def test_the_same_model_gives_the_same_workbook(hostile: Model, book: bytes) -> None:
    assert workbook(hostile) == book


def test_no_text_of_the_model_is_a_formula(hostile: Model, book: bytes) -> None:
    result = [unescape(cell.findtext(f"{SPACE}f") or "") for cell in cells(book)]
    written = [text for text in result if text]
    assert len(written) > 1000
    for text in written:
        bare = re.sub(r'"(yes|no)"', "", text)
        assert '"' not in bare, text  # the only texts in formulas are our own yes and no
        assert re.fullmatch(r"[A-Za-z0-9$!:,(){}+\-*/.=<> ]+", bare), text
    shared = sheet_files(book)["xl/sharedStrings.xml"]
    for text in hostile_model.TEXTS[:3]:
        assert f">{text}</t>" in shared  # unchanged, and as text


def test_the_workbook_fetches_nothing(book: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        names = archive.namelist()
        relations = "".join(archive.read(name).decode() for name in names if name.endswith(".rels"))
    assert not [name for name in names if "external" in name.lower() or "macro" in name.lower() or "vba" in name]
    assert 'TargetMode="External"' not in relations


@needs_office
def test_golden_rows_one_float_beside_a_cut_are_distinguished_from_it(
    hostile: Model, sheets: dict[str, list[list[str]]]
) -> None:
    """The hardest rows are among those compared: numbers that agree with a cut in 15 digits but differ from it."""
    cuts = [float(c) for t in hostile.scorecard.terms for a in t.axes if a.feature == "spend" for c in a.cuts]  # type: ignore[union-attr]
    values = hostile.golden["spend"].to_numpy()
    gap = np.abs(values[:, None] - np.array(sorted(set(cuts))))
    beside = ((gap > 0) & (gap <= 1e-15 * np.abs(values[:, None]))).any(axis=1)
    assert beside.sum() >= 4
    result, probability = run_libreoffice.scored_rows(sheets).probability, scored(hostile)[0]
    assert all(abs((result[row] or 0) - probability[row]) <= 1e-9 for row in np.flatnonzero(beside))


def test_numbers_keep_all_their_digits(hostile: Model, book: bytes) -> None:
    written = {cell.findtext(f"{SPACE}v") for cell in cells(book)}
    assert {repr(float(value)) for value in hostile.golden["spend"].to_numpy()} <= written


@given(st.integers(0, 20_000))
def test_columns_are_named_as_spreadsheets_name_them(place: int) -> None:
    name = formulas.column(place)
    back = 0
    for letter in name:
        back = back * 26 + ord(letter) - 64
    assert back - 1 == place


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (MissingCondition("x"), "ISBLANK(A1)"),
        (NumberCondition("x"), "IF(ISBLANK(A1),FALSE,TRUE)"),
        (NumberCondition("x", 2.0, None, True), "IF(ISBLANK(A1),TRUE,AND(SUMPRODUCT(--((A1-{2.0})>=0))=1))"),
        (
            NumberCondition("x", 0.5, 3.0),
            "IF(ISBLANK(A1),FALSE,AND(SUMPRODUCT(--((A1-{0.5})>=0))=1,SUMPRODUCT(--((A1-{3.0})<0))=1))",
        ),
        (CategoryCondition("x", ("a", "b")), "IF(ISBLANK(A1),FALSE,OR(EXACT(A1,<a>),EXACT(A1,<b>)))"),
        (CategoryCondition("x", ("a",), False, True), "IF(ISBLANK(A1),TRUE,NOT(OR(EXACT(A1,<a>))))"),
    ],
)
def test_conditions_become_formulas(condition: object, expected: str) -> None:
    assert formulas.fits(condition, "A1", lambda text: f"<{text}>") == expected  # type: ignore[arg-type]


def test_every_golden_row_keeps_the_contract_or_is_hard(hostile: Model) -> None:
    """The rows that the sheets hold are those of the folder, none left out."""
    ids = pa.array([f"g{i}" for i in range(hostile.golden.num_rows)])
    names = [f.name for f in hostile.contract.features]
    table = hostile.golden.select(names).add_column(0, hostile.contract.id, ids)
    assert check(table.slice(0, 100), hostile.contract).accepted.num_rows == 100
