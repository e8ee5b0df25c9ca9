"""Drafting: what `explain init` writes loads as it is, whatever the columns are called, and guesses with reason."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pyarrow as pa
import pytest
from helpers import ID, LABEL, explain, write_csv
from hypothesis import given
from hypothesis import strategies as st

from northstar_explain import tables
from northstar_explain.contract import check, draft, load, parse
from northstar_explain.errors import ContractError

HOSTILE = [
    'a "quoted" name', "it's", "line\nbreak", "carriage\rreturn", "tab\tstop", "# not a comment", "a = 1", "[table]", "dotted.name",
    "back\\slash", "ünïcödé ☃ 客户", "\u202eright to left", "del\x7fete", "bell\x07", "]]", '"""', "", " ", "_", "a_b", "a b", "A_B",
    "features", "{value}", "<b>bold</b>", "\u2028separator", "\x85next",
]  # fmt: skip


def test_a_draft_with_hostile_names_loads_and_names_every_column() -> None:
    values = {name: [i, i + 1, 5] for i, name in enumerate(HOSTILE)}
    table = pa.table({"id": ["a", "b", "c"], **values, "label": [0, 1, 1]})
    text = draft(table, "id", "label", "evil\n[table]\nname = '#'")
    contract = parse(text)
    assert [feature.name for feature in contract.features] == HOSTILE
    assert draft(table, "id", "label", "evil\n[table]\nname = '#'") == text
    assert check(table, contract, label=True).accepted.num_rows == 3


def test_hostile_names_come_through_csv_and_the_command_line(tmp_path: Path) -> None:
    names = [name for name in HOSTILE if name and "\r" not in name]
    rows = [
        ["id", *names, "label"],
        *([str(n), *(str(n + i) for i in range(len(names))), str(n % 2)] for n in range(4)),
    ]
    path = write_csv(tmp_path / "customers.csv", rows)
    out = tmp_path / "contract.toml"
    result = explain("init", path, "--id", "id", "--label", "label", "--out", out)
    assert (result.exit_code, result.stdout) == (0, "")
    contract = load(out)
    assert [feature.name for feature in contract.features] == names
    read = tables.read(path)
    assert read.column_names == ["id", *names, "label"]
    assert set(read.schema.types) == {pa.string()}
    assert check(read, contract, label=True, as_text=True).accepted.num_rows == 4


@given(st.lists(st.text(max_size=6), min_size=1, max_size=5, unique=True), st.text(min_size=1, max_size=6))
def test_any_names_at_all_give_a_draft_that_loads(names: list[str], source: str) -> None:
    names = [name for name in names if name not in ("id", "label")]
    table = pa.table({"id": ["a", "b"], **{name: [1, 2] for name in names}, "label": [0, 1]})
    contract = parse(draft(table, "id", "label", source))
    assert [feature.name for feature in contract.features] == names


def test_names_that_would_be_taken_for_other_words_are_numbered() -> None:
    names = ["spend; or less", "home", "home is here", "clicks (or unknown)", "sales"]
    columns = {name: [0.5, 2.0, 7.0] if name != "home" else ["x", "y", "z"] for name in names}
    contract = parse(draft(pa.table({"id": ["a", "b", "c"], "y": [0, 1, 1]} | columns), None, None))
    assert [feature.name for feature in contract.features] == names
    assert [feature.words for feature in contract.features] == ["column 1", "home", "column 3", "column 4", "sales"]


def test_any_categories_at_all_stay_inside_their_comment() -> None:
    evil = ['x"\nid = "y', "# \r\n[features.z]", "\u2028", "'''"]
    table = pa.table({"id": ["a", "b", "c", "d"], "why": evil, "label": [0, 1, 0, 1]})
    assert [feature.name for feature in parse(draft(table, "id", "label")).features] == ["why"]


