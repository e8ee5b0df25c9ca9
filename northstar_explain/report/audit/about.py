"""What people say of a model, as against what was measured: owner, approver, what it is for and what it is not for."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from northstar_explain.errors import Fault, PackError
from northstar_explain.model import Model

UNASSIGNED = "UNASSIGNED"


@dataclass(frozen=True)
class About:
    """What a pack says of the people and the purpose.

    Attributes
    ----------
    owner, approver : str
        ``UNASSIGNED`` where nobody is named.
    intended_use, misuse, limits : tuple of str
        Sentences; where none are given, those that hold for any model of this kind.
    """

    owner: str = UNASSIGNED
    approver: str = UNASSIGNED
    intended_use: tuple[str, ...] = ()
    misuse: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


def load(path: Path) -> About:
    """Read a TOML file with any of the keys ``owner``, ``approver``, ``intended_use``, ``misuse``, ``limits``.

    Parameters
    ----------
    path : Path

    Returns
    -------
    About

    Raises
    ------
    PackError
        When it cannot be read, or holds anything else; all faults at once.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        todo = 'Write owner = "..." and the like, or leave --about out.'
        raise PackError(str(path), [Fault("file", "a TOML file", str(error), todo)]) from error
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
    if faults:
        raise PackError(str(path), faults)
    given: dict[str, Any] = {key: tuple(one) if isinstance(one, list) else one for key, one in data.items()}
    return About(**given)


def intended_use(about: About, model: Model) -> tuple[str, ...]:
    """What the model is for: as given, or what its contract makes it good for."""
    noun, horizon = model.contract.noun, model.contract.horizon
    return about.intended_use or (
        f"To put {noun} in the order of how likely each {model.contract.outcome}, so that a campaign with room for "
        f"some of them begins with the likeliest.",
        f"To describe {noun} in segments that marketing can select by rule, and to speak to each in its own way.",
        f"For {noun} like those it was made from, on a table that keeps the same contract, for the time {horizon}.",
    )


def misuse(about: About, model: Model) -> tuple[str, ...]:
    """What it must not be used for."""
    return about.misuse or (
        "Decisions about a person's rights, such as credit, insurance, housing, employment or prices that differ from "
        "person to person: it was neither built nor checked for them.",
        "As evidence that a campaign works: a high probability says who is likely to buy, not who buys because of the "
        "campaign. Keep a control group.",
        "As the reasons of a person: points say what the model leans on, not why somebody buys.",
        f"On other {model.contract.noun}, another outcome or another window than those of the contract.",
    )


def limits(about: About, model: Model) -> tuple[str, ...]:
    """What is known not to hold."""
    purchase = model.evaluation.purchase
    found = [
        "Bins with few customers are told by few; they are hatched in every plot. The spread over bags shows how far "
        "points depend on who taught them, not how far they may be from the truth.",
        "Features that go together share the credit between them; a feature with few points may still matter.",
        "Beyond the values seen in training the score does not move. Whether customers there are like those at the "
        "edge "
        "is not known.",
        "Segments are found without the label and say nothing of why people buy; where the null test finds no groups, "
        "they are slices of a continuum.",
        "Golden rows prove that programs agree with each other, not that they are right.",
        "Checksums prove that nothing changed since they were made. Who can change a file and its checksum can hide "
        "it; "
        "so the sign-off page holds a line for the checksum of all checksums, to be kept elsewhere.",
    ]
    if not purchase.out_of_time:
        same_time = (
            "The holdout is of the same time as the training rows. Later customers may differ; figures on a later "
            "table "
            "are the honest ones for use."
        )
        found.insert(0, same_time)
    return (*about.limits, *found)
