"""`explain audience` and `explain locate`: call the library and print what was found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from northstar_explain.cli.commands import leave_pandas_out
from northstar_explain.cli.output import print_out, remark

if TYPE_CHECKING:
    from northstar_explain.export.audiences.folder_facts import FolderFacts
    from northstar_explain.options import AudienceOptions


def audience(
    model: Path, scores: Path, out: Path, options: AudienceOptions, contacts: Path, customers: Path | None,
    priority: Path | None, previous: Path | None, overwrite: bool,
) -> None:  # fmt: skip
    """Write audiences and print their counts."""
    leave_pandas_out()
    from northstar_explain import api
    from northstar_explain.export.audiences.folder_facts import run_before

    facts = api.load(model).audience(scores, out, options, contacts, customers, priority, previous, overwrite)
    print_out(counts_text(facts), f"The audiences are written to {out / facts.date}.")
    if previous is None and (last := run_before(out, facts.date, facts.platform)):
        # Whoever withdrew consent since then would stay in what was uploaded, and nothing would say so.
        remark(f"{last} is of an earlier run: without --previous {last}, no file says whom to remove since then")


def counts_text(facts: FolderFacts) -> str:
    """The counts of a folder for a terminal."""
    width = max([len(one.name) for one in facts.audiences] + [8]) + 2
    heads = ("matched", "left out", "now", "before", "kept", "added", "removed")
    lines = [f"Audiences of {facts.date} for {facts.platform}", "  " + " " * width + "".join(f"{h:>10}" for h in heads)]
    for one in facts.audiences:
        counts = (one.matched, one.suppressed, one.now, one.before, one.kept, one.added, one.removed)
        lines.append(f"  {one.name:<{width}}" + "".join(f"{count:>10,}" for count in counts))
    reasons: dict[str, int] = {}
    for one in facts.audiences:
        for reason, count in one.suppressed_by.items():
            reasons[reason] = reasons.get(reason, 0) + count
    if reasons:
        lines.append("  left out: " + ", ".join(f"{reason} {count:,}" for reason, count in sorted(reasons.items())))
    return "\n".join(lines)


def locate(id: str, outputs: Sequence[Path], column: str | None) -> None:
    """Print where a customer occurs."""
    leave_pandas_out()
    from northstar_explain import api

    found = api.locate(id, outputs, column)
    for place in found.places:
        print_out(str(place))
    remark(f"{found.searched:,} files searched, {len(found.places):,} places; {len(found.not_searched):,} not searched")