def test_kinds_bounds_and_missing_values_are_guessed() -> None:
    table = pa.table({
        "customer": ["a", "b", "c", "d"],
        "visits": [1, 2, 0, 9],
        "days_since_visit": [3, 4, 400, 1],
        "visits_30_days": [1, 1, 2, 3],
        "open_rate": [0.0, 0.5, None, 1.0],
        "total_spend": [1.5, 0.0, 20.0, 3.25],
        "balance": [-3.5, 2.0, 1.0, 0.0],
        "visit_seconds": [10.5, 20.0, 3.0, 1.0],
        "colour": ["red", "blue", "red", None],
        "gender": ["f", "m", "f", "m"],
        "member": [True, False, True, True],
        "nothing": pa.nulls(4),
        "when": pa.array([1, 2, 3, 4], pa.timestamp("s")),
        "bought": [0, 1, 0, 1],
    })  # fmt: skip
    text = draft(table, None, "bought", "t")
    contract = parse(text)
    assert (contract.id, contract.label) == ("customer", "bought")
    assert 'label = "bought"  # CONFIRM; could be: member, bought' in text
    kinds = {feature.name: str(feature.kind) for feature in contract.features}
    assert kinds == {
        "visits": "count", "days_since_visit": "days", "visits_30_days": "days", "open_rate": "rate",
        "total_spend": "amount", "balance": "amount", "visit_seconds": "duration", "colour": "category",
        "gender": "category", "member": "category",
    }  # fmt: skip
    assert (contract["open_rate"].minimum, contract["open_rate"].maximum) == (0, 1)
    assert contract["balance"].minimum is None
    assert {f.name for f in contract.features if f.missing is not None} == {"open_rate", "colour"}
    assert [f.name for f in contract.sensitive_features] == ["gender"]
    assert contract.ignore == ("nothing", "when")
    assert "25.0% are missing; what does that mean?" in text
    assert check(table, contract, label=True).rejected.num_rows == 0


def test_every_guess_is_marked_for_a_person_to_confirm(customers: pa.Table) -> None:
    text = draft(customers, None, None, "customers.parquet")
    assert text == draft(customers, ID, LABEL, "customers.parquet")
    guessed = (
        "kind =",
        "words =",
        "min =",
        "max =",
        "missing =",
        "segments =",
        "sensitive =",
        "id =",
        "label =",
    )
    for line in text.splitlines():
        if line.startswith(guessed):
            assert "CONFIRM" in line, line
    tomllib.loads(text)


def test_a_drafted_contract_accepts_the_table_it_was_drafted_from(customers: pa.Table, tmp_path: Path) -> None:
    path, out = tmp_path / "c.csv", tmp_path / "contract.toml"
    tables.write(customers.slice(0, 2_000), path)
    assert explain("init", path, "--out", out).exit_code == 0
    contract = load(out)
    assert (contract.id, contract.label) == (ID, LABEL)
    assert len(contract.features) == 31
    checked = check(tables.read(path), contract, label=True, as_text=True)
    assert (checked.accepted.num_rows, checked.ignored) == (2_000, ())


def test_an_id_may_be_whole_numbers_and_a_label_truth_values() -> None:
    table = pa.table({"n": [3, 1, 2], "x": [1, 1, 2], "y": [True, False, True]})
    contract = parse(draft(table, None, None))
    assert (contract.id, contract.label) == ("n", "y")


@pytest.mark.parametrize("type", [pa.string(), pa.large_string()])
def test_columns_of_text_numbers_are_recognised(type: pa.DataType) -> None:
    columns = {"id": ["a", "b", "c"], "n": ["1", "NA", "3"], "y": ["0", "1", "0"]}
    contract = parse(draft(pa.table({k: pa.array(v, type) for k, v in columns.items()}), None, None))
    assert (contract.label, str(contract["n"].kind), contract["n"].missing) == ("y", "count", "unknown")


def test_a_column_that_says_whose_row_it_is_is_pointed_out() -> None:
    table = pa.table({
        "row": ["a", "b", "c", "d", "e"],
        "household_id": [1, 1, 2, 3, 3],
        "orders": [1, 2, 2, 4, 5],
        "label": [0, 1, 0, 1, 0],
    })  # fmt: skip
    text = draft(table, "row", "label")
    assert parse(text).group == ""  # a guess changes nothing until somebody confirms it
    assert '# group = "household_id"\n' in text
    confirmed = text.replace('# group = "household_id"', 'group = "household_id"')
    with pytest.raises(ContractError, match="table.group: expected a column that is no feature; got household_id"):
        parse(confirmed)
    assert "# group" not in draft(table.drop_columns(["household_id"]), "row", "label")


def test_columns_that_no_feature_can_hold_are_left_aside(customers: pa.Table) -> None:
    table = customers.slice(0, 300).append_column("tags", pa.array([[{"k": "a"}]] * 300))
    table = table.append_column("since", pa.array([(1, 2, 3)] * 300, pa.month_day_nano_interval()))
    table = table.append_column("run", pa.RunEndEncodedArray.from_arrays([300], ["x"]))
    words = table["country"].combine_chunks().dictionary_encode()
    table = table.set_column(table.column_names.index("country"), "country", words)
    contract = parse(draft(table, None, None))
    assert not {"tags", "since", "run"} & {feature.name for feature in contract.features}
    assert contract["country"].kind == "category"
