"""The proposals of a playbook as a `playbook.toml`, for marketing to edit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from northstar_explain import tables
from northstar_explain.model.learned_model import Model
from northstar_explain.report.playbook.plan import LISTS
from northstar_explain.report.playbook.plays import SINGLE, Line, Play, plays_of


def write_plan(model: Model, path: Path, overwrite: bool = False) -> Path:
    """Write what the playbook proposes for each segment.

    Reading it back changes nothing: a text that is left as it is stays a proposal, with the fact that it rests on.

    Parameters
    ----------
    model : Model
    path : path
        The TOML file to write.
    overwrite : bool, default False
        Replace a file that is there.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        When the path is not free, or cannot be written.
    """
    tables.require_apart([path], model.inputs)
    tables.write_text(plan_text(model), path, overwrite)
    return path


def plan_text(model: Model) -> str:
    """The proposals as TOML, each text with its fact as a comment."""
    lines = [
        f"# Proposals for {_comment(model.contract.title)}, from model {model.id}. What stands behind # is the fact",
        "# that a line rests on. Change what you decide otherwise, and read it with: explain playbook --plan FILE",
        "",
        "[playbook]",
        '# title = ""',
        '# owner = ""',
        "# control_group = 0.1",
        "# review = 2026-06-30",
    ]
    for id, play in plays_of(model).items():
        lines += ["", f"[segments.{id}]  # {_comment(model.segmentation[id].name)}", *_section(play)]
    return "\n".join(lines) + "\n"


def _section(play: Play) -> Iterator[str]:
    for key in SINGLE:
        if line := getattr(play, key):
            yield f"{key} = {_text(line)}{_fact(line)}"
    for key in LISTS:
        if lines := getattr(play, key):
            yield f"{key} = ["
            for line in lines:
                yield f"    {_text(line)},{_fact(line)}"
            yield "]"


def _text(line: Line) -> str:
    # JSON's strings are TOML's basic strings, but for one character that is not printable.
    return json.dumps(line.text, ensure_ascii=False)


def _fact(line: Line) -> str:
    return f"  # {_comment(line.fact)}" if line.fact else ""


def _comment(text: str) -> str:
    return "".join(one if one.isprintable() else " " for one in text)
