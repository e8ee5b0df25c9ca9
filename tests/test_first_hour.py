"""What people have is read as they mean it: one value, one spelling, and one score, however a table comes."""

from __future__ import annotations

import csv
import decimal
import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from helpers import TINY, explain, read, refused, with_cells, with_column
from hypothesis import given, settings
from hypothesis import strategies as st
from shop import CONTRACT, as_texts, shop

import northstar_explain as ns
from northstar_explain import tables
from northstar_explain.api import ScoringWarning
from northstar_explain.contract import check, parse
from northstar_explain.errors import TableError
from northstar_explain.score import batches as score_batches
from northstar_explain.training import Source, train


@pytest.fixture(scope="module")
def model() -> ns.Model:
    done = train(Source(shop(), "shop"), parse(CONTRACT), TINY)
    return ns.Model(done.model, done)


@pytest.fixture(scope="module")
def folder(model: ns.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "model"
    model.save(path)
    return path


@pytest.fixture(scope="module")
def customers() -> pa.Table:
    return shop(200, seed=9).drop_columns(["bought"])


def written(path: Path, columns: dict[str, list[str]], delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, delimiter=delimiter)
        out.writerow(columns)
        out.writerows(zip(*columns.values(), strict=True))
    return path


def score(path: Path, folder: Path, *options: object) -> tuple[pa.Table, dict[str, Any], str]:
    """Scores, run report and what was said on stderr."""
    out = path.with_name(f"{path.name}.scores.parquet")
    result = explain("score", path, "--model", folder, "--out", out, "--quiet", "--overwrite", "--json", *options)
    assert result.exit_code == 0, result.output
    return read(out), json.loads(result.stdout), result.stderr


RESPELLED: dict[str, dict[str, Any]] = {
    "as Python writes": {},
    "as Excel writes": {"opted_in": str.upper},
    "as databases write": {"opted_in": lambda text: text[0].lower()},
    "yes and no": {"opted_in": {"True": "yes", "False": "no"}.get},
    "Y and N": {"opted_in": {"True": "Y", "False": "N"}.get},
    "1 and 0": {"opted_in": {"True": "1", "False": "0"}.get},
    "1.0 and 0.0": {"opted_in": {"True": "1.0", "False": "0.0"}.get},
    "decimals": {"store": lambda text: text + ".0"},
    "exponents": {"store": {"1": "1e0", "2": "2E0", "3": "3e+0", "10": "1.0e1"}.get},
    "padded": {"channel": lambda text: f" {text} ", "store": lambda text: f"{text}\u00a0"},
}


@pytest.mark.parametrize("case", RESPELLED)
def test_a_value_has_one_score_however_it_is_spelled(
    case: str, customers: pa.Table, model: ns.Model, folder: Path, tmp_path: Path
) -> None:
    columns = as_texts(customers)
    for name, spell in RESPELLED[case].items():
        columns[name] = [spell(text) for text in columns[name]]
    found, report, _ = score(written(tmp_path / "c.csv", columns), folder)
    assert report["unseen_categories"] == {}
    expected = pa.table(model.score(customers)).to_pylist()
    assert found.to_pylist() == expected
    typed = customers
    for name in RESPELLED[case]:
        typed = with_column(typed, name, columns[name])
    assert pa.table(model.score(typed)).to_pylist() == expected


@pytest.mark.filterwarnings("ignore:column .* never seen in training")
def test_what_is_no_yes_and_no_keeps_its_meaning(model: ns.Model, customers: pa.Table) -> None:
    # Store 1 is not "true", and a store that training never saw stays unseen.
    for value in ("true", "yes", "001", "1.5", "01"):
        changed = with_column(customers, "store", [value] * len(customers))
        unseen = with_column(customers, "store", ["no such store"] * len(customers))
        probability = [pa.table(model.score(table))["probability"].to_pylist() for table in (changed, unseen)]
        assert probability[0] == probability[1], value


TYPES: dict[str, dict[str, pa.DataType]] = {
    "decimals": {"spend": pa.decimal128(12, 2), "store": pa.decimal128(10, 0), "orders": pa.decimal256(40, 0)},
    "small decimals": {"spend": pa.decimal64(12, 2), "store": pa.decimal32(6, 0)},
    "unsigned": {"orders": pa.uint64(), "visits": pa.uint8(), "store": pa.uint16()},
    "float16": {"orders": pa.float16(), "store": pa.float16()},
    "floats": {"orders": pa.float32(), "store": pa.float64(), "visits": pa.float64()},
    "large strings": {"customer_id": pa.large_string(), "channel": pa.large_string()},
    "views": {"customer_id": pa.string_view(), "channel": pa.string_view()},
    "bytes": {"customer_id": pa.binary(), "channel": pa.large_binary()},
    "dictionaries": {
        "store": pa.dictionary(pa.int8(), pa.int64()), "channel": pa.dictionary(pa.int32(), pa.large_string()),
        "orders": pa.dictionary(pa.int16(), pa.int64()), "customer_id": pa.dictionary(pa.int32(), pa.string()),
    },
}  # fmt: skip


def cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_dictionary(kind):
        return column.cast(kind.value_type).dictionary_encode().cast(kind)
    if pa.types.is_decimal(kind):
        return pa.chunked_array([pa.array([decimal.Decimal(str(x)) for x in column.to_pylist()], kind)])
    return column.cast(pa.float32()).cast(kind) if pa.types.is_float16(kind) else column.cast(kind)


@pytest.mark.parametrize("case", TYPES)
def test_a_value_has_one_score_whatever_its_type(case: str, customers: pa.Table, model: ns.Model) -> None:
    table = customers
    for name, kind in TYPES[case].items():
        table = with_column(table, name, cast(table[name], kind))
    expected, found = pa.table(model.score(customers)), pa.table(model.score(table))
    assert found.equals(expected)


def test_whole_decimals_and_uuids_are_ids(customers: pa.Table, model: ns.Model) -> None:
    whole = pa.array([decimal.Decimal(n) for n in range(len(customers))], pa.decimal128(38, 0))
    ids = pa.table(model.score(with_column(customers, "customer_id", whole)))["customer_id"].to_pylist()
    assert ids == [str(n) for n in range(len(customers))]
    uuids = pa.array([n.to_bytes(16, "big") for n in range(len(customers))], pa.uuid())
    ids = pa.table(model.score(with_column(customers, "customer_id", uuids)))["customer_id"].to_pylist()
    assert ids[10] == "00000000-0000-0000-0000-00000000000a"


@pytest.mark.filterwarnings("ignore:column .* never seen in training")
def test_dates_are_categories_as_text_and_no_numbers(customers: pa.Table, model: ns.Model) -> None:
    dates = pa.array(np.arange(len(customers), dtype=np.int32)).cast(pa.date32())
    assert len(pa.table(model.score(with_column(customers, "channel", dates)))) == len(customers)
    with pytest.raises(TableError, match=r"column orders: expected numbers \(count\); got date32\[day\]"):
        model.score(with_column(customers, "orders", dates))
    zoned = pa.array([0] * len(customers), pa.timestamp("us", "Europe/Berlin"))
    assert len(pa.table(model.score(with_column(customers, "channel", zoned)))) == len(customers)


@pytest.mark.parametrize("mark", ["#N/A", "n/a", "NaT", "?", "", " ", "NULL"])
@pytest.mark.parametrize("column", ["channel", "spend", "opted_in"])
def test_the_usual_marks_are_missing_values(
    mark: str, column: str, customers: pa.Table, model: ns.Model, folder: Path, tmp_path: Path
) -> None:
    columns = as_texts(customers)
    columns[column][7] = mark
    found, report, _ = score(written(tmp_path / "c.csv", columns), folder)
    assert (report["rejected"], report["unseen_categories"]) == (0, {})
    expected = pa.table(model.score(with_cells(customers, column, {7: None})))
    assert found["probability"].equals(expected["probability"])


def test_a_contract_names_its_own_marks() -> None:
    contract = parse(CONTRACT.replace("[groups]", 'missing_values = ["-999", "nobody"]\n[groups]'))
    table = with_cells(with_cells(shop(20), "spend", {3: -999.0}), "channel", {4: "nobody", 5: "?"})
    checked = check(table, contract)
    assert checked.accepted["spend"].to_pylist()[3] is None
    assert checked.accepted["channel"].to_pylist()[4:6] == [None, "?"]
    text = with_column(table, "spend", [str(x) for x in table["spend"].to_pylist()])
    checked = check(text, contract, as_text=True)
    assert checked.accepted["spend"].to_pylist()[3] is None


def test_a_mark_where_nothing_may_be_missing_rejects_its_row() -> None:
    contract = parse(CONTRACT.replace('words = "channel"\nmissing = "unknown"', 'words = "channel"'))
    checked = check(with_cells(shop(20), "channel", {4: "#N/A"}), contract)
    assert checked.rejected["reasons"].to_pylist() == [
        "channel: expected a value (the contract says it is never missing), got '#N/A'"
    ]


def test_ids_are_compared_without_padding_and_decimals_and_written_as_read(
    customers: pa.Table, folder: Path, tmp_path: Path
) -> None:
    columns = as_texts(customers)
    numbers = [str(n) for n in range(1, 201)]
    first, _, _ = score(written(tmp_path / "1.csv", {**columns, "customer_id": numbers}), folder)
    decimals = [f" {n}.0" for n in numbers]
    second, _, _ = score(written(tmp_path / "2.csv", {**columns, "customer_id": decimals}), folder)
    assert second["customer_id"].to_pylist() == decimals
    assert second["control_group"].equals(first["control_group"])
    result = explain("monitor", "--model", folder, "--json",
                     *(part for n in "12" for part in ("--scores", tmp_path / f"{n}.csv.scores.parquet")))  # fmt: skip
    assert json.loads(result.stdout)["customers"] == {"old": 200, "new": 200, "both": 200}


def test_a_padded_id_is_the_same_customer_twice(customers: pa.Table, folder: Path, tmp_path: Path) -> None:
    columns = {name: cells * 2 for name, cells in as_texts(customers).items()}
    columns["customer_id"] = [id + " " * (row >= 200) for row, id in enumerate(columns["customer_id"])]
    path = written(tmp_path / "c.csv", columns)
    message = refused_scores(path, folder, tmp_path)
    assert "400 of 400 rows (100.00%) rejected" in message
    other = with_column(customers, "customer_id", [f"{n:03d}" for n in range(199)] + ["0"])
    assert ns.load(folder).check(other).rejected.num_rows == 0  # 000 and 0 are two customers


def refused_scores(path: Path, folder: Path, place: Path) -> str:
    result = explain("score", path, "--model", folder, "--out", place / "s.parquet", "--quiet")
    assert result.exit_code == 3, result.output
    return result.stderr


def test_suspicious_ids_are_named(customers: pa.Table, folder: Path, tmp_path: Path) -> None:
    columns = as_texts(customers)
    columns["customer_id"][3:6] = ["nan", "1.23E+11", "0"]
    _, report, said = score(written(tmp_path / "c.csv", columns), folder)
    assert report["suspicious_ids"] == {"0": 1, "1.23E+11": 1, "nan": 1}
    assert (
        "ids that may be none or totals, or have lost digits: '0' (1 rows), '1.23E+11' (1 rows), 'nan' (1 rows)" in said
    )


@pytest.mark.parametrize(
    ("name", "delimiter", "change", "encoding", "words"),
    [
        ("c.csv", ";", str, "utf-8", "semicolon between cells"),
        ("c.csv", ";", lambda cell: cell.replace(".", ","), "utf-8", "semicolon between cells, decimal mark ','"),
        ("c.tsv", "\t", str, "utf-8", "tab between cells"),
        ("c.csv", ",", str, "utf-16", "comma between cells, UTF-16"),
    ],
)
def test_a_dialect_gives_the_same_scores_and_is_said(
    name: str, delimiter: str, change: Any, encoding: str, words: str, customers: pa.Table, model: ns.Model,
    folder: Path, tmp_path: Path,
) -> None:  # fmt: skip
    columns = {column: [change(cell) for cell in cells] for column, cells in as_texts(customers).items()}
    path = written(tmp_path / name, columns, delimiter)
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    found, report, said = score(path, folder)
    assert found["probability"].equals(pa.table(model.score(customers))["probability"])
    assert f"{name} is read with {words}" in said
    assert report["inputs"][0]["dialect"]["delimiter"] == delimiter


def test_a_rejected_row_keeps_the_cells_of_its_dialect(customers: pa.Table, folder: Path, tmp_path: Path) -> None:
    columns = {name: [c.replace(".", ",") for c in cells] for name, cells in as_texts(customers).items()}
    columns["orders"][7] = "-5"
    spend = columns["spend"][7]
    out = tmp_path / "s.parquet"
    explain("score", written(tmp_path / "c.csv", columns, ";"), "--model", folder, "--out", out, "--quiet")
    (row,) = read(tmp_path / "s.parquet.rejected.parquet").to_pylist()
    assert (row["orders"], row["spend"]) == ("-5", spend)


def test_options_reach_the_reader(customers: pa.Table, model: ns.Model, folder: Path, tmp_path: Path) -> None:
    columns = as_texts(customers)
    columns["spend"] = ["1.250"] * len(customers)
    columns["share"] = ["0"] * len(customers)
    path = written(tmp_path / "c.csv", columns, ";")
    message = refused(tmp_path, "score", path, "--model", folder, "--out", tmp_path / "s.parquet", "--quiet")
    assert "numbers: expected one reading; got '1.250' (column spend)" in message
    for decimal_mark, spend in ((".", 1.25), (",", 1250.0)):
        found, _, _ = score(path, folder, "--decimal", decimal_mark, "--thousands", {".": ",", ",": "."}[decimal_mark])
        changed = with_column(with_column(customers, "spend", [spend] * 200), "share", [0.0] * 200)
        assert found["probability"].equals(pa.table(model.score(changed))["probability"])
    result = explain("score", path, "--model", folder, "--out", tmp_path / "s.parquet", "--encoding", "klingon")
    assert result.exit_code == 2
    assert "--encoding: expected the name of an encoding" in result.stderr


def test_columns_that_the_contract_does_not_name_cannot_break_a_run(
    customers: pa.Table, model: ns.Model, folder: Path, tmp_path: Path
) -> None:
    broken = with_cells(customers, "orders", {7: -5})
    mixed = broken.to_pandas().assign(note=["12", 7, None, 1.5] * 50)
    assert model.check(mixed).accepted.num_rows == 199
    nested = broken.append_column("tags", pa.array([[{"k": "a"}]] * 200))
    nested = nested.append_column("since", pa.array([(1, 2, 3)] * 200, pa.month_day_nano_interval()))
    nested = nested.append_column("map", pa.array([[("a", 1)]] * 200, pa.map_(pa.string(), pa.int64())))
    assert model.check(nested).rejected["tags"].to_pylist() == [[{"k": "a"}]]
    path = tmp_path / "c.arrow"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, nested.schema) as out:
        out.write_table(nested)
    found, report, said = score(path, folder)
    assert (len(found), report["left_out_columns"]) == (199, ["since"])
    assert "not kept with the rejected rows, as Parquet has no type for them: since" in said
    pq.write_table(nested.drop_columns(["since"]), tmp_path / "c.parquet")
    assert len(score(tmp_path / "c.parquet", folder)[0]) == 199


