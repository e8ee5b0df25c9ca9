"""Statements about a model that people make, not measurements: owner, approver, intended use, misuse and limits."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from northstar_explain.contract.consistency import is_day
from northstar_explain.errors import Fault, PackError
from northstar_explain.model.learned_model import Model
from northstar_explain.report.audit.about_intervals import NOT_COVERED

UNASSIGNED = "UNASSIGNED"
_LONGEST, _LONGEST_WORD = 2_000, 200


@dataclass(frozen=True)
class About:
    """The people responsible for a model, its purpose, its data and its place among others, as somebody states them.

    Attributes
    ----------
    owner, approver, validator : str
        ``UNASSIGNED`` if nobody is named, as every text that nobody gives.
    intended_use, misuse, limits : tuple of str
        Sentences; if none are given, those that hold for any model of this kind.
    snapshot_date, source, query, label_definition, population, duplicates : str
        Of the table: the day it shows, the system and the query it comes from, what its label means, who is in it, and
        how rows of the same customer were treated.
    exclusions : tuple of str
        Who or what was left out before the table was made.
    tier, retirement, overrides : str
        Of the inventory: how much depends on the model, when it ends, and who may override a score.
    users, dependencies, changes : tuple of str
        Who uses it, what it needs and what needs it, and what was changed since the last approval.
    """

    owner: str = UNASSIGNED
    approver: str = UNASSIGNED
    intended_use: tuple[str, ...] = ()
    misuse: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    snapshot_date: str = UNASSIGNED
    source: str = UNASSIGNED
    query: str = UNASSIGNED
    label_definition: str = UNASSIGNED
    exclusions: tuple[str, ...] = ()
    population: str = UNASSIGNED
    duplicates: str = UNASSIGNED
    tier: str = UNASSIGNED
    validator: str = UNASSIGNED
    users: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    retirement: str = UNASSIGNED
    changes: tuple[str, ...] = ()
    overrides: str = UNASSIGNED


def load(path: Path) -> About:
    """Read a TOML file whose keys are fields of `About`.

    Parameters
    ----------
    path : Path

    Returns
    -------
    About

    Raises
    ------
    PackError
        If the file cannot be read or holds anything else; names all faults at once.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        todo = 'Write owner = "..." and the like, or leave --about out.'
        raise PackError(str(path), [Fault("file", "a TOML file", str(error), todo)]) from error
    return parse(data, str(path))


def parse(data: Any, source: str) -> About:
    """Statements from TOML or JSON data; `source` names it in errors, which are those of `load`."""
    if not isinstance(data, dict):
        raise PackError(source, [Fault("statements", "names and texts", type(data).__name__)])
    kinds: dict[str, Any] = {field.name: field.default for field in fields(About)}
    faults = [Fault(f"key {key}", "one of " + ", ".join(kinds), "an unknown key") for key in data if key not in kinds]
    for key, value in data.items():
        if key not in kinds:
            continue
        if isinstance(kinds[key], str):
            if not isinstance(value, str) or not value.strip():
                faults.append(Fault(f"key {key}", "a text", repr(value)))
        elif not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            faults.append(Fault(f"key {key}", "a list of texts", repr(value)))
    faults += [_long(key, one) for key, value in data.items() for one in _texts(value) if not _fits(one)]
    if faults:
        raise PackError(source, faults)
    values: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in data.items()}
    return About(**values)


def _texts(value: Any) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    return [one for one in texts if isinstance(one, str)]


def _fits(text: str) -> bool:
    # A long text without a blank cannot be broken into lines, and keeps the typesetter busy for minutes.
    return len(text) <= _LONGEST and all(len(word) <= _LONGEST_WORD for word in text.split())


def _long(key: str, text: str) -> Fault:
    expected = f"{_LONGEST:,} characters at most, words of {_LONGEST_WORD} at most"
    return Fault(f"key {key}", expected, f"{len(text):,} characters")


# What a reviewer asks of every table and of every model in an inventory.
DATA = ("snapshot_date", "source", "query", "label_definition", "exclusions", "population", "duplicates")
INVENTORY = ("tier", "validator", "users", "dependencies", "retirement", "changes", "overrides")


def stated(about: About, name: str) -> str:
    """A statement as one text; ``UNASSIGNED`` where nobody gives it."""
    value = getattr(about, name)
    return value if isinstance(value, str) else "; ".join(value) or UNASSIGNED


def snapshot_date(about: About, model: Model) -> str:
    """The day that the table shows: as stated, or as training was given it."""
    given, known = about.snapshot_date, model.manifest.get("as_of")
    if given != UNASSIGNED or not known:
        return given
    if model.manifest["options"].get("as_of") or not model.contract.as_of:
        return f"{known} (given to “explain train”)"
    column = model.contract.as_of
    return f"{known} (from the contract)" if is_day(column) else f"{known} (the latest day in the column {column})"


def label_definition(about: About, model: Model) -> str:
    """What the label means: as stated, or as the contract says."""
    contract = model.contract
    implied = f"{contract.label}: {contract.outcome} (from the contract)"
    return implied if about.label_definition == UNASSIGNED else about.label_definition


def unstated(about: About, model: Model) -> tuple[str, ...]:
    """What nobody says of the data and of the inventory, in words."""
    texts = {name: stated(about, name) for name in (*DATA, *INVENTORY)}
    texts |= {"snapshot_date": snapshot_date(about, model), "label_definition": label_definition(about, model)}
    return tuple(name.replace("_", " ") for name, text in texts.items() if text == UNASSIGNED)


def intended_use(about: About, model: Model) -> tuple[str, ...]:
    """What the model is for: as given, or as its contract implies."""
    noun, horizon = model.contract.noun, model.contract.horizon
    return about.intended_use or (
        f"To rank {noun} by the probability that each {model.contract.outcome}, so that a campaign of limited size "
        f"contacts the most likely first.",
        f"To describe {noun} in segments that marketing can select by rule and address individually.",
        f"For {noun} like those it was trained on, in a table that keeps the same contract, for outcomes {horizon}.",
    )


def misuse(about: About, model: Model) -> tuple[str, ...]:
    """What it must not be used for."""
    return about.misuse or (
        "Decisions about a person's rights, such as credit, insurance, housing, employment or individual prices: it "
        "was neither built nor tested for them.",
        "As evidence that a campaign works: a high probability shows where the outcome is likely, not where "
        "it comes because of the campaign. Keep a control group.",
        "As causes: points show what the model relies on, not why the outcome comes.",
        f"On other {model.contract.noun}, another outcome or another window than those of the contract.",
    )


def limits(about: About, model: Model) -> tuple[str, ...]:
    """What is known not to hold."""
    purchase = model.evaluation.purchase
    general = [
        "Points of bins with few rows are uncertain; these bins are marked in every plot.",
        NOT_COVERED,
        "Correlated features share credit; a feature with few points may still be related to the outcome.",
        "Outside the range of values seen in training the score stays constant. Whether those there behave like "
        "those at the edge is not known.",
        "Segments are found without the label and do not explain why the outcome comes; where the null test finds no "
        "clusters, they are slices of a continuum.",
        "Golden rows prove that programs agree with each other, not that the model is correct.",
        "Checksums prove that nothing changed since they were computed. Anyone who can change both a file and its "
        "checksum can hide the change, so the sign-off page has a line for the checksum of all checksums, to be kept "
        "elsewhere.",
    ]
    if not purchase.out_of_time:
        same_time = (
            "The holdout is from the same period as the training rows. Later rows may differ; only figures on a "
            "later table show the performance to expect in use."
        )
        general.insert(0, same_time)
    return (*about.limits, *general)
