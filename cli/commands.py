"""What each subcommand does: call the library, print what came, return the exit code."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from northstar_explain.cli.output import print_out, remark
from northstar_explain.cli.progress import progress

if TYPE_CHECKING:
    from northstar_explain.contract import Contract
    from northstar_explain.model import Names
    from northstar_explain.training import Earlier

TOO_MANY_REJECTED = 3


@dataclass(frozen=True)
class TrainOptions:
    """The options of `explain train`."""

    update: Path | None
    since: Path | None
    contract: Path | None
    holdout: Path | None
    segments: int | None
    fit_rows: int
    margin: float | None
    contact_cost: float | None
    truth: Path | None
    accept_leakage: tuple[str, ...]
    experiments: bool
    date: datetime.datetime | None
    seed: int
    max_rejected: float
    overwrite: bool
    quiet: bool


@dataclass(frozen=True)
class SqlOptions:
    """The options of `explain sql`."""

    dialect: str
    table: str
    view: str | None
    scores: bool
    prefix: str | None
    out: Path | None
    overwrite: bool


def simulate(out: Path, customers: int, seed: int, overwrite: bool, quiet: bool) -> None:
    """Write simulated customers and, beside them, the truth."""
    import pyarrow as pa

    from northstar_explain import simulate as shop
    from northstar_explain import tables

    truth_path = out.with_suffix(".truth.parquet")
    tables.require_format(out)
    tables.require_apart([out, truth_path])
    for path in (out, truth_path):
        tables.require_free(path, overwrite)
    with progress(quiet) as say:
        parts: list[pa.RecordBatch] = []
        truths: list[pa.RecordBatch] = []
        for part, truth in shop.customers(customers, seed):
            parts.append(part)
            truths.append(truth)
            say(f"simulated {sum(p.num_rows for p in parts):,} of {customers:,} customers")
        say(f"writing {out}")
        with tables.Publication() as new:
            tables.write_to(pa.Table.from_batches(parts), new.stage(out), out.suffix)
            tables.write_to(pa.Table.from_batches(truths), new.stage(truth_path), truth_path.suffix)


def init(table: Path, id_column: str | None, label: str | None, out: Path, overwrite: bool) -> None:
    """Write a drafted contract."""
    from northstar_explain import contract, tables

    tables.require_apart([out], [table])
    text = contract.draft(tables.read(table), id_column, label, source=table.name)
    contract.parse(text, str(out))
    tables.write_text(text, out, overwrite)
    remark(f"{out}: {text.count('CONFIRM')} guesses are marked CONFIRM; finish them by hand.")


def train(customers: Path, model: Path, options: TrainOptions) -> int:
    """Train and write the model folder."""
    from northstar_explain import contract as contracts
    from northstar_explain import model as models
    from northstar_explain import tables
    from northstar_explain.learn import fit_segments
    from northstar_explain.model import names
    from northstar_explain.training import Source, TrainingOptions, rejects_of, require_places, save
    from northstar_explain.training import train as run

    # A model that is updated in its own place is meant to be replaced.
    overwrite = options.overwrite or (options.update is not None and tables.same(model, options.update))
    given = (customers, options.holdout, options.truth, options.contract, options.since, options.update)
    require_places(model, overwrite, [path for path in given if path is not None])
    names.read(model)  # what stands there is kept, so it must be found unreadable before training, not after
    earlier = _earlier(options)
    if options.contract:
        contract = contracts.load(options.contract)
    else:
        contract = earlier.model.contract if earlier else contracts.northstar()
    settings = TrainingOptions(
        seed=options.seed,
        date=(options.date or datetime.datetime.now()).date(),
        segments=fit_segments.SegmentOptions(k=options.segments),
        fit_rows=options.fit_rows,
        experiments=options.experiments,
        accept_leakage=options.accept_leakage,
        margin=options.margin,
        contact_cost=options.contact_cost,
    )
    truth = _truth(options.truth, contract) if options.truth else None

    def source(path: Path) -> Source:
        return Source(tables.read(path, any_text=True), str(path), tables.is_text_format(path), truth)

    with progress(options.quiet) as say:
        later = source(options.holdout) if options.holdout else None
        trained = run(source(customers), contract, settings, say, later, earlier)
        say(f"writing {model}")
        kept = save(trained, model, overwrite)
    _tell_names(kept, model, followed=options.update is not None)
    if trained.later_rejected is not None:
        _tell_later_rejects(trained.later_rejected.num_rows, rejects_of(model)[1])
    _print_facts(models.load(model), f"The model is written to {model}.")
    _tell_repeated(trained.model.manifest["data"])
    rows = trained.model.manifest["data"]["rows"]
    rejected = trained.rejected.num_rows
    return _rejection_code(rejected, rows, options.max_rejected, rejects_of(model)[0], trained.ignored)


def _tell_names(names: Names, model: Path, followed: bool) -> None:
    path = model / "names.toml"
    if names.given:
        said = ", ".join(f"{id} {name}" for id, name in names.given.items())
        check = "" if followed else "; the segments are new, so check that the names fit, or train with --update"
        remark(f"{path}: kept {said}{check}")
    for id, expected in names.dropped.items():
        remark(f"{path}: {id}: expected {expected}; its name stays as a comment")


def _earlier(options: TrainOptions) -> Earlier | None:
    from northstar_explain import model as models
    from northstar_explain import tables
    from northstar_explain.training import Earlier, scored_segments

    if options.update is None:
        return None
    model = models.load(options.update)
    if options.since is None:
        return Earlier(model)
    return Earlier(model, scored_segments(tables.read(options.since), model, str(options.since)))


def _truth(path: Path, contract: Contract) -> dict[str, float]:
    import pyarrow as pa

    from northstar_explain import tables
    from northstar_explain.simulate import TRUTH
    from northstar_explain.tables.named_columns import take_columns

    todo = "Give the file that `explain simulate` wrote beside the customers."
    kinds = {contract.id: pa.string(), TRUTH: pa.float64()}
    ids, values = (column.to_pylist() for column in take_columns(tables.read(path), kinds, str(path), todo).values())
    return dict(zip(ids, values, strict=True))


def _tell_later_rejects(rows: int, path: Path) -> None:
    if rows:
        remark(f"{rows:,} rows of the holdout rejected; see {path}")


def _tell_repeated(data: Mapping[str, int]) -> None:
    if repeated := data["repeated"]:
        share = f"{repeated:,} of {data['accepted']:,} rows ({repeated / data['accepted']:.1%})"
        same = "repeat another row in every feature; equal rows are kept in one split"
        remark(f"{share} {same}. Check how the table was made.")


def playbook(model: Path, out: Path | None, plan: Path | None, check: bool, overwrite: bool, quiet: bool) -> int:
    """Write the playbook, or say what is still open in it."""
    leave_pandas_out()
    from northstar_explain import model as models
    from northstar_explain import tables
    from northstar_explain.report.playbook import check_plan, read_plan, write_playbook

    if out is not None:
        tables.require_apart([out], [model, *([plan] if plan else [])])
    loaded = models.load(model)
    decided = read_plan(plan, loaded) if plan else None
    if check:
        findings = check_plan(loaded, decided)
        for finding in findings:
            print_out(str(finding))
        return 1 if findings else 0
    assert out is not None
    with progress(quiet) as say:
        written = write_playbook(loaded, out, overwrite, say, decided)
    for path in written.files:
        print_out(str(path), f"The playbook is written to {out}.")
    for id in written.long:
        remark(f"{written.pdf}: page {id} takes more than one sheet; its texts are too long")
    return 0


def sql(model: Path, options: SqlOptions) -> None:
    """Print or write the segments as SQL, or write the scores."""
    leave_pandas_out()
    from northstar_explain import model as models
    from northstar_explain import tables
    from northstar_explain.export.sql import segments_sql, write_scores

    if options.out:
        tables.require_apart([options.out], [model])
        tables.require_free(options.out, options.overwrite)
    if options.scores and options.out:
        write_scores(
            models.load(model),
            options.dialect,
            options.out,
            options.table,
            options.view,
            options.prefix,
            options.overwrite,
        )
        return
    text = segments_sql(models.load(model), options.dialect, options.table, options.view)
    if options.out:
        tables.write_text(text, options.out, options.overwrite)
    else:
        print_out(text, newline=False)


def compare(model: Path, out: Path, overwrite: bool, quiet: bool) -> None:
    """Write the comparison memo."""
    from northstar_explain import model as models
    from northstar_explain import tables
    from northstar_explain.report.comparison import write_comparison

    tables.require_apart([out], [model])
    with progress(quiet) as say:
        paths = write_comparison(models.load(model), out, overwrite, say)
    for path in paths:
        print_out(str(path), f"The memo is written to {out}.")


def audit(model: Path, out: Path, about: Path | None, date: str | None, overwrite: bool, quiet: bool) -> None:
    """Write an audit pack."""
    from northstar_explain import api, tables
    from northstar_explain.cli.certificate_table import certificate_lines
    from northstar_explain.report.audit.about import load

    tables.require_apart([out], [model, *([about] if about else [])], replaces=out)
    people = load(about) if about else None
    with progress(quiet) as say:
        written = api.load(model).audit(out, people, date, overwrite, say)
    certificate = certificate_lines(written.certificate)
    lines = [f"{written.folder}: {written.files} files", *certificate, f"  {'SHA256SUMS':<14}{written.sums}"]
    print_out("\n".join(lines), f"The pack is written to {out}.")
    if not written.certificate.passed:
        remark(f"{out}: the programs do not agree; see the parity certificate")
        sys.exit(1)


def verify(path: Path, quiet: bool) -> None:
    """Check a pack or a model folder."""
    from northstar_explain.cli.certificate_table import certificate_lines
    from northstar_explain.verify.check_pack import require_verified
    from northstar_explain.verify.check_pack import verify as run

    with progress(quiet) as say:
        found = run(path, say)
    print_out(f"{found.path}: {found.what} of model {found.model_id}, {found.files} files listed")
    if found.certificate is not None:
        for line in certificate_lines(found.certificate):
            print_out(line)
    name = "SHA256SUMS" if found.what == "audit pack" else "manifest.json"
    print_out(f"  {name:<14}{found.sums}")
    require_verified(found)
    print_out("verified")


def show(model: Path, as_json: bool) -> None:
    """Print a model's facts."""
    leave_pandas_out()
    from northstar_explain import model as models

    loaded = models.load(model)
    if not as_json:
        _print_facts(loaded)
        return
    segments = json.loads(loaded.files["segments.json"])["segments"]
    given = loaded.names.given
    named = [{**one, "name": given.get(one["id"], one["name"]), "learned_name": one["name"]} for one in segments]
    facts = {
        "manifest": loaded.manifest,
        "evaluation": json.loads(loaded.files["evaluation.json"]),
        "segments": [{**one, "renamed": one["id"] in given} for one in named],
    }
    print_out(json.dumps(facts, indent=1, ensure_ascii=False))