def test_files_of_a_folder_that_are_not_read_are_named(customers: pa.Table, folder: Path, tmp_path: Path) -> None:
    week = tmp_path / "week"
    week.mkdir()
    tables.write(customers, week / "a.parquet")
    (week / "b.xlsx").write_bytes(b"PK")
    (week / "notes.txt").write_text("hello")
    _, report, said = score(week, folder)
    assert report["unread_files"] == [str(week / "b.xlsx"), str(week / "notes.txt")]
    assert f"not read, as they are no tables: {week / 'b.xlsx'}, {week / 'notes.txt'}" in said


@pytest.mark.parametrize("name", ["Orders", " orders ", "ORDERS", "Örders", "or_ders"])
def test_a_header_that_nearly_fits_is_proposed(name: str, customers: pa.Table, model: ns.Model) -> None:
    changed = customers.rename_columns({"orders": name})
    with pytest.raises(TableError, match="column orders: expected a column of this name") as refusal:
        model.score(changed)
    assert f"got {name!r}. Is it that? Name it as the contract does." in str(refusal.value)


def test_a_table_without_its_contract_gets_one_line(tmp_path: Path) -> None:
    tables.write(shop(), tmp_path / "c.csv")
    message = refused(tmp_path, "train", tmp_path / "c.csv", "--model", tmp_path / "m", "--quiet")
    assert message.endswith(
        "got none of them. Northstar's contract, the default, knows none of these columns: did you mean --contract?"
    )


