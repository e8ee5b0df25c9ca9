"""Broken inputs: mutated tables, contracts and training tables, and files with flipped bytes.

Nothing may end in a traceback or a crash, and no row that was not touched may get another score. A flip that makes
another valid value cannot be seen without checksums: such cases are counted, and nothing is claimed of them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import time
import traceback
from collections import Counter
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from torture import child
from torture.publishing import Result

ROWS, TRAINING_ROWS = 300, 1_500  # training wants 1,000 valid ones
SECONDS, MORE = 20.0, 120.0  # for each case and for all of them: whoever takes longer hangs
_LABELS: list[Callable[[int, np.random.Generator], pa.Array]] = [
    lambda n, rng: pa.array([0] * n, pa.int8()),
    lambda n, rng: pa.array([1] * n, pa.int8()),
    lambda n, rng: pa.nulls(n),
    lambda n, rng: pa.array(rng.integers(0, 3, n)),
    lambda n, rng: pa.array(rng.random(n)),
    lambda n, rng: pa.array([str(value) for value in rng.integers(0, 2, n)]),
    lambda n, rng: pa.array(rng.integers(0, 2, n).astype(bool)),
    lambda n, rng: pa.array([None if value < 0.1 else int(value < 0.3) for value in rng.random(n)]),
    lambda n, rng: pa.array([1, *[0] * (n - 1)], pa.int8()),
]


def cases(what: str, work: Path, home: Path, start: int, count: int) -> Result:
    """Try the cases of some seeds, in processes of their own, so that a crash is an outcome as well.

    Parameters
    ----------
    what : str
        ``mutated tables``, ``mutated contracts``, ``mutated training tables``, or ``flipped bytes of FORMAT`` with one
        of the formats of `flipped`.
    work : Path
        As `prepare` filled it.
    home : Path
        For this process alone.
    start, count : int
        The first seed, and how many.

    Returns
    -------
    Result
        Its points are cases.
    """
    began = time.monotonic()
    result = Result(what, points=count, runs=count, claim="none wrong", unit="cases")
    if what.startswith("flipped"):
        _flips(what.rsplit(" ", 1)[1], work, start, count, result)
    else:
        _seeds(_TASKS[what], work, home, start, count, result)
    result.seconds = time.monotonic() - began
    return result


def _flips(format: str, work: Path, start: int, count: int, result: Result) -> None:
    import flipped

    inputs = work / "inputs"
    for one in flipped.outcomes(inputs / "b", inputs / "week.parquet", format, start, count):
        outcome = one["outcome"].split()[0]
        if outcome in ("raised", "crash", "wrong"):
            result.problems.append(f"{result.name}, seed {one['seed']}: {one['outcome']}: {one['said'][-400:]}")
        result.outcomes[outcome if outcome != "other" else "other valid values"] += 1


def _seeds(task: Callable[[Path, int], str], work: Path, home: Path, start: int, count: int, result: Result) -> None:
    end = start + count
    (home / "said").mkdir(parents=True, exist_ok=True)
    while start < end:
        seeds = range(start, end)
        try:
            ended = child.call(
                partial(_try, task, work, home, seeds), home / "said", seconds=SECONDS * len(seeds) + MORE
            )
            code = str(ended.code)
        except TimeoutError as error:
            code = str(error)
        lines = [json.loads(line) for line in (home / "said" / "stdout").read_text(encoding="utf-8").splitlines()]
        for one in lines:
            if "outcome" in one:
                result.outcomes[one["outcome"]] += 1
                if one["said"]:
                    result.problems.append(f"{result.name}, seed {one['seed']}: {one['said']}")
        if lines and "outcome" in lines[-1] and lines[-1]["seed"] == end - 1:
            return
        seed = lines[-1]["seed"] if lines else start
        result.outcomes["crashed"] += 1
        said = (home / "said" / "stderr").read_text(encoding="utf-8", errors="replace")[-400:]
        result.problems.append(f"{result.name}, seed {seed}: exit code {code}: {said}")
        start = seed + 1


def _try(task: Callable[[Path, int], str], work: Path, home: Path, seeds: range) -> None:
    from northstar_explain.errors import NorthstarError

    os.chdir(home)  # for what a case writes
    for seed in seeds:
        print(json.dumps({"seed": seed}), flush=True)
        outcome, said = "raised", ""
        try:
            outcome = task(work, seed)
        except NorthstarError as error:
            outcome = "refused"
            str(error).encode()
        except BaseException as error:
            said = "".join(traceback.format_exception(error))[-600:]
        print(json.dumps({"seed": seed, "outcome": outcome, "said": said}), flush=True)


@cache
def _scored(work: Path) -> tuple[Any, pa.Table, list[Any]]:
    """The model, the customers, and the row of scores of each of them."""
    from northstar_explain import model as models
    from northstar_explain import score, tables

    model = models.load(work / "inputs" / "b")
    table = tables.read(work / "inputs" / "week.parquet").slice(0, ROWS).combine_chunks()
    (found,) = score.batches(model, [table])
    return model, table, found.scores.to_pylist()


def _mutated(table: pa.Table, contract: Any, rng: np.random.Generator) -> Any:
    """A table with something wrong; drawn again where Arrow cannot take rows of a column that was mixed in."""
    from mutations import mutate_table

    while True:
        with contextlib.suppress(pa.ArrowNotImplementedError):
            return mutate_table(table, contract, rng)


def _table(work: Path, seed: int) -> str:
    from northstar_explain import score

    model, table, expected = _scored(work)
    mutated = _mutated(table, model.contract, np.random.default_rng(seed))
    (found,) = score.batches(model, [mutated.table])
    assert found.scores.num_rows + found.rejected.num_rows == mutated.table.num_rows, "not every row is accounted for"
    found.scores.validate(full=True)
    found.rejected.to_pylist()
    rows = {row[model.contract.id]: row for row in found.scores.to_pylist()}
    wrong = [row for at, row in enumerate(expected)
             if at not in mutated.touched and rows.get(row[model.contract.id]) != row]  # fmt: skip
    assert not wrong, f"{len(wrong)} untouched rows scored otherwise, such as {wrong[0]}"
    return "scored, some rows rejected" if found.rejected.num_rows else "scored"


def _contract(work: Path, seed: int) -> str:
    from mutations import mutate_contract

    from northstar_explain import contract as contracts

    _, table, _ = _scored(work)
    path = work / "inputs" / "contract.toml"
    changed = Path.cwd() / f"{seed}.toml"
    changed.write_bytes(mutate_contract(path.read_text(encoding="utf-8"), np.random.default_rng(seed)))
    try:
        contract = contracts.load(changed)
        checked = contracts.check(table, contract)
    finally:
        changed.unlink()
    assert checked.accepted.num_rows + checked.rejected.num_rows == table.num_rows, "not every row is accounted for"
    return "still a contract"


@cache
def _training_table(work: Path) -> pa.Table:
    from northstar_explain import tables

    return tables.read(work / "inputs" / "training.parquet").slice(0, TRAINING_ROWS).combine_chunks()


def _training(work: Path, seed: int) -> str:
    from helpers import TINY

    from northstar_explain import contract as contracts
    from northstar_explain import model as models
    from northstar_explain.training import Source, train

    contract, rng = contracts.northstar(), np.random.default_rng(seed)
    mutated = _mutated(_training_table(work), contract, rng).table
    label = contract.label
    if rng.random() < 0.2 and mutated.num_rows > 1 and mutated.column_names.count(label) == 1:
        column = _LABELS[rng.integers(len(_LABELS))](mutated.num_rows, rng)
        mutated = mutated.set_column(mutated.column_names.index(label), label, column)
    trained = train(Source(mutated, "customers"), contract, dataclasses.replace(TINY, draws=2))
    place = Path.cwd() / f"model-{seed}"
    models.save(trained.model, place)
    models.load(place)
    return "trained, some rows rejected" if trained.rejected.num_rows else "trained"


_TASKS = {"mutated tables": _table, "mutated contracts": _contract, "mutated training tables": _training}


def total(results: list[Result]) -> Result:
    """The results of all pieces of one kind as one."""
    first, *others = results
    whole = dataclasses.replace(first, outcomes=Counter(first.outcomes), problems=list(first.problems))
    for one in others:
        whole.points += one.points
        whole.runs += one.runs
        whole.outcomes += one.outcomes
        whole.problems += one.problems
        whole.seconds += one.seconds
    return whole
