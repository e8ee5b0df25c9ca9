"""Who is in an audience, whatever the customers, consents, contacts and runs before: properties of `make_folder`."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from northstar_explain import tables
from northstar_explain.errors import CampaignError
from northstar_explain.export.audiences.contact_table import Contacts
from northstar_explain.export.audiences.folder_facts import FORMAT, MEMBERS, FolderFacts, Previous, _previous
from northstar_explain.export.audiences.make_folder import FolderInputs, make_folder
from northstar_explain.export.audiences.membership import REASONS, Candidates, members_of
from northstar_explain.export.audiences.platforms import NONE, Platform, platform_named
from northstar_explain.export.audiences.scored_table import Scores
from northstar_explain.export.audiences.wanted_audiences import Cell
from northstar_explain.options import PLATFORMS

NAMES = ("first", "second", "third")


@dataclass(frozen=True)
class Week:
    """One run: of each customer whether scored, control, consent (None: not in the contacts), address and audiences."""

    scored: list[bool]
    control: list[bool]
    consent: list[bool | None]
    address: list[int | None]
    meant: list[set[str]]

    def allowed(self, one: int) -> bool:
        return self.consent[one] is True and not (self.scored[one] and self.control[one])


def facts_of(platform: str, previous: str = "") -> FolderFacts:
    return FolderFacts(FORMAT, "2026-03-08", platform, "m", "id", "ok", previous, "", (), {})


def inputs_of(week: Week, platform: Platform, previous: Previous | None = None) -> FolderInputs:
    rows = [one for one in range(len(week.scored)) if week.scored[one]]
    n = len(rows)
    scores = Scores(
        ids=[f"C{one}" for one in rows],
        keys=[f"C{one}" for one in rows],
        segment=np.array(["S1"] * n, dtype=str),
        band=["10"] * n,
        traits=[""] * n,
        numbers={},
        control=np.array([week.control[one] for one in rows], dtype=bool),
    )
    listed = [one for one in range(len(week.scored)) if week.consent[one] is not None]
    emails = [None if (place := week.address[one]) is None else f"p.{place}@gmail.com" for one in listed]
    contacts = Contacts(
        [f"C{one}" for one in listed],
        np.array([bool(week.consent[one]) for one in listed], dtype=bool),
        {"email": emails},
    )
    cells = [Cell(name, name, np.array([name in week.meant[one] for one in rows], dtype=bool)) for name in NAMES]
    facts = facts_of(platform.name, "2026-03-01" if previous else "")
    return FolderInputs(scores, cells, scores.control, contacts, platform, None, previous, "id", facts)


def members(files: Mapping[str, bytes]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Audience to id to contacts, as a folder keeps them."""
    rows = tables.read_parquet_bytes(files[MEMBERS]).to_pylist()
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in rows:
        values = list(row.values())
        found.setdefault(values[0], {})[values[1]] = tuple(values[2:])
    return found


def rows_of(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode())))


def week(seed: int, n: int) -> Week:
    """Customers of whom many share an address, are in a control group or did not agree."""
    draw = random.Random(seed)
    return Week(
        scored=[draw.random() < 0.8 for _ in range(n)],
        control=[draw.random() < 0.2 for _ in range(n)],
        consent=[draw.choice([True, True, True, False, None]) for _ in range(n)],
        address=[draw.choice([None, *range(n)]) for _ in range(n)],
        meant=[{name for name in NAMES if draw.random() < 0.5} for _ in range(n)],
    )


# By seeds: values drawn one by one are few and alike, and hardly ever clash.
PAIRS = st.builds(
    lambda n, one, other: (week(one, n), week(other, n)), st.integers(1, 12), st.integers(), st.integers()
)


@pytest.mark.parametrize("platform", [platform_named(name) for name in PLATFORMS], ids=lambda one: one.name)
@settings(max_examples=40)
@given(PAIRS)
def test_control_and_no_consent_are_never_in_and_a_withdrawn_consent_is_removed(
    platform: Platform, both: tuple[Week, Week]
) -> None:
    first, second = both
    _, before = make_folder(inputs_of(first, platform))
    previous = _previous("2026-03-01", tables.read_parquet_bytes(before[MEMBERS]), "id", platform.keys, "before")
    facts, files = make_folder(inputs_of(second, platform, previous))
    was, now = members(before), members(files)
    in_any = [one for of in now.values() for one in of]
    # Nobody who may not be contacted, and nobody twice.
    assert all(second.allowed(int(one[1:])) and second.scored[int(one[1:])] for one in in_any)
    assert len(in_any) == len(set(in_any))
    # Nor an address that such a customer has.
    addresses = [second.address[int(one[1:])] for one in in_any]
    blocked = {
        second.address[one]
        for one in range(len(second.scored))
        if second.consent[one] is not None and not second.allowed(one)
    }
    assert not {one for one in addresses if one is not None} & blocked
    known = [one for one in addresses if one is not None]
    assert len(known) == len(set(known))
    for name in NAMES:
        base, of = files[f"{name}.csv"], now.get(name, {})
        added, removed = rows_of(files[f"{name}.add.csv"]), rows_of(files[f"{name}.remove.csv"])
        (counts,) = [one for one in facts.audiences if one.name == name]
        assert counts.before == counts.kept + counts.removed == len(was.get(name, {}))
        assert counts.now == counts.kept + counts.added == len(of) == len(rows_of(base))
        assert (
            counts.matched == counts.now + counts.suppressed == counts.now + len(rows_of(files[f"{name}.suppress.csv"]))
        )
        assert (counts.added, counts.removed) == (len(added), len(removed))
        assert sum(counts.suppressed_by.values()) == counts.suppressed
        assert sum(counts.removed_by.values()) == counts.removed
        assert set(counts.suppressed_by) <= set(REASONS)
        gone = {one for one in was.get(name, {}) if not second.allowed(int(one[1:])) or one not in of}
        column = platform.columns("id")[0]
        # By what the platform knew them then.
        listed = {row[column] for row in removed}
        assert {was[name][one][0] if platform.keys else one for one in gone} <= listed


