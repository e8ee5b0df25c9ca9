"""Recommended plays: read from `plays.toml`, and selected by a segment's profile."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from northstar_explain.contract.features import Contract
from northstar_explain.model.segments import Segment

# A third of a standard deviation; smaller differences are small (Cohen 1988).
CLEAR = 0.33
MOST = 3
HIGH, LOW, TYPICAL = "high", "low", "typical"


@dataclass(frozen=True)
class Play:
    """The recommendations for a segment.

    Attributes
    ----------
    do, avoid : tuple of str
        Three each.
    offer, cadence, kpi : str
    channels : tuple of str
    """

    do: tuple[str, ...]
    avoid: tuple[str, ...]
    offer: str
    channels: tuple[str, ...]
    cadence: str
    kpi: str


def recommended(segment: Segment, contract: Contract) -> Play:
    """The plays that match a segment, the most specific first.

    Parameters
    ----------
    segment : Segment
    contract : Contract
        Its roles say what each feature describes.

    Returns
    -------
    Play
    """
    by_role = levels(segment, contract)
    matching = {name: _matching(entries, by_role) for name, entries in _plays().items()}
    return Play(
        do=tuple(matching["do"][:MOST]),
        avoid=tuple(matching["avoid"][:MOST]),
        # There always is one: each list ends with a play without a condition.
        offer=matching["offer"][0],
        channels=tuple(matching["channels"][0]),
        cadence=matching["cadence"][0],
        kpi=matching["kpi"][0],
    )


def levels(segment: Segment, contract: Contract) -> dict[str, str]:
    """The level of a segment in each role of the contract: ``"high"``, ``"low"`` or ``"typical"``.

    A role of which nobody in the segment has a value has none: no play may rest on it.
    """
    by_role = {}
    for profile in segment.profile:
        if (role := contract[profile.feature].role) and profile.known:
            by_role[role] = level(profile.effect)
    return by_role


def level(effect: float) -> str:
    """An effect as a word."""
    return TYPICAL if abs(effect) < CLEAR else HIGH if effect > 0 else LOW


def _matching(entries: list[dict[str, Any]], by_role: dict[str, str]) -> list[Any]:
    matches = [one for one in entries if all(by_role.get(role) == needed for role, needed in one["when"].items())]
    matches.sort(key=lambda one: -len(one["when"]))  # stable: equally specific plays keep the file's order
    return [one["say"] for one in matches]


@cache
def _plays() -> dict[str, list[dict[str, Any]]]:
    text = resources.files("northstar_explain.report.playbook").joinpath("plays.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