@pytest.fixture
def unseen(customers: pa.Table) -> pa.Table:
    """Customers most of whose stores are written in another way."""
    stores = [f"Store {store}" if row % 3 else store for row, store in enumerate(as_texts(customers)["store"])]
    return with_column(customers, "store", stores)


UNSEEN = "column store: expected values seen in training, such as '1', '2', '3'; got 133 of 200 values unseen, such as"


def test_a_column_most_of_whose_values_are_unseen_stops_the_run(unseen: pa.Table, folder: Path, tmp_path: Path) -> None:
    tables.write(unseen, tmp_path / "c.parquet")
    call = ("score", tmp_path / "c.parquet", "--model", folder, "--out", tmp_path / "s.parquet", "--quiet")
    message = refused(tmp_path, *call)
    assert UNSEEN in message
    assert message.endswith("Spell them as in training, or say that they are right: --accept-unseen store.")
    assert explain(*call, "--accept-unseen", "channel").exit_code == 1
    assert explain(*call, "--accept-unseen", "store").exit_code == 0


def test_half_of_the_values_unseen_and_few_of_them_are_scored(
    customers: pa.Table, model: ns.Model, tmp_path: Path
) -> None:
    half = with_cells(customers, "channel", dict.fromkeys(range(100), "Phone"))
    few = with_cells(customers.slice(0, 19), "channel", dict.fromkeys(range(19), "Phone"))
    # Missing values count as neither.
    missing = with_cells(half, "channel", dict.fromkeys(range(110, 150), None))
    for name, table, stops in (("half", half, False), ("few", few, False), ("missing", missing, True)):
        tables.write(table, tmp_path / f"{name}.parquet")
        if stops:
            with pytest.raises(TableError, match="got 100 of 160 values unseen"):
                model.score_files(tmp_path / f"{name}.parquet", tmp_path / f"{name}.csv")
        else:
            assert model.score_files(tmp_path / f"{name}.parquet", tmp_path / f"{name}.csv")["published"]