@settings(max_examples=40)
@given(PAIRS)
def test_the_same_run_twice_changes_nobody_and_gives_the_same_bytes(both: tuple[Week, Week]) -> None:
    platform = platform_named("google")
    _, before = make_folder(inputs_of(both[0], platform))
    previous = _previous("2026-03-01", tables.read_parquet_bytes(before[MEMBERS]), "id", platform.keys, "before")
    facts, files = make_folder(inputs_of(both[0], platform, previous))
    assert all((one.added, one.removed) == (0, 0) for one in facts.audiences)
    assert all(files[name] == before[name] for name in before if name != "audiences.json")
    assert make_folder(inputs_of(both[0], platform, previous))[1] == files


def week_of(**changes: Any) -> Week:
    values: dict[str, Any] = {"scored": [True] * 3, "control": [False] * 3, "consent": [True] * 3, "address": [1, 2, 3],
                              "meant": [{"first"}] * 3}  # fmt: skip
    return Week(**{**values, **changes})


def reasons(week: Week, platform: str = "google", name: str = "first") -> dict[str, str]:
    _, files = make_folder(inputs_of(week, platform_named(platform)))
    return {row["id"]: row["reason"] for row in rows_of(files[f"{name}.suppress.csv"])}


def test_each_reason_to_be_left_out_is_named() -> None:
    assert reasons(week_of()) == {}
    assert reasons(week_of(control=[True, False, False])) == {"C0": "control_group"}
    assert reasons(week_of(consent=[True, False, None])) == {"C1": "no_consent", "C2": "no_consent"}
    assert reasons(week_of(address=[1, None, 3])) == {"C1": "no_contact"}
    assert reasons(week_of(address=[1, None, 3]), "braze") == {}  # which knows people by their id
    assert reasons(week_of(address=[1, 1, 3])) == {"C1": "contact_of_another_member"}
    shared = week_of(control=[True, False, False], address=[1, 1, 3])
    # By a file of ids an address is reached as well.
    for platform in PLATFORMS:
        assert reasons(shared, platform) == {"C0": "control_group", "C1": "contact_of_one_left_out"}
    both = week_of(meant=[{"first", "second"}, {"second"}, {"first"}])
    assert reasons(both, name="second") == {"C0": "in_higher_audience"}


def test_gmail_is_one_address_for_google_and_two_for_meta() -> None:
    candidates = Candidates(np.zeros(2, dtype=bool), np.ones(2, dtype=bool), [("a",), ("a",)])
    assert members_of([np.ones(2, dtype=bool)], candidates)[0].suppressed == {1: "contact_of_another_member"}
    for name, same in (("google", True), ("meta", False)):
        platform = platform_named(name)
        one, other = ({"email": text} for text in ("jane.doe@gmail.com", "janedoe+x@gmail.com"))
        assert (platform.made(one, None) == platform.made(other, None)) is same


@pytest.mark.parametrize("name", ["klaviyo", "braze"])
def test_what_cannot_be_cleared_is_overwritten(name: str) -> None:
    platform = platform_named(name)
    _, before = make_folder(inputs_of(week_of(), platform))
    previous = _previous("2026-03-01", tables.read_parquet_bytes(before[MEMBERS]), "id", platform.keys, "before")
    _, files = make_folder(inputs_of(week_of(consent=[False, True, True]), platform, previous))
    (row,) = rows_of(files["first.remove.csv"])
    written = {column: text for column, text in row.items() if column.startswith("northstar_")}
    assert len(written) == 5
    assert set(written.values()) == {NONE}
    # And no member has an empty one, which would leave what was there.
    assert all(one[column] for one in rows_of(files["first.csv"]) for column in written)


def test_a_changed_contact_is_removed_by_the_old_one_and_added_by_the_new_one() -> None:
    platform = platform_named("google")
    _, before = make_folder(inputs_of(week_of(), platform))
    previous = _previous("2026-03-01", tables.read_parquet_bytes(before[MEMBERS]), "id", platform.keys, "before")
    facts, files = make_folder(inputs_of(week_of(address=[9, 2, 3]), platform, previous))
    assert (facts.audiences[0].kept, facts.audiences[0].removed_by) == (2, {"contact_changed": 1})
    ((removed,), (added,)) = (rows_of(files[f"first.{what}.csv"]) for what in ("remove", "add"))
    assert removed["Email"] == platform.made({"email": "p1@gmail.com"}, None)["Email"]
    assert added["Email"] == platform.made({"email": "p9@gmail.com"}, None)["Email"]


def test_an_audience_that_is_not_wanted_any_more_is_removed_whole() -> None:
    platform = platform_named("csv")
    old = Previous("2026-03-01", {"older": {"C0": (), "C7": ()}}, {"C0": "C0", "C7": "C7"})
    facts, files = make_folder(inputs_of(week_of(), platform, old))
    (counts,) = [one for one in facts.audiences if one.name == "older"]
    assert (counts.before, counts.removed, counts.now) == (2, 2, 0)
    assert [row["id"] for row in rows_of(files["older.remove.csv"])] == ["C0", "C7"]
    # Its files may not take the place of others.
    alike = Previous("2026-03-01", {"First": {"C0": ()}}, {"C0": "C0"})
    with pytest.raises(CampaignError, match="expected a name of its own; got that of 'First'"):
        make_folder(inputs_of(week_of(), platform, alike))
