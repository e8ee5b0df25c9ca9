"""Inputs of the suite: two models, tables to score, and for every scenario what stood there and what shall stand there."""

from __future__ import annotations

import dataclasses
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from torture import child, content, state
from torture.scenarios import Scenario, Step, scenarios

ROWS, WEEK = 3_000, 300  # rows to train on, and to score
SLOW = 900.0
SAMPLE = (
    "score folder, with rejects over one without", "score csv, over one with rejects", "train, without rejects over one with",
    "simulate, over an older one", "init, over an older one",
)  # fmt: skip


def prepare(work: Path, wanted: Iterable[Scenario]) -> None:
    """Fill a folder: ``inputs``, ``kept``, and ``old`` and ``new`` of scenarios.

    Parameters
    ----------
    work : Path
        What is there and complete stays.
    wanted : iterable of Scenario
    """
    learned, said, done = work / "learned", work / "said", work / "done"
    if not learned.exists():
        shutil.rmtree(work, ignore_errors=True)
        for path in (work / "inputs", said):
            path.mkdir(parents=True)
        # In a process of its own: learning starts threads, and the process that forks later shall have none.
        _must(child.call(lambda: _inputs(work), said, seconds=SLOW))
        learned.touch()
    done.mkdir(exist_ok=True)
    child.load()
    for scenario in wanted:
        made = done / folder(work, scenario, "new").name
        if not made.exists():
            for which in ("old", "new"):
                shutil.rmtree(folder(work, scenario, which), ignore_errors=True)
            _references(scenario, work, said)
            made.touch()


def prepare_sample(work: Path, model: Path, customers: Path) -> list[Scenario]:
    """Fill a folder for a few scenarios that need nothing learned, with a model and customers that are there.

    Parameters
    ----------
    work : Path
    model : Path
        A model folder.
    customers : Path
        A table that it scores.

    Returns
    -------
    list of Scenario
    """
    inputs, said = work / "inputs", work / "said"
    for path in (inputs, said):
        path.mkdir(parents=True)
    for name in ("a", "b"):
        shutil.copytree(model, inputs / name)
    child.load()
    _must(child.call(lambda: _sample_inputs(work, customers), said))
    chosen = [one for one in scenarios() if one.name in SAMPLE]
    for scenario in chosen:
        _references(scenario, work, said)
    return chosen


def filled(step: Step, place: Path, work: Path) -> list[str]:
    """The arguments of a step with its folders."""
    return [arg.format(place=place, inputs=work / "inputs") for arg in step.args]


def patches(step: Step, work: Path) -> dict[str, object]:
    """The replayed functions of a step."""
    return content.replaying(_kept(step, work)) if step.command else dict(content.ALWAYS)


def folder(work: Path, scenario: Scenario, which: str) -> Path:
    """The folder that holds what stood there (``old``) or shall stand there (``new``)."""
    return work / which / scenario.name.replace(" ", "_").replace(",", "").replace("--", "")


def _kept(step: Step, work: Path) -> Path:
    return work / "kept" / step.command.replace(" ", "_") / step.kept


def _references(scenario: Scenario, work: Path, said: Path) -> None:
    place = work / "place"
    state.reset(place, None)
    for step, which in ((scenario.before, "old"), (scenario.step, "new")):
        if step is not None:
            if step.command and not _kept(step, work).exists():
                _record(step, work, said)
            _must(child.explain(filled(step, place, work), said, patches(step, work)))
            if left := state.hidden(place):
                raise RuntimeError(f"{scenario.name}: left {', '.join(left)}")
        shutil.copytree(place, folder(work, scenario, which))


def _record(step: Step, work: Path, said: Path) -> None:
    place = work / "recorded"
    state.reset(place, None)
    args = [arg for arg in filled(step, place, work) if arg != "--overwrite"]
    _must(child.explain(args, said, content.recording(step.command, _kept(step, work)), seconds=SLOW))


def _must(ended: child.Ended) -> None:
    if ended.code:
        raise RuntimeError(f"preparing: exit code {ended.code}: {ended.err[-2_000:]}")