def test_batches_raise_at_their_end(unseen: pa.Table, folder: Path) -> None:
    scored = score_batches(folder, unseen.to_batches(max_chunksize=50))
    assert sum(next(scored).scores.num_rows for _ in range(4)) == 200
    with pytest.raises(TableError, match=UNSEEN):
        next(scored)
    assert len(list(score_batches(folder, unseen.to_batches(), accept_unseen=["store"]))) == 1


def test_scores_in_memory_warn_and_go_where_a_table_goes(unseen: pa.Table, model: ns.Model) -> None:
    with pytest.warns(ScoringWarning) as told:
        scores = model.score(with_cells(unseen, "orders", {7: -5}))
    assert [str(one.message) for one in told] == [
        "column store: 132 of 199 rows with values never seen in training: 'Store 10', 'Store 3', 'Store 1', 'Store 2'",
        "1 of 200 rows rejected, most often as orders is not at least 0; see .rejected",
    ]
    assert told[0].filename == __file__
    assert (len(scores), scores.rejected["row"].to_pylist(), scores.report["scored"]) == (199, [8], 199)
    assert pl.DataFrame(scores).shape[0] == len(scores.to_pandas()) == 199
    assert scores["probability"].equals(scores.table["probability"])
    assert repr(scores) == "<Scores of 199 customers, 1 rows rejected>"


