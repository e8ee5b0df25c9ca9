"""The suite's own account of what it did, as Markdown."""

from __future__ import annotations

import datetime
import platform
from collections import Counter
from collections.abc import Iterable, Mapping

from torture import broken
from torture.publishing import Result

PARTS = ("publishing", "full disk", "broken input")
_OUTCOMES = ["old", "new", "completed by the next reader"]
_ABOUT = """# What was done to it

`make torture` breaks every command that writes something, in every way it can be broken from outside, and says what
came of it. This page is what it printed. It takes about {minutes} minutes on {machine}, and is no part of
`make test`, which runs a small sample of it.

"""
_PUBLISHING = """## Killed and failed at every step of publishing

The slow part of each command, such as training or typesetting, was done once and kept; the command line, everything
that decides what may be replaced, and the publishing itself are the real ones.

{how}

Each was hit twice: killed (SIGKILL) as it began, and failing with "no space left on device" or "input/output error".
After a tenth of the kills, the next run was killed as well. Then every file was compared with what stood there before
(old) and with the result of an undisturbed run (new). What was neither had to become new once a command looked at it
("completed by the next reader"). A folder that a killed run had made, with nothing in it, is not counted. At last the
command was run again, with `--resume` where it has that: it had to end as an undisturbed run does and to leave nothing
hidden.

"""
_STRACE = """\
Points are the system calls that touch the outputs, found and hit by strace: renames, exchanges of two names, removals,
folders made, syncs and writes, those of Arrow included."""
_SHIM = "Points are what Python itself does to the outputs: there was no strace, so Arrow's own writes are missing."
_SPACE = """## A full disk

Limits are sizes beyond which no file may grow, around the size of each file of the result, and sizes of a disk in memory
that is full a little later each time (where the suite may mount one). Afterwards the old result has to stand there, or
the new one if there was room for it; with room again, the command has to succeed.

"""
_BROKEN = """## Broken input

Refused means one error that names what is wrong. Where a table is scored, every row that was not touched has the score
it had before. A flipped byte that makes another valid value cannot be seen without a checksum: such cases are counted
("other valid values"), and nothing is claimed of them but that rows which still read as before have their scores.

"""


def text(results: Mapping[str, list[Result]], seconds: float, by_strace: bool) -> str:
    """Markdown with a table for each part that was run."""
    machine = f"{platform.machine()}, Python {platform.python_version()}"
    said = _ABOUT.format(minutes=max(1, round(seconds / 60)), machine=machine)
    if found := results["publishing"]:
        said += _PUBLISHING.format(how=_STRACE if by_strace else _SHIM)
        said += _table("points", [*_OUTCOMES, "resumed", "not resumed, and said why", "not hit"], found)
    if found := results["full disk"]:
        said += _SPACE + _table("limits", _OUTCOMES, found)
    if found := results["broken input"]:
        kinds = dict.fromkeys(one.name for one in found)
        whole = [broken.total([one for one in found if one.name == kind]) for kind in kinds]
        said += _BROKEN + _free_table(whole)
    total = sum((Counter({"runs": one.runs, "problems": len(one.problems)}) for part in results.values() for one in part),
                Counter())  # fmt: skip
    said += f"In all {total['runs']:,} runs and cases, {total['problems']:,} with something that should not have been"
    return f"{said} ({datetime.date.today().isoformat()}).\n"


def _table(of: str, outcomes: list[str], found: Iterable[Result]) -> str:
    lines = [f"| command | {of} | runs | {' | '.join(outcomes)} | neither or otherwise wrong |"]
    lines.append("| --- |" + " ---: |" * (len(outcomes) + 3))
    for one in sorted(found, key=lambda one: one.name):
        counts = " | ".join(f"{one.outcomes[name]:,}" for name in outcomes)
        lines.append(f"| {one.name} | {one.points:,} | {one.runs:,} | {counts} | {len(one.problems):,} |")
    return "\n".join(lines) + "\n\n"


def _free_table(found: Iterable[Result]) -> str:
    lines = ["| input | cases | outcomes | wrong |", "| --- | ---: | --- | ---: |"]
    for one in sorted(found, key=lambda one: one.name):
        outcomes = ", ".join(f"{name} {count:,}" for name, count in sorted(one.outcomes.items()))
        lines.append(f"| {one.name} | {one.points:,} | {outcomes} | {len(one.problems):,} |")
    return "\n".join(lines) + "\n\n"
