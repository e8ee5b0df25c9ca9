"""CSV that a spreadsheet may open: no cell of ours begins a formula, and ids stay what they are."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from helpers import ID, with_cells

from northstar_explain import tables
from northstar_explain.contract import parse
from northstar_explain.model import Model
from northstar_explain.score import run
from northstar_explain.tables import csvs

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠x"]


@pytest.fixture
def hostile(model: Model) -> Model:
    """A model whose every word begins a formula: names of segments, reasons, even the name of the id column."""
    segments = tuple(replace(s, name=f"=HYPERLINK({s.id})") for s in model.segmentation.segments)
    terms = tuple(
        replace(term, reasons=tuple("@" + reason for reason in term.reasons)) for term in model.scorecard.terms
    )
    contract = parse(model.contract.text.replace(f'id = "{ID}"', 'id = "=id"'))
    return replace(
        model,
        contract=contract,
        segmentation=replace(model.segmentation, segments=segments),
        scorecard=replace(model.scorecard, terms=terms),
    )


def test_no_cell_that_we_write_begins_a_formula(hostile: Model, some: pa.Table, tmp_path: Path) -> None:
    texts = [*FORMULAS, "00123", 'quo"te', "comma,", "line\nbreak", " padded"]
    ids = {row: f"{text}{row} " for row, text in enumerate(texts)}  # numbered, as padding makes no other customer
    names = ["=id" if name == ID else name for name in some.column_names]
    path, out = tmp_path / "c.parquet", tmp_path / "s.csv"
    tables.write(with_cells(some, ID, ids).rename_columns(names), path)
    run(hostile, path, out)
    with out.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header[0] == "'=id"
    assert [row[0] for row in rows[: len(ids)]] == list(ids.values())  # passed through, which the README says
    for row in rows:
        assert not any(cell.startswith(tuple("=+-@\t\r＝＋－＠")) for cell in row[1:])
    assert rows[0][2].startswith("'=HYPERLINK(")
    run(hostile, path, tmp_path / "p.parquet")
    assert tables.read(tmp_path / "p.parquet")["segment_name"][0].as_py().startswith("=HYPERLINK(")


@pytest.mark.parametrize("text", FORMULAS)
def test_what_begins_a_formula_gets_an_apostrophe(text: str) -> None:
    assert csvs.harmless(text) == "'" + text


@pytest.mark.parametrize("text", ["", "a=1", "Visited 3 times", "$5", "3-4", "'=1"])
def test_other_text_stays(text: str) -> None:
    assert csvs.harmless(text) == text
