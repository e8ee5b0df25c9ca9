"""`explain audience` on real files: conditions, the list of priority, the run before, refusals, and a campaign's plan."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from helpers import ID, contents, explain, plain, read, refused, with_cells, with_column

from northstar_explain import api, tables
from northstar_explain.contract.expressions import parse_condition
from northstar_explain.errors import CampaignError, OutputError, TableError
from northstar_explain.export.audiences.contact_table import read_contacts
from northstar_explain.export.audiences.folder_facts import FACTS, MEMBERS, FolderFacts
from northstar_explain.export.audiences.where_condition import Where, parse_where
from northstar_explain.model import Model
from northstar_explain.options import AudienceOptions

CONSENT, DAY = "email_ok", "2026-03-08"
OPTIONS = AudienceOptions(CONSENT, date=DAY)


@pytest.fixture(scope="module")
def scores(model: Model, customers: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scores") / "scores.parquet"
    tables.write(api.Model(model).score(customers.slice(0, 1_500)).table, path)
    return path


@pytest.fixture(scope="module")
def contacts(customers: pa.Table) -> pa.Table:
    """An address for everybody, a number for each third, and consent of two in three."""
    ids = customers.slice(0, 1_500)[ID].to_pylist()
    return pa.table(
        {
            ID: ids,
            "email": [f"Person.{place}@example.com" for place in range(len(ids))],
            "phone": [None if place % 3 else f"0170 {1_000_000 + place}" for place in range(len(ids))],
            "country": ["DE"] * len(ids),
            CONSENT: [place % 3 > 0 for place in range(len(ids))],
        }
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def consenting(contacts: pa.Table) -> set[str]:
    return set(contacts.filter(contacts[CONSENT])[ID].to_pylist())


# Conditions ---------------------------------------------------------------------------------------------------------


def test_a_condition_selects_by_scores_features_and_traits(
    model: Model, scores: Path, contacts: pa.Table, customers: pa.Table, tmp_path: Path
) -> None:
    table, some = read(scores), customers.slice(0, 1_500)
    segment = model.segmentation.segments[0].id
    where = f"segment = '{segment}' and decile >= 2 and orders_365d > 0 and country = 'US' and trait_big_spenders = 0"
    api.Model(model).audience(scores, tmp_path, AudienceOptions(CONSENT, where=where, date=DAY), contacts, some)
    found = [row[ID] for row in rows_of(tmp_path / DAY / "audience.csv")]
    spends = pc.fill_null(pc.greater_equal(some["spend_365d"], 1000), False)
    masks = [
        pc.equal(table["segment_id"].cast(pa.string()), segment), pc.greater_equal(table["decile"], 2),
        pc.greater(some["orders_365d"], 0), pc.fill_null(pc.equal(some["country"], "US"), False), pc.invert(spends),
        pc.invert(table["control_group"]), contacts[CONSENT],
    ]  # fmt: skip
    mask = masks[0]
    for one in masks[1:]:
        mask = pc.and_(mask, one)
    assert found == table.filter(mask)[ID].to_pylist()
    assert len(found) > 5


def test_a_feature_without_a_meaning_selects_nobody(model: Model) -> None:
    contract = model.contract
    bound = next(one for one in contract.features if one.defined_when and one.kind.numeric and one.is_open("segments"))
    found = parse_where(f"{bound.name} >= 0", model, "where")
    assert isinstance(found, Where)
    assert set(bound.defined_when) <= set(found.conditions)
    assert set(parse_condition(f"{bound.name} >= 0", contract.features)) < set(found.conditions)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("segment = 'S99'", "where: expected one of S1, "),
        ("decile > 10", "expected values that decile can have (at most 10); got others only"),
        ("colour = 'red'", "expected a feature of this contract; got colour"),
        ("country = 'Atlantis'", "expected values of country that training saw, such as "),
        ("age_band = '18-24'", "expected features that are not sensitive; got age_band"),
        ("decile >= 9 or decile < 2", "expected 'and' or the end; got or"),
        ("", "expected the name of a feature; got the end"),
    ],
)
def test_a_condition_that_cannot_be_used_is_refused(
    where: str, message: str, model: Model, scores: Path, contacts: pa.Table, tmp_path: Path
) -> None:
    with pytest.raises(CampaignError) as error:
        api.Model(model).audience(scores, tmp_path, AudienceOptions(CONSENT, where=where, date=DAY), contacts)
    assert message in str(error.value)
    assert contents(tmp_path) == {}


def test_a_condition_on_features_needs_every_scored_customer(
    model: Model, scores: Path, contacts: pa.Table, customers: pa.Table, tmp_path: Path
) -> None:
    options = AudienceOptions(CONSENT, where="country = 'US'", date=DAY)
    with pytest.raises(TableError, match=r"expected customers with country; got none\. Give --customers"):
        api.Model(model).audience(scores, tmp_path, options, contacts)
    few = with_cells(customers.slice(0, 1_500), "sessions_30d", {5: -1})
    with pytest.raises(TableError, match=r"a valid row for each scored customer; got 1 of 1,500 without"):
        api.Model(model).audience(scores, tmp_path, options, contacts, few)


# Files --------------------------------------------------------------------------------------------------------------


def test_a_file_for_each_segment_and_band_holds_everybody_who_may_be_contacted_once(
    model: Model, scores: Path, contacts: pa.Table, tmp_path: Path
) -> None:
    facts = api.Model(model).audience(scores, tmp_path, OPTIONS, contacts)
    table = read(scores)
    may = {id for id in table.filter(pc.invert(table["control_group"]))[ID].to_pylist() if id in consenting(contacts)}
    found = [row for one in facts.audiences for row in rows_of(tmp_path / DAY / f"{one.name}.csv")]
    assert sorted(row[ID] for row in found) == sorted(may)
    segment_of = dict(zip(table[ID].to_pylist(), table["segment_id"].to_pylist(), strict=True))
    decile_of = dict(zip(table[ID].to_pylist(), table["decile"].to_pylist(), strict=True))
    traits_of = dict(zip(table[ID].to_pylist(), table["traits"].to_pylist(), strict=True))
    for row in found:
        low, _, high = row["band"].partition("-")
        assert row["segment"] == row["play"] == segment_of[row[ID]]
        assert int(low) <= decile_of[row[ID]] <= int(high or low)
        assert row["traits"] == traits_of[row[ID]]
        assert row["audience"] == f"{row['segment']}-deciles-{row['band']}"
    assert json.loads((tmp_path / DAY / FACTS).read_text())["platform"] == "csv"


def test_a_person_is_in_the_highest_audience_of_the_list_only(
    model: Model, model_dir: Path, scores: Path, contacts: pa.Table, tmp_path: Path
) -> None:
    tables.write(contacts, tmp_path / "contacts.csv")
    listed = tmp_path / "list.toml"
    texts = [("Best", "decile >= 9"), ("Good", "decile >= 7"), ("All", "decile >= 1")]
    listed.write_text("".join(f'[[audience]]\nname = "{name}"\nwhere = "{where}"\n' for name, where in texts))
    call = ["audience", scores, "--model", model_dir, "--contacts", tmp_path / "contacts.csv", "--consent", CONSENT,
            "--priority", listed, "--date", DAY]  # fmt: skip
    result = explain(*call, "--out", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (0, "")
    found = {name: {row[ID] for row in rows_of(tmp_path / "out" / DAY / f"{name}.csv")} for name, _ in texts}
    assert found["Best"]
    assert found["Good"]
    assert not found["Best"] & found["Good"] and not (found["Best"] | found["Good"]) & found["All"]
    suppressed = {row[ID]: row["reason"] for row in rows_of(tmp_path / "out" / DAY / "Good.suppress.csv")}
    assert all(suppressed[id] == "in_higher_audience" for id in found["Best"])
    # The same again gives the same bytes, from Python too.
    again = AudienceOptions(CONSENT, date=DAY)
    api.Model(model).audience(scores, tmp_path / "again", again, tmp_path / "contacts.csv", priority=listed)
    assert contents(tmp_path / "again") == contents(tmp_path / "out")


def test_the_run_before_gives_add_and_remove(model: Model, scores: Path, contacts: pa.Table, tmp_path: Path) -> None:
    def run(date: str, table: pa.Table, previous: Path | None = None) -> FolderFacts:
        options = AudienceOptions(CONSENT, "meta", "decile >= 5", "Likely DE", date=date)
        return api.Model(model).audience(scores, tmp_path, options, table, previous=previous)

    first = run("2026-03-01", contacts).audiences[0]
    member = next(id for id in read(tmp_path / "2026-03-01" / MEMBERS)[ID].to_pylist())
    place = contacts[ID].to_pylist().index(member)
    withdrawn = with_cells(contacts, CONSENT, {place: False, place + 1: True})
    second = run(DAY, withdrawn, tmp_path / "2026-03-01").audiences[0]
    assert (second.before, second.now) == (first.now, second.kept + second.added)
    assert second.removed_by["no_consent"] == 1
    old = {row["email"] for row in rows_of(tmp_path / "2026-03-01" / "Likely_DE.csv")}
    (removed,) = rows_of(tmp_path / DAY / "Likely_DE.remove.csv")
    assert removed["email"] in old
    assert removed["email"] not in {row["email"] for row in rows_of(tmp_path / DAY / "Likely_DE.csv")}
    # Whoever has been erased since is removed by what was sent then.
    erased = withdrawn.filter(pc.not_equal(withdrawn[ID], member))
    assert run("2026-03-09", erased, tmp_path / "2026-03-01").audiences[0].removed_by["no_consent"] == 1
    assert rows_of(tmp_path / "2026-03-09" / "Likely_DE.remove.csv")[0] == removed


def test_a_folder_that_is_not_the_run_before_is_refused(
    model: Model, scores: Path, contacts: pa.Table, tmp_path: Path
) -> None:
    loaded = api.Model(model)
    loaded.audience(scores, tmp_path, OPTIONS, contacts)
    earlier = AudienceOptions(CONSENT, "braze", date="2026-03-01")
    with pytest.raises(CampaignError) as error:
        loaded.audience(scores, tmp_path / "b", earlier, contacts, previous=tmp_path / DAY)
    assert "platform: expected braze; got csv" in str(error.value)
    assert "date: expected a day up to 2026-03-01; got 2026-03-08" in str(error.value)
    tables.write(read(tmp_path / DAY / MEMBERS).slice(1), tmp_path / DAY / MEMBERS, overwrite=True)
    later = AudienceOptions(CONSENT, date="2026-03-15")
    with pytest.raises(CampaignError, match="nobody can say who has to be removed"):
        loaded.audience(scores, tmp_path, later, contacts, previous=tmp_path / DAY)
    with pytest.raises(CampaignError, match="a folder that `explain audience` wrote"):
        loaded.audience(scores, tmp_path, later, contacts, previous=tmp_path / "none")


def test_outputs_are_checked_against_inputs_and_replaced_only_when_asked(
    model: Model, model_dir: Path, scores: Path, contacts: pa.Table, tmp_path: Path
) -> None:
    loaded = api.load(model_dir)
    loaded.audience(scores, tmp_path, OPTIONS, contacts)
    before = contents(tmp_path)
    with pytest.raises(OutputError, match="expected a path that is free"):
        loaded.audience(scores, tmp_path, OPTIONS, contacts)
    with pytest.raises(OutputError, match="apart from every input|outside models"):
        loaded.audience(scores, model_dir, OPTIONS, contacts)
    with pytest.raises(OutputError, match="apart from every input"):
        loaded.audience(scores, tmp_path, OPTIONS, contacts, previous=tmp_path / DAY, overwrite=True)
    (tmp_path / DAY / "holiday.jpg").write_bytes(b"x")
    with pytest.raises(OutputError, match=r"expected a folder of audiences or a new folder; got holiday\.jpg in it"):
        loaded.audience(scores, tmp_path, OPTIONS, contacts, overwrite=True)
    (tmp_path / DAY / "holiday.jpg").unlink()
    loaded.audience(scores, tmp_path, OPTIONS, contacts, overwrite=True)
    assert contents(tmp_path) == before
    # A table of somebody's in a folder that is called as the day is not replaced either, with or without ours beside.
    (tmp_path / "own" / DAY).mkdir(parents=True)
    for place in (tmp_path, tmp_path / "own"):
        (place / DAY / "customers.csv").write_text("id\n1\n")
        with pytest.raises(
            OutputError, match=r"expected a folder of audiences or a new folder; got customers\.csv in it"
        ):
            loaded.audience(scores, place, OPTIONS, contacts, overwrite=True)


@pytest.mark.parametrize(
    ("name", "to", "message"),
    [
        ("Bad credit", "meta", "Meta forbids names of audiences that suggest a health condition or a financial status"),
        ("Diabetes", "meta", "Meta forbids names of audiences that suggest a health condition"),
        ("credit score DE", "google", "Google forbids audiences by health and by financial status: rename it."),
        ("../up", "csv", "expected a name of at most 60 letters"),
        ("a.add", "csv", "expected a name of at most 60 letters"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(
    name: str, to: str, message: str, model: Model, scores: Path, contacts: pa.Table, tmp_path: Path
) -> None:
    with pytest.raises(CampaignError) as error:
        api.Model(model).audience(
            scores, tmp_path, AudienceOptions(CONSENT, to, "decile >= 9", name, date=DAY), contacts
        )
    assert message in str(error.value)
    assert contents(tmp_path) == {}


def test_a_list_shows_all_its_faults_at_once(model: Model, scores: Path, contacts: pa.Table, tmp_path: Path) -> None:
    listed = tmp_path / "list.toml"
    listed.write_text('[[audience]]\nname = "A b"\nwhere = "x = 1"\n[[audience]]\nname = "a_B"\nwhere = "decile > 1"\n')
    with pytest.raises(CampaignError) as error:
        api.Model(model).audience(scores, tmp_path / "out", OPTIONS, contacts, priority=listed)
    assert "audience 1, where: expected a feature of this contract; got x" in str(error.value)
    assert "expected a name of its own; got one given twice" in str(error.value)
    for text, message in (
        ("[[audience]\n", "a TOML file"),
        ("x = 1\n", "got x"),
        ("[[audience]]\nname = 1\n", "both text"),
    ):
        listed.write_text(text)
        with pytest.raises(CampaignError, match=message):
            api.Model(model).audience(scores, tmp_path / "out", OPTIONS, contacts, priority=listed)


@pytest.mark.parametrize(
    ("change", "to", "message"),
    [
        (lambda table: table.drop_columns([CONSENT]), "csv", "column email_ok: expected one column of this name; got none"),
        (lambda table: table.drop_columns([ID]), "csv", "column customer_id: expected one column of this name; got none"),
        (lambda table: table.drop_columns(["email", "phone"]), "meta", "columns: expected email or phone; got neither"),
        (lambda table: with_cells(table, ID, {7: table[ID][3].as_py()}), "csv", "row 8, column customer_id: expected each customer once"),
        (lambda table: with_cells(table, ID, {7: None}), "csv", "row 8, column customer_id: expected a customer id; got none"),
        (lambda table: with_column(table, CONSENT, ["perhaps"] * 1_500), "csv", "row 1, column email_ok: expected true or false, yes or no, 1 or 0; got 1,500 other values"),
        (lambda table: with_column(table, ID, [f"K{place}" for place in range(1_500)]), "csv", "column customer_id: expected ids of scored customers; got none of 1,500 among 1,500"),
        (lambda table: table.slice(0, 0), "csv", "column customer_id: expected ids of scored customers; got none of 1,500 among 0"),
        # A probability to agree is no consent, and is not rounded to one.
        (lambda table: with_column(table, CONSENT, [0.9] * 1_500), "csv", "row 1, column email_ok: expected true or false, yes or no, 1 or 0; got 1,500 other values"),
    ],
)  # fmt: skip
def test_contacts_that_cannot_be_used_are_refused(
    change: Any, to: str, message: str, model: Model, scores: Path, contacts: pa.Table, tmp_path: Path
) -> None:
    with pytest.raises(TableError) as error:
        api.Model(model).audience(scores, tmp_path, AudienceOptions(CONSENT, to, date=DAY), change(contacts))
    assert message in str(error.value)


@pytest.mark.parametrize(
    "spelled", [("yes", "no"), ("TRUE", "False"), ("1", ""), ("Y ", None), ("1.0", "0.0"), (1.0, -0.0), (1, None)]
)
def test_consent_is_read_as_people_write_it(
    spelled: tuple[Any, Any], model: Model, scores: Path, contacts: pa.Table, tmp_path: Path
) -> None:
    words = [spelled[0] if agreed else spelled[1] for agreed in contacts[CONSENT].to_pylist()]
    given = with_column(contacts, CONSENT, words)
    assert api.Model(model).audience(scores, tmp_path / "a", OPTIONS, given) == api.Model(model).audience(
        scores, tmp_path / "b", OPTIONS, contacts
    )


def test_customers_may_be_known_by_their_address() -> None:
    table = pa.table({"email": ["a@x.example", "b@x.example"], "ok": [True, False]})
    found = read_contacts(table, "email", "ok", "contacts", needed=True)
    assert found.keys == found.columns["email"] == ["a@x.example", "b@x.example"]


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        (pa.array([491701234567.0, 0.5, None, float("inf"), 1e17], pa.float64()), ["491701234567", None, None, None, None]),
        # Too large for a float of 32 bits: it holds the number of somebody else.
        (pa.array([491701234567.0, 5550100.0], pa.float32()), [None, "5550100"]),
    ],
)  # fmt: skip
def test_a_number_that_a_float_does_not_hold_is_no_contact(numbers: pa.Array, texts: list[str | None]) -> None:
    table = pa.table({"id": range(len(numbers)), "phone": numbers, "ok": [True] * len(numbers)})
    assert read_contacts(table, "id", "ok", "contacts").columns["phone"] == texts


# A campaign's plan --------------------------------------------------------------------------------------------------


def test_a_plan_writes_its_treated_and_never_its_control(
    model_dir: Path, scores: Path, contacts: pa.Table, tmp_path: Path
) -> None:
    tables.write(contacts, tmp_path / "contacts.parquet")
    call = ["campaign", "plan", "--model", model_dir, "--scores", scores, "--margin", 24, "--contact-cost", 0.5, "--out", tmp_path / "plan"]  # fmt: skip
    into = ["--audiences", tmp_path / "a", "--contacts", tmp_path / "contacts.parquet", "--consent", CONSENT, "--to", "braze", "--date", DAY]  # fmt: skip
    result = explain(*call, *into)
    assert result.exit_code == 0, result.stderr
    audience = read(tmp_path / "plan" / "audience.parquet")
    group = dict(zip(audience[ID].to_pylist(), audience["group"].to_pylist(), strict=True))
    facts = json.loads((tmp_path / "a" / DAY / FACTS).read_text())
    found = [row for one in facts["audiences"] for row in rows_of(tmp_path / "a" / DAY / f"{one['name']}.csv")]
    treated = {id for id, one in group.items() if one == "treated"}
    assert {row["external_id"] for row in found} == treated & consenting(contacts)
    assert facts["plan_id"] == json.loads((tmp_path / "plan" / "plan.json").read_text())["id"]
    # The files of `explain audience`, with the columns of the platform.
    assert list(found[0]) == ["external_id", "email", "phone", *(f"northstar_{one}" for one in ("audience", "segment", "play", "band", "traits"))]  # fmt: skip
    assert found[0]["phone"] == "" or found[0]["phone"].startswith("+49170")
    refused(tmp_path, *call[:-1], tmp_path / "other", "--audiences", tmp_path / "a", code=2)
    refused(tmp_path, *call[:-1], tmp_path / "other", "--consent", CONSENT, code=2)
    # All or nothing: the folder of the day is there already.
    assert "a path that is free" in refused(tmp_path, *call[:-1], tmp_path / "other", *into)


def test_the_command_shows_counts_that_reconcile(
    model_dir: Path, scores: Path, contacts: pa.Table, tmp_path: Path
) -> None:
    tables.write(contacts, tmp_path / "c.parquet")
    call = ["audience", scores, "--model", model_dir, "--contacts", tmp_path / "c.parquet", "--consent", CONSENT, "--where", "decile >= 5", "--date", DAY, "--out", tmp_path / "a"]  # fmt: skip
    text = plain(explain(*call).stdout)
    facts = json.loads((tmp_path / "a" / DAY / FACTS).read_text())["audiences"][0]
    assert f"audience {facts['matched']:,} {facts['suppressed']:,} {facts['now']:,} 0 0 {facts['now']:,} 0" in text
    assert f"no_consent {facts['suppressed_by']['no_consent']:,}" in text
    refused(tmp_path, *call, "--region", "Germany", code=2)
    refused(tmp_path, *call, "--priority", tmp_path / "c.parquet", code=2)


def test_the_command_says_when_the_run_before_is_not_given(
    model_dir: Path, scores: Path, contacts: pa.Table, tmp_path: Path
) -> None:
    tables.write(contacts, tmp_path / "c.parquet")
    out = tmp_path / "a"

    def stderr(day: str, *more: Any, to: str = "klaviyo") -> str:
        call = ("audience", scores, "--model", model_dir, "--contacts", tmp_path / "c.parquet", "--consent", CONSENT)
        result = explain(*call, "--to", to, "--out", out, "--date", day, *more)
        assert result.exit_code == 0
        return plain(result.stderr)

    assert "earlier run" not in stderr("2026-03-01")
    assert f"{out / '2026-03-01'} is of an earlier run: without --previous" in stderr("2026-03-08")
    assert "earlier run" not in stderr("2026-03-15", "--previous", out / "2026-03-08")
    # Of another platform, and of a day before all others.
    assert "earlier run" not in stderr("2026-03-22", to="csv")
    assert "earlier run" not in stderr("2026-02-01")


@pytest.mark.parametrize("region", ["ZZ", "XX"])
def test_a_region_without_phone_numbers_is_refused(
    region: str, model: Model, scores: Path, contacts: pa.Table, tmp_path: Path
) -> None:
    options = AudienceOptions(CONSENT, "klaviyo", region=region, date=DAY)
    with pytest.raises(CampaignError, match=f"region: expected two letters of a country .* got {region}"):
        api.Model(model).audience(scores, tmp_path, options, contacts)
