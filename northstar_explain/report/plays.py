"""Recommended actions: a readable table of plays, and what a segment must be like for each."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from northstar_explain.contract import Contract
from northstar_explain.model import Segment

CLEAR = 0.33


def recommended(segment: Segment, contract: Contract, count: int = 3) -> list[str]:
    """The actions that fit a segment, the most specific first.

    Parameters
    ----------
    segment : Segment
    contract : Contract
        Its roles say what a feature tells of a customer.
    count : int, default 3

    Returns
    -------
    list of str
    """
    levels = _levels(segment, contract)
    fitting = [play for play in _plays() if all(levels.get(r) == level for r, level in play["when"].items())]
    fitting.sort(key=lambda play: -len(play["when"]))  # stable: equally specific plays keep the file's order
    return [str(play["do"]) for play in fitting[:count]]


def _levels(segment: Segment, contract: Contract) -> dict[str, str]:
    levels = {}
    for profile in segment.profile:
        role = contract[profile.feature].role
        if role:
            clear = abs(profile.effect) >= CLEAR
            levels[role] = ("high" if profile.effect > 0 else "low") if clear else "typical"
    return levels


@cache
def _plays() -> list[dict[str, Any]]:
    text = resources.files("northstar_explain.report").joinpath("plays.toml").read_text(encoding="utf-8")
    return list(tomllib.loads(text)["play"])
