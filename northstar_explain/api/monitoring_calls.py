"""Scoring runs watched from Python: compared with each other and with outcomes, and shown as a page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from northstar_explain import model as models
from northstar_explain import tables
from northstar_explain.api.scores import Scores
from northstar_explain.options import CsvOptions

if TYPE_CHECKING:
    from northstar_explain.evaluate.scored_runs import ScoredRun
    from northstar_explain.model.monitoring.monitor_facts import MonitorFacts


def monitor_runs(
    model: models.Model,
    runs: Sequence[Any],
    outcomes: Any = None,
    csv: CsvOptions | None = None,
    out: Path | str | None = None,
    html: Path | str | None = None,
    overwrite: bool = False,
) -> MonitorFacts:
    """Compare the last two of several runs; see `Model.monitor`."""
    from northstar_explain.evaluate.monitoring.monitor import monitor_facts
    from northstar_explain.evaluate.scored_runs import report_beside

    places = [None if one is None else Path(one) for one in (out, html)]
    written = [place for place in places if place is not None]
    inputs = [Path(one) for one in (*runs, outcomes) if isinstance(one, Path | str)]
    reports = [report_beside(Path(one)) for one in runs if isinstance(one, Path | str)]
    tables.require_apart(written, [*inputs, *reports, *model.inputs])
    for place in written:
        tables.require_free(place, overwrite)
    known = None if outcomes is None else _outcomes(outcomes, model, csv or CsvOptions())
    names = [f"scores {number}" for number in range(1, len(runs) - 1)] + ["earlier scores", "later scores"]
    scored = [_run(run, model, name) for run, name in zip(runs, names, strict=True)]
    facts = monitor_facts(scored[-2], scored[-1], model, known, before=scored[:-2])
    if written:
        tables.publish(dict(_contents(facts, model, *places)))
    return facts


def _contents(
    facts: MonitorFacts, model: models.Model, out: Path | None, html: Path | None
) -> Sequence[tuple[Path, bytes]]:
    contents = []
    if out is not None:
        contents.append((out, (json.dumps(facts.as_json(), indent=1, ensure_ascii=False) + "\n").encode()))
    if html is not None:
        from northstar_explain.report.monitor.monitor_page import monitor_page

        contents.append((html, monitor_page(facts, model).encode()))
    return contents


def _run(scores: Any, model: models.Model, name: str) -> ScoredRun:
    from northstar_explain.evaluate.scored_runs import load_run, read_run

    if isinstance(scores, Path | str):
        return load_run(Path(scores), model)
    # A bare table has no run report, which holds the drift of the features.
    report: Mapping[str, Any] | None = scores.report if isinstance(scores, Scores) else None
    table = scores.table if isinstance(scores, Scores) else tables.from_frame(scores, source=name)
    return read_run(table, model, name, report)


def _outcomes(outcomes: Any, model: models.Model, csv: CsvOptions) -> dict[str, int]:
    from northstar_explain.evaluate.scored_runs import load_outcomes, read_outcomes

    if isinstance(outcomes, Path | str):
        return load_outcomes(Path(outcomes), model, csv)
    table = tables.from_frame(outcomes, (model.contract.id, model.contract.label), source="outcomes")
    return read_outcomes(table, model, "outcomes")
