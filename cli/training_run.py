"""What `explain train` does: call the library, name what a user should look at, print the facts."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from northstar_explain.cli.commands import print_facts, remark_open
from northstar_explain.cli.output import print_out, remark
from northstar_explain.cli.progress import progress

if TYPE_CHECKING:
    from northstar_explain.api import Model
    from northstar_explain.model.names import Names
    from northstar_explain.options import CsvOptions
    from northstar_explain.training import Trained, TrainingOptions

_NAMED = 5


class TrainingFiles(NamedTuple):
    """The files of `explain train` besides the customers, by the names of their options."""

    update: Path | None
    since: Path | None
    contract: Path | None
    holdout: Path | None
    truth: Path | None


def train(
    customers: Path,
    model: Path,
    files: TrainingFiles,
    options: dict[str, Any],
    overwrite: bool,
    as_json: bool,
    quiet: bool,
    csv: CsvOptions,
) -> int:
    """Train and write the model folder; `options` are fields of `TrainingOptions`."""
    from northstar_explain import api, tables
    from northstar_explain.model import names
    from northstar_explain.training import rejects_of, require_places

    # A model that is updated in its own place is meant to be replaced.
    overwrite = overwrite or (files.update is not None and tables.same(model, files.update))
    require_places(model, overwrite, [path for path in (customers, *files) if path is not None])
    names.read(model)  # given names are kept, so a file that cannot be read is refused before training, not after
    settings = _training_options(**options)
    if files.contract is not None:
        from northstar_explain.contract import load

        _remark_drafted(load(files.contract).text, files.contract)
    with progress(quiet) as report:
        learned = api.train(
            customers, files.contract, options=settings, holdout=files.holdout, truth=files.truth,
            update=files.update, since=files.since, csv=csv, progress=report,
        )  # fmt: skip
        report(f"writing {model}")
        kept = learned.save(model, overwrite)
    trained = learned.trained
    assert trained is not None
    if files.contract is None:  # that of the updated model: known once it is read
        _remark_drafted(trained.model.contract.text)
    # Again at the end: a long run scrolls it away, and --quiet has not shown it.
    for ranking in trained.rankings:
        if ranking.carries_much:
            remark(ranking.warning())
    _remark_names(kept, model, followed=files.update is not None)
    if trained.later_rejected is not None:
        _remark_later_rejects(trained.later_rejected.num_rows, rejects_of(model, trained)[1])
    # Loaded from disk: what is printed is what was written, and its golden rows have been scored once.
    _print_trained(api.load(model), model, as_json, quiet)
    data = trained.model.manifest["data"]
    _remark_repeated(data)
    _remark_rejected(trained, data["rows"], rejects_of(model, trained)[0])
    return 0


def _remark_drafted(text: str, contract: Path | str = "the contract") -> None:
    """Name the questions that a drafted contract leaves open; training goes on with what the draft proposes."""
    from northstar_explain.contract.draft_questions import open_questions

    if questions := open_questions(text):
        remark_open(contract, questions)


def _training_options(
    segments: int | None, rules: int | None, conditions: int | None, date: datetime.datetime | None,
    as_of: datetime.datetime | None, **options: Any
) -> TrainingOptions:  # fmt: skip
    from northstar_explain.training import TrainingOptions

    defaults = TrainingOptions(**options)
    given = {"k": segments, "rules": rules, "conditions": conditions}
    chosen = replace(defaults.segments, **{name: value for name, value in given.items() if value is not None})
    day = (date or datetime.datetime.now()).date()
    return replace(defaults, segments=chosen, date=day, as_of=as_of and as_of.date())


def _remark_names(names: Names, model: Path, followed: bool) -> None:
    path = model / "names.toml"
    if names.given:
        given = ", ".join(f"{id} {name}" for id, name in names.given.items())
        check = "" if followed else "; the segments are new, so check that the names fit, or train with --update"
        remark(f"{path}: kept {given}{check}")
    for id, expected in names.dropped.items():
        remark(f"{path}: {id}: expected {expected}; its name stays as a comment")


def _remark_later_rejects(rows: int, path: Path) -> None:
    if rows:
        remark(f"{rows:,} rows of the holdout rejected; see {path}")


def _remark_repeated(data: Mapping[str, int]) -> None:
    if repeated := data["repeated"]:
        share = f"{repeated:,} of {data['accepted']:,} rows ({repeated / data['accepted']:.1%})"
        same = "repeat another row in every feature; equal rows are kept in one split"
        remark(f"{share} {same}. Check how the table was made.")


def _print_trained(trained: Model, model: Path, as_json: bool, quiet: bool) -> None:
    done = f"The model is written to {model}."
    if as_json:
        print_out(json.dumps(trained.facts(), indent=1, ensure_ascii=False), done)
    elif quiet:
        from northstar_explain.model.evaluation.metric_registry import ROC_AUC

        auc = trained.evaluation.purchase.holdout.figures[ROC_AUC]
        print_out(f"{model}: model {trained.id}, {len(trained.segments)} segments, holdout ROC-AUC {auc:.3f}", done)
    else:
        print_facts(trained.data, done)


def _remark_rejected(trained: Trained, rows: int, rejects: Path) -> None:
    if trained.ignored:
        remark(f"not used, as the contract does not know them: {', '.join(trained.ignored)}")
    rejected = trained.rejected.num_rows
    if rejected:
        remark(f"{rejected:,} of {rows:,} rows ({rejected / rows:.2%}) rejected; see {rejects}")
        for reason in trained.reasons[:_NAMED]:
            remark(f"  {reason}")
