"""Audiences written into a dated folder; nothing is sent anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from northstar_explain import tables
from northstar_explain.contract.columns import columns_of
from northstar_explain.contract.customer_ids import id_keys
from northstar_explain.errors import CampaignError, Fault, TableError
from northstar_explain.export.audiences.contact_rules import google_country
from northstar_explain.export.audiences.contact_table import Contacts, read_contacts, read_hidden
from northstar_explain.export.audiences.folder_facts import FORMAT, FolderFacts, files_written, read_previous
from northstar_explain.export.audiences.make_folder import FolderInputs, make_folder
from northstar_explain.export.audiences.platforms import platform_named
from northstar_explain.export.audiences.scored_table import Scores
from northstar_explain.export.audiences.wanted_audiences import Cell, Wanted
from northstar_explain.export.audiences.where_condition import score_columns
from northstar_explain.model.learned_model import Model
from northstar_explain.options import AudienceOptions


class AudienceFolder(NamedTuple):
    """Audiences as they are written.

    Attributes
    ----------
    place : Path
        The dated folder.
    facts : FolderFacts
    files : dict
        Name to bytes.
    """

    place: Path
    facts: FolderFacts
    files: dict[str, bytes]


@dataclass(frozen=True)
class Delivery:
    """Where audiences go, and to whom.

    Attributes
    ----------
    place : Path
        The dated folder.
    date : str
        Its day.
    options : AudienceOptions
    contacts : path, or pandas, Polars, DuckDB or PyArrow table
    previous : Path or None
        The folder of the run before.
    plan_id : str
        The campaign plan that it is of; empty for none.
    """

    place: Path
    date: str
    options: AudienceOptions
    contacts: Any
    previous: Path | None = None
    plan_id: str = ""


def place_of(out: Path | str, date: str, overwrite: bool, inputs: Sequence[Path]) -> Path:
    """The dated folder below an output folder, checked before any work.

    Raises
    ------
    OutputError
        When it exists and may not be replaced, holds other files, or is not apart from the inputs.
    """
    place = Path(out) / date
    tables.require_apart([place], inputs)
    tables.require_free(place, overwrite, folder=True)
    if place.exists():
        # Only what a run listed: a table of somebody's that lies in a folder of that day is not ours to delete.
        written = files_written(place)
        tables.require_only(place, lambda name: name in written, "a folder of audiences")
    return place


def folder_of(
    scores: Scores, cells: Sequence[Cell], model: Model, delivery: Delivery, control: np.ndarray | None = None
) -> AudienceFolder:
    """Make the folder of audiences.

    Parameters
    ----------
    scores : Scores
    cells : sequence of Cell
        The audiences, in the order of priority.
    model : Model
    delivery : Delivery
    control : ndarray of bool, shape (n,), optional
        Customers whom a campaign keeps as its own control, beside the standing control group.

    Raises
    ------
    CampaignError
        When the folder before is none, or nobody knows whom to remove from it, or phone numbers cannot be read.
    TableError
        When contacts or consent cannot be read.
    """
    options, platform = delivery.options, platform_named(delivery.options.to)
    source = str(delivery.contacts) if isinstance(delivery.contacts, Path | str) else "contacts"
    table = read_hidden(delivery.contacts, source)
    contacts = read_contacts(table, model.contract.id, options.consent, source, platform.needs_contacts)
    _require_some(contacts, scores, model.contract.id, source)
    if "phone" in contacts.columns:
        _require_phones(options.region)
    previous = None
    if delivery.previous is not None:
        previous = read_previous(
            delivery.previous, platform.name, platform.keys, model.contract.id, delivery.date
        )  # fmt: skip
    facts = FolderFacts(
        format=FORMAT,
        date=delivery.date,
        platform=platform.name,
        model_id=model.id,
        id_column=model.contract.id,
        consent_column=options.consent,
        previous=previous.date if previous else "",
        plan_id=delivery.plan_id,
        audiences=(),
        sha256={},
    )
    left_out = scores.control if control is None else scores.control | control
    inputs = FolderInputs(
        scores, cells, left_out, contacts, platform, options.region, previous, model.contract.id, facts
    )  # fmt: skip
    made, files = make_folder(inputs)
    return AudienceFolder(delivery.place, made, files)


def _require_some(contacts: Contacts, scores: Scores, id: str, source: str) -> None:
    """Raise TableError where nobody who was scored has contacts: ids of another system, or a table that came empty."""
    if len(scores) and not set(contacts.keys) & set(scores.keys):
        got = f"none of {len(scores):,} among {len(contacts):,}"
        todo = (
            "Give contacts with the ids of the scores: with these, nobody agreed and every member of before is removed."
        )
        raise TableError(source, [Fault(f"column {id}", "ids of scored customers", got, todo)])


def _require_phones(region: str | None) -> None:
    """Raise CampaignError where phone numbers, or those of this region, cannot be read."""
    try:
        from phonenumbers import SUPPORTED_REGIONS
    except ImportError as error:
        fault = Fault("phone", "the package phonenumbers", "none", "Install northstar-explain[audiences].")
        raise CampaignError("contacts", [fault]) from error
    # Otherwise every number without a country code would be left out, and nothing would say why.
    if region is not None and google_country(region) not in SUPPORTED_REGIONS:
        todo = "Give the code of ISO 3166-1, such as DE or GB."
        raise CampaignError("audience", [Fault("region", "two letters of a country with phone numbers", region, todo)])


def select(
    wanted: Sequence[Wanted], scores: Scores, model: Model, accepted: pa.Table | None, source: str
) -> list[Cell]:
    """Whom each audience with a condition is meant for.

    Parameters
    ----------
    wanted : sequence of Wanted
    scores : Scores
    model : Model
    accepted : pyarrow.Table or None
        The valid rows of the customers, as `contract.check.check` gives them; None where none were given.
    source : str
        The name of the customers in errors.

    Raises
    ------
    TableError
        When a condition asks for a feature and a scored customer is not among the valid rows.
    """
    contract = model.contract
    columns = score_columns(scores.segment, scores.numbers, scores.traits, contract)
    needed = list(dict.fromkeys(name for one in wanted for name in one.where.features))
    if needed:
        if accepted is None:
            todo = "Give --customers, the table that was scored."
            raise TableError(source, [Fault("condition", "customers with " + ", ".join(needed), "none", todo)])
        rows = pc.index_in(
            pa.array(scores.keys, pa.string()), value_set=id_keys(accepted[contract.id].combine_chunks())
        )  # fmt: skip
        if rows.null_count:
            todo = "Give the table that was scored, all of it."
            got = f"{rows.null_count:,} of {len(scores):,} without"
            raise TableError(source, [Fault("rows", "a valid row for each scored customer", got, todo)])
        columns |= columns_of(accepted.take(rows), [contract[name] for name in needed])
    return [Cell(one.name, one.where.text, one.where.selects(columns)) for one in wanted]
