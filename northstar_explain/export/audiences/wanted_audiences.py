"""Which audiences are wanted: one for each segment and band, one with a condition, or a list in order of priority."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from northstar_explain.errors import CampaignError, Fault
from northstar_explain.export.audiences.scored_table import Scores
from northstar_explain.export.audiences.sensitive_names import forbidden
from northstar_explain.export.audiences.where_condition import Where, parse_where
from northstar_explain.model.campaign.bands import BAND_NAMES
from northstar_explain.model.learned_model import Model

# A name is part of a file's name; a full stop in it could name the file of another audience.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,59}")
_EXAMPLE = '[[audience]] with name = "..." and where = "..."'


@dataclass(frozen=True)
class Wanted:
    """An audience and its condition."""

    name: str
    where: Where


@dataclass(frozen=True)
class Cell:
    """An audience and whom it is meant for: a mask over the customers.

    Attributes
    ----------
    name, where : str
        The condition in words or as it was written.
    meant : ndarray of bool, shape (n,)
    """

    name: str
    where: str
    meant: np.ndarray


def one_wanted(name: str, text: str, platform: str, model: Model) -> list[Wanted]:
    """The audience of ``--where``.

    Raises
    ------
    CampaignError
        When the condition or the name cannot be used.
    """
    return _wanted([(name, text, "where")], platform, model, "audience")


def read_wanted(path: Path, platform: str, model: Model) -> list[Wanted]:
    """Read a list of audiences, the highest priority first.

    Parameters
    ----------
    path : Path
        A TOML file with a table ``[[audience]]`` for each: ``name`` and ``where``.
    platform : str
    model : Model

    Raises
    ------
    CampaignError
        With everything that is wrong in the file.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CampaignError(str(path), [Fault("file", "a TOML file", str(error), f"Write {_EXAMPLE}.")]) from error
    listed = data.get("audience")
    if set(data) != {"audience"} or not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        got = ", ".join(data) or "nothing"
        raise CampaignError(str(path), [Fault("file", _EXAMPLE, got, "Write one for each audience.")])
    faults, given = [], []
    for place, one in enumerate(listed, start=1):
        texts = [one.get(key) for key in ("name", "where")]
        if set(one) != {"name", "where"} or not all(isinstance(text, str) for text in texts):
            faults.append(Fault(f"audience {place}", "name and where, both text", ", ".join(one) or "nothing"))
        else:
            given.append((*texts, f"audience {place}, where"))
    if faults:
        raise CampaignError(str(path), faults)
    return _wanted(given, platform, model, str(path))


def _wanted(given: Sequence[tuple[str, str, str]], platform: str, model: Model, source: str) -> list[Wanted]:
    faults: list[Fault] = []
    wanted: list[Wanted] = []
    for name, text, where in given:
        condition = parse_where(text, model, where)
        if isinstance(condition, Fault):
            faults.append(condition)
        else:
            wanted.append(Wanted(name, condition))
    faults += _names_faults([name for name, _, _ in given], platform)
    if faults:
        raise CampaignError(source, faults)
    return wanted


def _names_faults(names: Sequence[str], platform: str) -> list[Fault]:
    faults = []
    for place, name in enumerate(names):
        if not _NAME.fullmatch(name):
            expected = "at most 60 letters of English, digits, blanks, _ and -, not a sign first"
            faults.append(Fault(f"audience {name!r}", f"a name of {expected}", repr(name), "Rename it."))
        # Two files may not differ by case alone, which some disks ignore.
        if file_name(name).casefold() in {file_name(one).casefold() for one in names[:place]}:
            faults.append(Fault(f"audience {name!r}", "a name of its own", "one given twice", "Rename one of them."))
        if fault := forbidden(name, platform):
            faults.append(fault)
    return faults


def file_name(audience: str) -> str:
    """An audience's name as its files begin."""
    return audience.replace(" ", "_")


def cells_of(scores: Scores, meant: np.ndarray | None = None) -> list[Cell]:
    """One audience for each segment and band of deciles that has customers, in their order.

    Parameters
    ----------
    scores : Scores
    meant : ndarray of bool, shape (n,), optional
        Only these customers; all where not given.
    """
    cells = []
    bands = np.array(scores.band, dtype=str)
    for segment in sorted(set(scores.segment.tolist())):
        for band in BAND_NAMES:
            mask = (scores.segment == segment) & (bands == band)
            mask = mask if meant is None else mask & meant
            if mask.any():
                cells.append(Cell(f"{segment}-deciles-{band}", f"segment {segment}, deciles {band}", mask))
    return cells
