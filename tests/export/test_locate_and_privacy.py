"""Where a customer occurs in outputs, and that no contact reaches a message, whatever is wrong with the table of them."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from helpers import ID, explain, refused, with_column

from northstar_explain import api, tables
from northstar_explain.errors import NorthstarError, TableError
from northstar_explain.model import Model
from northstar_explain.options import AudienceOptions

DAY = "2026-03-08"
MARK = "zebra"  # in every contact of these tables, and nowhere else


@pytest.fixture(scope="module")
def contacts(some: pa.Table) -> pa.Table:
    ids = some[ID].to_pylist()
    return pa.table(
        {
            ID: ids,
            "email": [f"{MARK}.{place}@{MARK}.example" for place in range(len(ids))],
            "phone": [f"+49170{1_000_000 + place}" for place in range(len(ids))],
            "first_name": [f"{MARK}ina"] * len(ids),
            "ok": [True] * len(ids),
        }
    )


@pytest.fixture(scope="module")
def scores(model: Model, some: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("located") / "scores.parquet"
    tables.write(api.Model(model).score(some).table, path)
    return path


# Locating -----------------------------------------------------------------------------------------------------------


def test_a_customer_is_found_in_scores_audiences_and_plans(
    model: Model, scores: Path, contacts: pa.Table, tmp_path: Path
) -> None:
    facts = api.Model(model).audience(scores, tmp_path / "a", AudienceOptions("ok", date=DAY), contacts)
    assert facts.audiences
    member = tables.read(tmp_path / "a" / DAY / "members.parquet")
    id, audience = member[ID][4].as_py(), member["audience"][4].as_py()
    (tmp_path / "page.html").write_text("<p>")
    (tmp_path / "one.json").write_text('{"customers": [{"id": "x"}, {"id": "' + id + '"}]}')
    result = explain("locate", id, scores, tmp_path)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    row = tables.read(scores)[ID].to_pylist().index(id) + 1
    assert lines[0] == f"{scores}: column {ID}, row {row}"
    assert f"{tmp_path / 'a' / DAY / 'members.parquet'}: column {ID}, row 5" in lines
    assert any(line.startswith(f"{tmp_path / 'a' / DAY / audience}.csv: column {ID}, row ") for line in lines)
    assert f"{tmp_path / 'one.json'}: customers[1].id" in lines
    assert len(lines) == 4
    assert result.stderr.endswith("4 places; 1 not searched\n")
    # Nobody else is found, and somebody who is in none is not.
    assert api.locate("C-nobody", [scores, tmp_path]).places == ()


@pytest.mark.parametrize("to", ["klaviyo", "google"])
def test_a_customer_is_found_where_only_the_contact_was_sent(
    to: str, model: Model, scores: Path, contacts: pa.Table, tmp_path: Path
) -> None:
    whole, some_left = AudienceOptions("ok", to, date=DAY), AudienceOptions("ok", to, date="2026-03-15")
    api.Model(model).audience(scores, tmp_path, whole, contacts)
    member = tables.read(tmp_path / DAY / "members.parquet")
    id, audience = member[ID][4].as_py(), member["audience"][4].as_py()
    agreed = with_column(contacts, "ok", [one != id for one in contacts[ID].to_pylist()])
    api.Model(model).audience(scores, tmp_path, some_left, agreed, previous=tmp_path / DAY)
    found = api.locate(id, [tmp_path]).places
    email, phone = ("Email", "Phone Number" if to == "klaviyo" else "Phone")
    assert {(str(one.file.relative_to(tmp_path)), one.where) for one in found} == {
        (f"{DAY}/members.parquet", f"column {ID}"),
        (f"{DAY}/members.parquet", f"column {email}"),
        (f"{DAY}/members.parquet", f"column {phone}"),
        (f"{DAY}/{audience}.csv", f"column {email}"),
        (f"{DAY}/{audience}.csv", f"column {phone}"),
        (f"2026-03-15/{audience}.remove.csv", f"column {email}"),
        (f"2026-03-15/{audience}.remove.csv", f"column {phone}"),
        (f"2026-03-15/{audience}.suppress.csv", f"column {ID}"),
    }
    assert all(one.rows == 1 for one in found)
    assert MARK not in "".join(map(str, found)).replace(str(tmp_path), "")


def test_ids_are_compared_as_everywhere_and_numbers_only_where_named(tmp_path: Path) -> None:
    tables.write(pa.table({"id": [" 7 ", "07", "7.0"], "orders": [7, 1, 2]}), tmp_path / "t.parquet")
    found = api.locate("7", [tmp_path / "t.parquet"]).places
    assert [(one.where, one.rows, one.first) for one in found] == [("column id", 2, 1)]
    (named,) = api.locate("7", [tmp_path / "t.parquet"], column="orders").places
    assert (named.where, named.rows) == ("column orders", 1)
    assert "column id, row 1 and 1 more" in str(found[0])


def test_what_cannot_be_searched_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="no such file"):
        api.locate("C1", [tmp_path / "none"])
    with pytest.raises(TableError, match="expected the id of a customer; got nothing"):
        api.locate(" ", [tmp_path])
    (tmp_path / "broken.json").write_text("{")
    assert "expected a JSON file" in refused(tmp_path, "locate", "C1", tmp_path / "broken.json")


def test_a_model_folder_holds_no_customer(model_dir: Path, customers: pa.Table) -> None:
    for row in (0, 17, 4_000):
        assert api.locate(customers[ID][row].as_py(), [model_dir]).places == ()


# Messages -----------------------------------------------------------------------------------------------------------


def csv_text(contacts: pa.Table) -> list[str]:
    return tables.csv_bytes(contacts.slice(0, 20)).decode().splitlines()


def spoiled(change: Callable[[list[str]], list[str]]) -> Callable[[pa.Table, Path], Path]:
    def write(contacts: pa.Table, folder: Path) -> Path:
        path = folder / "contacts.csv"
        path.write_bytes("\n".join(change(csv_text(contacts))).encode("utf-8", "surrogateescape"))
        return path

    return write


def stored(change: Callable[[pa.Table], pa.Table]) -> Callable[[pa.Table, Path], Path]:
    def write(contacts: pa.Table, folder: Path) -> Path:
        tables.write(change(contacts), folder / "contacts.parquet")
        return folder / "contacts.parquet"

    return write


WRONG: dict[str, Callable[[pa.Table, Path], Path]] = {
    "a cell more": spoiled(lambda lines: [*lines[:5], lines[5] + f",{MARK}", *lines[6:]]),
    "a cell less": spoiled(lambda lines: [*lines[:5], f"{MARK}@{MARK}.example", *lines[6:]]),
    "an open quotation mark": spoiled(lambda lines: [*lines[:5], f'"C1","{MARK}', *lines[6:]]),
    "not UTF-8": spoiled(lambda lines: [*lines[:5], f'"C1","{MARK}\udcff","","",true', *lines[6:]]),
    "no header": spoiled(lambda lines: lines[1:]),
    "contacts as consent": stored(lambda table: with_column(table, "ok", table["email"])),
    "contacts as ids, twice": stored(lambda table: with_column(table, ID, [f"{MARK}@x.example"] * len(table))),
    "lists of contacts": stored(lambda table: with_column(table, "email", [[MARK]] * len(table))),
    "dates of contacts": stored(lambda table: with_column(table, "ok", [f"{MARK}"] * len(table))),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("to", ["klaviyo", "google"])
def test_no_contact_reaches_a_message_or_a_log(
    wrong: str, to: str, model: Model, model_dir: Path, scores: Path, contacts: pa.Table, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    path = WRONG[wrong](contacts, tmp_path)
    call: list[Any] = ["audience", scores, "--model", model_dir, "--contacts", path, "--consent", "ok", "--to", to, "--out", tmp_path / "a"]  # fmt: skip
    with caplog.at_level(logging.DEBUG):
        result = explain(*call)
        with pytest.raises(NorthstarError) as error:
            api.Model(model).audience(scores, tmp_path / "a", AudienceOptions("ok", to), path)
    assert result.exit_code == 1
    assert "expected" in result.stderr
    # Nor a traceback that somebody logs, with the errors that led to this one.
    whole = "".join(traceback.format_exception(error.value))
    assert MARK not in result.output + result.stderr + caplog.text + whole


def test_what_went_well_shows_no_contact_either(
    model_dir: Path, scores: Path, contacts: pa.Table, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tables.write(contacts, tmp_path / "c.parquet")
    with caplog.at_level(logging.DEBUG):
        result = explain("audience", scores, "--model", model_dir, "--contacts", tmp_path / "c.parquet", "--consent",
                         "ok", "--to", "google", "--out", tmp_path / "a", "--date", DAY)  # fmt: skip
    assert result.exit_code == 0
    assert MARK not in result.output + caplog.text
    # Hashed contacts only, where the platform matches by hashes; and ids alone of those who are left out.
    files = list((tmp_path / "a" / DAY).iterdir())
    assert len(files) > 5
    assert all(MARK.encode() not in file.read_bytes() for file in files)
