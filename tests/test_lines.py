"""CSV cut by lines: whatever the cells, the rows are those that are read one after the other, cell for cell."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from helpers import ID, read, with_cells
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from northstar_explain import tables
from northstar_explain.contract.cells import missing_texts, parse_numbers
from northstar_explain.contract.columns import numbers_of
from northstar_explain.errors import TableError
from northstar_explain.model import Model
from northstar_explain.score import ScoringOptions, inputs, run
from northstar_explain.tables import csvs, lines
from northstar_explain.tables.lines import LineReader

ANYWAY = ScoringOptions(publish_anyway=True, overwrite=True)
SPELLINGS = ["", " ", "0", "-0", "+5", "5 ", "\t5", "5\u00a0", "1e5", "1E+5", ".5", "5.", "1_000", "1,5", "0x10", "nan",
             "NaN", "NAN", "-nan", "inf", "-Infinity", "1e999", "1e-999", "NA", "null", "-", "５", "0.1", "1d", "--1",
             "9007199254740993", "179769313486231580793728971405301e277"]  # fmt: skip
NUMBERS = st.one_of(st.sampled_from(SPELLINGS), st.floats().map(repr), st.integers().map(str))
TEXTS = st.text("ab\"',\n\r é", max_size=6)


def written(path: Path, rows: list[tuple[str, ...]], quoting: int, end: str) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
        out.writerows([("id", "x", "y"), *rows])
    return path


def by_lines(path: Path, size: int) -> list[pa.Table]:
    """The blocks before the first that holds a row of several lines."""
    reader, found = LineReader(path, ["x"]), []
    for block in reader.blocks(size):
        if reader.texts(block, "id") is None:
            break
        found.append(reader.original_text(block))
        texts, table = found[-1]["x"].combine_chunks(), reader.table(block)
        assert reader.texts(block, "id").equals(found[-1]["id"].combine_chunks())  # type: ignore[union-attr]
        if pa.types.is_floating(table["x"].type):
            assert_same_numbers(texts, table["x"].combine_chunks())
    return found


def assert_same_numbers(texts: pa.Array, numbers: pa.Array) -> None:
    """The contract reads the same bits from both, and calls the same cells missing, unreadable or neither."""
    parsed = parse_numbers(texts)
    unreadable = np.asarray(parsed.is_null()) & ~missing_texts(texts)
    assert not unreadable.any()
    assert numbers_of(parsed).tobytes() == numbers_of(numbers).tobytes()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(TEXTS, NUMBERS, TEXTS), max_size=9),
    size=st.integers(1, 4),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    end=st.sampled_from(["\n", "\r\n"]),
)
@example(rows=[("a", "1", "b"), ("c", "2", "d\n"), ("e", "3", "f")], size=2, quoting=csv.QUOTE_ALL, end="\n")
def test_rows_cut_by_lines_are_those_read_in_turn(
    rows: list[tuple[str, ...]], size: int, quoting: int, end: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "c.csv", rows, quoting, end)
    found = by_lines(path, size)
    try:
        whole = pa.Table.from_batches(csvs.pieces(path))
    except TableError:  # a bare \r ends a row, which then has too few cells
        assert sum(table.num_rows for table in found) < len(rows)
        return
    first = pa.concat_tables(found) if found else whole.slice(0, 0)
    assert first.equals(whole.slice(0, first.num_rows))
    if not any(set(cell) & set("\r\n") for row in rows for cell in row):
        assert first.num_rows == whole.num_rows


@given(cells=st.lists(NUMBERS, min_size=1, max_size=6))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_column_of_numbers_is_read_as_the_contract_reads_its_text(cells: list[str], tmp_path: Path) -> None:
    path = written(tmp_path / "c.csv", [("a", cell, "b") for cell in cells], csv.QUOTE_ALL, "\n")
    reader = LineReader(path, ["x"])
    (block,) = reader.blocks(100)
    column = reader.table(block)["x"].combine_chunks()
    if pa.types.is_floating(column.type):
        assert_same_numbers(reader.original_text(block)["x"].combine_chunks(), column)
    else:
        assert column.equals(reader.original_text(block)["x"].combine_chunks())


@pytest.mark.parametrize("skip", [0, 2, 4, 6, 8])
@pytest.mark.parametrize("last", ["\n", ""])
def test_reading_may_begin_at_any_block(skip: int, last: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_READ", 16)
    path = tmp_path / "c.csv"
    path.write_text("id,x\n" + "\n".join(f"{n},{n}" for n in range(7)) + last)
    reader = LineReader(path, ["x"])
    found = [reader.table(block)["x"].to_pylist() for block in reader.blocks(2, skip)]
    assert found == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0]][skip // 2 :]


@pytest.mark.parametrize(
    "text",
    ['id,x\n1,"open\n', 'id,x\n1,"a\nb"\n', "id,x\n\n1,2\n", "id,x\r1,2\r", '"i\nd",x\n1,2\n', "id\n1\n", "id,x\n1\n"],
)
def test_where_a_line_is_no_row_it_is_said(text: str, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(text.encode())
    reader = LineReader(path)
    assert all(reader.texts(block, "x") is None for block in reader.blocks(10))


def test_a_byte_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(b"id,x,y\n" + b"1,2,3\n" * 20_000 + b"4,5,\xff\n")
    reader = LineReader(path, ["x"])
    (block,) = reader.blocks(30_000)
    with pytest.raises(TableError, match="the byte 0xff in line 20002, position 5"):
        reader.table(block)


@pytest.mark.parametrize("row", [0, 100, 299])
@pytest.mark.parametrize("cell", ["line\nbreak", "many", "inf", "+5"])
def test_scores_and_rejected_rows_do_not_depend_on_how_it_is_read(
    row: int, cell: str, model: Model, some: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "BATCH", 64)
    path, out = tmp_path / "c.csv", tmp_path / "s.csv"
    column = ID if "\n" in cell else "spend_365d"
    texts = pa.array([str(value) for value in some[column].to_pylist()])
    changed = some.set_column(some.column_names.index(column), column, texts)
    tables.write(with_cells(with_cells(changed, column, {row: cell}), ID, {200: some[ID][3].as_py()}), path)
    run(model, path, out, ANYWAY)
    scores, rejected = out.read_bytes(), read(tmp_path / "s.csv.rejected.csv")
    monkeypatch.setattr(LineReader, "blocks", lambda *_: iter(()))
    run(model, path, out, ANYWAY)
    assert out.read_bytes() == scores
    assert read(tmp_path / "s.csv.rejected.csv").equals(rejected)
    assert io.BytesIO(scores).readline().startswith(b'"' + ID.encode())
