"""Damaged files, texts that are not UTF-8, and columns that nobody can keep: one clear error, or one rejected row."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import flipped
import numpy as np
import pyarrow as pa
import pytest
from flipped import outcomes
from helpers import ID, LABEL, TINY, explain, learn, read, refused, with_cells, with_column
from mutations import invalid_utf8, mutate_contract, mutate_table
from pyarrow import parquet

from northstar_explain import contract as contracts
from northstar_explain import score, tables
from northstar_explain.contract import Contract, check
from northstar_explain.errors import NorthstarError, TableError
from northstar_explain.model import Model


def arrow(table: pa.Table, path: Path) -> Path:
    with pa.ipc.new_file(str(path), table.schema) as sink:
        sink.write_table(table)
    return path


def texts(table: pa.Table, name: str) -> pa.Array:
    return pa.concat_arrays(table[name].chunks)


def broken_offsets(column: pa.Array, row: int, end: int) -> pa.Array:
    """The texts with one that ends at another place of the buffer."""
    known, ends, data = column.buffers()
    changed = np.frombuffer(ends, dtype=np.int32).copy()
    changed[row + 1] = end
    return pa.Array.from_buffers(column.type, len(column), [known, pa.py_buffer(changed.tobytes()), data])


def scored(
    table: pa.Table, model_dir: Path, tmp_path: Path, write: Any = arrow
) -> tuple[pa.Table, pa.Table, dict[str, Any]]:
    """Scores, rejected rows and report of a table that goes through the command."""
    path, out = write(table, tmp_path / "c.arrow"), tmp_path / "s.parquet"
    result = explain("score", path, "--model", model_dir, "--out", out, "--publish-anyway", "--quiet", "--overwrite",
                     "--json")  # fmt: skip
    assert result.exit_code in (0, 3), result.stderr
    return read(out), read(tmp_path / "s.parquet.rejected.parquet"), json.loads(result.stdout)


@pytest.mark.parametrize("end", [-5, 2**31 - 1, 10])
@pytest.mark.parametrize("name", [ID, "country"])
def test_offsets_that_lead_out_of_a_buffer_are_refused_with_rows_and_column(
    end: int, name: str, some: pa.Table, model_dir: Path, tmp_path: Path
) -> None:
    path = arrow(with_column(some, name, broken_offsets(texts(some, name), 200, end)), tmp_path / "c.arrow")
    message = refused(tmp_path, "score", path, "--model", model_dir, "--out", tmp_path / "s.parquet", "--quiet")
    assert f"c.arrow: rows 1 to 300, column {name}: expected consistent values; got " in message
    assert message.endswith("write them again.")
    with pytest.raises(TableError, match=f"column {name}: expected consistent values"):
        tables.read(path, any_text=True)
    with pytest.raises(TableError, match=f"column {name}: expected consistent values"):
        tables.from_frame(with_column(some, name, broken_offsets(texts(some, name), 200, end)))


def test_a_dictionary_that_lacks_a_word_is_refused(some: pa.Table, model_dir: Path, tmp_path: Path) -> None:
    good = texts(some, "country").dictionary_encode()
    indices = pa.array([99, *good.indices.to_pylist()[1:]], pa.int32())
    bad = pa.DictionaryArray.from_arrays(indices, good.dictionary, safe=False)
    path = arrow(with_column(some, "country", bad), tmp_path / "c.arrow")
    message = refused(tmp_path, "score", path, "--model", model_dir, "--out", tmp_path / "s.parquet", "--quiet")
    assert "rows 1 to 300, column country: expected consistent values; got Index 99 out of bounds" in message


@pytest.mark.parametrize("ending", [".arrow", ".parquet"])
def test_a_name_that_is_not_utf8_is_refused(ending: str, some: pa.Table, model_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / f"c{ending}"
    tables.write(some, path)
    path.write_bytes(path.read_bytes().replace(b"country", b"countr\xff"))
    message = refused(tmp_path, "score", path, "--model", model_dir, "--out", tmp_path / "s.parquet", "--quiet")
    assert f"c{ending}: " in message
    assert "can't decode byte 0xff" in message
    with pytest.raises(TableError, match="can't decode byte 0xff"):
        tables.read(path)


@pytest.mark.parametrize("name", [ID, "country"])
@pytest.mark.parametrize("kind", ["string", "large", "view", "dictionary", "parquet"])
def test_a_row_with_invalid_text_is_rejected_and_all_others_are_as_before(
    name: str, kind: str, some: pa.Table, model_dir: Path, tmp_path: Path
) -> None:
    bad = invalid_utf8(texts(some, name), 7)
    if kind == "dictionary":
        bad = bad.dictionary_encode()
    elif kind == "large":
        bad = bad.view(pa.binary()).cast(pa.large_binary()).view(pa.large_string())
    elif kind == "view":
        bad = bad.view(pa.binary()).cast(pa.binary_view()).view(pa.string_view())
    table = with_column(some, name, bad)
    assert check(tables.from_frame(table), contracts.northstar()).rejected["row"].to_pylist() == [8]

    def as_parquet(table: pa.Table, path: Path) -> Path:
        path = path.with_suffix(".parquet")
        parquet.write_table(table, path)
        return path

    found, rejected, report = scored(table, model_dir, tmp_path, as_parquet if kind == "parquet" else arrow)
    expected = next(score.batches(model_dir, [some])).scores.to_pylist()
    assert found.to_pylist() == expected[:7] + expected[8:]
    (row,) = rejected.to_pylist()
    shown = r"\xff" + some[name][7].as_py()[1:]
    assert (row["row"], row[name]) == (8, shown)
    assert row["reasons"] == f"{name}: expected text in UTF-8, got {shown!r}"
    example = {"row": row["row"], "got": repr(shown)}
    assert report["reasons"] == [{"column": name, "expected": "text in UTF-8", "rows": 1, "example": example}]


def test_invalid_text_that_the_contract_does_not_look_at_rejects_nothing_but_is_kept_readable(
    some: pa.Table, model_dir: Path, tmp_path: Path
) -> None:
    note = invalid_utf8(pa.array([f"note {row}" for row in range(300)]), 4)
    note = invalid_utf8(note, 9)
    table = with_cells(some, "sessions_30d", {9: -1, 20: -1}).append_column("note", note)
    found, rejected, _ = scored(table, model_dir, tmp_path)
    assert (found.num_rows, rejected["row"].to_pylist()) == (298, [10, 21])
    assert rejected["note"].to_pylist() == [r"\xffote 9", "note 20"]
    first, second = rejected["reasons"].to_pylist()
    assert first.endswith(r"got -1; note: not UTF-8, so other bytes are shown as \xNN")
    assert second.endswith("got -1")


def test_training_rejects_such_a_row_and_readers_that_check_no_rows_refuse_the_file(
    few: pa.Table, contract: Contract, tmp_path: Path
) -> None:
    table = with_column(few, "country", invalid_utf8(texts(few, "country"), 4))
    path = arrow(table, tmp_path / "c.arrow")
    trained = learn(tables.read(path, any_text=True), contract, TINY)
    assert trained.rejected["row"].to_pylist() == [5]
    assert trained.rejected["reasons"][0].as_py().startswith("country: expected text in UTF-8, got '\\\\xff")
    with pytest.raises(TableError, match="column country: expected text in UTF-8"):
        tables.read(path)


def test_a_label_of_invalid_text_is_refused_as_any_label_but_0_and_1(few: pa.Table, contract: Contract) -> None:
    table = with_column(few, LABEL, invalid_utf8(texts(few, LABEL).cast(pa.string()), 5))
    with pytest.raises(
        TableError, match=rf"column {LABEL}: expected only 0 and 1 \(or true and false, or yes and no\); got '.*xff'"
    ):
        check(tables.from_frame(table), contract, label=True)


def test_invalid_text_inside_a_nested_column_is_refused(some: pa.Table, tmp_path: Path) -> None:
    inside = invalid_utf8(pa.array(["a"] * 300), 3)
    nested = pa.ListArray.from_arrays(pa.array(range(301), pa.int32()), inside)
    path = arrow(some.append_column("tags", nested), tmp_path / "c.arrow")
    with pytest.raises(TableError, match="rows 1 to 300, column tags: expected consistent values"):
        next(tables.find([path]).batches(1_000))


def test_rejected_rows_keep_nested_columns_and_name_those_that_parquet_cannot_hold(
    some: pa.Table, model_dir: Path, tmp_path: Path
) -> None:
    table = with_cells(some, "sessions_30d", {7: -5})
    table = table.append_column("tags", pa.array([[{"k": "a"}]] * 300))
    table = table.append_column("since", pa.array([(1, 2, 3)] * 300, pa.month_day_nano_interval()))
    table = table.append_column("run", pa.RunEndEncodedArray.from_arrays([300], ["x"]))
    table = table.append_column("view", pa.array([b"\xff"] * 300, pa.binary_view()))
    path, out = arrow(table, tmp_path / "c.arrow"), tmp_path / "s.parquet"
    result = explain("score", path, "--model", model_dir, "--out", out, "--quiet", "--json")
    assert result.exit_code == 0
    (row,) = read(tmp_path / "s.parquet.rejected.parquet").to_pylist()
    assert (row["row"], row["tags"], row["view"]) == (8, [{"k": "a"}], b"\xff")
    assert not {"since", "run"} & set(row)
    assert json.loads(result.stdout)["left_out_columns"] == ["since", "run"]
    assert "not kept with the rejected rows, as Parquet has no type for them: since, run" in result.stderr
    assert check(tables.from_frame(table), contracts.northstar()).rejected["tags"].to_pylist() == [[{"k": "a"}]]


def test_files_whose_nested_columns_differ_are_joined_as_text(some: pa.Table, model_dir: Path, tmp_path: Path) -> None:
    bad = with_cells(some, "sessions_30d", {0: -5})
    arrow(bad.slice(0, 100).append_column("tags", pa.array([[{"k": "a"}]] * 100)), tmp_path / "a.arrow")
    arrow(bad.slice(0, 1).append_column("tags", pa.array([["b"]])), tmp_path / "b.arrow")
    out = tmp_path / "s.parquet"
    files = [tmp_path / "a.arrow", tmp_path / "b.arrow"]
    explain("score", *files, "--model", model_dir, "--out", out, "--quiet", "--publish-anyway")
    assert read(tmp_path / "s.parquet.rejected.parquet")["tags"].to_pylist() == ["[{'k': 'a'}]", "['b']"]


@pytest.fixture(scope="module")
def by_id(model: Model, some: pa.Table) -> dict[str, Any]:
    return {row[ID]: row for row in next(score.batches(model, [some])).scores.to_pylist()}


def test_mutated_tables_leave_every_other_row_as_it_was(model: Model, some: pa.Table, by_id: dict[str, Any]) -> None:
    came: Counter[str] = Counter()
    for seed in range(80):
        mutated = mutate_table(some, model.contract, np.random.default_rng(seed))
        try:
            found = next(score.batches(model, [mutated.table]))
        except NorthstarError:
            came["refused"] += 1
            continue
        came["scored"] += 1
        assert found.scores.num_rows + found.rejected.num_rows == mutated.table.num_rows
        rows = {row[ID]: row for row in found.scores.to_pylist()}
        for place, id in enumerate(some[ID].to_pylist()):
            assert place in mutated.touched or rows[id] == by_id[id], (seed, place)
    assert min(came["refused"], came["scored"]) > 5


@pytest.mark.parametrize("format", ["arrow", "arrow-dictionary", "stream-lz4", "parquet-none", "csv"])
def test_flipped_bytes_end_in_a_clear_error_or_in_other_values(format: str, model_dir: Path, some_file: Path) -> None:
    came = Counter(one["outcome"] for one in outcomes(model_dir, some_file, format, 0, 12))
    assert sum(came.values()) == 12
    assert not set(came) - {"refused", "same", "other values"}


def test_what_takes_a_process_down_is_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "dies.py"
    program.write_text(
        "import json, os, sys\n"
        "for seed in range(int(sys.argv[4]), int(sys.argv[4]) + int(sys.argv[5])):\n"
        "    print(json.dumps({'seed': seed}), flush=True)\n"
        "    if seed == 2: os.abort()\n"
        "    print(json.dumps({'seed': seed, 'outcome': 'same', 'said': ''}), flush=True)\n"
    )
    monkeypatch.setattr(flipped, "__file__", str(program))
    found = list(outcomes(tmp_path, tmp_path, "arrow", 0, 5))
    assert [(one["seed"], one["outcome"]) for one in found] == [
        (0, "same"), (1, "same"), (2, "crash"), (3, "same"), (4, "same"),
    ]  # fmt: skip


def test_mutated_contracts_are_refused_or_usable(contract: Contract, few: pa.Table, tmp_path: Path) -> None:
    came: Counter[str] = Counter()
    path = tmp_path / "contract.toml"
    for seed in range(60):
        path.write_bytes(mutate_contract(contract.text, np.random.default_rng(seed)))
        try:
            check(few, contracts.load(path), label=True)
        except NorthstarError:
            came["refused"] += 1
        else:
            came["taken"] += 1
    assert min(came["refused"], came["taken"]) > 2


@pytest.mark.parametrize("value", ["9" * 400, "9" * 5_000, "1e999", "nan", "-inf"])
def test_a_bound_of_a_contract_is_a_finite_number(value: str, contract: Contract, tmp_path: Path) -> None:
    path = tmp_path / "contract.toml"
    path.write_text(contract.text.replace("max = ", f"max = {value} # ", 1))
    with pytest.raises(NorthstarError, match="expected (a finite number|valid TOML)"):
        contracts.load(path)


@pytest.mark.slow
def test_mutated_training_tables_are_refused_or_train(few: pa.Table, contract: Contract) -> None:
    came: Counter[str] = Counter()
    for seed in range(12):
        mutated = mutate_table(few, contract, np.random.default_rng(seed))
        try:
            learn(mutated.table, contract, TINY)
        except NorthstarError:
            came["refused"] += 1
        else:
            came["trained"] += 1
    assert min(came["refused"], came["trained"]) > 1
