"""Recommended plays: a readable table of them, and what a segment must be like for each."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from northstar_explain.contract import Contract
from northstar_explain.model import Segment

# A third of a standard deviation: below it a difference is small (Cohen 1988).
CLEAR = 0.33
MOST = 3
HIGH, LOW, TYPICAL = "high", "low", "typical"


@dataclass(frozen=True)
class Play:
    """What is recommended for a segment.

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
    """The plays that fit a segment, the most specific first.

    Parameters
    ----------
    segment : Segment
    contract : Contract
        Its roles say what a feature tells of a customer.

    Returns
    -------
    Play
    """
    found = levels(segment, contract)
    fitting = {name: _fitting(entries, found) for name, entries in _plays().items()}
    return Play(
        do=tuple(fitting["do"][:MOST]),
        avoid=tuple(fitting["avoid"][:MOST]),
        offer=fitting["offer"][0],
        channels=tuple(fitting["channels"][0]),
        cadence=fitting["cadence"][0],
        kpi=fitting["kpi"][0],
    )


def levels(segment: Segment, contract: Contract) -> dict[str, str]:
    """What a segment is like: for each role of the contract ``"high"``, ``"low"`` or ``"typical"``."""
    found = {}
    for profile in segment.profile:
        if role := contract[profile.feature].role:
            found[role] = level(profile.effect)
    return found


def level(effect: float) -> str:
    """An effect in a word."""
    return TYPICAL if abs(effect) < CLEAR else HIGH if effect > 0 else LOW


def _fitting(entries: list[dict[str, Any]], found: dict[str, str]) -> list[Any]:
    fits = [one for one in entries if all(found.get(role) == wanted for role, wanted in one["when"].items())]
    fits.sort(key=lambda one: -len(one["when"]))  # stable: equally specific plays keep the file's order
    return [one["say"] for one in fits]


@cache
def _plays() -> dict[str, list[dict[str, Any]]]:
    text = resources.files("northstar_explain.report.playbook").joinpath("plays.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