def _inputs(work: Path) -> None:
    from helpers import TINY, with_cells

    from northstar_explain import contract as contracts
    from northstar_explain import model as models
    from northstar_explain import tables
    from northstar_explain.simulate import simulate
    from northstar_explain.training import Source, train

    contract, inputs = contracts.northstar(), work / "inputs"
    (inputs / "contract.toml").write_text(contract.text, encoding="utf-8")
    customers = simulate(ROWS, seed=7)[0]
    bad = with_cells(customers, "sessions_30d", dict.fromkeys(range(0, ROWS, 500), -1))
    tables.write(customers.slice(0, WEEK), inputs / "week.parquet")
    tables.write(bad.slice(0, WEEK), inputs / "bad.parquet")
    tables.write(customers, inputs / "training.parquet")
    tables.write(_narrow(customers), inputs / "few.parquet")
    for name, seed in (("a", 1), ("b", 2)):
        options = dataclasses.replace(TINY, seed=seed, experiments=True)
        # The older model has a segment more, so that its successor's playbook has a file less.
        options = dataclasses.replace(options, segments=dataclasses.replace(options.segments, k=4 if seed == 1 else 3))
        trained = train(Source(bad, "customers"), contract, options)
        models.save(trained.model, inputs / name)
        content.keep(work / "kept" / "train" / name, "northstar_explain.training:train", trained)
    _campaigns(inputs, customers)
    _audiences(inputs, customers)
    _runs(inputs)
    clean = trained._replace(rejected=trained.rejected.slice(0, 0))
    content.keep(work / "kept" / "train" / "clean", "northstar_explain.training:train", clean)


def _sample_inputs(work: Path, customers: Path) -> None:
    from helpers import with_cells

    from northstar_explain import contract as contracts
    from northstar_explain import model as models
    from northstar_explain import tables
    from northstar_explain.training import Trained

    inputs, kept = work / "inputs", work / "kept"
    table, model = tables.read(customers).slice(0, WEEK).combine_chunks(), models.load(inputs / "b")
    (inputs / "contract.toml").write_text(contracts.northstar().text, encoding="utf-8")
    bad = with_cells(table, "sessions_30d", dict.fromkeys(range(0, table.num_rows, 100), -1))
    for name, one in (("week", table), ("bad", bad), ("few", _narrow(table))):
        tables.write(one, inputs / f"{name}.parquet")
    for name, rows in (("a", 3), ("clean", 0)):
        trained = Trained(model, contracts.check(bad, model.contract).rejected.slice(0, rows), ())
        content.keep(kept / "train" / name, "northstar_explain.training:train", trained)
    for name, rows in (("a", 200), ("b", 100)):
        (batch,) = table.slice(0, rows).combine_chunks().to_batches()
        content.keep(kept / "simulate" / name, "northstar_explain.simulate:customers", [(batch, batch.select([0]))])
    tables.write(table, inputs / "training.parquet")
    _campaigns(inputs, table)


def _campaigns(inputs: Path, customers: pa.Table) -> None:
    """Scores of both models, and the plan that is read."""
    from northstar_explain import api, options, tables

    for name in ("a", "b"):
        tables.write(api.load(inputs / name).score(customers).table, inputs / f"{name}.parquet")
    money = options.CampaignOptions(margin=24.0, contact_cost=0.5)
    api.load(inputs / "b").plan_campaign(inputs / "b.parquet", money, out=inputs / "plan")


def _runs(inputs: Path) -> None:
    """Scores of both models with their run reports, without which `monitor` ends with exit code 3."""
    from northstar_explain import api

    for name in ("a", "b"):
        api.load(inputs / name).score_files(inputs / "training.parquet", inputs / f"{name}-run.parquet")


def _audiences(inputs: Path, customers: pa.Table) -> None:
    """Contacts of all customers, two in three of whom agreed, and the audiences of an earlier week."""
    from northstar_explain import api, contract, tables
    from northstar_explain.options import AudienceOptions

    ids = customers[contract.northstar().id].to_pylist()
    columns = {
        contract.northstar().id: ids,
        "email": [f"person{place}@example.com" for place in range(len(ids))],
        "email_ok": [place % 3 > 0 for place in range(len(ids))],
    }
    tables.write(pa.table(columns), inputs / "contacts.parquet")
    options = AudienceOptions("email_ok", date="2026-03-01")
    api.load(inputs / "a").audience(inputs / "a.parquet", inputs / "audiences", options, inputs / "contacts.parquet")


def _narrow(customers: pa.Table) -> pa.Table:
    return customers.drop_columns([customers.column_names[3]]).slice(0, WEEK)


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), scenarios())
