"""What `explain score` does: call the library, print the run report, return the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from northstar_explain.cli.commands import TOO_MANY_REJECTED, leave_pandas_out
from northstar_explain.cli.heap import share_one_heap
from northstar_explain.cli.outcome_words import outcome_words
from northstar_explain.cli.output import print_out, remark
from northstar_explain.cli.progress import progress

if TYPE_CHECKING:
    from northstar_explain.contract.features import Contract
    from northstar_explain.options import ScoringOptions

_NAMED = 5


def score(
    customers: tuple[str, ...], model: Path, out: str, options: ScoringOptions, engine: str, as_json: bool, quiet: bool
) -> int:
    """Score files."""
    if engine == "local":  # Spark needs pandas
        share_one_heap()
        leave_pandas_out()
    else:
        from northstar_explain.score.spark_stderr import separate_stderr

        separate_stderr()
    import pyarrow as pa

    from northstar_explain import api

    if engine == "local":
        # Arrow's default pool keeps what is freed: a third more memory, and no faster.
        pa.set_memory_pool(pa.system_memory_pool())
    with progress(quiet) as report:
        loaded = api.load(model)
        facts = loaded.score_files(customers, out, options, engine, report)
    # Where stdout fails, the error says that the scores are there all the same.
    done = f"The scores are published: {out}." if facts["published"] else "Nothing was published."
    summary = _summary(facts, out, loaded.data.contract)
    print_out(json.dumps(facts, indent=1, ensure_ascii=False) if as_json else summary, done)
    for line in _remarks(facts, out, options.max_rejected):
        remark(line)
    return TOO_MANY_REJECTED if facts["rejected_share"] > options.max_rejected else 0


def _summary(facts: dict[str, Any], out: str, contract: Contract) -> str:
    if not facts["published"]:
        return f"nothing published: {facts['rejected']:,} of {facts['rows']:,} rows rejected"
    scored = f"{out}: {facts['scored']:,} of {facts['rows']:,} rows scored"
    return f"{scored}, {facts['flag_f1']:,} {outcome_words(contract).likely}"


def _remarks(facts: dict[str, Any], out: str, max_rejected: float) -> list[str]:
    """What a user should know of the run."""
    from northstar_explain.score.run_report import reason_words

    # On stderr: what is on stdout is JSON that a program reads.
    remarks = [f"{one['name']} is read with {one['dialect']['words']}" for one in facts["inputs"] if _is_odd(one)]
    if facts["unread_files"]:
        remarks.append(f"not read, as they are no tables: {_some(facts['unread_files'])}")
    if facts["suspicious_ids"]:
        ids = [f"{id!r} ({rows:,} rows)" for id, rows in facts["suspicious_ids"].items()]
        remarks.append(f"ids that may be none or totals, or have lost digits: {_some(ids)}")
    remarks += [_unseen(name, unseen) for name, unseen in facts["unseen_categories"].items()]
    shifted = [f"{name} (PSI {one['psi']:.2f})" for name, one in facts["drift"].items() if one["shifted"]]
    if shifted:
        remarks.append(f"no longer like the customers of training: {_some(shifted)}; see drift in the report")
    if facts["ignored_columns"]:
        remarks.append(f"not used, as the contract does not know them: {', '.join(facts['ignored_columns'])}")
    if facts["rejected"]:
        share = f"{facts['rejected']:,} of {facts['rows']:,} rows ({facts['rejected_share']:.2%}) rejected"
        place = Path(out).parent / facts["outputs"][-1]["name"] if facts["published"] else None
        remarks.append(f"{share}; see {place}" if place else share)
    if facts["rejected"] and facts["left_out_columns"]:
        named = ", ".join(facts["left_out_columns"])
        remarks.append(f"not kept with the rejected rows, as Parquet has no type for them: {named}")
    remarks += [f"  {reason_words(reason)}" for reason in facts["reasons"][:_NAMED]]
    if not facts["published"]:
        remarks.append(
            f"nothing published, as more than {max_rejected:.2%} were rejected (--max-rejected). "
            "Correct the input, or give --publish-anyway to publish the scores and the rejected rows."
        )
    return remarks


def _is_odd(file: dict[str, Any]) -> bool:
    """Whether a CSV is read in another way than by commas and points."""
    return "dialect" in file and not file["dialect"]["common"]


def _unseen(name: str, unseen: dict[str, Any]) -> str:
    values = [f"{value!r} ({count:,} rows)" for value, count in unseen["values"].items()]
    return f"column {name}: never seen in training: {_some(values)}"


def _some(texts: list[str]) -> str:
    return ", ".join(texts[:_NAMED]) + (f" and {len(texts) - _NAMED} more" if len(texts) > _NAMED else "")