def _print_facts(model: object, done: str = "") -> None:
    from northstar_explain.cli.fact_tables import facts_text
    from northstar_explain.model import Model

    assert isinstance(model, Model)
    print_out(facts_text(model), done)


def _rejection_code(rejected: int, rows: int, most: float, rejects: Path, ignored: tuple[str, ...]) -> int:
    if ignored:
        remark(f"not used, as the contract does not know them: {', '.join(ignored)}")
    if not rejected:
        return 0
    share = rejected / rows
    remark(f"{rejected:,} of {rows:,} rows ({share:.2%}) rejected; see {rejects}")
    return TOO_MANY_REJECTED if share > most else 0


def leave_pandas_out() -> None:
    """Keep PyArrow from importing pandas in this process.

    PyArrow looks for pandas when it first makes an array, and takes half a second to import it where it finds it.
    It looks only once: while nothing can be found, it goes on without.
    """
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    hidden = _Hidden()
    sys.meta_path.insert(0, hidden)  # type: ignore[arg-type]
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(hidden)


class _Hidden:
    """Finds no pandas; a finder by its method alone, as importlib.abc takes long to load."""

    @staticmethod
    def find_spec(fullname: str, path: object, target: object = None) -> None:
        if fullname == "pandas":
            raise ModuleNotFoundError(fullname)