@st.composite
def odd_rows(draw: st.DrawFn) -> pa.Table:
    """Some customers, with values missing here and there."""
    table = shop(12, seed=draw(st.integers(0, 50))).drop_columns(["bought"])
    for name in ("spend", "opted_in", "store", "channel"):
        for row in draw(st.sets(st.integers(0, 11), max_size=3)):
            table = with_cells(table, name, {row: None})
    return table


@settings(max_examples=20)
@given(table=odd_rows())
def test_every_way_to_a_score_gives_the_same_one(table: pa.Table, model: ns.Model, tmp_path_factory: Any) -> None:
    place = tmp_path_factory.mktemp("ways")
    expected = pa.table(model.score(table)).to_pylist()
    frame = table.to_pandas()
    database = duckdb.connect()
    database.register("customers", table)
    frame.to_csv(place / "c.csv", index=False)
    pq.write_table(table, place / "c.parquet")
    ways = {
        "pandas": frame,
        "pandas, nullable": frame.convert_dtypes(),
        "pandas, categories": frame.astype({"channel": "category", "store": "category"}),
        "pandas, from CSV": pd.read_csv(place / "c.csv"),
        "polars": pl.DataFrame(table),
        "polars, from CSV": pl.read_csv(place / "c.csv"),
        "duckdb": database.sql("select * from customers"),
        "duckdb, from CSV": database.sql(f"from read_csv('{place / 'c.csv'}')"),
        "duckdb, huge": database.sql(
            "select * replace (orders::hugeint as orders, store::hugeint as store) from customers"
        ),
        "parquet": tables.read(place / "c.parquet"),
    }
    for way, customers in ways.items():
        assert pa.table(model.score(customers)).to_pylist() == expected, way
    done = model.score_files(place / "c.csv", place / "s.parquet")
    assert done["rejected"] == 0
    assert read(place / "s.parquet").to_pylist() == expected
    assert pc.sum(pa.table(model.score(table))["probability"]).as_py() > 0
