"""Bad input of every sort: each gets one clear message or a rejected row, the documented exit code, and no debris."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from helpers import ID, LABEL, contents, explain, plain, read, refused, reseal, with_cells, with_column

from northstar_explain import tables
from northstar_explain.model.folder_format import FILES, FORMAT, MANIFEST
from northstar_explain.tables.csv_dialects import COMMON

# What of a customer table is a fault, how to make it, and what the message must say of it.
Make = Callable[[pa.Table, Path], Path]


def written(change: Callable[[pa.Table], pa.Table], suffix: str = ".parquet") -> Make:
    def make(table: pa.Table, folder: Path) -> Path:
        path = folder / f"bad{suffix}"
        tables.write(change(table), path)
        return path

    return make


def as_bytes(name: str, change: Callable[[bytes], bytes]) -> Make:
    def make(table: pa.Table, folder: Path) -> Path:
        path = folder / name
        tables.write(table, path)
        path.write_bytes(change(path.read_bytes()))
        return path

    return make


def missing_file(table: pa.Table, folder: Path) -> Path:
    return folder / "nowhere.parquet"


def a_folder(table: pa.Table, folder: Path) -> Path:
    path = folder / "folder.parquet"
    path.mkdir()
    return path


def other_ending(table: pa.Table, folder: Path) -> Path:
    path = folder / "customers.xlsx"
    path.write_bytes(b"PK")
    return path


def ragged(table: pa.Table, folder: Path) -> Path:
    path = folder / "ragged.csv"
    tables.write(table, path)
    with path.open("a") as file:
        file.write("one,cell\n")
    return path


def not_utf8(data: bytes) -> bytes:
    head, first, second, rest = data.split(b"\n", 3)
    return b"\n".join([head, first, second.replace(b'"C', b'"\xfc', 1), rest])


def twice(table: pa.Table) -> pa.Table:
    return table.append_column("spend_365d", table["spend_365d"])


def renamed(table: pa.Table) -> pa.Table:
    return table.rename_columns(["Spend 365d" if n == "spend_365d" else n for n in table.column_names])


def several(table: pa.Table) -> pa.Table:
    return renamed(table).drop_columns(["country"]).append_column("orders_90d", table["orders_90d"])


FILE_FAULTS: dict[str, tuple[Make, list[str]]] = {
    "no file": (
        missing_file,
        ["nowhere.parquet: file: expected a customer table; got no such file. Check the path."],
    ),
    "a folder without tables": (
        a_folder,
        ["folder.parquet: files: expected files that end in .parquet, .csv, .arrow; got none. Check the path."],
    ),
    "another format": (other_ending, [".parquet, .csv, .arrow; got 'customers.xlsx'. Convert or rename it."]),
    "a name too long": (
        lambda _, folder: folder / ("c" * 300 + ".csv"),
        ["expected a customer table; got File name"],
    ),
    "empty parquet": (
        as_bytes("empty.parquet", lambda _: b""),
        ["expected a header and rows; got an empty file."],
    ),
    "empty csv": (
        as_bytes("empty.csv", lambda _: b""),
        ["empty.csv: file: expected a header and rows; got an empty"],
    ),
    "empty arrow": (
        as_bytes("empty.arrow", lambda _: b""),
        ["expected a header and rows; got an empty file."],
    ),
    "header only": (
        as_bytes("header.csv", lambda data: data.split(b"\n")[0] + b"\n"),
        ["header.csv: rows: expected at least one customer; got none. Check the export."],
    ),
    "blank line only": (as_bytes("blank.csv", lambda _: b"\n"), ["blank.csv: "]),
    "csv not utf-8": (
        as_bytes("latin.csv", not_utf8),
        [
            "latin.csv: file: expected a CSV in UTF-8; got the byte 0xfc in line 3, position 2. Save the file as UTF-8,"
            " or name its encoding, such as --encoding cp1252."
        ],
    ),
    "csv header not utf-8": (
        as_bytes("latin.csv", lambda data: data.replace(b"country", b"\xe4\xe4\xe4\xe4", 1)),
        ["expected a CSV in UTF-8; got the byte 0xe4 in line 1,"],
    ),
    "ragged csv": (
        ragged,
        ["ragged.csv: file: expected a well-formed CSV; got ", "as many cells as the header."],
    ),
    "parquet cut off": (
        as_bytes("cut.parquet", lambda data: data[: len(data) // 2]),
        ["cut.parquet: file: expected a whole Parquet file; got ", "write it again."],
    ),
    "parquet damaged inside": (
        as_bytes("cut.parquet", lambda data: data[:100] + b"\xff" * 2000 + data[2100:]),
        ["cut.parquet: file: expected a whole Parquet file; got "],
    ),
    "arrow cut off": (
        as_bytes("cut.arrow", lambda data: data[:1000]),
        ["cut.arrow: file: expected a whole Arrow file; got "],
    ),
    "csv named parquet": (
        as_bytes("csv.parquet", lambda _: b"customer_id,spend_365d\n1,2\n"),
        ["csv.parquet: file: expected a whole Parquet file; got "],
    ),
    "missing column": (
        written(lambda t: t.drop_columns(["country"])),
        ["bad.parquet: column country: expected a column of this name; got none. Add it to the table."],
    ),
    "missing id": (
        written(lambda t: t.drop_columns([ID])),
        [f"column {ID}: expected a column of this name; got none"],
    ),
    "renamed column": (
        written(renamed),
        ["column spend_365d: expected a column of this name; got 'Spend 365d'. Is it that?"],
    ),
    "duplicate column": (
        written(twice, ".csv"),
        ["bad.csv: column spend_365d: expected one column of this name; got 2. Keep the right one."],
    ),
    "duplicate column in parquet": (
        written(twice),
        ["column spend_365d: expected one column of this name; got 2."],
    ),
    "all faults at once": (
        written(several),
        [
            "bad.parquet: 3 faults",
            "column spend_365d: ",
            "column country: ",
            "column orders_90d: expected one column",
        ],
    ),
    "text column in parquet": (
        written(lambda t: with_column(t, "sessions_30d", t["sessions_30d"].cast(pa.string()))),
        [
            "column sessions_30d: expected numbers (count); got string, for example '",
            "Correct the column or the contract.",
        ],
    ),
    "mostly text in csv": (
        written(lambda t: with_column(t, "sessions_30d", ["often"] * t.num_rows), ".csv"),
        ["column sessions_30d: expected numbers (count); got text, for example 'often'"],
    ),
    "lists for numbers and for text": (
        written(
            lambda t: with_column(with_column(t, "spend_365d", [[1.0]] * t.num_rows), "country", [["DE"]] * t.num_rows)
        ),
        [
            "2 faults",
            "column spend_365d: expected numbers (amount); got list",
            "column country: expected text (category)",
        ],
    ),
    "ids that are fractions": (
        written(lambda t: with_column(t, ID, np.arange(t.num_rows) / 2)),
        [f"column {ID}: expected text or whole numbers as customer ids; got double"],
    ),
}


@pytest.mark.parametrize("fault", FILE_FAULTS)
def test_score_refuses_a_table_that_is_no_customer_table(
    fault: str, some: pa.Table, model_dir: Path, tmp_path: Path
) -> None:
    make, expected = FILE_FAULTS[fault]
    path = make(some, tmp_path)
    message = refused(tmp_path, "score", path, "--model", model_dir, "--out", tmp_path / "scores.parquet", "--quiet")
    assert message.startswith(f"explain: {path}: ")
    for text in expected:
        assert text in message


@pytest.mark.parametrize("fault", ["no file", "csv not utf-8", "parquet cut off", "all faults at once", "empty csv"])
def test_train_and_init_refuse_the_same_files(fault: str, some: pa.Table, tmp_path: Path) -> None:
    make, expected = FILE_FAULTS[fault]
    path = make(some, tmp_path)
    message = refused(tmp_path, "train", path, "--model", tmp_path / "model", "--quiet")
    assert all(text in message for text in expected)
    if fault != "all faults at once":  # a draft takes the columns as they are
        assert expected[0] in refused(tmp_path, "init", path, "--out", tmp_path / "contract.toml")


def test_a_later_table_is_checked_before_anything_is_learnt(customers: pa.Table, tmp_path: Path) -> None:
    now, later = tmp_path / "now.parquet", tmp_path / "later.parquet"
    tables.write(customers.slice(0, 1_200), now)
    tables.write(customers.drop_columns(["country"]), later)
    message = refused(tmp_path, "train", now, "--model", tmp_path / "model", "--holdout", later, "--quiet")
    assert message == (
        f"explain: {later}: column country: expected a column of this name; got none. Add it to the table."
    )


# Cells that reject their row: column, cell, what the reason says. CSV writes the cell as text.
CELL_FAULTS = [
    ("sessions_30d", "many", "sessions_30d: expected a number, got 'many'"),
    ("sessions_30d", "1_000", "sessions_30d: expected a number, got '1_000'"),
    ("sessions_30d", "3,5", "sessions_30d: expected a number, got '3,5'"),
    ("sessions_30d", "-1", "sessions_30d: expected 0 to 5000, got '-1'"),
    ("sessions_30d", "2.5", "sessions_30d: expected a whole number, got '2.5'"),
    (
        "sessions_30d",
        "",
        "sessions_30d: expected a value (the contract says it is never missing), got nothing",
    ),
    (
        "sessions_30d",
        "NA",
        "sessions_30d: expected a value (the contract says it is never missing), got 'NA'",
    ),
    ("spend_365d", "inf", "spend_365d: expected a finite number, got 'inf'"),
    ("spend_365d", "-inf", "spend_365d: expected a finite number, got '-inf'"),
    ("spend_365d", "1e999", "spend_365d: expected a finite number, got '1e999'"),
    ("add_to_cart_rate", "1.5", "add_to_cart_rate: expected 0 to 1, got '1.5'"),
    ("add_to_cart_rate", "15 in 100", "add_to_cart_rate: expected a number, got '15 in 100'"),
    ("email_open_rate", "1.0000000000000002", "email_open_rate: expected 0 to 1, got '1.0000000000000002'"),
    ("age_band", "immortal", "age_band: expected one of "),
    (ID, "", f"{ID}: expected a customer id, got nothing"),
]


@pytest.mark.parametrize(("column", "cell", "reason"), CELL_FAULTS)
def test_a_bad_cell_rejects_its_row_alone(
    column: str, cell: str, reason: str, some: pa.Table, model_dir: Path, tmp_path: Path
) -> None:
    path, out = tmp_path / "customers.csv", tmp_path / "scores.csv"
    tables.write(with_cells(with_column(some, column, some[column].cast(pa.string())), column, {7: cell}), path)
    result = explain("score", path, "--model", model_dir, "--out", out, "--quiet")
    assert result.exit_code == 0  # one in 300 is below the default of 1 %
    rejects = tmp_path / "scores.csv.rejected.csv"
    said = plain(result.stderr).partition(f"explain: 1 of 300 rows (0.33%) rejected; see {rejects} explain: ")
    assert said[0] == ""
    rule, _, got = reason.partition(", got ")
    assert said[2].startswith(rule)
    assert said[2].endswith(f": 1 rows, such as row 8: {got or repr(cell)}")
    rejected = tables.read(rejects, dialect=COMMON).to_pylist()  # 3,5 beside 1.5 leaves open which is the mark
    assert [row["row"] for row in rejected] == ["8"]
    assert rejected[0]["reasons"].startswith(reason)
    assert (rejected[0][column] or "") == cell  # as it came
    ids = some[ID].to_pylist()
    assert read(out)[ID].to_pylist() == ids[:7] + ids[8:]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("spend_365d", float("inf"), "spend_365d: expected a finite number, got inf"),
        ("spend_365d", float("-inf"), "spend_365d: expected a finite number, got -inf"),
        (
            "spend_365d",
            float("nan"),
            "spend_365d: expected a value (the contract says it is never missing), got nan",
        ),
        ("sessions_30d", -1, "sessions_30d: expected 0 to 5000, got -1"),
        ("return_rate", 1.01, "return_rate: expected 0 to 1, got 1.01"),
        ("loyalty_tier", "Diamond", "loyalty_tier: expected one of "),
        (ID, None, f"{ID}: expected a customer id, got nothing"),
    ],
)
def test_a_bad_value_in_parquet_rejects_its_row_alone(
    column: str, value: object, reason: str, some: pa.Table, model_dir: Path, tmp_path: Path
) -> None:
    path, out = tmp_path / "customers.parquet", tmp_path / "scores.parquet"
    tables.write(with_cells(some, column, {0: value}), path)
    assert explain("score", path, "--model", model_dir, "--out", out, "--quiet").exit_code == 0
    (rejected,) = read(tmp_path / "scores.parquet.rejected.parquet").to_pylist()
    assert rejected["row"] == 1
    assert rejected["reasons"].startswith(reason)
    assert read(out).num_rows == 299


def test_of_duplicate_ids_none_is_taken_and_all_are_named(some: pa.Table, model_dir: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "customers.parquet", tmp_path / "scores.parquet"
    twin = some[ID][0].as_py()
    tables.write(with_cells(some, ID, {250: twin}), path)
    assert explain("score", path, "--model", model_dir, "--out", out).exit_code == 0
    rejected = read(tmp_path / "scores.parquet.rejected.parquet").to_pylist()
    assert [row["row"] for row in rejected] == [1, 251]
    assert {row["reasons"] for row in rejected} == {f"{ID}: expected an id that occurs once in the table, got {twin!r}"}
    assert twin not in read(out)[ID].to_pylist()


def test_a_row_with_several_faults_gives_every_reason(some: pa.Table, model_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "customers.parquet"
    tables.write(with_cells(with_cells(some, "sessions_30d", {3: -1}), "return_rate", {3: 2.0}), path)
    explain("score", path, "--model", model_dir, "--out", tmp_path / "scores.parquet")
    (rejected,) = read(tmp_path / "scores.parquet.rejected.parquet").to_pylist()
    assert rejected["reasons"] == "sessions_30d: expected 0 to 5000, got -1; return_rate: expected 0 to 1, got 2.0"


def test_an_unseen_category_is_scored_named_and_counted(some: pa.Table, model_dir: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "customers.parquet", tmp_path / "scores.parquet"
    changed = with_cells(some, "country", {0: "Atlantis", 1: "Atlantis", 2: "Elbonia"})
    tables.write(with_cells(changed, "device_type", {5: "abacus"}), path)
    result = explain("score", path, "--model", model_dir, "--out", out, "--quiet", "--json")
    assert result.exit_code == 0
    assert read(out).num_rows == 300
    report = json.loads((tmp_path / "scores.parquet.report.json").read_text())
    assert report["unseen_categories"] == {
        "country": {"rows": 3, "values": {"Atlantis": 2, "Elbonia": 1}},
        "device_type": {"rows": 1, "values": {"abacus": 1}},
    }
    assert json.loads(result.stdout)["unseen_categories"] == report["unseen_categories"]
    assert "explain: column country: never seen in training: 'Atlantis' (2 rows), 'Elbonia' (1 rows)" in result.stderr
    assert "column device_type: never seen in training: 'abacus' (1 rows)" in result.stderr


def test_extra_columns_are_named_and_not_used(some: pa.Table, model_dir: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "customers.parquet", tmp_path / "scores.parquet"
    wide = some.append_column("shoe_size", pa.array([42] * some.num_rows))
    tables.write(wide.append_column("zodiac", pa.array(["Leo"] * some.num_rows)), path)
    result = explain("score", path, "--model", model_dir, "--out", out, "--quiet", "--json")
    assert result.exit_code == 0
    assert plain(result.stderr) == "explain: not used, as the contract does not know them: shoe_size, zodiac"
    assert json.loads(result.stdout)["ignored_columns"] == ["shoe_size", "zodiac"]
    narrow = tmp_path / "narrow.parquet"
    tables.write(some, narrow)
    explain("score", narrow, "--model", model_dir, "--out", tmp_path / "narrow-scores.parquet")
    assert read(out).equals(read(tmp_path / "narrow-scores.parquet"))


@pytest.mark.parametrize(
    ("bad", "most", "code"), [(3, "0.01", 0), (4, "0.01", 3), (4, "0.02", 0), (1, "0", 3), (0, "0", 0)]
)
def test_too_many_rejected_rows_give_exit_code_3_and_nothing_is_published_unless_told_to(
    bad: int, most: str, code: int, some: pa.Table, model_dir: Path, tmp_path: Path
) -> None:
    path, out = tmp_path / "customers.parquet", tmp_path / "scores.parquet"
    tables.write(with_cells(some, "sessions_30d", dict.fromkeys(range(bad), -1)), path)
    command = ["score", path, "--model", model_dir, "--out", out, "--max-rejected", most, "--quiet", "--json"]
    before = contents(tmp_path)
    result = explain(*command)
    assert result.exit_code == code
    facts = json.loads(result.stdout)
    assert (facts["rows"], facts["scored"], facts["rejected"]) == (300, 300 - bad, bad)
    assert facts["published"] == (code == 0)
    if code:
        assert contents(tmp_path) == before
        stderr = plain(result.stderr)
        assert f"{bad} of 300 rows ({bad / 300:.2%}) rejected" in stderr
        assert f"sessions_30d: expected 0 to 5000: {bad} rows" in stderr
        assert "nothing published" in stderr and "--publish-anyway" in stderr
        assert explain(*command, "--publish-anyway").exit_code == code
    assert read(out).num_rows == 300 - bad
    assert json.loads((tmp_path / "scores.parquet.report.json").read_text())["published"]
    assert (tmp_path / "scores.parquet.rejected.parquet").exists() == bool(bad)
    assert read(tmp_path / "scores.parquet.rejected.parquet").num_rows == bad if bad else True


def test_a_table_with_no_valid_row_gives_an_empty_score_file_and_every_reason(
    some: pa.Table, model_dir: Path, tmp_path: Path
) -> None:
    path = tmp_path / "customers.parquet"
    tables.write(with_column(some, "sessions_30d", pa.nulls(some.num_rows, pa.int32())), path)
    for ending in ("parquet", "csv", "arrow"):
        out = tmp_path / f"scores-{ending}.{ending}"
        command = ["score", path, "--model", model_dir, "--out", out, "--quiet", "--publish-anyway"]
        assert explain(*command).exit_code == 3
        assert read(out).num_rows == 0
        assert read(out).column_names[:2] == [ID, "segment_id"]
        kind = "csv" if ending == "csv" else "parquet"
        assert read(tmp_path / f"scores-{ending}.{ending}.rejected.{kind}").num_rows == 300


def test_rejects_of_an_earlier_run_do_not_outlive_it(some: pa.Table, model_dir: Path, tmp_path: Path) -> None:
    bad, good, out = tmp_path / "bad.parquet", tmp_path / "good.parquet", tmp_path / "scores.parquet"
    tables.write(with_cells(some, "sessions_30d", {0: -1}), bad)
    tables.write(some, good)
    explain("score", bad, "--model", model_dir, "--out", out)
    assert (tmp_path / "scores.parquet.rejected.parquet").exists()
    assert explain("score", good, "--model", model_dir, "--out", out, "--overwrite").exit_code == 0
    assert not (tmp_path / "scores.parquet.rejected.parquet").exists()
    assert read(out).num_rows == 300


def test_rejected_rows_keep_columns_that_are_called_row_and_reasons(
    some: pa.Table, model_dir: Path, tmp_path: Path
) -> None:
    path = tmp_path / "customers.parquet"
    wide = some.append_column("row", pa.array(["mine"] * 300)).append_column("reasons", pa.array(["why"] * 300))
    tables.write(with_cells(wide, "sessions_30d", {9: -1}), path)
    assert explain("score", path, "--model", model_dir, "--out", tmp_path / "s.parquet").exit_code == 0
    (rejected,) = read(tmp_path / "s.parquet.rejected.parquet").to_pylist()
    assert (rejected["row"], rejected["row.2"], rejected["reasons.2"]) == (10, "mine", "why")


LABEL_FAULTS: dict[str, tuple[Callable[[pa.Table], pa.Table], str]] = {
    "one class": (
        lambda t: with_column(t, LABEL, [0] * t.num_rows),
        "expected both 0 and 1; got only 0 in all 1,200",
    ),
    "one class, ones": (
        lambda t: with_column(t, LABEL, [1] * t.num_rows),
        "got only 1 in all 1,200 valid rows",
    ),
    "three values": (
        lambda t: with_cells(t, LABEL, {0: 2, 1: 7}),
        "expected only 0 and 1 (or true and false, or yes and no); got '2', '7'. Recode the label",
    ),
    "words": (
        lambda t: with_column(t, LABEL, ["ja" if v else "nein" for v in t[LABEL].to_pylist()]),
        "expected only 0 and 1 (or true and false, or yes and no); got 'ja', 'nein'. Recode the label",
    ),
    "shares": (
        lambda t: with_column(t, LABEL, t[LABEL].cast(pa.float64()).to_numpy() / 2),
        "expected only 0 and 1 (or true and false, or yes and no); got '0.5'.",
    ),
    "no label": (lambda t: t.drop_columns([LABEL]), "expected a column of this name; got none."),
}


@pytest.mark.parametrize("fault", LABEL_FAULTS)
def test_train_refuses_a_label_that_is_not_0_and_1(fault: str, customers: pa.Table, tmp_path: Path) -> None:
    change, expected = LABEL_FAULTS[fault]
    path = tmp_path / "customers.parquet"
    tables.write(change(customers.slice(0, 1_200)), path)
    message = refused(tmp_path, "train", path, "--model", tmp_path / "model", "--quiet")
    assert message.startswith(f"explain: {path}: column {LABEL}: ")
    assert expected in message


def test_train_refuses_fewer_than_1000_customers(customers: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "customers.parquet"
    tables.write(customers.slice(0, 999), path)
    message = refused(tmp_path, "train", path, "--model", tmp_path / "model", "--quiet")
    assert message.startswith(f"explain: {path}: rows: expected at least 1,000 valid customers to learn from; got 999")


def test_train_names_every_column_that_is_constant_or_all_missing(customers: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "customers.parquet"
    poor = customers.slice(0, 1_200)
    poor = with_column(poor, "product_views_30d", [3] * 1_200)
    poor = with_column(poor, "email_open_rate", pa.nulls(1_200, pa.float64()))
    poor = with_column(poor, "country", ["DE"] * 1_200)
    poor = with_column(poor, "device_type", pa.nulls(1_200))
    tables.write(poor, path)
    message = refused(tmp_path, "train", path, "--model", tmp_path / "model", "--quiet")
    assert message.startswith(f"explain: {path}: 4 faults")
    for name, got in {
        "product_views_30d": "only 3",
        "email_open_rate": "no value at all",
        "country": "only 'DE'",
        "device_type": "no value at all",
    }.items():
        assert f"column {name}: expected at least two different values; got {got}. Correct the export" in message


@pytest.mark.parametrize("name", [*FILES, MANIFEST])
@pytest.mark.parametrize("where", [0.1, 0.5, 0.9])
def test_a_model_with_a_changed_byte_is_not_used(
    name: str, where: float, some: pa.Table, model_copy: Path, tmp_path: Path
) -> None:
    path = tmp_path / "customers.parquet"
    tables.write(some, path)
    file = model_copy / name
    data = bytearray(file.read_bytes())
    data[int(len(data) * where)] ^= 1
    file.write_bytes(data)
    message = refused(tmp_path, "score", path, "--model", model_copy, "--out", tmp_path / "s.parquet", "--quiet")
    assert message.startswith(f"explain: {model_copy}: {name}: expected ")
    if name != MANIFEST:
        assert re.search(r"expected SHA-256 [0-9a-f]{12}…; got [0-9a-f]{12}…\. Restore the file, or train", message)
    assert refused(tmp_path, "show", model_copy) == message
    assert refused(tmp_path, "playbook", "--model", model_copy, "--out", tmp_path / "pb", "--quiet") == message


def test_every_changed_or_missing_file_is_named_at_once(model_copy: Path, tmp_path: Path) -> None:
    (model_copy / "segments.json").unlink()
    (model_copy / "golden.parquet").write_bytes(b"")
    message = refused(tmp_path, "show", model_copy)
    assert message.startswith(
        f"explain: {model_copy}: 2 faults segments.json: expected the file as it was saved; got No such"
    )
    assert "golden.parquet: expected SHA-256 " in message


@pytest.mark.parametrize("name", FILES)
def test_a_model_without_one_of_its_files_is_not_used(name: str, model_copy: Path, tmp_path: Path) -> None:
    (model_copy / name).unlink()
    message = refused(tmp_path, "show", model_copy)
    assert message.startswith(f"explain: {model_copy}: {name}: expected the file as it was saved; got No such file")


@pytest.mark.parametrize("name", ["no folder", "no manifest", "a file", "not json", "a list", "nothing in it"])
def test_what_is_no_model_folder_is_said_to_be_none(name: str, model_copy: Path, tmp_path: Path) -> None:
    manifest, path = model_copy / MANIFEST, model_copy
    if name == "no folder":
        path = tmp_path / "nowhere"
    elif name == "a file":
        path = manifest
    elif name == "no manifest":
        manifest.unlink()
    else:
        manifest.write_text({"not json": "{", "a list": "[]", "nothing in it": "{}"}[name])
    message = refused(tmp_path, "show", path)
    assert message.startswith(f"explain: {path}: {MANIFEST}: expected a model's manifest; got ")
    assert message.endswith("Check the path; `explain train` makes a model folder.")


def test_a_model_of_another_format_says_what_to_do(model_copy: Path, tmp_path: Path) -> None:
    reseal(model_copy, format=99)
    assert refused(tmp_path, "show", model_copy) == (
        f"explain: {model_copy}: {MANIFEST}: expected a manifest of format {FORMAT}; got format 99. "
        "Train the model again with this version."
    )


@pytest.fixture
def ready(some: pa.Table, model_dir: Path, tmp_path: Path) -> list[object]:
    """A score command that would do, but for its --out."""
    path = tmp_path / "customers.parquet"
    tables.write(some, path)
    return ["score", path, "--model", model_dir, "--quiet", "--out"]


@pytest.mark.parametrize("name", ["s.parquet", "s.parquet.rejected.parquet", "s.parquet.report.json"])
def test_score_leaves_results_alone_that_are_there(name: str, ready: list[object], tmp_path: Path) -> None:
    (tmp_path / name).write_text("precious")
    message = refused(tmp_path, *ready, tmp_path / "s.parquet")
    assert message == (
        f"explain: {tmp_path / name}: output: expected a path that is free; got one that exists. "
        "Choose another path, or say --overwrite to replace it."
    )


def test_score_never_replaces_its_own_input(ready: list[object], tmp_path: Path) -> None:
    message = refused(tmp_path, *ready, tmp_path / "customers.parquet", "--overwrite")
    path = tmp_path / "customers.parquet"
    expected = f"expected a path apart from every input; got the input {path}. Choose another path."
    assert message == f"explain: {path}: output: {expected}"


@pytest.mark.parametrize("ending", [".txt", ".parquet.gz"])
def test_score_knows_three_formats(ending: str, ready: list[object], tmp_path: Path) -> None:
    message = refused(tmp_path, *ready, tmp_path / f"scores{ending}")
    assert "expected a path that ends in .parquet, .csv, .arrow; got 'scores" in message


def test_a_folder_in_the_place_of_a_result_is_never_replaced(
    ready: list[object], model_dir: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home.csv"
    home.mkdir()
    (home / "precious").write_text("irreplaceable")
    customers = ready[1]
    for command in (
        [*ready, home],
        ["init", customers, "--out", home],
        ["simulate", home, "--customers", 10],
    ):
        for extra in ([], ["--overwrite"]):
            message = refused(tmp_path, *command, *extra)
            assert message == (
                f"explain: {home}: output: expected a path for a file; got a folder. Name a file inside it."
            )
    (tmp_path / "pb" / "playbook.pdf").mkdir(parents=True)
    message = refused(tmp_path, "playbook", "--model", model_dir, "--out", tmp_path / "pb", "--overwrite", "--quiet")
    assert "expected a path for a file; got a folder" in message


def test_a_path_below_a_file_cannot_be_written(ready: list[object], model_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    customers = ready[1]
    for out, command in (
        (file / "s.parquet", [*ready, file / "s.parquet"]),
        (file / "deep" / "s.csv", [*ready, file / "deep" / "s.csv", "--overwrite"]),
        (file / "contract.toml", ["init", customers, "--out", file / "contract.toml"]),
        (file / "c.parquet", ["simulate", file / "c.parquet", "--customers", 10]),
        (file / "model", ["train", customers, "--model", file / "model", "--quiet"]),
        (file / "playbook.pdf", ["playbook", "--model", model_dir, "--out", file, "--quiet"]),
    ):
        message = refused(tmp_path, *command)
        assert message == (
            f"explain: {out}: output: expected a path inside a folder; got one below the file {file}. "
            "Choose another path."
        )


def test_a_place_that_refuses_the_write_leaves_nothing(ready: list[object], tmp_path: Path) -> None:
    # Tests may run as root, whom permissions do not stop; a name longer than a file system takes stops everyone.
    message = refused(tmp_path, *ready, tmp_path / ("s" * 300 + ".parquet"))
    assert "output: expected a place that can be written; got " in message


def test_train_replaces_a_model_but_nothing_else(customers: pa.Table, model_copy: Path, tmp_path: Path) -> None:
    path = tmp_path / "customers.parquet"
    tables.write(customers.slice(0, 1_200), path)
    message = refused(tmp_path, "train", path, "--model", model_copy, "--quiet")
    assert f"{model_copy}: output: expected a path that is free; got one that exists." in message
    home = tmp_path / "home"
    home.mkdir()
    (home / "precious").write_text("irreplaceable")
    for extra in ([], ["--overwrite"]):
        message = refused(tmp_path, "train", path, "--model", home, "--quiet", *extra)
        assert f"{home}: output: expected a path that is free; got one that exists." in message
    rejects = tmp_path / "new.rejected.parquet"
    rejects.write_text("precious")
    message = refused(tmp_path, "train", path, "--model", tmp_path / "new", "--quiet")
    assert f"{rejects}: output: expected a path that is free; got one that exists." in message


def test_a_contract_that_does_not_load_is_refused_with_every_fault(some: pa.Table, tmp_path: Path) -> None:
    path, bad = tmp_path / "customers.parquet", tmp_path / "contract.toml"
    tables.write(some, path)
    command = ["train", path, "--model", tmp_path / "model", "--quiet", "--contract", bad]
    message = refused(tmp_path, *command)
    assert message.startswith(f"explain: {bad}: file: expected a contract in TOML; got ")
    assert message.endswith("Check the path; `explain init` drafts a contract.")
    bad.write_text("[table\n")
    assert f"{bad}: file: expected valid TOML; got " in refused(tmp_path, *command)
    bad.write_bytes(b'[table]\nid = "\xff"\n')
    assert f"{bad}: file: expected a contract in TOML; got " in refused(tmp_path, *command)
    bad.write_text('[table]\nid = "a"\nlabel = "a"\n[features.x]\nkind = "sum"\nwords = "x"\n')
    message = refused(tmp_path, *command)
    assert f"{bad}: 2 faults" in message
    assert (
        "features.x.kind: expected one of amount, category, count, date, days, duration, ordered, rate, ratio; got sum"
        in message
    )
    assert "table.label: expected a column other than the id; got a" in message


def test_init_says_which_column_it_cannot_guess_or_find(some: pa.Table, tmp_path: Path) -> None:
    path, out = tmp_path / "customers.parquet", tmp_path / "contract.toml"
    tables.write(some.select(["country", "sessions_30d", LABEL]), path)
    message = refused(tmp_path, "init", path, "--out", out)
    assert message.startswith(
        f"explain: {path.name}: columns: expected an id: a column with a different text or whole number"
    )
    assert message.endswith("got none. Add one, or number the rows with --id row.")
    message = refused(tmp_path, "init", path, "--out", out, "--id", "customer", "--label", "bought")
    assert "2 faults" in message
    assert "column bought: expected a column of this name; got none. The table has country, sessions_30d," in message


@pytest.mark.parametrize(
    "args",
    [
        ["frobnicate"],
        ["score"],
        ["score", "c.parquet", "--model", "m"],
        ["score", "c.parquet", "--out", "s.parquet"],
        ["score", "c.parquet", "--model", "m", "--out", "s.csv", "--max-rejected", "2"],
        ["score", "c.parquet", "--model", "m", "--out", "s.csv", "--unheard-of"],
        ["train", "c.parquet", "--model", "m", "--segments", "1"],
        ["train", "c.parquet", "--model", "m", "--segments", "13"],
        ["train", "c.parquet", "--model", "m", "--seed", "-1"],
        ["train", "c.parquet", "--model", "m", "--date", "yesterday"],
        ["simulate", "c.parquet", "--customers", "0"],
        ["show"],
        ["show", "m", "n"],
    ],
    ids=" ".join,
)
def test_wrong_usage_gives_exit_code_2_and_how_to_use_it(args: list[str], tmp_path: Path) -> None:
    message = refused(tmp_path, *args, code=2)
    assert message.startswith("Usage: explain ")
    assert "Error: " in message


def test_a_refusal_leaves_an_old_result_as_it_was(ready: list[object], some: pa.Table, tmp_path: Path) -> None:
    out = tmp_path / "s.parquet"
    assert explain(*ready, out).exit_code == 0
    before = contents(tmp_path)
    tables.write(some.drop_columns(["country"]), tmp_path / "customers.parquet", overwrite=True)
    assert explain(*ready, out, "--overwrite").exit_code == 1
    after = contents(tmp_path)
    assert {name: after[name] for name in before if name != "customers.parquet"} == {
        name: data for name, data in before.items() if name != "customers.parquet"
    }
    assert set(after) == set(before)
