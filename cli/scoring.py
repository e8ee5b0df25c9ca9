"""What `explain score` does: call the library, print what came, return the exit code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from northstar_explain.cli.commands import TOO_MANY_REJECTED, leave_pandas_out
from northstar_explain.cli.heap import share_one_heap
from northstar_explain.cli.output import print_out, remark
from northstar_explain.cli.progress import progress

_NAMED = 5


@dataclass(frozen=True)
class ScoreOptions:
    """The options of `explain score`."""

    out: str
    max_rejected: float
    publish_anyway: bool
    resume: bool
    control_share: float
    control_salt: str
    engine: str
    overwrite: bool
    quiet: bool


def score(customers: tuple[str, ...], model: Path, options: ScoreOptions) -> int:
    """Score files."""
    if options.engine == "local":  # Spark wants pandas
        share_one_heap()
        leave_pandas_out()
    else:
        from northstar_explain.score.spark_stderr import separate_stderr

        separate_stderr()
    import pyarrow as pa

    from northstar_explain import model as models
    from northstar_explain.score import Control, Options, run

    control = Control(options.control_share, options.control_salt)
    settings = Options(options.overwrite, options.max_rejected, options.publish_anyway, options.resume, control)
    with progress(options.quiet) as tell:
        if options.engine == "spark":
            from northstar_explain.score.spark import run_spark

            facts = run_spark(models.load(model), customers, options.out, settings, tell)
        else:
            # Arrow's default pool keeps what is freed: a third more memory, and no faster.
            pa.set_memory_pool(pa.system_memory_pool())
            facts = run(models.load(model), customers, Path(options.out), settings, tell).facts
    done = f"The scores are published: {options.out}." if facts["published"] else "Nothing was published."
    print_out(json.dumps(facts, indent=1, ensure_ascii=False), done)
    for line in _remarks(facts, options):
        remark(line)
    return TOO_MANY_REJECTED if facts["rejected_share"] > options.max_rejected else 0


def _remarks(facts: dict[str, Any], options: ScoreOptions) -> list[str]:
    """What a person should know of the run."""
    said = [_unseen(name, found) for name, found in facts["unseen_categories"].items()]
    shifted = [f"{name} (PSI {found['psi']:.2f})" for name, found in facts["drift"].items() if found["shifted"]]
    if shifted:
        said.append(f"no longer like the customers of training: {_some(shifted)}; see drift in the report")
    if facts["ignored_columns"]:
        said.append(f"not used, as the contract does not know them: {', '.join(facts['ignored_columns'])}")
    if facts["rejected"]:
        share = f"{facts['rejected']:,} of {facts['rows']:,} rows ({facts['rejected_share']:.2%}) rejected"
        place = Path(options.out).parent / facts["outputs"][-1]["name"] if facts["published"] else None
        said.append(f"{share}; see {place}" if place else share)
    if facts["rejected"] and facts["left_out_columns"]:
        named = ", ".join(facts["left_out_columns"])
        said.append(f"not kept with the rejected rows, as Parquet has no type for them: {named}")
    if not facts["published"]:
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
