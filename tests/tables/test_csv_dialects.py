"""CSV as spreadsheets and databases write it: read as it is where that is plain, and refused by name where it is not."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from shop import CONTRACT

from northstar_explain import tables
from northstar_explain.contract import parse
from northstar_explain.errors import ContractError, TableError
from northstar_explain.options import CsvOptions
from northstar_explain.score.named_inputs import hints
from northstar_explain.tables.csv_dialects import Dialect, Hints, detect
from northstar_explain.tables.number_format import PLAIN, NumberFormat

HEADER = ["id", "spend", "city"]
ROWS = [["1", "12.5", "Köln"], ["2", "1250.75", "Zürich"], ["3", "0.5", "Bern"], ["4", "-3", ""]]
TABLE = {
    "id": [row[0] for row in ROWS],
    "spend": [row[1] for row in ROWS],
    "city": [row[2] or None for row in ROWS],
}


def text(delimiter: str = ",", comma: bool = False, end: str = "\n") -> str:
    rows = [[cell.replace(".", ",") if comma else cell for cell in row] for row in ROWS]
    return end.join(delimiter.join(row) for row in [HEADER, *rows]) + end


def zipped(name: str, data: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, data)

    return write


def zstd(data: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


WRITTEN: dict[str, tuple[str, bytes, Dialect]] = {
    "comma": ("t.csv", text().encode(), Dialect()),
    "semicolon": ("t.csv", text(";").encode(), Dialect(";")),
    "tab": ("t.tsv", text("\t").encode(), Dialect("\t")),
    "pipe": ("t.txt", text("|").encode(), Dialect("|")),
    "upper case": ("T.CSV", text().encode(), Dialect()),
    "line ends of Windows": ("t.csv", text(";", end="\r\n").encode(), Dialect(";")),
    "byte order mark": ("t.csv", text(";").encode("utf-8-sig"), Dialect(";")),
    "UTF-16": ("t.csv", text("\t").encode("utf-16"), Dialect("\t", "utf-16")),
    "UTF-16 without a mark": ("t.csv", text().encode("utf-16-le"), Dialect(",", "utf-16-le")),
    "Windows-1252": ("t.csv", text(";").encode("cp1252"), Dialect(";", "cp1252")),
    "sep line": ("t.csv", ("sep=;\r\n" + text(";")).encode(), Dialect(";", sep_line=True)),
    "sep line in UTF-16": ("t.csv", ("sep=;\n" + text(";")).encode("utf-16"), Dialect(";", "utf-16", sep_line=True)),
    "gzip": ("t.csv.gz", gzip.compress(text().encode()), Dialect(compression="gzip")),
    "gzip by another name": ("t.csv", gzip.compress(text(";").encode()), Dialect(";", compression="gzip")),
    "zstd": ("t.csv.zst", zstd(text().encode()), Dialect(compression="zstd")),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_what_is_plain_is_read_as_it_is(case: str, tmp_path: Path) -> None:
    name, data, dialect = WRITTEN[case]
    path = tmp_path / name
    path.write_bytes(data)
    assert detect(path) == dialect
    assert tables.read(path).to_pydict() == TABLE
    (batch,) = tables.find([path]).batches(100)
    assert batch.table.to_pydict() == TABLE


def test_a_zip_of_one_table_is_read_and_one_of_two_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    zipped("inner.csv", text(";").encode())(path)
    assert tables.read(path).to_pydict() == TABLE
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(TableError, match=r"one CSV file in it; got inner\.csv, readme\.txt\. Unpack it"):
        tables.read(path)
    sheet = tmp_path / "sheet.csv"
    zipped("xl/workbook.xml", b"<x/>")(sheet)
    with pytest.raises(TableError, match="expected a CSV; got an Excel workbook. Save the sheet as CSV"):
        tables.read(sheet)


@pytest.mark.parametrize("cut", [10, 40])
def test_a_compressed_file_that_is_cut_off_is_named(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(text().encode() * 50)[:-cut])
    with pytest.raises(TableError, match=r"t\.csv\.gz: file: expected a (whole CSV|well-formed CSV)"):
        tables.read(path)


@pytest.mark.parametrize(
    ("cells", "delimiter", "numbers"),
    [
        (["1", "2"], ",", PLAIN),
        (["1.5", "2"], ";", PLAIN),
        (["1,5", "2"], ";", NumberFormat(",")),
        (["0,125"], ";", NumberFormat(",")),
        (["1234,567"], ";", NumberFormat(",")),
        (["1.234,50", "12"], ";", NumberFormat(",", ".")),
        (["1,234.50", "12"], ",", NumberFormat(".", ",")),
        (["1,234,567"], ",", NumberFormat(".", ",")),
        (["1.234.567"], ";", NumberFormat(",", ".")),
        (["1 234,5", "12 000"], ";", NumberFormat(",", " ")),
        (["1\u00a0234,5"], ";", NumberFormat(",", " ")),
        (["1'234.50"], ";", NumberFormat(".", "'")),
        (["0.5", "1,250"], "\t", NumberFormat(".", ",")),
        (["1.250", "0.5"], ";", PLAIN),
        (["1.250", "2.375"], ",", PLAIN),  # programs write points, and three decimals are common
        (["$1,234.50", "-$3.00"], ",", NumberFormat(".", ",")),
        (["12,50 €", "7,00 €"], ";", NumberFormat(",")),
        (["12,5 %", "3 %"], ";", NumberFormat(",")),
        (["01.02.2024", "3.4.2024"], ";", PLAIN),
        (["2.5"] * 60 + ["3,5"], ",", PLAIN),  # a slip, which rejects its row
    ],
)
def test_marks_of_numbers_are_found(cells: list[str], delimiter: str, numbers: NumberFormat, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join([f"id{delimiter}x"] + [f'a{delimiter}"{cell}"' for cell in cells]) + "\n")
    assert detect(path).numbers == numbers


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("id;x\na;1.250\nb;2.500\n", r"'1\.250' \(column x\), in which '\.' may be a decimal mark or stand between"),
        ('id,x\na,"1,250"\n', r"numbers: expected one reading; got '1,250' \(column x\)"),
        ("id;x;y\na;1,5;2.5\n", r"both '2\.5' \(column y\) and '1,5' \(column x\)\. Say which: --decimal"),
        (
            "a,b;c,d\n1,2;3,4\n",
            "delimiter: expected one reading; got comma and semicolon, which split every line alike",
        ),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused_by_name(data: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(data)
    with pytest.raises(TableError, match=message):
        detect(path)


def test_the_contracts_columns_decide_and_what_it_does_not_know_is_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b;c,d\n1,2;3,4\n")
    assert detect(path, Hints(names=("a", "b;c"))).delimiter == ","
    assert detect(path, Hints(names=("a,b", "c,d"), numbers=())).delimiter == ";"
    path.write_text("id;x;version\na;1,5;2.5\n")
    assert detect(path, Hints(names=("id", "x"), numbers=("x",))).numbers == NumberFormat(",")


def test_options_override_what_is_found(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("id;x;city\na;1.250;K\x9aln\n".encode("latin-1"))
    with pytest.raises(TableError, match="may be a decimal mark"):
        detect(path)
    given = CsvOptions(delimiter="semicolon", encoding="mac_roman", decimal=",", thousands=".")
    dialect = detect(path, Hints(given))
    assert dialect == Dialect(";", "mac-roman", numbers=NumberFormat(",", "."))
    assert tables.read(path, dialect=dialect)["city"].to_pylist() == ["Köln"]


def test_a_contract_says_how_all_its_files_are_written_and_options_go_before_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("customer_id;spend\na;1.250\n")
    stated = parse(f'[csv]\ndecimal = ","\nthousands = "."\n{CONTRACT}')
    with pytest.raises(TableError, match=r"Say which: --decimal .*\[csv\] of the contract"):
        detect(path, hints(parse(CONTRACT), CsvOptions()))
    assert detect(path, hints(stated, CsvOptions())).numbers == NumberFormat(",", ".")
    assert detect(path, hints(stated, CsvOptions(decimal=".", thousands=","))).numbers == NumberFormat(".", ",")
    with pytest.raises(ContractError, match="csv.decimal: expected one of '.', ','; got"):
        parse(f'[csv]\ndecimal = "x"\n{CONTRACT}')


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"delimiter": "ab"}, "delimiter: expected one character, or tab; got 'ab'"),
        ({"encoding": "klingon"}, "encoding: expected the name of an encoding, .*; got 'klingon'"),
        ({"decimal": "'"}, "decimal: expected one of '.', ','; got"),
        ({"thousands": "x"}, "thousands: expected one of"),
        ({"decimal": ",", "thousands": ","}, "thousands: expected another mark than decimal; got ','"),
    ],
)
def test_options_that_mean_nothing_are_refused(named: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CsvOptions(**named)


@pytest.mark.parametrize("data", [b"id,x\na,\xfc\n", b"id,x\na,\xcc\xee\xf1\xea\xe2\xe0\n", b"id,x\na,Gda\x9fsk\n"])
def test_bytes_of_no_certain_encoding_are_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    with pytest.raises(TableError, match=r"in UTF-8; got the byte 0x.. in line 2.*--encoding cp1252"):
        tables.read(path)


def test_an_encoding_that_does_not_fit_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,x\na,\x81\n")
    dialect = detect(path, Hints(CsvOptions(encoding="windows-1252")))
    with pytest.raises(TableError, match="expected a CSV in Windows-1252; got .* Name its encoding"):
        tables.read(path, dialect=dialect)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1.234,5", 1234.5), ("-1.234", -1234.0), ("€ 12,50", 12.5), ("12,50 €", 12.5), ("-€3", -3.0), ("(1.250,00)", -1250.0),
        ("12,5%", 0.125), ("CHF 7", 7.0), ("7 EUR", 7.0), ("1.23,4", None), ("1.2345", None), ("ABC 7", None), ("7 x", None),
        ("--1", None), ("1,2,3", None), ("", None), ("%", None), ("−5", -5.0),
    ],
)  # fmt: skip
def test_numbers_with_marks_and_signs(cell: str, value: float | None) -> None:
    assert NumberFormat(",", ".").parse(cell) == value
