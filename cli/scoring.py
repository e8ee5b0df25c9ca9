"""What `explain score` does: call the library, print what came, return the exit code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from northstar_explain.cli.commands import TOO_MANY_REJECTED, leave_pandas_out
from northstar_explain.cli.progress import progress

if TYPE_CHECKING:
    from northstar_explain.score import Run

_NAMED = 5


@dataclass(frozen=True)
class ScoreOptions:
    """The options of `explain score`."""

    out: Path
    max_rejected: float
    publish_anyway: bool
    resume: bool
    control_share: float
    control_salt: str
    overwrite: bool
    quiet: bool


def score(customers: tuple[Path, ...], model: Path, options: ScoreOptions) -> int:
    """Score files."""
    leave_pandas_out()
    import pyarrow as pa

    from northstar_explain import model as models
    from northstar_explain.score import Control, Options, run

    # Arrow's default pool keeps what is freed: a third more memory, and no faster.
    pa.set_memory_pool(pa.system_memory_pool())
    control = Control(options.control_share, options.control_salt)
    settings = Options(options.overwrite, options.max_rejected, options.publish_anyway, options.resume, control)
    with progress(options.quiet) as say:
        done = run(models.load(model), customers, options.out, settings, say)
    click.echo(json.dumps(done.facts, indent=1, ensure_ascii=False))
    for line in _remarks(done, options):
        click.echo(f"explain: {line}", err=True)
    return TOO_MANY_REJECTED if done.too_many_rejected else 0


def _remarks(done: Run, options: ScoreOptions) -> list[str]:
    """What a person should know of the run."""
    facts = done.facts
    said = [_unseen(name, found) for name, found in facts["unseen_categories"].items()]
    shifted = [f"{name} (PSI {found['psi']:.2f})" for name, found in facts["drift"].items() if found["shifted"]]
    if shifted:
        said.append(f"no longer like the customers of training: {_some(shifted)}; see drift in the report")
    if facts["ignored_columns"]:
        said.append(f"not used, as the contract does not know them: {', '.join(facts['ignored_columns'])}")
    if done.rejected:
        share = f"{done.rejected:,} of {done.rows:,} rows ({done.rejected / done.rows:.2%}) rejected"
        said.append(f"{share}; see {done.rejects}" if done.published else share)
    if not done.published:
        said += [f"  {_reason(found)}" for found in facts["reasons"][:_NAMED]]
        said.append(
            f"nothing published, as more than {options.max_rejected:.2%} were rejected (--max-rejected). "
            "Mend the input, or say --publish-anyway to have the scores and the rejected rows."
        )
    return said


def _unseen(name: str, found: dict[str, Any]) -> str:
    values = [f"{value!r} ({count:,} rows)" for value, count in found["values"].items()]
    return f"column {name}: never seen in training: {_some(values)}"


def _reason(found: dict[str, Any]) -> str:
    return f"{found['column']}: expected {found['expected']}: {found['rows']:,} rows"


def _some(words: list[str]) -> str:
    return ", ".join(words[:_NAMED]) + (f" and {len(words) - _NAMED} more" if len(words) > _NAMED else "")
