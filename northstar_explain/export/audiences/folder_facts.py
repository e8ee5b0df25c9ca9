"""What a folder of audiences says of itself, `audiences.json`, and the folder of an earlier run as it is read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from northstar_explain import tables
from northstar_explain.contract.customer_ids import id_key
from northstar_explain.errors import CampaignError, Fault
from northstar_explain.export.audiences.contact_table import read_hidden
from northstar_explain.export.audiences.platforms import is_contact
from northstar_explain.model.campaign.campaign_plan import read_facts
from northstar_explain.tables.named_columns import take_columns
from northstar_explain.tables.places import sha256

FACTS, MEMBERS = "audiences.json", "members.parquet"
AUDIENCE = "audience"
FORMAT = 1
_TODO = "Give a folder that `explain audience` wrote."


@dataclass(frozen=True)
class AudienceCounts:
    """One audience.

    Attributes
    ----------
    name : str
    where : str
        Its condition, or the segment and deciles that it is of.
    matched : int
        Customers whom it is meant for: now + suppressed.
    now : int
        Its members: kept + added.
    before : int
        Those of the earlier folder: kept + removed; 0 without one.
    kept, added, removed : int
    suppressed : int
        Meant, and not in it.
    suppressed_by : dict
        Reason to how many.
    removed_by : dict
        Reason to how many of the removed.
    """

    name: str
    where: str
    matched: int
    now: int
    before: int
    kept: int
    added: int
    removed: int
    suppressed: int
    suppressed_by: dict[str, int]
    removed_by: dict[str, int]


@dataclass(frozen=True)
class FolderFacts:
    """What a run of audiences wrote.

    Attributes
    ----------
    format : int
        Of these facts.
    date : str
        The day of the folder, ISO 8601.
    platform : str
    model_id : str
        The model that scored.
    id_column : str
        The column of customers.
    consent_column : str
    previous : str
        The day of the earlier folder; empty without one.
    plan_id : str
        The campaign plan that the audiences are of; empty for none.
    audiences : tuple of AudienceCounts
        In the order of priority.
    sha256 : dict
        File to its hash, of all others in the folder.
    """

    format: int
    date: str
    platform: str
    model_id: str
    id_column: str
    consent_column: str
    previous: str
    plan_id: str
    audiences: tuple[AudienceCounts, ...]
    sha256: dict[str, str]


@dataclass(frozen=True)
class Previous:
    """The audiences of an earlier folder.

    Attributes
    ----------
    date : str
    members : dict
        Audience to the key of an id (see `contract.customer_ids`) to what the platform knows the member by.
    ids : dict
        Key to the id as it was written then.
    """

    date: str
    members: Mapping[str, Mapping[str, tuple[str, ...]]]
    ids: Mapping[str, str]


def read_previous(folder: Path, platform: str, keys: tuple[str, ...], id: str, date: str) -> Previous:
    """Read the folder of an earlier run.

    Parameters
    ----------
    folder : Path
    platform : str
        Of this run, which must be that of the earlier one.
    keys : tuple of str
        Columns of contacts by which the platform knows a person.
    id : str
        The column of customers.
    date : str
        Of this run, which may not be before the earlier one.

    Raises
    ------
    CampaignError
        When the folder is none, or was changed, or is for another platform or of a later day.
    TableError
        When its members cannot be read.
    """
    tables.settle(folder)
    facts = read_facts(folder / FACTS, FolderFacts, FORMAT, "a folder that `explain audience` wrote")
    faults = [
        Fault("platform", platform, facts.platform, "Give the folder of this platform."),
        Fault("date", f"a day up to {date}", facts.date, "Give the folder of an earlier run."),
        Fault("id_column", id, facts.id_column, _TODO),
    ]
    holds = (facts.platform == platform, facts.date <= date, facts.id_column == id)
    if wrong := [fault for fault, held in zip(faults, holds, strict=True) if not held]:
        raise CampaignError(str(folder), wrong)
    place = folder / MEMBERS
    if not place.is_file() or sha256(place) != facts.sha256.get(MEMBERS):
        # Who was sent to the platform then is known from this file alone.
        todo = "Restore the file: without it nobody can say who has to be removed."
        raise CampaignError(str(place), [Fault("file", "the one that the folder was written with", "another", todo)])
    return _previous(facts.date, tables.read(place), id, keys, str(place))


def files_written(folder: Path) -> frozenset[str]:
    """The files that a run of audiences wrote into a folder, by what it says of itself; none where no run did."""
    facts = _said(folder)
    return frozenset((FACTS, *facts.sha256)) if facts else frozenset()


def run_before(out: Path, date: str, platform: str) -> Path | None:
    """The last dated folder of a platform below an output folder that is of a day before this one."""
    said = [(folder, _said(folder)) for folder in sorted(out.iterdir()) if (folder / FACTS).is_file()]
    days = [(facts.date, folder) for folder, facts in said if facts and facts.platform == platform]
    return max((one for one in days if one[0] < date), default=(None, None))[1]


def _said(folder: Path) -> FolderFacts | None:
    try:
        return read_facts(folder / FACTS, FolderFacts, FORMAT, "a folder that `explain audience` wrote")
    except CampaignError:
        return None


def _previous(date: str, table: pa.Table, id: str, keys: tuple[str, ...], source: str) -> Previous:
    text = pa.string()
    columns = take_columns(table, {AUDIENCE: text, id: text, **dict.fromkeys(keys, text)}, source, _TODO)
    members: dict[str, dict[str, tuple[str, ...]]] = {}
    ids: dict[str, str] = {}
    contacts = [columns[name].to_pylist() for name in keys]
    for place, (audience, one) in enumerate(zip(columns[AUDIENCE].to_pylist(), columns[id].to_pylist(), strict=True)):
        members.setdefault(audience, {})[id_key(one)] = tuple(column[place] for column in contacts)
        ids[id_key(one)] = one
    return Previous(date, members, ids)


def sent_contacts(place: Path, key: str) -> set[str]:
    """Addresses and phone numbers by which platforms know a customer, as they were sent.

    Parameters
    ----------
    place : Path
        A table of members; any other table has none.
    key : str
        Of the customer's id.
    """
    table = read_hidden(place, str(place))
    names = table.column_names
    # As `members_table` has them: audience, id, contacts.
    if names[:1] != [AUDIENCE] or len(names) < 2 or not all(pa.types.is_string(kind) for kind in table.schema.types):
        return set()
    rows = [row for row, one in enumerate(table[1].to_pylist()) if one is not None and id_key(one) == key]
    columns = [column for name, column in zip(names[2:], table.columns[2:], strict=True) if is_contact(name)]
    return {text for column in columns for text in column.take(pa.array(rows, pa.int64())).to_pylist() if text}


def members_table(
    members: Mapping[str, Mapping[str, tuple[str, ...]]], ids: Mapping[str, str], id: str, keys: tuple[str, ...]
) -> pa.Table:
    """Audiences as the table that `read_previous` reads."""
    rows = [(audience, ids[one], *contacts) for audience, of in members.items() for one, contacts in of.items()]
    names = (AUDIENCE, id, *keys)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)})
